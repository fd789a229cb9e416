//! BatchRegisterTargets and BatchDeregisterTargets: a listener with a bad target fails as a whole, in an answer that is
//! otherwise a success.

use serde_json::{Value, json};

use super::model::{Change, Place, Step};
use super::request::{self, Named, find_listener, find_place};
use super::{balancer, begin, refuse_if_busy};
use crate::tencent::{Error, Params};
use crate::world::Scope;

/// The most targets in one call.
const MOST_TARGETS: usize = 500;

pub(super) fn register(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    perform(scope, params, |scope, vpc_id, place, key, named| {
        named.bind(scope, vpc_id, place, key)
    })
}

pub(super) fn deregister(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    perform(scope, params, |_, _, place, key, named| {
        named.change(place, key, Step::Unbind)
    })
}

fn perform(
    scope: &mut Scope<'_>,
    params: &Params,
    change: impl Fn(&Scope<'_>, &str, &Place, &(String, String), &Named<'_>) -> Result<Change, Error>,
) -> Result<Value, Error> {
    let id = params.text("LoadBalancerId").unwrap_or_default();
    balancer(scope, id, true)?;
    let named = request::read(params, MOST_TARGETS)?;
    let keys = keys(scope, id, params)?;
    for (at, (one, key)) in named.iter().zip(&keys).enumerate() {
        let same = |(other, of): (&Named<'_>, &(String, String))| {
            of == key
                && (other.instance, other.address, other.port)
                    == (one.instance, one.address, one.port)
        };
        if named[..at].iter().zip(&keys).any(same) {
            return Err(request::duplicate(one));
        }
    }
    refuse_if_busy(scope, id)?;
    let clb = &scope.region.balancers.clb;
    let found = clb.balancer(id).ok_or_else(|| super::not_found(id))?;
    let mut listeners: Vec<&str> = Vec::new();
    let mut changes: Vec<Change> = Vec::with_capacity(named.len());
    let mut failed: Vec<&str> = Vec::new();
    let mut message = String::new();
    for (one, key) in named.iter().zip(&keys) {
        let listener = find_listener(found, &key.0)?;
        if !listeners.contains(&listener.id.as_str()) {
            listeners.push(&listener.id);
        }
        let place = listener.places.iter().find(|it| it.location == key.1);
        match place.map(|place| change(scope, &found.vpc_id, place, key, one)) {
            Some(Ok(change)) => changes.push(change),
            Some(Err(error)) => {
                message = error.message;
                if !failed.contains(&listener.id.as_str()) {
                    failed.push(&listener.id);
                }
            }
            None => {}
        }
    }
    if scope.half {
        for listener in listeners.split_off(listeners.len() / 2) {
            if !failed.contains(&listener) {
                failed.push(listener);
            }
        }
        "The operation failed for some of the listeners.".clone_into(&mut message);
    }
    changes.retain(|change| !failed.contains(&change.place.0.as_str()));
    let answer = json!({ "FailListenerIdSet": failed, "Message": message });
    // What has gone wrong of this batch stands in the answer.
    scope.half = false;
    begin(scope, id, changes)?;
    Ok(answer)
}

/// The place of each target, in their order.
fn keys(scope: &Scope<'_>, id: &str, params: &Params) -> Result<Vec<(String, String)>, Error> {
    let clb = &scope.region.balancers.clb;
    let found = clb.balancer(id).ok_or_else(|| super::not_found(id))?;
    params
        .items("Targets")
        .iter()
        .map(|item| {
            let text = |name: &str| item.get(name).and_then(Value::as_str);
            let listener = find_listener(found, text("ListenerId").unwrap_or_default())?;
            let place = find_place(listener, text("LocationId"), None)?;
            Ok((listener.id.clone(), place.location.clone()))
        })
        .collect()
}
