//! What is fixed for each cloud: limits, names of calls and headers, checksums.

use cloudapi_core::Provider;
use cloudapi_core::storage::StorageClass;

use super::content::{base64, crc64};

/// Facts about a cloud's store of objects.
#[derive(Debug)]
pub(super) struct Vendor {
    /// The smallest part but the last, in bytes.
    pub(super) min_part: u64,
    /// The longest key, in bytes.
    pub(super) longest_key: usize,
    /// The call that begins an upload in parts.
    pub(super) create: &'static str,
    /// The cloud's word for each portable storage class.
    pub(super) classes: &'static [(StorageClass, &'static str)],
    /// A storage class that only this cloud has.
    pub(super) own_class: &'static str,
    /// The header that says how an object is encrypted, and its words for the cloud's own key and for that of its KMS.
    pub(super) encryption: (&'static str, &'static str, &'static str),
    /// The header that names the key.
    pub(super) kms_key: &'static str,
    /// Something that is said when an upload is to be discarded by hand.
    pub(super) how_to_discard: &'static str,
    /// The name of the checksum.
    algorithm: &'static str,
    /// Its polynomial, bit-reversed.
    polynomial: u64,
    /// How its eight bytes are spelt.
    spell: fn(u64) -> String,
    /// Contents with checksums from the vendors' documents and the catalogue of CRCs.
    pub(super) known: &'static [(&'static str, &'static str)],
}

static AWS: Vendor = Vendor {
    min_part: 5 << 20,
    longest_key: 1024,
    create: "CreateMultipartUpload",
    classes: &[
        (StorageClass::Standard, "STANDARD"),
        (StorageClass::InfrequentAccess, "STANDARD_IA"),
        (StorageClass::Archive, "GLACIER"),
        (StorageClass::DeepArchive, "DEEP_ARCHIVE"),
        (StorageClass::IntelligentTiering, "INTELLIGENT_TIERING"),
    ],
    own_class: "ONEZONE_IA",
    encryption: ("x-amz-server-side-encryption", "AES256", "aws:kms"),
    kms_key: "x-amz-server-side-encryption-aws-kms-key-id",
    how_to_discard: "abort-multipart-upload",
    algorithm: "CRC64NVME",
    polynomial: 0x9A6C_9329_AC4B_C9B5,
    spell: |sum| base64(&sum.to_be_bytes()),
    known: &[("", "AAAAAAAAAAA="), ("123456789", "rosUhgp5mIg=")],
};

static TENCENT: Vendor = Vendor {
    min_part: 1 << 20,
    longest_key: 850,
    create: "InitiateMultipartUpload",
    classes: &[
        (StorageClass::Standard, "STANDARD"),
        (StorageClass::InfrequentAccess, "STANDARD_IA"),
        (StorageClass::Archive, "ARCHIVE"),
        (StorageClass::DeepArchive, "DEEP_ARCHIVE"),
        (StorageClass::IntelligentTiering, "INTELLIGENT_TIERING"),
    ],
    own_class: "MAZ_STANDARD",
    encryption: ("x-cos-server-side-encryption", "AES256", "cos/kms"),
    kms_key: "x-cos-server-side-encryption-cos-kms-key-id",
    how_to_discard: "AbortMultipartUpload",
    algorithm: "CRC64ECMA",
    polynomial: 0xC96C_5795_D787_0F42,
    spell: |sum| sum.to_string(),
    known: &[
        ("", "0"),
        ("123456789", "11051210869376104954"),
        ("hello cos", "13242225731321912570"),
    ],
};

impl Vendor {
    /// The facts about a cloud.
    pub(super) fn of(provider: Provider) -> &'static Self {
        if provider == Provider::Aws {
            &AWS
        } else {
            &TENCENT
        }
    }

    /// The checksum that the cloud has to keep of this content, with its algorithm in front: `CRC64NVME rosUhgp5mIg=`.
    pub(super) fn checksum(&self, content: &[u8]) -> String {
        let sum = (self.spell)(crc64(self.polynomial, content));
        format!("{} {sum}", self.algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogued_values_come_out() {
        for vendor in [&AWS, &TENCENT] {
            for (content, value) in vendor.known {
                let expected = format!("{} {value}", vendor.algorithm);
                assert_eq!(vendor.checksum(content.as_bytes()), expected);
            }
        }
    }
}
