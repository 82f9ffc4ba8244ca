//! Values in the form that the product's custom attributes have, by their types in Okta.

use okta_client::{AttributeType, Schema as OktaSchema};
use provisioning::Mapping;
use scim_types::schema::{Attribute, AttributeKind, Schema};
use serde_json::Value;

use crate::Failure;

/// The mapping with these rows besides, in TOML.
///
/// # Errors
/// When one of them is wrong, or its attribute has a row already.
pub fn with_rows(mapping: Mapping, rows: &str) -> Result<Mapping, Failure> {
    let rows =
        Mapping::from_toml(&format!("key = \"user.id\"\n{rows}")).map_err(Failure::settings)?;
    let add = |mapping: Mapping, row: &provisioning::MappingRow| mapping.with(row.clone());
    rows.rows().iter().try_fold(mapping, add).map_err(Failure::settings)
}

/// The mapping with custom attributes, those of the extension `urn`, in the form of their type in Okta and
/// in the product, as far as that says: dates as ISO 8601 points in time, numbers as numbers, lists joined
/// by commas. What an expression works out goes as it is.
///
/// # Errors
/// When the mapping cannot be written anew.
pub fn typed(
    mapping: &Mapping,
    okta: &OktaSchema,
    product: Option<&Schema>,
    urn: &str,
) -> Result<Mapping, Failure> {
    let text = mapping.to_json().map_err(Failure::settings)?;
    let mut json: Value = serde_json::from_str(&text).map_err(Failure::settings)?;
    for row in json["row"].as_array_mut().into_iter().flatten() {
        let key = row["to"].as_str().and_then(|to| custom_key(to, urn));
        let there = key.and_then(|key| product?.attribute(key));
        let from = row["from"].as_str().filter(|_| key.is_some());
        if let Some(from) = from.and_then(|from| in_form(from, okta, there)) {
            row["from"] = from.into();
        }
    }
    Mapping::from_json(&json.to_string()).map_err(Failure::settings)
}

fn custom_key<'a>(path: &'a str, urn: &str) -> Option<&'a str> {
    let (start, key) = path.split_at_checked(urn.len())?;
    start.eq_ignore_ascii_case(urn).then(|| key.strip_prefix(':')).flatten()
}

/// The expression that gives an attribute in the form that is wanted; none if it is in that already.
fn in_form(from: &str, okta: &OktaSchema, there: Option<&Attribute>) -> Option<String> {
    let here = okta.attribute(from.trim().strip_prefix("user.")?)?;
    let is_date = here.format.as_deref() == Some("date");
    let form = match (here.attribute_type, there.map(|there| &there.kind)) {
        (AttributeType::Array, _) if there.is_some_and(|there| there.multi_valued) => return None,
        (AttributeType::Array, _) => return Some(format!("Arrays.toCsvString({from})")),
        (AttributeType::String, Some(AttributeKind::Integer)) => format!("Convert.toInt({from})"),
        (AttributeType::String, Some(AttributeKind::Decimal)) => format!("Convert.toNum({from})"),
        (AttributeType::String, Some(AttributeKind::DateTime)) => point_in_time(from),
        (AttributeType::String, None) if is_date => point_in_time(from),
        (AttributeType::String, _) | (_, None) => return None,
        (_, Some(AttributeKind::Text)) => format!("\"\" + {from}"),
        _ => return None,
    };
    Some(format!("{from} == null ? null : ({form})"))
}

/// A day begins at midnight; what has a time already goes as it is.
fn point_in_time(from: &str) -> String {
    format!("String.len({from}) == 10 ? {from} + \"T00:00:00Z\" : {from}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use provisioning::Context;
    use serde_json::json;

    const URN: &str = "urn:ietf:params:scim:schemas:extension:peakon:2.0:User";

    fn okta() -> OktaSchema {
        let text = json!({"type": "string"});
        let date = json!({"type": "string", "format": "date"});
        let list = json!({"type": "array", "items": {"type": "string"}});
        serde_json::from_value(json!({"definitions": {"custom": {"properties": {"hired": date, "left": date,
            "since": text, "grade": text, "level": {"type": "integer"}, "badge": {"type": "integer"},
            "skills": list}}}}))
        .unwrap()
    }

    fn mapped(product: Option<&Schema>) -> Vec<Value> {
        let names = ["hired", "left", "since", "grade", "level", "badge", "skills"];
        let row = |name| format!("[[row]]\nto = \"{URN}:My {name}\"\nfrom = \"user.{name}\"\n");
        let rows = names.map(row).concat() + "[[row]]\nto = \"title\"\nfrom = \"user.hired\"\n";
        let mapping = with_rows(Mapping::keyed_by("user.email").unwrap(), &rows).unwrap();
        let mut ada = Context::new();
        ada.set(
            "user",
            json!({"email": "ada@x", "hired": "2021-03-04", "since": "2020-01-02T03:04:05Z", "grade": "12",
                "level": 7, "badge": 8, "skills": ["a", "b"]}),
        );
        let mapped = typed(&mapping, &okta(), product, URN).unwrap().record(&ada);
        assert!(mapped.failed.is_empty(), "{:?}", mapped.failed);
        let fields = mapped.record.fields();
        assert_eq!(fields["title"], "2021-03-04");
        names.iter().map(|name| fields[&format!("{URN}:My {name}")].clone()).collect()
    }

    #[test]
    fn by_the_types_of_okta() {
        let expected =
            json!(["2021-03-04T00:00:00Z", null, "2020-01-02T03:04:05Z", "12", 7, 8, "a,b"]);
        assert_eq!(json!(mapped(None)), expected);
    }

    #[test]
    fn by_the_types_of_the_product() {
        let product = Schema::new(URN, "Peakon")
            .with(Attribute::new("My hired", AttributeKind::Text))
            .with(Attribute::new("My since", AttributeKind::DateTime))
            .with(Attribute::new("My grade", AttributeKind::Integer))
            .with(Attribute::new("My level", AttributeKind::Integer))
            .with(Attribute::new("My badge", AttributeKind::Text))
            .with(Attribute::new("My skills", AttributeKind::Text).list());
        let expected = json!(["2021-03-04", null, "2020-01-02T03:04:05Z", 12, 7, "8", ["a", "b"]]);
        assert_eq!(json!(mapped(Some(&product))), expected);
    }
}
