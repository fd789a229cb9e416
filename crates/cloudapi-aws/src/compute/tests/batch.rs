use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cloudapi_core::compute::{
    Charging, DestroyInstancesRequest, InstanceState, OutcomeStatus, PrepaidPolicy,
    StartInstancesRequest, StopInstancesRequest, StopMode,
};
use cloudapi_core::{Error, ErrorKind};

use super::{A, B, C, without_b, world};
use crate::testing::{Params, Reply, changed, described, list};

#[tokio::test]
async fn a_change_tells_the_state_before_unless_it_was_our_own_doing() {
    let (server, compute) = world(|params| {
        assert_eq!(
            (params["Force"].as_str(), params["Action"].as_str()),
            ("true", "StopInstances")
        );
        changed(
            "StopInstances",
            &[(A, "running", "stopping"), (B, "stopped", "stopped")],
        )
    })
    .await;
    let request = || StopInstancesRequest::new([B, A, B]).with_mode(StopMode::Force);
    let outcomes = compute.stop_instances(request()).await.unwrap();
    let [first, second] = &*outcomes.outcomes else {
        panic!("{outcomes:?}")
    };
    assert_eq!(
        (first.instance_id.as_str(), first.status),
        (B, OutcomeStatus::AlreadyThere)
    );
    assert_eq!(
        (second.status, &second.previous_state),
        (OutcomeStatus::Changed, &Some(InstanceState::Running))
    );
    assert_eq!(second.charging, Some(Charging::Stopped));
    assert_eq!(list(&server.calls()[0], "InstanceId").len(), 2);

    let lost = AtomicUsize::new(0);
    let (_server, compute) = world(move |_| match lost.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Cut,
        _ => changed("StopInstances", &[(A, "stopping", "stopping")]),
    })
    .await;
    let outcomes = compute
        .stop_instances(StopInstancesRequest::new([A]))
        .await
        .unwrap();
    assert_eq!(outcomes.outcomes[0].status, OutcomeStatus::Changed);
    assert_eq!(outcomes.outcomes[0].previous_state, None);
}

#[tokio::test]
async fn one_bad_id_does_not_sink_the_rest() {
    let (_server, compute) = world(|params| {
        let asked = list(params, "InstanceId");
        match params["Action"].as_str() {
            "StartInstances" if asked.iter().any(|id| id == B) => Reply::error(
                400,
                "InvalidInstanceID.NotFound",
                "The instance ID 'i-b' does not exist",
            ),
            "StartInstances" => changed(
                "StartInstances",
                &[(A, "stopped", "pending"), (C, "running", "running")],
            ),
            _ => without_b(params),
        }
    })
    .await;
    let outcomes = compute
        .start_instances(StartInstancesRequest::new([A, B, C]))
        .await
        .unwrap();
    // The look after the refusal finds C running, A too (as told by the server), and acts on none of them again.
    let kinds: Vec<Option<ErrorKind>> = outcomes
        .iter()
        .map(|one| one.error.as_ref().map(Error::kind))
        .collect();
    assert_eq!(kinds, [None, Some(ErrorKind::NotFound), None]);
    let error = outcomes.outcomes[1].error.as_ref().unwrap();
    assert!(
        error
            .to_string()
            .starts_with("aws StartInstances: not found"),
        "{error}"
    );
}

/// An EC2 with A protected.
fn protecting(params: &Params, protected: &AtomicUsize) -> Reply {
    let asked = list(params, "InstanceId");
    let is_protected = protected.load(Ordering::Relaxed) == 1;
    match params["Action"].as_str() {
        "TerminateInstances" if is_protected && asked.iter().any(|id| id == A) => Reply::error(
            400,
            "OperationNotPermitted",
            &format!(
                "The instance '{A}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
            ),
        ),
        "TerminateInstances" => {
            let changes: Vec<_> = asked
                .iter()
                .map(|id| (id.as_str(), "running", "shutting-down"))
                .collect();
            changed("TerminateInstances", &changes)
        }
        "ModifyInstanceAttribute" => {
            assert_eq!(params["DisableApiTermination.Value"], "false");
            protected.store(0, Ordering::Relaxed);
            Reply::ok(
                "<ModifyInstanceAttributeResponse><return>true</return></ModifyInstanceAttributeResponse>",
            )
        }
        _ => described(&[A, B, C], None),
    }
}

#[tokio::test]
async fn protection_fails_its_own_id_and_goes_only_when_asked() {
    let protected = Arc::new(AtomicUsize::new(1));
    let shared = Arc::clone(&protected);
    let (server, compute) = world(move |params| protecting(params, &shared)).await;
    let request = || DestroyInstancesRequest::new([A, B, C]);
    let outcomes = compute.destroy_instances(request()).await.unwrap();
    let error = outcomes.outcomes[0].error.as_ref().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert!(
        error.message().contains("termination protection"),
        "{error}"
    );
    assert_eq!(outcomes.outcomes[1].status, OutcomeStatus::Changed);
    assert_eq!(
        server.actions(),
        [
            "TerminateInstances",
            "DescribeInstances",
            "TerminateInstances"
        ],
        "who is protected is read out of the refusal"
    );
    let outcomes = compute
        .destroy_instances(request().with_disable_protection(true))
        .await
        .unwrap();
    assert!(
        outcomes
            .iter()
            .all(|one| one.status == OutcomeStatus::Changed),
        "{outcomes:?}"
    );
    assert_eq!(
        server.actions()[3..],
        [
            "TerminateInstances",
            "ModifyInstanceAttribute",
            "TerminateInstances"
        ]
    );
}

#[tokio::test]
async fn a_dry_run_asks_ec2_and_changes_nothing() {
    let (server, compute) = world(|params| {
        if params["Action"] == "DescribeInstances" {
            return described(&[A], None);
        }
        assert_eq!(params["DryRun"], "true");
        Reply::error(
            412,
            "DryRunOperation",
            "Request would have succeeded, but DryRun flag is set.",
        )
    })
    .await;
    let outcomes = compute
        .destroy_instances(DestroyInstancesRequest::new([A]).with_dry_run(true))
        .await
        .unwrap();
    assert!(outcomes.dry_run);
    assert_eq!(
        outcomes.outcomes[0].current_state,
        Some(InstanceState::Terminating)
    );
    assert_eq!(
        server.actions(),
        ["DescribeInstances", "TerminateInstances"]
    );
}

#[tokio::test]
async fn ec2_has_nothing_prepaid() {
    let (server, compute) = world(|_| Reply::Cut).await;
    let request = DestroyInstancesRequest::new([A]).with_prepaid(PrepaidPolicy::Release);
    let error = compute.destroy_instances(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(server.calls().is_empty());
}
