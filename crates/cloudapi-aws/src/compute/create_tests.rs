use super::*;

fn good() -> CreateInstancesRequest {
    CreateInstancesRequest::new("ami-1", "t3.micro")
}

#[test]
fn what_ec2_cannot_do_is_refused_by_name() {
    for (request, kind, word) in [
        (
            good().with_vpc_id("vpc-1"),
            ErrorKind::Unsupported,
            "SubnetId",
        ),
        (
            good().with_key_names(["a", "b"]),
            ErrorKind::Unsupported,
            "KeyNames",
        ),
        (
            good().with_prepaid_months(1),
            ErrorKind::Unsupported,
            "prepaid",
        ),
        (
            good().with_count(u32::MAX),
            ErrorKind::InvalidArgument,
            "Count",
        ),
        (
            good().with_tag("aws:x", "y"),
            ErrorKind::InvalidArgument,
            "aws:",
        ),
        (
            good().with_tag("AWS:x", "y"),
            ErrorKind::InvalidArgument,
            "AWS:",
        ),
        (
            good().with_name("a").with_tag("Name", "b"),
            ErrorKind::InvalidArgument,
            "Name",
        ),
        (
            good().with_tag("k".repeat(129), ""),
            ErrorKind::InvalidArgument,
            "too long",
        ),
        (
            (0..51).fold(good(), |request, at| request.with_tag(at.to_string(), "")),
            ErrorKind::InvalidArgument,
            "51",
        ),
    ] {
        let error = check(&request).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(word), "{word}: {error}");
    }
    let tags = check(&good().with_name("a").with_tag("Name", "a")).unwrap();
    assert_eq!(tags.len(), 1);
}

#[test]
fn disks_get_names_that_are_free() {
    let image = Image::builder()
        .image_id("ami-1")
        .root_device_name("/dev/sda1")
        .build();
    let disks: Vec<Disk> = (1..=37).map(Disk::data).collect();
    let names: Vec<String> = devices(&disks, &image)
        .unwrap()
        .iter()
        .map(|device| device.device_name().unwrap().to_owned())
        .collect();
    assert_eq!(names[0], "/dev/sdf");
    assert_eq!(names[10], "/dev/sdp");
    assert_eq!(names[11], "/dev/xvdba");
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), 37);
    let more: Vec<Disk> = (1..=38).map(Disk::data).collect();
    assert!(devices(&more, &image).is_err());
    let bare = Image::builder().image_id("ami-1").build();
    assert!(devices(&[Disk::boot().with_size_gib(8)], &bare).is_err());
}
