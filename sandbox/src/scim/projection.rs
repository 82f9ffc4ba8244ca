//! Which attributes an answer shows: RFC 7644 section 3.9.

use scim_types::schema::{Attribute, Returned, Schema, Schemas};
use serde_json::{Map, Value};

/// What `attributes` and `excludedAttributes` name.
#[derive(Clone, Debug, Default)]
pub(super) struct Projection {
    only: Option<Vec<String>>,
    without: Vec<String>,
    pub(super) hides_schemas: bool,
}

// An attribute as a request names it: `userName`, `name.givenName`, a URN, or a URN before a name.
struct Named<'a> {
    schema: Option<&'a str>,
    name: Option<&'a str>,
    sub: Option<&'a str>,
}

impl Projection {
    pub(super) fn only(&mut self, list: &str) {
        let names = names(list);
        if !names.is_empty() {
            self.only.get_or_insert_default().extend(names);
        }
    }

    pub(super) fn without(&mut self, list: &str) {
        self.without.extend(names(list));
    }

    /// Whether the attribute is worth computing.
    pub(super) fn wants(&self, name: &str) -> bool {
        let starts = |asked: &String| {
            let asked = asked.rsplit(':').next().unwrap_or(asked);
            asked.split('.').next().is_some_and(|asked| asked.eq_ignore_ascii_case(name))
        };
        let is_out = self.without.iter().any(|out| starts(out) && !out.contains('.'));
        !is_out && self.only.as_ref().is_none_or(|only| only.iter().any(starts))
    }

    /// The resource as this request sees it.
    pub(super) fn apply(&self, resource: Map<String, Value>, schemas: &Schemas) -> Value {
        let resource = returned(resource, schemas, self);
        let Some(only) = &self.only else {
            return Value::Object(self.exclude(resource, schemas));
        };
        let mut shown = Map::new();
        for asked in only.iter().map(|text| Named::of(text, schemas)) {
            asked.copy(&resource, &mut shown, schemas);
        }
        for (name, value) in &resource {
            if is_always(name, schemas, self.hides_schemas) && !shown.contains_key(name) {
                shown.insert(name.clone(), value.clone());
            }
        }
        Value::Object(self.exclude(shown, schemas))
    }

    fn exclude(&self, mut resource: Map<String, Value>, schemas: &Schemas) -> Map<String, Value> {
        for out in self.without.iter().map(|text| Named::of(text, schemas)) {
            out.remove(&mut resource, schemas);
        }
        resource
    }

    fn names(&self, schemas: &Schemas, schema: &str, name: &str) -> bool {
        let is = |text: &String| {
            let named = Named::of(text, schemas);
            let schema_fits = named.schema.unwrap_or(&schemas.base().id);
            named.name.is_some_and(|found| found.eq_ignore_ascii_case(name))
                && schema_fits.eq_ignore_ascii_case(schema)
        };
        self.only.as_ref().is_some_and(|only| only.iter().any(is))
    }
}

impl<'a> Named<'a> {
    fn of(text: &'a str, schemas: &Schemas) -> Self {
        if schemas.schema(text).is_some() {
            return Self { schema: Some(text), name: None, sub: None };
        }
        let (schema, rest) = match text.rsplit_once(':') {
            Some((schema, rest)) => (Some(schema), rest),
            None => (None, text),
        };
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        Self { schema, name: Some(name), sub }
    }

    // The URN of the extension, if it is in one.
    fn extension(&self, schemas: &Schemas) -> Option<&'a str> {
        self.schema.filter(|urn| !schemas.base().id.eq_ignore_ascii_case(urn))
    }

    fn copy(&self, from: &Map<String, Value>, to: &mut Map<String, Value>, schemas: &Schemas) {
        match (self.extension(schemas), self.name) {
            (Some(urn), Some(_)) => {
                let Some(key) = key(from, urn) else { return };
                let Some(Value::Object(inner)) = from.get(key) else { return };
                let slot = to.entry(key).or_insert_with(|| Value::Object(Map::new()));
                if let Some(slot) = slot.as_object_mut() {
                    self.copy_name(inner, slot);
                }
                if slot.as_object().is_some_and(Map::is_empty) {
                    to.remove(key);
                }
            }
            (Some(urn), None) => copy_key(from, urn, to),
            (None, Some(_)) => self.copy_name(from, to),
            // The URN of the base schema names all its attributes.
            (None, None) => {
                to.extend(
                    from.iter()
                        .filter(|(k, _)| !k.contains(':'))
                        .map(|(k, v)| (k.clone(), v.clone())),
                );
            }
        }
    }

    fn copy_name(&self, from: &Map<String, Value>, to: &mut Map<String, Value>) {
        let Some(name) = self.name else { return };
        let Some(sub) = self.sub else { return copy_key(from, name, to) };
        let Some(key) = key(from, name) else { return };
        let part = only_sub(&from[key], sub);
        match (to.get_mut(key), part) {
            (Some(there), Some(part)) => merge(there, part),
            (None, Some(part)) => drop(to.insert(key.to_owned(), part)),
            (_, None) => {}
        }
    }

    fn remove(&self, from: &mut Map<String, Value>, schemas: &Schemas) {
        let inside = match self.extension(schemas).map(|urn| key(from, urn).map(str::to_owned)) {
            None => Some(from),
            Some(None) => None,
            Some(Some(urn)) if self.name.is_none() => return drop(from.remove(&urn)),
            Some(Some(urn)) => from.get_mut(&urn).and_then(Value::as_object_mut),
        };
        let (Some(inside), Some(name)) = (inside, self.name) else { return };
        let is_top = self.extension(schemas).is_none();
        let Some(key) = key(inside, name).map(str::to_owned) else { return };
        match self.sub {
            None if is_top && is_always(&key, schemas, false) => {}
            None => drop(inside.remove(&key)),
            Some(sub) => {
                let whole = inside.get_mut(&key);
                if let Some(whole) = whole {
                    each_object(whole, &mut |object| {
                        if let Some(key) = self::key(object, sub).map(str::to_owned) {
                            object.remove(&key);
                        }
                    });
                }
            }
        }
    }
}

// What the schema lets out: nothing that is never returned, and what is returned on request only then.
fn returned(
    mut resource: Map<String, Value>,
    schemas: &Schemas,
    asked: &Projection,
) -> Map<String, Value> {
    hide(&mut resource, schemas.base(), schemas, asked);
    for extension in schemas.extensions() {
        if let Some(Value::Object(inner)) = resource.get_mut(&extension.id) {
            hide(inner, extension, schemas, asked);
        }
    }
    resource
}

fn hide(object: &mut Map<String, Value>, schema: &Schema, schemas: &Schemas, asked: &Projection) {
    for attribute in &schema.attributes {
        if is_hidden(attribute, || asked.names(schemas, &schema.id, &attribute.name)) {
            object.remove(&attribute.name);
            continue;
        }
        let hidden = attribute.sub_attributes.iter().filter(|sub| sub.returned == Returned::Never);
        for sub in hidden {
            if let Some(value) = object.get_mut(&attribute.name) {
                each_object(value, &mut |element| drop(element.remove(&sub.name)));
            }
        }
    }
}

fn is_hidden(attribute: &Attribute, is_asked: impl Fn() -> bool) -> bool {
    match attribute.returned {
        Returned::Never => true,
        Returned::Request => !is_asked(),
        _ => false,
    }
}

fn is_always(name: &str, schemas: &Schemas, hides_schemas: bool) -> bool {
    let described = schemas.base().attribute(name);
    name == "id"
        || name == "schemas" && !hides_schemas
        || described.is_some_and(|attribute| attribute.returned == Returned::Always)
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn key<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.keys().find(|key| key.eq_ignore_ascii_case(name)).map(String::as_str)
}

fn copy_key(from: &Map<String, Value>, name: &str, to: &mut Map<String, Value>) {
    if let Some(key) = key(from, name) {
        to.insert(key.to_owned(), from[key].clone());
    }
}

fn only_sub(value: &Value, sub: &str) -> Option<Value> {
    match value {
        Value::Array(list) => {
            // Every element stays in its place, so that two sub-attributes meet again.
            let part =
                |element| only_sub(element, sub).unwrap_or_else(|| Value::Object(Map::new()));
            Some(Value::Array(list.iter().map(part).collect()))
        }
        Value::Object(object) => {
            let key = key(object, sub)?;
            Some(Value::Object(Map::from_iter([(key.to_owned(), object[key].clone())])))
        }
        _ => None,
    }
}

fn merge(there: &mut Value, part: Value) {
    match (there, part) {
        (Value::Object(there), Value::Object(part)) => there.extend(part),
        (Value::Array(there), Value::Array(part)) => {
            there.iter_mut().zip(part).for_each(|(there, part)| merge(there, part));
        }
        _ => {}
    }
}

fn each_object(value: &mut Value, act: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => act(object),
        Value::Array(list) => list.iter_mut().for_each(|element| each_object(element, act)),
        _ => {}
    }
}
