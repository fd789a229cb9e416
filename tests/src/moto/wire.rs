//! Plain calls of moto, to make what its fixtures need.

use cloudapi::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A moto server, spoken to as plainly as can be: it looks at the signature's scope only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wire<'a>(pub(super) &'a str);

impl Wire<'_> {
    /// Calls EC2.
    pub(super) async fn ec2(self, action: &str, parameters: &[(&str, &str)]) -> Result<String> {
        self.call("ec2", "2016-11-15", action, parameters).await
    }

    /// Calls ELB, the second version.
    pub(super) async fn elbv2(self, action: &str, parameters: &[(&str, &str)]) -> Result<String> {
        self.call("elasticloadbalancing", "2015-12-01", action, parameters)
            .await
    }

    /// Calls ELB, the classic one.
    pub(super) async fn elb(self, action: &str, parameters: &[(&str, &str)]) -> Result<String> {
        self.call("elasticloadbalancing", "2012-06-01", action, parameters)
            .await
    }

    async fn call(
        self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String> {
        let host = host_of(self.0);
        let mut body = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            body.extend(["&", name, "=", &encoded(value)]);
        }
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/{service}/aws4_request, \
             SignedHeaders=host, Signature=00\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut answer = String::new();
        let exchange = async {
            let mut connection = TcpStream::connect(host).await?;
            connection.write_all(request.as_bytes()).await?;
            connection.read_to_string(&mut answer).await
        };
        let failed = |kind, what: String| Error::new(kind, format!("moto, {action}: {what}"));
        exchange
            .await
            .map_err(|error| failed(ErrorKind::Network, error.to_string()))?;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        if status != "200" {
            let message = element(&answer, "Message").unwrap_or_default();
            return Err(failed(
                ErrorKind::Unavailable,
                format!("status {status}: {message}"),
            ));
        }
        Ok(answer)
    }
}

/// Takes host and port from a URL.
pub(super) fn host_of(endpoint_url: &str) -> &str {
    endpoint_url
        .trim_start_matches("http://")
        .trim_end_matches('/')
}

/// Finds the text of the first element of a name.
///
/// # Errors
///
/// `Unavailable` when there is none.
pub(super) fn element(xml: &str, name: &str) -> Result<String> {
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

/// Encodes a value of a form: what is in ARNs and networks needs it.
fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let bytes = value.bytes();
    bytes
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_name() {
        let xml = "<a><vpcId>vpc-1</vpcId><vpcId>vpc-2</vpcId></a>";
        assert_eq!(element(xml, "vpcId").unwrap(), "vpc-1");
        assert!(element(xml, "subnetId").is_err());
    }

    #[test]
    fn values_are_encoded_byte_by_byte() {
        assert_eq!(encoded("::/0 a_b-ü"), "%3A%3A%2F0%20a_b-%C3%BC");
    }
}
