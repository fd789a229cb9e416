//! A table in memory, with every fault that a cloud has.

use std::sync::Mutex;

use super::*;
use crate::network::{RouteOrigin, RouteTarget, RouteTargetKind};

/// What goes wrong with one write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// It is refused.
    Refused,
    /// The cloud does not find something.
    Unknown,
    /// The connection breaks before the cloud gets it.
    LostBefore,
    /// The connection breaks after the cloud did it.
    LostAfter,
}

#[derive(Default)]
pub(super) struct World {
    pub(super) routes: Vec<Route>,
    /// What reads show while the table lags.
    pub(super) shown: Vec<(u32, Vec<Route>)>,
    writes: u32,
    pub(super) reads: u32,
    log: Vec<String>,
    next_id: u32,
}

pub(super) struct Cloud {
    pub(super) world: Mutex<World>,
    per_call: usize,
    lag: u32,
    fault: Box<dyn Fn(u32, RouteAction) -> Option<Fault> + Send + Sync>,
    pub(super) read_fault: Box<dyn Fn(u32) -> bool + Send + Sync>,
    /// Whether routes have ids, by which alone they are changed.
    with_ids: bool,
}

pub(super) fn nat(destination: &str, id: &str) -> Route {
    Route::new(
        destination,
        RouteTarget::new(RouteTargetKind::NatGateway, id),
        RouteOrigin::Static,
    )
}

impl Cloud {
    pub(super) fn new(per_call: usize) -> Self {
        let with_ids = per_call > 1;
        let mut routes = vec![
            nat("10.1.0.0/16", "old-1"),
            nat("10.2.0.0/16", "old-2"),
            nat("10.3.0.0/16", "old-3").with_description(Some("third".to_owned())),
            nat("10.8.0.0/16", "gone-8"),
            nat("10.9.0.0/16", "gone-9"),
        ];
        for (index, route) in routes.iter_mut().enumerate() {
            route.route_id = with_ids.then(|| format!("rti-{index}"));
        }
        Self {
            world: Mutex::new(World {
                routes,
                next_id: 100,
                ..World::default()
            }),
            per_call,
            lag: 0,
            fault: Box::new(|_, _| None),
            read_fault: Box::new(|_| false),
            with_ids,
        }
    }

    pub(super) fn with_fault(
        mut self,
        fault: impl Fn(u32, RouteAction) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        self.fault = Box::new(fault);
        self
    }

    pub(super) fn with_lag(mut self, lag: u32) -> Self {
        self.lag = lag;
        self
    }

    /// `DESTINATION TARGET` of every route, sorted.
    pub(super) fn routes(&self) -> Vec<String> {
        let world = self.world.lock().unwrap();
        let mut lines: Vec<String> = world
            .routes
            .iter()
            .map(|route| {
                let description = route.description.as_deref().unwrap_or_default();
                format!("{} {} {description}", route.destination, route.target.id)
            })
            .collect();
        lines.sort();
        lines
    }

    pub(super) fn log(&self) -> Vec<String> {
        self.world.lock().unwrap().log.clone()
    }

    fn position(&self, world: &World, route: &Route) -> Option<usize> {
        world.routes.iter().position(|known| {
            if self.with_ids && route.route_id.is_some() {
                known.route_id == route.route_id
            } else {
                known.destination == route.destination
            }
        })
    }

    fn act(
        &self,
        world: &mut World,
        action: RouteAction,
        changes: &[RouteChange],
    ) -> Result<Vec<Route>> {
        let mut routes = world.routes.clone();
        let mut answer = Vec::new();
        for change in changes {
            let at = change
                .before
                .as_ref()
                .and_then(|before| self.position(world, before));
            let taken = routes
                .iter()
                .any(|route| route.destination == change.destination);
            match (action, at, &change.after) {
                (RouteAction::Replaced, Some(at), Some(after)) => {
                    let old = &world.routes[at];
                    let index = routes.iter().position(|route| route == old).unwrap();
                    routes[index] = after.clone().with_route_id(old.route_id.clone());
                    answer.push(routes[index].clone());
                }
                (RouteAction::Created, _, Some(_)) if taken => {
                    return Err(Error::new(ErrorKind::AlreadyExists, "there already"));
                }
                (RouteAction::Created, _, Some(after)) => {
                    world.next_id += 1;
                    let id = self.with_ids.then(|| format!("rti-{}", world.next_id));
                    routes.push(after.clone().with_route_id(id));
                    answer.extend(routes.last().cloned());
                }
                (RouteAction::Deleted, Some(at), None) => {
                    let old = world.routes[at].clone();
                    routes.retain(|route| *route != old);
                }
                _ => return Err(Error::new(ErrorKind::NotFound, "no such route")),
            }
        }
        world.shown.push((self.lag, world.routes.clone()));
        world.routes = routes;
        Ok(answer)
    }
}

#[async_trait]
impl RouteCalls for Cloud {
    fn routes_per_call(&self) -> usize {
        self.per_call
    }

    fn check(&self, _routes: &[RouteSpec]) -> Result<()> {
        Ok(())
    }

    async fn read(&self, deadline: Deadline) -> Result<RouteTable> {
        deadline.limit(async { Ok(()) }).await?;
        let mut world = self.world.lock().unwrap();
        world.reads += 1;
        if (self.read_fault)(world.reads) {
            return Err(Error::new(ErrorKind::Unavailable, "unreadable"));
        }
        world.shown.retain(|(left, _)| *left > 0);
        world.shown.iter_mut().for_each(|(left, _)| *left -= 1);
        let routes = world
            .shown
            .first()
            .map_or_else(|| world.routes.clone(), |(_, routes)| routes.clone());
        let mut table = RouteTable::new("rtb-1").with_routes(routes);
        table.vpc_id = Some("vpc-1".to_owned());
        Ok(table)
    }

    async fn apply(
        &self,
        action: RouteAction,
        changes: &[RouteChange],
        _: Deadline,
    ) -> Result<Vec<Route>> {
        let mut world = self.world.lock().unwrap();
        world.writes += 1;
        let names: Vec<String> = changes
            .iter()
            .map(|change| change.destination.to_string())
            .collect();
        world.log.push(format!("{action:?} {}", names.join(" ")));
        let lost = || Err(Error::new(ErrorKind::Network, "connection lost"));
        match (self.fault)(world.writes, action) {
            Some(Fault::Refused) => Err(Error::new(ErrorKind::PermissionDenied, "not allowed")),
            Some(Fault::Unknown) => Err(Error::new(ErrorKind::NotFound, "no such thing")),
            Some(Fault::LostBefore) => lost(),
            Some(Fault::LostAfter) => self.act(&mut world, action, changes).and_then(|_| lost()),
            None => self.act(&mut world, action, changes),
        }
    }
}
