//! Each fault that strikes an upload, at both clouds.

#![expect(
    clippy::unwrap_used,
    reason = "an answer that does not come fails the test"
)]

use cloudapi_emulator::{Cloud, Emulator, Fault, FaultKind, UploadEntry, fixtures};

use super::client::{Answer, Body, Request};

const CLOUDS: [Cloud; 2] = [Cloud::Aws, Cloud::Tencent];

async fn send(
    emulator: &Emulator,
    cloud: Cloud,
    method: &'static str,
    query: &str,
    content: &[u8],
) -> Option<Answer> {
    match cloud {
        Cloud::Aws => {
            let request = Request::new(method, "/cloudapi-demo/k", query);
            request.s3(emulator, Body::Hashed(content.to_vec())).await
        }
        Cloud::Tencent => {
            Request::new(method, "/cloudapi-demo-1250000000/k", query)
                .cos(emulator, content)
                .await
        }
    }
}

async fn begin(emulator: &Emulator, cloud: Cloud) -> String {
    let answer = send(emulator, cloud, "POST", "uploads=", b"")
        .await
        .unwrap();
    answer.text("UploadId")
}

async fn part(
    emulator: &Emulator,
    cloud: Cloud,
    id: &str,
    number: u16,
    content: &[u8],
) -> Option<Answer> {
    let query = format!("partNumber={number}&uploadId={id}");
    send(emulator, cloud, "PUT", &query, content).await
}

/// Completes an upload with its first part.
async fn complete(emulator: &Emulator, cloud: Cloud, id: &str, e_tag: &str) -> Option<Answer> {
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{e_tag}</ETag></Part></CompleteMultipartUpload>"
    );
    send(
        emulator,
        cloud,
        "POST",
        &format!("uploadId={id}"),
        list.as_bytes(),
    )
    .await
}

fn bucket(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Aws => fixtures::AWS_BUCKET,
        Cloud::Tencent => fixtures::TENCENT_BUCKET,
    }
}

fn content(emulator: &Emulator, cloud: Cloud) -> Option<Vec<u8>> {
    let object = emulator.world().object(cloud, bucket(cloud), "k")?;
    Some(object.bytes().unwrap())
}

fn numbers(open: &[UploadEntry]) -> Vec<u16> {
    open[0].parts.iter().map(|part| part.part_number).collect()
}

fn checksum(cloud: Cloud, answer: &Answer) -> String {
    let name = match cloud {
        Cloud::Aws => "x-amz-checksum-crc64nvme",
        Cloud::Tencent => "x-cos-hash-crc64ecma",
    };
    answer.header(name).unwrap().to_owned()
}

#[tokio::test]
async fn a_part_is_cut_in_its_middle_and_not_stored() {
    let emulator = Emulator::start().await.unwrap();
    let megabyte = vec![7; 1024 * 1024];
    for cloud in CLOUDS {
        let id = begin(&emulator, cloud).await;
        let cut = |bytes| {
            Fault::new(FaultKind::CutBody(bytes))
                .on("UploadPart")
                .part(2)
        };
        for bytes in [0, 500_000, u64::MAX] {
            emulator.fault(cut(bytes).cloud(cloud));
            assert!(
                part(&emulator, cloud, &id, 1, b"x").await.is_some(),
                "another part goes on"
            );
            assert!(
                part(&emulator, cloud, &id, 2, &megabyte).await.is_none(),
                "{cloud:?} {bytes}"
            );
            assert_eq!(emulator.calls().pop().unwrap().status, None);
            assert_eq!(numbers(&emulator.world().open_uploads(cloud)), [1]);
        }
        assert_eq!(
            part(&emulator, cloud, &id, 2, &megabyte)
                .await
                .unwrap()
                .status,
            200
        );
        assert_eq!(numbers(&emulator.world().open_uploads(cloud)), [1, 2]);
    }
}

#[tokio::test]
async fn refusals_have_the_services_words() {
    let timeout = FaultKind::ErrorCode {
        status: 400,
        code: "RequestTimeout".to_owned(),
        message: "idle".to_owned(),
    };
    let emulator = Emulator::start().await.unwrap();
    for cloud in CLOUDS {
        let skew = (403, "RequestTimeTooSkewed");
        let expired = match cloud {
            Cloud::Aws => (400, "ExpiredToken"),
            Cloud::Tencent => (403, "ExpiredToken"),
        };
        for (kind, (status, code)) in [
            (FaultKind::Throttle, (503, "SlowDown")),
            (FaultKind::InternalError, (500, "InternalError")),
            (FaultKind::Unavailable, (503, "ServiceUnavailable")),
            (FaultKind::ClockSkew, skew),
            (FaultKind::ExpiredKey, expired),
            (timeout.clone(), (400, "RequestTimeout")),
        ] {
            emulator.fault(Fault::new(kind).on("PutObject"));
            let answer = send(&emulator, cloud, "PUT", "", &vec![7; 3_000_000])
                .await
                .unwrap();
            assert_eq!(answer.error(), (status, code.to_owned()), "{cloud:?}");
            assert_eq!(content(&emulator, cloud), None);
        }
    }
}

#[tokio::test]
async fn checksums_that_are_answered_or_stored_can_be_wrong() {
    let emulator = Emulator::start().await.unwrap();
    for cloud in CLOUDS {
        let right = send(&emulator, cloud, "PUT", "", b"content").await.unwrap();
        emulator.fault(Fault::new(FaultKind::WrongChecksum).on("PutObject"));
        let wrong = send(&emulator, cloud, "PUT", "", b"content").await.unwrap();
        assert_ne!(checksum(cloud, &right), checksum(cloud, &wrong));
        assert_eq!(content(&emulator, cloud).unwrap(), b"content");
        emulator.world().corrupt_next(cloud, "PutObject");
        let corrupt = send(&emulator, cloud, "PUT", "", b"content").await.unwrap();
        assert_eq!(content(&emulator, cloud).unwrap(), b"conuent");
        assert_ne!(checksum(cloud, &right), checksum(cloud, &corrupt));
        let really = send(&emulator, cloud, "PUT", "", b"conuent").await.unwrap();
        assert_eq!(
            checksum(cloud, &really),
            checksum(cloud, &corrupt),
            "the answer is honest"
        );
        assert!(
            emulator
                .world()
                .corrupt_object(cloud, bucket(cloud), "k")
                .unwrap()
        );
        assert_eq!(content(&emulator, cloud).unwrap(), b"content");
        assert!(
            !emulator
                .world()
                .corrupt_object(cloud, bucket(cloud), "none")
                .unwrap()
        );
    }
}

#[tokio::test]
async fn a_completion_can_be_late_lost_or_fail_within_a_success() {
    let emulator = Emulator::start().await.unwrap();
    for cloud in CLOUDS {
        let id = begin(&emulator, cloud).await;
        let e_tag = part(&emulator, cloud, &id, 1, b"x").await.unwrap();
        let e_tag = e_tag.header("etag").unwrap().to_owned();
        let late = FaultKind::LateError {
            code: "InternalError".to_owned(),
            message: "late".to_owned(),
        };
        emulator.fault(Fault::new(late).on("CompleteMultipartUpload"));
        let failed = complete(&emulator, cloud, &id, &e_tag).await.unwrap();
        assert_eq!(failed.error(), (200, "InternalError".to_owned()));
        assert_eq!(
            (
                content(&emulator, cloud),
                emulator.world().open_uploads(cloud).len()
            ),
            (None, 1)
        );
        assert_eq!(
            emulator.calls().pop().unwrap().error_code.as_deref(),
            Some("InternalError")
        );

        emulator.fault(Fault::new(FaultKind::CutAfter).on("CompleteMultipartUpload"));
        assert!(complete(&emulator, cloud, &id, &e_tag).await.is_none());
        assert_eq!(content(&emulator, cloud).unwrap(), b"x");
        assert!(emulator.world().open_uploads(cloud).is_empty());
        let again = complete(&emulator, cloud, &id, &e_tag).await.unwrap();
        if cloud == Cloud::Tencent {
            assert_eq!(again.error(), (404, "NoSuchUpload".to_owned()));
            continue;
        }
        assert!(again.text("ETag").ends_with("-1&quot;"), "{again:?}");
        let other = complete(&emulator, cloud, &id, "\"other\"").await.unwrap();
        assert_eq!(other.error(), (404, "NoSuchUpload".to_owned()));
        send(&emulator, cloud, "DELETE", "", b"").await.unwrap();
        let gone = complete(&emulator, cloud, &id, &e_tag).await.unwrap();
        assert_eq!(gone.error(), (404, "NoSuchUpload".to_owned()));
    }
}

#[tokio::test]
async fn white_space_may_come_first() {
    let emulator = Emulator::start().await.unwrap();
    for cloud in CLOUDS {
        let id = begin(&emulator, cloud).await;
        let e_tag = part(&emulator, cloud, &id, 1, b"x").await.unwrap();
        let e_tag = e_tag.header("etag").unwrap().to_owned();
        emulator.fault(Fault::new(FaultKind::WhiteSpace).on("CompleteMultipartUpload"));
        let done = complete(&emulator, cloud, &id, &e_tag).await.unwrap();
        let body = String::from_utf8(done.body.clone()).unwrap();
        let (_, rest) = body.split_once('\n').unwrap();
        let space = rest.len() - rest.trim_start().len();
        assert!(
            space > 10
                && rest
                    .trim_start()
                    .starts_with("<CompleteMultipartUploadResult"),
            "{body}"
        );
        assert_eq!(body.starts_with('\n'), cloud == Cloud::Tencent);
        assert_eq!(content(&emulator, cloud).unwrap(), b"x");
    }
}

#[tokio::test]
async fn an_abort_may_leave_parts() {
    let emulator = Emulator::start().await.unwrap();
    for cloud in CLOUDS {
        let id = begin(&emulator, cloud).await;
        for number in 1..=4 {
            part(&emulator, cloud, &id, number, b"x").await.unwrap();
        }
        let query = format!("uploadId={id}");
        emulator.fault(Fault::new(FaultKind::PartialBatch).on("AbortMultipartUpload"));
        let half = send(&emulator, cloud, "DELETE", &query, b"").await.unwrap();
        assert_eq!(half.error(), (500, "InternalError".to_owned()));
        assert_eq!(numbers(&emulator.world().open_uploads(cloud)), [3, 4]);
        let rest = send(&emulator, cloud, "DELETE", &query, b"").await.unwrap();
        assert_eq!(rest.status, 204);
        assert!(emulator.world().open_uploads(cloud).is_empty());
        let late = part(&emulator, cloud, &id, 5, b"x").await.unwrap();
        assert_eq!(late.error(), (404, "NoSuchUpload".to_owned()));
    }
}

#[tokio::test]
async fn an_answer_with_content_can_break_off() {
    let emulator = Emulator::start().await.unwrap();
    for cloud in CLOUDS {
        send(&emulator, cloud, "PUT", "", b"123456789")
            .await
            .unwrap();
        emulator.fault(Fault::new(FaultKind::TruncatedBody).on("GetObject"));
        let broken = send(&emulator, cloud, "GET", "", b"").await.unwrap();
        assert_eq!(
            (broken.header("content-length"), broken.body.as_slice()),
            (Some("9"), &b"1234"[..])
        );
        let whole = send(&emulator, cloud, "GET", "", b"").await.unwrap();
        assert_eq!(whole.body, b"123456789");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_sending_is_not_waited_for() {
    let emulator = Emulator::start().await.unwrap();
    for cloud in CLOUDS {
        let path = format!("/{}/k", bucket(cloud));
        let request = Request::new("PUT", &path, "").promising(3_000_000);
        let answer = match cloud {
            Cloud::Aws => {
                request
                    .s3(&emulator, Body::Unsigned(vec![7; 1_000_000]))
                    .await
            }
            Cloud::Tencent => request.cos(&emulator, &vec![7; 1_000_000]).await,
        };
        let answer = answer.unwrap();
        assert_eq!(
            answer.error(),
            (400, "RequestTimeout".to_owned()),
            "{cloud:?}"
        );
        assert_eq!(content(&emulator, cloud), None);
    }
}
