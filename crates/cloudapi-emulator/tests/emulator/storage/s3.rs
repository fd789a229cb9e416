//! S3's ways to send a body, and where a bucket may stand.

#![expect(
    clippy::unwrap_used,
    reason = "an answer that does not come fails the test"
)]

use cloudapi_emulator::{Cloud, Emulator, fixtures::AWS_BUCKET};
use serde_json::json;

use super::client::{Answer, Body, Chunks, Request};

/// CRC-32 and CRC-64/NVME of `123456789`, from the CRC catalogue.
const CRC32: &str = "y/Q5Jg==";
const CRC64: &str = "rosUhgp5mIg=";
const NINE: &[u8] = b"123456789";

async fn put(emulator: &Emulator, body: Body) -> Answer {
    let request = Request::new("PUT", "/cloudapi-demo/k", "");
    request.s3(emulator, body).await.unwrap()
}

fn stored(emulator: &Emulator, key: &str) -> Option<Vec<u8>> {
    let object = emulator.world().object(Cloud::Aws, AWS_BUCKET, key)?;
    Some(object.bytes().unwrap())
}

fn chunks(chunks: Chunks) -> Body {
    Body::Chunks(chunks)
}

#[tokio::test]
async fn a_body_may_come_in_every_documented_way() {
    let emulator = Emulator::start().await.unwrap();
    let long: Vec<u8> = (0..200_000_u32).flat_map(u32::to_be_bytes).collect();
    let crc32 = "x-amz-checksum-crc32";
    for content in [NINE, &long, b""] {
        for body in [
            Body::Hashed(content.to_vec()),
            Body::Unsigned(content.to_vec()),
            chunks(Chunks::new(content, true)),
            chunks(Chunks {
                size: 8192,
                ..Chunks::new(content, true)
            }),
        ] {
            emulator.reset();
            let shown = format!("{body:.60?}");
            let answer = put(&emulator, body).await;
            assert_eq!(answer.status, 200, "{shown} {answer:?}");
            assert!(stored(&emulator, "k").unwrap() == content, "{shown}");
        }
    }
    for signed in [true, false] {
        let body = chunks(Chunks::new(NINE, signed).with_trailer(crc32, CRC32));
        let answer = put(&emulator, body).await;
        assert_eq!(answer.header(crc32), Some(CRC32), "{answer:?}");
        let object = emulator
            .world()
            .object(Cloud::Aws, AWS_BUCKET, "k")
            .unwrap();
        assert_eq!(object.checksum, format!("CRC32 {CRC32}"));
        assert!(!object.headers.contains_key("content-encoding"));
        assert_eq!(object.sha256().unwrap(), crate::client::hash("123456789"));
    }
}

#[tokio::test]
async fn what_does_not_fit_the_body_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    let long = vec![7; 200_000];
    let crc32 = "x-amz-checksum-crc32";
    let of_long = || Chunks::new(&long, true);
    let with = |wrong| {
        chunks(Chunks {
            wrong: Some(wrong),
            ..of_long()
        })
    };
    let trailer = |signed| Chunks::new(NINE, signed).with_trailer(crc32, CRC32);
    for (body, status, code) in [
        (
            Body::WronglyHashed(NINE.to_vec()),
            400,
            "XAmzContentSHA256Mismatch",
        ),
        (with(0), 403, "SignatureDoesNotMatch"),
        (with(3), 403, "SignatureDoesNotMatch"),
        (with(4), 403, "SignatureDoesNotMatch"),
        (
            chunks(Chunks {
                size: 8191,
                ..of_long()
            }),
            403,
            "InvalidChunkSizeError",
        ),
        (
            chunks(Chunks {
                length: Some(199_999),
                ..of_long()
            }),
            400,
            "IncompleteBody",
        ),
        (
            chunks(Chunks {
                length: Some(200_001),
                ..of_long()
            }),
            400,
            "IncompleteBody",
        ),
        (
            chunks(Chunks {
                wrong: Some(2),
                ..trailer(true)
            }),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            chunks(Chunks::new(NINE, true).with_trailer(crc32, "AAAAAA==")),
            400,
            "BadDigest",
        ),
        (
            chunks(Chunks::new(NINE, false).with_trailer(crc32, "AAAAAA==")),
            400,
            "BadDigest",
        ),
        (
            chunks(Chunks::new(NINE, false).with_trailer(crc32, "AAAA")),
            400,
            "InvalidRequest",
        ),
        (
            chunks(Chunks {
                announced: Some("x-amz-checksum-crc64nvme"),
                ..trailer(false)
            }),
            400,
            "MalformedTrailerError",
        ),
        (
            chunks(Chunks {
                announced: Some(crc32),
                ..Chunks::new(NINE, false)
            }),
            400,
            "MalformedTrailerError",
        ),
    ] {
        let shown = format!("{body:.200?}");
        let answer = put(&emulator, body).await;
        assert_eq!(answer.error(), (status, code.to_owned()), "{shown}");
        assert_eq!(stored(&emulator, "k"), None, "{shown}");
    }
}

#[tokio::test]
async fn checksums_in_headers_are_compared() {
    let emulator = Emulator::start().await.unwrap();
    for (name, value) in [
        ("content-md5", "JfnnlDI7RThTF9Fgzp+BJw=="),
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-checksum-crc32c", "AAAAAA=="),
        ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA="),
        ("x-amz-checksum-sha1", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        (
            "x-amz-checksum-sha256",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
    ] {
        let request = Request::new("PUT", "/cloudapi-demo/k", "").with(name, value);
        let answer = request
            .s3(&emulator, Body::Hashed(NINE.to_vec()))
            .await
            .unwrap();
        assert_eq!(answer.error(), (400, "BadDigest".to_owned()), "{name}");
    }
    for (name, value) in [
        ("content-md5", "JfnnlDI7RTiF9RgfG2JNCw=="),
        ("x-amz-checksum-crc32", CRC32),
        ("x-amz-checksum-crc32c", "4waSgw=="),
        ("x-amz-checksum-crc64nvme", CRC64),
        ("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
        (
            "x-amz-checksum-sha256",
            "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
        ),
    ] {
        let request = Request::new("PUT", "/cloudapi-demo/k", "").with(name, value);
        let answer = request
            .s3(&emulator, Body::Hashed(NINE.to_vec()))
            .await
            .unwrap();
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        let expected = if name == "content-md5" {
            ("x-amz-checksum-crc64nvme", CRC64)
        } else {
            (name, value)
        };
        assert_eq!(answer.header(expected.0), Some(expected.1), "{name}");
    }
    for pair in [
        ["x-amz-checksum-crc32", "x-amz-checksum-crc32c"],
        ["x-amz-checksum-crc32", "x-amz-checksum-xxhash3"],
    ] {
        let request = Request::new("PUT", "/cloudapi-demo/k", "")
            .with(pair[0], CRC32)
            .with(pair[1], CRC32);
        let answer = request
            .s3(&emulator, Body::Hashed(NINE.to_vec()))
            .await
            .unwrap();
        assert_eq!(answer.error(), (400, "InvalidRequest".to_owned()));
    }
    let request =
        Request::new("PUT", "/cloudapi-demo/k", "").with("x-amz-sdk-checksum-algorithm", "CRC32");
    let answer = request
        .s3(&emulator, Body::Hashed(NINE.to_vec()))
        .await
        .unwrap();
    assert_eq!(answer.error(), (400, "InvalidRequest".to_owned()));
}

#[tokio::test]
async fn a_bucket_may_stand_in_the_host() {
    let emulator = Emulator::start().await.unwrap();
    emulator
        .world()
        .add_domain(Cloud::Aws, "files.example.com", AWS_BUCKET);
    let port = emulator.address().port();
    for (at, host) in [
        format!("cloudapi-demo.localhost:{port}"),
        format!("cloudapi-demo.127.0.0.1:{port}"),
        "cloudapi-demo.s3.us-east-1.amazonaws.com".to_owned(),
        "cloudapi-demo.s3-accelerate.amazonaws.com".to_owned(),
        format!("files.example.com:{port}"),
    ]
    .iter()
    .enumerate()
    {
        let path = format!("//key%20{at}");
        let request = Request::new("PUT", &path, "").at(host);
        let answer = request
            .s3(&emulator, Body::Unsigned(NINE.to_vec()))
            .await
            .unwrap();
        assert_eq!(answer.status, 200, "{host}: {answer:?}");
        assert_eq!(
            stored(&emulator, &format!("/key {at}")).as_deref(),
            Some(NINE),
            "{host}"
        );
    }
}

#[tokio::test]
async fn every_header_of_amazons_has_to_be_signed() {
    let emulator = Emulator::start().await.unwrap();
    let port = emulator.address().port();
    // The host's header ends early, and another follows that nobody signed.
    let host = format!("127.0.0.1:{port}\r\nx-amz-acl: public-read");
    let request = Request::new("PUT", "/cloudapi-demo/k", "").at(&host);
    let answer = request
        .s3(&emulator, Body::Hashed(NINE.to_vec()))
        .await
        .unwrap();
    assert_eq!(answer.error(), (403, "SignatureDoesNotMatch".to_owned()));
    let answer = crate::client::send(
        &emulator,
        "PUT",
        "/cloudapi-demo/k",
        "x-amz-acl: private\r\n",
        "x",
    );
    let answer = answer.await.unwrap();
    assert_eq!(
        (answer.status, answer.text("Code").as_str()),
        (403, "AccessDenied")
    );
}

#[tokio::test]
async fn calls_carry_what_was_uploaded() {
    let emulator = Emulator::start().await.unwrap();
    let created = Request::new("POST", "/cloudapi-demo/big", "uploads=");
    let created = created
        .s3(&emulator, Body::Hashed(Vec::new()))
        .await
        .unwrap();
    let id = created.text("UploadId");
    let query = format!("partNumber=7&uploadId={id}");
    let part = Request::new("PUT", "/cloudapi-demo/big", &query);
    let body = chunks(Chunks::new(NINE, false).with_trailer("x-amz-checksum-crc64nvme", CRC64));
    assert_eq!(part.s3(&emulator, body).await.unwrap().status, 200);
    let call = emulator.calls().pop().unwrap();
    assert_eq!(
        (call.cloud, call.service.as_str(), call.action.as_str()),
        (Cloud::Aws, "s3", "UploadPart")
    );
    let asked = &call.parameters;
    assert_eq!(
        [
            &asked["Bucket"],
            &asked["Key"],
            &asked["PartNumber"],
            &asked["UploadId"],
            &asked["ContentLength"]
        ],
        [
            &json!(AWS_BUCKET),
            &json!("big"),
            &json!(7),
            &json!(id),
            &json!(9)
        ]
    );
    let open = emulator.world().open_uploads(Cloud::Aws);
    assert_eq!(
        (
            open.len(),
            open[0].key.as_str(),
            open[0].parts[0].part_number,
            open[0].parts[0].size
        ),
        (1, "big", 7, 9)
    );
    assert!(emulator.world().open_uploads(Cloud::Tencent).is_empty());
}
