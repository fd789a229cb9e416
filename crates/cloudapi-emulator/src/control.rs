//! The emulator's own endpoints, for when it runs on its own: faults, calls, settings, the world by hand, reset.

use std::net::SocketAddr;

use http::Method;
use http::request::Parts;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Cloud;
use crate::emulator::Shared;
use crate::exchange::{self, Answer, Reply};
use crate::fault::Fault;
use crate::world::{RouteEntry, World};

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

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NewHealth {
    group: String,
    id: String,
    port: Option<u16>,
    state: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NewHold {
    load_balancer_id: String,
    polls: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NewGateway {
    id: String,
    available: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct WantedObject {
    cloud: Cloud,
    bucket: String,
    key: String,
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
    let (what, which) = path.split_once('/').unwrap_or((path, ""));
    let world = World::new(shared);
    match (method.as_str(), what) {
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
            set(shared, &parse(body)?);
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
            Ok(json!({ "InstanceIds": world.add_instances(wanted.cloud, wanted.count) }))
        }
        ("GET", "routes") => Ok(json!({ "Routes": world.routes(which) })),
        ("POST", "routes") => {
            let added = world.add_route(which, parse::<RouteEntry>(body)?);
            let id = added.ok_or_else(|| (404, format!("there is no route table {which}")))?;
            Ok(json!({ "Id": id }))
        }
        ("POST", "gateways") => {
            let wanted: NewGateway = parse(body)?;
            let found = world.set_gateway_available(&wanted.id, wanted.available);
            found
                .then(|| json!({}))
                .ok_or_else(|| (404, format!("there is no {}", wanted.id)))
        }
        ("GET", "targets") => Ok(json!({ "Targets": world.targets(which) })),
        ("POST", "health") => {
            let NewHealth {
                group,
                id,
                port,
                state,
            } = parse(body)?;
            Ok(json!({ "Count": world.set_target_health(&group, &id, port, &state) }))
        }
        ("POST", "holds") => {
            let wanted: NewHold = parse(body)?;
            let found = world.hold_load_balancer(&wanted.load_balancer_id, wanted.polls);
            found
                .then(|| json!({}))
                .ok_or_else(|| (404, format!("there is no {}", wanted.load_balancer_id)))
        }
        ("POST", "object") => {
            let WantedObject { cloud, bucket, key } = parse(body)?;
            let found = world.object(cloud, &bucket, &key);
            let object = found.ok_or_else(|| (404, format!("there is no {key} in {bucket}")))?;
            serde_json::to_value(object).map_err(|error| (500, error.to_string()))
        }
        ("GET", "uploads") => {
            let all = [Cloud::Aws, Cloud::Tencent].map(|cloud| world.open_uploads(cloud));
            Ok(json!({ "Uploads": all.concat() }))
        }
        ("POST", "reset") => {
            shared.reset();
            Ok(json!({}))
        }
        (
            _,
            "faults" | "calls" | "settings" | "instances" | "routes" | "gateways" | "targets"
            | "health" | "holds" | "object" | "uploads" | "reset",
        ) => Err((405, format!("{PREFIX}{path} does not take {method}"))),
        _ => Err((404, format!("there is no {PREFIX}{path}"))),
    }
}

fn set(shared: &Shared, wanted: &NewSettings) {
    shared.set(|settings| {
        settings.lag = wanted.lag.unwrap_or(settings.lag);
        settings.transition_polls = wanted.transition_polls.unwrap_or(settings.transition_polls);
        if let Some(cap) = wanted.page_cap {
            settings.page_cap = (cap > 0).then_some(cap);
        }
    });
    if let Some(seconds) = wanted.clock_offset_seconds {
        shared.clock.set_offset(seconds);
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, (u16, String)> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}
