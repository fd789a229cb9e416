//! ReplaceRoutes that fails half-way, at every write: put back, or told exactly.

use cloudapi_core::network::{Destination, ReplaceMode, ReplaceRoutesRequest, RouteAction};
use cloudapi_core::{ErrorKind, Operation};
use futures_util::FutureExt;

use super::replace::case;
use super::stage::{NetworkFixture, differing};
use crate::capability::Capability;
use crate::case::Case;
use crate::compute::FAULTS;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};
use crate::target::{Fault, FaultKind, Need};

/// Two routes to make.
const CREATED: [&str; 2] = ["10.77.0.0/16", "10.78.0.0/16"];
/// More than any policy here allows attempts.
const FOR_GOOD: u32 = 10_000;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        case(
            "puts-back-what-was-done-when-refused",
            "Refused at any of its writes, the table is as it was, and the error names no destination.",
            |cx| put_back(cx).boxed(),
        ),
        case(
            "names-exactly-what-could-not-be-put-back",
            "When nothing can be put back, the error's resources are exactly the destinations that differ.",
            |cx| not_put_back(cx).boxed(),
        ),
    ];
    for (kind, name, words) in FAULTS {
        let case = Case::new(
            format!("network/replace-survives-{name}"),
            format!(
                "{} ends well after {words} at any of its writes, and nothing is doubled or lost.",
                Operation::ReplaceRoutes
            ),
            move |cx| survives(cx, *kind).boxed(),
        );
        cases.push(case.of(Operation::ReplaceRoutes));
    }
    let needs = [Need::Faults, Need::Truth];
    cases.into_iter().map(|case| case.needs(needs)).collect()
}

/// Changes two routes, makes two, and deletes all others but those that say more than where they lead: so many that each
/// kind of write has a first and a later one.
fn request(fixture: &NetworkFixture) -> Verdict<(ReplaceRoutesRequest, Vec<Destination>)> {
    let [one, two, three] = fixture.picks()?;
    let changed = [one, two].map(|route| fixture.elsewhere(route.destination.clone()));
    let created = CREATED.map(|destination| fixture.elsewhere(destination));
    let statics = fixture.statics();
    let plain = statics.iter().filter(|route| {
        ![one, two].contains(route) && route.state == cloudapi_core::network::RouteState::Active
    });
    let deleted: Vec<&Destination> = plain
        .map(|route| &route.destination)
        .filter(|destination| **destination != three.destination)
        .take(1)
        .chain([&three.destination])
        .collect();
    let kept = statics
        .iter()
        .filter(|route| ![one, two].contains(route) && !deleted.contains(&&route.destination))
        .map(|route| NetworkFixture::same(route));
    let mut different: Vec<Destination> = deleted.iter().map(|one| (*one).clone()).collect();
    different.extend(
        changed
            .iter()
            .chain(&created)
            .map(|one| one.destination.clone()),
    );
    different.sort();
    let routes = kept.chain(changed.clone()).chain(created.clone());
    let request = fixture.request(routes).with_mode(ReplaceMode::Exact);
    Ok((request, different))
}

/// The writes of the request in order: the action, and how many of the same come before.
fn writes(cx: &Context) -> Vec<(&'static str, u32)> {
    if Capability::RoutesInOneCall.held_by(cx.provider()) {
        return ["ReplaceRoutes", "CreateRoutes", "DeleteRoutes"]
            .map(|action| (action, 0))
            .to_vec();
    }
    let actions = ["ReplaceRoute", "CreateRoute", "DeleteRoute"].into_iter();
    actions
        .flat_map(|action| [(action, 0), (action, 1)])
        .collect()
}

/// Makes the table again what it was.
async fn restore(cx: &Context, before: &[crate::truth::NativeRoute]) -> Verdict {
    let fixture = cx.routing()?;
    cx.controls()?.clear_faults();
    cx.table().await?;
    let routes = fixture.statics().into_iter().map(|route| {
        let same = NetworkFixture::same(route);
        match &route.description {
            Some(text) => same.with_description(text),
            None => same,
        }
    });
    let request = fixture.request(routes).with_mode(ReplaceMode::Exact);
    cx.replace(request).await??;
    cx.table().await?;
    ensure_eq!(
        differing(before, &cx.truth()?),
        Vec::<String>::new(),
        "what is not restored"
    );
    Ok(())
}

async fn put_back(cx: &Context) -> Verdict {
    let (request, _) = request(cx.routing()?)?;
    let before = cx.truth()?;
    for (action, passed) in writes(cx) {
        let what = format!("refused at {action} after {passed} of them");
        cx.table().await?;
        let fault = Fault::new(FaultKind::Denied, action).with_after(passed);
        cx.controls()?.inject(fault);
        let result = cx.replace(request.clone()).await?;
        let error = refused(&what, ErrorKind::PermissionDenied, result)?;
        ensure_eq!(cx.truth()?, before, "{what}: the table");
        ensure_eq!(
            error.resources(),
            <[String; 0]>::default(),
            "{what}: resources"
        );
    }
    Ok(())
}

async fn not_put_back(cx: &Context) -> Verdict {
    let (request, _) = request(cx.routing()?)?;
    let before = cx.truth()?;
    let all = writes(cx);
    for kind in [FaultKind::Denied, FaultKind::CutBefore, FaultKind::Throttle] {
        for write in 0..all.len() {
            cx.table().await?;
            let mut actions: Vec<&str> = all.iter().map(|(action, _)| *action).collect();
            actions.dedup();
            for action in actions {
                let earlier = all[..write].iter().filter(|(one, _)| *one == action);
                let passed = u32::try_from(earlier.count()).unwrap_or(u32::MAX);
                let fault = Fault::new(kind, action).with_times(FOR_GOOD);
                cx.controls()?.inject(fault.with_after(passed));
            }
            let what = format!("{kind:?} from write {write} on");
            let Err(error) = cx.replace(request.clone()).await? else {
                return Err(Failure::new(format!("{what}: it succeeded")));
            };
            let different = differing(&before, &cx.truth()?);
            ensure_eq!(error.resources(), different, "{what}: resources");
            ensure_eq!(different.is_empty(), write == 0, "{what}: nothing differs");
            for destination in &different {
                ensure!(
                    error.message().contains(destination),
                    "{what}: {destination} is not in {error}"
                );
            }
            restore(cx, &before).await?;
        }
    }
    Ok(())
}

async fn survives(cx: &Context, kind: FaultKind) -> Verdict {
    let (request, different) = request(cx.routing()?)?;
    let different: Vec<String> = different.iter().map(ToString::to_string).collect();
    let before = cx.truth()?;
    for (action, passed) in writes(cx) {
        let what = format!("{kind:?} at {action} after {passed} of them");
        cx.table().await?;
        cx.controls()?
            .inject(Fault::new(kind, action).with_after(passed));
        let answer = match cx.replace(request.clone()).await? {
            Ok(answer) => answer,
            Err(error) => return Err(Failure::new(format!("{what}: {error}"))),
        };
        ensure_eq!(
            differing(&before, &cx.truth()?),
            different,
            "{what}: what is changed"
        );
        let changed = answer
            .changes
            .iter()
            .filter(|change| change.action != RouteAction::Unchanged);
        ensure_eq!(changed.count(), different.len(), "{what}: changes told");
        ensure_eq!(
            answer.current.len(),
            cx.truth()?.len(),
            "{what}: routes after"
        );
        restore(cx, &before).await?;
    }
    Ok(())
}
