#![no_main]
//! A path that is read can be written and read again as the same.

use libfuzzer_sys::fuzz_target;
use scim_types::AttributePath;
use scim_types::patch::PatchPath;
use scim_types::schema::Schemas;

fuzz_target!(|text: &str| {
    let _ = AttributePath::parse(text);
    if let Ok(path) = PatchPath::parse(text, Schemas::user()) {
        assert_eq!(PatchPath::parse(&path.to_string(), Schemas::user()), Ok(path));
    }
});
