//! What can be chosen from: zones, regions, images.

use serde_json::{Value, json};

use crate::compute::model::Image;
use crate::fixtures::tencent_zones;
use crate::tencent::filter::Filters;
use crate::tencent::{Error, Params};
use crate::world::Scope;

#[expect(clippy::unnecessary_wraps, reason = "the table's type")]
pub(super) fn describe_zones(scope: &mut Scope<'_>, _params: &Params) -> Result<Value, Error> {
    let zones = tencent_zones(&scope.region.name);
    let set = zones.iter().map(|zone| {
        let number = zone.rsplit('-').next().unwrap_or_default();
        json!({ "Zone": zone, "ZoneName": zone, "ZoneId": format!("10000{number}"), "ZoneState": "AVAILABLE" })
    });
    Ok(json!({ "TotalCount": zones.len(), "ZoneSet": set.collect::<Vec<_>>() }))
}

#[expect(clippy::unnecessary_wraps, reason = "the table's type")]
pub(super) fn describe_regions(_scope: &mut Scope<'_>, _params: &Params) -> Result<Value, Error> {
    let regions = [
        ("ap-guangzhou", "华南地区(广州)"),
        ("ap-shanghai", "华东地区(上海)"),
        ("ap-beijing", "华北地区(北京)"),
        ("ap-singapore", "亚太东南(新加坡)"),
    ];
    let set = regions.map(|(region, name)| json!({ "Region": region, "RegionName": name, "RegionState": "AVAILABLE" }));
    Ok(json!({ "TotalCount": set.len(), "RegionSet": set }))
}

pub(super) fn describe_images(scope: &mut Scope<'_>, params: &Params) -> Result<Value, Error> {
    let ids = params.list("ImageIds");
    let known = [
        "image-id",
        "image-name",
        "image-state",
        "image-type",
        "platform",
        "tag-key",
    ];
    let filters = Filters::parse(params, "InvalidFilter", |name| {
        known.contains(&name) || name.starts_with("tag:")
    })?;
    if !ids.is_empty() && !filters.is_empty() {
        let message = "`ImageIds` and `Filters` cannot be specified together.";
        return Err(Error::new(
            "InvalidParameter.InvalidParameterCoexistImageIdsFilters",
            message,
        ));
    }
    let (offset, limit) = (
        params.number("Offset").unwrap_or_default(),
        params.number("Limit").unwrap_or(20),
    );
    let offset =
        usize::try_from(offset).map_err(|_| Error::value("Offset", "It must not be negative."))?;
    let limit = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| {
            Error::new(
                "InvalidParameterValue.LimitExceeded",
                "The value of `Limit` has to be 1 to 100.",
            )
        })?;
    let platform = |image: &Image| {
        if image.windows {
            "Windows"
        } else {
            "TencentOS"
        }
    };
    let images = &scope.region.compute.images;
    if let Some(missing) = ids
        .iter()
        .find(|id| !images.iter().any(|image| image.id == **id))
    {
        return Err(Error::new(
            "InvalidImageId.NotFound",
            format!("The image `{missing}` does not exist."),
        ));
    }
    let found: Vec<&Image> = images
        .iter()
        .filter(|image| ids.is_empty() || ids.contains(&image.id))
        .filter(|image| {
            filters.match_all(|name, value| match name {
                "image-id" => image.id == value,
                "image-name" => image.name == value,
                "image-state" => value == "NORMAL",
                "image-type" => value == "PUBLIC_IMAGE",
                "platform" => platform(image) == value,
                // Public images have no tags.
                _ => false,
            })
        })
        .collect();
    let page = found.iter().skip(offset).take(limit).map(|image| {
        json!({
            "ImageId": image.id,
            "ImageName": image.name,
            "OsName": image.os_name,
            "Platform": platform(image),
            "Architecture": image.architecture,
            "ImageState": "NORMAL",
            "ImageType": "PUBLIC_IMAGE",
            "ImageSize": 50,
            "CreatedTime": null,
        })
    });
    Ok(json!({ "TotalCount": found.len(), "ImageSet": page.collect::<Vec<_>>() }))
}
