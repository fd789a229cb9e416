//! What a set of cargo features pulls in, read from `cargo tree`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::Result;
use crate::process::{cargo, output};

/// Packages as cargo would build them: the same one with other features is another unit.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Each unit with the units that it depends on.
    units: HashMap<Unit, Vec<Unit>>,
}

/// A package with the features that it is built with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Unit {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) features: String,
}

impl Tree {
    /// Asks cargo about the normal and build dependencies of what is selected, on this machine's platform.
    pub(crate) fn of(selection: &[&str]) -> Result<Self> {
        let mut command = cargo(["tree", "--edges", "normal,build", "--prefix", "depth"]);
        command.args(["--format", " {p}|{f}"]).args(selection);
        Self::parse(&output(&mut command)?)
    }

    /// Reads `DEPTH NAME VERSION (WHERE)|FEATURES (*)`, a line for each unit.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut tree = Self::default();
        let mut path: Vec<Unit> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (depth, unit) =
                parse_line(line).ok_or_else(|| format!("cargo tree says {line:?}"))?;
            path.truncate(depth);
            if path.len() != depth {
                return Err(format!("cargo tree has no parent for {line:?}").into());
            }
            if let Some(parent) = path.last() {
                let children = tree.units.entry(parent.clone()).or_default();
                if !children.contains(&unit) {
                    children.push(unit.clone());
                }
            }
            tree.units.entry(unit.clone()).or_default();
            path.push(unit);
        }
        Ok(tree)
    }

    /// The versions of a package.
    pub(crate) fn versions(&self, name: &str) -> BTreeSet<&str> {
        self.units
            .keys()
            .filter(|unit| unit.name == name)
            .map(|unit| unit.version.as_str())
            .collect()
    }

    /// The names of all packages.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.units.keys().map(|unit| unit.name.as_str()).collect()
    }

    /// How many packages there are, two versions counting as two.
    pub(crate) fn count(&self) -> usize {
        let packages: BTreeSet<_> = self
            .units
            .keys()
            .map(|unit| (&unit.name, &unit.version))
            .collect();
        packages.len()
    }

    /// Everything that a package is compiled from, itself included: each package and version with its features.
    pub(crate) fn below(&self, name: &str) -> BTreeMap<String, BTreeSet<&str>> {
        let mut open: Vec<&Unit> = self.units.keys().filter(|unit| unit.name == name).collect();
        let mut seen: BTreeSet<&Unit> = open.iter().copied().collect();
        while let Some(unit) = open.pop() {
            for child in self.units.get(unit).into_iter().flatten() {
                if seen.insert(child) {
                    open.push(child);
                }
            }
        }
        let mut below: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for unit in seen {
            below
                .entry(format!("{} {}", unit.name, unit.version))
                .or_default()
                .insert(&unit.features);
        }
        below
    }
}

fn parse_line(line: &str) -> Option<(usize, Unit)> {
    let (depth, rest) = line.split_once(' ')?;
    let (package, features) = rest.rsplit_once('|')?;
    let mut words = package.split(' ');
    let unit = Unit {
        name: words.next()?.to_owned(),
        version: words.next()?.to_owned(),
        features: features.trim_end_matches(" (*)").to_owned(),
    };
    Some((depth.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
0 cloudapi v0.1.0 (/here)|aws
1 cloudapi-aws v0.1.0 (/here/aws)|compute
2 aws-sdk-ec2 v1.274.0|rt-tokio
3 tokio v1.54.1|net,rt
4 libc v0.2.1|
2 hyper v1.12.0|server
3 tokio v1.54.1|net,rt (*)
1 syn v2.0.1 (proc-macro)|full
1 libc v0.2.1| (*)
1 hyper v0.14.0|

0 xtask v0.1.0 (/here/xtask)|
";

    #[test]
    fn packages_are_counted_once_and_versions_apart() {
        let tree = Tree::parse(TREE).unwrap();
        assert_eq!(tree.count(), 9);
        assert_eq!(
            tree.versions("hyper"),
            BTreeSet::from(["v0.14.0", "v1.12.0"])
        );
        assert!(tree.versions("rustls").is_empty());
        assert!(tree.names().contains("syn"));
    }

    #[test]
    fn what_is_below_a_package_has_its_features() {
        let tree = Tree::parse(TREE).unwrap();
        let below = tree.below("aws-sdk-ec2");
        let names: Vec<&str> = below.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["aws-sdk-ec2 v1.274.0", "libc v0.2.1", "tokio v1.54.1"]
        );
        assert_eq!(below["tokio v1.54.1"], BTreeSet::from(["net,rt"]));
        assert!(tree.below("aws-sdk-s3").is_empty());
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        assert!(Tree::parse("warning: something").is_err());
        assert!(Tree::parse("0 a v1|\n2 b v1|").is_err());
    }
}
