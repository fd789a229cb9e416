use cloudapi_core::ErrorKind;

use super::*;

const KEYS: &str = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n";

/// A home folder with the two files.
fn home(credentials: Option<&str>, config: Option<&str>) -> (tempfile::TempDir, Environment) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".aws")).unwrap();
    for (name, content) in [("credentials", credentials), ("config", config)] {
        if let Some(content) = content {
            std::fs::write(folder.path().join(".aws").join(name), content).unwrap();
        }
    }
    let environment = Environment::fixed([("HOME", folder.path().to_str().unwrap())]);
    (folder, environment)
}

fn check(name: &str, credentials: Option<&str>, config: Option<&str>) -> Result<()> {
    let (_folder, environment) = home(credentials, config);
    Profile::select(&environment, &CredentialSource::Profile(name.to_owned())).check_credentials()
}

#[test]
fn what_is_wrong_has_its_own_words_and_quotes_nothing() {
    let half = "[web]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n";
    let other_half = "[web]\naws_secret_access_key = wJalrXUtnFEMI\n";
    let broken = "[web]\naws_secret_access_key wJalrXUtnFEMI\n";
    let chain =
        "[web]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = bas\n[base]\n";
    let circle =
        "[web]\nrole_arn = r\nsource_profile = b\n[b]\nrole_arn = r\nsource_profile = web\n";
    for (credentials, expected) in [
        (None, vec!["neither", "exists"]),
        (
            Some("[webb]\n"),
            vec!["no profile web", "did you mean webb?"],
        ),
        (
            Some(half),
            vec!["half a key pair", "line 2", "without aws_secret_access_key"],
        ),
        (
            Some(other_half),
            vec!["half a key pair", "without aws_access_key_id"],
        ),
        (Some(broken), vec!["line 2", "no `=`"]),
        (
            Some("[web]\nregion = us-east-1\n"),
            vec!["says nothing of credentials"],
        ),
        (Some(chain), vec!["no profile bas", "did you mean base?"]),
        (Some(circle), vec!["in a circle"]),
    ] {
        let error = check("web", credentials, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = format!("{error} {error:?}");
        for word in expected {
            assert!(text.contains(word), "{word:?} in {text}");
        }
        assert!(!text.contains("wJalr") && !text.contains("AKIA"), "{text}");
    }
}

#[test]
fn profiles_are_found_under_the_headings_of_each_file() {
    let web = format!("[web]\n{KEYS}");
    let long = format!("[profile web]\n{KEYS}");
    assert!(check("web", Some(&web), None).is_ok());
    assert!(check("web", None, Some(&long)).is_ok());
    assert!(
        check("web", None, Some(&web)).is_err(),
        "the SDK ignores it"
    );
    assert!(check("default", None, Some(&format!("[default]\n{KEYS}"))).is_ok());
    assert!(
        check(
            "web",
            None,
            Some("[profile web]\ncredential_process = /bin/keys\n")
        )
        .is_ok()
    );
}

#[test]
fn aws_profile_must_exist_and_default_need_not() {
    let (folder, environment) = home(Some("[web]\nregion = us-east-1\n"), None);
    let select = |environment: &Environment| {
        Profile::select(environment, &CredentialSource::Default).check_credentials()
    };
    assert!(select(&environment).is_ok());
    let named = |name: &str| {
        Environment::fixed([
            ("HOME", folder.path().to_str().unwrap()),
            ("AWS_PROFILE", name),
        ])
    };
    assert!(
        select(&named("web")).is_ok(),
        "keys may come from elsewhere"
    );
    assert!(
        select(&named("db"))
            .unwrap_err()
            .message()
            .contains("no profile db")
    );
}

#[test]
fn the_region_of_the_credentials_file_goes_first() {
    let (_folder, environment) = home(
        Some("[default]\nregion = eu-west-1\n"),
        Some("[default]\nregion = us-east-1\n"),
    );
    let profile = Profile::select(&environment, &CredentialSource::Default);
    assert_eq!(profile.region().unwrap().as_deref(), Some("eu-west-1"));
}
