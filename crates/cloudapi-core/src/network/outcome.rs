//! What came of replacing routes.

use serde::{Deserialize, Serialize};

use super::{Destination, Route};
use crate::RouteTableId;

/// What was done with a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RouteAction {
    /// It leads elsewhere, or says something else, than before; without a gap.
    Replaced,
    /// It was made.
    Created,
    /// It was taken away.
    Deleted,
    /// It was as wanted.
    Unchanged,
}

/// What was done with one destination, or in a dry run would be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct RouteChange {
    /// The destination.
    pub destination: Destination,
    /// What was done.
    pub action: RouteAction,
    /// The route before; absent when it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Route>,
    /// The route after; absent when it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Route>,
}

impl RouteChange {
    /// Describes the change from one route to another.
    pub(crate) fn new(
        destination: Destination,
        before: Option<Route>,
        after: Option<Route>,
    ) -> Self {
        let action = match (&before, &after) {
            (Some(before), Some(after)) if before.does_the_same(after) => RouteAction::Unchanged,
            (Some(_), Some(_)) => RouteAction::Replaced,
            (None, Some(_)) => RouteAction::Created,
            (Some(_), None) => RouteAction::Deleted,
            (None, None) => RouteAction::Unchanged,
        };
        Self {
            destination,
            action,
            before,
            after,
        }
    }

    /// The change that takes this one back.
    pub(crate) fn inverse(&self) -> Self {
        Self::new(
            self.destination.clone(),
            self.after.clone(),
            self.before.clone(),
        )
    }
}

/// What came of replacing routes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ReplacedRoutes {
    /// The table.
    pub route_table_id: RouteTableId,
    /// Whether nothing was changed, and the rest tells what would be.
    pub dry_run: bool,
    /// A change for each destination of the request, in its order, then those that were deleted.
    pub changes: Vec<RouteChange>,
    /// All routes of the table before.
    pub previous: Vec<Route>,
    /// All routes of the table after.
    pub current: Vec<Route>,
}
