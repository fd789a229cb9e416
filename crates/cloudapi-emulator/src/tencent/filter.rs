//! Filters of Tencent Cloud: names all hold, values are alternatives, compared as they are.

use serde_json::Value;

use super::{Error, Params};

/// The most filters in one call.
const MOST_FILTERS: usize = 10;
/// The most values of one filter, at most services.
const MOST_VALUES: usize = 5;

/// The filters of a request.
#[derive(Debug)]
pub(crate) struct Filters<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Filters<'a> {
    /// Reads them; a name that `known` does not know is refused with the service's code for that.
    pub(crate) fn parse(
        params: &'a Params,
        unknown_code: &'static str,
        known: impl Fn(&str) -> bool,
    ) -> Result<Self, Error> {
        Self::parse_up_to(params, unknown_code, MOST_VALUES, known)
    }

    /// Reads them where the service takes another number of values in each.
    pub(crate) fn parse_up_to(
        params: &'a Params,
        unknown_code: &'static str,
        most_values: usize,
        known: impl Fn(&str) -> bool,
    ) -> Result<Self, Error> {
        let items = params.items("Filters");
        let text = |filter: &'a Value| {
            filter
                .get("Name")
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let mut filters = Vec::new();
        for filter in items {
            let name = text(filter);
            if !known(name) {
                return Err(Error::new(
                    unknown_code,
                    format!("The specified filter `{name}` is not supported."),
                ));
            }
            let values = filter
                .get("Values")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            if values.len() > most_values {
                let message = format!("The filter `{name}` has more than {most_values} values.");
                return Err(Error::new("InvalidFilterValue.LimitExceeded", message));
            }
            filters.push((name, values.iter().filter_map(Value::as_str).collect()));
        }
        if filters.len() > MOST_FILTERS {
            let message = format!("There are more than {MOST_FILTERS} filters.");
            return Err(Error::new("InvalidParameterValue.LimitExceeded", message));
        }
        Ok(Self(filters))
    }

    /// Whether something fulfils, for each name, one of the values; `fulfils` judges one name and value.
    pub(crate) fn match_all(&self, mut fulfils: impl FnMut(&str, &str) -> bool) -> bool {
        self.0
            .iter()
            .all(|(name, values)| values.iter().any(|value| fulfils(name, value)))
    }

    /// Whether there is one of this name.
    pub(crate) fn has(&self, wanted: &str) -> bool {
        self.0.iter().any(|(name, _)| *name == wanted)
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
