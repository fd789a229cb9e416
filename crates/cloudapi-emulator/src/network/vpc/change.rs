//! CreateRoutes, ReplaceRoutes, DeleteRoutes, EnableRoutes, DisableRoutes: one bad route, and nothing is done.

use serde_json::{Value, json};

use super::content::{Conflict, Content};
use super::tables::{self, render_route};
use crate::clock;
use crate::network::Route;
use crate::tencent::{Error, Params};
use crate::world::Scope;

/// The most routes of the account's own in a table.
const MOST_ROUTES: usize = 50;
/// The most routes in one call that switches them on or off.
const MOST_SWITCHED: usize = 100;

pub(super) fn create_routes(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let (id, items) = (table_id(params), routes(params)?);
    let table = tables::find(scope, id)?;
    let mut after = table.routes.clone();
    let before = after.len();
    for (at, item) in items.iter().enumerate() {
        let content = Content::read(scope.region, table, item, at, "RouteNextHopInvalid")?;
        let route = content.into_route(scope.now);
        match Conflict::of(&route, after.iter()) {
            Some(Conflict::Same) => return Err(Conflict::duplicate(&route)),
            Some(Conflict::System) => {
                let message = format!(
                    "A route of the CCN goes to `{}` already.",
                    route.destination
                );
                return Err(Error::new("UnsupportedOperation.EcmpWithCcnRoute", message));
            }
            Some(Conflict::User) => {
                let message = format!("Another route goes to `{}` already.", route.destination);
                return Err(Error::new(
                    "UnsupportedOperation.EcmpWithUserRoute",
                    message,
                ));
            }
            None => after.push(route),
        }
    }
    let own = after.iter().filter(|route| route.origin == "USER").count();
    if own > MOST_ROUTES {
        let message = format!("The route table `{id}` can have {MOST_ROUTES} routes at most.");
        return Err(Error::new("LimitExceeded", message));
    }
    let mut fresh = after.split_off(before);
    if scope.half {
        fresh.truncate(fresh.len() / 2);
    }
    for route in &mut fresh {
        let item = scope.common.random.tencent_id("rti-");
        (route.number, route.item) = scope.region.network.next_route(route.is_ipv6(), &item);
    }
    let created = clock::beijing(scope.region.network.created);
    let shown: Vec<Value> = fresh.iter().map(|route| render_route(id, route)).collect();
    write(scope, id, |routes| routes.extend(fresh))?;
    let table = tables::find(scope, id)?;
    let set = tables::render(table, shown.into_iter(), &created);
    Ok(json!({ "TotalCount": 1, "RouteTableSet": [set] }))
}

pub(super) fn replace_routes(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let (id, items) = (table_id(params), routes(params)?);
    let table = tables::find(scope, id)?;
    let mut after = table.routes.clone();
    let mut places = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let place = changeable(&after, item)?;
        if places.contains(&place) {
            return Err(Conflict::duplicate(&after[place]));
        }
        // What is left out is not kept: the description becomes empty, the route enabled.
        let content = Content::read(scope.region, table, item, at, "")?;
        let old = &table.routes[place];
        let new = Route {
            number: old.number,
            item: old.item.clone(),
            ..content.into_route(scope.now)
        };
        if new.is_ipv6() != old.is_ipv6() {
            return Err(Error::value(
                &format!("Routes.{at}"),
                "An IPv4 route cannot become an IPv6 route, or the reverse.",
            ));
        }
        after[place] = new;
        places.push(place);
    }
    // Judged by what the table will be: two routes may change places in one call.
    for place in &places {
        let route = &after[*place];
        let others = after
            .iter()
            .enumerate()
            .filter(|(at, _)| at != place)
            .map(|(_, other)| other);
        match Conflict::of(route, others) {
            Some(Conflict::Same) => return Err(Conflict::duplicate(route)),
            // One of two routes that shared their destination before may change as long as they still do.
            Some(_) if route.destination != table.routes[*place].destination => {
                let message = format!("Another route goes to `{}` already.", route.destination);
                return Err(Error::new("UnsupportedOperation.Ecmp", message));
            }
            _ => {}
        }
    }
    if scope.half {
        places.truncate(places.len() / 2);
    }
    let shown = |routes: &[Route]| -> Vec<Value> {
        places
            .iter()
            .map(|place| render_route(id, &routes[*place]))
            .collect()
    };
    let (old, new) = (shown(&table.routes), shown(&after));
    write(scope, id, |routes| {
        for place in places {
            routes[place] = after[place].clone();
        }
    })?;
    Ok(json!({ "OldRouteSet": old, "NewRouteSet": new }))
}

pub(super) fn delete_routes(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let (id, items) = (table_id(params), routes(params)?);
    let table = tables::find(scope, id)?;
    let mut places = Vec::with_capacity(items.len());
    for item in items {
        let place = changeable(&table.routes, item)?;
        if places.contains(&place) {
            return Err(Conflict::duplicate(&table.routes[place]));
        }
        places.push(place);
    }
    if scope.half {
        places.truncate(places.len() / 2);
    }
    let shown: Vec<Value> = places
        .iter()
        .map(|place| render_route(id, &table.routes[*place]))
        .collect();
    write(scope, id, |routes| {
        let mut at = 0;
        routes.retain(|_| {
            at += 1;
            !places.contains(&(at - 1))
        });
    })?;
    Ok(json!({ "RouteSet": shown }))
}

pub(super) fn enable_routes(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    switch(scope, params, true)
}

pub(super) fn disable_routes(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    switch(scope, params, false)
}

fn switch(scope: &mut Scope<'_>, params: &Params, on: bool) -> Result<Value, Error> {
    let id = table_id(params);
    let table = tables::find(scope, id)?;
    let (numbers, items) = (params.items("RouteIds"), params.items("RouteItemIds"));
    let named: Vec<Value> = match (numbers.is_empty(), items.is_empty()) {
        (true, true) => return Err(Error::missing("RouteItemIds")),
        (false, false) => {
            return Err(Error::new(
                "InvalidParameter.Coexist",
                "`RouteIds` and `RouteItemIds` cannot be specified together.",
            ));
        }
        (true, false) => items
            .iter()
            .map(|item| json!({ "RouteItemId": item }))
            .collect(),
        (false, true) => numbers
            .iter()
            .map(|number| json!({ "RouteId": number }))
            .collect(),
    };
    if named.len() > MOST_SWITCHED {
        return Err(Error::new(
            "InvalidParameterValue.LimitExceeded",
            "More than 100 routes cannot be switched in one call.",
        ));
    }
    let places: Result<Vec<usize>, Error> = named
        .iter()
        .map(|item| changeable(&table.routes, item))
        .collect();
    let mut places = places?;
    if scope.half {
        places.truncate(places.len() / 2);
    }
    write(scope, id, |routes| {
        for place in places {
            routes[place].enabled = on;
        }
    })?;
    Ok(json!({}))
}

fn table_id(params: &Params) -> &str {
    params.text("RouteTableId").unwrap_or_default()
}

fn routes(params: &Params) -> Result<&[Value], Error> {
    let items = params.items("Routes");
    if items.is_empty() {
        return Err(Error::missing("Routes"));
    }
    Ok(items)
}

/// Where the route stands that an item names by its id or number; it has to be one of the account's own.
fn changeable(routes: &[Route], item: &Value) -> Result<usize, Error> {
    let id = item.get("RouteItemId").and_then(Value::as_str);
    let number = item.get("RouteId").and_then(Value::as_u64);
    let place = match (id.filter(|id| !id.is_empty()), number) {
        (Some(id), _) => routes.iter().position(|route| route.item == id),
        // All IPv6 routes have the number 0, which therefore names none.
        (None, Some(number)) if number > 0 => {
            routes.iter().position(|route| route.number == number)
        }
        (None, Some(_)) => None,
        (None, None) => return Err(Error::missing("Routes.RouteItemId")),
    };
    let place = place.ok_or_else(|| {
        Error::new(
            "UnsupportedOperation.RecordNotExists",
            "The route does not exist.",
        )
    })?;
    if routes[place].origin != "USER" {
        let message = format!(
            "The route to `{}` is the system's and cannot be changed.",
            routes[place].destination
        );
        return Err(Error::new("UnsupportedOperation.SystemRoute", message));
    }
    Ok(place)
}

/// Changes the table; this service shows a change at once.
fn write(
    scope: &mut Scope<'_>,
    id: &str,
    change: impl FnOnce(&mut Vec<Route>),
) -> Result<(), Error> {
    if let Some(table) = scope.region.network.table_mut(id) {
        table.change(0, change);
    }
    if scope.half {
        return Err(Error::internal("vpc"));
    }
    Ok(())
}
