//! What has to be done to a table for a request, worked out before anything is done.

use super::model::sort_routes;
use super::{
    Destination, ReplaceMode, ReplacedRoutes, Route, RouteAction, RouteChange, RouteOrigin,
    RouteSpec, RouteState, RouteTable, RouteTargetKind,
};
use crate::{Error, ErrorKind, Result};

/// The changes that a request means for a table as it is now.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RoutePlan {
    /// A change for each destination asked for, in that order; then, with [`ReplaceMode::Exact`], the deletions.
    pub changes: Vec<RouteChange>,
    /// All routes as they are now.
    pub previous: Vec<Route>,
}

impl RoutePlan {
    /// Gives all routes as they will be, sorted.
    pub fn current(&self) -> Vec<Route> {
        let mut routes = self.previous.clone();
        for change in self
            .changes
            .iter()
            .filter(|change| change.action != RouteAction::Unchanged)
        {
            if let Some(before) = &change.before
                && let Some(index) = routes.iter().position(|route| route == before)
            {
                routes.remove(index);
            }
            routes.extend(change.after.clone());
        }
        sort_routes(&mut routes);
        routes
    }

    /// Gives the plan as the answer of a dry run.
    pub fn into_dry_run(self, table: &RouteTable) -> ReplacedRoutes {
        ReplacedRoutes {
            route_table_id: table.route_table_id.clone(),
            dry_run: true,
            current: self.current(),
            changes: self.changes,
            previous: self.previous,
        }
    }
}

/// Works out what a request means for a table. Only static routes are ever changed.
///
/// # Errors
///
/// `InvalidArgument` for a destination that only the cloud may change, that only a propagated route has (with
/// [`ReplaceMode::Replace`]), or that several static routes have; `NotFound` for destinations without a static route (with
/// [`ReplaceMode::Replace`]). The resources are the destinations.
pub fn plan(table: &RouteTable, routes: &[RouteSpec], mode: ReplaceMode) -> Result<RoutePlan> {
    let mut changes = Vec::with_capacity(routes.len());
    let mut refused = Vec::new();
    let mut missing = Vec::new();
    for spec in routes {
        match plan_one(table, spec, mode) {
            Ok(change) => changes.push(change),
            Err(Refusal::Never(why)) => refused.push((&spec.destination, why)),
            Err(Refusal::Missing) => missing.push(&spec.destination),
        }
    }
    if !refused.is_empty() {
        let reasons: Vec<String> = refused
            .iter()
            .map(|(destination, why)| format!("{destination} {why}"))
            .collect();
        return Err(Error::invalid_argument(format!(
            "{}: {}",
            table.route_table_id,
            reasons.join("; ")
        ))
        .with_resources(
            refused
                .iter()
                .map(|(destination, _)| destination.to_string()),
        ));
    }
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
        return Err(Error::new(
            ErrorKind::NotFound,
            format!(
                "{} has no route to {}; the mode Upsert creates what is missing",
                table.route_table_id,
                names.join(", ")
            ),
        )
        .with_resources(names));
    }
    if mode == ReplaceMode::Exact {
        let unasked = table.routes.iter().filter(|route| {
            route.is_static()
                && !routes
                    .iter()
                    .any(|spec| spec.destination == route.destination)
        });
        changes.extend(
            unasked.map(|route| {
                RouteChange::new(route.destination.clone(), Some(route.clone()), None)
            }),
        );
    }
    Ok(RoutePlan {
        changes,
        previous: table.routes.clone(),
    })
}

enum Refusal {
    /// Not with any mode, or for the reason given.
    Never(String),
    /// There is no route to replace.
    Missing,
}

fn plan_one(
    table: &RouteTable,
    spec: &RouteSpec,
    mode: ReplaceMode,
) -> Result<RouteChange, Refusal> {
    let destination = &spec.destination;
    let mut statics = table.static_routes(destination);
    match (statics.next(), statics.next()) {
        (Some(route), None) if spec.target.kind == RouteTargetKind::Local => Err(Refusal::Never(
            format!("leads to {}; a route can't be set to Local", route.target),
        )),
        (Some(route), None) => Ok(change_to(route, spec)),
        (Some(first), Some(second)) => {
            let targets: Vec<String> = [first, second]
                .into_iter()
                .chain(statics)
                .map(|route| route.target.to_string())
                .collect();
            Err(Refusal::Never(format!(
                "has several static routes ({}), of which none is named by its destination alone",
                targets.join(", ")
            )))
        }
        (None, _) => plan_without_static(table, spec, mode),
    }
}

fn plan_without_static(
    table: &RouteTable,
    spec: &RouteSpec,
    mode: ReplaceMode,
) -> Result<RouteChange, Refusal> {
    let others = || {
        table
            .routes
            .iter()
            .filter(|route| route.destination == spec.destination)
    };
    let managed = others().find(|route| route.origin != RouteOrigin::Propagated);
    if let Some(route) = managed {
        if route.leads_to(&spec.target) && spec.description.is_none() {
            let same = Some(route.clone());
            return Ok(RouteChange::new(
                spec.destination.clone(),
                same.clone(),
                same,
            ));
        }
        return Err(Refusal::Never(match &route.origin {
            RouteOrigin::Local => {
                "is the network's own, local route, which is never changed".to_owned()
            }
            RouteOrigin::System => format!(
                "is managed by the cloud ({}) and never changed",
                route.target
            ),
            origin => format!("has the unknown origin {origin} and is never changed"),
        }));
    }
    if spec.target.kind == RouteTargetKind::Local {
        return Err(Refusal::Never(
            "has no local route, and none can be set".to_owned(),
        ));
    }
    match (mode, others().next()) {
        (ReplaceMode::Replace, Some(route)) => Err(Refusal::Never(format!(
            "has only a propagated route ({}), which can't be replaced; the mode Upsert creates a static one beside it, which \
             wins, where the cloud allows both",
            route.target
        ))),
        (ReplaceMode::Replace, None) => Err(Refusal::Missing),
        (ReplaceMode::Upsert | ReplaceMode::Exact, _) => {
            let route = Route::new(
                spec.destination.clone(),
                spec.target.clone(),
                RouteOrigin::Static,
            )
            .with_description(spec.description.clone())
            .with_aliases(spec.aliases.clone());
            Ok(RouteChange::new(
                spec.destination.clone(),
                None,
                Some(route),
            ))
        }
    }
}

/// The change of a static route to what is wanted of it; whether it is switched on stays as it is.
fn change_to(route: &Route, spec: &RouteSpec) -> RouteChange {
    let mut after = route.clone();
    if let Some(description) = &spec.description {
        after = after.with_description(Some(description.clone()));
    }
    let names = || std::iter::once(&spec.target).chain(&spec.aliases);
    if !names().any(|name| route.leads_to(name)) {
        after.target = spec.target.clone();
        after.aliases.clone_from(&spec.aliases);
        if after.state != RouteState::Disabled {
            after.state = RouteState::Active;
        }
    }
    RouteChange::new(spec.destination.clone(), Some(route.clone()), Some(after))
}

/// Works out for each change what is left of it, now that the table is like this: `None` when it is as wanted already.
///
/// # Errors
///
/// As for [`plan`].
pub(crate) fn revise(
    table: &RouteTable,
    changes: &[RouteChange],
    mode: ReplaceMode,
) -> Result<Vec<Option<RouteChange>>> {
    changes
        .iter()
        .map(|change| revise_one(table, change, mode))
        .collect()
}

fn revise_one(
    table: &RouteTable,
    change: &RouteChange,
    mode: ReplaceMode,
) -> Result<Option<RouteChange>> {
    let Some(wanted) = &change.after else {
        let present = change
            .before
            .as_ref()
            .and_then(|before| find(table, before));
        return Ok(present
            .map(|now| RouteChange::new(change.destination.clone(), Some(now.clone()), None)));
    };
    if find(table, wanted).is_some() {
        return Ok(None);
    }
    let spec = RouteSpec {
        destination: change.destination.clone(),
        target: wanted.target.clone(),
        description: Some(wanted.description.clone().unwrap_or_default()),
        aliases: wanted.aliases.clone(),
    };
    // The unnamed static routes of `Exact` are changes of their own.
    let mode = if mode == ReplaceMode::Exact {
        ReplaceMode::Upsert
    } else {
        mode
    };
    let mut again = plan(table, &[spec], mode)?.changes;
    Ok(again.pop().map(|mut again| {
        if let Some(after) = &mut again.after
            && (wanted.state == RouteState::Disabled || after.state == RouteState::Disabled)
        {
            after.state = wanted.state.clone();
        }
        RouteChange::new(again.destination, again.before, again.after)
    }))
}

/// Finds the route that does the same as the given one.
pub(crate) fn find<'a>(table: &'a RouteTable, wanted: &Route) -> Option<&'a Route> {
    table
        .routes
        .iter()
        .find(|route| route.is_static() && route.does_the_same(wanted))
}

/// Gives the changes that make the static routes of a destination what they are to be; none when they are.
pub(crate) fn repair(
    table: &RouteTable,
    destination: &Destination,
    wanted: &[Route],
) -> Vec<RouteChange> {
    let mut present: Vec<Route> = table.static_routes(destination).cloned().collect();
    let mut absent = Vec::new();
    for route in wanted {
        match present.iter().position(|now| now.does_the_same(route)) {
            Some(index) => drop(present.remove(index)),
            None => absent.push(route.clone()),
        }
    }
    let count = present.len().max(absent.len());
    let (mut present, mut absent) = (present.into_iter(), absent.into_iter());
    (0..count)
        .map(|_| RouteChange::new(destination.clone(), present.next(), absent.next()))
        .collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
