use std::fmt;

use serde_json::{Map, Value};

use super::{Attribute, AttributeKind, Mutability, Returned, Schemas};
use crate::instant::instant;
use crate::patch::{fits, is_primary, is_unassigned, same, shown};
use crate::read::{member, name_twice};
use crate::{Error, Mode, ScimType, urn};

/// What a resource is checked for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Purpose<'a> {
    /// The body of a POST: read-only attributes are ignored, required ones must be there.
    Create,
    /// The body of a PUT, over this resource: what is immutable must not differ.
    Replace(&'a Value),
    /// The result of a PATCH of this resource: what is read-only or immutable must not differ.
    Patched(&'a Value),
    /// An answer of a server: `id` must be there, what is never returned must not.
    Response,
}

/// One thing that is wrong with a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The attribute, such as `emails[1].primary`.
    pub path: String,
    /// What a server answers.
    pub scim_type: ScimType,
    /// What is wrong.
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.detail)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::of_type(problem.scim_type.clone(), problem.to_string())
    }
}

impl Schemas {
    /// Everything that is wrong with a resource; an empty list if nothing is.
    ///
    /// Tolerant mode takes attributes that no schema describes; strict mode names them.
    pub fn validate(&self, resource: &Value, purpose: Purpose<'_>, mode: Mode) -> Vec<Problem> {
        let mut check = Check { schemas: self, purpose, mode, problems: Vec::new() };
        match resource.as_object() {
            Some(object) => check.resource(object),
            None => check.report("", ScimType::InvalidSyntax, "a resource is an object"),
        }
        check.problems
    }
}

struct Check<'a> {
    schemas: &'a Schemas,
    purpose: Purpose<'a>,
    mode: Mode,
    problems: Vec<Problem>,
}

impl<'a> Check<'a> {
    fn report(&mut self, path: &str, scim_type: ScimType, detail: impl Into<String>) {
        self.problems.push(Problem { path: path.to_owned(), scim_type, detail: detail.into() });
    }

    fn resource(&mut self, object: &Map<String, Value>) {
        self.listed(object);
        let schemas = self.schemas;
        let top: Vec<&Attribute> = schemas.top_level().collect();
        let before = self.before();
        for (name, value) in object {
            let is_extension = urn::is_urn(name) && !self.schemas.is_base(name);
            match top.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name)) {
                Some(_) => {}
                None if is_extension => self.extension(name, value, before),
                None => self.unknown(name),
            }
        }
        for attribute in top {
            self.attribute("", attribute, object, before);
        }
        self.twice("", object);
    }

    fn before(&self) -> Option<&'a Map<String, Value>> {
        match self.purpose {
            Purpose::Replace(before) | Purpose::Patched(before) => before.as_object(),
            Purpose::Create | Purpose::Response => None,
        }
    }

    // `schemas` names the base schema, and every extension present.
    fn listed(&mut self, object: &Map<String, Value>) {
        let Some(listed) = member(object, "schemas").and_then(Value::as_array) else { return };
        let listed: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
        let has = |urn: &str| listed.iter().any(|listed| listed.eq_ignore_ascii_case(urn));
        if !has(&self.schemas.base().id) {
            let detail = format!("does not list {}", self.schemas.base().id);
            self.report("schemas", ScimType::InvalidValue, detail);
        }
        let missing = object.keys().filter(|name| urn::is_urn(name) && !has(name));
        let missing: Vec<&String> = missing.collect();
        for urn in missing {
            self.report("schemas", ScimType::InvalidValue, format!("does not list {urn}"));
        }
    }

    fn extension(&mut self, urn: &str, value: &Value, before: Option<&Map<String, Value>>) {
        let Some(object) = value.as_object() else {
            if !value.is_null() {
                self.report(urn, ScimType::InvalidValue, "an extension is an object");
            }
            return;
        };
        let Some(schema) = self.schemas.schema(urn) else {
            return self.unknown(urn);
        };
        let before = before.and_then(|before| member(before, urn)).and_then(Value::as_object);
        for attribute in &schema.attributes {
            self.attribute(&format!("{}:", schema.id), attribute, object, before);
        }
        let unknown = object.keys().filter(|name| schema.attribute(name).is_none());
        unknown.for_each(|name| self.unknown(&format!("{}:{name}", schema.id)));
        self.twice(urn, object);
    }

    fn unknown(&mut self, path: &str) {
        if self.mode == Mode::Strict && !self.schemas.is_open() {
            self.report(
                path,
                ScimType::InvalidSyntax,
                "no schema of this resource type describes it",
            );
        }
    }

    fn twice(&mut self, path: &str, object: &Map<String, Value>) {
        if let Some(name) = name_twice(object) {
            let detail = "is given twice; names have no case";
            self.report(&format!("{path}{name}"), ScimType::InvalidSyntax, detail);
        }
    }

    fn attribute(
        &mut self,
        prefix: &str,
        attribute: &Attribute,
        object: &Map<String, Value>,
        before: Option<&Map<String, Value>>,
    ) {
        let path = format!("{prefix}{}", attribute.name);
        let value = member(object, &attribute.name).unwrap_or(&Value::Null);
        let is_there = !is_unassigned(value);
        match (self.purpose, attribute.returned.clone()) {
            (Purpose::Response, Returned::Never) if is_there => {
                return self.report(&path, ScimType::Sensitive, "must never be returned");
            }
            (Purpose::Response, Returned::Always) if !is_there => {
                return self.report(
                    &path,
                    ScimType::InvalidValue,
                    "is always returned, and missing",
                );
            }
            (Purpose::Response, _) => {}
            // Ignored by the server, so no value can be wrong: RFC 7644 section 3.3.
            (Purpose::Create | Purpose::Replace(_), _) if attribute.is_read_only() => return,
            _ => {}
        }
        let may_miss =
            self.purpose == Purpose::Response || attribute.mutability == Mutability::ReadOnly;
        if attribute.required && !is_there && !may_miss {
            return self.report(&path, ScimType::InvalidValue, "is required, and missing");
        }
        let stored =
            before.and_then(|before| member(before, &attribute.name)).unwrap_or(&Value::Null);
        self.unchanged(&path, attribute, stored, value);
        if is_there {
            self.value(&path, attribute, value);
        }
    }

    fn unchanged(&mut self, path: &str, attribute: &Attribute, stored: &Value, value: &Value) {
        let is_patched = matches!(self.purpose, Purpose::Patched(_));
        let is_fixed = attribute.is_immutable() && !is_unassigned(stored);
        let is_guarded = is_patched && attribute.is_read_only();
        let is_checked = is_patched || matches!(self.purpose, Purpose::Replace(_));
        if is_checked && (is_fixed || is_guarded) && !same(stored, value) {
            let why =
                if is_fixed { "is immutable, and differs" } else { "is read only, and differs" };
            self.report(path, ScimType::Mutability, why);
        }
    }

    fn value(&mut self, path: &str, attribute: &Attribute, value: &Value) {
        match (attribute.multi_valued, value) {
            (true, Value::Array(elements)) => self.elements(path, attribute, elements),
            (true, _) => self.report(path, ScimType::InvalidValue, "takes a list"),
            (false, value) => self.single(path, attribute, value),
        }
    }

    fn elements(&mut self, path: &str, attribute: &Attribute, elements: &[Value]) {
        for (n, element) in elements.iter().enumerate() {
            self.single(&format!("{path}[{n}]"), attribute, element);
        }
        if elements.iter().filter(|element| is_primary(element)).count() > 1 {
            self.report(path, ScimType::InvalidValue, "more than one element is primary");
        }
    }

    fn single(&mut self, path: &str, attribute: &Attribute, value: &Value) {
        if !fits(&attribute.kind, value) {
            return self.report(
                path,
                ScimType::InvalidValue,
                format!("takes {}", shown(&attribute.kind)),
            );
        }
        let is_date = |text: &str| instant(text).is_some() && text.contains(['T', 't']);
        match value {
            Value::String(text) if attribute.kind == AttributeKind::DateTime && !is_date(text) => {
                self.report(
                    path,
                    ScimType::InvalidValue,
                    "takes a date and time such as 2026-01-31T00:00:00Z",
                );
            }
            Value::String(text) if attribute.required && text.trim().is_empty() => {
                self.report(path, ScimType::InvalidValue, "is required, and empty");
            }
            Value::Object(object) if attribute.is_complex() => {
                for sub in &attribute.sub_attributes {
                    self.attribute(&format!("{path}."), sub, object, None);
                }
                self.twice(&format!("{path}."), object);
            }
            _ => {}
        }
    }
}
