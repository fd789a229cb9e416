//! The services of AWS that take a form: EC2, both kinds of ELB, and STS.

pub(crate) mod error;
pub(crate) mod filter;
pub(crate) mod page;
pub(crate) mod query;
pub(crate) mod xml;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::request::Parts;

pub(crate) use error::Error;
pub(crate) use query::Params;

use crate::auth::{Refusal, sigv4};
use crate::emulator::Shared;
use crate::exchange::{self, Answer, Cut, Meta, Reply, Twist};
use crate::fixtures::AWS_REGION;
use crate::schema::Schema;
use crate::world::{self, Scope};
use crate::{Cloud, compute, identity, load_balancer, network};

/// An action: takes the parameters, gives what stands inside `<ActionResponse>` (EC2) or `<ActionResult>` (the others).
pub(crate) type Handler = fn(&mut Scope<'_>, &Params) -> Result<String, Error>;

/// How a service of the query protocol words its answers and errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// EC2's own.
    Ec2,
    /// All others'.
    Query,
}

/// A service and the tables of its actions, one from each family that has some.
struct Service {
    name: &'static str,
    version: &'static str,
    dialect: Dialect,
    table: &'static str,
    actions: &'static [&'static [(&'static str, Handler)]],
    schema: OnceLock<Schema>,
}

static SERVICES: [Service; 4] = [
    Service {
        name: "ec2",
        version: "2016-11-15",
        dialect: Dialect::Ec2,
        table: include_str!("schema/ec2.txt"),
        actions: &[compute::ec2::ACTIONS, network::ec2::ACTIONS],
        schema: OnceLock::new(),
    },
    Service {
        name: "elasticloadbalancing",
        version: "2015-12-01",
        dialect: Dialect::Query,
        table: include_str!("schema/elbv2.txt"),
        actions: &[load_balancer::elbv2::ACTIONS],
        schema: OnceLock::new(),
    },
    Service {
        name: "elasticloadbalancing",
        version: "2012-06-01",
        dialect: Dialect::Query,
        table: include_str!("schema/elb.txt"),
        actions: &[load_balancer::elb::ACTIONS],
        schema: OnceLock::new(),
    },
    Service {
        name: "sts",
        version: "2011-06-15",
        dialect: Dialect::Query,
        table: include_str!("schema/sts.txt"),
        actions: &[identity::AWS_ACTIONS],
        schema: OnceLock::new(),
    },
];

impl Service {
    /// Found by the signature's service and the version (both kinds of ELB sign alike), else by the version alone.
    fn find(signed: Option<&str>, version: &str) -> Option<&'static Self> {
        let fits = |service: &&Self| {
            signed.is_none_or(|name| name == service.name) && service.version == version
        };
        SERVICES.iter().find(fits)
    }

    fn handler(&self, action: &str) -> Option<Handler> {
        let mut all = self.actions.iter().flat_map(|table| table.iter());
        all.find_map(|(name, handler)| (*name == action).then_some(*handler))
    }

    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| Schema::parse(self.table))
    }

    fn reply(&self, action: &str, request_id: &str, inside: &str) -> Reply {
        let version = self.version;
        let body = match self.dialect {
            Dialect::Ec2 => format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response \
                 xmlns=\"http://ec2.amazonaws.com/doc/{version}/\"><requestId>{request_id}</requestId>{inside}</{action}Response>"
            ),
            Dialect::Query => format!(
                "<{action}Response xmlns=\"https://{}.amazonaws.com/doc/{version}/\"><{action}Result>{inside}</{action}Result>\
                 <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>",
                self.name
            ),
        };
        Reply::new(200, "text/xml;charset=UTF-8", body).with_header("x-amzn-requestid", request_id)
    }
}

/// Serves one call.
pub(crate) async fn serve(shared: &Arc<Shared>, parts: Parts, body: Bytes) -> Result<Answer, Cut> {
    let scope = sigv4::scope(&parts.headers);
    let params = Params::parse(&body);
    let text = |name: &str| params.text(name).unwrap_or_default().to_owned();
    let (action, version) = (text("Action"), text("Version"));
    let service = Service::find(
        scope.as_ref().ok().map(|scope| scope.service.as_str()),
        &version,
    );
    let signed = scope.as_ref().ok();
    let service_name = signed
        .map_or(service.map_or("ec2", |service| service.name), |scope| {
            &scope.service
        })
        .to_owned();
    let dialect = service.map_or(
        if service_name == "ec2" {
            Dialect::Ec2
        } else {
            Dialect::Query
        },
        |found| found.dialect,
    );
    let region = signed.map(|scope| scope.region.clone()).unwrap_or_default();
    let request_id = shared.request_id();
    let meta = Meta {
        cloud: Cloud::Aws,
        service: service_name.clone(),
        action: action.clone(),
        region: region.clone(),
        parameters: params.to_json(),
        request_id: request_id.clone(),
    };
    let refuse =
        |fault: &_| Error::of_fault(fault, dialect, &service_name).reply(dialect, &request_id);
    let effect = |twist| {
        let call = Request {
            shared,
            parts: &parts,
            body: &body,
            params: &params,
            service,
            region: &region,
            twist,
        };
        match call.perform(&action, &version, dialect, &request_id) {
            Ok(reply) => reply,
            Err(error) => error.reply(dialect, &request_id),
        }
    };
    exchange::run(shared, meta, refuse, effect).await
}

struct Request<'a> {
    shared: &'a Shared,
    parts: &'a Parts,
    body: &'a [u8],
    params: &'a Params,
    service: Option<&'static Service>,
    region: &'a str,
    twist: Twist,
}

impl Request<'_> {
    fn perform(
        self,
        action: &str,
        version: &str,
        dialect: Dialect,
        request_id: &str,
    ) -> Result<Reply, Error> {
        let now = self.shared.clock.now();
        let unsigned =
            identity::is_unsigned(action) && self.parts.headers.get("authorization").is_none();
        let key_id = if unsigned {
            String::new()
        } else {
            sigv4::verify(self.parts, self.body, &self.shared.aws_keys, now)
                .map_err(|refusal| Error::of_refusal(refusal, dialect))?
                .key_id
        };
        let region = if unsigned { AWS_REGION } else { self.region };
        if !world::is_region(Cloud::Aws, region) {
            let refusal = Refusal::Incomplete(format!(
                "Credential should be scoped to a valid region, not '{region}'."
            ));
            return Err(Error::of_refusal(refusal, dialect));
        }
        if action.is_empty() {
            return Err(Error::new(
                400,
                "MissingAction",
                "The request must contain the parameter Action",
            ));
        }
        let unknown = || {
            let message = match dialect {
                Dialect::Ec2 => format!("The action {action} is not valid for this web service."),
                Dialect::Query => {
                    format!("Could not find operation {action} for version {version}")
                }
            };
            Error::new(400, "InvalidAction", message)
        };
        let service = self.service.ok_or_else(unknown)?;
        let handler = service.handler(action).ok_or_else(unknown)?;
        query::check(self.params, service.schema(), action, dialect)?;
        let mut everything = self.shared.world();
        let mut scope = everything.scope(Cloud::Aws, region, request_id, now, self.twist);
        scope.key_id = key_id;
        let inside = handler(&mut scope, self.params)?;
        Ok(service.reply(action, request_id, &inside))
    }
}

/// The success of a dry run, where one was asked for: nothing is done, and the answer is this error.
pub(crate) fn stop_if_dry_run(params: &Params) -> Result<(), Error> {
    if params.flag("DryRun") {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(Error::new(412, "DryRunOperation", message));
    }
    Ok(())
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
