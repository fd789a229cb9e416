//! Which key the command line takes.

use cloudapi::{
    AssumeRole, ChainLink, CredentialChain, CredentialSource, Environment, Error, Provider,
};

use crate::failure::Failure;
use crate::globals::{Globals, Source};

/// Picks the source: `--credential-source` and `--profile`, else the connection's, else what the cloud's tools would find;
/// and `--role-arn` on top of it.
pub(crate) fn choose(
    of_connection: CredentialSource,
    provider: Provider,
    globals: &Globals,
    environment: &Environment,
) -> Result<CredentialSource, Failure> {
    let base = match named(globals, environment)? {
        Some(source) => source,
        None => or_usual(of_connection, provider),
    };
    let external_id = globals.external_id.clone();
    match (&globals.role_arn, base) {
        (Some(arn), base) => {
            let mut role = AssumeRole::new(base, arn);
            role.external_id = external_id;
            Ok(role.into())
        }
        (None, CredentialSource::AssumeRole(mut role)) => {
            if external_id.is_some() {
                role.external_id = external_id;
            }
            Ok(CredentialSource::AssumeRole(role))
        }
        (None, _) if external_id.is_some() => Err(Failure::usage(
            "--external-id belongs to a role: give --role-arn too",
        )),
        (None, base) => Ok(base),
    }
}

/// What flags and `CLOUDAPI_CREDENTIAL_SOURCE` name.
fn named(
    globals: &Globals,
    environment: &Environment,
) -> Result<Option<CredentialSource>, Failure> {
    let profile = globals.profile.clone();
    let source = match (globals.credential_source, &profile, &globals.connection) {
        (Some(source), ..) => Some(source),
        // A flag goes before a variable, and so does what a flag leads to.
        (None, Some(_), _) => Some(Source::Profile),
        (None, None, Some(_)) => None,
        (None, None, None) => of_variable(environment)?,
    };
    let Some(source) = source else {
        return Ok(None);
    };
    Ok(Some(match (source, profile) {
        (Source::Profile, Some(name)) => CredentialSource::Profile(name),
        (Source::Profile, None) => {
            let name = environment.var("AWS_PROFILE");
            CredentialSource::Profile(name.unwrap_or_else(|| "default".to_owned()))
        }
        (Source::Chain, Some(name)) => CredentialChain::new().with_profile(name).into(),
        (Source::Chain, None) => CredentialChain::new().into(),
        (Source::Environment | Source::CvmRole | Source::Oidc, Some(_)) => {
            return Err(Failure::usage(
                "--profile names a profile, and --credential-source another source: leave one of them out",
            ));
        }
        (Source::Environment, None) => CredentialSource::Environment,
        (Source::CvmRole, None) => CredentialSource::InstanceRole,
        (Source::Oidc, None) => CredentialSource::Oidc,
    }))
}

const VARIABLE: &str = "CLOUDAPI_CREDENTIAL_SOURCE";

fn of_variable(environment: &Environment) -> Result<Option<Source>, Failure> {
    let Some(name) = environment.var(VARIABLE) else {
        return Ok(None);
    };
    let found = <Source as clap::ValueEnum>::from_str(name.trim(), true);
    found.map(Some).map_err(|_| {
        let words = "it is one of environment, profile, cvm-role, oidc, chain";
        Error::config(format!("{VARIABLE} is {name:?}; {words}")).into()
    })
}

/// Where nothing is named: AWS has a chain of its own; at Tencent Cloud it is the environment, the profile that
/// `AWS_PROFILE` names, or the profile `default`, and the metadata service is not asked unless it is named.
fn or_usual(source: CredentialSource, provider: Provider) -> CredentialSource {
    match source {
        CredentialSource::Default if provider == Provider::Tencent => CredentialChain::new()
            .without(ChainLink::InstanceRole)
            .without(ChainLink::Oidc)
            .into(),
        CredentialSource::AssumeRole(mut role) => {
            role.base = or_usual(role.base, provider);
            CredentialSource::AssumeRole(role)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn pick(line: &str, variables: &[(&str, &str)], provider: Provider) -> Result<String, Failure> {
        let words = ["cloudapi", "whoami"]
            .into_iter()
            .chain(line.split_whitespace());
        let globals = Cli::try_parse_from(words).unwrap().globals;
        let environment = Environment::fixed(variables.iter().copied());
        choose(CredentialSource::Default, provider, &globals, &environment)
            .map(|source| format!("{source:?}"))
    }

    #[test]
    fn flags_then_variable_then_the_usual() {
        let variable = (VARIABLE, "cvm-role");
        for provider in Provider::ALL {
            for (line, variables, expected) in [
                ("--profile prod", &[variable][..], "Profile(\"prod\")"),
                ("--credential-source OIDC", &[variable], "Oidc"),
                ("--credential-source environment", &[], "Environment"),
                (
                    "--credential-source profile --profile a",
                    &[],
                    "Profile(\"a\")",
                ),
                (
                    "--credential-source profile",
                    &[("AWS_PROFILE", "b")],
                    "Profile(\"b\")",
                ),
                ("--credential-source profile", &[], "Profile(\"default\")"),
                ("", &[variable], "InstanceRole"),
                (
                    "--connection c",
                    &[variable],
                    if *provider == Provider::Aws {
                        "Default"
                    } else {
                        "Chain"
                    },
                ),
            ] {
                let source = pick(line, variables, *provider).unwrap();
                assert!(source.starts_with(expected), "{line}: {source}");
            }
            let chain = pick("--credential-source chain --profile a", &[], *provider).unwrap();
            assert!(
                chain.contains("Some(\"a\")") && chain.contains("left_out: []"),
                "{chain}"
            );
        }
        let usual = pick("", &[], Provider::Tencent).unwrap();
        assert!(usual.contains("InstanceRole"), "left out: {usual}");
        assert_eq!(pick("", &[], Provider::Aws).unwrap(), "Default");
    }

    #[test]
    fn a_role_goes_on_top() {
        for provider in Provider::ALL {
            let role = pick(
                "--profile p --role-arn arn:x --external-id 7",
                &[],
                *provider,
            )
            .unwrap();
            for part in ["AssumeRole", "Profile(\"p\")", "\"arn:x\"", "Some(\"7\")"] {
                assert!(role.contains(part), "{role}");
            }
        }
        let role = pick("--role-arn arn:x", &[], Provider::Tencent).unwrap();
        assert!(role.contains("Chain"), "{role}");
    }

    #[test]
    fn what_does_not_go_together_is_said() {
        for (line, code) in [
            ("--external-id 7", 2),
            ("--profile p --credential-source oidc", 2),
        ] {
            assert_eq!(
                pick(line, &[], Provider::Aws).unwrap_err().code,
                code,
                "{line}"
            );
        }
        let failure = pick("", &[(VARIABLE, "elsewhere")], Provider::Aws).unwrap_err();
        assert_eq!(failure.code, 4);
        assert!(failure.error.message().contains("cvm-role"), "{failure:?}");
    }
}
