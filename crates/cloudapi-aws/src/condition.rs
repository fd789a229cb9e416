//! Filters as EC2 takes them.

use aws_sdk_ec2::types::Filter;
use cloudapi_core::{Error, Result};

/// Filter values that one call takes, over all its filters.
const VALUES_PER_CALL: usize = 200;

/// One filter as EC2 takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

impl Condition {
    pub(crate) fn new(name: impl Into<String>, values: Vec<String>) -> Self {
        Self {
            name: name.into(),
            values,
        }
    }

    pub(crate) fn to_sdk(&self) -> Filter {
        Filter::builder()
            .name(&self.name)
            .set_values(Some(self.values.clone()))
            .build()
    }
}

/// Spreads conditions over calls so that none has too many values. An instance may match in several of them.
///
/// # Errors
///
/// `InvalidArgument` for more names than one call takes values.
pub(crate) fn spread(conditions: Vec<Condition>) -> Result<Vec<Vec<Condition>>> {
    if conditions.len() > VALUES_PER_CALL {
        return Err(Error::invalid_argument(format!(
            "{} filters; EC2 takes {VALUES_PER_CALL} at most",
            conditions.len()
        )));
    }
    let mut spread = Vec::new();
    spread_into(conditions, &mut spread);
    Ok(spread)
}

fn spread_into(mut conditions: Vec<Condition>, spread: &mut Vec<Vec<Condition>>) {
    let total: usize = conditions
        .iter()
        .map(|condition| condition.values.len())
        .sum();
    let largest = (0..conditions.len()).max_by_key(|at| conditions[*at].values.len());
    let Some(largest) = largest.filter(|_| total > VALUES_PER_CALL) else {
        spread.push(conditions);
        return;
    };
    let values = std::mem::take(&mut conditions[largest].values);
    let room = VALUES_PER_CALL.saturating_sub(total - values.len());
    // Without room beside the others, those must be split too: halves, until there is.
    let size = if room > 0 {
        room
    } else {
        values.len().div_ceil(2)
    };
    for part in values.chunks(size) {
        let mut conditions = conditions.clone();
        conditions[largest].values = part.to_vec();
        spread_into(conditions, spread);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn values_are_spread_and_none_is_lost() {
        let values = |prefix: &str, count: usize| -> Vec<String> {
            (0..count).map(|at| format!("{prefix}{at}")).collect()
        };
        let total = |conditions: &Vec<Condition>| -> usize {
            conditions
                .iter()
                .map(|condition| condition.values.len())
                .sum()
        };
        let one = spread(vec![
            Condition::new("a", values("a", 450)),
            Condition::new("b", values("b", 50)),
        ])
        .unwrap();
        assert_eq!(one.iter().map(total).collect::<Vec<_>>(), [200, 200, 200]);
        let both = spread(vec![
            Condition::new("a", values("a", 300)),
            Condition::new("b", values("b", 300)),
        ])
        .unwrap();
        assert!(both.iter().all(|conditions| total(conditions) <= 200));
        let pairs: HashSet<(String, String)> = both
            .iter()
            .flat_map(|conditions| {
                conditions[0].values.iter().flat_map(|a| {
                    conditions[1]
                        .values
                        .iter()
                        .map(move |b| (a.clone(), b.clone()))
                })
            })
            .collect();
        assert_eq!(pairs.len(), 300 * 300);
        assert_eq!(spread(vec![]).unwrap(), [vec![]]);
    }
}
