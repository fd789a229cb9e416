//! A small CLB behind a loopback server: one load balancer, its listeners, tasks and moods.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloudapi_core::{
    CloudProvider, Credentials, Environment, LoadBalancer, Provider, ProviderConfig, RetryPolicy,
};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::Tencent;

#[derive(Debug, Default)]
pub(super) struct World {
    /// Listener, location, instance or address, port, weight.
    pub(super) targets: Vec<(String, String, String, u64, u64)>,
    /// The action of each call, with how many targets it had.
    pub(super) calls: Vec<(String, usize)>,
    pub(super) classic: bool,
    pub(super) outside_vpc: bool,
    /// What is not in the load balancer's network.
    pub(super) foreign: Vec<&'static str>,
    /// How many writes find another writer at work.
    pub(super) busy: usize,
    /// How many looks a task runs for.
    pub(super) task_looks: usize,
    /// How the next tasks end, if not well.
    pub(super) failing_tasks: VecDeque<&'static str>,
    /// How many writes are done without an answer that can be read.
    pub(super) lost: usize,
    pub(super) open_tasks: usize,
    /// More than one task at a time was started.
    pub(super) overlapped: bool,
    /// What is destroyed by somebody else as soon as its weight was changed.
    pub(super) vanishing: Option<&'static str>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Clb(pub(super) Arc<Mutex<World>>);

fn refusal(code: &str, message: &str) -> Value {
    json!({"Error": {"Code": code, "Message": message}})
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

impl World {
    fn answer(&mut self, action: &str, request: &Value) -> Value {
        let asked = request["Targets"].as_array().map_or(&[][..], Vec::as_slice);
        let ids = request["InstanceIds"].as_array().map_or(0, Vec::len);
        self.calls.push((action.to_owned(), asked.len() + ids));
        match action {
            "DescribeLoadBalancers" => self.balancers(request),
            "DescribeListeners" => json!({"Listeners": [
                {"ListenerId": "lbl-4", "Protocol": "TCP", "Port": 80},
                {"ListenerId": "lbl-7", "Protocol": "HTTP", "Port": 81, "Rules": [
                    {"LocationId": "loc-1", "Domain": "example.com", "Url": "/"}]}]}),
            "DescribeTargets" => self.registered(),
            "DescribeTargetHealth" => self.health(),
            "DescribeClassicalLBListeners" => {
                json!({"Listeners": [{"ListenerPort": 80, "InstancePort": 8080, "Protocol": "TCP"}]})
            }
            "DescribeClassicalLBTargets" => json!({"Targets": self.of("", "")}),
            "DescribeClassicalLBHealthStatus" => {
                let seen = self.of("", "").into_iter().map(|target| {
                    json!({"IP": target["PrivateIpAddresses"][0], "Port": 8080, "ListenerPort": 80,
                        "Protocol": "tcp", "HealthStatus": 1})
                });
                json!({"HealthList": seen.collect::<Vec<Value>>()})
            }
            "DescribeTaskStatus" => self.task(),
            _ if self.busy > 0 => {
                self.busy -= 1;
                refusal("FailedOperation.ResourceInOperating", "in operating")
            }
            _ => self.write(action, request, asked),
        }
    }

    fn balancers(&self, request: &Value) -> Value {
        let ids = request["LoadBalancerIds"].as_array();
        let names_it = ids.is_some_and(|ids| ids[0] == "lb-web1");
        let by_name = text(request, "LoadBalancerName") == "web";
        let vpc = if self.outside_vpc { "" } else { "vpc-1" };
        let one = json!({"LoadBalancerId": "lb-web1", "LoadBalancerName": "web", "VpcId": vpc,
            "Forward": u8::from(!self.classic)});
        let other =
            json!({"LoadBalancerId": "lb-web2", "LoadBalancerName": "web-old", "Forward": 1});
        match (names_it, by_name) {
            (true, _) => json!({"TotalCount": 1, "LoadBalancerSet": [one]}),
            (_, true) => json!({"TotalCount": 2, "LoadBalancerSet": [one, other]}),
            _ => json!({"TotalCount": 0, "LoadBalancerSet": null}),
        }
    }

    fn of(&self, listener: &str, location: &str) -> Vec<Value> {
        let here = self
            .targets
            .iter()
            .filter(|one| one.0 == listener && one.1 == location);
        here.map(|(_, _, id, port, weight)| {
            json!({"Type": "CVM", "InstanceId": id, "Port": port, "Weight": weight,
                "PrivateIpAddresses": [format!("10.0.0.{}", id.len())]})
        })
        .collect()
    }

    fn registered(&self) -> Value {
        json!({"Listeners": [
            {"ListenerId": "lbl-4", "Targets": self.of("lbl-4", ""), "Rules": null},
            {"ListenerId": "lbl-7", "Targets": null, "Rules": [
                {"LocationId": "loc-1", "Targets": self.of("lbl-7", "loc-1")}]}]})
    }

    fn health(&self) -> Value {
        let health = |listener: &str, location: &str| {
            let here = self
                .targets
                .iter()
                .filter(|one| one.0 == listener && one.1 == location);
            let alive = here.map(|(_, _, id, port, weight)| {
                json!({"TargetId": id, "Port": port, "Weight": weight, "HealthStatus": true,
                    "HealthStatusDetail": "Alive"})
            });
            alive.collect::<Vec<Value>>()
        };
        json!({"LoadBalancers": [{"LoadBalancerId": "lb-web1", "Listeners": [
            {"ListenerId": "lbl-4", "Rules": [{"LocationId": "loc-x", "Targets": health("lbl-4", "")}]},
            {"ListenerId": "lbl-7", "Rules": [{"LocationId": "loc-1", "Targets": health("lbl-7", "loc-1")}]}]}]})
    }

    fn task(&mut self) -> Value {
        if self.task_looks > 0 {
            self.task_looks -= 1;
            return json!({"Status": 2});
        }
        self.open_tasks = 0;
        match self.failing_tasks.pop_front() {
            Some(message) if !message.is_empty() => json!({"Status": 1, "Message": message}),
            _ => json!({"Status": 0, "Message": null}),
        }
    }

    fn write(&mut self, action: &str, request: &Value, asked: &[Value]) -> Value {
        self.overlapped |= self.open_tasks > 0;
        if action == "DeregisterTargetsFromClassicalLB" {
            let ids = request["InstanceIds"].as_array().unwrap();
            self.targets.retain(|known| !ids.contains(&json!(known.2)));
            return json!({});
        }
        let listener = |target: &Value| match target["ListenerId"].as_str() {
            Some(listener) => (listener.to_owned(), text(target, "LocationId")),
            None => (text(request, "ListenerId"), text(request, "LocationId")),
        };
        let key = |target: &Value| {
            let (listener, location) = listener(target);
            let id = text(target, "InstanceId") + &text(target, "EniIp");
            (
                listener,
                location,
                id,
                target["Port"].as_u64().unwrap_or_default(),
            )
        };
        let is = |known: &(String, String, String, u64, u64), target: &Value| {
            let known = known.clone();
            (known.0, known.1, known.2, known.3) == key(target)
        };
        if action.contains("Deregister") {
            let is_there = |target: &Value| self.targets.iter().any(|known| is(known, target));
            if !asked.iter().all(is_there) {
                return refusal("InvalidParameter", "some targets are not registered");
            }
            self.targets
                .retain(|known| !asked.iter().any(|target| is(known, target)));
        } else if action == "ModifyTargetWeight" {
            for known in &mut self.targets {
                if let Some(target) = asked.iter().find(|target| is(known, target)) {
                    known.4 = target["Weight"].as_u64().unwrap();
                }
            }
            let vanishing = self.vanishing;
            self.targets
                .retain(|known| Some(known.2.as_str()) != vanishing);
        } else {
            if asked
                .iter()
                .any(|target| self.foreign.contains(&key(target).2.as_str()))
            {
                if action == "RegisterTargets" {
                    return refusal("InvalidParameterValue", "some are not in the VPC");
                }
                return json!({"FailListenerIdSet": ["lbl-4"], "Message": "some are not in the VPC"});
            }
            let fails = self
                .failing_tasks
                .front()
                .is_some_and(|message| !message.is_empty());
            if !fails {
                self.targets.extend(asked.iter().map(|target| {
                    let (listener, location, id, port) = key(target);
                    (
                        listener,
                        location,
                        id,
                        port,
                        target["Weight"].as_u64().unwrap_or(10),
                    )
                }));
            }
        }
        self.open_tasks += 1;
        json!({})
    }
}

impl Respond for Clb {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let action = request.headers["x-tc-action"].to_str().unwrap();
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let mut world = self.0.lock().unwrap();
        let mut answer = world.answer(action, &body);
        if !action.starts_with("Describe") && world.lost > 0 {
            world.lost -= 1;
            world.open_tasks = 0;
            return ResponseTemplate::new(502).set_body_string("bad gateway");
        }
        answer["RequestId"] = json!("7f2a");
        ResponseTemplate::new(200).set_body_json(json!({"Response": answer}))
    }
}

impl Clb {
    pub(super) fn with(targets: &[(&str, &str, &str, u64, u64)]) -> Self {
        let targets = targets
            .iter()
            .map(|(listener, location, id, port, weight)| {
                let [listener, location, id] =
                    [listener, location, id].map(|text| (*text).to_owned());
                (listener, location, id, *port, *weight)
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

    /// Ids, ports and weights of what is registered.
    pub(super) fn registered(&self) -> Vec<(String, u64, u64)> {
        let world = self.0.lock().unwrap();
        let targets = world.targets.iter();
        targets.map(|one| (one.2.clone(), one.3, one.4)).collect()
    }

    pub(super) fn writes(&self) -> Vec<(String, usize)> {
        let world = self.0.lock().unwrap();
        let is_write = |call: &&(String, usize)| !call.0.starts_with("Describe");
        world.calls.iter().filter(is_write).cloned().collect()
    }

    pub(super) fn count(&self, action: &str) -> usize {
        let world = self.0.lock().unwrap();
        world.calls.iter().filter(|call| call.0 == action).count()
    }
}

pub(super) async fn serve(clb: &Clb) -> (MockServer, Arc<dyn LoadBalancer>) {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(clb.clone())
        .mount(&server)
        .await;
    let retry = RetryPolicy::default().with_base_delay(Duration::from_millis(1));
    let config = ProviderConfig::new(Provider::Tencent)
        .with_region("ap-guangzhou")
        .with_credentials(Credentials::new(
            "AKIDEXAMPLE0123456789abcdefghijklmn",
            "SecretKeyEXAMPLE0123456789abcdef",
        ))
        .with_environment(Environment::fixed::<&str, &str>([]))
        .with_retry(retry)
        .with_endpoint_url(server.uri());
    let tencent = Tencent::connect(&config).await.unwrap();
    (server, tencent.load_balancer().unwrap())
}
