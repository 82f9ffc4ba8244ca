//! A resource as it arrives: checked by schema, spelled as the schema spells it, without what only the
//! server says.

use scim_types::schema::{Attribute, AttributeKind, Purpose, Schemas};
use scim_types::{AttributePath, Error, Mode, Password};
use serde_json::{Map, Value, json};

use super::ScimOptions;
use super::call::{bad_syntax, bad_value, take};
use super::kind::Kind;

/// What a body says, with members and password apart.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) resource: Map<String, Value>,
    pub(super) password: Option<Password>,
    pub(super) members: Option<Value>,
}

impl Body {
    /// Of a POST, or of a PUT over another resource.
    pub(super) fn read(
        kind: Kind,
        body: Option<Value>,
        before: Option<&Value>,
        schemas: &Schemas,
        options: &ScimOptions,
    ) -> Result<Self, Error> {
        let Some(Value::Object(mut object)) = body else {
            return Err(bad_syntax("the body is not a JSON object"));
        };
        // 100,000 members are checked by themselves, not one by one with a path for each.
        let members = take(&mut object, "members").filter(|_| kind == Kind::Group);
        if options.mode == Mode::Tolerant {
            meet_halfway(&mut object, schemas);
        }
        let object = Value::Object(object);
        let purpose = before.map_or(Purpose::Create, Purpose::Replace);
        if let Some(problem) = schemas.validate(&object, purpose, Mode::Strict).into_iter().next() {
            return Err(problem.into());
        }
        let Value::Object(object) = object else {
            return Err(bad_syntax("the body is not a JSON object"));
        };
        let mut resource = tidy(object, schemas);
        drop_quietly(&mut resource, &options.quirks.drops_attributes);
        if options.quirks.closed_types {
            check_types(&resource, schemas)?;
        }
        let password = take_password(&mut resource);
        Ok(Self { resource, password, members })
    }
}

/// The resource in the schema's spelling, without unassigned and read-only attributes.
pub(super) fn tidy(object: Map<String, Value>, schemas: &Schemas) -> Map<String, Value> {
    let mut found = Map::new();
    for (name, value) in object {
        match (schemas.schema(&name), value) {
            (Some(schema), Value::Object(inner)) if schema.id != schemas.base().id => {
                let inner = tidy_object(inner, &|name| schema.attribute(name));
                if !inner.is_empty() {
                    found.insert(schema.id.clone(), Value::Object(inner));
                }
            }
            (_, value) => {
                let at_top = |name: &str| top_level(schemas, name);
                found.extend(tidy_object(Map::from_iter([(name, value)]), &at_top));
            }
        }
    }
    found
}

pub(super) fn take_password(resource: &mut Map<String, Value>) -> Option<Password> {
    match resource.remove("password") {
        Some(Value::String(password)) => Some(password.into()),
        _ => None,
    }
}

fn top_level<'a>(schemas: &'a Schemas, name: &str) -> Option<&'a Attribute> {
    if name.contains(['.', ':']) {
        return None;
    }
    let path = AttributePath::parse(name).ok();
    path.and_then(|path| schemas.attribute(&path)).or_else(|| schemas.base().attribute(name))
}

fn tidy_object<'a>(
    object: Map<String, Value>,
    find: &dyn Fn(&str) -> Option<&'a Attribute>,
) -> Map<String, Value> {
    let mut found = Map::new();
    for (name, value) in object {
        let attribute = find(&name);
        if attribute.is_some_and(|a| a.mutability == scim_types::schema::Mutability::ReadOnly) {
            continue;
        }
        let value = match attribute {
            Some(attribute) => tidy_value(value, attribute),
            None => value,
        };
        if !is_unassigned(&value) {
            found.insert(attribute.map_or(name, |attribute| attribute.name.clone()), value);
        }
    }
    found
}

fn tidy_value(value: Value, attribute: &Attribute) -> Value {
    match value {
        Value::Object(object) if attribute.kind == AttributeKind::Complex => {
            Value::Object(tidy_object(object, &|name| attribute.sub_attribute(name)))
        }
        Value::Array(list) => {
            let list = list.into_iter().map(|element| tidy_value(element, attribute));
            Value::Array(list.filter(|element| !is_unassigned(element)).collect())
        }
        other => other,
    }
}

fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

// What hand-written connectors leave out or spell in a way of their own.
fn meet_halfway(object: &mut Map<String, Value>, schemas: &Schemas) {
    let base = &schemas.base().id;
    if !object.keys().any(|name| name.eq_ignore_ascii_case("schemas")) {
        object.insert("schemas".to_owned(), json!([base]));
    }
    let extensions: Vec<Value> =
        object.keys().filter(|name| name.contains(':')).map(|name| json!(name)).collect();
    let listed = object.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("schemas"));
    if let Some((_, Value::Array(listed))) = listed {
        let is_new = |urn: &Value| {
            let urn = urn.as_str().unwrap_or_default();
            !listed.iter().any(|l| l.as_str().is_some_and(|l| l.eq_ignore_ascii_case(urn)))
        };
        let new: Vec<Value> = extensions.into_iter().filter(is_new).collect();
        listed.extend(new);
    }
    // Peakon's own example writes firstName and lastName.
    if let Some(Value::Object(name)) = object.get_mut("name") {
        for (theirs, rfc) in [("firstName", "givenName"), ("lastName", "familyName")] {
            if let Some(value) = take(name, theirs) {
                name.entry(rfc).or_insert(value);
            }
        }
    }
}

/// Drops attributes as a server without a column for them does.
pub(super) fn drop_quietly(resource: &mut Map<String, Value>, names: &[String]) {
    for name in names {
        take(resource, name);
    }
}

/// Refuses a `type` that the schema does not suggest.
pub(super) fn check_types(resource: &Map<String, Value>, schemas: &Schemas) -> Result<(), Error> {
    for attribute in &schemas.base().attributes {
        let Some(kind) = attribute.sub_attribute("type") else { continue };
        let elements = resource.get(&attribute.name).and_then(Value::as_array);
        for element in elements.into_iter().flatten() {
            let known = |text: &str| kind.canonical_values.iter().any(|known| known == text);
            if let Some(text) = element["type"].as_str().filter(|text| !known(text)) {
                let name = &attribute.name;
                return Err(bad_value(format!("{name} does not accept type {text}")));
            }
        }
    }
    Ok(())
}
