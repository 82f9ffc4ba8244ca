use serde_json::Value;

use super::apply::{Apply, Done, may_not_change};
use crate::read::{key_of, member};
use crate::schema::Attribute;
use crate::{AttributePath, Mode};

impl Apply<'_> {
    pub(super) fn is_schema(&self, urn: &str) -> bool {
        self.schemas.schema(urn).is_some()
            || member(self.editor.root(), urn).is_some_and(Value::is_object)
    }

    // Whether a URN that nobody described names an extension, and no attribute of one: its version
    // says so, as in `..:2.0:User` and `..:2.0:User:badge`; without one the value does.
    pub(super) fn is_foreign_extension(&self, path: &AttributePath, value: &Value) -> bool {
        if path.schema().is_none_or(|urn| self.is_schema(urn) || self.schemas.is_base(urn)) {
            return false;
        }
        let is_version = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_digit())
                && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        };
        let mut before = path.as_str().rsplit(':').skip(1).map(is_version);
        match (before.next(), before.next()) {
            (Some(true), _) => true,
            (_, Some(true)) => false,
            _ => value.is_object(),
        }
    }

    // An extension that nobody described is taken if the resource has it, or in tolerant mode.
    pub(super) fn takes_foreign(&self, urn: &str) -> bool {
        let listed = member(self.editor.root(), "schemas").and_then(Value::as_array);
        let is_urn = |value: &Value| value.as_str().is_some_and(|s| s.eq_ignore_ascii_case(urn));
        self.mode == Mode::Tolerant
            || key_of(self.editor.root(), urn).is_some()
            || listed.is_some_and(|listed| listed.iter().any(is_urn))
    }

    // An extension that is present is listed in `schemas`, and only then.
    pub(super) fn list_extension(&mut self, extension: Option<&str>) {
        let Some(urn) = extension else { return };
        let place = self.editor.place(None, "schemas");
        let Some(Value::Array(listed)) = self.editor.get(&place) else { return };
        let is_urn = |value: &Value| value.as_str().is_some_and(|s| s.eq_ignore_ascii_case(urn));
        if !listed.iter().any(is_urn) {
            self.editor.append(&place, vec![urn.into()]);
        }
    }

    pub(super) fn remove_extension(&mut self, urn: &str) -> Done {
        if let Some(schema) = self.schemas.schema(urn) {
            let fixed = |a: &&Attribute| a.required || a.is_read_only() || a.is_immutable();
            let present = self.editor.root();
            let held = member(present, urn).and_then(Value::as_object);
            let is_held =
                |a: &&Attribute| held.is_some_and(|object| member(object, &a.name).is_some());
            if let Some(attribute) = schema.attributes.iter().filter(is_held).find(fixed) {
                return Err(may_not_change(attribute));
            }
        }
        let place = self.editor.place(None, urn);
        if self.editor.get(&place).is_some() {
            self.editor.set(&place, None);
        }
        let place = self.editor.place(None, "schemas");
        let Some(Value::Array(listed)) = self.editor.get(&place) else { return Ok(()) };
        let is_urn = |value: &Value| value.as_str().is_some_and(|s| s.eq_ignore_ascii_case(urn));
        if let Some(at) = listed.iter().position(is_urn) {
            self.editor.remove_elements(&place, &[at]);
        }
        Ok(())
    }
}
