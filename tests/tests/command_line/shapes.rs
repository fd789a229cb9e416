//! What a command writes to stdout.

use serde_json::{Value, json};

use crate::support::{PROVIDERS, Shell, keys};

fn ids(list: &Value) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_lives_and_dies_alike_on_both_clouds() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let created = shell
            .run(&format!(
                "{} --count 2 --name web --tags team=web --wait",
                shell.create()
            ))
            .json();
        assert_eq!(keys(&created), ["ClientToken", "InstanceIds", "Instances"]);
        let made = ids(&created["InstanceIds"]);
        assert_eq!(made.len(), 2);
        for (id, instance) in made.iter().zip(created["Instances"].as_array().unwrap()) {
            assert_eq!(instance["InstanceId"], id.as_str());
            assert_eq!(instance["Status"], "Running");
            assert_eq!(instance["Instance"]["State"], "Running");
        }

        let listed = shell
            .run(&format!(
                "describe-instances --instance-ids {} --filters tag:team=web,db instance-state=running",
                made.join(" ")
            ))
            .json();
        let listed = listed.as_array().unwrap();
        assert_eq!(listed.len(), 2);
        for member in [
            "InstanceId",
            "Name",
            "State",
            "NativeState",
            "InstanceType",
            "ImageId",
            "Zone",
            "VpcId",
            "SubnetId",
            "PrivateIpAddresses",
            "SecurityGroupIds",
            "Billing",
            "LaunchTime",
            "Tags",
            "Native",
        ] {
            assert!(
                keys(&listed[0]).contains(&member),
                "{provider} lacks {member}: {}",
                listed[0]
            );
        }

        for (command, before, during, after) in [
            ("stop-instances", "Running", "Stopping", "Stopped"),
            ("start-instances", "Stopped", "Pending", "Running"),
        ] {
            let asked = shell
                .run(&format!("{command} --instance-ids {}", made[0]))
                .json();
            let outcome = &asked.as_array().unwrap()[0];
            assert_eq!(outcome["InstanceId"], made[0].as_str());
            assert_eq!(
                outcome["Status"], "Changed",
                "{provider} {command}: {asked}"
            );
            assert_eq!(
                outcome["PreviousState"], before,
                "{provider} {command}: {asked}"
            );
            assert_eq!(
                outcome["CurrentState"], during,
                "{provider} {command}: {asked}"
            );
            let waited = shell
                .run(&format!("{command} --instance-ids {} --wait", made[0]))
                .json();
            assert_eq!(
                waited[0]["Status"], "AlreadyThere",
                "{provider} {command}: {waited}"
            );
            assert_eq!(
                waited[0]["CurrentState"], after,
                "{provider} {command}: {waited}"
            );
        }

        let gone = shell
            .run(&format!(
                "destroy-instances --yes --wait --instance-ids {}",
                made.join(" ")
            ))
            .json();
        for outcome in gone.as_array().unwrap() {
            assert_eq!(outcome["Status"], "Changed", "{provider}: {gone}");
            assert_eq!(outcome["CurrentState"], "Terminated", "{provider}: {gone}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_so_and_changes_nothing() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let created = shell.run(&format!("{} --dry-run", shell.create())).json();
        assert_eq!(created["DryRun"], true, "{provider}");
        assert_eq!(
            created["Request"]["ImageId"],
            shell.fixture().image_id.as_str(),
            "{provider}: {created}"
        );
        assert_eq!(shell.run("describe-instances").json(), json!([]));

        let id = &shell.fleet(1)[0];
        for command in ["stop-instances", "destroy-instances --yes"] {
            let dry = shell
                .run(&format!("{command} --dry-run --instance-ids {id}"))
                .json();
            assert_eq!(dry["DryRun"], true, "{provider} {command}: {dry}");
            assert_eq!(
                dry["Instances"][0]["Status"], "Changed",
                "{provider} {command}: {dry}"
            );
        }
        let after = shell.run("describe-instances").json();
        assert_eq!(after[0]["State"], "Running", "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clouds_differ_in_their_words_alone() {
    let mut shapes = Vec::new();
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let id = shell.fleet(1).remove(0);
        let stopped = shell
            .run(&format!(
                "stop-instances --stop-charging --wait --instance-ids {id}"
            ))
            .json();
        let missing = shell.run_json(&format!(
            "start-instances --instance-ids {}",
            shell.absent()
        ));
        let outcome = &missing.result()[0];
        shapes.push((
            keys(&stopped[0])
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            stopped[0]["Charging"].clone(),
            missing.code,
            outcome["Status"].clone(),
            outcome["Error"]["Kind"].clone(),
            missing.error()["Kind"].clone(),
        ));
    }
    for shape in &shapes {
        assert_eq!(shape, &shapes[0]);
        assert_eq!(shape.1, "Stopped");
        assert_eq!(
            (shape.2, &shape.3, &shape.4),
            (3, &json!("Failed"), &json!("NotFound"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_and_a_query() {
    for provider in PROVIDERS {
        let shell = Shell::new(*provider).await;
        let mut fleet = shell.fleet(3);
        fleet.sort();
        let query = "describe-instances --query [].InstanceId --output";
        let listed = |format: &str| shell.run(&format!("{query} {format}"));
        assert_eq!(listed("json").json(), json!(fleet));
        assert_eq!(
            listed("text").stdout.split_whitespace().collect::<Vec<_>>(),
            fleet
        );
        for id in &fleet {
            assert!(listed("yaml").stdout.contains(id.as_str()));
            let table = shell.run("describe-instances --output table");
            assert_eq!(table.code, 0, "{table:?}");
            assert!(table.stdout.contains(id.as_str()), "{table:?}");
        }
    }
}
