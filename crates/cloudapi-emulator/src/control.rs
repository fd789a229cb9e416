//! The emulator's own endpoints, for when it runs on its own: faults, calls, settings, instances, reset.

use std::net::SocketAddr;

use http::Method;
use http::request::Parts;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::emulator::Shared;
use crate::exchange::{self, Answer, Reply};
use crate::fault::Fault;
use crate::world::World;

/// All paths start so.
pub(crate) const PREFIX: &str = "/_emulator/";

/// More instances than this in one request are a slip of the finger.
const MOST_INSTANCES: usize = 100_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NewSettings {
    lag: Option<u32>,
    transition_polls: Option<u32>,
    /// 0 lifts the cap.
    page_cap: Option<usize>,
    clock_offset_seconds: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NewInstances {
    cloud: Cloud,
    count: usize,
}

/// Answers a control request; only clients on this machine are listened to.
pub(crate) fn serve(shared: &Shared, peer: SocketAddr, parts: &Parts, body: &[u8]) -> Answer {
    let (status, value) = if peer.ip().to_canonical().is_loopback() {
        match act(
            shared,
            &parts.method,
            &parts.uri.path()[PREFIX.len()..],
            body,
        ) {
            Ok(value) => (200, value),
            Err((status, message)) => (status, json!({ "Error": { "Message": message } })),
        }
    } else {
        (
            403,
            json!({ "Error": { "Message": "the control endpoints answer on the loopback interface only" } }),
        )
    };
    exchange::answer(
        shared,
        Reply::new(status, "application/json", value.to_string()),
        false,
    )
}

fn act(shared: &Shared, method: &Method, path: &str, body: &[u8]) -> Result<Value, (u16, String)> {
    match (method.as_str(), path) {
        ("POST", "faults") => {
            shared.faults().add(parse::<Fault>(body)?);
            Ok(json!({}))
        }
        ("DELETE", "faults") => {
            shared.faults().clear();
            Ok(json!({}))
        }
        ("GET", "calls") => Ok(json!({ "Calls": shared.record().calls() })),
        ("DELETE", "calls") => {
            shared.record().clear();
            Ok(json!({}))
        }
        ("POST", "settings") => {
            let wanted: NewSettings = parse(body)?;
            shared.set(|settings| {
                settings.lag = wanted.lag.unwrap_or(settings.lag);
                settings.transition_polls =
                    wanted.transition_polls.unwrap_or(settings.transition_polls);
                if let Some(cap) = wanted.page_cap {
                    settings.page_cap = (cap > 0).then_some(cap);
                }
            });
            if let Some(seconds) = wanted.clock_offset_seconds {
                shared.clock.set_offset(seconds);
            }
            Ok(json!({}))
        }
        ("POST", "instances") => {
            let wanted: NewInstances = parse(body)?;
            if wanted.count > MOST_INSTANCES {
                return Err((
                    400,
                    format!("at most {MOST_INSTANCES} instances can be added at once"),
                ));
            }
            Ok(
                json!({ "InstanceIds": World::new(shared).add_instances(wanted.cloud, wanted.count) }),
            )
        }
        ("POST", "reset") => {
            shared.reset();
            Ok(json!({}))
        }
        (_, "faults" | "calls" | "settings" | "instances" | "reset") => {
            Err((405, format!("{PREFIX}{path} does not take {method}")))
        }
        _ => Err((404, format!("there is no {PREFIX}{path}"))),
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, (u16, String)> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}
