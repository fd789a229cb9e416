//! Which host is really called: by region, by site, through the proxy that the environment names, or past it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloudapi::compute::DescribeInstancesRequest;
use cloudapi::load_balancer::DescribeLoadBalancerHealthRequest;
use cloudapi::storage::UploadFileRequest;
use cloudapi::{
    CloudProvider, Credentials, Environment, ErrorKind, Provider, ProviderConfig, Result,
    RetryPolicy,
};
use cloudapi_emulator::Emulator;
use cloudapi_tests::emulator::config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::PROVIDERS;

/// A proxy that notes where it is asked to lead, and leads nowhere.
struct Proxy {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else {
                        break;
                    };
                    head.push(byte);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let line = head.lines().next().unwrap_or_default().to_owned();
                noted.lock().unwrap().push(line);
                let _ = stream
                    .write_all(
                        b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                    )
                    .await;
            }
        });
        Self { url, asked, task }
    }

    /// The first lines of what it was asked since the last look.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Identity,
    Compute,
    LoadBalancer,
    Storage,
}

async fn call(cloud: &dyn CloudProvider, call: Call) -> Result<()> {
    match call {
        Call::Identity => cloud.caller_identity().await.map(drop),
        Call::Compute => {
            let all = DescribeInstancesRequest::new();
            cloud.compute()?.describe_instances(all).await.map(drop)
        }
        Call::LoadBalancer => {
            let request = DescribeLoadBalancerHealthRequest::new("lb-12345678");
            let balancers = cloud.load_balancer()?;
            balancers
                .describe_load_balancer_health(request)
                .await
                .map(drop)
        }
        Call::Storage => {
            let request = UploadFileRequest::new("backup-1250000000", "key", b"content".to_vec());
            cloud.storage()?.upload_file(request).await.map(drop)
        }
    }
}

fn connection(provider: Provider, region: &str, variables: &[(&str, &str)]) -> ProviderConfig {
    let mut retry = RetryPolicy::default().with_base_delay(Duration::from_millis(1));
    retry.max_attempts = 1;
    ProviderConfig::new(provider)
        .with_region(region)
        .with_credentials(Credentials::new("AKIDEXAMPLE", "SecretKeyEXAMPLE"))
        .with_retry(retry)
        .with_environment(Environment::fixed(variables.iter().copied()))
}

const AWS: Provider = Provider::Aws;
const TENCENT: Provider = Provider::Tencent;
/// The endpoint of Tencent Cloud's international site.
const INTL: &str = "https://{service}.intl.tencentcloudapi.com";

/// Cloud, region, endpoint, call, and the host that it goes to.
const SITES: &[(Provider, &str, &str, Call, &str)] = &[
    (
        AWS,
        "us-east-1",
        "",
        Call::Compute,
        "ec2.us-east-1.amazonaws.com",
    ),
    (
        AWS,
        "cn-north-1",
        "",
        Call::Compute,
        "ec2.cn-north-1.amazonaws.com.cn",
    ),
    (
        AWS,
        "cn-northwest-1",
        "",
        Call::Identity,
        "sts.cn-northwest-1.amazonaws.com.cn",
    ),
    (
        AWS,
        "cn-northwest-1",
        "",
        Call::LoadBalancer,
        "elasticloadbalancing.cn-northwest-1.amazonaws.com.cn",
    ),
    (
        AWS,
        "cn-north-1",
        "",
        Call::Storage,
        "backup-1250000000.s3.cn-north-1.amazonaws.com.cn",
    ),
    (
        TENCENT,
        "ap-guangzhou",
        "",
        Call::Compute,
        "cvm.tencentcloudapi.com",
    ),
    (
        TENCENT,
        "ap-guangzhou",
        "",
        Call::Storage,
        "backup-1250000000.cos.ap-guangzhou.myqcloud.com",
    ),
    (
        TENCENT,
        "ap-shanghai-fsi",
        "",
        Call::Compute,
        "cvm.ap-shanghai-fsi.tencentcloudapi.com",
    ),
    (
        TENCENT,
        "ap-shenzhen-fsi",
        "",
        Call::Identity,
        "sts.ap-shenzhen-fsi.tencentcloudapi.com",
    ),
    (
        TENCENT,
        "ap-shanghai-fsi",
        "",
        Call::Storage,
        "backup-1250000000.cos.ap-shanghai-fsi.myqcloud.com",
    ),
    (
        TENCENT,
        "ap-singapore",
        INTL,
        Call::Compute,
        "cvm.intl.tencentcloudapi.com",
    ),
    (
        TENCENT,
        "ap-singapore",
        INTL,
        Call::LoadBalancer,
        "clb.intl.tencentcloudapi.com",
    ),
    (
        TENCENT,
        "ap-singapore",
        INTL,
        Call::Identity,
        "sts.intl.tencentcloudapi.com",
    ),
    (
        TENCENT,
        "ap-singapore",
        INTL,
        Call::Storage,
        "backup-1250000000.cos.ap-singapore.myqcloud.com",
    ),
];

#[tokio::test]
async fn each_site_has_its_hosts() {
    for (provider, region, endpoint, what, host) in SITES {
        if !PROVIDERS.contains(provider) {
            continue;
        }
        let proxy = Proxy::start().await;
        let variables = [
            ("HTTPS_PROXY", proxy.url.as_str()),
            ("TENCENTCLOUD_ENDPOINT_URL", *endpoint),
        ];
        let config = connection(*provider, region, &variables);
        let cloud = cloudapi::connect(&config).await.unwrap();
        let error = call(&*cloud, *what).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Network,
            "{provider} {what:?}: {error}"
        );
        let asked = proxy.asked();
        let line = format!("CONNECT {host}:443 HTTP/1.1");
        assert!(
            !asked.is_empty() && asked.iter().all(|one| *one == line),
            "{what:?}: {asked:?}"
        );
    }
}

#[tokio::test]
async fn proxies_are_used_and_passed_by() {
    for provider in PROVIDERS {
        let emulator = Emulator::start().await.unwrap();
        let proxy = Proxy::start().await;
        let endpoint = emulator.endpoint_url();
        for (variables, is_used) in [
            (vec![("HTTP_PROXY", proxy.url.as_str())], true),
            (vec![("http_proxy", proxy.url.as_str())], true),
            (vec![("ALL_PROXY", proxy.url.as_str())], true),
            (vec![("HTTPS_PROXY", proxy.url.as_str())], false),
            (
                vec![
                    ("HTTP_PROXY", proxy.url.as_str()),
                    ("NO_PROXY", "127.0.0.1"),
                ],
                false,
            ),
            (
                vec![
                    ("HTTP_PROXY", proxy.url.as_str()),
                    ("no_proxy", "example.com,127.0.0.1"),
                ],
                false,
            ),
            (
                vec![
                    ("HTTP_PROXY", proxy.url.as_str()),
                    ("NO_PROXY", "example.com"),
                ],
                true,
            ),
        ] {
            let mut config = config(&emulator, *provider)
                .with_environment(Environment::fixed(variables.iter().copied()));
            config.retry.max_attempts = 1;
            let cloud = cloudapi::connect(&config).await.unwrap();
            let result = call(&*cloud, Call::Identity).await;
            let asked = proxy.asked();
            let what = format!("{provider} {variables:?}: {result:?} {asked:?}");
            assert_eq!(result.is_err(), is_used, "{what}");
            assert_eq!(!asked.is_empty(), is_used, "{what}");
            if is_used {
                let is_it = asked[0].starts_with(&format!("POST {endpoint}/ "))
                    || asked[0].starts_with("CONNECT ");
                assert!(is_it, "{what}");
            }
        }
        emulator.stop().await;
    }
}
