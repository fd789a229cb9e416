//! The answer of API 3.0: `{"Response": {…, "RequestId": "…"}}` for success and refusal alike, mostly under HTTP status 200.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Answer;
use crate::error::TencentError;

/// What an answer turned out to be.
#[derive(Debug)]
pub(crate) enum Reading<T> {
    /// The call was done.
    Done(Answer<T>),
    /// The call was refused.
    Refused(TencentError),
    /// It is no answer of this API; why, without quoting it.
    Unreadable(String),
}

/// Reads an answer's body, in one pass.
pub(crate) fn read<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Reading<T> {
    let outer: Outer<T> = match serde_json::from_slice(body) {
        Ok(outer) => outer,
        // The parser's own words would quote the answer.
        Err(error) if error.is_eof() => {
            return Reading::Unreadable(format!(
                "it ends in the middle, after {} bytes",
                body.len()
            ));
        }
        Err(error) if error.is_syntax() => return Reading::Unreadable("it is not JSON".to_owned()),
        Err(error) => {
            return Reading::Unreadable(format!(
                "it has not the form expected (line {}, column {})",
                error.line(),
                error.column()
            ));
        }
    };
    match (outer.response, outer.code) {
        (Some(members), _) => match members.error {
            Some(refusal) => Reading::Refused(TencentError {
                code: refusal.code.unwrap_or_default(),
                message: refusal.message.unwrap_or_default(),
                request_id: members.request_id,
            }),
            None => Reading::Done(Answer {
                request_id: members.request_id,
                response: members.rest,
            }),
        },
        (None, Some(code)) if code != 0 => Reading::Refused(TencentError {
            code: outer.code_desc.unwrap_or_else(|| code.to_string()),
            message: outer.message.unwrap_or_default(),
            request_id: None,
        }),
        (None, _) => Reading::Unreadable("it has no Response".to_owned()),
    }
}

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Outer<T> {
    #[serde(rename = "Response")]
    response: Option<Members<T>>,
    // The form of the older API, which its gateway still answers with at times.
    code: Option<Value>,
    #[serde(rename = "codeDesc")]
    code_desc: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refusal {
    code: Option<String>,
    message: Option<String>,
}

/// The members of `Response`: two that every action has, and the action's own.
struct Members<T> {
    error: Option<Refusal>,
    request_id: Option<String>,
    rest: T,
}

// `#[serde(flatten)]` would hold the whole answer in memory a second time and could not carry raw JSON.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfResponse<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfResponse<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
                let (mut error, mut request_id) = (None, None);
                let rest = T::deserialize(MapAccessDeserializer::new(Others {
                    map,
                    error: &mut error,
                    request_id: &mut request_id,
                }))?;
                Ok(Members {
                    error,
                    request_id,
                    rest,
                })
            }
        }

        deserializer.deserialize_map(OfResponse(PhantomData))
    }
}

/// The action's own members, the common two taken out on the way.
struct Others<'a, M> {
    map: M,
    error: &'a mut Option<Refusal>,
    request_id: &'a mut Option<String>,
}

impl<'de, M: MapAccess<'de>> MapAccess<'de> for Others<'_, M> {
    type Error = M::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, M::Error> {
        while let Some(key) = self.map.next_key::<String>()? {
            match &*key {
                "Error" => *self.error = self.map.next_value()?,
                "RequestId" => *self.request_id = self.map.next_value()?,
                _ => return seed.deserialize(key.into_deserializer()).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, M::Error> {
        self.map.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Page {
        total_count: Option<u64>,
        #[serde(default)]
        set: Vec<Box<RawValue>>,
    }

    fn reading(body: &str) -> Reading<Page> {
        read(body.as_bytes())
    }

    #[test]
    fn a_success_keeps_raw_members_and_the_request_id() {
        let body = r#"{"Response": {"RequestId": "7f2a", "Set": [{"A": 1}, {"B": null}], "TotalCount": 2, "New": {}}}"#;
        let Reading::Done(answer) = reading(body) else {
            panic!("no success")
        };
        assert_eq!(answer.request_id.as_deref(), Some("7f2a"));
        assert_eq!(answer.response.total_count, Some(2));
        assert_eq!(answer.response.set[0].get(), r#"{"A": 1}"#);
        let Reading::Done(answer) =
            read::<Value>(br#"{"Response": {"RequestId": null, "X": [1]}}"#)
        else {
            panic!("no success")
        };
        assert_eq!(answer.response, serde_json::json!({"X": [1]}));
    }

    #[test]
    fn refusals_in_both_forms() {
        for (body, code, message, request_id) in [
            (
                r#"{"Response": {"Error": {"Code": "InvalidFilter", "Message": "bad"}, "RequestId": "r"}}"#,
                "InvalidFilter",
                "bad",
                Some("r"),
            ),
            (
                r#"{"Response": {"TotalCount": 1, "Error": {"Code": null}}}"#,
                "",
                "",
                None,
            ),
            (
                r#"{"code": 4100, "codeDesc": "AuthFailure", "message": "who?"}"#,
                "AuthFailure",
                "who?",
                None,
            ),
            (r#"{"code": 4100, "message": "who?"}"#, "4100", "who?", None),
        ] {
            let Reading::Refused(error) = reading(body) else {
                panic!("no refusal: {body}")
            };
            assert_eq!(
                (error.code.as_str(), error.message.as_str()),
                (code, message)
            );
            assert_eq!(error.request_id.as_deref(), request_id);
        }
    }

    #[test]
    fn what_is_no_answer_is_told_without_quoting_it() {
        for (body, words) in [
            ("", "ends in the middle"),
            (
                r#"{"Response": {"TotalCount": 1, "Set": [{"Secret"#,
                "ends in the middle",
            ),
            ("<html>Secret</html>", "not JSON"),
            (r#"{"Response": {}} Secret"#, "not JSON"),
            (r#"{"Response": "Secret"}"#, "form expected"),
            (r#"{"Response": {"TotalCount": "Secret"}}"#, "form expected"),
            (r#"["Secret"]"#, "form expected"),
            (r#"{"Response": null}"#, "no Response"),
            (r#"{"code": 0}"#, "no Response"),
            ("{}", "no Response"),
        ] {
            let Reading::Unreadable(why) = reading(body) else {
                panic!("read: {body}")
            };
            assert!(
                why.contains(words) && !why.contains("Secret"),
                "{body}: {why}"
            );
        }
    }
}
