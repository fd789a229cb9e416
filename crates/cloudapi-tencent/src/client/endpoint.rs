//! Where calls go.

use cloudapi_core::{Error, ProviderConfig, Result};
use reqwest::Url;

const VARIABLE: &str = "TENCENTCLOUD_ENDPOINT_URL";

/// The rule that gives each service its URL.
#[derive(Clone, Debug)]
pub(crate) enum Endpoints {
    /// The cloud's own hosts. Those of a finance region (`…-fsi`) carry the region's name; elsewhere one host serves all.
    Cloud { region_in_host: Option<String> },
    /// Every service at one place.
    Fixed(Url),
    /// Each service at a host of its own, with `{service}` and `{region}` to be filled in:
    /// `https://{service}.intl.tencentcloudapi.com` is the international site.
    Pattern { text: String, region: String },
}

/// What stands for a service in an override. Objects are none: COS has its own hosts and its own override.
pub(crate) const SERVICE: &str = "{service}";

/// Where one service is.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) url: Url,
    /// The Host header: with the port, unless it is the scheme's default one.
    pub(crate) host: String,
}

impl Endpoints {
    /// Takes the override of the configuration, else that of the environment, else the cloud's rule.
    ///
    /// # Errors
    ///
    /// `Config` for an override that is no plain URL.
    pub(crate) fn new(config: &ProviderConfig, region: &str) -> Result<Self> {
        let given = match &config.endpoint_url {
            Some(url) => Some(("the endpoint URL".to_owned(), url.clone())),
            None => config
                .environment
                .var(VARIABLE)
                .map(|url| (format!("{VARIABLE} in the environment"), url)),
        };
        match given {
            Some((name, text)) if text.contains(SERVICE) => {
                let (text, region) = (text.trim().to_owned(), region.to_owned());
                let example = filled(&text, "cvm", &region);
                if example.contains(['{', '}']) {
                    return Err(Error::config(format!(
                        "{name} has braces around something else than {{service}} and {{region}}"
                    )));
                }
                parse(&name, &example)?;
                Ok(Self::Pattern { text, region })
            }
            Some((name, url)) => Ok(Self::Fixed(parse(&name, url.trim())?)),
            None => Ok(Self::Cloud {
                region_in_host: region.ends_with("-fsi").then(|| region.to_owned()),
            }),
        }
    }

    /// Gives the place of a service.
    ///
    /// # Errors
    ///
    /// `Config`, should the region make no host's name.
    pub(crate) fn of(&self, service: &str) -> Result<Endpoint> {
        let url = match self {
            Self::Fixed(url) => url.clone(),
            Self::Pattern { text, region } => {
                parse("the endpoint URL", &filled(text, service, region))?
            }
            Self::Cloud { region_in_host } => {
                let region = region_in_host
                    .as_ref()
                    .map(|region| format!(".{region}"))
                    .unwrap_or_default();
                let text = format!("https://{service}{region}.tencentcloudapi.com/");
                Url::parse(&text)
                    .map_err(|error| Error::config(format!("{text:?} is no URL: {error}")))?
            }
        };
        let host = url.host_str().unwrap_or_default();
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Endpoint { url, host })
    }
}

fn filled(text: &str, service: &str, region: &str) -> String {
    text.replace(SERVICE, service).replace("{region}", region)
}

fn parse(name: &str, text: &str) -> Result<Url> {
    // The text is not quoted where it may hold a password.
    let fail = |why: String| {
        Err(Error::config(format!(
            "{name} {why}; write it as https://HOST or http://HOST:PORT"
        )))
    };
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return fail(format!("is no URL ({error})")),
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return fail("is no http or https URL with a host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fail("has a name or password in it, which this API has no use for".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return fail("has a query or fragment, which this API has no use for".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use cloudapi_core::{Environment, ErrorKind, Provider};

    use super::*;

    fn config() -> ProviderConfig {
        ProviderConfig::new(Provider::Tencent)
            .with_environment(Environment::fixed::<&str, &str>([]))
    }

    fn place(config: &ProviderConfig, region: &str) -> (String, String) {
        let found = Endpoints::new(config, region).unwrap().of("cvm").unwrap();
        (found.url.to_string(), found.host)
    }

    #[test]
    fn hosts_by_region_and_override() {
        let from_environment =
            config().with_environment(Environment::fixed([(VARIABLE, "http://10.0.0.1:80")]));
        for (config, region, url, host) in [
            (
                config(),
                "ap-guangzhou",
                "https://cvm.tencentcloudapi.com/",
                "cvm.tencentcloudapi.com",
            ),
            (
                config(),
                "ap-shanghai-fsi",
                "https://cvm.ap-shanghai-fsi.tencentcloudapi.com/",
                "cvm.ap-shanghai-fsi.tencentcloudapi.com",
            ),
            (
                config().with_endpoint_url("http://127.0.0.1:18080"),
                "ap-shanghai-fsi",
                "http://127.0.0.1:18080/",
                "127.0.0.1:18080",
            ),
            (
                config().with_endpoint_url("https://proxy.example.com:443/tencent"),
                "ap-guangzhou",
                "https://proxy.example.com/tencent",
                "proxy.example.com",
            ),
            (
                config().with_endpoint_url("https://{service}.intl.tencentcloudapi.com"),
                "ap-singapore",
                "https://cvm.intl.tencentcloudapi.com/",
                "cvm.intl.tencentcloudapi.com",
            ),
            (
                config().with_endpoint_url("https://{service}.{region}.tencentcloudapi.com"),
                "ap-beijing",
                "https://cvm.ap-beijing.tencentcloudapi.com/",
                "cvm.ap-beijing.tencentcloudapi.com",
            ),
            (
                config().with_endpoint_url("http://[::1]:8080"),
                "ap-guangzhou",
                "http://[::1]:8080/",
                "[::1]:8080",
            ),
            (
                from_environment.clone(),
                "ap-guangzhou",
                "http://10.0.0.1/",
                "10.0.0.1",
            ),
            (
                from_environment.with_endpoint_url("http://10.0.0.2:81"),
                "ap-guangzhou",
                "http://10.0.0.2:81/",
                "10.0.0.2:81",
            ),
        ] {
            assert_eq!(place(&config, region), (url.to_owned(), host.to_owned()));
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_unquoted() {
        for bad in [
            "127.0.0.1:80",
            "ftp://h",
            "https://user:hunter2@h",
            "https://h?x=hunter2",
            "https://{service}:hunter2@h",
            "https://{service}.{zone}.h",
            "https://",
        ] {
            let error = Endpoints::new(&config().with_endpoint_url(bad), "x").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
