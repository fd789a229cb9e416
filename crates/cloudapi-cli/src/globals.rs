//! The options that every operation has.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum, value_parser};

use crate::arguments::duration;

/// How the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// As the library serialises it
    Json,
    /// The same as YAML
    Yaml,
    /// Columns for people
    Table,
    /// The same columns as lines with tabs, without heading
    Text,
}

/// Where the key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Source {
    /// The environment variables of the cloud's own tools
    Environment,
    /// A profile on disk: --profile, else AWS_PROFILE, else default
    Profile,
    /// The role of this machine, from the metadata service; at AWS the instance's
    CvmRole,
    /// A role for a token that something else vouches for
    Oidc,
    /// All of them in the vendor's order
    Chain,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// The cloud [env: CLOUDAPI_PROVIDER]
    #[arg(long, global = true, value_parser = PossibleValuesParser::new(["aws", "tencent"]))]
    pub(crate) provider: Option<String>,

    /// The region; else that of the environment or the profile
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) region: Option<String>,

    /// The profile that holds the key, before any key in the environment
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Where the key comes from, instead of looking around [env: CLOUDAPI_CREDENTIAL_SOURCE]
    #[arg(
        long,
        global = true,
        value_enum,
        ignore_case = true,
        value_name = "SOURCE"
    )]
    pub(crate) credential_source: Option<Source>,

    /// Take on this role with the key: arn:aws:iam::ACCOUNT:role/NAME, qcs::cam::uin/ACCOUNT:roleName/NAME
    #[arg(long, global = true, value_name = "ARN")]
    pub(crate) role_arn: Option<String>,

    /// What the owner of the role wants to be told
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) external_id: Option<String>,

    /// Take cloud, region, key and limits from this connection of the file of connections; flags override them
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) connection: Option<String>,

    /// The file of connections, TOML or JSON; else cloudapi/config.toml in the folder for settings [env: CLOUDAPI_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Send every call to this URL instead of to the cloud's own hosts
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,

    /// How the result is written; table on a terminal, else json
    #[arg(long, global = true, value_enum, ignore_case = true)]
    pub(crate) output: Option<Format>,

    /// Pick from the result with a JMESPath expression: '[].InstanceId'
    #[arg(long, global = true, value_name = "JMESPATH")]
    pub(crate) query: Option<String>,

    /// Read the request as JSON from a file, `-` for stdin; flags override it
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,

    /// The longest that the whole call may take, waiting included: 90s, 5m, 1h; a bare number is seconds
    #[arg(long, global = true, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) timeout: Option<Duration>,

    /// How often one native call is sent at most, the first time included
    #[arg(long, global = true, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) max_attempts: Option<u32>,

    /// Say on stderr what is sent to the cloud; twice for more. Never shows keys, tokens or signatures
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}
