//! COS's hosts and keys.

use cloudapi_emulator::{Cloud, Emulator, fixtures::TENCENT_BUCKET};

use super::client::Request;

/// The CRC-64 of `hello cos` (see the vendor's description of the header).
const CRC64: &str = "13242225731321912570";

#[tokio::test]
async fn a_bucket_may_stand_in_the_host_or_the_path() {
    let emulator = Emulator::start().await.unwrap();
    emulator
        .world()
        .add_domain(Cloud::Tencent, "files.example.com", TENCENT_BUCKET);
    let port = emulator.address().port();
    let local = format!("cloudapi-demo-1250000000.localhost:{port}");
    for (host, path) in [
        (None, "/cloudapi-demo-1250000000/a%20b%2B"),
        (Some(local.as_str()), "/a%20b%2B"),
        (
            Some("cloudapi-demo-1250000000.cos.ap-guangzhou.myqcloud.com"),
            "/a%20b%2B",
        ),
        (
            Some("cloudapi-demo-1250000000.cos.accelerate.myqcloud.com"),
            "/a%20b%2B",
        ),
        (
            Some("cos.ap-guangzhou.myqcloud.com"),
            "/cloudapi-demo-1250000000/a%20b%2B",
        ),
        (Some("files.example.com"), "/a%20b%2B"),
    ] {
        emulator.reset();
        emulator
            .world()
            .add_domain(Cloud::Tencent, "files.example.com", TENCENT_BUCKET);
        let request = Request {
            host,
            ..Request::new("PUT", path, "")
        };
        let answer = request.cos(&emulator, b"hello cos").await.unwrap();
        assert_eq!(answer.status, 200, "{host:?} {answer:?}");
        assert_eq!(answer.header("x-cos-hash-crc64ecma"), Some(CRC64));
        let object = emulator
            .world()
            .object(Cloud::Tencent, TENCENT_BUCKET, "a b+")
            .unwrap();
        assert_eq!(
            (object.bytes().unwrap().as_slice(), object.checksum.as_str()),
            (&b"hello cos"[..], CRC64)
        );
    }
    let elsewhere =
        Request::new("PUT", "/k", "").at("cloudapi-demo-1250000000.cos.ap-beijing.myqcloud.com");
    let answer = elsewhere.cos(&emulator, b"").await.unwrap();
    assert_eq!(answer.error(), (404, "NoSuchBucket".to_owned()));
}

#[tokio::test]
async fn keys_have_coss_limits() {
    let emulator = Emulator::start().await.unwrap();
    let long = format!("/cloudapi-demo-1250000000/{}", "x".repeat(851));
    for (path, code) in [
        ("/cloudapi-demo-1250000000//k", "InvalidArgument"),
        (long.as_str(), "KeyTooLong"),
    ] {
        let answer = Request::new("PUT", path, "")
            .cos(&emulator, b"")
            .await
            .unwrap();
        assert_eq!(answer.error(), (400, code.to_owned()), "{path}");
    }
    let answer = Request::new("PUT", &long[..long.len() - 1], "")
        .cos(&emulator, b"")
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn headers_are_spelled_as_the_vendor_does() {
    let emulator = Emulator::start().await.unwrap();
    let put = Request::new("PUT", "/cloudapi-demo-1250000000/k", "").cos(&emulator, b"hello cos");
    let put = put.await.unwrap();
    assert!(
        put.head.contains("\r\nETag: \"") && put.head.contains("\r\nx-cos-request-id: "),
        "{}",
        put.head
    );
    let head = Request::new("HEAD", "/cloudapi-demo-1250000000/k", "").cos(&emulator, b"");
    let head = head.await.unwrap();
    assert!(
        head.head.contains("\r\nContent-Length: 9") && head.body.is_empty(),
        "{}",
        head.head
    );
    let missing = Request::new("HEAD", "/cloudapi-demo-1250000000/none", "").cos(&emulator, b"");
    let missing = missing.await.unwrap();
    assert_eq!((missing.status, missing.body.len()), (404, 0));
}

#[tokio::test]
async fn an_object_is_not_overwritten_where_that_is_forbidden() {
    let emulator = Emulator::start().await.unwrap();
    let put = |word: &'static str| {
        Request::new("PUT", "/cloudapi-demo-1250000000/k", "").with("x-cos-forbid-overwrite", word)
    };
    assert_eq!(put("true").cos(&emulator, b"1").await.unwrap().status, 200);
    let answer = put("true").cos(&emulator, b"2").await.unwrap();
    assert_eq!(answer.error(), (409, "FileAlreadyExists".to_owned()));
    assert_eq!(put("false").cos(&emulator, b"3").await.unwrap().status, 200);
    let answer = put("perhaps").cos(&emulator, b"4").await.unwrap();
    assert_eq!(answer.error(), (400, "InvalidArgument".to_owned()));

    // The same for an upload in parts, when it begins and when it ends.
    let path = "/cloudapi-demo-1250000000/new";
    let begin = || Request::new("POST", path, "uploads=").with("x-cos-forbid-overwrite", "true");
    let id = begin().cos(&emulator, b"").await.unwrap().text("UploadId");
    let query = format!("partNumber=1&uploadId={id}");
    let part = Request::new("PUT", path, &query)
        .cos(&emulator, b"x")
        .await
        .unwrap();
    let e_tag = part.header("etag").unwrap().to_owned();
    assert_eq!(
        Request::new("PUT", path, "")
            .cos(&emulator, b"")
            .await
            .unwrap()
            .status,
        200
    );
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{e_tag}</ETag></Part></CompleteMultipartUpload>"
    );
    let query = format!("uploadId={id}");
    let end = Request::new("POST", path, &query)
        .cos(&emulator, list.as_bytes())
        .await
        .unwrap();
    assert_eq!(end.error(), (409, "FileAlreadyExists".to_owned()));
    assert_eq!(
        begin().cos(&emulator, b"").await.unwrap().error(),
        (409, "FileAlreadyExists".to_owned())
    );
    assert_eq!(emulator.world().open_uploads(Cloud::Tencent).len(), 1);
}
