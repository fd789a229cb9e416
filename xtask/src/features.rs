//! What each set of cargo features pulls in, and that it compiles.
//!
//! The sentences of the README about the size of a build stand on the checks here.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use crate::Result;
use crate::args::Args;
use crate::process::{cargo, check, output};
use crate::tree::Tree;

/// The most crates that a set of features may need, itself and build scripts included.
const BUDGETS: &[(&str, usize)] = &[
    ("tencent-compute", 115),
    ("tencent", 115),
    ("aws,tencent", 185),
];
/// The cryptography under rustls, for either cloud. Not the AWS SDK, whatever the names say.
const TLS_CRYPTOGRAPHY: &[&str] = &["aws-lc-rs", "aws-lc-sys"];
/// Crates of the network that every build must have once only.
const ONE_STACK: &[&str] = &[
    "h2",
    "http",
    "http-body",
    "hyper",
    "hyper-rustls",
    "rustls",
    "rustls-webpki",
    "tokio-rustls",
];
/// The crate that takes minutes to compile.
const EC2: &str = "aws-sdk-ec2";
/// Features that have to do without it.
const WITHOUT_EC2: &[&str] = &[
    "aws-storage",
    "aws-load-balancer",
    "aws-load-balancer-classic",
];
/// Sets of more than one feature that people build.
const COMBINED: &[&str] = &["aws,tencent", "aws-compute,emulator", "full,emulator"];

/// Checks the sets, compiling them unless `--quick` is given.
pub(crate) fn run(mut args: Args) -> Result<ExitCode> {
    let quick = args.flag("--quick");
    args.end()?;
    let sets = sets()?;
    check_trees(&sets)?;
    if !quick {
        compile(&sets)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The sets that are promised: none, each feature of the facade alone, and the usual combinations.
fn sets() -> Result<Vec<String>> {
    let own = output(&mut cargo([
        "tree",
        "--package",
        "cloudapi",
        "--all-features",
        "--depth",
        "0",
        "--prefix",
        "none",
        "--format",
        "{f}",
    ]))?;
    // Those with an underscore are there for other features, not for users.
    let alone = own
        .trim()
        .split(',')
        .filter(|feature| *feature != "default" && !feature.starts_with('_'));
    let sets = std::iter::once("")
        .chain(alone)
        .chain(COMBINED.iter().copied());
    Ok(sets.map(str::to_owned).collect())
}

/// Looks at what each set pulls in.
pub(crate) fn check_trees(sets: &[String]) -> Result {
    let mut wrong = Vec::new();
    let core = Tree::of(&["--package", "cloudapi-core"])?;
    println!("{:>4} crates  cloudapi-core", core.count());
    wrong.extend(without_http("cloudapi-core", &core));

    let mut trees = BTreeMap::new();
    for set in sets {
        let selection = [
            "--package",
            "cloudapi",
            "--no-default-features",
            "--features",
            set,
        ];
        let tree = Tree::of(&selection)?;
        println!("{:>4} crates  {}", tree.count(), label(set));
        wrong.extend(check_tree(set, &tree));
        trees.insert(set.as_str(), tree);
    }
    wrong.extend(compiled_twice(&trees));
    if wrong.is_empty() {
        println!(
            "Features: as promised ({} are the cryptography of TLS, not the SDK)",
            TLS_CRYPTOGRAPHY.join(" and ")
        );
        return Ok(());
    }
    Err(wrong.join("\n").into())
}

/// The sets of [`sets`], looked at and not compiled.
pub(crate) fn quick() -> Result {
    check_trees(&sets()?)
}

/// The sets of [`sets`], compiled; those with EC2 last and together.
pub(crate) fn compile_all() -> Result {
    compile(&sets()?)
}

fn check_tree(set: &str, tree: &Tree) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = label(set);
    let budget = BUDGETS.iter().find(|(budgeted, _)| *budgeted == set);
    if let Some((_, most)) = budget.filter(|(_, most)| tree.count() > *most) {
        wrong.push(format!("{name}: {} crates, at most {most}", tree.count()));
    }
    if set.is_empty() {
        wrong.extend(without_http(name, tree));
    }
    if set.starts_with("tencent") {
        let sdk = tree
            .names()
            .into_iter()
            .filter(|crate_name| {
                crate_name.starts_with("aws-") && !TLS_CRYPTOGRAPHY.contains(crate_name)
            })
            .collect::<Vec<_>>();
        if !sdk.is_empty() {
            wrong.push(format!("{name}: pulls in {}", sdk.join(", ")));
        }
    }
    if WITHOUT_EC2.contains(&set) && !tree.versions(EC2).is_empty() {
        wrong.push(format!("{name}: pulls in {EC2}"));
    }
    for crate_name in ONE_STACK {
        let versions = tree.versions(crate_name);
        if versions.len() > 1 {
            let versions = versions.into_iter().collect::<Vec<_>>().join(" and ");
            wrong.push(format!("{name}: {crate_name} twice, as {versions}"));
        }
    }
    wrong
}

fn without_http(name: &str, tree: &Tree) -> Option<String> {
    let found = ["reqwest", "hyper"]
        .into_iter()
        .find(|crate_name| !tree.versions(crate_name).is_empty())?;
    Some(format!("{name}: pulls in {found}"))
}

/// Finds sets for which EC2 would be compiled anew because something that it is built on has other features.
fn compiled_twice(trees: &BTreeMap<&str, Tree>) -> Vec<String> {
    let mut with_ec2 = trees
        .iter()
        .map(|(set, tree)| (*set, tree.below(EC2)))
        .filter(|(_, below)| !below.is_empty());
    let Some((first_set, first)) = with_ec2.next() else {
        return vec![format!("no set of features has {EC2}")];
    };
    with_ec2
        .filter_map(|(set, below)| {
            let different = first
                .keys()
                .chain(below.keys())
                .filter(|package| first.get(*package) != below.get(*package))
                .collect::<BTreeSet<_>>();
            if different.is_empty() {
                return None;
            }
            let details = different.into_iter().map(|package| {
                format!(
                    "\n  {package}: {} / {}",
                    features_of(&first, package),
                    features_of(&below, package)
                )
            });
            Some(format!(
                "{EC2} is compiled again between {} and {}, because of{}",
                label(first_set),
                label(set),
                details.collect::<String>()
            ))
        })
        .collect()
}

fn features_of(below: &BTreeMap<String, BTreeSet<&str>>, package: &str) -> String {
    below.get(package).map_or_else(
        || "absent".to_owned(),
        |features| features.iter().copied().collect::<Vec<_>>().join(" and "),
    )
}

/// Compiles the facade with each set, without generating code, and takes warnings as errors.
fn compile(sets: &[String]) -> Result {
    for set in sets {
        println!("Checking {}", label(set));
        check(&mut cargo([
            "clippy",
            "--quiet",
            "--package",
            "cloudapi",
            "--no-default-features",
            "--features",
            set,
            "--",
            "-D",
            "warnings",
        ]))?;
    }
    Ok(())
}

fn label(set: &str) -> &str {
    if set.is_empty() { "no feature" } else { set }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        Tree::parse(text).unwrap()
    }

    #[test]
    fn what_a_set_must_not_pull_in_is_named() {
        let sdk =
            "0 cloudapi v1|\n1 aws-lc-rs v1|\n1 aws-sdk-ec2 v1|\n1 hyper v1|\n1 hyper v0.14|\n";
        assert_eq!(
            check_tree("tencent-compute", &tree(sdk)),
            [
                "tencent-compute: pulls in aws-sdk-ec2",
                "tencent-compute: hyper twice, as v0.14 and v1"
            ]
        );
        assert_eq!(
            check_tree("aws-storage", &tree("0 cloudapi v1|\n1 aws-sdk-ec2 v1|\n")),
            ["aws-storage: pulls in aws-sdk-ec2"]
        );
        assert_eq!(
            check_tree("", &tree("0 cloudapi v1|\n1 reqwest v1|\n")),
            ["no feature: pulls in reqwest"]
        );
        assert!(check_tree("aws-compute", &tree("0 cloudapi v1|\n1 aws-sdk-ec2 v1|\n")).is_empty());
    }

    #[test]
    fn budgets_hold() {
        let rest = (1..115).map(|number| format!("1 c{number} v1|\n"));
        let mut crates = format!("0 cloudapi v1|\n{}", rest.collect::<String>());
        assert!(check_tree("tencent", &tree(&crates)).is_empty());
        crates.push_str("1 c1 v2|\n");
        assert_eq!(
            check_tree("tencent", &tree(&crates)),
            ["tencent: 116 crates, at most 115"]
        );
    }

    #[test]
    fn a_second_compilation_of_ec2_is_found_with_its_reason() {
        let with = |features: &str| {
            tree(&format!(
                "0 cloudapi v1|\n1 aws-sdk-ec2 v1|\n2 tokio v1|{features}\n1 reqwest v1|json\n"
            ))
        };
        let same = BTreeMap::from([("aws", with("rt")), ("full", with("rt"))]);
        assert!(compiled_twice(&same).is_empty());
        let different = BTreeMap::from([("aws", with("rt")), ("full", with("net,rt"))]);
        assert_eq!(
            compiled_twice(&different),
            [
                "aws-sdk-ec2 is compiled again between aws and full, because of\n  tokio v1: rt / net,rt"
            ]
        );
        let none = BTreeMap::from([("tencent", tree("0 cloudapi v1|\n"))]);
        assert_eq!(
            compiled_twice(&none),
            ["no set of features has aws-sdk-ec2"]
        );
    }
}
