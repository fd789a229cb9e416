//! Which region is meant.

use cloudapi_core::credentials::file;
use cloudapi_core::credentials::ini::Section;
use cloudapi_core::{CredentialSource, Environment, Error, ProviderConfig, Result};

use super::{chain, tccli};

const VARIABLE: &str = "TENCENTCLOUD_REGION";

/// Gives the region: of the configuration, else of the environment, else of the named profile.
///
/// # Errors
///
/// `Config` when there is none, or one of no region's form.
pub(crate) fn region(config: &ProviderConfig) -> Result<String> {
    let environment = &config.environment;
    let given = config.region.clone().or_else(|| environment.var(VARIABLE));
    if given.is_none()
        && let Some(name) = profile_with_region(&config.credentials, environment)
        && let Some(region) = of_profile(&name, environment)?
    {
        // What stands in a file is not quoted.
        let checked = config.clone().with_region(&region).check();
        return checked.map(|()| region).map_err(|_| {
            Error::config(format!(
                "the profile {name:?} has a region of no region's form; an example is ap-guangzhou"
            ))
        });
    }
    let Some(region) = given else {
        return Err(Error::config(format!(
            "no region; name one (ProviderConfig::with_region, --region), set {VARIABLE}, or put `region` into the profile"
        )));
    };
    config.clone().with_region(&region).check()?;
    Ok(region)
}

/// The profile whose region applies to a key.
fn profile_with_region(source: &CredentialSource, environment: &Environment) -> Option<String> {
    match source {
        CredentialSource::Profile(name) => Some(name.clone()),
        CredentialSource::Chain(chain) => chain::profile_with_region(chain, environment),
        CredentialSource::AssumeRole(role) => profile_with_region(&role.base, environment),
        _ => None,
    }
}

/// Gives the region of a profile: `tencentcloud_region`, else `region`, in `~/.aws/credentials` or `~/.aws/config`, else
/// that of tccli.
pub(super) fn of_profile(name: &str, environment: &Environment) -> Result<Option<String>> {
    let in_section = |section: &Section| {
        ["tencentcloud_region", "region"]
            .iter()
            .find_map(|key| section.get(key))
            .map(|region| region.expose().to_owned())
    };
    let places = [
        (
            file::aws_credentials_path(environment),
            vec![name.to_owned()],
        ),
        (
            file::aws_config_path(environment),
            vec![format!("profile {name}"), name.to_owned()],
        ),
    ];
    for (path, headings) in places {
        let Some(ini) = path
            .map(|path| file::read_ini(&path))
            .transpose()?
            .flatten()
        else {
            continue;
        };
        let mut sections = headings.iter().filter_map(|heading| ini.section(heading));
        if let Some(region) = sections.find_map(in_section) {
            return Ok(Some(region));
        }
    }
    tccli::region(name, environment)
}

#[cfg(test)]
mod tests {
    use cloudapi_core::{ErrorKind, Provider};

    use super::*;

    #[test]
    fn configuration_then_environment_then_profile() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        std::fs::create_dir(home.path().join(".tccli")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
        write(
            ".aws/credentials",
            "[a]\nregion = ap-beijing\n[b]\n[both]\nregion = us-east-1\ntencentcloud_region = ap-tokyo\n",
        );
        write(".aws/config", "[profile b]\nregion = ap-shanghai\n");
        write(
            ".tccli/c.configure",
            r#"{"_sys_param": {"region": "ap-singapore"}, "cvm": {"version": "2017-03-12"}}"#,
        );
        let home = home.path().to_str().unwrap();
        let of = |profile: &str, variables: &[(&str, &str)]| {
            let environment = Environment::fixed([("HOME", home)].iter().chain(variables).copied());
            ProviderConfig::new(Provider::Tencent)
                .with_environment(environment)
                .with_credentials(CredentialSource::Profile(profile.to_owned()))
        };
        for (profile, expected) in [
            ("a", "ap-beijing"),
            ("b", "ap-shanghai"),
            ("c", "ap-singapore"),
            ("both", "ap-tokyo"),
        ] {
            assert_eq!(region(&of(profile, &[])).unwrap(), expected);
        }
        let with_variable = of("a", &[(VARIABLE, "ap-seoul")]);
        assert_eq!(region(&with_variable).unwrap(), "ap-seoul");
        assert_eq!(
            region(&with_variable.with_region("ap-mumbai")).unwrap(),
            "ap-mumbai"
        );
        for bad in [of("none", &[]), of("none", &[(VARIABLE, "Guangzhou!")])] {
            assert_eq!(region(&bad).unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
