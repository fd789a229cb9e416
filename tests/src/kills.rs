//! Uploads that are killed at random moments and gone on with: what is checked of each, and the figures of all.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cloudapi::Provider;
use cloudapi_emulator::{Cloud, Emulator, ObjectEntry, fixtures};
use fastrand::Rng;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::emulator::cloud_of;

/// What a step answers; the error says what was wrong.
type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const KEY: &str = "backup.bin";

/// What is uploaded, and how often it is killed.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The cloud, of an emulator.
    pub provider: Provider,
    /// How many uploads.
    pub rounds: u32,
    /// The size of the file in bytes.
    pub size: u64,
    /// The size of a part in bytes.
    pub part_size: u64,
    /// How many parts are under way at once.
    pub in_flight: usize,
    /// How often one upload is killed before it may end: so often at most, once at least.
    pub kills_in_a_row: u32,
    /// What all that is random comes from.
    pub seed: u64,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Uploads that ended well.
    pub rounds: u32,
    /// Processes that were killed.
    pub kills: u32,
    /// Of these: before the first part was sent, with parts under way or noted, and after the last part was noted.
    pub moments: [u32; 3],
    /// Parts that were under way, summed over the kills.
    pub under_way: u64,
    /// Parts that were sent again.
    pub again: u64,
    /// Of these, parts that the cloud had already, whose answer had not been noted.
    pub stored_again: u64,
    /// The bytes of what was sent again.
    pub bytes_again: u64,
    /// The most bytes that one process sent again.
    pub worst_bytes: u64,
    /// Uploads without a part that stayed, being begun just before the kill.
    pub empty_uploads: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [early, amid, late] = self.moments;
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        write!(
            f,
            "{} uploads, {} kills ({early} before the first part, {amid} amid the parts, {late} after the last); {} parts \
             were under way, {} were sent again ({} MiB, {} of them stored already), at most {} MiB by one process; {} \
             uploads without a part stayed",
            self.rounds,
            self.kills,
            self.under_way,
            self.again,
            mib(self.bytes_again),
            self.stored_again,
            mib(self.worst_bytes),
            self.empty_uploads
        )
    }
}

/// Uploads, kills and goes on as planned, with the binary `cloudapi`.
///
/// # Errors
///
/// The first promise that did not hold, or what kept the plan from being carried out.
pub fn run(binary: &Path, emulator: &Emulator, plan: &Plan) -> Result<Figures> {
    let folder = tempfile::tempdir()?;
    let mut rng = Rng::with_seed(plan.seed);
    let sha256 = write_content(&folder.path().join("file"), plan.size, &mut rng)?;
    let mut campaign = Campaign {
        binary,
        emulator,
        plan,
        folder,
        rng,
        sha256,
        figures: Figures::default(),
    };
    for round in 1..=plan.rounds {
        campaign
            .round(round)
            .map_err(|error| format!("round {round}: {error}"))?;
    }
    Ok(campaign.figures)
}

fn write_content(path: &Path, size: u64, rng: &mut Rng) -> Result<String> {
    let (mut file, mut hash) = (File::create(path)?, Sha256::new());
    let mut block = vec![0; 1 << 20];
    let mut left = size;
    while left > 0 {
        rng.fill(&mut block);
        let length = left.min(block.len() as u64);
        let piece = &block[..usize::try_from(length)?];
        hash.update(piece);
        file.write_all(piece)?;
        left -= length;
    }
    let digest = hash.finalize();
    let bytes: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(bytes.concat())
}

struct Campaign<'a> {
    binary: &'a Path,
    emulator: &'a Emulator,
    plan: &'a Plan,
    folder: TempDir,
    rng: Rng,
    sha256: String,
    figures: Figures,
}

/// Parts by number, with their sizes.
type Sent = Vec<(u64, u64)>;

impl Campaign<'_> {
    /// One upload, killed at least once.
    fn round(&mut self, round: u32) -> Result {
        // Alternately with a file of one's own and with the one in the state folder.
        let own_file = round % 2 == 1;
        let wanted = self.rng.u32(1..=self.plan.kills_in_a_row);
        let mut kills = 0;
        self.emulator.reset();
        self.emulator.clear_calls();
        let mut sent_before: BTreeSet<u64> = BTreeSet::new();
        loop {
            let noted = self.noted(own_file)?;
            let stored = self.stored();
            let mut child = self.start(own_file)?;
            let mut killed = kills < wanted && self.kill(&mut child, noted.len())?;
            if !killed {
                let output = child.wait_with_output()?;
                if !output.status.success() {
                    let said = String::from_utf8_lossy(&output.stderr);
                    return Err(format!("going on ended with {}: {said}", output.status).into());
                }
            } else if self.checkpoint(own_file)?.is_none() && self.object().is_some() {
                // All was done; nothing was missing but the word of it.
                killed = false;
            }
            let sent = self.take_sent();
            self.count_again(&sent, &sent_before, &noted, &stored)?;
            sent_before.extend(sent.iter().map(|(number, _)| number));
            if killed {
                kills += 1;
                self.count_kill(&sent, &self.noted(own_file)?)?;
                continue;
            }
            self.check_end(own_file)?;
            if kills > 0 {
                self.figures.rounds += 1;
                return Ok(());
            }
            // It was over before it could be killed: the next one, then.
            self.emulator.reset();
            sent_before.clear();
        }
    }

    fn start(&self, own_file: bool) -> Result<Child> {
        let aws = self.plan.provider == Provider::Aws;
        let (key, region, names) = if aws {
            let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
            (self.emulator.aws_key(), fixtures::AWS_REGION, names)
        } else {
            let names = ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"];
            (self.emulator.tencent_key(), fixtures::TENCENT_REGION, names)
        };
        let mut command = Command::new(self.binary);
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env(names[0], key.id)
            .env(names[1], key.secret)
            .args(["upload-file", "--provider", self.plan.provider.as_str()])
            .args(["--region", region])
            .args(["--endpoint-url", &self.emulator.endpoint_url()])
            .args(["--bucket", self.bucket(), "--key", KEY])
            .args(["--part-size", &self.plan.part_size.to_string()])
            .args(["--in-flight", &self.plan.in_flight.to_string()])
            .arg(self.folder.path().join("file"));
        if own_file {
            command.arg("--checkpoint").arg(self.own_checkpoint());
        } else {
            command.arg("--resume");
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        Ok(command.spawn()?)
    }

    /// Kills a process at a random moment: some time after a random part was begun, or the completion was. False when it
    /// was over before.
    fn kill(&mut self, child: &mut Child, noted: usize) -> Result<bool> {
        let parts = usize::try_from(self.plan.size.div_ceil(self.plan.part_size))?;
        let left = parts.saturating_sub(noted);
        let wanted = self.rng.usize(0..=left + 1);
        let come = || match wanted {
            wanted if wanted > left => self.begun("CompleteMultipartUpload") > 0,
            wanted => self.begun("UploadPart") >= wanted,
        };
        while child.try_wait()?.is_none() && !come() {
            std::thread::sleep(Duration::from_micros(500));
        }
        let pause = Duration::from_micros(self.rng.u64(0..30_000));
        std::thread::sleep(pause);
        child.kill()?;
        let killed = child.wait()?.code().is_none();
        // What was on its way still arrives, and would be taken for the next process's.
        let mut before = usize::MAX;
        while before != self.begun("UploadPart") {
            before = self.begun("UploadPart");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(killed)
    }

    fn begun(&self, action: &str) -> usize {
        let calls = self.emulator.calls();
        calls.iter().filter(|call| call.action == action).count()
    }

    /// The parts that were sent since the last look.
    fn take_sent(&self) -> Sent {
        let calls = self.emulator.calls();
        self.emulator.clear_calls();
        let parts = calls.iter().filter(|call| call.action == "UploadPart");
        let of = |name: &str, call: &cloudapi_emulator::Call| call.parameters[name].as_u64();
        parts
            .filter_map(|call| Some((of("PartNumber", call)?, of("ContentLength", call)?)))
            .collect()
    }

    fn count_again(
        &mut self,
        sent: &Sent,
        before: &BTreeSet<u64>,
        noted: &BTreeSet<u64>,
        stored: &BTreeSet<u64>,
    ) -> Result {
        let again = || sent.iter().filter(|(number, _)| before.contains(number));
        if let Some((number, _)) = again().find(|(number, _)| noted.contains(number)) {
            return Err(format!("part {number} had been noted and was sent again").into());
        }
        let bytes: u64 = again().map(|(_, size)| size).sum();
        self.figures.again += again().count() as u64;
        self.figures.stored_again += again()
            .filter(|(number, _)| stored.contains(number))
            .count() as u64;
        self.figures.bytes_again += bytes;
        self.figures.worst_bytes = self.figures.worst_bytes.max(bytes);
        Ok(())
    }

    fn count_kill(&mut self, sent: &Sent, noted: &BTreeSet<u64>) -> Result {
        let sent: BTreeSet<u64> = sent.iter().map(|(number, _)| *number).collect();
        let under_way = sent.difference(noted).count();
        if under_way > self.plan.in_flight {
            return Err(format!("{under_way} parts were under way at once").into());
        }
        self.figures.kills += 1;
        self.figures.under_way += under_way as u64;
        let all = noted.len() as u64 == self.plan.size.div_ceil(self.plan.part_size);
        let moment = match sent.is_empty() && noted.is_empty() {
            true => 0,
            false if all => 2,
            false => 1,
        };
        self.figures.moments[moment] += 1;
        Ok(())
    }

    fn check_end(&mut self, own_file: bool) -> Result {
        let object = self.object().ok_or("there is no object")?;
        if object.sha256()? != self.sha256 {
            return Err("the object is not what the file is".into());
        }
        let uploads = self.emulator.world().open_uploads(self.cloud());
        if let Some(upload) = uploads.iter().find(|upload| !upload.parts.is_empty()) {
            return Err(format!("{} parts are left", upload.parts.len()).into());
        }
        self.figures.empty_uploads += uploads.len();
        match self.checkpoint(own_file)? {
            Some(path) => Err(format!("the checkpoint {} is left", path.display()).into()),
            None => Ok(()),
        }
    }

    fn object(&self) -> Option<ObjectEntry> {
        let world = self.emulator.world();
        world.object(self.cloud(), self.bucket(), KEY)
    }

    /// The parts that the cloud has of an upload that is not over.
    fn stored(&self) -> BTreeSet<u64> {
        let uploads = self.emulator.world().open_uploads(self.cloud());
        let parts = uploads.iter().flat_map(|upload| &upload.parts);
        parts.map(|part| u64::from(part.part_number)).collect()
    }

    /// The parts that the checkpoint tells of.
    fn noted(&self, own_file: bool) -> Result<BTreeSet<u64>> {
        let Some(path) = self.checkpoint(own_file)? else {
            return Ok(BTreeSet::new());
        };
        let text = std::fs::read_to_string(path)?;
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().skip(1).map(number_of).collect()
    }

    fn own_checkpoint(&self) -> PathBuf {
        self.folder.path().join("checkpoint")
    }

    fn checkpoint(&self, own_file: bool) -> Result<Option<PathBuf>> {
        if own_file {
            return Ok(Some(self.own_checkpoint()).filter(|path| path.exists()));
        }
        let Ok(mut found) = std::fs::read_dir(self.folder.path().join("state/cloudapi/uploads"))
        else {
            return Ok(None);
        };
        Ok(found.next().transpose()?.map(|entry| entry.path()))
    }

    fn cloud(&self) -> Cloud {
        cloud_of(self.plan.provider)
    }

    fn bucket(&self) -> &'static str {
        match self.cloud() {
            Cloud::Aws => fixtures::AWS_BUCKET,
            Cloud::Tencent => fixtures::TENCENT_BUCKET,
        }
    }
}

/// The number in a line of a checkpoint.
fn number_of(line: &str) -> Result<u64> {
    let rest = line.strip_prefix("{\"Number\":").unwrap_or_default();
    let digits = rest.split(',').next().unwrap_or_default();
    let number = digits.parse();
    Ok(number.map_err(|_| format!("a line of the checkpoint has no number: {line}"))?)
}
