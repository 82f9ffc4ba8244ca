#![no_main]
//! A PATCH that fails changes nothing; one that succeeds can be made again by a diff.

use libfuzzer_sys::fuzz_target;
use scim_types::patch::{Dialect, PatchOp, diff_json};
use scim_types::schema::Schemas;
use scim_types::{Mode, urn};
use serde_json::{Value, json};

fuzz_target!(|text: &str| {
    let Ok(input) = serde_json::from_str::<Value>(text) else { return };
    let (resource, operations) = match input {
        Value::Array(operations) => (user(), Value::Array(operations)),
        Value::Object(mut both) => {
            (both.remove("resource").unwrap_or_else(user), both.remove("Operations").unwrap_or_default())
        }
        _ => return,
    };
    let Ok(patch) = serde_json::from_value::<PatchOp>(json!({"Operations": operations})) else { return };
    for mode in [Mode::Strict, Mode::Tolerant] {
        let mut found = resource.clone();
        match patch.apply(&mut found, Schemas::user(), mode) {
            Err(_) => assert_eq!(found, resource),
            Ok(_) => {
                for dialect in [Dialect::Rfc, Dialect::Okta, Dialect::Entra, Dialect::EntraLegacy] {
                    let _ = diff_json(&resource, &found, Schemas::user(), dialect);
                }
            }
        }
    }
});

fn user() -> Value {
    json!({
        "schemas": [urn::USER, urn::ENTERPRISE_USER], "id": "1", "userName": "a", "active": true,
        "name": {"givenName": "A"}, "title": null,
        "emails": [{"value": "a", "type": "work", "primary": true}, {"value": "b", "type": "home"}],
        (urn::ENTERPRISE_USER): {"department": "R&D", "manager": {"value": "9"}},
    })
}
