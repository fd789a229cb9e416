//! `--query`: JMESPath on a result's JSON form.

use jmespath::{ErrorReason, Expression, JmespathError, RuntimeError};
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;

/// A query that was understood.
#[derive(Debug)]
pub(super) struct Query(Expression<'static>);

impl Query {
    /// Reads an expression. Mistakes that don't depend on the data are found here, before anything is done.
    pub(super) fn new(text: &str) -> Result<Self, Failure> {
        let expression = jmespath::compile(text).map_err(|error| refuse(&error))?;
        match expression.search(()) {
            Err(error) if is_independent_of_data(&error.reason) => Err(refuse(&error)),
            _ => Ok(Self(expression)),
        }
    }

    /// Applies it.
    pub(super) fn search(&self, result: &impl Serialize) -> Result<Value, Failure> {
        let found = self.0.search(result).map_err(|error| refuse(&error))?;
        serde_json::to_value(&*found)
            .map_err(|error| Failure::usage(format!("--query finds no JSON: {error}")))
    }
}

fn is_independent_of_data(reason: &ErrorReason) -> bool {
    match reason {
        ErrorReason::Parse(_) => true,
        ErrorReason::Runtime(error) => !matches!(
            error,
            RuntimeError::InvalidType { .. } | RuntimeError::InvalidReturnType { .. }
        ),
    }
}

fn refuse(error: &JmespathError) -> Failure {
    Failure::usage(format!(
        "--query: {} (column {})",
        error.reason,
        error.column + 1
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn picks_from_the_json_form() {
        let data = json!([{"InstanceId": "i-1", "Tags": {"team": "web"}}, {"InstanceId": "i-2"}]);
        let find = |text: &str| Query::new(text).unwrap().search(&data).unwrap();
        assert_eq!(find("[].InstanceId"), json!(["i-1", "i-2"]));
        assert_eq!(find("length(@)"), json!(2));
        assert_eq!(find("[?Tags.team=='web'].InstanceId | [0]"), json!("i-1"));
        assert_eq!(find("nothing"), json!(null));
    }

    #[test]
    fn mistakes_are_usage_errors_before_anything_is_done() {
        for text in ["[", "lenght(@)", "length(@, @)", "", "a b"] {
            let failure = Query::new(text).unwrap_err();
            assert_eq!(failure.code, 2, "{text}");
            assert!(
                failure.error.message().starts_with("--query: "),
                "{failure:?}"
            );
        }
        let depends_on_data = Query::new("length(@)").unwrap();
        assert_eq!(depends_on_data.search(&json!(5)).unwrap_err().code, 2);
    }
}
