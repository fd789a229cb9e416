//! `create-instances`

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use cloudapi::compute::{CreateInstancesRequest, CreateStatus, CreatedInstances, UserData};
use cloudapi::{ComputeExt, Error, ErrorKind, InstanceId};
use serde::Serialize;

use crate::arguments::{disks, pairs, words};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Done;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image to start from
    #[arg(long, value_name = "ID")]
    image_id: Option<String>,

    /// The instance type
    #[arg(long, value_name = "TYPE")]
    instance_type: Option<String>,

    /// How many, 1 if not said
    #[arg(long, value_name = "N")]
    count: Option<u32>,

    /// How many at least, if not all can be had; all or none if not said
    #[arg(long, value_name = "N")]
    min_count: Option<u32>,

    /// The name
    #[arg(long)]
    name: Option<String>,

    /// The zone; needed at Tencent Cloud, unless a subnet tells it
    #[arg(long)]
    zone: Option<String>,

    /// The network; only together with a subnet of it
    #[arg(long, value_name = "ID")]
    vpc_id: Option<String>,

    /// The subnet
    #[arg(long, value_name = "ID")]
    subnet_id: Option<String>,

    /// The security groups
    #[arg(long, value_name = "ID", num_args = 0.., value_delimiter = ',')]
    security_group_ids: Option<Vec<String>>,

    /// The key pairs that may log in: a name at AWS, ids at Tencent Cloud
    #[arg(long, value_name = "NAME", num_args = 0.., value_delimiter = ',')]
    key_names: Option<Vec<String>>,

    /// What runs at the first start, as text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    user_data: Option<String>,

    /// The same from a file, as it is
    #[arg(long, value_name = "FILE", conflicts_with = "user_data")]
    user_data_file: Option<PathBuf>,

    /// The disks: [boot:]SIZE[:TYPE][:keep|:delete] with sizes in GiB, or JSON
    #[arg(long, value_name = "DISK", num_args = 0..)]
    disks: Option<Vec<String>>,

    /// Whether it gets a public address; the subnet decides if not said
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    public_address: Option<bool>,

    /// Tags: team=web env=prod, or a JSON object
    #[arg(long, value_name = "KEY=VALUE", num_args = 0..)]
    tags: Option<Vec<String>>,

    /// How it is paid for, on demand if not said
    #[arg(long, ignore_case = true)]
    billing: Option<BillingWord>,

    /// For how many months, with --billing prepaid
    #[arg(long, value_name = "N")]
    prepaid_months: Option<u32>,

    /// Makes the same request create once only; made up if not said, and part of the result
    #[arg(long, value_name = "TOKEN")]
    client_token: Option<String>,

    /// Check everything, the cloud's own checks included, and create nothing
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    dry_run: Option<bool>,

    /// Wait until the instances run, or can't
    #[arg(long)]
    wait: bool,
}

#[derive(Clone, Copy, Debug, Serialize, ValueEnum)]
enum BillingWord {
    /// By the time it runs
    #[value(alias = "ondemand", alias = "on_demand")]
    OnDemand,
    /// Spare capacity that the cloud may take back
    Spot,
    /// For months in advance (Tencent Cloud)
    Prepaid,
}

/// Creates instances.
pub(super) async fn run(args: Args, context: &Context) -> Result<Done, Failure> {
    let wait = args.wait;
    let mut request = request(args, context)?;
    // Made up here and not in the library, so that it can be told when it is not known what was created.
    let token = request
        .client_token
        .get_or_insert_with(|| uuid::Uuid::new_v4().to_string())
        .clone();
    let compute = context.connect().await?.compute()?;
    let created = context
        .call(compute.create_instances(request))
        .await
        .map_err(|failure| with_token(failure, &token))?;
    if created.dry_run || !wait {
        return Ok(context.print(&created));
    }
    let ids = &created.instance_ids;
    let names: Vec<&str> = ids.iter().map(InstanceId::as_str).collect();
    Context::note(&format!(
        "created {}; waiting until they run",
        names.join(", ")
    ));
    let options = context.wait_options();
    match context
        .call(compute.wait_for_instances(ids, &options))
        .await
    {
        Ok(instances) => {
            let created = created.with_instances(instances);
            Ok(context.print(&created).with_failure(failure(&created)))
        }
        Err(mut failure) => {
            failure.error = failure.error.with_resources(names);
            Ok(context.print(&created).with_failure(Some(failure)))
        }
    }
}

fn request(args: Args, context: &Context) -> Result<CreateInstancesRequest, Failure> {
    let user_data = match (args.user_data, args.user_data_file) {
        (Some(text), _) => Some(UserData::new(text)),
        (None, Some(path)) => Some(read(&path)?),
        (None, None) => None,
    };
    let tags = args
        .tags
        .as_deref()
        .map(|tags| pairs::parse("--tags", tags));
    context
        .request()
        .with("ImageId", args.image_id)
        .with("InstanceType", args.instance_type)
        .with("Count", args.count)
        .with("MinCount", args.min_count)
        .with("Name", args.name)
        .with("Zone", args.zone)
        .with("VpcId", args.vpc_id)
        .with("SubnetId", args.subnet_id)
        .with("SecurityGroupIds", words(args.security_group_ids))
        .with("KeyNames", words(args.key_names))
        .with("UserData", user_data)
        .with(
            "Disks",
            args.disks.as_deref().map(disks::parse).transpose()?,
        )
        .with("PublicAddress", args.public_address)
        .with("Tags", tags.transpose()?)
        .with("Billing", args.billing)
        .with("PrepaidMonths", args.prepaid_months)
        .with("ClientToken", args.client_token)
        .with("DryRun", args.dry_run)
        .build()
}

fn read(path: &Path) -> Result<UserData, Failure> {
    std::fs::read(path).map(UserData::new).map_err(|error| {
        Error::invalid_argument(format!(
            "the user data can't be read from {}: {error}",
            path.display()
        ))
        .into()
    })
}

/// Says how to go on when it is not known what the cloud did.
fn with_token(failure: Failure, token: &str) -> Failure {
    let is_unclear = matches!(
        failure.error.kind(),
        ErrorKind::Timeout | ErrorKind::Network | ErrorKind::Unavailable
    ) || failure.is_interruption();
    if !is_unclear || failure.error.is_certainly_undone() {
        return failure;
    }
    failure.with_advice(&format!(
        "instances may have been created: the same command with --client-token {token} shows them and creates none twice"
    ))
}

fn failure(created: &CreatedInstances) -> Option<Failure> {
    let kinds: Vec<ErrorKind> = created
        .instances
        .iter()
        .filter_map(|instance| match instance.status {
            CreateStatus::Running => None,
            CreateStatus::TimedOut | CreateStatus::NeverVisible => Some(ErrorKind::Timeout),
            _ => Some(ErrorKind::Other),
        })
        .collect();
    let error = created.failure()?;
    Some(Failure::batch(error, created.instances.len(), &kinds))
}
