//! Renews the servers behind a load balancer one after the other, so that the service never stops: out of the load
//! balancer, stopped, started, in again, healthy, next. The same code on both clouds.
//!
//! ```text
//! cargo run --features aws,tencent --example rolling_deploy -- \
//!     --provider tencent --region ap-guangzhou --load-balancer web --group TCP:80 --drain 30s ins-1a2b3c4d ins-2b3c4d5e
//! ```
//!
//! It stops at the first failure, and says what state every server is in. The key comes from the environment at Tencent
//! Cloud, and from wherever the AWS CLI finds it at AWS.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example's output"
)]

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use cloudapi::compute::{StartInstancesRequest, StopInstancesRequest, WaitOptions};
use cloudapi::load_balancer::{
    DeregisterInstancesFromLoadBalancerRequest, DescribeLoadBalancerHealthRequest, HealthState,
    OutcomeStatus, RegisterInstancesWithLoadBalancerRequest, Target, TargetHealth, parse_duration,
};
use cloudapi::{
    BackendGroupId, Compute, ComputeExt, CredentialSource, InstanceId, LoadBalancer,
    LoadBalancerExt, LoadBalancerId, Provider, ProviderConfig,
};

const USAGE: &str = "\
rolling_deploy --provider aws|tencent --region REGION --load-balancer ID|NAME [options] INSTANCE…

  --group ID|NAME     the backend group, where there are several
  --drain TIME        how long open connections may take to end, 30s if not said
  --timeout TIME      how long each step may take, 10m if not said
  --poll TIME         how often to look meanwhile, 1s if not said
  --endpoint-url URL  an emulator instead of the cloud";

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let deploy = match Deploy::connect(options).await {
        Ok(deploy) => deploy,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    match deploy.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(stopped) => {
            deploy.explain(&stopped).await;
            ExitCode::FAILURE
        }
    }
}

/// What is to be deployed, and how patiently.
struct Deploy {
    compute: Arc<dyn Compute>,
    load_balancer: Arc<dyn LoadBalancer>,
    load_balancer_id: LoadBalancerId,
    group: Option<BackendGroupId>,
    instances: Vec<InstanceId>,
    drain: Duration,
    wait: WaitOptions,
}

/// Where it stopped: at which server, in which step, and why.
struct Stopped {
    at: usize,
    step: &'static str,
    error: Box<dyn Error>,
}

impl Deploy {
    async fn connect(options: Options) -> Result<Self> {
        let mut config = ProviderConfig::new(options.provider);
        config.region = options.region;
        config.endpoint_url = options.endpoint_url;
        if options.provider == Provider::Tencent {
            config = config.with_credentials(CredentialSource::Environment);
        }
        let cloud = cloudapi::connect(&config).await?;
        Ok(Self {
            compute: cloud.compute()?,
            load_balancer: cloud.load_balancer()?,
            load_balancer_id: options.load_balancer,
            group: options.group,
            instances: options.instances,
            drain: options.drain,
            wait: options.wait,
        })
    }

    /// Renews one server after the other.
    async fn run(&self) -> Result<(), Stopped> {
        for (at, instance) in self.instances.iter().enumerate() {
            let stopped = |step| move |error| Stopped { at, step, error };
            self.check_that_others_serve(instance)
                .await
                .map_err(stopped("before anything was done"))?;
            let targets = self
                .take_out(instance)
                .await
                .map_err(stopped("taking it out of the load balancer"))?;
            self.stop(instance).await.map_err(stopped("stopping it"))?;
            // Whatever needs a server that is down is to be done here: a new image, another instance type.
            self.start(instance).await.map_err(stopped("starting it"))?;
            self.put_back(targets)
                .await
                .map_err(stopped("putting it behind the load balancer"))?;
            println!("{instance}: done");
        }
        Ok(())
    }

    /// A server that alone receives traffic is not taken out.
    async fn check_that_others_serve(&self, instance: &InstanceId) -> Result {
        let others =
            self.targets().await?.into_iter().any(|target| {
                target.receives_traffic && target.instance_id.as_ref() != Some(instance)
            });
        if others {
            Ok(())
        } else {
            Err("no other server behind the load balancer receives traffic".into())
        }
    }

    /// Lets open connections end, takes the server out at each port it has, and gives what to register later.
    async fn take_out(&self, instance: &InstanceId) -> Result<Vec<Target>> {
        let target = Target::new(instance.clone());
        let mut request = DeregisterInstancesFromLoadBalancerRequest::new(
            self.load_balancer_id.clone(),
            [target],
        )
        .with_drain(self.drain);
        request.backend_group.clone_from(&self.group);
        let outcomes = self
            .load_balancer
            .deregister_instances_from_load_balancer(request)
            .await?
            .into_result()?;
        let mut targets = Vec::new();
        for outcome in &outcomes {
            if outcome.status == OutcomeStatus::AlreadyThere
                && outcome.previous_state == Some(HealthState::Unused)
            {
                return Err(format!("{instance} is not behind the load balancer").into());
            }
            if outcome.current_state == Some(HealthState::Draining) {
                return Err(format!("it still drains after {:?}", self.drain).into());
            }
            let mut target = Target::new(instance.clone());
            (target.port, target.weight) = (outcome.port, outcome.weight);
            targets.push(target);
        }
        Ok(targets)
    }

    async fn stop(&self, instance: &InstanceId) -> Result {
        let request = StopInstancesRequest::new([instance.clone()]);
        let outcomes = self.compute.stop_instances(request).await?.into_result()?;
        let outcomes = self
            .compute
            .wait_until_stopped(outcomes, &self.wait)
            .await?;
        outcomes.into_result()?;
        println!("{instance}: stopped");
        Ok(())
    }

    async fn start(&self, instance: &InstanceId) -> Result {
        let request = StartInstancesRequest::new([instance.clone()]);
        let outcomes = self.compute.start_instances(request).await?.into_result()?;
        let outcomes = self
            .compute
            .wait_until_running(outcomes, &self.wait)
            .await?;
        outcomes.into_result()?;
        println!("{instance}: started");
        Ok(())
    }

    /// Registers the server with the ports and weights that it had, and waits until it is healthy at each.
    async fn put_back(&self, targets: Vec<Target>) -> Result {
        let mut request =
            RegisterInstancesWithLoadBalancerRequest::new(self.load_balancer_id.clone(), targets);
        request.backend_group.clone_from(&self.group);
        let outcomes = self
            .load_balancer
            .register_instances_with_load_balancer(request)
            .await?
            .into_result()?;
        let outcomes = self
            .load_balancer
            .wait_until_healthy(outcomes, &self.wait)
            .await?;
        outcomes.into_result()?;
        Ok(())
    }

    /// What is in the group, and how it is.
    async fn targets(&self) -> cloudapi::Result<Vec<TargetHealth>> {
        let mut request = DescribeLoadBalancerHealthRequest::new(self.load_balancer_id.clone());
        request.backend_groups = self.group.clone().map(|group| vec![group]);
        let health = self
            .load_balancer
            .describe_load_balancer_health(request)
            .await?;
        Ok(health
            .groups
            .into_iter()
            .flat_map(|group| group.targets)
            .collect())
    }

    /// Tells where it stopped, and how every server is now.
    async fn explain(&self, stopped: &Stopped) {
        let Stopped { at, step, error } = stopped;
        eprintln!("stopped at {}, {step}: {error}", self.instances[*at]);
        let targets = self.targets().await;
        for (place, instance) in self.instances.iter().enumerate() {
            let progress = match place.cmp(at) {
                std::cmp::Ordering::Less => "done",
                std::cmp::Ordering::Equal => "not done",
                std::cmp::Ordering::Greater => "not begun",
            };
            let server = match self.compute.describe_instance(instance.clone()).await {
                Ok(found) => found.state.to_string(),
                Err(error) => format!("its state is not known ({error})"),
            };
            let health = match &targets {
                Ok(targets) => health_of(targets, instance),
                Err(error) => format!("its health is not known ({error})"),
            };
            eprintln!("{instance}: {progress}; {server}, {health}");
        }
    }
}

fn health_of(targets: &[TargetHealth], instance: &InstanceId) -> String {
    let states: Vec<String> = targets
        .iter()
        .filter(|target| target.instance_id.as_ref() == Some(instance))
        .map(|target| match target.port {
            Some(port) => format!("{} at port {port}", target.state),
            None => target.state.to_string(),
        })
        .collect();
    if states.is_empty() {
        "not behind the load balancer".to_owned()
    } else {
        states.join(", ")
    }
}

/// What was asked for.
struct Options {
    provider: Provider,
    region: Option<String>,
    endpoint_url: Option<String>,
    load_balancer: LoadBalancerId,
    group: Option<BackendGroupId>,
    instances: Vec<InstanceId>,
    drain: Duration,
    wait: WaitOptions,
}

impl Options {
    fn parse(words: impl Iterator<Item = String>) -> Result<Self> {
        let (mut provider, mut load_balancer) = (None, None);
        let (mut region, mut endpoint_url, mut group) = (None, None, None);
        let mut instances: Vec<InstanceId> = Vec::new();
        let mut drain = Duration::from_secs(30);
        let mut wait = WaitOptions::default();
        let mut words = words;
        while let Some(word) = words.next() {
            if !word.starts_with("--") {
                instances.push(word.into());
                continue;
            }
            let value = words
                .next()
                .ok_or_else(|| format!("{word} needs a value"))?;
            match word.as_str() {
                "--provider" => provider = Some(value.parse()?),
                "--region" => region = Some(value),
                "--load-balancer" => load_balancer = Some(value.into()),
                "--group" => group = Some(value.into()),
                "--drain" => drain = parse_duration(&value)?,
                "--timeout" => wait = wait.with_timeout(parse_duration(&value)?),
                "--poll" => {
                    let poll = parse_duration(&value)?;
                    wait = wait.with_interval(poll).with_max_interval(poll);
                }
                "--endpoint-url" => endpoint_url = Some(value),
                _ => return Err(format!("{word} is not understood").into()),
            }
        }
        if instances.is_empty() {
            return Err("no instances are named".into());
        }
        Ok(Self {
            provider: provider.ok_or("--provider is missing")?,
            region,
            endpoint_url,
            load_balancer: load_balancer.ok_or("--load-balancer is missing")?,
            group,
            instances,
            drain,
            wait,
        })
    }
}
