//! Errors of the storage services. Both clouds answer in XML, with nearly the same codes.

use std::borrow::Cow;
use std::io;

use crate::aws::xml::Xml;
use crate::exchange::{Cut, Reply};

pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// An error of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) status: u16,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// Elements of S3's that only some errors have.
    details: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
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
            details: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// A mistake of the client's, status 400.
    pub(crate) fn client(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn argument(name: &'static str, value: &str, message: &str) -> Self {
        Self::client("InvalidArgument", message)
            .with("ArgumentName", name)
            .with("ArgumentValue", value)
    }

    pub(crate) fn request(message: impl Into<String>) -> Self {
        Self::client("InvalidRequest", message)
    }

    pub(crate) fn not_implemented(header: &str) -> Self {
        let message = "A header you provided implies functionality that is not implemented";
        Self::new(501, "NotImplemented", message).with("Header", header)
    }

    pub(crate) fn internal() -> Self {
        let message = "We encountered an internal error. Please try again.";
        Self::new(500, "InternalError", message)
    }

    pub(crate) fn malformed_xml() -> Self {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Self::client("MalformedXML", message)
    }

    pub(crate) fn no_such_bucket(bucket: &str) -> Self {
        Self::new(404, "NoSuchBucket", "The specified bucket does not exist")
            .with("BucketName", bucket)
    }

    pub(crate) fn no_such_key(key: &str) -> Self {
        Self::new(404, "NoSuchKey", "The specified key does not exist.").with("Key", key)
    }

    pub(crate) fn no_such_upload(id: &str) -> Self {
        let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been \
                       aborted or completed.";
        Self::new(404, "NoSuchUpload", message).with("UploadId", id)
    }

    pub(crate) fn bad_digest(name: &str) -> Self {
        Self::client(
            "BadDigest",
            format!("The {name} you specified did not match the calculated checksum."),
        )
    }

    pub(crate) fn incomplete_body() -> Self {
        Self::client("IncompleteBody", "The request body terminated unexpectedly")
    }

    pub(crate) fn request_timeout() -> Self {
        let message = "Your socket connection to the server was not read from or written to within the timeout period. \
                       Idle connections will be closed.";
        Self::client("RequestTimeout", message).with_header("connection", "close")
    }

    /// Adds an element.
    pub(crate) fn with(mut self, element: &'static str, value: impl Into<String>) -> Self {
        self.details.push((element, value.into()));
        self
    }

    /// Adds a header to the answer.
    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Without the elements that are S3's.
    pub(crate) fn without_details(mut self) -> Self {
        self.details.clear();
        self
    }

    /// `<Error>…</Error>` with these elements at the end.
    pub(crate) fn element(&self, tail: &[(&str, &str)]) -> String {
        let mut xml = Xml::default();
        xml.node("Error", |xml| {
            xml.text("Code", &self.code);
            xml.text("Message", &self.message);
            for (name, value) in &self.details {
                xml.text(name, value);
            }
            for (name, value) in tail {
                xml.text(name, value);
            }
        });
        xml.finish()
    }

    /// The answer: the element as a document.
    pub(crate) fn reply(&self, tail: &[(&str, &str)]) -> Reply {
        let body = format!("{DECLARATION}{}", self.element(tail));
        let reply = Reply::new(self.status, "application/xml", body).with_code(self.code.clone());
        self.headers
            .iter()
            .fold(reply, |reply, (name, value)| reply.with_header(name, value))
    }
}

/// Why a call did not go through.
#[derive(Debug)]
pub(crate) enum Failure {
    Refused(Error),
    /// The connection is gone, or is to go.
    Cut,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Cut> for Failure {
    fn from(_: Cut) -> Self {
        Self::Cut
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        tracing::warn!(%error, "the emulator can't keep an object");
        Self::Refused(Error::internal())
    }
}

/// Checks the ACL words, storage classes and the like: the value is one of these.
pub(crate) fn one_of(
    value: &str,
    allowed: &[&str],
    refusal: impl FnOnce() -> Error,
) -> Result<(), Error> {
    if allowed.contains(&value) {
        Ok(())
    } else {
        Err(refusal())
    }
}
