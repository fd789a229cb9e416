//! moto as a target: a stand-in for AWS by other people, without controls.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudapi::compute::WaitOptions;
use cloudapi::{
    CloudProvider, Credentials, Environment, Error, ErrorKind, Provider, ProviderConfig, Result,
    RetryPolicy,
};
use cloudapi_conformance::{ComputeFixture, Need, Target, World};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An image that every moto server has.
const IMAGE: &str = "ami-12c6146b";
const ZONE: &str = "us-east-1a";

/// Cases that moto can't carry although it has what they need, and what it does instead.
const EXCUSES: &[(&str, &str)] = &[
    ("compute/create-says-what-does-not-exist", NO_IMAGE_CHECK),
    (
        "compute/create-dry-run-gives-the-error-of-the-real-run",
        NO_IMAGE_CHECK,
    ),
    ("compute/create-takes-every-option", NO_GROUPS),
    ("compute/describe-filters-by-every-portable-name", NO_GROUPS),
    (
        "compute/describe-filters-match-wildcards",
        "matches wildcards in tags only",
    ),
    ("compute/start-is-idempotent", ALWAYS_A_CHANGE),
    ("compute/stop-is-idempotent", ALWAYS_A_CHANGE),
    ("compute/destroy-is-idempotent", ALWAYS_A_CHANGE),
    (
        "compute/destroy-of-what-is-gone-is-already-there-while-listed",
        ALWAYS_A_CHANGE,
    ),
    (
        "compute/stop-to-hibernate-is-the-clouds-to-refuse",
        "hibernates whatever it is asked to",
    ),
];

const NO_IMAGE_CHECK: &str = "launches images that do not exist";
const NO_GROUPS: &str = "does not show the groups of an interface as those of its instance";
const ALWAYS_A_CHANGE: &str = "answers a change of state also where there was none";

/// AWS in a running moto server.
#[derive(Clone, Debug)]
pub struct MotoTarget {
    endpoint_url: String,
    fixture: ComputeFixture,
}

impl MotoTarget {
    /// Uses the server at this URL: looks up its default network, and makes a second one and a key pair.
    ///
    /// # Errors
    ///
    /// `Network` when it can't be reached, `Unavailable` when it answers something else than EC2 does.
    pub async fn new(endpoint_url: impl Into<String>) -> Result<Self> {
        let endpoint_url = endpoint_url.into();
        let ask = |action: &'static str, more: String| query(&endpoint_url, action, more);
        let subnets = ask(
            "DescribeSubnets",
            format!("&Filter.1.Name=availability-zone&Filter.1.Value.1={ZONE}"),
        )
        .await?;
        let (subnet, vpc) = (element(&subnets, "subnetId")?, element(&subnets, "vpcId")?);
        let groups = ask(
            "DescribeSecurityGroups",
            format!("&Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}"),
        )
        .await?;
        let group = element(&groups, "groupId")?;
        let other = ask("CreateVpc", "&CidrBlock=10.9.0.0%2F16".to_owned()).await?;
        // A server that has served a run before has the key pair already, which is as good.
        ask("CreateKeyPair", "&KeyName=conformance".to_owned()).await?;
        let fixture = ComputeFixture::new(IMAGE, "t3.micro")
            .with_network(ZONE, vpc, subnet, group)
            .with_other_vpc(element(&other, "vpcId")?)
            .with_key_name("conformance");
        Ok(Self {
            endpoint_url,
            fixture,
        })
    }
}

/// Makes a call of EC2 as plainly as can be; moto looks at the signature's scope only.
async fn query(endpoint_url: &str, action: &str, more: String) -> Result<String> {
    let host = endpoint_url
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let body = format!("Action={action}&Version=2016-11-15{more}");
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/ec2/aws4_request, \
         SignedHeaders=host, Signature=00\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    let exchange = async {
        let mut connection = TcpStream::connect(host).await?;
        connection.write_all(request.as_bytes()).await?;
        connection.read_to_string(&mut answer).await
    };
    exchange.await.map_err(|error| {
        Error::new(
            ErrorKind::Network,
            format!("moto at {endpoint_url}: {error}"),
        )
    })?;
    Ok(answer)
}

/// Finds the text of the first element of a name.
fn element(xml: &str, name: &str) -> Result<String> {
    let found = xml
        .split_once(&format!("<{name}>"))
        .and_then(|(_, rest)| rest.split_once("</"));
    found.map(|(text, _)| text.to_owned()).ok_or_else(|| {
        Error::new(
            ErrorKind::Unavailable,
            format!("moto's answer has no {name}"),
        )
    })
}

#[async_trait]
impl Target for MotoTarget {
    fn name(&self) -> String {
        "moto".to_owned()
    }

    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn lacks(&self, need: Need) -> Option<String> {
        let reason = match need {
            Need::Signatures => "moto verifies no signature",
            Need::Tokens => "moto ignores client tokens",
            Need::Bulk => "moto takes a time that grows with the square of its instances",
            other => return Some(format!("moto has no {other}")),
        };
        Some(reason.to_owned())
    }

    fn excuses(&self, case_id: &str) -> Option<String> {
        let excuse = EXCUSES.iter().find(|(id, _)| *id == case_id);
        excuse.map(|(_, reason)| format!("moto {reason}"))
    }

    async fn open(&self) -> Result<Box<dyn World>> {
        Ok(Box::new(MotoWorld {
            endpoint_url: self.endpoint_url.clone(),
            fixture: self.fixture.clone(),
        }))
    }
}

#[derive(Debug)]
struct MotoWorld {
    endpoint_url: String,
    fixture: ComputeFixture,
}

#[async_trait]
impl World for MotoWorld {
    fn config(&self) -> ProviderConfig {
        ProviderConfig::new(Provider::Aws)
            .with_region("us-east-1")
            .with_endpoint_url(&self.endpoint_url)
            .with_credentials(Credentials::new(
                "AKIAIOSFODNN7EXAMPLE",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            ))
            .with_retry(RetryPolicy::default().with_base_delay(Duration::from_millis(2)))
            .with_environment(Environment::fixed([("AWS_EC2_METADATA_DISABLED", "true")]))
    }

    async fn connect(&self, config: ProviderConfig) -> Result<Arc<dyn CloudProvider>> {
        cloudapi::connect(&config).await
    }

    fn compute(&self) -> &ComputeFixture {
        &self.fixture
    }

    fn pace(&self) -> WaitOptions {
        WaitOptions::default()
            .with_interval(Duration::from_millis(20))
            .with_max_interval(Duration::from_millis(100))
            .with_timeout(Duration::from_secs(30))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excuses_name_cases_that_there_are() {
        let cases = cloudapi_conformance::cases();
        for (id, _) in EXCUSES {
            assert!(cases.iter().any(|case| case.id() == *id), "{id}");
        }
    }

    #[test]
    fn elements_are_found_by_name() {
        let xml = "<a><vpcId>vpc-1</vpcId><vpcId>vpc-2</vpcId></a>";
        assert_eq!(element(xml, "vpcId").unwrap(), "vpc-1");
        assert!(element(xml, "subnetId").is_err());
    }
}
