//! RegisterTargets, DeregisterTargets and ModifyTargetWeight: one bad target, and nothing is done.

use serde_json::Value;

use super::model::{Change, Place, Step};
use super::request::{self, DEFAULT_WEIGHT, Named, find_listener, find_place};
use super::{balancer, begin, refuse_if_busy};
use crate::tencent::{Error, Params};
use crate::world::Scope;

/// The most targets in one call.
const MOST_TARGETS: usize = 20;

/// A place: the listener and the location.
type Key = (String, String);

pub(super) fn register(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    perform(
        scope,
        params,
        MOST_TARGETS,
        |scope, vpc_id, place, key, named| named.bind(scope, vpc_id, place, key),
    )
}

pub(super) fn deregister(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    perform(scope, params, MOST_TARGETS, |_, _, place, key, named| {
        named.change(place, key, Step::Unbind)
    })
}

pub(super) fn modify_weight(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let all = params.number("Weight");
    request::check_weight("Weight", all)?;
    // No limit is documented here.
    perform(scope, params, usize::MAX, |_, _, place, key, named| {
        let weight = named.weight.or(all).unwrap_or(DEFAULT_WEIGHT);
        named.change(place, key, Step::Weigh(weight))
    })
}

fn perform(
    scope: &mut Scope<'_>,
    params: &Params,
    most: usize,
    change: impl Fn(&Scope<'_>, &str, &Place, &Key, &Named<'_>) -> Result<Change, Error>,
) -> Result<Value, Error> {
    let id = params.text("LoadBalancerId").unwrap_or_default();
    let place = |scope: &mut Scope<'_>| -> Result<Key, Error> {
        let balancer = balancer(scope, id, true)?;
        let listener = find_listener(balancer, params.text("ListenerId").unwrap_or_default())?;
        let rule = params.text("Domain").zip(params.text("Url"));
        let place = find_place(listener, params.text("LocationId"), rule)?;
        Ok((listener.id.clone(), place.location.clone()))
    };
    let key = place(scope)?;
    let named = request::read(params, most)?;
    for (at, one) in named.iter().enumerate() {
        let same = |other: &&Named<'_>| {
            (other.instance, other.address, other.port) == (one.instance, one.address, one.port)
        };
        if named[..at].iter().any(|other| same(&other)) {
            return Err(request::duplicate(one));
        }
    }
    refuse_if_busy(scope, id)?;
    let clb = &scope.region.balancers.clb;
    let found = clb.balancer(id).ok_or_else(|| super::not_found(id))?;
    let listener = find_listener(found, &key.0)?;
    let mut changes = Vec::with_capacity(named.len());
    for place in listener.places.iter().filter(|it| it.location == key.1) {
        for one in &named {
            changes.push(change(scope, &found.vpc_id, place, &key, one)?);
        }
    }
    begin(scope, id, changes)
}
