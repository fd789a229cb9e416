//! Starting, stopping and destroying against the emulator.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests; the lint's own exception sees test functions only"
)]

mod common;

use std::fmt::Write;

use cloudapi_core::compute::{
    Charging, DestroyInstancesRequest, InstanceOutcomes, PrepaidPolicy, StartInstancesRequest,
    StopInstancesRequest, StopMode,
};
use cloudapi_core::{ErrorKind, Operation, Provider};
use cloudapi_emulator::{Cloud, Emulator, FaultKind};

use common::{compute, count, fault};

/// Each outcome as `status previous>current charging kind`, in the order asked.
fn shown(outcomes: &InstanceOutcomes) -> Vec<String> {
    let line = |outcome: &cloudapi_core::compute::InstanceOutcome| {
        let text = |state: &Option<cloudapi_core::compute::InstanceState>| {
            state.as_ref().map_or("-".to_owned(), ToString::to_string)
        };
        let mut line = format!(
            "{:?} {}>{}",
            outcome.status,
            text(&outcome.previous_state),
            text(&outcome.current_state)
        );
        if let Some(charging) = &outcome.charging {
            let _ = write!(line, " {charging}");
        }
        if let Some(error) = &outcome.error {
            assert_eq!(error.provider(), Some(Provider::Tencent));
            assert!(error.operation().is_some());
            let _ = write!(line, " {:?}", error.kind());
        }
        line
    };
    outcomes.iter().map(line).collect()
}

fn destroy(ids: &[String]) -> DestroyInstancesRequest {
    DestroyInstancesRequest::new(ids.iter().map(String::as_str))
}

fn stop(ids: &[String]) -> StopInstancesRequest {
    StopInstancesRequest::new(ids.iter().map(String::as_str))
}

#[tokio::test]
async fn one_outcome_for_each_id() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let mut ids = emulator.add_instances(Cloud::Tencent, 4);
    emulator.world().set_instance_state(&ids[1], "STOPPED");
    emulator.world().set_instance_state(&ids[2], "PENDING");
    ids.push("ins-zzzzzzzz".to_owned());
    let stopped = compute.stop_instances(stop(&ids)).await.unwrap();
    assert_eq!(
        shown(&stopped),
        [
            "Changed Running>Stopping Continues",
            "AlreadyThere Stopped>Stopped Continues",
            "Failed Pending>Pending InvalidState",
            "Changed Running>Stopping Continues",
            "Failed ->- NotFound",
        ]
    );
    assert_eq!(
        count(&emulator, "StopInstances"),
        1,
        "only what can be stopped is sent"
    );
    let request_id = stopped.outcomes[0].request_id.clone().unwrap();
    assert!(
        emulator
            .calls()
            .iter()
            .any(|call| call.request_id == request_id)
    );
    let started = compute
        .start_instances(StartInstancesRequest::new([
            ids[1].as_str(),
            &ids[2],
            "ins-zzzzzzzz",
        ]))
        .await
        .unwrap();
    assert_eq!(
        shown(&started),
        [
            "Changed Stopped>Pending",
            "AlreadyThere Pending>Pending",
            "Failed ->- NotFound"
        ]
    );
    emulator.stop().await;
}

#[tokio::test]
async fn what_can_be_checked_is_checked_before_anything_is_sent() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let ids = emulator.add_instances(Cloud::Tencent, 1);
    let none: Vec<String> = Vec::new();
    let bad = [ids[0].clone(), "i-0123456789abcdef0".to_owned()];
    for (request, kind) in [
        (stop(&none), ErrorKind::InvalidArgument),
        (stop(&bad), ErrorKind::InvalidArgument),
        (
            stop(&ids).with_mode(StopMode::Hibernate),
            ErrorKind::Unsupported,
        ),
    ] {
        let error = compute.stop_instances(request).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.operation()),
            (kind, Some(Operation::StopInstances))
        );
    }
    let error = compute.destroy_instances(destroy(&none)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(emulator.calls().is_empty());
    emulator.stop().await;
}

#[tokio::test]
async fn a_dry_run_only_looks() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let ids = emulator.add_instances(Cloud::Tencent, 2);
    emulator.world().set_protection(&ids[1], true);
    let outcomes = compute
        .destroy_instances(destroy(&ids).with_dry_run(true))
        .await
        .unwrap();
    assert!(outcomes.dry_run);
    assert_eq!(
        shown(&outcomes),
        [
            "Changed Running>Terminating",
            "Failed Running>Running InvalidState"
        ]
    );
    assert!(
        emulator
            .calls()
            .iter()
            .all(|call| call.action == "DescribeInstances")
    );
    emulator.stop().await;
}

#[tokio::test]
async fn no_change_is_made_twice_for_a_lost_answer() {
    for lag in [0, 2] {
        for kind in [
            FaultKind::CutBefore,
            FaultKind::CutAfter,
            FaultKind::TruncatedBody,
            FaultKind::GarbageBody,
            FaultKind::HtmlBody,
            FaultKind::InternalError,
            FaultKind::PartialBatch,
            FaultKind::Throttle,
        ] {
            let emulator = Emulator::builder().with_lag(lag).start().await.unwrap();
            let compute = compute(&emulator).await;
            let ids = emulator.add_instances(Cloud::Tencent, 3);
            emulator.fault(fault(kind.clone(), "StopInstances"));
            let stopped = compute.stop_instances(stop(&ids)).await.unwrap();
            for outcome in shown(&stopped) {
                assert!(
                    outcome.starts_with("Changed "),
                    "{kind:?}, lag {lag}: {outcome}"
                );
            }
            for id in &ids {
                let state = emulator.world().instance_state(id).unwrap();
                assert!(state.starts_with("STOPP"), "{kind:?}, lag {lag}: {state}");
            }
            emulator.fault(fault(kind.clone(), "TerminateInstances"));
            // The stop may still be on its way.
            for id in &ids {
                emulator.world().set_instance_state(id, "STOPPED");
            }
            let gone = compute.destroy_instances(destroy(&ids)).await.unwrap();
            for outcome in shown(&gone) {
                assert!(
                    outcome.starts_with("Changed "),
                    "{kind:?}, lag {lag}: {outcome}"
                );
            }
            emulator.stop().await;
        }
    }
}

#[tokio::test]
async fn stopping_without_charge_tells_what_really_happened() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let ids = emulator.add_instances(Cloud::Tencent, 4);
    emulator.world().set_charge_type(&ids[1], "PREPAID");
    let wish = stop(&ids[..3]).with_stop_charging(true);
    let stopped = compute.stop_instances(wish.clone()).await.unwrap();
    let charging: Vec<_> = stopped
        .iter()
        .map(|outcome| outcome.charging.clone().unwrap())
        .collect();
    assert_eq!(
        charging,
        [Charging::Stopped, Charging::Continues, Charging::Stopped]
    );
    assert_eq!(count(&emulator, "StopInstances"), 2);
    let calls = emulator.calls();
    let modes: Vec<_> = calls
        .iter()
        .filter(|call| call.action == "StopInstances")
        .map(|call| call.parameters["StoppedMode"].as_str())
        .collect();
    assert_eq!(modes, [None, Some("STOP_CHARGING")]);

    let again = compute.stop_instances(wish).await.unwrap();
    assert!(
        shown(&again)
            .iter()
            .all(|outcome| outcome.starts_with("AlreadyThere"))
    );
    assert_eq!(again.outcomes[0].charging, Some(Charging::Stopped));

    // The cloud can't for this one: it is stopped all the same, and charged on.
    let refusal = FaultKind::ErrorCode {
        status: 200,
        code: "UnsupportedOperation.StoppedModeStopChargingSameFamily".to_owned(),
        message: "no".to_owned(),
    };
    emulator.fault(fault(refusal, "StopInstances"));
    let stopped = compute
        .stop_instances(stop(&ids[3..]).with_stop_charging(true))
        .await
        .unwrap();
    assert_eq!(shown(&stopped), ["Changed Running>Stopping Continues"]);
    emulator.stop().await;
}

#[tokio::test]
async fn force_is_hard() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let ids = emulator.add_instances(Cloud::Tencent, 1);
    compute
        .stop_instances(stop(&ids).with_mode(StopMode::Force))
        .await
        .unwrap();
    let calls = emulator.calls();
    let call = calls
        .iter()
        .find(|call| call.action == "StopInstances")
        .unwrap();
    assert_eq!(call.parameters["StopType"], "HARD");
    assert!(call.parameters.get("ForceStop").is_none());
    emulator.stop().await;
}

#[tokio::test]
async fn protection_is_taken_off_only_on_request() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let ids = emulator.add_instances(Cloud::Tencent, 3);
    emulator.world().set_protection(&ids[1], true);
    let refused = compute
        .destroy_instances(destroy(&ids[1..2]))
        .await
        .unwrap();
    let error = refused.outcomes[0].error.as_ref().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidState);
    assert!(error.message().contains("protection"), "{error}");
    assert_eq!(count(&emulator, "TerminateInstances"), 0);
    let gone = compute
        .destroy_instances(destroy(&ids).with_disable_protection(true))
        .await
        .unwrap();
    assert_eq!(shown(&gone), ["Changed Running>Terminating"; 3]);
    let calls = emulator.calls();
    let modified = calls
        .iter()
        .find(|call| call.action == "ModifyInstancesAttribute")
        .unwrap();
    assert_eq!(
        modified.parameters["InstanceIds"],
        serde_json::json!([ids[1]])
    );
    emulator.stop().await;
}

#[tokio::test]
async fn prepaid_is_refused_isolated_or_released_as_asked() {
    for lag in [0, 2] {
        let emulator = Emulator::builder().with_lag(lag).start().await.unwrap();
        let compute = compute(&emulator).await;
        let ids = emulator.add_instances(Cloud::Tencent, 3);
        for id in &ids[..2] {
            emulator.world().set_charge_type(id, "PREPAID");
        }
        let refused = compute.destroy_instances(destroy(&ids[..1])).await.unwrap();
        assert_eq!(shown(&refused), ["Failed Running>Running InvalidState"]);
        assert_eq!(count(&emulator, "TerminateInstances"), 0);

        let isolate = destroy(&ids[..1]).with_prepaid(PrepaidPolicy::Isolate);
        let isolated = compute.destroy_instances(isolate.clone()).await.unwrap();
        assert_eq!(shown(&isolated), ["Changed Running>Isolated"]);
        for _ in 0..4 {
            common::look(&*compute, &ids[0]).await;
        }
        let again = compute.destroy_instances(isolate).await.unwrap();
        assert_eq!(shown(&again), ["AlreadyThere Isolated>Isolated"]);
        assert_eq!(
            emulator.world().instance_state(&ids[0]).as_deref(),
            Some("SHUTDOWN")
        );

        let release = destroy(&ids).with_prepaid(PrepaidPolicy::Release);
        let released = compute.destroy_instances(release).await.unwrap();
        assert_eq!(
            shown(&released),
            [
                "Changed Isolated>Terminating",
                "Changed Running>Terminating",
                "Changed Running>Terminating"
            ]
        );
        for _ in 0..4 {
            for id in &ids {
                common::look(&*compute, id).await;
            }
        }
        assert_eq!(emulator.world().instance_count(Cloud::Tencent), 0);
        emulator.stop().await;
    }
}

#[tokio::test]
async fn a_lost_answer_never_releases_what_was_to_be_isolated() {
    for lag in [0, 2, 9] {
        let emulator = Emulator::builder().with_lag(lag).start().await.unwrap();
        let compute = compute(&emulator).await;
        let ids = emulator.add_instances(Cloud::Tencent, 1);
        emulator.world().set_charge_type(&ids[0], "PREPAID");
        emulator.fault(fault(FaultKind::CutAfter, "TerminateInstances"));
        let isolate = destroy(&ids).with_prepaid(PrepaidPolicy::Isolate);
        let outcome = compute.destroy_instances(isolate).await;
        assert_eq!(count(&emulator, "TerminateInstances"), 1);
        assert_eq!(
            emulator.world().instance_state(&ids[0]).as_deref(),
            Some("SHUTDOWN")
        );
        if lag == 0 {
            assert_eq!(shown(&outcome.unwrap()), ["Changed Running>Isolated"]);
        }
        emulator.stop().await;
    }
}

#[tokio::test]
async fn gone_already_counts_only_on_request() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let ids = ["ins-zzzzzzzz".to_owned()];
    let missing = compute.destroy_instances(destroy(&ids)).await.unwrap();
    assert_eq!(shown(&missing), ["Failed ->- NotFound"]);
    let allowed = compute
        .destroy_instances(destroy(&ids).with_allow_missing(true))
        .await
        .unwrap();
    assert!(shown(&allowed)[0].starts_with("AlreadyThere"));
    emulator.stop().await;
}

#[tokio::test]
async fn ways_of_paying_are_not_mixed_in_a_call() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let ids = emulator.add_instances(Cloud::Tencent, 4);
    for (id, charge_type) in ids.iter().zip(["SPOTPAID", "CDHPAID", "CDCPAID"]) {
        emulator.world().set_charge_type(id, charge_type);
    }
    let gone = compute.destroy_instances(destroy(&ids)).await.unwrap();
    assert_eq!(shown(&gone), ["Changed Running>Terminating"; 4]);
    assert_eq!(count(&emulator, "TerminateInstances"), 4);
    assert!(
        emulator
            .calls()
            .iter()
            .all(|call| call.error_code.is_none())
    );
    emulator.stop().await;
}

#[tokio::test]
async fn calls_for_many_ids() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let ids = emulator.add_instances(Cloud::Tencent, 250);
    let stopped = compute.stop_instances(stop(&ids)).await.unwrap();
    assert!(stopped.into_result().is_ok());
    assert_eq!(count(&emulator, "DescribeInstances"), 3);
    assert_eq!(count(&emulator, "StopInstances"), 3);
    emulator.stop().await;
}

#[tokio::test]
async fn a_key_that_is_refused_is_an_error_of_the_whole_call() {
    let emulator = Emulator::start().await.unwrap();
    let compute = compute(&emulator).await;
    let ids = emulator.add_instances(Cloud::Tencent, 2);
    emulator.fault(fault(FaultKind::ExpiredKey, "DescribeInstances"));
    let error = compute.stop_instances(stop(&ids)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.operation(), Some(Operation::StopInstances));
    emulator.stop().await;
}
