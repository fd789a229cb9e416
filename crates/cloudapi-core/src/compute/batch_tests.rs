//! A cloud of a few lines, strict as the real ones, against which the batch runs.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::*;

/// Refuses a whole call for one bad id, as both clouds do.
struct Cloud {
    states: Mutex<BTreeMap<String, InstanceState>>,
    denied: Vec<&'static str>,
    reads_first: bool,
    lose_answers: Mutex<u32>,
    refuse_all: Option<ErrorKind>,
    calls: Mutex<Vec<usize>>,
}

impl Cloud {
    fn new(states: &[(&str, InstanceState)]) -> Self {
        Self {
            states: Mutex::new(
                states
                    .iter()
                    .map(|(id, state)| ((*id).to_owned(), state.clone()))
                    .collect(),
            ),
            denied: Vec::new(),
            reads_first: false,
            lose_answers: Mutex::new(0),
            refuse_all: None,
            calls: Mutex::new(Vec::new()),
        }
    }

    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

#[async_trait]
impl BatchCalls for Cloud {
    fn ids_per_call(&self) -> usize {
        100
    }

    fn reads_first(&self) -> bool {
        self.reads_first
    }

    async fn read(&self, ids: &[InstanceId]) -> Result<HashMap<InstanceId, Seen>> {
        let states = self.states.lock().unwrap();
        Ok(ids
            .iter()
            .filter_map(|id| Some((id.clone(), Seen::new(states.get(id.as_str())?.clone()))))
            .collect())
    }

    fn decide(&self, id: &InstanceId, seen: Option<&Seen>) -> Decision {
        decide(Operation::StopInstances, id, seen)
    }

    async fn act(&self, _group: u8, ids: &[InstanceId]) -> Result<Vec<Transition>> {
        self.calls.lock().unwrap().push(ids.len());
        if let Some(kind) = self.refuse_all {
            return Err(Error::new(kind, "refused"));
        }
        let mut states = self.states.lock().unwrap();
        for id in ids {
            if self.denied.contains(&id.as_str()) {
                return Err(Error::new(ErrorKind::PermissionDenied, "not yours"));
            }
            match states.get(id.as_str()) {
                None => return Err(Error::new(ErrorKind::NotFound, "unknown")),
                Some(InstanceState::Pending) => {
                    return Err(Error::new(ErrorKind::InvalidState, "pending"));
                }
                Some(_) => {}
            }
        }
        let mut transitions = Vec::new();
        for id in ids {
            let state = states.get_mut(id.as_str()).unwrap();
            let previous = state.clone();
            if previous == InstanceState::Running {
                *state = InstanceState::Stopping;
            }
            let mut transition = Transition::new(id.clone(), Some(state.clone()));
            transition.previous = (!self.reads_first).then_some(previous);
            transitions.push(transition);
        }
        let mut lose = self.lose_answers.lock().unwrap();
        if *lose > 0 {
            *lose -= 1;
            return Err(Error::new(ErrorKind::Network, "reset"));
        }
        Ok(transitions)
    }

    async fn check(&self, _group: u8, _ids: &[InstanceId]) -> Result<()> {
        Ok(())
    }

    fn leads_to(&self, _group: u8) -> InstanceState {
        InstanceState::Stopping
    }
}

async fn stop(cloud: &Cloud, ids: &[&str]) -> Result<Vec<String>> {
    let ids: Vec<InstanceId> = ids.iter().map(|id| InstanceId::new(*id)).collect();
    let outcomes = run(cloud, &ids, &RetryPolicy::default(), false).await?;
    Ok(outcomes
        .iter()
        .map(|outcome| {
            let states = [&outcome.previous_state, &outcome.current_state];
            let [before, after] =
                states.map(|state| state.as_ref().map_or("-", InstanceState::as_str));
            let error = outcome
                .error
                .as_ref()
                .map(|error| format!(" {:?}", error.kind()))
                .unwrap_or_default();
            format!(
                "{} {:?} {before}>{after}{error}",
                outcome.instance_id, outcome.status
            )
        })
        .collect())
}

fn mixed() -> Cloud {
    Cloud::new(&[
        ("a", InstanceState::Running),
        ("b", InstanceState::Stopped),
        ("c", InstanceState::Pending),
        ("d", InstanceState::Running),
    ])
}

const MIXED: [&str; 5] = [
    "a Changed Running>Stopping",
    "b AlreadyThere Stopped>Stopped",
    "c Failed Pending>Pending InvalidState",
    "x Failed ->- NotFound",
    "d Changed Running>Stopping",
];

#[tokio::test]
async fn bad_ids_are_set_apart_when_acting_first() {
    let cloud = mixed();
    assert_eq!(
        stop(&cloud, &["a", "b", "c", "x", "d"]).await.unwrap(),
        MIXED
    );
    assert_eq!(
        *cloud.calls.lock().unwrap(),
        [5, 2],
        "one look sorts out all bad ids at once"
    );
}

#[tokio::test]
async fn bad_ids_are_set_apart_when_reading_first() {
    let cloud = Cloud {
        reads_first: true,
        ..mixed()
    };
    assert_eq!(
        stop(&cloud, &["a", "b", "c", "x", "d"]).await.unwrap(),
        MIXED
    );
    assert_eq!(*cloud.calls.lock().unwrap(), [2]);
}

#[tokio::test]
async fn what_a_look_does_not_tell_is_found_by_halving() {
    let states: Vec<(String, InstanceState)> = (0..64)
        .map(|n| (format!("i{n:02}"), InstanceState::Running))
        .collect();
    let states: Vec<(&str, InstanceState)> = states
        .iter()
        .map(|(id, state)| (id.as_str(), state.clone()))
        .collect();
    let cloud = Cloud {
        denied: vec!["i17"],
        ..Cloud::new(&states)
    };
    let ids: Vec<&str> = states.iter().map(|(id, _)| *id).collect();
    let outcomes = stop(&cloud, &ids).await.unwrap();
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| outcome.contains("Changed"))
            .count(),
        63
    );
    assert_eq!(outcomes[17], "i17 Failed Running>Running PermissionDenied");
    assert!(cloud.calls() <= 14, "{} calls", cloud.calls());
}

#[tokio::test]
async fn a_refusal_of_everything_is_one_error_and_one_call() {
    for kind in [ErrorKind::Unauthenticated, ErrorKind::RateLimited] {
        let cloud = Cloud {
            refuse_all: Some(kind),
            ..mixed()
        };
        assert_eq!(stop(&cloud, &["a", "d"]).await.unwrap_err().kind(), kind);
        assert_eq!(cloud.calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_after_not_repeated() {
    let cloud = Cloud {
        reads_first: true,
        lose_answers: Mutex::new(1),
        ..mixed()
    };
    assert_eq!(
        stop(&cloud, &["a", "d"]).await.unwrap(),
        ["a Changed Running>Stopping", "d Changed Running>Stopping"]
    );
    assert_eq!(
        cloud.calls(),
        1,
        "the effect was there, so nothing is sent again"
    );
}

#[tokio::test]
async fn a_dry_run_acts_on_nothing() {
    let cloud = mixed();
    let ids: Vec<InstanceId> = ["a", "b", "x"]
        .iter()
        .map(|id| InstanceId::new(*id))
        .collect();
    let outcomes = run(&cloud, &ids, &RetryPolicy::default(), true)
        .await
        .unwrap();
    assert!(outcomes.dry_run);
    let statuses: Vec<OutcomeStatus> = outcomes.iter().map(|outcome| outcome.status).collect();
    assert_eq!(
        statuses,
        [
            OutcomeStatus::Changed,
            OutcomeStatus::AlreadyThere,
            OutcomeStatus::Failed
        ]
    );
    assert_eq!(cloud.calls(), 0);
}
