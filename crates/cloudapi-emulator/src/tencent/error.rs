//! Errors as Tencent Cloud words them: inside an answer of status 200.

use std::borrow::Cow;

use serde_json::json;

use crate::auth::Refusal;
use crate::exchange::Reply;
use crate::fault::FaultKind;

/// An error of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
}

impl Error {
    pub(crate) fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::new(
            "MissingParameter",
            format!("The request is missing a required parameter `{parameter}`."),
        )
    }

    pub(crate) fn value(parameter: &str, hint: &str) -> Self {
        let message = format!("The value of parameter `{parameter}` is not valid. {hint}");
        Self::new("InvalidParameterValue", message.trim_end().to_owned())
    }

    pub(crate) fn internal(service: &str) -> Self {
        let code = if service == "cvm" {
            "InternalServerError"
        } else {
            "InternalError"
        };
        Self::new(
            code,
            "An internal error has occurred. Retry your request, but if the problem persists, contact us.",
        )
    }

    /// What the gateway says to a signature that does not hold.
    pub(crate) fn of_refusal(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Missing => Self::new(
                "AuthFailure.InvalidAuthorization",
                "The `Authorization` header is missing.",
            ),
            Refusal::Incomplete(message) => Self::new("AuthFailure.InvalidAuthorization", message),
            Refusal::UnknownKey(_) => Self::new(
                "AuthFailure.SecretIdNotFound",
                "The SecretId is not found, please ensure that your SecretId is correct.",
            ),
            Refusal::Signature | Refusal::Payload => Self::new(
                "AuthFailure.SignatureFailure",
                "The provided credentials could not be validated. Please check your signature is correct.",
            ),
            Refusal::Clock(_) => Self::new(
                "AuthFailure.SignatureExpire",
                "The provided credentials could not be validated because of an expired signature. Check your clock.",
            ),
            Refusal::Token | Refusal::Expired => Self::new(
                "AuthFailure.TokenFailure",
                "The provided token could not be validated.",
            ),
        }
    }

    /// What a fault on demand looks like here.
    pub(crate) fn of_fault(fault: &FaultKind, service: &str) -> Self {
        match fault {
            FaultKind::Throttle => Self::new(
                "RequestLimitExceeded",
                "Your current request times equals to `41` in a second, which exceeds the frequency limit `40`.",
            ),
            FaultKind::Unavailable => Self::new(
                "ServiceUnavailable",
                "The service is unavailable for the moment.",
            ),
            FaultKind::ErrorCode { code, message, .. } => Self::new(code.clone(), message.clone()),
            FaultKind::ExpiredKey => Self::of_refusal(Refusal::Expired),
            FaultKind::ClockSkew => Self::of_refusal(Refusal::Clock(String::new())),
            _ => Self::internal(service),
        }
    }

    /// The answer.
    pub(crate) fn reply(&self, request_id: &str) -> Reply {
        let body = json!({
            "Response": { "Error": { "Code": self.code, "Message": self.message }, "RequestId": request_id }
        });
        Reply::new(200, "application/json", body.to_string()).with_code(self.code.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_signature_has_the_vendors_code() {
        for (refusal, code) in [
            (Refusal::Missing, "AuthFailure.InvalidAuthorization"),
            (
                Refusal::Incomplete(String::new()),
                "AuthFailure.InvalidAuthorization",
            ),
            (
                Refusal::UnknownKey(String::new()),
                "AuthFailure.SecretIdNotFound",
            ),
            (Refusal::Signature, "AuthFailure.SignatureFailure"),
            (Refusal::Clock(String::new()), "AuthFailure.SignatureExpire"),
            (Refusal::Token, "AuthFailure.TokenFailure"),
            (Refusal::Expired, "AuthFailure.TokenFailure"),
        ] {
            assert_eq!(Error::of_refusal(refusal).code, code);
        }
    }

    #[test]
    fn an_error_comes_with_status_200() {
        let reply = Error::new("InvalidAction", "no such action").reply("r-1");
        assert_eq!(reply.status, 200);
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(body["Response"]["Error"]["Code"], "InvalidAction");
        assert_eq!(body["Response"]["RequestId"], "r-1");
    }
}
