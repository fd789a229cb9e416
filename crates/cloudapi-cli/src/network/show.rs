//! Route tables in columns.

use cloudapi::network::{ReplacedRoutes, Route, RouteTable};

use crate::output::Report;
use crate::output::grid::Grid;

const DRY_RUN: &str = "Dry run: nothing was changed.";

/// A line for each route.
impl Report for Vec<RouteTable> {
    fn grid(&self) -> Grid {
        let mut grid = Grid::new([
            "RouteTableId",
            "Name",
            "VpcId",
            "Main",
            "Destination",
            "Target",
            "Origin",
            "State",
            "Description",
        ]);
        for table in self {
            let of_table = || {
                [
                    table.route_table_id.to_string(),
                    text(table.name.as_ref()),
                    text(table.vpc_id.as_ref()),
                    if table.main { "yes" } else { "no" }.to_owned(),
                ]
            };
            if table.routes.is_empty() {
                grid.row(
                    of_table()
                        .into_iter()
                        .chain(std::iter::repeat_n(String::new(), 5)),
                );
            }
            for route in &table.routes {
                grid.row(of_table().into_iter().chain([
                    route.destination.to_string(),
                    route.target.to_string(),
                    route.origin.to_string(),
                    route.state.to_string(),
                    text(route.description.as_ref()),
                ]));
            }
        }
        grid
    }
}

/// A line for each destination, with where it led and leads.
impl Report for ReplacedRoutes {
    fn grid(&self) -> Grid {
        let mut grid = Grid::new(["Destination", "Action", "Before", "After"]);
        if self.dry_run {
            grid = grid.with_note(DRY_RUN);
        }
        for change in &self.changes {
            grid.row([
                change.destination.to_string(),
                format!("{:?}", change.action),
                leads(change.before.as_ref()),
                leads(change.after.as_ref()),
            ]);
        }
        grid
    }
}

fn leads(route: Option<&Route>) -> String {
    match route {
        None => String::new(),
        Some(route) => match &route.description {
            Some(description) => format!("{} ({description})", route.target),
            None => route.target.to_string(),
        },
    }
}

fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use cloudapi::network::{RouteOrigin, RouteState, RouteTarget, RouteTargetKind};

    use super::*;

    fn nat(id: &str) -> Route {
        let target = RouteTarget::new(RouteTargetKind::NatGateway, id);
        Route::new("0.0.0.0/0", target, RouteOrigin::Static)
    }

    #[test]
    fn every_route_has_a_line_and_so_has_an_empty_table() {
        let full = RouteTable::new("rtb-1")
            .with_routes(vec![nat("nat-1").with_state(RouteState::Blackhole)]);
        assert_eq!(
            vec![full, RouteTable::new("rtb-2")].grid().text(),
            "rtb-1\t-\t-\tno\t0.0.0.0/0\tNatGateway nat-1\tStatic\tBlackhole\t-\nrtb-2\t-\t-\tno\t-\t-\t-\t-\t-\n"
        );
    }

    #[test]
    fn a_change_shows_before_and_after() {
        let json = serde_json::json!({
            "RouteTableId": "rtb-1", "DryRun": true, "Previous": [], "Current": [],
            "Changes": [
                {"Destination": "0.0.0.0/0", "Action": "Replaced", "Before": nat("nat-1").with_description(Some("out".to_owned())),
                 "After": nat("nat-2")},
                {"Destination": "10.1.0.0/16", "Action": "Deleted", "Before": nat("nat-1")},
            ],
        });
        let replaced: ReplacedRoutes = serde_json::from_value(json).unwrap();
        let grid = replaced.grid();
        assert_eq!(
            grid.text(),
            "0.0.0.0/0\tReplaced\tNatGateway nat-1 (out)\tNatGateway nat-2\n10.1.0.0/16\tDeleted\tNatGateway nat-1\t-\n"
        );
        assert!(grid.table().starts_with(DRY_RUN));
    }
}
