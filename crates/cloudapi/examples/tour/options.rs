//! The command line of the tour.

use cloudapi::Provider;

pub(crate) const USAGE: &str = "\
Options of the tour:
  --emulator              on the built-in emulator
  --provider aws|tencent  this cloud only
  --region REGION         in this region (real account)
  --profile NAME          with the key of this profile (real account)
  --write                 create a server, and destroy it in the end (real account: costs a little)
  --image-id ID --instance-type TYPE [--zone ZONE] [--subnet-id ID]
                          what to create (real account)";

/// What was asked for.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) emulator: bool,
    pub(crate) write: bool,
    pub(crate) provider: Option<Provider>,
    pub(crate) region: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) image_id: Option<String>,
    pub(crate) instance_type: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) subnet_id: Option<String>,
}

impl Options {
    /// Reads the words of a command line; `None` when help is asked for.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> crate::Result<Option<Self>> {
        let mut words = words.into_iter();
        let mut options = Self::default();
        while let Some(word) = words.next() {
            let (name, inline) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let mut value = || {
                inline
                    .clone()
                    .or_else(|| words.next())
                    .ok_or_else(|| format!("{name} needs a value"))
            };
            match name {
                "--emulator" => options.emulator = true,
                "--write" => options.write = true,
                "--help" | "-h" => return Ok(None),
                "--provider" => options.provider = Some(value()?.parse()?),
                "--region" => options.region = Some(value()?),
                "--profile" => options.profile = Some(value()?),
                "--image-id" => options.image_id = Some(value()?),
                "--instance-type" => options.instance_type = Some(value()?),
                "--zone" => options.zone = Some(value()?),
                "--subnet-id" => options.subnet_id = Some(value()?),
                _ => return Err(format!("{word:?} is not understood").into()),
            }
        }
        if !options.emulator && options.provider.is_none() {
            return Err("name a cloud with --provider, or say --emulator".into());
        }
        if options.write
            && !options.emulator
            && (options.image_id.is_none() || options.instance_type.is_none())
        {
            return Err("--write needs --image-id and --instance-type".into());
        }
        Ok(Some(options))
    }
}
