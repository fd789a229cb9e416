//! The environment variables of the cloud's own tools.

use std::sync::Arc;

use cloudapi_core::{Credentials, Environment, Error, ProvideCredentials, ProviderConfig, Result};

use super::sts::{self, AssumedRole, Role};

const ID: &str = "TENCENTCLOUD_SECRET_ID";
const KEY: &str = "TENCENTCLOUD_SECRET_KEY";
const ROLE: &str = "TENCENTCLOUD_ROLE_ARN";
/// The token's name in tccli, and in the Terraform provider.
const TOKENS: [&str; 2] = ["TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN"];

/// Whether the environment has a key, or half of one.
pub(super) fn is_set(environment: &Environment) -> bool {
    [ID, KEY].iter().any(|name| environment.var(name).is_some())
}

/// Makes the source: the key, or the role that the environment wants it to take on.
///
/// # Errors
///
/// `Config` when the key or half of it is missing, or for what is no role.
pub(super) fn source(config: &ProviderConfig) -> Result<Arc<dyn ProvideCredentials>> {
    let environment = &config.environment;
    let key: Arc<dyn ProvideCredentials> = Arc::new(read(environment)?);
    let Some(arn) = environment.var(ROLE) else {
        return Ok(key);
    };
    let role = Role::new(arn.trim(), sts::session_name(environment));
    Ok(Arc::new(AssumedRole::new(role, key, config)?))
}

/// Reads the key.
///
/// # Errors
///
/// `Config` when it or half of it is missing, or has blanks around it.
pub(super) fn read(environment: &Environment) -> Result<Credentials> {
    let (id, key) = match (environment.var(ID), environment.var(KEY)) {
        (Some(id), Some(key)) => (id, key),
        (None, None) => {
            return Err(Error::config(format!(
                "the environment has neither {ID} nor {KEY}"
            )));
        }
        (Some(_), None) => {
            return Err(Error::config(format!(
                "the environment has {ID} but not {KEY}"
            )));
        }
        (None, Some(_)) => {
            return Err(Error::config(format!(
                "the environment has {KEY} but not {ID}"
            )));
        }
    };
    let mut credentials = Credentials::new(id, key).with_origin("environment");
    if let Some(token) = TOKENS.iter().find_map(|name| environment.var(name)) {
        credentials = credentials.with_session_token(token);
    }
    credentials.check()?;
    Ok(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Credentials> {
        read(&Environment::fixed(variables.iter().copied()))
    }

    #[test]
    fn a_pair_with_either_tools_token() {
        let pair = [(ID, "AKIDEXAMPLE"), (KEY, "SecretKeyEXAMPLE")];
        let plain = of(&pair).unwrap();
        assert_eq!(
            (plain.key_id(), plain.secret().expose()),
            ("AKIDEXAMPLE", "SecretKeyEXAMPLE")
        );
        assert!(plain.session_token().is_none());
        for name in TOKENS {
            let with_token = of(&[pair[0], pair[1], (name, "TOKENEXAMPLE")]).unwrap();
            assert_eq!(with_token.session_token().unwrap().expose(), "TOKENEXAMPLE");
        }
    }

    #[test]
    fn halves_and_blanks_are_told_apart_unquoted() {
        for (variables, words) in [
            (vec![], "neither"),
            (
                vec![(ID, "hunter2")],
                "has TENCENTCLOUD_SECRET_ID but not TENCENTCLOUD_SECRET_KEY",
            ),
            (
                vec![(KEY, "hunter2")],
                "has TENCENTCLOUD_SECRET_KEY but not TENCENTCLOUD_SECRET_ID",
            ),
            (vec![(ID, "id"), (KEY, "  ")], "but not"),
            (vec![(ID, "id"), (KEY, "hunter2\n")], "blanks"),
        ] {
            let message = of(&variables).unwrap_err().to_string();
            assert!(
                message.contains(words) && !message.contains("hunter2"),
                "{message}"
            );
        }
    }
}
