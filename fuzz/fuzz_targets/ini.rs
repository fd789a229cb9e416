#![no_main]
//! Sections of settings, as in `~/.aws/credentials`.

use cloudapi_fuzz::properties;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| properties::ini(input));
