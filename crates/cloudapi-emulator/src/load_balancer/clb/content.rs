//! The CLBs that every region begins with.

use time::OffsetDateTime;

use super::model::{Balancer, Clb, Listener, Place};
use crate::fixtures;

impl Clb {
    pub(crate) fn new(created: OffsetDateTime) -> Self {
        let balancer = |id: &str, name: &str, address: &str| Balancer {
            id: id.to_owned(),
            name: name.to_owned(),
            vpc_id: fixtures::TENCENT_VPC.to_owned(),
            forward: true,
            address: address.to_owned(),
            created,
            listeners: Vec::new(),
            classic: Place::default(),
        };
        let rule = |location: &str, domain, url| Place {
            location: location.to_owned(),
            rule: Some((domain, url)),
            targets: Vec::new(),
        };
        let www = "www.example.com";
        let web = Balancer {
            listeners: vec![
                layer4(fixtures::TENCENT_TCP_LISTENER, "tcp", "TCP", 80),
                Listener {
                    checks: false,
                    ..layer4(fixtures::TENCENT_UDP_LISTENER, "dns", "UDP", 53)
                },
                Listener {
                    places: vec![
                        rule(fixtures::TENCENT_ROOT_RULE, www, "/"),
                        rule(fixtures::TENCENT_API_RULE, www, "/api"),
                    ],
                    ..layer4(fixtures::TENCENT_HTTP_LISTENER, "http", "HTTP", 8080)
                },
                Listener {
                    places: vec![rule(fixtures::TENCENT_SHOP_RULE, "shop.example.com", "/")],
                    ..layer4(fixtures::TENCENT_HTTPS_LISTENER, "https", "HTTPS", 443)
                },
            ],
            ..balancer(fixtures::TENCENT_LOAD_BALANCER, "web", "203.0.113.10")
        };
        let single = Balancer {
            listeners: vec![layer4(fixtures::TENCENT_SINGLE_LISTENER, "tcp", "TCP", 80)],
            ..balancer(
                fixtures::TENCENT_SINGLE_LOAD_BALANCER,
                "single",
                "203.0.113.11",
            )
        };
        let classic = |id, port, instance_port| Listener {
            instance_port,
            places: Vec::new(),
            ..layer4(id, "tcp", "TCP", port)
        };
        let legacy = Balancer {
            forward: false,
            listeners: vec![
                classic("lbl-k1c2d3e4", 80, 8080),
                classic("lbl-k2c2d3e4", 443, 8443),
            ],
            ..balancer(
                fixtures::TENCENT_CLASSIC_LOAD_BALANCER,
                "legacy",
                "203.0.113.12",
            )
        };
        let other = Balancer {
            vpc_id: fixtures::TENCENT_OTHER_VPC.to_owned(),
            listeners: vec![layer4(fixtures::TENCENT_OTHER_LISTENER, "tcp", "TCP", 80)],
            ..balancer(
                fixtures::TENCENT_OTHER_LOAD_BALANCER,
                "other",
                "203.0.113.13",
            )
        };
        let [one, two] = fixtures::TENCENT_TWIN_LOAD_BALANCERS;
        let twin = |id, listener, address| Balancer {
            listeners: vec![layer4(listener, "tcp", "TCP", 80)],
            ..balancer(id, "twin", address)
        };
        Self {
            balancers: vec![
                web,
                single,
                legacy,
                other,
                twin(one, "lbl-t1c2d3e4", "203.0.113.14"),
                twin(two, "lbl-t2c2d3e4", "203.0.113.15"),
            ],
            ..Self::default()
        }
    }
}

/// A listener of layer 4: it stands for its one place itself, whose id is made up.
fn layer4(id: &str, name: &str, protocol: &'static str, port: i64) -> Listener {
    let place = Place {
        location: id.replacen("lbl-", "loc-", 1).replacen('1', "9", 1),
        ..Place::default()
    };
    Listener {
        id: id.to_owned(),
        name: name.to_owned(),
        protocol,
        port,
        instance_port: port,
        checks: true,
        places: vec![place],
    }
}
