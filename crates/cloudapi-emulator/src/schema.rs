//! The types of the clouds' requests, so that a parameter of the wrong type or an unknown one is refused as the cloud does.

use std::collections::HashMap;

/// The type of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Int,
    Float,
    Bool,
    /// An object, by name.
    Object(&'static str),
}

/// A member of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) kind: Type,
    pub(crate) list: bool,
    pub(crate) required: bool,
}

/// An object's members, in the order of the table.
pub(crate) type Object = Vec<(&'static str, Member)>;

/// The requests of a service and the objects in them, read from one of the tables beside the services.
#[derive(Debug)]
pub(crate) struct Schema(HashMap<&'static str, Object>);

impl Schema {
    /// Reads a table: see the head of one for the form.
    pub(crate) fn parse(table: &'static str) -> Self {
        let objects = table
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let (name, members) = line.split_once(':')?;
                Some((
                    name,
                    members.split_whitespace().filter_map(member).collect(),
                ))
            });
        Self(objects.collect())
    }

    /// The members of a request or object.
    pub(crate) fn object(&self, name: &str) -> Option<&Object> {
        self.0.get(name)
    }
}

fn member(text: &'static str) -> Option<(&'static str, Member)> {
    let (name, kind) = text.split_once('=')?;
    let required = name.ends_with('*');
    let name = name.trim_end_matches('*');
    let list = kind.starts_with('[');
    let kind = match kind.trim_matches(['[', ']']) {
        "string" => Type::Text,
        "int" => Type::Int,
        "float" => Type::Float,
        "bool" => Type::Bool,
        object => Type::Object(object),
    };
    Some((
        name,
        Member {
            kind,
            list,
            required,
        },
    ))
}

/// The member of this name.
pub(crate) fn find(object: &[(&'static str, Member)], name: &str) -> Option<Member> {
    object
        .iter()
        .find_map(|(found, member)| (*found == name).then_some(*member))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_names_only_objects_that_it_has() {
        let tables = [
            include_str!("aws/schema/ec2.txt"),
            include_str!("aws/schema/sts.txt"),
            include_str!("tencent/schema/cvm.txt"),
            include_str!("aws/schema/elbv2.txt"),
            include_str!("aws/schema/elb.txt"),
            include_str!("tencent/schema/vpc.txt"),
            include_str!("tencent/schema/clb.txt"),
            include_str!("tencent/schema/sts.txt"),
        ];
        for table in tables {
            let schema = Schema::parse(table);
            assert!(!schema.0.is_empty());
            for (name, members) in &schema.0 {
                for (member, of) in members {
                    if let Type::Object(object) = of.kind {
                        assert!(
                            schema.0.contains_key(object),
                            "{name}.{member} is an unknown {object}"
                        );
                    }
                }
            }
        }
        let cvm = Schema::parse(tables[2]);
        let stop = cvm.object("StopInstances").unwrap();
        assert!(
            find(stop, "InstanceIds")
                .is_some_and(|ids| ids.required && ids.list && ids.kind == Type::Text)
        );
        assert!(
            find(stop, "ForceStop")
                .is_some_and(|force| !force.required && force.kind == Type::Bool)
        );
    }
}
