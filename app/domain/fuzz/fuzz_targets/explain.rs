//! Any bytes, as `sagebridge explain` would read them.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/robust/entry.rs"]
mod entry;

fuzz_target!(|data: &[u8]| {
    entry::run(data);
});
