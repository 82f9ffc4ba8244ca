//! Values in the form that the product's custom attributes have, by their types in Okta.

use okta_client::{AttributeType, Schema as OktaSchema};
use provisioning::{Mapping, MappingRow};
use scim_types::schema::{Attribute, AttributeKind, Schema};

use crate::Failure;

/// The mapping with these rows besides, in TOML.
///
/// # Errors
/// When one of them is wrong, or its attribute has a row already.
pub fn with_rows(mapping: Mapping, rows: &str) -> Result<Mapping, Failure> {
    let rows =
        Mapping::from_toml(&format!("key = \"user.id\"\n{rows}")).map_err(Failure::settings)?;
    let add = |mapping: Mapping, row: &MappingRow| mapping.with(row.clone());
    rows.rows().iter().try_fold(mapping, add).map_err(Failure::settings)
}

/// The mapping with custom attributes, those of the extension `urn`, in the form of their type in Okta and
/// in the product, as far as that says: dates as ISO 8601 points in time, numbers as numbers, lists joined
/// by commas. What cannot be brought into it is left as it is there. What an expression works out goes as
/// it is.
///
/// # Errors
/// When an attribute of Okta has a name that no expression can.
pub fn typed(
    mapping: &Mapping,
    okta: &OktaSchema,
    product: Option<&Schema>,
    urn: &str,
) -> Result<Mapping, Failure> {
    let form = |row: &MappingRow| {
        let key = custom_key(row.to(), urn)?;
        in_form(&row.from().to_string(), okta, product.and_then(|product| product.attribute(key)))
    };
    mapping.clone().rephrased(form).map_err(Failure::settings)
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
    Some(format!("({from} ?: null) == null ? null : ({form})"))
}

/// A day begins at midnight; what has a time already goes as it is. What is neither fails.
fn point_in_time(from: &str) -> String {
    let day =
        format!("Time.fromIso8601ToString({from} + \"T00:00:00Z\", \"yyyy-MM-dd'T'HH:mm:ss'Z'\")");
    let is_timed = format!("{from} matches \"....-..-..T.+\"");
    let checked = format!("Time.fromIso8601ToUnix({is_timed} ? {from} : \"none\")");
    format!("String.len({from}) == 10 ? {day} : {checked} == null ? null : {from}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use provisioning::Context;
    use serde_json::{Value, json};

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

    fn one(product: Option<&Schema>, name: &str, value: &str) -> Result<Value, String> {
        let row = format!("[[row]]\nto = \"{URN}:It\"\nfrom = \"user.{name}\"\n");
        let mapping = with_rows(Mapping::keyed_by("user.email").unwrap(), &row).unwrap();
        let mut ada = Context::new();
        ada.set("user", json!({"email": "ada@x", name: value}));
        let mapped = typed(&mapping, &okta(), product, URN).unwrap().record(&ada);
        match mapped.failed.first() {
            Some((_, error)) => Err(error.to_string()),
            None => Ok(mapped.record.fields()[&format!("{URN}:It")].clone()),
        }
    }

    fn product(kind: AttributeKind) -> Schema {
        Schema::new(URN, "Peakon").with(Attribute::new("It", kind))
    }

    #[test]
    fn what_is_no_date_is_left_as_it_is() {
        let times = product(AttributeKind::DateTime);
        for (product, name) in [(None, "hired"), (Some(&times), "since")] {
            let sent = |text: &str| one(product, name, text);
            for (text, expected) in [
                ("1990-12-31", json!("1990-12-31T00:00:00Z")),
                ("2020-01-02T03:04:05Z", json!("2020-01-02T03:04:05Z")),
                ("2020-01-02T03:04:05.678+01:00", json!("2020-01-02T03:04:05.678+01:00")),
                ("2020-01-02T03:04:05", json!("2020-01-02T03:04:05")),
                ("", Value::Null),
            ] {
                assert_eq!(sent(text), Ok(expected), "{text}");
            }
            for text in [
                "31/12/1990",
                "2020-02-30",
                "unbekannt!",
                "1/2/2020",
                "631152000",
                "1990-1-5",
                "1990-12-31 ",
                " 1990-12-31",
                "20200102",
                "+990-12-31",
                "2020-W01-1",
                "1990-12-31T",
                "2020-02-30T03:04:05Z",
                "2020-01-02T25:04:05Z",
                "2020-01-02 03:04:05Z",
                " ",
            ] {
                let error = sent(text).unwrap_err();
                assert!(error.contains("no time in ISO 8601"), "{text}: {error}");
            }
        }
    }

    #[test]
    fn what_was_emptied_is_cleared() {
        for kind in [AttributeKind::Integer, AttributeKind::Decimal, AttributeKind::DateTime] {
            assert_eq!(one(Some(&product(kind)), "grade", ""), Ok(Value::Null));
        }
        let error = one(Some(&product(AttributeKind::Integer)), "grade", "x").unwrap_err();
        assert!(error.starts_with("expression, character 1: found no whole number"), "{error}");
    }

    #[test]
    fn faults_keep_their_place_in_the_file() {
        let rows = "[[row]]\nto = \"title\"\nfrom = \"user.title + user.nope\"\n";
        let mapping = with_rows(Mapping::keyed_by("user.email").unwrap(), rows).unwrap();
        let mapping = typed(&mapping, &okta(), None, URN).unwrap();
        let error = mapping.check(|_, name| name != "nope").unwrap_err().to_string();
        assert!(error.starts_with("line 4, column 22: mapping of `title`: "), "{error}");
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
