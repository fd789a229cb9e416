//! aws-sdk-s3, the parts cut by hand.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use crc_fast::{CrcAlgorithm, Digest};

use super::{Client, KEY_ID, REGION, SECRET, side_by_side};
use crate::Result;
use crate::manifest::{BUCKET, LARGE, Large, Small, nvme_of, spell_nvme};

/// How much is read at once for a checksum, in bytes.
const BUFFER: usize = 256 << 10;

#[derive(Clone)]
pub(super) struct Sdk {
    client: aws_sdk_s3::Client,
    /// Whether CRC-64/NVME goes before the content, in place of what the SDK does by itself.
    crc64: bool,
}

/// Where a part is.
#[derive(Clone)]
struct Place {
    path: PathBuf,
    number: usize,
    offset: u64,
    size: u64,
}

impl Sdk {
    pub(super) fn new(url: &str) -> Self {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(url)
            .force_path_style(true)
            .credentials_provider(Credentials::new(KEY_ID, SECRET, None, None, "bench"))
            .build();
        Self {
            client: aws_sdk_s3::Client::from_conf(config),
            crc64: false,
        }
    }

    pub(super) fn with_crc64(self) -> Self {
        Self {
            crc64: true,
            ..self
        }
    }

    async fn part(&self, upload_id: &str, place: Place) -> Result<CompletedPart> {
        let content = ByteStream::read_from()
            .path(&place.path)
            .offset(place.offset)
            .length(Length::Exact(place.size))
            .build()
            .await?;
        let number = i32::try_from(place.number)?;
        let call = self
            .client
            .upload_part()
            .bucket(BUCKET)
            .key(LARGE)
            .upload_id(upload_id)
            .part_number(number)
            .body(content);
        let sent = if self.crc64 {
            let sum = tokio::task::spawn_blocking(move || sum_of(&place)).await??;
            let call = call.checksum_crc64_nvme(sum).customize();
            call.disable_payload_signing().send().await?
        } else {
            call.send().await?
        };
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(sent.e_tag)
            .set_checksum_crc32(sent.checksum_crc32)
            .set_checksum_crc64_nvme(sent.checksum_crc64_nvme)
            .build())
    }
}

fn sum_of(place: &Place) -> std::io::Result<String> {
    let mut file = fs::File::open(&place.path)?;
    file.seek(SeekFrom::Start(place.offset))?;
    let mut file = file.take(place.size);
    let mut buffer = vec![0; BUFFER];
    let mut sum = Digest::new(CrcAlgorithm::Crc64Nvme);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(spell_nvme(sum.finalize())),
            read => sum.update(&buffer[..read]),
        }
    }
}

impl Client for Sdk {
    async fn large(&self, large: &Large) -> Result {
        let mut begin = self
            .client
            .create_multipart_upload()
            .bucket(BUCKET)
            .key(LARGE);
        if self.crc64 {
            begin = begin
                .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
                .checksum_type(ChecksumType::FullObject);
        }
        let created = begin.send().await?;
        let upload_id = created
            .upload_id()
            .ok_or("the upload has no id")?
            .to_owned();
        let parts = side_by_side(large.parts.len(), |at| {
            let (own, id) = (self.clone(), upload_id.clone());
            let place = Place {
                path: large.path.clone(),
                number: at + 1,
                offset: large.parts[at].offset,
                size: large.parts[at].size,
            };
            async move { own.part(&id, place).await }
        });
        let list = CompletedMultipartUpload::builder()
            .set_parts(Some(parts.await?))
            .build();
        self.client
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key(LARGE)
            .upload_id(upload_id)
            .multipart_upload(list)
            .send()
            .await?;
        Ok(())
    }

    async fn small(&self, small: &Small) -> Result {
        let call = self.client.put_object().bucket(BUCKET).key(&small.key);
        if self.crc64 {
            let content = tokio::fs::read(&small.path).await?;
            call.checksum_crc64_nvme(nvme_of(&content))
                .body(content.into())
                .customize()
                .disable_payload_signing()
                .send()
                .await?;
        } else {
            call.body(ByteStream::from_path(&small.path).await?)
                .send()
                .await?;
        }
        Ok(())
    }

    async fn stream(&self, _large: &Large) -> Result {
        Err("aws-sdk-s3 uploads nothing of unknown length".into())
    }
}
