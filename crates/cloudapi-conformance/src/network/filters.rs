//! The filters of DescribeRouteTables.

use cloudapi_core::{ErrorKind, Filters, Operation, Provider, RouteTableId};
use futures_util::FutureExt;

use super::stage::NetworkFixture;
use crate::case::{Case, CaseFuture};
use crate::context::Context;
use crate::failure::{Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("network/describe-{name}"), promise, run).of(Operation::DescribeRouteTables)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "filters-by-every-portable-name",
            "Each portable filter, and each vendor's spelling of it, finds what it names and nothing else.",
            |cx| every_name(cx).boxed(),
        ),
        case(
            "filter-by-subnet-finds-the-main-table",
            "A subnet that was given no table of its own finds its network's main one.",
            |cx| by_subnet(cx).boxed(),
        ),
        case(
            "takes-ids-together-with-filters",
            "Ids and filters given together both hold; what they exclude is no missing id.",
            |cx| ids_and_filters(cx).boxed(),
        ),
        case(
            "filters-hold-together-and-values-are-alternatives",
            "All names of a filter hold, and the values of one name are alternatives.",
            |cx| all_and_any(cx).boxed(),
        ),
        case(
            "filters-match-wildcards",
            "The values of a filter match with * and ?.",
            |cx| wildcards(cx).boxed(),
        ),
        case(
            "filters-take-any-number-of-values",
            "More values than the cloud takes in a call give the same answer.",
            |cx| many_values(cx).boxed(),
        ),
        case(
            "takes-the-clouds-own-filters",
            "A filter native:NAME is the cloud's own, passed on as it is.",
            |cx| native_filter(cx).boxed(),
        ),
        case(
            "refuses-filters-that-cannot-be-right",
            "An unknown name is refused with the nearest that is known, a repeated one with advice; nothing is sent.",
            |cx| bad_filters(cx).boxed(),
        )
        .needs([Need::CallLog]),
    ]
}

/// The tables that meet conditions, by id.
async fn found(cx: &Context, filters: Filters) -> Verdict<Vec<RouteTableId>> {
    let request = cx.describe_tables().with_filters(filters);
    let tables = cx.network()?.describe_route_tables(request).await?;
    let ids = tables.into_iter().map(|table| table.route_table_id);
    Ok(ids.collect())
}

fn name(fixture: &NetworkFixture) -> &str {
    fixture.table.name.as_deref().unwrap_or_default()
}

async fn every_name(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let table = &fixture.table;
    let (id, main) = (&table.route_table_id, &fixture.main_table_id);
    let vpc = table.vpc_id.as_deref().unwrap_or_default();
    let subnet = table.subnet_ids.first().map_or("", String::as_str);
    for (filter, value, holds_for_main) in [
        ("route-table-id", id.as_str(), false),
        ("association.route-table-id", id.as_str(), false),
        ("vpc-id", vpc, true),
        ("subnet-id", subnet, false),
        ("association.subnet-id", subnet, false),
        ("name", name(fixture), false),
        ("route-table-name", name(fixture), false),
    ] {
        let found = found(cx, Filters::new().with(filter, [value])).await?;
        ensure!(
            found.contains(id),
            "{filter}={value} does not find {id}: {found:?}"
        );
        ensure_eq!(
            found.contains(main),
            holds_for_main,
            "{filter}={value} finds {main}"
        );
    }
    for filter in ["main", "association.main"] {
        let main_ones = found(cx, Filters::new().with(filter, ["true"])).await?;
        ensure!(
            main_ones.contains(main) && !main_ones.contains(id),
            "{filter}: {main_ones:?}"
        );
        let others = found(cx, Filters::new().with(filter, ["false"])).await?;
        ensure!(
            others.contains(id) && !others.contains(main),
            "not {filter}: {others:?}"
        );
    }
    let untagged = found(cx, Filters::new().with("tag:no-such-tag-here", ["x"])).await?;
    ensure_eq!(
        untagged,
        Vec::<RouteTableId>::new(),
        "a tag that nothing has"
    );
    Ok(())
}

async fn by_subnet(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let (own, main) = (&fixture.table.route_table_id, &fixture.main_table_id);
    let subnet = fixture.table.subnet_ids.first().map_or("", String::as_str);
    let by = |subnets: Vec<&str>| Filters::new().with("subnet-id", subnets);
    let of_main = found(cx, by(vec![&fixture.main_subnet_id])).await?;
    ensure_eq!(
        of_main,
        std::slice::from_ref(main),
        "the table of {}",
        fixture.main_subnet_id
    );
    let mut both = [own.clone(), main.clone()];
    both.sort();
    let of_both = found(cx, by(vec![subnet, &fixture.main_subnet_id])).await?;
    ensure_eq!(of_both, both, "the tables of both subnets");
    let also_main = by(vec![subnet]).with("main", ["true"]);
    ensure_eq!(found(cx, also_main).await?, [], "{subnet} and main");
    let absent = if cx.provider() == Provider::Aws {
        "subnet-0fffffffffffffff0"
    } else {
        "subnet-fffffff0"
    };
    ensure_eq!(
        found(cx, by(vec![absent])).await?,
        [],
        "a subnet that is none"
    );
    Ok(())
}

async fn ids_and_filters(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let (id, main) = (&fixture.table.route_table_id, &fixture.main_table_id);
    for (filters, expected) in [
        (Filters::new().with("main", ["true"]), vec![main.clone()]),
        (
            Filters::new().with("name", [name(fixture)]),
            vec![id.clone()],
        ),
        (
            Filters::new().with("subnet-id", [&fixture.main_subnet_id]),
            vec![main.clone()],
        ),
        (
            Filters::new().with("name", ["no table has this name"]),
            vec![],
        ),
    ] {
        let request = cx
            .describe_tables()
            .with_route_table_ids([id.clone(), main.clone()])
            .with_filters(filters.clone());
        let tables = cx.network()?.describe_route_tables(request).await?;
        let ids: Vec<RouteTableId> = tables.into_iter().map(|one| one.route_table_id).collect();
        ensure_eq!(ids, expected, "what both find for {filters:?}");
    }
    Ok(())
}

async fn all_and_any(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let id = &fixture.table.route_table_id;
    let vpc = fixture.table.vpc_id.clone().unwrap_or_default();
    let any = Filters::new().with("name", ["no table has this name", name(fixture)]);
    ensure!(
        found(cx, any.clone()).await?.contains(id),
        "an alternative is not found"
    );
    let both = any.clone().with("vpc-id", [vpc]);
    ensure!(
        found(cx, both).await?.contains(id),
        "two conditions do not hold together"
    );
    let other = any.with("vpc-id", [&fixture.other_vpc_id]);
    ensure!(
        !found(cx, other).await?.contains(id),
        "one of two conditions is dropped"
    );
    Ok(())
}

async fn wildcards(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let id = &fixture.table.route_table_id;
    let name = name(fixture);
    let start: String = name.chars().take(2).collect();
    let question = "?".repeat(name.chars().count());
    for (filter, pattern) in [
        ("name", format!("{start}*")),
        ("name", question),
        ("vpc-id", "vpc-*".to_owned()),
        (
            "route-table-id",
            format!("{}*", &id.as_str()[..id.as_str().len() - 1]),
        ),
        ("subnet-id", "subnet-*".to_owned()),
    ] {
        let found = found(cx, Filters::new().with(filter, [&pattern])).await?;
        ensure!(
            found.contains(id),
            "{filter}={pattern} does not find {id}: {found:?}"
        );
    }
    let longer = "?".repeat(name.chars().count() + 1);
    let found = found(cx, Filters::new().with("name", [longer])).await?;
    ensure!(!found.contains(id), "? matches nothing, too");
    Ok(())
}

async fn many_values(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let mut names: Vec<String> = (0..250).map(|n| format!("no-table-{n}")).collect();
    names.insert(201, name(fixture).to_owned());
    let found = found(cx, Filters::new().with("name", names)).await?;
    ensure!(
        found.contains(&fixture.table.route_table_id),
        "one of 251 values does not count"
    );
    ensure!(!found.contains(&fixture.main_table_id), "too much is found");
    Ok(())
}

async fn native_filter(cx: &Context) -> Verdict {
    let fixture = cx.routing()?;
    let (id, main) = (&fixture.table.route_table_id, &fixture.main_table_id);
    let (filter, value) = if cx.provider() == Provider::Aws {
        ("native:association.main", "true".to_owned())
    } else {
        let name = cx.network()?;
        let request = cx.describe_tables().with_route_table_ids([main.clone()]);
        let tables = name.describe_route_tables(request).await?;
        let name = tables.into_iter().find_map(|table| table.name);
        ("native:route-table-name", name.unwrap_or_default())
    };
    let filters = || Filters::new().with(filter, [&value]);
    let found = found(cx, filters()).await?;
    ensure!(
        found.contains(main) && !found.contains(id),
        "{filter}={value}: {found:?}"
    );
    let request = cx
        .describe_tables()
        .with_route_table_ids([id.clone(), main.clone()])
        .with_filters(filters());
    let tables = cx.network()?.describe_route_tables(request).await?;
    ensure_eq!(tables.len(), 1, "tables of {filter}={value} among two ids");
    Ok(())
}

async fn bad_filters(cx: &Context) -> Verdict {
    cx.clear_calls();
    for (filters, words) in [
        (Filters::new().with("subnet", ["x"]), "subnet-id"),
        (Filters::new().with("route-table", ["x"]), "route-table-id"),
        (
            Filters::new().with("instance-state", ["x"]),
            "instance-state",
        ),
        (Filters::new().with("main", ["perhaps"]), "perhaps"),
        (
            Filters::new()
                .with("main", ["true"])
                .with("association.main", ["true"]),
            "in one list",
        ),
        (Filters::new().with::<&str>("name", []), "name"),
    ] {
        let what = format!("{filters:?}");
        let request = cx.describe_tables().with_filters(filters);
        let result = cx.network()?.describe_route_tables(request).await;
        let error = refused(&what, ErrorKind::InvalidArgument, result)?;
        ensure!(
            error.message().contains(words),
            "{words:?} is not in {error}"
        );
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}
