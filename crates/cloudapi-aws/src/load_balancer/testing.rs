//! A small ELB on loopback: one application load balancer with two groups, a classic one, and moods.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use cloudapi_core::{CloudProvider, LoadBalancer};

use crate::Aws;
use crate::testing::{Params, Reply, Server};

pub(super) const ARN: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188";
pub(super) const WEB: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067";
pub(super) const API: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/943f017f100becff";
const LISTENER: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2";

/// Ids and ports by group, with state and reason.
pub(super) type Targets = BTreeMap<(String, String, i32), (&'static str, &'static str)>;

#[derive(Default)]
pub(super) struct World {
    pub(super) targets: Targets,
    /// Instances that don't run.
    pub(super) stopped: Vec<&'static str>,
    /// How often draining targets are still seen before they are gone.
    pub(super) drain_looks: usize,
    /// How many of the next calls are throttled.
    pub(super) throttled: usize,
    /// Whether a classic load balancer has a name too.
    pub(super) classic: Option<&'static str>,
}

#[derive(Clone, Default)]
pub(super) struct FakeElb(Arc<Mutex<World>>);

fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>x</RequestId></ErrorResponse>"
    );
    Reply::Http(status, Vec::new(), body)
}

fn success(action: &str, inside: &str) -> Reply {
    Reply::ok(format!(
        "<{action}Response xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><{action}Result>{inside}</{action}Result><ResponseMetadata><RequestId>x</RequestId></ResponseMetadata></{action}Response>"
    ))
}

/// The ids and ports that a call names.
pub(super) fn named_targets(call: &Params) -> Vec<(String, i32)> {
    (1..)
        .map_while(|n| {
            let id = call.get(&format!("Targets.member.{n}.Id"))?;
            let port = call.get(&format!("Targets.member.{n}.Port"));
            Some((id.clone(), port.map_or(0, |port| port.parse().unwrap())))
        })
        .collect()
}

impl World {
    fn answer(&mut self, call: &Params) -> Reply {
        let action = call["Action"].as_str();
        if self.throttled > 0 {
            self.throttled -= 1;
            return refusal(400, "Throttling", "Rate exceeded");
        }
        if call["Version"] == "2012-06-01" {
            return self.classic(action, call);
        }
        match action {
            "DescribeLoadBalancers" if call["Names.member.1"] == "web" => success(
                action,
                &format!(
                    "<LoadBalancers><member><LoadBalancerArn>{ARN}</LoadBalancerArn><LoadBalancerName>web</LoadBalancerName><Type>application</Type></member></LoadBalancers>"
                ),
            ),
            "DescribeLoadBalancers" => refusal(
                400,
                "LoadBalancerNotFound",
                "One or more load balancers not found",
            ),
            "DescribeTargetGroups" => groups(call.get("Marker").map(String::as_str)),
            "DescribeListeners" => success(
                action,
                &format!(
                    "<Listeners><member><ListenerArn>{LISTENER}</ListenerArn><DefaultActions><member><Type>forward</Type><TargetGroupArn>{WEB}</TargetGroupArn></member></DefaultActions></member></Listeners>"
                ),
            ),
            "DescribeRules" => success(
                action,
                &format!(
                    "<Rules><member><Actions><member><Type>forward</Type><ForwardConfig><TargetGroups><member><TargetGroupArn>{API}</TargetGroupArn><Weight>0</Weight></member></TargetGroups></ForwardConfig></member></Actions></member></Rules>"
                ),
            ),
            "DescribeTargetHealth" => self.health(&call["TargetGroupArn"]),
            "RegisterTargets" => self.register(call),
            "DeregisterTargets" => {
                let group = &call["TargetGroupArn"];
                for (id, port) in named_targets(call) {
                    // What is not there is no error.
                    if let Some(target) = self.targets.get_mut(&(group.clone(), id, port)) {
                        *target = ("draining", "Target.DeregistrationInProgress");
                    }
                }
                success(action, "")
            }
            _ => refusal(400, "InvalidAction", action),
        }
    }

    fn health(&mut self, group: &str) -> Reply {
        if self.drain_looks == 0 {
            self.targets.retain(|_, (state, _)| *state != "draining");
        } else if self.targets.values().any(|(state, _)| *state == "draining") {
            self.drain_looks -= 1;
        }
        let here = self.targets.iter().filter(|((of, ..), _)| of == group);
        let members: Vec<String> = here
            .map(|((_, id, port), (state, reason))| {
                let reason = if reason.is_empty() { String::new() } else { format!("<Reason>{reason}</Reason>") };
                format!("<member><Target><Id>{id}</Id><Port>{port}</Port></Target><TargetHealth><State>{state}</State>{reason}</TargetHealth></member>")
            })
            .collect();
        success(
            "DescribeTargetHealth",
            &format!(
                "<TargetHealthDescriptions>{}</TargetHealthDescriptions>",
                members.concat()
            ),
        )
    }

    fn register(&mut self, call: &Params) -> Reply {
        let targets = named_targets(call);
        if targets
            .iter()
            .any(|(id, _)| self.stopped.contains(&id.as_str()))
        {
            return refusal(
                400,
                "InvalidTarget",
                "Some targets are not in a running state",
            );
        }
        for (id, port) in targets {
            let key = (call["TargetGroupArn"].clone(), id, port);
            self.targets
                .insert(key, ("initial", "Elb.RegistrationInProgress"));
        }
        success("RegisterTargets", "")
    }

    fn classic(&mut self, action: &str, call: &Params) -> Reply {
        let name = call
            .get("LoadBalancerName")
            .or_else(|| call.get("LoadBalancerNames.member.1"));
        if self.classic != name.map(String::as_str) {
            return refusal(
                400,
                "LoadBalancerNotFound",
                "There is no ACTIVE Load Balancer named so",
            );
        }
        let ids: Vec<String> = (1..)
            .map_while(|n| {
                call.get(&format!("Instances.member.{n}.InstanceId"))
                    .cloned()
            })
            .collect();
        match action {
            "DescribeLoadBalancers" => success(
                action,
                "<LoadBalancerDescriptions><member><LoadBalancerName>old</LoadBalancerName></member></LoadBalancerDescriptions>",
            ),
            "DescribeInstanceHealth" => {
                let members: Vec<String> = self
                    .targets
                    .keys()
                    .map(|(_, id, _)| format!("<member><InstanceId>{id}</InstanceId><State>InService</State><ReasonCode>N/A</ReasonCode><Description>N/A</Description></member>"))
                    .collect();
                success(
                    action,
                    &format!("<InstanceStates>{}</InstanceStates>", members.concat()),
                )
            }
            "RegisterInstancesWithLoadBalancer" => {
                if ids.iter().any(|id| self.stopped.contains(&id.as_str())) {
                    return refusal(400, "InvalidInstance", "EC2 instance does not exist");
                }
                let keys = ids.into_iter().map(|id| ((String::new(), id, 0), ("", "")));
                self.targets.extend(keys);
                success(action, "<Instances/>")
            }
            "DeregisterInstancesFromLoadBalancer" => {
                self.targets.retain(|(_, id, _), _| !ids.contains(id));
                success(action, "<Instances/>")
            }
            _ => refusal(400, "InvalidAction", action),
        }
    }
}

/// Two pages of one group each.
fn groups(marker: Option<&str>) -> Reply {
    let (arn, name, port, next) = match marker {
        None => (WEB, "web", 80, "<NextMarker>two</NextMarker>"),
        Some(_) => (API, "api", 8080, ""),
    };
    success(
        "DescribeTargetGroups",
        &format!(
            "<TargetGroups><member><TargetGroupArn>{arn}</TargetGroupArn><TargetGroupName>{name}</TargetGroupName><Port>{port}</Port><TargetType>instance</TargetType></member></TargetGroups>{next}"
        ),
    )
}

impl FakeElb {
    pub(super) fn with(targets: &[(&str, &str, i32, &'static str)]) -> Self {
        let targets = targets.iter().map(|(group, id, port, state)| {
            (((*group).to_owned(), (*id).to_owned(), *port), (*state, ""))
        });
        let world = World {
            targets: targets.collect(),
            ..World::default()
        };
        Self(Arc::new(Mutex::new(world)))
    }

    pub(super) fn set(self, change: impl FnOnce(&mut World)) -> Self {
        change(&mut self.0.lock().unwrap());
        self
    }

    pub(super) async fn serve(&self) -> (Server, Arc<dyn LoadBalancer>) {
        let world = Arc::clone(&self.0);
        let server = Server::start(move |call| world.lock().unwrap().answer(call)).await;
        let aws = Aws::connect(&server.config()).await.unwrap();
        let load_balancer = aws.load_balancer().unwrap();
        (server, load_balancer)
    }

    pub(super) fn registered(&self) -> Vec<(String, i32, &'static str)> {
        let world = self.0.lock().unwrap();
        let targets = world.targets.iter();
        targets
            .map(|((_, id, port), (state, _))| (id.clone(), *port, *state))
            .collect()
    }
}
