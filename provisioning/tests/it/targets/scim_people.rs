//! People as SCIM users.

use provisioning::Record;
use serde_json::json;

pub(crate) const DEPARTMENT: &str =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";

pub(crate) fn name(n: usize) -> String {
    format!("person{n}@acme.example")
}

pub(crate) fn person(n: usize) -> Record {
    // Every fifth is written otherwise than keys are.
    let user_name = if n.is_multiple_of(5) { format!("Person{n}@Acme.example") } else { name(n) };
    Record::new(&user_name)
        .source_id(format!("00u{n}"))
        .set("userName", user_name)
        .set("externalId", format!("00u{n}"))
        .set("name.givenName", format!("Given{n}"))
        .set("name.familyName", "Family")
        .set("emails[type eq \"work\"].value", name(n))
        .set("title", ["Engineer", "Countess"][n % 2])
        .set("nickName", json!(null))
        .set(DEPARTMENT, if n.is_multiple_of(3) { json!(null) } else { json!("R&D") })
        .set_on_create("timezone", "Europe/Berlin")
}

pub(crate) fn people(count: usize) -> Vec<Record> {
    (0..count).map(person).collect()
}
