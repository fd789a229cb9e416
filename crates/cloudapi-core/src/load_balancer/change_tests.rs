//! A cloud of a few lines, which refuses a whole call for one bad target.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::*;

#[derive(Default)]
struct Cloud {
    registered: Mutex<BTreeSet<String>>,
    bad: Vec<&'static str>,
    names_the_bad: bool,
    /// Does what it can of a refused call, as Tencent Cloud's tasks may.
    half_does: bool,
    looks: bool,
    lose_answers: Mutex<u32>,
    refuse_all: Option<ErrorKind>,
    calls: Mutex<Vec<usize>>,
}

impl Cloud {
    fn calls(&self) -> Vec<usize> {
        self.calls.lock().unwrap().clone()
    }
}

#[async_trait]
impl TargetCalls for Cloud {
    type Target = String;

    fn targets_per_call(&self) -> usize {
        100
    }

    async fn act(&self, targets: &[String]) -> Result<()> {
        self.calls.lock().unwrap().push(targets.len());
        if let Some(kind) = self.refuse_all {
            return Err(Error::new(kind, "refused"));
        }
        let is_bad = |target: &&String| self.bad.contains(&target.as_str());
        let bad: Vec<&str> = targets.iter().filter(is_bad).map(String::as_str).collect();
        let mut registered = self.registered.lock().unwrap();
        if bad.is_empty() || self.half_does {
            registered.extend(targets.iter().filter(|target| !is_bad(target)).cloned());
        }
        drop(registered);
        if !bad.is_empty() {
            let named = if self.names_the_bad {
                bad.join(", ")
            } else {
                String::new()
            };
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("not running: {named}"),
            ));
        }
        let mut lose = self.lose_answers.lock().unwrap();
        if *lose > 0 {
            *lose -= 1;
            return Err(Error::new(ErrorKind::Network, "reset"));
        }
        Ok(())
    }

    async fn look(&self, targets: &[String]) -> Result<Option<Vec<bool>>> {
        let registered = self.registered.lock().unwrap();
        let found = targets.iter().map(|target| registered.contains(target));
        Ok(self.looks.then(|| found.collect()))
    }

    fn id<'a>(&self, target: &'a String) -> &'a str {
        target
    }
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("i-{n}")).collect()
}

/// The targets that failed.
async fn change(cloud: &Cloud, count: usize) -> Vec<(String, ErrorKind)> {
    let targets = ids(count);
    let results = run(cloud, &targets, &RetryPolicy::default()).await;
    assert_eq!(results.len(), count);
    let failed = targets.into_iter().zip(results);
    failed
        .filter_map(|(target, result)| Some((target, result.err()?.kind())))
        .collect()
}

#[tokio::test]
async fn bad_targets_are_found_by_halving() {
    let cloud = Cloud {
        bad: vec!["i-17", "i-40"],
        ..Cloud::default()
    };
    let failed = change(&cloud, 64).await;
    let expected = ["i-17", "i-40"].map(|id| (id.to_owned(), ErrorKind::InvalidArgument));
    assert_eq!(failed, expected);
    assert_eq!(cloud.registered.lock().unwrap().len(), 62);
    assert!(cloud.calls().len() <= 26, "{:?}", cloud.calls());
}

#[tokio::test]
async fn a_refusal_that_names_the_bad_ones_costs_few_calls() {
    let cloud = Cloud {
        bad: vec!["i-1", "i-40"],
        names_the_bad: true,
        ..Cloud::default()
    };
    assert_eq!(change(&cloud, 64).await.len(), 2);
    assert_eq!(
        cloud.calls(),
        [64, 62, 2, 1, 1],
        "i-1 is not taken for i-10 to i-19"
    );
}

#[tokio::test]
async fn a_half_done_call_is_looked_after() {
    let cloud = Cloud {
        bad: vec!["i-3"],
        half_does: true,
        looks: true,
        ..Cloud::default()
    };
    assert_eq!(change(&cloud, 20).await.len(), 1);
    assert_eq!(cloud.calls(), [20, 1], "what was done is not done again");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_after_not_repeated() {
    let cloud = Cloud {
        looks: true,
        lose_answers: Mutex::new(1),
        ..Cloud::default()
    };
    assert!(change(&cloud, 5).await.is_empty());
    assert_eq!(cloud.calls(), [5]);
}

#[tokio::test]
async fn what_concerns_the_whole_call_stops_it() {
    for kind in [
        ErrorKind::Unauthenticated,
        ErrorKind::RateLimited,
        ErrorKind::Network,
    ] {
        let cloud = Cloud {
            refuse_all: Some(kind),
            ..Cloud::default()
        };
        let failed = change(&cloud, 250).await;
        assert_eq!(failed.len(), 250);
        assert!(failed.iter().all(|(_, found)| *found == kind));
        assert_eq!(cloud.calls(), [100], "{kind:?}");
    }
}

#[tokio::test]
async fn when_time_runs_out_what_was_done_is_told() {
    let cloud = Cloud {
        looks: true,
        registered: Mutex::new(ids(3).into_iter().collect()),
        refuse_all: Some(ErrorKind::Timeout),
        ..Cloud::default()
    };
    let failed = change(&cloud, 5).await;
    assert_eq!(failed.len(), 2, "three are found to be done");
    assert_eq!(cloud.calls(), [5]);
}

#[tokio::test]
async fn any_number_of_targets_is_split() {
    let cloud = Cloud::default();
    assert!(change(&cloud, 250).await.is_empty());
    assert_eq!(cloud.calls(), [100, 100, 50]);
}
