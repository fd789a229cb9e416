//! Errors as AWS words them.

use std::borrow::Cow;

use super::Dialect;
use super::xml::Xml;
use crate::auth::Refusal;
use crate::exchange::Reply;
use crate::fault::FaultKind;

/// An error of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) status: u16,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
}

impl Error {
    pub(crate) fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
        }
    }

    /// A mistake of the client's, status 400.
    pub(crate) fn client(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::client(
            "MissingParameter",
            format!("The request must contain the parameter {parameter}"),
        )
    }

    pub(crate) fn value(value: &str, parameter: &str, hint: &str) -> Self {
        let message = format!("Value ({value}) for parameter {parameter} is invalid. {hint}");
        Self::client("InvalidParameterValue", message.trim_end().to_owned())
    }

    pub(crate) fn internal() -> Self {
        Self::new(500, "InternalError", "An internal error has occurred")
    }

    /// What a service says to a signature that does not hold. EC2 has one word for most of it.
    pub(crate) fn of_refusal(refusal: Refusal, dialect: Dialect) -> Self {
        let ec2 = dialect == Dialect::Ec2;
        let unauthorized = "AWS was not able to validate the provided access credentials";
        match refusal {
            Refusal::Missing => Self::new(
                403,
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            ),
            Refusal::Incomplete(message) => Self::new(400, "IncompleteSignature", message),
            Refusal::UnknownKey(_) | Refusal::Signature | Refusal::Token if ec2 => {
                Self::new(401, "AuthFailure", unauthorized)
            }
            Refusal::UnknownKey(_) | Refusal::Token => Self::new(
                403,
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            ),
            Refusal::Signature => Self::new(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            ),
            Refusal::Clock(_) | Refusal::Expired if ec2 => {
                Self::new(400, "RequestExpired", "Request has expired.")
            }
            Refusal::Clock(message) => Self::new(403, "SignatureDoesNotMatch", message),
            Refusal::Expired => Self::new(
                403,
                "ExpiredToken",
                "The security token included in the request is expired",
            ),
            Refusal::Payload => Self::new(
                400,
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ),
        }
    }

    /// What a fault on demand looks like at this service.
    pub(crate) fn of_fault(fault: &FaultKind, dialect: Dialect, service: &str) -> Self {
        let ec2 = dialect == Dialect::Ec2;
        match fault {
            FaultKind::Throttle if ec2 => {
                Self::new(503, "RequestLimitExceeded", "Request limit exceeded.")
            }
            FaultKind::Throttle => Self::new(400, "Throttling", "Rate exceeded"),
            FaultKind::Unavailable if ec2 => Self::new(
                503,
                "Unavailable",
                "The service is unavailable. Please try again shortly.",
            ),
            FaultKind::Unavailable => Self::new(
                503,
                "ServiceUnavailable",
                format!("{service} is unavailable. Please try again shortly."),
            ),
            FaultKind::ErrorCode {
                status,
                code,
                message,
            } => Self::new(*status, code.clone(), message.clone()),
            FaultKind::ExpiredKey => Self::of_refusal(Refusal::Expired, dialect),
            FaultKind::ClockSkew => {
                let message =
                    "Signature expired: the request's time is too far from the server's".to_owned();
                Self::of_refusal(Refusal::Clock(message), dialect)
            }
            _ if ec2 => Self::internal(),
            _ => Self::new(500, "InternalFailure", "An internal error has occurred"),
        }
    }

    /// The answer.
    pub(crate) fn reply(&self, dialect: Dialect, request_id: &str) -> Reply {
        let mut xml = Xml::default();
        match dialect {
            Dialect::Ec2 => {
                xml.node("Response", |xml| {
                    xml.node("Errors", |xml| {
                        xml.node("Error", |xml| {
                            xml.text("Code", &self.code);
                            xml.text("Message", &self.message);
                        });
                    });
                    xml.text("RequestID", request_id);
                });
            }
            Dialect::Query => {
                xml.node("ErrorResponse", |xml| {
                    xml.node("Error", |xml| {
                        xml.text(
                            "Type",
                            if self.status < 500 {
                                "Sender"
                            } else {
                                "Receiver"
                            },
                        );
                        xml.text("Code", &self.code);
                        xml.text("Message", &self.message);
                    });
                    xml.text("RequestId", request_id);
                });
            }
        }
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}",
            xml.finish()
        );
        Reply::new(self.status, "text/xml;charset=UTF-8", body)
            .with_code(self.code.clone())
            .with_header("x-amzn-requestid", request_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_are_the_vendors() {
        let error = Error::client("InvalidParameterValue", "a < b");
        let ec2 = error.reply(Dialect::Ec2, "r-1");
        assert_eq!(
            ec2.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>InvalidParameterValue</Code>\
             <Message>a &lt; b</Message></Error></Errors><RequestID>r-1</RequestID></Response>"
        );
        assert_eq!(ec2.headers["x-amzn-requestid"], "r-1");
        let query = error.reply(Dialect::Query, "r-1");
        assert_eq!(
            query.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ErrorResponse><Error><Type>Sender</Type>\
             <Code>InvalidParameterValue</Code><Message>a &lt; b</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
        );
    }

    #[test]
    fn a_refused_signature_has_each_dialects_code() {
        for (refusal, ec2, query) in [
            (
                Refusal::Missing,
                (403, "MissingAuthenticationToken"),
                (403, "MissingAuthenticationToken"),
            ),
            (
                Refusal::UnknownKey(String::new()),
                (401, "AuthFailure"),
                (403, "InvalidClientTokenId"),
            ),
            (
                Refusal::Signature,
                (401, "AuthFailure"),
                (403, "SignatureDoesNotMatch"),
            ),
            (
                Refusal::Clock(String::new()),
                (400, "RequestExpired"),
                (403, "SignatureDoesNotMatch"),
            ),
            (
                Refusal::Token,
                (401, "AuthFailure"),
                (403, "InvalidClientTokenId"),
            ),
            (
                Refusal::Expired,
                (400, "RequestExpired"),
                (403, "ExpiredToken"),
            ),
            (
                Refusal::Payload,
                (400, "XAmzContentSHA256Mismatch"),
                (400, "XAmzContentSHA256Mismatch"),
            ),
        ] {
            let at_ec2 = Error::of_refusal(refusal.clone(), Dialect::Ec2);
            assert_eq!((at_ec2.status, &*at_ec2.code), ec2, "{refusal:?}");
            let elsewhere = Error::of_refusal(refusal.clone(), Dialect::Query);
            assert_eq!((elsewhere.status, &*elsewhere.code), query, "{refusal:?}");
        }
    }
}
