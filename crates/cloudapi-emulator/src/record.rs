//! The calls that the emulator has seen.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use crate::Cloud;

/// Older calls are dropped beyond this many, so that a stand-alone emulator does not grow without end.
const KEPT: usize = 100_000;

/// One call, as the emulator saw it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Call {
    /// Which cloud's interface was called.
    pub cloud: Cloud,
    /// The service as named in the signature: `ec2`, `elasticloadbalancing`, `cvm`, `vpc`, `clb`, `sts`, `s3`; `cos` is not signed but named so.
    pub service: String,
    /// The action as on the wire: `DescribeInstances`.
    pub action: String,
    /// The region; empty where the call names none.
    pub region: String,
    /// When it came, by the emulator's clock (RFC 3339).
    pub at: String,
    /// How many calls were under way when it came, itself included.
    pub in_flight: usize,
    /// The request id of the answer.
    pub request_id: String,
    /// The HTTP status of the answer; `None` when the connection was cut by a fault, or the call is still under way.
    pub status: Option<u16>,
    /// The vendor's error code, when it failed.
    pub error_code: Option<String>,
    /// What was asked, with passwords left out.
    pub parameters: Value,
}

/// The record, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Record {
    calls: VecDeque<Call>,
    /// How many calls were dropped or cleared: the number of the first one kept.
    first: u64,
}

impl Record {
    /// Adds a call and gives its number, for [`finish`](Self::finish).
    pub(crate) fn begin(&mut self, call: Call) -> u64 {
        if self.calls.len() == KEPT {
            self.calls.pop_front();
            self.first += 1;
        }
        self.calls.push_back(call);
        self.first + self.calls.len() as u64 - 1
    }

    /// Notes the answer of a call, unless it has been dropped since.
    pub(crate) fn finish(&mut self, number: u64, status: u16, error_code: Option<String>) {
        let at = number
            .checked_sub(self.first)
            .and_then(|at| usize::try_from(at).ok());
        if let Some(call) = at.and_then(|at| self.calls.get_mut(at)) {
            call.status = Some(status);
            call.error_code = error_code;
        }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.first += self.calls.len() as u64;
        self.calls.clear();
    }
}

/// Takes passwords and other secrets out of what was asked.
pub(crate) fn without_secrets(mut value: Value) -> Value {
    hide(&mut value);
    value
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if name.contains("Password") || name.contains("Secret") || name == "UserData" {
                    *member = Value::from("<redacted>");
                } else {
                    hide(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn passwords_are_not_recorded() {
        let asked = json!({"LoginSettings": {"Password": "pw", "KeyIds": ["skey-1"]}, "List": [{"Password": "pw"}]});
        let kept = without_secrets(asked).to_string();
        assert!(!kept.contains("pw") && kept.contains("skey-1"), "{kept}");
    }
}
