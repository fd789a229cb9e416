//! Protection and tags.

use super::checks::check_tags;
use super::{is_id, resolve};
use crate::aws::filter::Filters;
use crate::aws::xml::Xml;
use crate::aws::{Error, Params, stop_if_dry_run};
use crate::world::Scope;

type Tags = Vec<(String, String)>;

pub(super) fn modify(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let id = params.text("InstanceId").unwrap_or_default();
    resolve(&scope.region.compute, &[id], |_| true)?;
    let mut named: Vec<(&str, Option<&str>)> = Vec::new();
    for (member, attribute) in [
        ("DisableApiTermination", "disableApiTermination"),
        ("DisableApiStop", "disableApiStop"),
    ] {
        if params.has(member) {
            named.push((attribute, params.text(&format!("{member}.Value"))));
        }
    }
    if let Some(attribute) = params.text("Attribute") {
        named.push((attribute, params.text("Value")));
    }
    let [(attribute, value)] = named[..] else {
        let message = if named.is_empty() {
            "No attributes specified."
        } else {
            "Fields for multiple attribute types specified"
        };
        return Err(Error::client("InvalidParameterCombination", message));
    };
    let value = match value {
        Some(text) if text.eq_ignore_ascii_case("true") => true,
        Some(text) if text.eq_ignore_ascii_case("false") => false,
        other => return Err(Error::value(other.unwrap_or_default(), attribute, "")),
    };
    if !matches!(attribute, "disableApiTermination" | "disableApiStop") {
        return Err(unknown(attribute));
    }
    stop_if_dry_run(params)?;
    scope.region.compute.edit(id, |instance| {
        if attribute == "disableApiStop" {
            instance.stop_protected = value;
        } else {
            instance.protected = value;
        }
    });
    Ok(yes())
}

pub(super) fn describe(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let id = params.text("InstanceId").unwrap_or_default();
    let attribute = params.text("Attribute").unwrap_or_default();
    resolve(&scope.region.compute, &[id], |_| true)?;
    let value = scope
        .region
        .compute
        .by_id(id)
        .and_then(|instance| match attribute {
            "disableApiTermination" => Some(instance.protected),
            "disableApiStop" => Some(instance.stop_protected),
            _ => None,
        });
    let value = value.ok_or_else(|| unknown(attribute))?;
    stop_if_dry_run(params)?;
    let mut xml = Xml::default();
    xml.text("instanceId", id);
    xml.node(attribute, |xml| xml.text("value", value));
    Ok(xml.finish())
}

pub(super) fn create_tags(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let tags: Tags = params
        .items("Tag")
        .into_iter()
        .map(|tag| {
            (
                tag.text("Key").unwrap_or_default().to_owned(),
                tag.text("Value").unwrap_or_default().to_owned(),
            )
        })
        .collect();
    check_tags(&tags)?;
    let ids = tagged(scope, params)?;
    stop_if_dry_run(params)?;
    for id in ids {
        if let Some(existing) = tags_of(scope, id) {
            for (key, value) in &tags {
                existing.retain(|(known, _)| known != key);
                existing.push((key.clone(), value.clone()));
            }
        }
    }
    Ok(yes())
}

pub(super) fn delete_tags(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let ids = tagged(scope, params)?;
    stop_if_dry_run(params)?;
    let tags = params.items("Tag");
    for id in ids {
        if let Some(existing) = tags_of(scope, id) {
            // Without tags all go; without a value, the tag goes whatever its value is.
            existing.retain(|(key, value)| {
                !tags.is_empty()
                    && !tags.iter().any(|tag| {
                        tag.text("Key") == Some(key)
                            && tag.text("Value").is_none_or(|wanted| wanted == value)
                    })
            });
        }
    }
    Ok(yes())
}

pub(super) fn describe_tags(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let known = ["key", "resource-id", "resource-type", "value"];
    let filters = Filters::parse(params, |name| {
        known.contains(&name) || name.starts_with("tag:")
    })?;
    stop_if_dry_run(params)?;
    let region = &scope.region;
    let instances = region
        .compute
        .starting_at(0)
        .map(|(_, instance)| ("instance", &instance.id, &instance.tags));
    let subnets = region
        .network
        .subnets
        .iter()
        .map(|subnet| ("subnet", &subnet.id, &subnet.tags));
    let vpcs = region
        .network
        .vpcs
        .iter()
        .map(|vpc| ("vpc", &vpc.id, &vpc.tags));
    let all = instances.chain(subnets).chain(vpcs);
    let each = all
        .flat_map(|(kind, id, tags)| tags.iter().map(move |(key, value)| (kind, id, key, value)));
    let found = each.filter(|(kind, id, key, value)| {
        filters.match_all(|name| match name {
            "key" => vec![(*key).clone()],
            "resource-id" => vec![(*id).clone()],
            "resource-type" => vec![(*kind).to_owned()],
            "value" => vec![(*value).clone()],
            tag => tag
                .strip_prefix("tag:")
                .filter(|wanted| wanted == key)
                .map(|_| (*value).clone())
                .into_iter()
                .collect(),
        })
    });
    let mut xml = Xml::default();
    xml.list("tagSet", found, |xml, (kind, id, key, value)| {
        xml.text("resourceId", id);
        xml.text("resourceType", kind);
        xml.text("key", key);
        xml.text("value", value);
    });
    Ok(xml.finish())
}

/// The resources named, all of which exist.
fn tagged<'a>(scope: &mut Scope<'_>, params: &'a Params) -> Result<Vec<&'a str>, Error> {
    let ids = params.list("ResourceId");
    let instances: Vec<&str> = ids.iter().copied().filter(|id| is_id(id, "i-")).collect();
    resolve(&scope.region.compute, &instances, |_| true)?;
    if let Some(unknown) = ids.iter().find(|id| tags_of(scope, id).is_none()) {
        return Err(Error::client(
            "InvalidID",
            format!("The ID '{unknown}' is not valid"),
        ));
    }
    Ok(ids)
}

fn tags_of<'a>(scope: &'a mut Scope<'_>, id: &str) -> Option<&'a mut Tags> {
    let region = &mut *scope.region;
    let instance = region
        .compute
        .by_id_mut(id)
        .map(|instance| &mut instance.tags);
    let subnet = region
        .network
        .subnets
        .iter_mut()
        .find(|subnet| subnet.id == id)
        .map(|subnet| &mut subnet.tags);
    let vpc = region
        .network
        .vpcs
        .iter_mut()
        .find(|vpc| vpc.id == id)
        .map(|vpc| &mut vpc.tags);
    instance.or(subnet).or(vpc)
}

fn unknown(attribute: &str) -> Error {
    Error::value(
        attribute,
        "attribute",
        "The emulator knows disableApiTermination and disableApiStop.",
    )
}

fn yes() -> String {
    let mut xml = Xml::default();
    xml.text("return", true);
    xml.finish()
}
