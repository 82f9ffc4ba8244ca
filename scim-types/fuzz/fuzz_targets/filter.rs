#![no_main]
//! A filter that is read can be written, read again as the same, and evaluated.

use libfuzzer_sys::fuzz_target;
use scim_types::filter::Filter;
use scim_types::schema::Schemas;
use serde_json::json;

fuzz_target!(|text: &str| {
    if let Ok(filter) = Filter::parse(text) {
        assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
    }
    let Ok(filter) = Filter::parse_tolerant(text) else { return };
    assert_eq!(Filter::parse_tolerant(&filter.to_string()).as_ref(), Ok(&filter));
    if let Ok(matcher) = filter.matcher(Schemas::user()) {
        let user = json!({"userName": text, "emails": [{"value": text}, text, null, 1.5], "active": true});
        matcher.matches(&user);
    }
});
