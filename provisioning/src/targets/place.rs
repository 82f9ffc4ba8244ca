use std::fmt;
use std::sync::LazyLock;

use scim_types::filter::Filter;
use scim_types::patch::{Operation, PatchOp, PatchPath};
use scim_types::schema::{Attribute, AttributeKind, Mutability, Returned, Schemas};
use scim_types::{AttributePath, Mode};
use serde_json::{Map, Value, json};

use crate::expression::nearest;

/// Where a value stands in a SCIM resource: `name.givenName`, `emails[type eq "work"].value`,
/// `urn:…:enterprise:2.0:User:department`, or a key of an extension that no SCIM path can name, such as
/// `urn:…:peakon:2.0:User:Business Unit`.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Path(PatchPath),
    /// Extension, and a key with blanks or other signs.
    Key(String, String),
}

/// A place that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{place}` is no SCIM attribute: {problem}")]
pub struct PlaceError {
    place: String,
    problem: String,
}

impl PlaceError {
    pub(crate) fn problem(&self) -> &str {
        &self.problem
    }
}

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| Schemas::user().clone().open());

impl Place {
    /// `userName`, by which users are told apart.
    pub fn user_name() -> Self {
        let path = AttributePath::user_name();
        Self { text: path.to_string(), kind: Kind::Path(PatchPath::Attribute(path)) }
    }

    /// Reads it.
    ///
    /// # Errors
    /// Says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let text = text.trim();
        let fail = |problem: String| PlaceError { place: text.to_owned(), problem };
        let kind = match PatchPath::parse(text, &SCHEMAS) {
            Ok(_) if is_whole(text) => {
                return Err(fail("it names a whole extension; add `:` and an attribute".into()));
            }
            Ok(path) => Kind::Path(path),
            Err(error) => match key_of_extension(text) {
                Some((urn, key)) => Kind::Key(urn.to_owned(), key.to_owned()),
                None => return Err(fail(error.to_string())),
            },
        };
        Ok(Self { text: text.to_owned(), kind })
    }

    /// The attribute at the top of the resource under which it stands: what a listing asks for.
    pub fn top(&self) -> &str {
        let path = match &self.kind {
            Kind::Key(urn, _) => return urn,
            Kind::Path(PatchPath::Attribute(path)) => path,
            Kind::Path(PatchPath::Elements { attribute, .. }) => attribute,
            Kind::Path(PatchPath::Schema(urn)) => return urn,
        };
        path.schema().filter(|urn| !is_core(urn)).unwrap_or(path.name())
    }

    /// The extension in which it stands.
    pub fn extension(&self) -> Option<&str> {
        let top = self.top();
        top.contains(':').then_some(top)
    }

    /// Whether values that differ in case only are different ones, such as those of `externalId`.
    pub(crate) fn is_case_exact(&self) -> bool {
        self.described().is_some_and(|attribute| attribute.case_exact)
    }

    /// Whether no answer ever shows it, such as a password.
    pub(crate) fn is_hidden(&self) -> bool {
        self.described().is_some_and(|attribute| attribute.returned == Returned::Never)
    }

    fn described(&self) -> Option<&Attribute> {
        match &self.kind {
            Kind::Path(PatchPath::Attribute(path)) => SCHEMAS.attribute(path),
            _ => None,
        }
    }

    /// What a value has to be there; none where no schema says so.
    ///
    /// # Errors
    /// When the core and enterprise schemas have no such attribute, only the server sets it, or it is made
    /// of parts.
    pub(crate) fn kind_of_value(&self) -> Result<Option<AttributeKind>, PlaceError> {
        let fail = |problem| PlaceError { place: self.text.clone(), problem };
        let (path, sub, filter) = match &self.kind {
            Kind::Path(PatchPath::Attribute(path)) => (path, path.sub(), String::new()),
            Kind::Path(PatchPath::Elements { attribute, filter, sub }) => {
                (attribute, sub.as_deref(), format!("[{filter}]"))
            }
            _ => return Ok(None),
        };
        if path.schema().is_some_and(|urn| SCHEMAS.schema(urn).is_none()) {
            return Ok(None);
        }
        let of_schema = path.schema().map(|urn| format!("{urn}:")).unwrap_or_default();
        let whole = described(&format!("{of_schema}{}", path.name()));
        let whole = whole.ok_or_else(|| fail(unknown(path, &of_schema)))?;
        let attribute = match sub {
            None => whole,
            Some(sub) => whole.sub_attribute(sub).ok_or_else(|| {
                let near = nearest(sub, |name| whole.sub_attribute(name).is_some());
                let near = near.and_then(|near| whole.sub_attribute(&near));
                let near = near.map(|part| part.name.clone()).or_else(|| begins(whole, sub));
                fail(did_you_mean(
                    near.map(|near| format!("{of_schema}{}{filter}.{near}", whole.name)),
                ))
            })?,
        };
        // What is in it follows from the other attributes.
        let is_schemas = whole.name.eq_ignore_ascii_case("schemas");
        let is_read_only = |one: &&Attribute| one.mutability == Mutability::ReadOnly;
        if is_schemas || [whole, attribute].iter().any(is_read_only) {
            return Err(fail("only the server sets it".to_owned()));
        }
        match attribute.kind {
            AttributeKind::Complex => {
                let part = attribute.sub_attributes.first().map_or("value", |part| &part.name);
                Err(fail(format!("it is made of parts: name one, such as `{self}.{part}`")))
            }
            _ if attribute.multi_valued => Ok(None),
            _ => Ok(Some(attribute.kind.clone())),
        }
    }

    /// The value in this resource; null if there is none.
    pub fn get(&self, resource: &Value) -> Value {
        match &self.kind {
            Kind::Key(urn, key) => member(member(resource, urn), key).clone(),
            Kind::Path(PatchPath::Attribute(path)) => {
                let whole = self.whole(resource, path);
                path.sub().map_or(whole, |sub| first(whole, sub)).clone()
            }
            Kind::Path(PatchPath::Elements { attribute, filter, sub }) => {
                let found = element(self.whole(resource, attribute), attribute, filter);
                sub.as_deref().map_or(found, |sub| member(found, sub)).clone()
            }
            Kind::Path(PatchPath::Schema(urn)) => member(resource, urn).clone(),
        }
    }

    /// Sets the value in this resource; null takes it out.
    ///
    /// # Errors
    /// When the resource cannot hold it there.
    pub fn put(&self, resource: &mut Value, value: &Value) -> Result<(), PlaceError> {
        if let Kind::Key(urn, key) = &self.kind {
            self.put_key(resource, urn, key, value);
            return Ok(());
        }
        if value.is_null() && self.get(resource).is_null() {
            return Ok(());
        }
        match value {
            Value::Null => {
                self.patch(resource, Operation::remove(&self.text))?;
                self.drop_husk(resource)
            }
            value => self.patch(resource, Operation::replace(&self.text, value.clone())),
        }
    }

    fn patch(&self, resource: &mut Value, operation: Operation) -> Result<(), PlaceError> {
        let patch = PatchOp::new(vec![operation]);
        let applied = patch.apply(resource, &SCHEMAS, Mode::Tolerant);
        applied
            .map(drop)
            .map_err(|error| PlaceError { place: self.text.clone(), problem: error.to_string() })
    }

    /// An element that says what it is for, and nothing else, is none: servers refuse such.
    fn drop_husk(&self, resource: &mut Value) -> Result<(), PlaceError> {
        let Kind::Path(PatchPath::Elements { attribute, filter, sub: Some(_) }) = &self.kind else {
            return Ok(());
        };
        let left = element(self.whole(resource, attribute), attribute, filter).as_object();
        let is_husk = |left: &Map<String, Value>| {
            left.keys()
                .all(|key| ["type", "primary"].iter().any(|one| one.eq_ignore_ascii_case(key)))
        };
        match left.is_some_and(is_husk) {
            true => self.patch(resource, Operation::remove(format!("{attribute}[{filter}]"))),
            false => Ok(()),
        }
    }

    fn put_key(&self, resource: &mut Value, urn: &str, key: &str, value: &Value) {
        let Some(resource) = resource.as_object_mut() else {
            return;
        };
        let urn = spelled(resource, urn);
        let extension = resource.entry(urn).or_insert_with(|| json!({}));
        if let Some(extension) = extension.as_object_mut() {
            let key = spelled(extension, key);
            match value {
                Value::Null => drop(extension.remove(&key)),
                value => drop(extension.insert(key, value.clone())),
            }
        }
    }

    fn whole<'a>(&self, resource: &'a Value, path: &AttributePath) -> &'a Value {
        let within = self.extension().map_or(resource, |urn| member(resource, urn));
        member(within, path.name())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn described(path: &str) -> Option<&'static Attribute> {
    Schemas::user().attribute(&AttributePath::parse(path).ok()?)
}

/// What no schema has, and what may be meant.
fn unknown(path: &AttributePath, of_schema: &str) -> String {
    let name = path.name();
    let is_known = |name: &str| described(&format!("{of_schema}{name}")).is_some();
    let extension = || {
        let path = format!("{}:{name}", scim_types::urn::ENTERPRISE_USER);
        described(&path).map(|_| path)
    };
    let near = || described(&format!("{of_schema}{}", nearest(name, is_known)?));
    did_you_mean(extension().or_else(|| Some(near()?.name.clone())))
}

fn did_you_mean(near: Option<String>) -> String {
    let near = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
    format!("a SCIM user has no such attribute{near}")
}

/// The part whose name the text begins with.
fn begins(whole: &Attribute, text: &str) -> Option<String> {
    let text = text.to_lowercase();
    let mut names = whole.sub_attributes.iter().map(|part| &part.name);
    names.find(|name| text.starts_with(&name.to_lowercase())).cloned()
}

/// A URN of a schema ends in the name of a resource type; what follows is the key, colons and all.
fn key_of_extension(text: &str) -> Option<(&str, &str)> {
    if !text.get(..4)?.eq_ignore_ascii_case("urn:") {
        return None;
    }
    let ends =
        [":User:", ":Group:"].iter().filter_map(|end| text.find(end).map(|at| at + end.len()));
    let start = ends.min().or_else(|| text.rfind(':').map(|at| at + 1))?;
    let (urn, key) = (&text[..start - 1], text[start..].trim());
    (!key.is_empty() && !key.contains(['[', ']'])).then_some((urn, key))
}

/// Whether the text is the URN of a schema, with nothing after it.
fn is_whole(text: &str) -> bool {
    let ends = [":user", ":group"].iter().any(|end| text.to_lowercase().ends_with(end));
    ends && text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

fn is_core(urn: &str) -> bool {
    [scim_types::urn::USER, scim_types::urn::GROUP]
        .iter()
        .any(|core| core.eq_ignore_ascii_case(urn))
}

/// The spelling under which the object has this name: names have no case.
fn spelled(object: &Map<String, Value>, name: &str) -> String {
    let known = object.keys().find(|key| key.eq_ignore_ascii_case(name));
    known.map_or_else(|| name.to_owned(), Clone::clone)
}

fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    let found = value.as_object().and_then(|object| {
        object.get(name).or_else(|| {
            object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        })
    });
    found.unwrap_or(&Value::Null)
}

/// The sub-attribute of a complex value; of a list, that of its preferred element.
fn first<'a>(value: &'a Value, sub: &str) -> &'a Value {
    match value {
        Value::Array(list) => {
            let preferred = list.iter().find(|one| member(one, "primary") == &Value::Bool(true));
            preferred.or(list.first()).map_or(&Value::Null, |one| member(one, sub))
        }
        // Some products send a manager as a bare id.
        Value::String(_) if sub.eq_ignore_ascii_case("value") => value,
        other => member(other, sub),
    }
}

fn element<'a>(list: &'a Value, attribute: &AttributePath, filter: &Filter) -> &'a Value {
    let found = list.as_array().and_then(|list| {
        let name = AttributePath::parse(attribute.name()).ok()?;
        let condition = Filter::Elements(name, Box::new(filter.clone()));
        let matcher = condition.matcher_with(&SCHEMAS, Mode::Tolerant).ok()?;
        list.iter().find(|one| matcher.matches(&json!({ (attribute.name()): [one] })))
    });
    found.unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEAKON: &str = "urn:ietf:params:scim:schemas:extension:peakon:2.0:User";

    #[test]
    fn what_is_put_is_there() {
        for (place, value) in [
            ("title", json!("Countess")),
            ("name.givenName", json!("Ada")),
            ("emails[type eq \"work\"].value", json!("ada@acme.example")),
            ("addresses[type eq \"work\"].locality", json!("London")),
            ("phoneNumbers[type eq \"mobile\"]", json!({"type": "mobile", "value": "1"})),
            ("active", json!(false)),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", json!("R&D")),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
                json!("7"),
            ),
            (&format!("{PEAKON}:Business Unit"), json!("North")),
            (&format!("{PEAKON}:Cost: Center (old)"), json!(7)),
            (&format!("{PEAKON}:employedSince"), json!("2020-01-01T00:00:00Z")),
        ] {
            let mut resource =
                json!({"userName": "ada", "EMAILS": [{"type": "home", "value": "x"}]});
            let place = Place::parse(place).unwrap();
            assert_eq!(place.get(&resource), Value::Null, "{place}");
            place.put(&mut resource, &value).unwrap();
            assert_eq!(place.get(&resource), value, "{place} {resource}");
            place.put(&mut resource, &Value::Null).unwrap();
            assert_eq!(place.get(&resource), Value::Null, "{place} {resource}");
            assert_eq!(resource["EMAILS"], json!([{"type": "home", "value": "x"}]));
        }
    }

    #[test]
    fn places_know_what_to_ask_for() {
        let top = |text: &str| Place::parse(text).unwrap().top().to_owned();
        assert_eq!(top("emails[type eq \"work\"].value"), "emails");
        assert_eq!(top("urn:ietf:params:scim:schemas:core:2.0:User:name.givenName"), "name");
        assert_eq!(top(&format!("{PEAKON}:Business Unit")), PEAKON);
    }

    #[test]
    fn places_know_what_the_rfc_says_of_them() {
        let is = |text: &str| {
            let place = Place::parse(text).unwrap();
            (place.is_case_exact(), place.is_hidden())
        };
        assert_eq!(is("externalId"), (true, false));
        assert_eq!(is("userName"), (false, false));
        assert_eq!(is("PASSWORD"), (false, true));
        assert_eq!(is(&format!("{PEAKON}:Business Unit")), (false, false));
    }

    #[test]
    fn what_is_no_place_says_why() {
        for text in ["", "a b", "emails[type eq]", "name.given.name", PEAKON, "[x]"] {
            let error = Place::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is no SCIM attribute: ")), "{error}");
        }
    }
}
