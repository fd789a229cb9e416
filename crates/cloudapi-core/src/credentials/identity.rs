//! Whose key it is.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::Credentials;
use crate::Provider;

/// Whose key is in use, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CallerIdentity {
    /// The cloud.
    pub provider: Provider,
    /// The account that pays: twelve digits at AWS, the main account's UIN at Tencent Cloud.
    pub account_id: String,
    /// The user or the role's session.
    pub user_id: String,
    /// The full name of it.
    pub arn: String,
    /// Where the key came from: `environment`, `profile ops (FILE)`, `instance role NAME`, `assumed role ARN, from …`.
    pub source: String,
    /// When the key ends; absent for one that does not.
    #[serde(
        default,
        with = "crate::timestamp::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires_at: Option<SystemTime>,
}

impl CallerIdentity {
    /// Puts together what the cloud said of a key and what the key says of itself.
    pub fn new(
        provider: Provider,
        account_id: impl Into<String>,
        user_id: impl Into<String>,
        arn: impl Into<String>,
        credentials: &Credentials,
    ) -> Self {
        Self {
            provider,
            account_id: account_id.into(),
            user_id: user_id.into(),
            arn: arn.into(),
            source: credentials.origin().unwrap_or("explicit key").to_owned(),
            expires_at: credentials.expires_at(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn serialises_in_the_interface_words_without_the_key() {
        let key = Credentials::new("AKIDEXAMPLE", "hunter2").with_origin("environment");
        let lasting = CallerIdentity::new(Provider::Aws, "1", "U", "arn:x", &key);
        assert_eq!(
            serde_json::to_value(&lasting).unwrap(),
            serde_json::json!({"Provider": "aws", "AccountId": "1", "UserId": "U", "Arn": "arn:x", "Source": "environment"})
        );
        let key = Credentials::new("AKIDEXAMPLE", "hunter2")
            .with_expires_at(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        let json =
            serde_json::to_string(&CallerIdentity::new(Provider::Tencent, "1", "U", "q", &key))
                .unwrap();
        assert!(
            json.contains("\"ExpiresAt\":\"2023-11-14T22:13:20Z\"")
                && json.contains("\"Source\":\"explicit key\"")
                && !json.contains("hunter2"),
            "{json}"
        );
    }
}
