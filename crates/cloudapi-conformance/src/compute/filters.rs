//! DescribeInstances: filters.

use cloudapi_core::compute::Instance;
use cloudapi_core::{ComputeExt, ErrorKind, Filters, InstanceId, Operation};
use futures_util::FutureExt;

use super::describe::ids_of;
use super::stage::only;
use crate::case::{Case, CaseFuture};
use crate::context::{Context, TAG};
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};
use crate::target::Need;

fn case<F>(name: &str, promise: &str, run: F) -> Case
where
    F: for<'a> Fn(&'a Context) -> CaseFuture<'a> + Send + Sync + 'static,
{
    Case::new(format!("compute/describe-{name}"), promise, run).of(Operation::DescribeInstances)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "ids-and-filters-hold-together",
            "Ids and filters may be given together, and both hold; an id that a filter leaves out is not missing.",
            |cx| ids_and_filters(cx).boxed(),
        ),
        case(
            "filter-names-all-hold-and-values-are-alternatives",
            "All names must hold; of one name's values any.",
            |cx| and_or(cx).boxed(),
        ),
        case(
            "filters-by-every-portable-name",
            "Every portable filter finds an instance by its own value and leaves it out by another.",
            |cx| every_name(cx).boxed(),
        ),
        case(
            "filters-take-both-vendors-spellings",
            "The spellings of both clouds are aliases of the portable names.",
            |cx| aliases(cx).boxed(),
        ),
        case(
            "filters-take-states-in-any-words",
            "A state is filtered by our word and both clouds' words, in any letter case.",
            |cx| state_words(cx).boxed(),
        ),
        case(
            "filters-match-wildcards",
            "In a filter's value * matches any run and ? one character, on both clouds, also for names that the cloud compares exactly.",
            |cx| wildcards(cx).boxed(),
        ),
        case(
            "filters-match-escaped-wildcards-as-they-are",
            "A backslash takes the next character of a filter's value as it is.",
            |cx| escapes(cx).boxed(),
        ),
        case(
            "filters-tell-letter-case",
            "Filters on text are case-sensitive.",
            |cx| letter_case(cx).boxed(),
        ),
        case(
            "takes-any-number-of-ids-and-values",
            "250 ids and a filter of seven values are answered as one request.",
            |cx| many_ids_and_values(cx).boxed(),
        )
        .needs([Need::Fleet]),
        case(
            "takes-more-filters-than-the-cloud",
            "More conditions than a native call takes all hold.",
            |cx| many_filters(cx).boxed(),
        ),
        case(
            "passes-native-filters-on",
            "native:NAME is the cloud's own filter, passed on as it is.",
            |cx| native_filter(cx).boxed(),
        ),
        case(
            "refuses-the-same-filter-twice",
            "A filter's name given twice, also by an alias, is InvalidArgument with the advice to use one list, and nothing is sent.",
            |cx| same_filter_twice(cx).boxed(),
        ),
        case(
            "suggests-the-nearest-filter",
            "An unknown filter is InvalidArgument with the nearest known name, and nothing is sent.",
            |cx| unknown_filter(cx).boxed(),
        ),
        case(
            "refuses-filters-without-values-and-unknown-states",
            "A filter without values and a state that nobody knows are InvalidArgument, and nothing is sent.",
            |cx| empty_and_bogus(cx).boxed(),
        ),
    ]
}

/// Finds this run's instances that meet conditions.
async fn find(cx: &Context, filters: Filters) -> Verdict<Vec<InstanceId>> {
    let tagged = filters.with(format!("tag:{TAG}"), [cx.run()]);
    let request = cx.describe().with_filters(tagged);
    Ok(ids_of(&cx.compute()?.describe_instances(request).await?))
}

/// Makes instances with these names, one each.
async fn launch_named(cx: &Context, names: &[&str]) -> Verdict<Vec<InstanceId>> {
    let mut ids = Vec::new();
    for name in names {
        let request = cx.request().with_name(*name).with_tag("label", *name);
        ids.push(only(cx.launch_as(request).await?)?);
    }
    Ok(ids)
}

fn sorted(ids: &[&InstanceId]) -> Vec<InstanceId> {
    let mut ids: Vec<InstanceId> = ids.iter().copied().cloned().collect();
    ids.sort();
    ids
}

async fn ids_and_filters(cx: &Context) -> Verdict {
    let ids = launch_named(cx, &["web", "db", "web"]).await?;
    let ask = |ids: Vec<InstanceId>| {
        cx.describe()
            .with_instance_ids(ids)
            .with_filters(Filters::new().with("tag:label", ["web"]))
    };
    let compute = cx.compute()?;
    let found = compute
        .describe_instances(ask(vec![ids[0].clone(), ids[1].clone()]))
        .await?;
    ensure_eq!(ids_of(&found), [ids[0].clone()], "ids and filter together");
    let none = compute
        .describe_instances(ask(vec![ids[1].clone()]))
        .await?;
    ensure_eq!(none.len(), 0, "instances whose filter does not hold");
    let absent = cx.vendor().absent_id();
    let result = compute
        .describe_instances(ask(vec![ids[1].clone(), absent.clone()]))
        .await;
    let error = refused("a missing id with a filter", ErrorKind::NotFound, result)?;
    ensure_eq!(
        error.resources(),
        [absent.as_str()],
        "the error's resources"
    );
    Ok(())
}

async fn and_or(cx: &Context) -> Verdict {
    let ids = launch_named(cx, &["web", "db", "cache"]).await?;
    let either = find(cx, Filters::new().with("tag:label", ["web", "db"])).await?;
    ensure_eq!(either, sorted(&[&ids[0], &ids[1]]), "either value");
    let both = Filters::new()
        .with("tag:label", ["web", "db"])
        .with("name", ["db", "cache"]);
    ensure_eq!(find(cx, both).await?, [ids[1].clone()], "both names");
    let none = Filters::new()
        .with("tag:label", ["web"])
        .with("name", ["db"]);
    ensure_eq!(find(cx, none).await?.len(), 0, "what meets both");
    Ok(())
}

/// What an instance can be found by: a filter's name and the instance's own value.
fn own_values(cx: &Context, instance: &Instance) -> Vec<(&'static str, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let first = |values: &[String]| values.first().cloned().unwrap_or_default();
    let mut values = vec![
        ("instance-id", instance.instance_id.to_string()),
        ("instance-state", instance.state.filter_word()),
        ("instance-type", text(&instance.instance_type)),
        ("image-id", text(&instance.image_id)),
        ("name", text(&instance.name)),
        ("zone", text(&instance.zone)),
        ("vpc-id", text(&instance.vpc_id)),
        ("subnet-id", text(&instance.subnet_id)),
        ("private-ip", first(&instance.private_ip_addresses)),
        ("security-group-id", first(&instance.security_group_ids)),
        ("tag-key", "label".to_owned()),
        ("tag:label", "every".to_owned()),
    ];
    if cx.fixture().key_name.is_some() {
        values.push(("key-name", first(&instance.key_names)));
    }
    if let Some(address) = instance.public_ip_addresses.first() {
        values.push(("public-ip", address.clone()));
    }
    values
}

/// A value of the same form that this instance does not have.
fn other_value(name: &str) -> &'static str {
    match name {
        "instance-state" => "stopped",
        "private-ip" | "public-ip" => "192.0.2.1",
        _ => "x-absent-x",
    }
}

async fn every_name(cx: &Context) -> Verdict {
    let mut request = cx
        .request()
        .with_tag("label", "every")
        .with_public_address(true);
    if let Some(key) = &cx.fixture().key_name {
        request = request.with_key_names([key]);
    }
    let id = only(cx.launch_as(request).await?)?;
    let instance = cx.compute()?.describe_instance(id.clone()).await?;
    for (name, value) in own_values(cx, &instance) {
        ensure!(!value.is_empty(), "the instance has no value for {name}");
        let found = find(cx, Filters::new().with(name, [value.clone()])).await?;
        ensure_eq!(found, std::slice::from_ref(&id), "{name}={value}");
        // An id, type or image of impossible shape may be refused by the cloud; a pattern is never sent as it is.
        let other = if matches!(name, "instance-state" | "private-ip" | "public-ip") {
            other_value(name).to_owned()
        } else {
            format!("{}*", other_value(name))
        };
        let found = find(cx, Filters::new().with(name, [other.clone()])).await?;
        ensure_eq!(found.len(), 0, "found by {name}={other}");
    }
    Ok(())
}

async fn aliases(cx: &Context) -> Verdict {
    let groups = [&cx.fixture().security_group_id];
    let request = cx.request().with_security_group_ids(groups);
    let id = only(cx.launch_as(request).await?)?;
    let instance = cx.compute()?.describe_instance(id.clone()).await?;
    let values = own_values(cx, &instance);
    for (alias, name) in [
        ("instance-state-name", "instance-state"),
        ("instance-name", "name"),
        ("availability-zone", "zone"),
        ("private-ip-address", "private-ip"),
        ("instance.group-id", "security-group-id"),
    ] {
        let value = values
            .iter()
            .find_map(|(known, value)| (*known == name).then(|| value.clone()))
            .ok_or_else(|| Failure::new(format!("no value for {name}")))?;
        let found = find(cx, Filters::new().with(alias, [value])).await?;
        ensure_eq!(found, std::slice::from_ref(&id), "{alias}");
    }
    Ok(())
}

async fn state_words(cx: &Context) -> Verdict {
    let id = only(cx.launch(1).await?)?;
    for word in ["running", "RUNNING", "Running", "run*"] {
        let found = find(cx, Filters::new().with("instance-state", [word])).await?;
        ensure_eq!(found, std::slice::from_ref(&id), "instance-state={word}");
    }
    for word in [
        "launch-failed",
        "LAUNCH_FAILED",
        "shutting-down",
        "SHUTDOWN",
        "isolated",
    ] {
        let found = find(cx, Filters::new().with("instance-state", [word])).await?;
        ensure_eq!(found.len(), 0, "found by instance-state={word}");
    }
    let several = find(
        cx,
        Filters::new().with("instance-state", ["launch-failed", "isolated", "running"]),
    )
    .await?;
    ensure_eq!(several, [id], "several states, one of which holds");
    Ok(())
}

async fn wildcards(cx: &Context) -> Verdict {
    let ids = launch_named(cx, &["web-1", "web-22", "db-1"]).await?;
    for name in ["name", "tag:label"] {
        for (pattern, expected) in [
            ("web-*", vec![&ids[0], &ids[1]]),
            ("web-?", vec![&ids[0]]),
            ("*-1", vec![&ids[0], &ids[2]]),
            ("*", vec![&ids[0], &ids[1], &ids[2]]),
            ("?b-*", vec![&ids[2]]),
            ("*x*", vec![]),
        ] {
            let found = find(cx, Filters::new().with(name, [pattern])).await?;
            ensure_eq!(found, sorted(&expected), "{name}={pattern}");
        }
        let mixed = find(cx, Filters::new().with(name, ["db-1", "web-?"])).await?;
        ensure_eq!(
            mixed,
            sorted(&[&ids[0], &ids[2]]),
            "{name}: a word and a pattern"
        );
    }
    let fixture = cx.fixture();
    let prefix = |text: &str| format!("{}*", &text[..text.len() / 2]);
    for (name, value) in [
        ("instance-type", prefix(&fixture.instance_type)),
        ("image-id", prefix(&fixture.image_id)),
        ("zone", prefix(&fixture.zone)),
        ("subnet-id", prefix(&fixture.subnet_id)),
        ("tag-key", "lab?l".to_owned()),
    ] {
        let found = find(cx, Filters::new().with(name, [value.clone()])).await?;
        ensure_eq!(found.len(), 3, "instances by {name}={value}");
    }
    Ok(())
}

async fn escapes(cx: &Context) -> Verdict {
    let ids = launch_named(cx, &["a*b", "axb"]).await?;
    let found = find(cx, Filters::new().with("tag:label", ["a\\*b"])).await?;
    ensure_eq!(found, [ids[0].clone()], "the escaped star");
    let found = find(cx, Filters::new().with("tag:label", ["a*b"])).await?;
    ensure_eq!(found, sorted(&[&ids[0], &ids[1]]), "the star");
    Ok(())
}

async fn letter_case(cx: &Context) -> Verdict {
    let ids = launch_named(cx, &["Web", "web"]).await?;
    for name in ["name", "tag:label"] {
        let found = find(cx, Filters::new().with(name, ["web"])).await?;
        ensure_eq!(found, [ids[1].clone()], "{name}=web");
        let found = find(cx, Filters::new().with(name, ["We*"])).await?;
        ensure_eq!(found, [ids[0].clone()], "{name}=We*");
    }
    Ok(())
}

async fn many_ids_and_values(cx: &Context) -> Verdict {
    let fleet = cx.controls()?.add_fleet(250);
    let compute = cx.compute()?;
    let all = compute
        .describe_instances(cx.describe().with_instance_ids(fleet.clone()))
        .await?;
    ensure_eq!(all.len(), 250, "instances");
    let chosen: Vec<&Instance> = all.iter().step_by(40).collect();
    ensure_eq!(chosen.len(), 7, "instances chosen");
    for (name, value) in [
        ("name", |instance: &Instance| {
            instance.name.clone().unwrap_or_default()
        }),
        ("private-ip", |instance: &Instance| {
            instance
                .private_ip_addresses
                .first()
                .cloned()
                .unwrap_or_default()
        }),
        ("instance-id", |instance: &Instance| {
            instance.instance_id.to_string()
        }),
    ] as [(&str, fn(&Instance) -> String); 3]
    {
        let filters = Filters::new().with(name, chosen.iter().map(|instance| value(instance)));
        let request = cx.describe().with_filters(filters);
        let expected = ids_of(&chosen.iter().copied().cloned().collect::<Vec<_>>());
        let mut found = ids_of(&compute.describe_instances(request.clone()).await?);
        // Others may bear the same names.
        found.retain(|id| fleet.contains(id));
        ensure_eq!(found, expected, "seven values of {name}");
        let found = compute
            .describe_instances(request.with_instance_ids(fleet.clone()))
            .await?;
        ensure_eq!(
            ids_of(&found),
            expected,
            "250 ids and seven values of {name}"
        );
    }
    Ok(())
}

async fn many_filters(cx: &Context) -> Verdict {
    let keys: Vec<String> = (0..14).map(|index| format!("key-{index}")).collect();
    let mut request = cx.request();
    for key in &keys {
        request = request.with_tag(key, "yes");
    }
    let id = only(cx.launch_as(request).await?)?;
    let filters = |last: &str| {
        keys.iter()
            .enumerate()
            .fold(Filters::new(), |filters, (index, key)| {
                let value = if index + 1 == keys.len() { last } else { "yes" };
                filters.with(format!("tag:{key}"), [value])
            })
    };
    ensure_eq!(
        find(cx, filters("yes")).await?,
        [id],
        "14 conditions that hold"
    );
    ensure_eq!(
        find(cx, filters("no")).await?.len(),
        0,
        "found although the last condition does not hold"
    );
    Ok(())
}

async fn native_filter(cx: &Context) -> Verdict {
    let id = only(cx.launch(1).await?)?;
    let instance = cx.compute()?.describe_instance(id.clone()).await?;
    let (name, pointer) = cx.vendor().native_filter;
    let native = instance.native.map(|native| native.to_json());
    let value = native
        .as_ref()
        .and_then(|native| native.pointer(pointer)?.as_str())
        .ok_or_else(|| Failure::new(format!("the native record has no {pointer}: {native:?}")))?;
    let found = find(cx, Filters::new().with(format!("native:{name}"), [value])).await?;
    ensure_eq!(found, std::slice::from_ref(&id), "native:{name}={value}");
    let request = cx
        .describe()
        .with_instance_ids([id.clone()])
        .with_filters(Filters::new().with(format!("native:{name}"), [value]));
    let found = cx.compute()?.describe_instances(request).await?;
    ensure_eq!(ids_of(&found), [id], "native:{name}={value} with the id");
    Ok(())
}

/// Checks that filters are refused before anything is sent, with these words.
async fn is_refused(cx: &Context, filters: Filters, words: &[&str]) -> Verdict {
    cx.clear_calls();
    let request = cx.describe().with_filters(filters.clone());
    let result = cx.compute()?.describe_instances(request).await;
    let what = format!("{filters:?}");
    let error = refused(&what, ErrorKind::InvalidArgument, result)?;
    for word in words {
        ensure!(
            error.message().contains(word),
            "the message lacks {word:?}: {error}"
        );
    }
    ensure_eq!(cx.calls().len(), 0, "native calls");
    Ok(())
}

async fn same_filter_twice(cx: &Context) -> Verdict {
    for (first, second) in [
        ("name", "name"),
        ("tag:a", "tag:a"),
        ("zone", "availability-zone"),
        ("instance-state-name", "instance-state"),
    ] {
        let filters = Filters::new()
            .with(first, ["running"])
            .with(second, ["stopped"]);
        is_refused(cx, filters, &[second, "in one list"]).await?;
    }
    Ok(())
}

async fn unknown_filter(cx: &Context) -> Verdict {
    for (unknown, nearest) in [
        ("instance-stat", "\"instance-state\""),
        ("instancetype", "\"instance-type\""),
        ("subnet_id", "\"subnet-id\""),
    ] {
        is_refused(cx, Filters::new().with(unknown, ["x"]), &[unknown, nearest]).await?;
    }
    is_refused(
        cx,
        Filters::new().with("colour", ["red"]),
        &["colour", "native:NAME"],
    )
    .await
}

async fn empty_and_bogus(cx: &Context) -> Verdict {
    is_refused(
        cx,
        Filters::new().with::<&str>("name", []),
        &["name", "no value"],
    )
    .await?;
    let bogus = Filters::new().with("instance-state", ["runing"]);
    is_refused(cx, bogus, &["runing", "\"running\""]).await
}
