//! Where an object is: bucket, region and key as host and path.

use cloudapi_core::{Error, ProviderConfig, Result};
use reqwest::Url;

use crate::client::SERVICE;

/// What an operator may set to send COS's calls elsewhere.
const OWN_VARIABLE: &str = "TENCENTCLOUD_ENDPOINT_URL_COS";
/// What an operator may set to send all calls elsewhere.
const VARIABLE: &str = "TENCENTCLOUD_ENDPOINT_URL";
/// The longest key, in bytes.
const LONGEST_KEY: usize = 850;
const CLOUD: &str = "https://{bucket}.cos.{region}.myqcloud.com";

/// What stands after the URL of a domain that is of one bucket, before the bucket's name.
const OWN_BUCKET: &str = "?bucket=";

/// The rule that gives each object its URL: a text with `{bucket}` and `{region}` to be filled in. Without `{bucket}` the
/// bucket is the first part of the path, unless the domain is of one bucket.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    rule: String,
    /// The bucket that the domain is of: a custom domain of COS stands for one.
    own_bucket: Option<String>,
    region: String,
}

/// Where one object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) url: Url,
    /// The Host header: with the port, unless it is the scheme's default one.
    pub(super) host: String,
    /// The path, decoded: what is signed.
    pub(super) path: String,
}

impl Addresses {
    /// Takes the override of the configuration, else that of the environment, else the cloud's hosts.
    ///
    /// # Errors
    ///
    /// `Config` for an override that gives no plain URL.
    pub(super) fn new(config: &ProviderConfig, region: &str) -> Result<Self> {
        let variable = |name| (name, config.environment.var(name));
        let given = match config.endpoint_url.clone() {
            // One with a place for the service is for the API's hosts, among which COS is not.
            Some(url) if url.contains(SERVICE) => vec![variable(OWN_VARIABLE)],
            Some(url) => vec![("the endpoint URL", Some(url))],
            None => vec![variable(OWN_VARIABLE), variable(VARIABLE)],
        };
        let given = given.into_iter().find_map(|(name, url)| {
            let url = url.filter(|url| !url.contains(SERVICE))?;
            Some((name, url))
        });
        let (name, rule) = given.unwrap_or(("", CLOUD.to_owned()));
        let (rule, own_bucket) = match rule.trim().split_once(OWN_BUCKET) {
            Some((rule, bucket)) => (rule, Some(bucket.to_owned())),
            None => (rule.trim(), None),
        };
        let addresses = Self {
            rule: rule.trim_end_matches('/').to_owned(),
            own_bucket,
            region: region.to_owned(),
        };
        if let Some(bucket) = &addresses.own_bucket {
            check_bucket(bucket).map_err(|error| {
                Error::config(format!("{name} is of no bucket: {}", error.message()))
            })?;
        }
        addresses.base("bucket-1250000000").map_err(|why| {
            // The text is not quoted: it may hold a password.
            Error::config(format!(
                "{name} {why}; write it as https://HOST, maybe with {{bucket}} and {{region}} in it"
            ))
        })?;
        Ok(addresses)
    }

    /// Gives the place of an object.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a bucket's name or a key that COS does not take.
    pub(super) fn of(&self, bucket: &str, key: &str) -> Result<Address> {
        check_bucket(bucket)?;
        check_key(key)?;
        if let Some(own) = self.own_bucket.as_deref().filter(|own| *own != bucket) {
            return Err(Error::invalid_argument(format!(
                "the endpoint URL is a domain of the bucket {own}, not of {bucket}"
            )));
        }
        let base = self
            .base(bucket)
            .map_err(|why| Error::config(format!("the endpoint URL {why}")))?;
        let prefix = match base.path() {
            "/" => "",
            prefix => prefix,
        };
        let is_in_host = self.own_bucket.is_some() || self.rule.contains("{bucket}");
        let (wire, decoded) = if is_in_host {
            (
                format!("{prefix}/{}", encode_path(key)),
                format!("{prefix}/{key}"),
            )
        } else {
            (
                format!("{prefix}/{bucket}/{}", encode_path(key)),
                format!("{prefix}/{bucket}/{key}"),
            )
        };
        let mut url = base.clone();
        url.set_path(&wire);
        if url.path() != wire {
            return Err(Error::invalid_argument(format!(
                "the key {key:?} has no form that arrives unchanged over HTTP"
            )));
        }
        let host = base.host_str().unwrap_or_default();
        Ok(Address {
            host: match base.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
            path: decoded,
            url,
        })
    }

    fn base(&self, bucket: &str) -> Result<Url, &'static str> {
        let text = self
            .rule
            .replace("{bucket}", bucket)
            .replace("{region}", &self.region);
        let url = Url::parse(&text).map_err(|_| "is no URL")?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err("is no http or https URL with a host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("has a name or password in it, which COS has no use for");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("has a query or fragment, which COS has no use for");
        }
        Ok(url)
    }
}

/// A bucket's full name ends with the number of the account.
fn check_bucket(bucket: &str) -> Result<()> {
    let plain = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let good = bucket.rsplit_once('-').is_some_and(|(name, account)| {
        !name.is_empty()
            && !name.starts_with('-')
            && plain(name)
            && !account.is_empty()
            && account.bytes().all(|byte| byte.is_ascii_digit())
    });
    if good {
        return Ok(());
    }
    Err(Error::invalid_argument(format!(
        "the bucket {bucket:?} has no bucket's name; at COS that is lower-case letters, digits and hyphens and ends with \
         the account's number, as in backup-1250000000"
    )))
}

fn check_key(key: &str) -> Result<()> {
    if key.len() > LONGEST_KEY {
        return Err(Error::invalid_argument(format!(
            "the key has {} bytes; COS takes {LONGEST_KEY} at most",
            key.len()
        )));
    }
    if key.starts_with('/') {
        return Err(Error::invalid_argument(format!(
            "the key {key:?} begins with a slash, which COS does not take"
        )));
    }
    Ok(())
}

/// Percent-encodes a key for the path. The slash beside a dot is encoded too, as the vendor's SDK does it, so that nothing
/// on the way takes `./` and `../` for steps to be walked.
fn encode_path(key: &str) -> String {
    let encoded = crate::sign::q_sign::encode(key)
        .replace("%2F", "/")
        .replace("./", ".%2F");
    for last in ["/.", "/.."] {
        if let Some(before) = encoded.strip_suffix(last) {
            return format!("{before}%2F{}", &last[1..]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use cloudapi_core::{Environment, ErrorKind, Provider};

    use super::*;

    const BUCKET: &str = "backup-1250000000";

    fn addresses(endpoint: Option<&str>, variables: &[(&str, &str)]) -> Result<Addresses> {
        let mut config = ProviderConfig::new(Provider::Tencent)
            .with_environment(Environment::fixed(variables.iter().copied()));
        config.endpoint_url = endpoint.map(str::to_owned);
        Addresses::new(&config, "ap-guangzhou")
    }

    fn place(endpoint: Option<&str>, variables: &[(&str, &str)]) -> (String, String, String) {
        let address = addresses(endpoint, variables)
            .unwrap()
            .of(BUCKET, "a b")
            .unwrap();
        (address.url.to_string(), address.host, address.path)
    }

    #[test]
    fn hosts_and_paths_by_rule() {
        let cos = (
            "TENCENTCLOUD_ENDPOINT_URL_COS",
            "https://{bucket}.cos.accelerate.myqcloud.com",
        );
        let all = ("TENCENTCLOUD_ENDPOINT_URL", "http://127.0.0.1:18080/");
        let of_services = (
            "TENCENTCLOUD_ENDPOINT_URL",
            "https://{service}.intl.tencentcloudapi.com",
        );
        let host = "backup-1250000000.cos.ap-guangzhou.myqcloud.com";
        for (endpoint, variables, url, host, path) in [
            (None, &[][..], format!("https://{host}/a%20b"), host, "/a b"),
            (
                None,
                &[of_services],
                format!("https://{host}/a%20b"),
                host,
                "/a b",
            ),
            (
                Some(of_services.1),
                &[all],
                format!("https://{host}/a%20b"),
                host,
                "/a b",
            ),
            (
                None,
                &[cos, all],
                "https://backup-1250000000.cos.accelerate.myqcloud.com/a%20b".to_owned(),
                "backup-1250000000.cos.accelerate.myqcloud.com",
                "/a b",
            ),
            (
                None,
                &[all],
                "http://127.0.0.1:18080/backup-1250000000/a%20b".to_owned(),
                "127.0.0.1:18080",
                "/backup-1250000000/a b",
            ),
            (
                Some("https://{bucket}.cos-internal.{region}.tencentcos.cn"),
                &[cos],
                "https://backup-1250000000.cos-internal.ap-guangzhou.tencentcos.cn/a%20b"
                    .to_owned(),
                "backup-1250000000.cos-internal.ap-guangzhou.tencentcos.cn",
                "/a b",
            ),
            (
                Some("https://proxy.example.com:443/cos/"),
                &[],
                "https://proxy.example.com/cos/backup-1250000000/a%20b".to_owned(),
                "proxy.example.com",
                "/cos/backup-1250000000/a b",
            ),
        ] {
            assert_eq!(
                place(endpoint, variables),
                (url, host.to_owned(), path.to_owned()),
                "{endpoint:?} {variables:?}"
            );
        }
    }

    #[test]
    fn a_domain_may_be_of_one_bucket() {
        let own = "https://files.example.com/?bucket=backup-1250000000";
        let addresses = addresses(Some(own), &[]).unwrap();
        let address = addresses.of(BUCKET, "a b").unwrap();
        assert_eq!(address.url.as_str(), "https://files.example.com/a%20b");
        assert_eq!(address.host, "files.example.com");
        assert_eq!(address.path, "/a b");
        let error = addresses.of("other-1250000000", "a b").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(BUCKET), "{error}");
    }

    #[test]
    fn any_key_goes_over_the_wire_unchanged() {
        let addresses = addresses(None, &[]).unwrap();
        for (key, wire) in [
            ("a b+c", "/a%20b%2Bc"),
            ("100%?x#y&z=1", "/100%25%3Fx%23y%26z%3D1"),
            ("中/文.txt", "/%E4%B8%AD/%E6%96%87.txt"),
            ("a//b/", "/a//b/"),
            ("./a/./b", "/.%2Fa/.%2Fb"),
            ("a/../b", "/a/..%2Fb"),
            ("a/..", "/a%2F.."),
            ("a/.", "/a%2F."),
            ("...", "/..."),
            ("a\\b", "/a%5Cb"),
            ("%2e%2E/x", "/%252e%252E/x"),
            ("tab\tnew\nline", "/tab%09new%0Aline"),
            ("~-_.", "/~-_."),
            ("(a)!*'", "/%28a%29%21%2A%27"),
        ] {
            let address = addresses.of(BUCKET, key).unwrap();
            assert_eq!(address.url.path(), wire, "{key:?}");
            assert_eq!(address.path, format!("/{key}"));
        }
        let longest = "中".repeat(283) + "a";
        assert!(addresses.of(BUCKET, &longest).is_ok());
        for refused in ["/a", ".", "..", &(longest + "b")] {
            let error = addresses.of(BUCKET, refused).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{refused}");
        }
    }

    #[test]
    fn buckets_without_the_account_are_refused() {
        let addresses = addresses(None, &[]).unwrap();
        assert!(addresses.of("my-backup-1250000000", "k").is_ok());
        for bucket in [
            "backup",
            "backup-",
            "-1250000000",
            "Backup-1",
            "a.b-1",
            "backup-12a",
            "../x-1",
            "a/b-1",
        ] {
            let error = addresses.of(bucket, "k").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{bucket}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_unquoted() {
        for bad in [
            "127.0.0.1:80",
            "ftp://h",
            "https://user:hunter2@h",
            "https://h?x=hunter2",
        ] {
            let error = addresses(Some(bad), &[]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
