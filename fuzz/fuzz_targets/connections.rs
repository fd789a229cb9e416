#![no_main]
//! Files of named connections, in TOML and JSON.

use std::sync::LazyLock;

use cloudapi_fuzz::properties;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder can be made"));

fuzz_target!(|input: &[u8]| properties::connections(FOLDER.path(), input));
