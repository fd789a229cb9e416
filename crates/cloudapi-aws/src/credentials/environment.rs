//! The environment variables of the AWS tools.

use cloudapi_core::{Credentials, Environment, Error, Result, Secret};

/// Reads the key; `None` if neither half is set.
///
/// # Errors
///
/// `Config` for half a pair, naming the missing half.
pub(super) fn read(environment: &Environment) -> Result<Option<Credentials>> {
    let id = environment.var("AWS_ACCESS_KEY_ID");
    let secret = environment
        .var("AWS_SECRET_ACCESS_KEY")
        .or_else(|| environment.var("SECRET_ACCESS_KEY"))
        .map(Secret::from);
    let half = |there: &str, absent: &str| {
        Err(Error::config(format!(
            "half a key pair in the environment: {there} is set and {absent} is not"
        )))
    };
    let credentials = match (id, secret) {
        (None, None) => return Ok(None),
        (Some(_), None) => return half("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        (None, Some(_)) => return half("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
        (Some(id), Some(secret)) => Credentials::new(id.trim(), secret),
    };
    let credentials = match environment.var("AWS_SESSION_TOKEN") {
        Some(token) => credentials.with_session_token(token.trim()),
        None => credentials,
    };
    Ok(Some(credentials.with_origin("environment")))
}

#[cfg(test)]
mod tests {
    use cloudapi_core::ErrorKind;

    use super::*;

    #[test]
    fn environment_keys_come_whole_or_not_at_all() {
        let of = |variables: &[(&str, &str)]| read(&Environment::fixed(variables.iter().copied()));
        let id = ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
        let secret = ("AWS_SECRET_ACCESS_KEY", "hunter2");
        let found = of(&[id, secret, ("AWS_SESSION_TOKEN", " t0ken ")])
            .unwrap()
            .unwrap();
        assert_eq!(found.key_id(), "AKIAIOSFODNN7EXAMPLE");
        assert_eq!(found.session_token().unwrap().expose(), "t0ken");
        assert!(of(&[]).unwrap().is_none());
        assert!(
            of(&[id, ("AWS_SECRET_ACCESS_KEY", " ")]).is_err(),
            "blank is unset"
        );
        for half in [id, secret] {
            let error = of(&[half]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().contains("half a key pair"), "{error}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
