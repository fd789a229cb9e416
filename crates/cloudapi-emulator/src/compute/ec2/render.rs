//! Instances in EC2's XML.

use super::state_code;
use crate::aws::xml::Xml;
use crate::clock;
use crate::compute::{Instance, Status};
use crate::fixtures::{AWS_ACCOUNT, AWS_ARM_IMAGE, AWS_WINDOWS_IMAGE};
use crate::network::ec2::write_tags;

/// The members of a reservation; `instances` is not empty and all are of it.
pub(super) fn reservation(xml: &mut Xml, instances: &[(&Instance, &Status)], region: &str) {
    let id = instances
        .first()
        .map(|(instance, _)| instance.reservation_id.as_str());
    xml.optional("reservationId", id);
    xml.text("ownerId", AWS_ACCOUNT);
    xml.node("groupSet", |_| {});
    xml.list("instancesSet", instances, |xml, (instance, status)| {
        self::instance(xml, instance, status, region);
    });
}

/// The members of an instance.
fn instance(xml: &mut Xml, instance: &Instance, status: &Status, region: &str) {
    let ended = status.state == "terminated";
    let private_ip = instance.private_ips.first().filter(|_| !ended);
    let public_ip = public_ip(instance, status);
    xml.text("instanceId", &instance.id);
    xml.text("imageId", &instance.image_id);
    state(xml, "instanceState", &status.state);
    xml.text(
        "privateDnsName",
        private_ip.map(|ip| private_name(ip)).unwrap_or_default(),
    );
    xml.text("dnsName", public_ip.map(public_name).unwrap_or_default());
    let reason = status.reason.as_ref();
    xml.text(
        "reason",
        reason.map_or("", |(_, message)| {
            message.split_once(": ").map_or(message, |(_, text)| text)
        }),
    );
    xml.optional("keyName", instance.key_names.first());
    xml.text("amiLaunchIndex", instance.launch_index);
    xml.node("productCodes", |_| {});
    xml.text("instanceType", &instance.instance_type);
    xml.text("launchTime", clock::iso_millis(instance.created));
    xml.node("placement", |xml| {
        xml.text("availabilityZone", &instance.zone);
        xml.text("groupName", "");
        xml.text("tenancy", "default");
    });
    xml.optional("platform", platform(&instance.image_id));
    xml.node("monitoring", |xml| xml.text("state", "disabled"));
    if !ended {
        xml.text("subnetId", &instance.subnet_id);
        xml.text("vpcId", &instance.vpc_id);
    }
    xml.optional("privateIpAddress", private_ip);
    xml.optional("ipAddress", public_ip);
    xml.text("sourceDestCheck", true);
    xml.list("groupSet", instance.groups.iter().filter(|_| !ended), group);
    if let Some((code, message)) = reason {
        xml.node("stateReason", |xml| {
            xml.text("code", code);
            xml.text("message", message);
        });
    }
    xml.text("architecture", architecture(&instance.image_id));
    xml.text("rootDeviceType", "ebs");
    xml.text("rootDeviceName", "/dev/xvda");
    xml.list(
        "blockDeviceMapping",
        instance.disks.iter().filter(|_| !ended),
        |xml, disk| {
            xml.text("deviceName", &disk.device);
            xml.node("ebs", |xml| {
                xml.text("volumeId", &disk.id);
                xml.text(
                    "status",
                    if status.state == "pending" {
                        "attaching"
                    } else {
                        "attached"
                    },
                );
                xml.text("attachTime", clock::iso_millis(instance.created));
                xml.text("deleteOnTermination", disk.delete_with_instance);
            });
        },
    );
    xml.text("virtualizationType", "hvm");
    xml.optional(
        "instanceLifecycle",
        (instance.charge_type == "spot").then_some("spot"),
    );
    xml.text("clientToken", &instance.client_token);
    write_tags(xml, &instance.tags);
    xml.text("hypervisor", "xen");
    xml.list("networkInterfaceSet", private_ip, |xml, ip| {
        interface(xml, instance, ip, public_ip, region);
    });
    xml.text("ebsOptimized", false);
    xml.text("enaSupport", true);
    xml.node("hibernationOptions", |xml| {
        xml.text("configured", instance.hibernation);
    });
}

/// The primary network interface.
fn interface(xml: &mut Xml, instance: &Instance, ip: &str, public_ip: Option<&str>, region: &str) {
    xml.text("networkInterfaceId", interface_id(instance));
    xml.text("subnetId", &instance.subnet_id);
    xml.text("vpcId", &instance.vpc_id);
    xml.text("description", format!("primary interface in {region}"));
    xml.text("ownerId", AWS_ACCOUNT);
    xml.text("status", "in-use");
    xml.text("privateIpAddress", ip);
    xml.text("privateDnsName", private_name(ip));
    xml.text("sourceDestCheck", true);
    xml.list("groupSet", &instance.groups, group);
    xml.node("attachment", |xml| {
        xml.text(
            "attachmentId",
            interface_id(instance).replacen("eni-", "eni-attach-", 1),
        );
        xml.text("deviceIndex", 0);
        xml.text("status", "attached");
        xml.text("deleteOnTermination", true);
    });
    if let Some(public_ip) = public_ip {
        association(xml, public_ip);
    }
    xml.list(
        "privateIpAddressesSet",
        &instance.private_ips,
        |xml, address| {
            xml.text("privateIpAddress", address);
            xml.text("primary", address == ip);
            if let Some(public_ip) = public_ip.filter(|_| address == ip) {
                association(xml, public_ip);
            }
        },
    );
}

fn association(xml: &mut Xml, public_ip: &str) {
    xml.node("association", |xml| {
        xml.text("publicIp", public_ip);
        xml.text("publicDnsName", public_name(public_ip));
        xml.text("ipOwnerId", "amazon");
    });
}

fn group(xml: &mut Xml, (id, name): &(String, String)) {
    xml.text("groupId", id);
    xml.text("groupName", name);
}

/// A state under a name: code and word.
pub(super) fn state(xml: &mut Xml, name: &str, state: &str) {
    xml.node(name, |xml| {
        xml.text("code", state_code(state));
        xml.text("name", state);
    });
}

/// The public address, which an instance has only while it runs.
pub(super) fn public_ip<'a>(instance: &'a Instance, status: &Status) -> Option<&'a str> {
    instance
        .public_ip
        .as_deref()
        .filter(|_| status.state == "running")
}

pub(super) fn public_name(ip: &str) -> String {
    format!("ec2-{}.compute.example", ip.replace('.', "-"))
}

pub(super) fn private_name(ip: &str) -> String {
    format!("ip-{}.ec2.internal", ip.replace('.', "-"))
}

/// The interface's id, which follows from the instance's.
pub(crate) fn interface_id(instance: &Instance) -> String {
    instance.id.replacen("i-", "eni-", 1)
}

pub(super) fn architecture(image_id: &str) -> &'static str {
    if image_id == AWS_ARM_IMAGE {
        "arm64"
    } else {
        "x86_64"
    }
}

pub(super) fn platform(image_id: &str) -> Option<&'static str> {
    (image_id == AWS_WINDOWS_IMAGE).then_some("windows")
}
