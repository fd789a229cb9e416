//! Faults on demand: what goes wrong, at which call, how often.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Cloud;

/// What goes wrong. Where nothing is said about it, the call has no effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all_fields = "PascalCase")]
#[non_exhaustive]
pub enum FaultKind {
    /// The cloud's "too many requests": `RequestLimitExceeded`, or the word that the service has for it.
    Throttle,
    /// The cloud's internal error.
    InternalError,
    /// The service is unavailable for the moment.
    Unavailable,
    /// The answer is right but takes this much longer (in JSON: milliseconds).
    Delay(#[serde(with = "millis")] Duration),
    /// The connection is closed when the request has been read, of an upload the head; nothing happens.
    CutBefore,
    /// The call takes effect, then the connection is closed without an answer.
    CutAfter,
    /// The call takes effect; half of the answer arrives, then the connection is closed.
    TruncatedBody,
    /// The call takes effect; the answer is status 200 with something that is not the protocol.
    GarbageBody,
    /// The call takes effect; the answer is status 200 with no body.
    EmptyBody,
    /// A gateway in front of the service answers status 502 with a page of HTML.
    HtmlBody,
    /// Any error of the vendor's.
    ErrorCode {
        /// The HTTP status; API 3.0 of Tencent Cloud (all but COS) answers its errors with 200 whatever stands here.
        status: u16,
        /// The vendor's code, such as `InsufficientInstanceCapacity`.
        code: String,
        /// The text for people.
        message: String,
    },
    /// The key is refused because its time is over.
    ExpiredKey,
    /// The signature's time is refused, as if the client's clock were wrong.
    ClockSkew,
    /// A batch is half done: the first half of the ids takes effect, then the call fails with an internal error.
    /// An AbortMultipartUpload takes half of the parts away. A launch of several makes half of them, as a cloud short of capacity does, unless that is below the minimum asked for.
    /// CLB's batches name the listeners of the other half as failed, in an answer that is otherwise a success.
    PartialBatch,
    /// The call is accepted, but the task that it begins ends in failure, with this text and without effect: at CLB, whose
    /// changes are tasks. Other calls go on as if nothing were wrong.
    FailedTask(String),
    /// The connection is closed when so many bytes of the request's body have been read, or at its end if it has fewer;
    /// nothing happens. Like the kinds below this is of the storage services, where others go on as if nothing were wrong.
    CutBody(u64),
    /// PutObject and UploadPart: a bit changes between the check of what was sent and the disk. The checksums in the answer
    /// are those of what is stored.
    Corrupt,
    /// The call takes effect, but the checksums in the answer are not those of what is stored.
    WrongChecksum,
    /// CompleteMultipartUpload: the right answer, after white space as a cloud sends it while it works.
    WhiteSpace,
    /// CompleteMultipartUpload: status 200 and white space, then this error as the body. Nothing happens, the parts stay.
    LateError {
        /// The vendor's code, such as `InternalError`.
        code: String,
        /// The text for people.
        message: String,
    },
}

impl FaultKind {
    /// It strikes while the effect happens, which only the storage services know.
    pub(crate) fn is_of_storage(&self) -> bool {
        matches!(
            self,
            Self::CutBody(_)
                | Self::Corrupt
                | Self::WrongChecksum
                | Self::WhiteSpace
                | Self::LateError { .. }
        )
    }
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        delay: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        u64::try_from(delay.as_millis())
            .unwrap_or(u64::MAX)
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

/// A fault to queue with [`Emulator::fault`](crate::Emulator::fault): by default the next call of any action fails, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Fault {
    kind: FaultKind,
    #[serde(default)]
    cloud: Option<Cloud>,
    #[serde(default)]
    service: Option<String>,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    part: Option<u16>,
    #[serde(default = "once")]
    times: u32,
    #[serde(default)]
    after: u32,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// A fault that strikes the next call, once.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            cloud: None,
            service: None,
            action: None,
            part: None,
            times: 1,
            after: 0,
        }
    }

    /// Strikes this action only, named as on the wire: `RunInstances`.
    #[must_use]
    pub fn on(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// Strikes this cloud only.
    #[must_use]
    pub fn cloud(mut self, cloud: Cloud) -> Self {
        self.cloud = Some(cloud);
        self
    }

    /// Strikes this service only, named as in the signature: `ec2`, `cvm`, `elasticloadbalancing`, `s3`.
    #[must_use]
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// Strikes UploadPart of this part only.
    #[must_use]
    pub fn part(mut self, number: u16) -> Self {
        self.part = Some(number);
        self
    }

    /// Strikes so many calls, then is spent. Default 1.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Lets so many matching calls pass first. Default 0.
    #[must_use]
    pub fn after(mut self, calls: u32) -> Self {
        self.after = calls;
        self
    }

    fn matches(&self, cloud: Cloud, service: &str, action: &str, part: Option<u64>) -> bool {
        self.cloud.is_none_or(|wanted| wanted == cloud)
            && self
                .service
                .as_deref()
                .is_none_or(|wanted| wanted == service)
            && self.action.as_deref().is_none_or(|wanted| wanted == action)
            && self.part.is_none_or(|wanted| part == Some(wanted.into()))
    }
}

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What strikes this call: the delays of all matching faults together, and the first other kind.
    /// Faults that wait for `after` calls count this one.
    pub(crate) fn take(
        &mut self,
        cloud: Cloud,
        service: &str,
        action: &str,
        part: Option<u64>,
    ) -> (Duration, Option<FaultKind>) {
        let mut delay = Duration::ZERO;
        let mut struck = None;
        for fault in &mut self.0 {
            if fault.times == 0 || !fault.matches(cloud, service, action, part) {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
            } else if let FaultKind::Delay(more) = fault.kind {
                delay += more;
                fault.times -= 1;
            } else if struck.is_none() {
                struck = Some(fault.kind.clone());
                fault.times -= 1;
            }
        }
        self.0.retain(|fault| fault.times > 0);
        (delay, struck)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_the_calls_it_names_so_often_after_so_many() {
        let mut faults = Faults::default();
        faults.add(
            Fault::new(FaultKind::Throttle)
                .on("RunInstances")
                .cloud(Cloud::Aws)
                .times(2)
                .after(1),
        );
        faults.add(Fault::new(FaultKind::Delay(Duration::from_secs(1))));
        let mut take = |cloud, action| faults.take(cloud, "ec2", action, None);
        assert_eq!(
            take(Cloud::Aws, "RunInstances"),
            (Duration::from_secs(1), None)
        );
        assert_eq!(take(Cloud::Tencent, "RunInstances"), (Duration::ZERO, None));
        assert_eq!(take(Cloud::Aws, "StopInstances"), (Duration::ZERO, None));
        assert_eq!(
            take(Cloud::Aws, "RunInstances").1,
            Some(FaultKind::Throttle)
        );
        assert_eq!(
            take(Cloud::Aws, "RunInstances").1,
            Some(FaultKind::Throttle)
        );
        assert_eq!(take(Cloud::Aws, "RunInstances").1, None);
    }

    #[test]
    fn a_fault_may_name_a_part() {
        let mut faults = Faults::default();
        faults.add(Fault::new(FaultKind::CutBody(9)).on("UploadPart").part(3));
        let mut take = |part| faults.take(Cloud::Aws, "s3", "UploadPart", part).1;
        assert_eq!(take(Some(2)), None);
        assert_eq!(take(None), None);
        assert_eq!(take(Some(3)), Some(FaultKind::CutBody(9)));
        assert_eq!(take(Some(3)), None);
    }

    #[test]
    fn faults_are_written_as_json() {
        let fault: Fault = serde_json::from_str(
            r#"{"Kind": {"ErrorCode": {"Status": 400, "Code": "X", "Message": "y"}}, "Cloud": "Aws", "Action": "RunInstances", "Times": 3}"#,
        )
        .unwrap();
        let kind = FaultKind::ErrorCode {
            status: 400,
            code: "X".into(),
            message: "y".into(),
        };
        assert_eq!(
            fault,
            Fault::new(kind)
                .cloud(Cloud::Aws)
                .on("RunInstances")
                .times(3)
        );
        let delay: Fault = serde_json::from_str(r#"{"Kind": {"Delay": 250}}"#).unwrap();
        assert_eq!(
            delay,
            Fault::new(FaultKind::Delay(Duration::from_millis(250)))
        );
    }
}
