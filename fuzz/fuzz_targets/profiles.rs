#![no_main]
//! The files that a profile of Tencent Cloud is looked for in, tccli's JSON among them.

use std::sync::LazyLock;

use cloudapi::Provider;
use cloudapi::tencent::Tencent;
use cloudapi_fuzz::properties;
use futures_util::FutureExt;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static HOME: LazyLock<TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder can be made"));

fuzz_target!(|input: &[u8]| {
    let config = properties::with_profile(Provider::Tencent, HOME.path(), input);
    let connected = Tencent::connect(&config).now_or_never();
    if let Err(error) = connected.expect("connecting waits for nothing") {
        properties::is_config_error(&error, "");
    }
});
