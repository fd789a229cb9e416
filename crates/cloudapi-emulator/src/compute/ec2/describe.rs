//! DescribeInstances and DescribeInstanceStatus: selection, pages, filters.

use super::{render, resolve, state_code};
use crate::aws::filter::Filters;
use crate::aws::xml::Xml;
use crate::aws::{Error, Params, page, stop_if_dry_run};
use crate::clock;
use crate::compute::{Compute, Instance, Status};
use crate::network::ec2::tag_values;
use crate::world::Scope;

/// A page when nothing is asked for.
const DEFAULT_PAGE: usize = 1000;
/// The most explicit ids that DescribeInstanceStatus takes.
const MOST_STATUS_IDS: usize = 100;

/// Instances chosen by id or page, not yet filtered.
struct Selection {
    numbers: Vec<u64>,
    next_token: Option<String>,
    looks: Looks,
}

/// Whom a call looks at.
#[derive(Clone, Copy)]
enum Looks {
    /// Every instance: the first page of a list.
    All,
    /// Those named by id.
    Named,
    /// None: a later page of a list, which its first page has counted for.
    None,
}

pub(super) fn describe_instances(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let filters = Filters::parse(params, |name| values_of(name).is_some())?;
    let selection = select(scope, params)?;
    let compute = &scope.region.compute;
    let page: Vec<(&Instance, &Status)> = shown(compute, &selection)
        .filter(|(instance, status)| filters.match_all(|name| field(name, instance, status)))
        .collect();
    let mut xml = Xml::default();
    let reservations = page.chunk_by(|(one, _), (two, _)| one.reservation_id == two.reservation_id);
    xml.list("reservationSet", reservations, |xml, instances| {
        render::reservation(xml, instances, &scope.region.name);
    });
    xml.optional("nextToken", selection.next_token.as_deref());
    look(&mut scope.region.compute, &selection);
    Ok(xml.finish())
}

pub(super) fn describe_instance_status(
    scope: &mut Scope<'_>,
    params: &Params,
) -> Result<String, Error> {
    let known = [
        "availability-zone",
        "instance-state-code",
        "instance-state-name",
        "instance-status.status",
        "system-status.status",
    ];
    let filters = Filters::parse(params, |name| known.contains(&name))?;
    let ids = params.list("InstanceId").len();
    if ids > MOST_STATUS_IDS {
        // The misspelling is the service's.
        let message = format!(
            "The specified number of instance IDs ({ids}) exceeds the maximum number of instance IDs that can be \
             specificied ({MOST_STATUS_IDS})."
        );
        return Err(Error::client("InvalidRequest", message));
    }
    let all = params.flag("IncludeAllInstances");
    let selection = select(scope, params)?;
    let check = |status: &Status| {
        if status.state == "running" {
            "ok"
        } else {
            "not-applicable"
        }
    };
    let page = shown(&scope.region.compute, &selection).filter(|(instance, status)| {
        (all || status.state == "running")
            && filters.match_all(|name| match name {
                "instance-status.status" | "system-status.status" => vec![check(status).to_owned()],
                name => field(name, instance, status),
            })
    });
    let mut xml = Xml::default();
    xml.list("instanceStatusSet", page, |xml, (instance, status)| {
        xml.text("instanceId", &instance.id);
        xml.text("availabilityZone", &instance.zone);
        render::state(xml, "instanceState", &status.state);
        for name in ["systemStatus", "instanceStatus"] {
            xml.node(name, |xml| xml.text("status", check(status)));
        }
    });
    xml.optional("nextToken", selection.next_token.as_deref());
    look(&mut scope.region.compute, &selection);
    Ok(xml.finish())
}

/// By id, or a page of all: cut before any filter is applied, so a page may turn out empty and still have a next.
fn select(scope: &mut Scope<'_>, params: &Params) -> Result<Selection, Error> {
    let compute = &mut scope.region.compute;
    compute.purge(scope.now);
    let ids = params.list("InstanceId");
    let wanted = params.number("MaxResults");
    if !ids.is_empty() {
        for (name, given) in [
            ("maxResults", wanted.is_some()),
            ("nextToken", params.has("NextToken")),
        ] {
            if given {
                let message =
                    format!("The parameter instancesSet cannot be used with the parameter {name}");
                return Err(Error::client("InvalidParameterCombination", message));
            }
        }
        let found = resolve(compute, &ids, |instance| instance.shown().is_some());
        if found.is_err() {
            // Asking for an instance that does not show yet brings the time nearer when it does.
            ids.iter()
                .filter_map(|id| compute.number(id))
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|number| compute.poll(number));
        }
        let selection = Selection {
            numbers: found?,
            next_token: None,
            looks: Looks::Named,
        };
        return stop_if_dry_run(params).map(|()| selection);
    }
    let limit = match wanted {
        None => DEFAULT_PAGE,
        Some(wanted) => usize::try_from(wanted)
            .ok()
            .filter(|wanted| (5..=1000).contains(wanted))
            .ok_or_else(|| {
                let bound = if wanted < 5 {
                    "greater than or equal to 5"
                } else {
                    "less than or equal to 1000"
                };
                Error::value(
                    &wanted.to_string(),
                    "maxResults",
                    &format!("Expecting a value {bound}."),
                )
            })?,
    };
    let limit = scope
        .common
        .settings
        .page_cap
        .map_or(limit, |cap| cap.min(limit));
    let question = &params.to_json()["Filter"];
    let token = params.text("NextToken").filter(|token| !token.is_empty());
    let start = match token {
        None => 0,
        Some(token) => page::read_token(token, question).ok_or_else(|| {
            Error::client(
                "InvalidPaginationToken",
                "The pagination token is invalid or has expired.",
            )
        })?,
    };
    stop_if_dry_run(params)?;
    let numbers: Vec<u64> = compute
        .starting_at(start)
        .take(limit)
        .map(|(number, _)| number)
        .collect();
    // A full page has a token even if nothing is left: the next page is then empty.
    let next = numbers
        .last()
        .filter(|_| numbers.len() == limit)
        .map(|last| last + 1);
    let next_token = next.map(|next| page::token(next, question));
    Ok(Selection {
        numbers,
        next_token,
        looks: if token.is_none() {
            Looks::All
        } else {
            Looks::None
        },
    })
}

fn shown<'a>(
    compute: &'a Compute,
    selection: &'a Selection,
) -> impl Iterator<Item = (&'a Instance, &'a Status)> {
    let instances = selection
        .numbers
        .iter()
        .filter_map(|number| compute.get(*number));
    instances.filter_map(|instance| Some((instance, instance.shown()?)))
}

fn look(compute: &mut Compute, selection: &Selection) {
    match selection.looks {
        Looks::All => compute.poll_all(),
        Looks::Named => selection
            .numbers
            .iter()
            .for_each(|number| compute.poll(*number)),
        Looks::None => {}
    }
}

/// What a filter compares.
type Values = fn(&Instance, &Status) -> Vec<String>;

fn field(name: &str, instance: &Instance, status: &Status) -> Vec<String> {
    if name.starts_with("tag:") || name == "tag-key" {
        return tag_values(&instance.tags, name);
    }
    values_of(name)
        .map(|values| values(instance, status))
        .unwrap_or_default()
}

/// The filters that can be told from what the emulator knows; others are refused like unknown ones.
fn values_of(name: &str) -> Option<Values> {
    Some(match name {
        "architecture" => |instance, _| vec![render::architecture(&instance.image_id).to_owned()],
        "availability-zone" => |instance, _| vec![instance.zone.clone()],
        "client-token" => |instance, _| vec![instance.client_token.clone()],
        "dns-name" => |instance, status| {
            render::public_ip(instance, status)
                .map(render::public_name)
                .into_iter()
                .collect()
        },
        "group-id" | "instance.group-id" | "network-interface.group-id" => {
            |instance, _| instance.groups.iter().map(|(id, _)| id.clone()).collect()
        }
        "group-name" | "instance.group-name" | "network-interface.group-name" => |instance, _| {
            instance
                .groups
                .iter()
                .map(|(_, name)| name.clone())
                .collect()
        },
        "image-id" => |instance, _| vec![instance.image_id.clone()],
        "instance-id" => |instance, _| vec![instance.id.clone()],
        "instance-lifecycle" => |instance, _| {
            (instance.charge_type == "spot")
                .then(|| "spot".to_owned())
                .into_iter()
                .collect()
        },
        "instance-state-code" => |_, status| vec![state_code(&status.state).to_string()],
        "instance-state-name" => |_, status| vec![status.state.clone().into_owned()],
        "instance-type" => |instance, _| vec![instance.instance_type.clone()],
        "ip-address" | "association.public-ip" | "network-interface.association.public-ip" => {
            |instance, status| {
                render::public_ip(instance, status)
                    .map(str::to_owned)
                    .into_iter()
                    .collect()
            }
        }
        "key-name" => |instance, _| instance.key_names.clone(),
        "launch-index" => |instance, _| vec![instance.launch_index.to_string()],
        "launch-time" => |instance, _| vec![clock::iso_millis(instance.created)],
        "network-interface.addresses.private-ip-address" => {
            |instance, _| instance.private_ips.clone()
        }
        "network-interface.network-interface-id" => {
            |instance, _| vec![render::interface_id(instance)]
        }
        "network-interface.subnet-id" | "subnet-id" => {
            |instance, status| unless_ended(status, &instance.subnet_id)
        }
        "network-interface.vpc-id" | "vpc-id" => {
            |instance, status| unless_ended(status, &instance.vpc_id)
        }
        "owner-id" => |_, _| vec![crate::fixtures::AWS_ACCOUNT.to_owned()],
        "platform" => |instance, _| {
            render::platform(&instance.image_id)
                .map(str::to_owned)
                .into_iter()
                .collect()
        },
        "private-dns-name" => |instance, _| {
            instance
                .private_ips
                .first()
                .map(|ip| render::private_name(ip))
                .into_iter()
                .collect()
        },
        "private-ip-address" => {
            |instance, _| instance.private_ips.first().cloned().into_iter().collect()
        }
        "reservation-id" => |instance, _| vec![instance.reservation_id.clone()],
        "state-reason-code" => {
            |_, status| status.reason.iter().map(|(code, _)| code.clone()).collect()
        }
        "tenancy" => |_, _| vec!["default".to_owned()],
        "virtualization-type" => |_, _| vec!["hvm".to_owned()],
        tag if tag.starts_with("tag:") || tag == "tag-key" => |_, _| Vec::new(),
        _ => return None,
    })
}

/// A terminated instance is in no network any more.
fn unless_ended(status: &Status, id: &str) -> Vec<String> {
    if status.state == "terminated" {
        Vec::new()
    } else {
        vec![id.to_owned()]
    }
}
