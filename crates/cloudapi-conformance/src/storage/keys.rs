//! Keys are stored as they are given.

use cloudapi_core::ErrorKind;
use cloudapi_core::storage::UploadFileRequest;
use futures_util::FutureExt;

use super::content::content;
use super::stage::{THRESHOLD, same_content};
use crate::capability::Capability;
use crate::case::Case;
use crate::context::Context;
use crate::failure::{Failure, Verdict, ensure, ensure_eq, refused};

/// What is easily lost on the way: to a decoder, to a normaliser of paths, to a query.
const ODD: [&str; 26] = [
    "with space",
    " before and after ",
    "a+b",
    "100%",
    "%20",
    "%2F%2e",
    "what?x=1&y=2",
    "#fragment",
    "a#b?c#d",
    "中文/文件.txt",
    "Ünïcödé-é",
    "e\u{301}",
    "🚀",
    "//",
    "a//b///c",
    "trailing/",
    "./here",
    "a/./b",
    "a/../b",
    "../up",
    "a/..",
    "a/.",
    "...",
    "\"quoted\" & <tagged> 'too'",
    "semi;colon,comma=equals:colon@at",
    "~!$*()[]{}|\\^`",
];

pub(super) fn cases() -> Vec<Case> {
    let slash = Capability::LeadingSlash;
    vec![
        Case::new(
            "storage/upload-stores-any-key-as-given",
            "Spaces, plus, percent, question marks, hashes, double slashes, dots and any language are in the key as given.",
            |cx| odd(cx).boxed(),
        ),
        Case::new(
            "storage/upload-takes-the-longest-key-and-no-longer-one",
            "A key of as many bytes as the cloud takes is stored; one byte more is refused before anything is sent.",
            |cx| longest(cx).boxed(),
        ),
        Case::new(
            "storage/upload-stores-a-leading-slash",
            "A slash before a key belongs to it where the cloud takes that.",
            |cx| leading_slash(cx).boxed(),
        )
        .with(slash),
        Case::new(
            "storage/upload-refuses-a-leading-slash",
            "A slash before a key is refused before anything is sent where the cloud forbids it.",
            |cx| no_leading_slash(cx).boxed(),
        )
        .without(slash),
    ]
}

async fn odd(cx: &Context) -> Verdict {
    for (number, name) in ODD.iter().enumerate() {
        for size in [number as u64, THRESHOLD + 1 + number as u64] {
            let bytes = content(size);
            let outcome = cx.upload(cx.to_store(name, bytes.clone())?).await??;
            ensure_eq!(outcome.key, cx.object_key(name)?, "the key in the outcome");
            cx.holds(&format!("{name:?}"), name, &bytes).await?;
        }
    }
    Ok(())
}

async fn longest(cx: &Context) -> Verdict {
    let most = cx.cloud_of_objects().longest_key;
    let room = most - cx.object_key("")?.len();
    // Of three bytes each, and what is left over.
    let name = "中".repeat(room / 3) + &"a".repeat(room % 3);
    for size in [5, THRESHOLD + 1] {
        let bytes = content(size);
        cx.upload(cx.to_store(&name, bytes.clone())?).await??;
        cx.holds("the longest key", &name, &bytes).await?;
    }
    cx.clear_calls();
    let result = cx.upload(cx.to_store(&(name + "b"), content(5))?).await?;
    let error = refused("one byte more", ErrorKind::InvalidArgument, result)?;
    ensure!(
        error.message().contains(&most.to_string()),
        "{error} does not say how long a key may be"
    );
    ensure_eq!(cx.calls().len(), 0, "calls");
    Ok(())
}

async fn leading_slash(cx: &Context) -> Verdict {
    let bucket = &cx.storing()?.bucket;
    for slashes in ["/", "//"] {
        for size in [5, THRESHOLD + 1] {
            let key = format!("{slashes}{}", cx.object_key("slash")?);
            let bytes = content(size);
            let request = UploadFileRequest::new(bucket, &key, bytes.clone());
            cx.upload(request.with_options(cx.small_parts())).await??;
            let found = cx.world().object(&key).await?;
            let found = found.ok_or_else(|| Failure::new(format!("nothing is at {key}")))?;
            same_content(&key, &found.content, &bytes)?;
            cx.holds_nothing(&key, "slash").await?;
        }
    }
    Ok(())
}

async fn no_leading_slash(cx: &Context) -> Verdict {
    let bucket = &cx.storing()?.bucket;
    cx.clear_calls();
    let key = format!("/{}", cx.object_key("slash")?);
    let result = cx
        .upload(UploadFileRequest::new(bucket, &key, content(5)))
        .await?;
    let error = refused("a leading slash", ErrorKind::InvalidArgument, result)?;
    ensure!(
        error.message().contains("slash"),
        "{error} does not say why"
    );
    ensure_eq!(cx.calls().len(), 0, "calls");
    cx.holds_nothing(&key, "slash").await
}
