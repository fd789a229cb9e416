//! What the fuzz targets check of the readers of files, with what is made at random: a stable toolchain can do that too.

use cloudapi::Provider;
use proptest::prelude::*;

/// The properties are those of the fuzz targets, word for word.
#[expect(unreachable_pub, reason = "they are public where the fuzz targets are")]
#[path = "../../../fuzz/src/properties.rs"]
mod properties;

use crate::PROVIDERS;

/// A line as it is in such files, or nearly so; U+0001 is where a key stands.
fn line() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "[ops]",
        "[profile ops]",
        "[connections.ops]",
        "[",
        "]",
        "=",
        ":",
        ",",
        "{",
        "}",
        "\"",
        "#",
        ";",
        "\u{1}",
        "\"\u{1}\"",
        "\"connections\": ",
        "\"ops\": ",
        "\"provider\": \"aws\"",
        "provider = \"tencent\"",
        "region = ",
        "profile = ",
        "role_arn = ",
        "source_profile = ",
        "credential_source = ",
        "duration_seconds = ",
        "endpoint_url = ",
        "timeout = ",
        "max_attempts = ",
        "qcs::cam::",
        "arn:aws:iam::1:role/",
        "aws_access_key_id = ",
        "aws_secret_access_key = ",
        "tencentcloud_secret_id = ",
        "tencentcloud_secret_key = ",
        "secret_id = ",
        "secret_key = ",
        "\"secretId\": ",
        "\"secretKey\": ",
        "\"expiresAt\": ",
        "\"role-arn\": ",
        "\"_sys_param\": {\"region\": ",
        "ops",
        "7",
    ]);
    let part = prop_oneof![4 => words.prop_map(str::to_owned), 1 => "[ -~\t\u{e9}\u{0}]{0,6}"];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

/// A file's content; the first byte chooses the file.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![Just("\n"), Just("\r\n")];
    let lines = prop::collection::vec(line(), 0..8);
    let text = (any::<u8>(), any::<bool>(), lines, end).prop_map(|(first, mark, lines, end)| {
        let mark = if mark { "\u{feff}" } else { "" };
        let text = format!("{mark}{}", lines.join(end));
        [&[first], text.as_bytes()].concat()
    });
    let noise = prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![8 => text, 1 => noise]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sections_are_read_or_told_in_one_line(input in content()) {
        properties::ini(&input);
    }

    #[test]
    fn connections_are_read_or_told_in_one_line(input in content()) {
        let folder = tempfile::tempdir().unwrap();
        properties::connections(folder.path(), &input);
    }
}

proptest! {
    // Each case makes HTTP clients.
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn profiles_are_read_or_told_in_one_line(input in content()) {
        let home = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for provider in PROVIDERS {
            check_profile(*provider, home.path(), &input, &runtime);
        }
    }
}

fn check_profile(
    provider: Provider,
    home: &std::path::Path,
    input: &[u8],
    runtime: &tokio::runtime::Runtime,
) {
    let config = properties::with_profile(provider, home, input);
    if let Err(error) = runtime.block_on(cloudapi::connect(&config)) {
        properties::is_config_error(&error, "");
    }
}

/// The fuzzer's own beginnings, so that they stay in order.
#[test]
fn the_seeds_hold() {
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds");
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for target in ["ini", "connections", "profiles"] {
        for entry in std::fs::read_dir(seeds.join(target)).unwrap() {
            let input = std::fs::read(entry.unwrap().path()).unwrap();
            match target {
                "ini" => properties::ini(&input),
                "connections" => properties::connections(folder.path(), &input),
                _ => {
                    for provider in PROVIDERS {
                        check_profile(*provider, folder.path(), &input, &runtime);
                    }
                }
            }
        }
    }
}
