//! From the SDK's errors to ours: one function, and one table of codes beside it.

mod codes;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{CreateUnhandledError, SdkError};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use cloudapi_core::{Error, ErrorKind};
pub(crate) use codes::kind_of;

/// An error of one of the SDK's operations.
pub(crate) trait OperationError:
    StdError + ProvideErrorMetadata + CreateUnhandledError + Send + Sync + 'static
{
}

impl<E> OperationError for E where
    E: StdError + ProvideErrorMetadata + CreateUnhandledError + Send + Sync + 'static
{
}

/// A clock that is further off than this makes the cloud refuse signatures; with less they have another reason.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(4);

/// Turns a failed call into our error. `target` names what was called, for messages: `EC2 at http://127.0.0.1:5000`.
pub(crate) fn from_sdk<E: OperationError>(error: SdkError<E, HttpResponse>, target: &str) -> Error {
    let mut ours = match &error {
        SdkError::ConstructionFailure(_) => Error::config(format!(
            "the request to {target} could not be made: {}",
            causes(&error)
        ))
        .with_certainly_undone(true),
        SdkError::TimeoutError(_) => Error::new(
            ErrorKind::Network,
            format!("{target} did not answer in time: {}", causes(&error)),
        ),
        SdkError::DispatchFailure(_) => not_sent(&error, target),
        SdkError::ResponseError(_) => Error::new(
            ErrorKind::Unavailable,
            format!(
                "the answer of {target} broke off or is unreadable: {}",
                causes(&error)
            ),
        ),
        SdkError::ServiceError(refusal) => refused(refusal.err(), refusal.raw(), target),
        _ => Error::new(ErrorKind::Other, format!("{target}: {}", causes(&error))),
    };
    if let Some(response) = error.raw_response() {
        ours = ours
            .with_http_status(response.status().as_u16())
            .with_retry_after(retry_after(response));
        if let Some(id) = error.request_id() {
            ours = ours.with_request_id(id);
        }
        if (ours.kind() == ErrorKind::Config || error.code().is_none())
            && let Some(place) = place_of_bucket(response)
        {
            let message = format!("{}; the bucket is {place}", ours.message());
            ours = ours.with_message(message);
        }
    }
    ours.with_native(error.into_service_error())
}

/// Where a bucket is that was looked for elsewhere.
fn place_of_bucket(response: &HttpResponse) -> Option<String> {
    let body = || std::str::from_utf8(response.body().bytes()?).ok();
    if let Some(region) = response.headers().get("x-amz-bucket-region") {
        return Some(format!("in {region}"));
    }
    if let Some(region) = body().and_then(|body| element(body, "Region")) {
        return Some(format!("in {region}"));
    }
    let endpoint = element(body()?, "Endpoint")?;
    Some(format!("at {endpoint}"))
}

/// Makes the error for an answer that lacks what such an answer must have.
pub(crate) fn incomplete(what: &str) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("the answer is incomplete: {what}"),
    )
}

/// Whether a refusal may be owed to this machine's clock: the code is one of those, and the answer's date is far from now.
pub(crate) fn is_clock_off<E: OperationError>(error: &SdkError<E, HttpResponse>) -> bool {
    let Some((code, response)) = error.code().zip(error.raw_response()) else {
        return false;
    };
    let date = response
        .headers()
        .get("date")
        .and_then(|date| DateTime::from_str(date, Format::HttpDate).ok())
        .and_then(|date| SystemTime::try_from(date).ok());
    codes::may_be_the_clock(codes::stripped(code))
        && date.is_some_and(|date| {
            let now = SystemTime::now();
            let ahead = date.duration_since(now).unwrap_or_default();
            let behind = now.duration_since(date).unwrap_or_default();
            ahead.max(behind) > CLOCK_TOLERANCE
        })
}

/// Whether a refusal says that the key's time is over.
pub(crate) fn is_key_over<E: OperationError>(error: &SdkError<E, HttpResponse>) -> bool {
    error
        .code()
        .is_some_and(|code| codes::says_expired(codes::stripped(code)))
}

fn refused<E: OperationError>(error: &E, response: &HttpResponse, target: &str) -> Error {
    let status = response.status().as_u16();
    // The SDK reads no code out of an answer that claims success; an error may be inside all the same.
    let inside = || {
        let body = std::str::from_utf8(response.body().bytes()?).ok()?;
        Some((
            element(body, "Code")?,
            element(body, "Message").unwrap_or_default(),
        ))
    };
    let (code, message) = match error.code() {
        Some(code) => (code, error.message().unwrap_or_default()),
        None => match inside() {
            Some(found) => found,
            None if status < 300 => {
                return Error::new(
                    ErrorKind::Unavailable,
                    format!("{target} answered something that is empty or unreadable"),
                );
            }
            None => {
                return Error::new(
                    codes::kind_of_status(status),
                    format!("{target} answered HTTP {status} without saying why"),
                );
            }
        },
    };
    let code = codes::stripped(code);
    let kind = kind_of(code, status);
    let message = if message.is_empty() { code } else { message };
    Error::new(kind, message)
        .with_code(code)
        .with_certainly_undone(!matches!(
            kind,
            ErrorKind::Unavailable | ErrorKind::Network | ErrorKind::Other
        ))
}

/// The text of an XML element without attributes or children.
fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim()).filter(|text| !text.is_empty() && !text.contains('<'))
}

/// A call that ended before an answer came: no key, no connection, or one that broke.
fn not_sent<E: OperationError>(error: &SdkError<E, HttpResponse>, target: &str) -> Error {
    if let Some(own) = find::<Error>(error) {
        // From the source of the credentials.
        return own.clone().with_certainly_undone(true);
    }
    if let Some(credentials) = find::<CredentialsError>(error) {
        return from_source(credentials).with_certainly_undone(true);
    }
    // No connection, hence nothing that could have been received.
    let unconnected = has_cause(error, |cause| {
        let text = cause.to_string();
        text.contains("(Connect)") || text.contains("connect timeout")
    });
    let message = if unconnected {
        format!("could not connect to {target}: {}", causes(error))
    } else {
        format!("the connection to {target} broke: {}", causes(error))
    };
    Error::new(ErrorKind::Network, message).with_certainly_undone(unconnected)
}

/// What to do without a key.
pub(crate) const ADVICE: &str = "give a key, name a profile of ~/.aws/credentials, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached";

/// Turns the failure of one of the SDK's sources of credentials into our error. What a source says of itself is
/// configuration; what STS or another service behind it refuses is that service's refusal.
pub(crate) fn from_source(error: &CredentialsError) -> Error {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            Error::config(format!("no credentials found; {ADVICE}"))
        }
        CredentialsError::ProviderTimedOut(_) => Error::new(
            ErrorKind::Unavailable,
            "the source of the credentials did not answer in time",
        ),
        _ => Error::config(format!(
            "the source of the credentials failed: {}",
            causes(error)
        )),
    }
}

/// How long the cloud asked to wait: its own header in milliseconds, or HTTP's in seconds.
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let number = |name| response.headers().get(name)?.trim().parse().ok();
    number("x-amz-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let current = next?;
        next = current.source();
        Some(current)
    })
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

fn has_cause(
    error: &(dyn StdError + 'static),
    is: impl Fn(&(dyn StdError + 'static)) -> bool,
) -> bool {
    chain(error).any(is)
}

/// The reasons below an error, outermost first, each once; the outermost alone says little.
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in chain(error).skip(1) {
        let text = cause.to_string();
        if !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
    }
    if texts.is_empty() {
        return error.to_string();
    }
    texts.join(": ")
}
