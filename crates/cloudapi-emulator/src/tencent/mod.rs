//! The services of Tencent Cloud's API 3.0: CVM, VPC, CLB and STS.

pub(crate) mod error;
pub(crate) mod filter;
pub(crate) mod params;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::Method;
use http::request::Parts;
use serde_json::{Map, Value, json};

pub(crate) use error::Error;
pub(crate) use params::Params;

use crate::auth::tc3;
use crate::emulator::Shared;
use crate::exchange::{self, Answer, Cut, Meta, Reply, Twist};
use crate::schema::Schema;
use crate::world::{self, Scope};
use crate::{Cloud, compute, identity, load_balancer, network};

/// An action: takes the parameters, gives the members of `Response` but for the request id.
pub(crate) type Handler = fn(&mut Scope<'_>, &Params) -> Result<Value, Error>;

/// The largest signed request.
const LARGEST: usize = 10 * 1024 * 1024;

/// A service and the tables of its actions, one from each family that has some.
struct Service {
    name: &'static str,
    version: &'static str,
    table: &'static str,
    actions: &'static [&'static [(&'static str, Handler)]],
    /// Actions that need no region.
    global: &'static [&'static str],
    schema: OnceLock<Schema>,
}

static SERVICES: [Service; 4] = [
    Service {
        name: "cvm",
        version: "2017-03-12",
        table: include_str!("schema/cvm.txt"),
        actions: &[compute::cvm::ACTIONS],
        global: &["DescribeRegions"],
        schema: OnceLock::new(),
    },
    Service {
        name: "vpc",
        version: "2017-03-12",
        table: include_str!("schema/vpc.txt"),
        actions: &[network::vpc::ACTIONS],
        global: &[],
        schema: OnceLock::new(),
    },
    Service {
        name: "clb",
        version: "2018-03-17",
        table: include_str!("schema/clb.txt"),
        actions: &[load_balancer::clb::ACTIONS],
        global: &[],
        schema: OnceLock::new(),
    },
    Service {
        name: "sts",
        version: "2018-08-13",
        table: include_str!("schema/sts.txt"),
        actions: &[identity::TENCENT_ACTIONS],
        global: &["GetCallerIdentity"],
        schema: OnceLock::new(),
    },
];

impl Service {
    fn handler(&self, action: &str) -> Option<Handler> {
        let mut all = self.actions.iter().flat_map(|table| table.iter());
        all.find_map(|(name, handler)| (*name == action).then_some(*handler))
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| Schema::parse(self.table))
    }
}

/// Serves one call.
pub(crate) async fn serve(shared: &Arc<Shared>, parts: Parts, body: Bytes) -> Result<Answer, Cut> {
    let text = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let (action, region) = (text("x-tc-action"), text("x-tc-region"));
    let host = text("host");
    let service = tc3::scope(&parts).map_or_else(
        |_| {
            if identity::is_unsigned(&action) {
                "sts".to_owned()
            } else {
                host.split('.').next().unwrap_or_default().to_owned()
            }
        },
        |scope| scope.service,
    );
    let request_id = shared.request_id();
    let parsed: Result<Value, _> = serde_json::from_slice(&body);
    let meta = Meta {
        cloud: Cloud::Tencent,
        service: service.clone(),
        action: action.clone(),
        region: region.clone(),
        parameters: parsed.as_ref().cloned().unwrap_or_default(),
        request_id: request_id.clone(),
    };
    let call = Request {
        shared,
        parts: &parts,
        body: &body,
        service: &service,
        action: &action,
        region: &region,
    };
    let refuse = |fault: &_| Error::of_fault(fault, &service).reply(&request_id);
    let effect = |twist| match call.perform(parsed.ok(), &request_id, twist) {
        Ok(response) => reply(response, &request_id),
        Err(error) => error.reply(&request_id),
    };
    exchange::run(shared, meta, refuse, effect).await
}

struct Request<'a> {
    shared: &'a Shared,
    parts: &'a Parts,
    body: &'a [u8],
    service: &'a str,
    action: &'a str,
    region: &'a str,
}

impl Request<'_> {
    fn perform(
        &self,
        parsed: Option<Value>,
        request_id: &str,
        twist: Twist,
    ) -> Result<Value, Error> {
        if self.parts.method != Method::POST {
            return Err(Error::new(
                "UnsupportedProtocol",
                "Only POST with a JSON body is supported.",
            ));
        }
        if self.body.len() > LARGEST {
            return Err(Error::new(
                "RequestSizeLimitExceeded",
                "The request is larger than 10 MB.",
            ));
        }
        let now = self.shared.clock.now();
        let skips = self
            .parts
            .headers
            .get("authorization")
            .is_some_and(|value| value == "SKIP");
        let key_id = if skips && identity::is_unsigned(self.action) {
            String::new()
        } else {
            tc3::verify(self.parts, self.body, &self.shared.tencent_keys, now)
                .map_err(Error::of_refusal)?
                .key_id
        };
        let service = SERVICES
            .iter()
            .find(|service| service.name == self.service)
            .ok_or_else(|| {
                Error::new(
                    "NoSuchProduct",
                    format!("The product `{}` does not exist.", self.service),
                )
            })?;
        let version = self
            .parts
            .headers
            .get("x-tc-version")
            .and_then(|value| value.to_str().ok());
        if version != Some(service.version) {
            let message = format!(
                "The API version `{}` is not valid.",
                version.unwrap_or_default()
            );
            return Err(Error::new("NoSuchVersion", message));
        }
        let handler = service.handler(self.action).ok_or_else(|| {
            let message = format!(
                "The request action=`{}` is invalid or not found.",
                self.action
            );
            Error::new("InvalidAction", message)
        })?;
        if self.region.is_empty() && !service.global.contains(&self.action) {
            return Err(Error::missing("Region"));
        }
        if !self.region.is_empty() && !world::is_region(Cloud::Tencent, self.region) {
            let message = format!("The region `{}` is not supported.", self.region);
            return Err(Error::new("UnsupportedRegion", message));
        }
        let Some(Value::Object(members)) = parsed else {
            return Err(Error::new(
                "InvalidRequest",
                "The request body is not a JSON object.",
            ));
        };
        let params = Params::new(members);
        params.check(service.schema(), self.action)?;
        let mut everything = self.shared.world();
        let mut scope = everything.scope(Cloud::Tencent, self.region, request_id, now, twist);
        scope.key_id = key_id;
        handler(&mut scope, &params)
    }
}

/// `{"Response": {…, "RequestId": "…"}}`.
fn reply(response: Value, request_id: &str) -> Reply {
    let mut members = match response {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    members.insert("RequestId".to_owned(), Value::from(request_id));
    Reply::new(
        200,
        "application/json",
        json!({ "Response": members }).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_its_types() {
        for service in &SERVICES {
            for (action, _) in service.actions.iter().flat_map(|table| table.iter()) {
                assert!(
                    service.schema().object(action).is_some(),
                    "{} {action}",
                    service.name
                );
            }
        }
    }
}
