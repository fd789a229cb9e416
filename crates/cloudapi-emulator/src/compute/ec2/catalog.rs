//! What can be chosen from: images, zones, regions, key pairs.

use super::is_id;
use crate::aws::filter::Filters;
use crate::aws::xml::Xml;
use crate::aws::{Error, Params, stop_if_dry_run};
use crate::fixtures::{AWS_ACCOUNT, aws_zones};
use crate::world::Scope;

const REGIONS: [&str; 4] = ["ap-southeast-1", "eu-west-1", "us-east-1", "us-west-2"];

pub(super) fn describe_images(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let ids = params.list("ImageId");
    let known = [
        "architecture",
        "image-id",
        "name",
        "owner-id",
        "platform",
        "state",
    ];
    let filters = Filters::parse(params, |name| known.contains(&name))?;
    if let Some(malformed) = ids.iter().find(|id| !is_id(id, "ami-")) {
        return Err(Error::client(
            "InvalidAMIID.Malformed",
            format!("Invalid id: \"{malformed}\""),
        ));
    }
    let images = &scope.region.compute.images;
    if let Some(missing) = ids
        .iter()
        .find(|id| !images.iter().any(|image| image.id == **id))
    {
        let message = format!("The image id '[{missing}]' does not exist");
        return Err(Error::client("InvalidAMIID.NotFound", message));
    }
    stop_if_dry_run(params)?;
    let found = images.iter().filter(|image| {
        (ids.is_empty() || ids.contains(&image.id))
            && filters.match_all(|name| match name {
                "architecture" => vec![image.architecture.to_owned()],
                "image-id" => vec![image.id.to_owned()],
                "name" => vec![image.name.to_owned()],
                "owner-id" => vec![AWS_ACCOUNT.to_owned()],
                "platform" => image
                    .windows
                    .then(|| "windows".to_owned())
                    .into_iter()
                    .collect(),
                _ => vec!["available".to_owned()],
            })
    });
    let mut xml = Xml::default();
    xml.list("imagesSet", found, |xml, image| {
        xml.text("imageId", image.id);
        xml.text("imageLocation", format!("{AWS_ACCOUNT}/{}", image.name));
        xml.text("imageState", "available");
        xml.text("imageOwnerId", AWS_ACCOUNT);
        xml.text("isPublic", true);
        xml.text("architecture", image.architecture);
        xml.text("imageType", "machine");
        xml.optional("platform", image.windows.then_some("windows"));
        xml.text("name", image.name);
        xml.text("rootDeviceType", "ebs");
        xml.text("rootDeviceName", "/dev/xvda");
        xml.text("virtualizationType", "hvm");
        xml.text("hypervisor", "xen");
    });
    Ok(xml.finish())
}

pub(super) fn describe_availability_zones(
    scope: &mut Scope<'_>,
    params: &Params,
) -> Result<String, Error> {
    let names = params.list("ZoneName");
    let known = ["region-name", "state", "zone-name", "zone-type"];
    let filters = Filters::parse(params, |name| known.contains(&name))?;
    let region = &scope.region.name;
    let zones = aws_zones(region);
    if let Some(unknown) = names
        .iter()
        .find(|name| !zones.iter().any(|zone| zone == *name))
    {
        return Err(Error::client(
            "InvalidParameterValue",
            format!("Invalid availability zone: [{unknown}]"),
        ));
    }
    stop_if_dry_run(params)?;
    let found = zones.iter().enumerate().filter(|(_, zone)| {
        (names.is_empty() || names.contains(&zone.as_str()))
            && filters.match_all(|name| match name {
                "region-name" => vec![region.clone()],
                "state" => vec!["available".to_owned()],
                "zone-name" => vec![(*zone).clone()],
                _ => vec!["availability-zone".to_owned()],
            })
    });
    let mut xml = Xml::default();
    xml.list("availabilityZoneInfo", found, |xml, (at, zone)| {
        xml.text("zoneName", zone);
        xml.text("zoneId", format!("{region}-az{}", at + 1));
        xml.text("zoneState", "available");
        xml.text("zoneType", "availability-zone");
        xml.text("regionName", region);
        xml.text("groupName", region);
        xml.text("optInStatus", "opt-in-not-required");
    });
    Ok(xml.finish())
}

pub(super) fn describe_regions(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let names = params.list("RegionName");
    let known = ["endpoint", "opt-in-status", "region-name"];
    let filters = Filters::parse(params, |name| known.contains(&name))?;
    stop_if_dry_run(params)?;
    let here = scope.region.name.as_str();
    let mut regions = REGIONS.to_vec();
    if !regions.contains(&here) {
        regions.push(here);
    }
    if let Some(unknown) = names.iter().find(|name| !regions.contains(name)) {
        return Err(Error::client(
            "InvalidParameterValue",
            format!("Invalid region provided: {unknown}"),
        ));
    }
    let found = regions.iter().filter(|region| {
        (names.is_empty() || names.contains(region))
            && filters.match_all(|name| match name {
                "endpoint" => vec![format!("ec2.{region}.amazonaws.com")],
                "opt-in-status" => vec!["opt-in-not-required".to_owned()],
                _ => vec![(**region).to_owned()],
            })
    });
    let mut xml = Xml::default();
    xml.list("regionInfo", found, |xml, region| {
        xml.text("regionName", region);
        xml.text("regionEndpoint", format!("ec2.{region}.amazonaws.com"));
        xml.text("optInStatus", "opt-in-not-required");
    });
    Ok(xml.finish())
}

pub(super) fn describe_key_pairs(scope: &mut Scope<'_>, params: &Params) -> Result<String, Error> {
    let (names, ids) = (params.list("KeyName"), params.list("KeyPairId"));
    let known = ["key-name", "key-pair-id"];
    let filters = Filters::parse(params, |name| known.contains(&name))?;
    let pairs = &scope.region.compute.key_pairs;
    if let Some(missing) = names
        .iter()
        .find(|name| !pairs.iter().any(|pair| pair.name == **name))
    {
        return Err(Error::client(
            "InvalidKeyPair.NotFound",
            format!("The key pair '{missing}' does not exist"),
        ));
    }
    stop_if_dry_run(params)?;
    let found = pairs.iter().filter(|pair| {
        (names.is_empty() || names.contains(&pair.name.as_str()))
            && (ids.is_empty() || ids.contains(&pair.id.as_str()))
            && filters.match_all(|name| match name {
                "key-name" => vec![pair.name.clone()],
                _ => vec![pair.id.clone()],
            })
    });
    let mut xml = Xml::default();
    xml.list("keySet", found, |xml, pair| {
        xml.text("keyPairId", &pair.id);
        xml.text("keyName", &pair.name);
        xml.text("keyType", "ed25519");
    });
    Ok(xml.finish())
}
