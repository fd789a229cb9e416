use std::time::{Duration, UNIX_EPOCH};

use cloudapi_core::{
    ChainLink, CredentialChain, CredentialSource, ErrorKind, Provider, ProviderConfig,
};

use super::super::provider;
use super::*;

struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            home.write(name, text);
        }
        home
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn environment(&self) -> Environment {
        Environment::fixed([("HOME", self.0.path().to_str().unwrap())])
    }

    fn profile(&self, name: &str) -> ProfileCredentials {
        ProfileCredentials {
            name: name.to_owned(),
            environment: self.environment(),
            aws_keys: AwsKeys::Accepted,
        }
    }

    fn key_of(&self, profile: &str) -> String {
        let credentials = self.profile(profile).at(SystemTime::now()).unwrap();
        let token = credentials
            .session_token()
            .map_or("-", |token| token.expose());
        format!(
            "{} {} {token}",
            credentials.key_id(),
            credentials.secret().expose()
        )
    }

    fn refusal(&self, profile: &str) -> String {
        let config = ProviderConfig::new(Provider::Tencent)
            .with_environment(self.environment())
            .with_credentials(CredentialSource::Profile(profile.to_owned()));
        let error = provider(&config).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let message = error.to_string();
        assert!(!message.contains("hunter2"), "{message}");
        message
    }
}

const SHARED: &str = "[both]\naws_access_key_id = AKIAX\naws_secret_access_key = s1\n\
    tencentcloud_secret_id = AKIDX\ntencentcloud_secret_key = s2\ntencentcloud_token = t2\n\
    [aws]\naws_access_key_id = AKIDY\naws_secret_access_key = s3\naws_session_token = t3\n\
    [default]\naws_access_key_id = AKIAZ\naws_secret_access_key = s4\n\
    [role]\nrole_arn = arn:aws:iam::123456789012:role/x\n";

#[test]
fn files_in_their_order() {
    let home = Home::new(&[
        (".aws/credentials", SHARED),
        (
            ".tencentcloud/credentials",
            "[both]\nsecret_id = no\nsecret_key = no\n[role]\nsecret_id = AKIDR\nsecret_key = s5\n",
        ),
        (
            ".tccli/cli.credential",
            r#"{"secretId": "AKIDC", "secretKey": "s6", "token": "t6"}"#,
        ),
        (
            ".tccli/aws.credential",
            r#"{"secretId": "no", "secretKey": "no"}"#,
        ),
    ]);
    for (profile, expected) in [
        ("both", "AKIDX s2 t2"),
        ("aws", "AKIDY s3 t3"),
        ("role", "AKIDR s5 -"),
        ("cli", "AKIDC s6 t6"),
    ] {
        assert_eq!(home.key_of(profile), expected);
    }
}

#[test]
fn variables_move_the_files() {
    let home = Home::new(&[
        (
            "x/aws",
            "[a]\ntencentcloud_secret_id = AKIDX\ntencentcloud_secret_key = s\n",
        ),
        ("x/own", "[b]\nsecret_id = AKIDY\nsecret_key = s\n"),
    ]);
    let folder = home.0.path().to_str().unwrap();
    let environment = Environment::fixed([
        ("HOME".to_owned(), folder.to_owned()),
        (
            "AWS_SHARED_CREDENTIALS_FILE".to_owned(),
            format!("{folder}/x/aws"),
        ),
        (
            "TENCENTCLOUD_CREDENTIALS_FILE".to_owned(),
            "~/x/own".to_owned(),
        ),
    ]);
    for profile in ["a", "b"] {
        let found = look_up(profile, &environment, AwsKeys::Accepted).unwrap();
        assert!(matches!(found, Lookup::Found(..)), "{found:?}");
    }
}

#[test]
fn each_fault_has_its_own_message() {
    let none = Home::new(&[]);
    assert!(none.refusal("a").contains("no file with profiles"));
    assert!(none.refusal("../a").contains("no profile's name"));
    let home = Home::new(&[
        (".aws/credentials", SHARED),
        (".tccli/half.credential", r#"{"secretId": "hunter2"}"#),
        (".tccli/bad.credential", "{\n\"secretId\": hunter2}"),
        (
            ".tencentcloud/credentials",
            "[h]\nsecret_key = hunter2\n[blank]\nsecret_id = a\u{7}b\nsecret_key = hunter2\n",
        ),
    ]);
    for (profile, words) in [
        ("missing", "no profile \"missing\"; looked into"),
        ("role", "has no keys"),
        ("half", "has secretId but not secretKey"),
        ("h", "has secret_key but not secret_id"),
        ("blank", "control characters"),
        ("bad", "line 2"),
    ] {
        let message = home.refusal(profile);
        assert!(message.contains(words), "{message}");
    }
    home.write(".aws/credentials", "[a]\n\nhunter2\n");
    assert!(home.refusal("a").contains("line 3"));
}

#[test]
fn the_files_own_end_of_a_key_holds() {
    let json = |id: &str, end: &str| {
        format!(r#"{{"secretId": "{id}", "secretKey": "s", "token": "t", "expiresAt": {end}}}"#)
    };
    let file = ".tccli/sso.credential";
    let home = Home::new(&[(file, &json("old", "1000"))]);
    assert!(home.refusal("sso").contains("expired"));

    home.write(file, &json("old", "4000000000"));
    let profile = home.profile("sso");
    let at = |seconds| profile.at(UNIX_EPOCH + Duration::from_secs(seconds));
    let found = at(3_000_000_000).unwrap();
    assert_eq!(
        (found.key_id(), found.expires_at()),
        ("old", Some(UNIX_EPOCH + Duration::from_secs(4_000_000_000)))
    );
    let origin = found.origin().unwrap();
    assert!(
        origin.starts_with("profile sso (") && origin.ends_with("sso.credential)"),
        "{origin}"
    );
    assert!(at(4_000_000_001).is_err());
    home.write(file, &json("new", "\"5000000000\""));
    assert_eq!(at(4_000_000_001).unwrap().key_id(), "new");
}

#[tokio::test]
async fn a_chain_takes_the_environment_then_a_profile() {
    let home = Home::new(&[(".aws/credentials", SHARED)]);
    let key = |variables: Vec<(&'static str, &'static str)>| {
        let folder = home.0.path().to_str().unwrap().to_owned();
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .chain([("HOME", folder)]);
        let chain = CredentialChain::new()
            .without(ChainLink::InstanceRole)
            .without(ChainLink::Oidc);
        let config = ProviderConfig::new(Provider::Tencent)
            .with_environment(Environment::fixed(variables))
            .with_credentials(chain);
        async move { provider(&config)?.credentials().await }
    };
    let none = key(vec![]).await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Config);
    for words in ["the environment", "the profile default", "--profile"] {
        assert!(
            none.message().contains(words),
            "aws keys of the default profile don't count: {none}"
        );
    }
    home.write(
        ".tccli/default.credential",
        r#"{"secretId": "AKIDC", "secretKey": "s"}"#,
    );
    let pair = [
        ("TENCENTCLOUD_SECRET_ID", "AKIDE"),
        ("TENCENTCLOUD_SECRET_KEY", "s"),
    ];
    let named = ("AWS_PROFILE", "aws");
    assert_eq!(key(vec![]).await.unwrap().key_id(), "AKIDC");
    assert_eq!(key(vec![named]).await.unwrap().key_id(), "AKIDY");
    let both = vec![pair[0], pair[1], named];
    let found = key(both).await.unwrap();
    assert_eq!(
        (found.key_id(), found.origin()),
        ("AKIDE", Some("environment"))
    );
    for broken in [vec![pair[0]], vec![("AWS_PROFILE", "absent")]] {
        assert_eq!(key(broken).await.unwrap_err().kind(), ErrorKind::Config);
    }
}

#[test]
fn files_are_read_whatever_editor_wrote_them() {
    let pair = "tencentcloud_secret_id = AKIDX\ntencentcloud_secret_key = s\n";
    for text in [
        format!("\u{feff}[a]\n{pair}"),
        format!("[a]\n{pair}").replace('\n', "\r\n"),
        format!("# keys\n; more\n\n[a]   # mine\n{pair}"),
        format!("[a]\n{}", pair.replace('\n', "  \t\n")),
        "[a]\ntencentcloud_secret_id = AKIDX\n[b]\nx = 1\n[a]\ntencentcloud_secret_key = s\n"
            .to_owned(),
        format!("[a]\ns3 =\n  tencentcloud_secret_id = no\n{pair}"),
    ] {
        let home = Home::new(&[(".aws/credentials", &text)]);
        assert_eq!(home.key_of("a"), "AKIDX s -", "{text:?}");
    }
    for text in ["", "\n\n", "# nothing\n"] {
        let home = Home::new(&[(".aws/credentials", text)]);
        assert!(
            home.refusal("a").contains("there is no profile"),
            "{text:?}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_readers_panic_or_quote(
        text in "[\\[\\]{}=:\",# \n\ra-z0-9]{0,60}",
        secret in "[A-Z]{12}",
    ) {
        let home = Home::new(&[
            (".aws/credentials", &format!("[a]\n{text}\n{secret}\n")),
            (".tccli/b.credential", &format!("{{\"secretKey\": \"{secret}\", \"expiresAt\": {text}")),
            (".tencentcloud/credentials", &format!("[c]\nsecret_id = {secret}\n{text}")),
        ]);
        for profile in ["a", "b", "c"] {
            for environment in [home.environment(), Environment::fixed([
                ("HOME", home.0.path().to_str().unwrap()),
                ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
            ])] {
                let config = ProviderConfig::new(Provider::Tencent)
                    .with_environment(environment)
                    .with_credentials(CredentialSource::Profile(profile.to_owned()));
                if let Err(error) = provider(&config) {
                    let told = format!("{error} {error:?}");
                    proptest::prop_assert!(!told.contains(&secret), "{}", told);
                }
            }
        }
    }
}
