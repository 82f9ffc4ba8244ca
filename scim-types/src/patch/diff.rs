use std::collections::HashSet;

use serde_json::{Map, Value};

use super::error::DiffError;
use super::list::{is_keyed, key};
use super::same::{is_unassigned, same_values};
use super::{Operation, OperationKind, PatchOp, entra};
use crate::read::member;
use crate::schema::{Attribute, Schemas};
use crate::{AttributePath, Resource, urn};

/// In which shape the operations are written; all but [`EntraLegacy`](Self::EntraLegacy) are legal
/// SCIM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// One operation with a path for each attribute; members are removed by one condition.
    #[default]
    Rfc,
    /// As Okta writes: one `replace` without path for all single values, one `remove` per member.
    Okta,
    /// As Microsoft Entra writes: `Add`, `Replace` and `Remove`, one operation per sub-attribute.
    /// Booleans are booleans and members are removed by a condition, as where the tenant URL says
    /// `aadOptscim062020`.
    Entra,
    /// As Entra writes where the tenant URL does not say so: booleans as texts, `"False"`, and the
    /// members to remove in the value. It needs a tolerant server; some know no other way to remove
    /// a member.
    EntraLegacy,
}

impl Dialect {
    fn is_entra(self) -> bool {
        matches!(self, Self::Entra | Self::EntraLegacy)
    }
}

/// The PATCH that turns `before` into `after`; it names nothing that is unchanged.
///
/// What only the server writes (`id`, `meta`, `groups`, `manager.displayName`) takes no part, nor
/// does the order of lists, nor whether nothing is written as `null`, `[]` or not at all.
///
/// Applied, it leads to `after`, with one exception: an extension that neither `schemas` nor `before`
/// knows is refused with `invalidPath` where nobody knows it, as by [`PatchOp::apply`] in strict mode.
///
/// # Errors
/// When PATCH has no words for a change: a name that no path can hold, such as `Business Unit`, an
/// attribute that is required or immutable, or a member named twice. Replace the resource then.
pub fn diff<R: Resource>(
    before: &R,
    after: &R,
    schemas: &Schemas,
    dialect: Dialect,
) -> Result<PatchOp, DiffError> {
    diff_json(&serde_json::to_value(before)?, &serde_json::to_value(after)?, schemas, dialect)
}

/// The same for resources as JSON.
///
/// # Errors
/// When PATCH has no words for a change, and when one of the two is no object.
pub fn diff_json(
    before: &Value,
    after: &Value,
    schemas: &Schemas,
    dialect: Dialect,
) -> Result<PatchOp, DiffError> {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return Err(DiffError::NotAnObject);
    };
    let mut diff = Diff { schemas, dialect, operations: Vec::new(), bag: Map::new() };
    for (name, old, new) in members(before, after) {
        let is_extension = urn::is_urn(name) && (old.is_object() || new.is_object());
        match is_extension && schemas.whole(None, name).is_none() {
            true => diff.extension(name, old, new)?,
            false => diff.attribute(None, name, old, new)?,
        }
    }
    let mut operations = diff.operations;
    if !diff.bag.is_empty() {
        operations.insert(0, Operation::replace_all(diff.bag));
    }
    if dialect == Dialect::EntraLegacy {
        operations = operations.into_iter().map(|o| entra::with_texts(o, schemas)).collect();
    }
    Ok(PatchOp::new(operations))
}

pub(super) struct Diff<'a> {
    pub(super) schemas: &'a Schemas,
    pub(super) dialect: Dialect,
    pub(super) operations: Vec<Operation>,
    /// Single values of the Okta dialect, which go without path.
    bag: Map<String, Value>,
}

/// The attribute that differs, and how a path names it.
pub(super) struct Target<'a> {
    pub(super) extension: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) path: String,
    pub(super) described: Option<&'a Attribute>,
}

impl<'a> Diff<'a> {
    fn extension(&mut self, urn: &str, old: &Value, new: &Value) -> Result<(), DiffError> {
        let empty = Map::new();
        let old = old.as_object().unwrap_or(&empty);
        let new = new.as_object().unwrap_or(&empty);
        let urn = self.schemas.schema(urn).map_or(urn, |schema| &schema.id);
        members(old, new).try_for_each(|(name, old, new)| self.attribute(Some(urn), name, old, new))
    }

    fn attribute(
        &mut self,
        extension: Option<&str>,
        name: &str,
        old: &Value,
        new: &Value,
    ) -> Result<(), DiffError> {
        let described = self.schemas.whole(extension, name);
        let is_listed = extension.is_none() && name.eq_ignore_ascii_case("schemas");
        if is_listed || described.is_some_and(Attribute::is_read_only) {
            return Ok(());
        }
        let name = described.map_or(name, |attribute| &attribute.name);
        let path = path_of(extension, name);
        let target = Target { extension, name, path, described };
        if let (Value::Array(old), Value::Array(new)) = (old, new)
            && !old.iter().all(is_unassigned)
            && !new.iter().all(is_unassigned)
        {
            return self.list(&target, old, new);
        }
        if same_values(old, new) {
            return Ok(());
        }
        target.check(old, new)?;
        match (old, new) {
            (_, new) if is_unassigned(new) => self.remove(target.path),
            (old, Value::Object(new)) if self.goes_by_parts(old, described) => {
                self.parts(&target, old.as_object().unwrap_or(&Map::new()), new)?;
            }
            (old, new) => {
                target.check_elements(new)?;
                self.set(&target, None, is_unassigned(old), new);
            }
        }
        Ok(())
    }

    fn goes_by_parts(&self, old: &Value, described: Option<&Attribute>) -> bool {
        let is_complex =
            described.is_none_or(|attribute| attribute.is_complex() && !attribute.multi_valued);
        is_complex && (old.is_object() || old.is_null() && self.dialect.is_entra())
            || described.is_some_and(|attribute| {
                attribute.sub_attributes.iter().any(Attribute::is_read_only)
            })
    }

    fn parts(
        &mut self,
        target: &Target<'_>,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
    ) -> Result<(), DiffError> {
        for (name, old, new) in members(old, new) {
            let part = target.described.and_then(|attribute| attribute.sub_attribute(name));
            let name = part.map_or(name, |part| &part.name);
            if same_values(old, new) || part.is_some_and(Attribute::is_read_only) {
                continue;
            }
            let path = format!("{}.{name}", target.path);
            let part = Target { path, name, extension: target.extension, described: part };
            part.check(old, new)?;
            match is_unassigned(new) {
                true => self.remove(part.path),
                false => self.set(target, Some(name), is_unassigned(old), new),
            }
        }
        Ok(())
    }

    fn remove(&mut self, path: String) {
        self.push(OperationKind::Remove, path, None);
    }

    // Sets a single value, or a list as a whole.
    pub(super) fn set(
        &mut self,
        target: &Target<'_>,
        sub: Option<&str>,
        is_new: bool,
        value: &Value,
    ) {
        let path = match sub {
            None => target.path.clone(),
            Some(sub) => format!("{}.{sub}", target.path),
        };
        match self.dialect {
            Dialect::Okta if !value.is_array() => self.put_in_bag(target, sub, value),
            dialect if dialect.is_entra() && is_new && !value.is_array() => {
                self.push(OperationKind::Add, path, Some(value.clone()));
            }
            _ => self.push(OperationKind::Replace, path, Some(value.clone())),
        }
    }

    fn put_in_bag(&mut self, target: &Target<'_>, sub: Option<&str>, value: &Value) {
        let mut object = &mut self.bag;
        let within = target.extension.into_iter().chain(sub.map(|_| target.name));
        for name in within {
            let inner = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
            let Some(inner) = inner.as_object_mut() else { return };
            object = inner;
        }
        object.insert(sub.unwrap_or(target.name).to_owned(), value.clone());
    }

    pub(super) fn push(&mut self, kind: OperationKind, path: String, value: Option<Value>) {
        self.operations.push(operation(self.dialect, kind, path, value));
    }
}

pub(super) fn operation(
    dialect: Dialect,
    kind: OperationKind,
    path: String,
    value: Option<Value>,
) -> Operation {
    let kind = if dialect.is_entra() { entra::capital(kind) } else { kind };
    Operation::of(kind, Some(path), value)
}

impl Target<'_> {
    pub(super) fn check(&self, old: &Value, new: &Value) -> Result<(), DiffError> {
        let problem = match self.described {
            Some(attribute) if attribute.is_immutable() && !is_unassigned(old) => "is immutable",
            Some(attribute) if attribute.required && is_unassigned(new) => "is required",
            _ if !self.is_addressable() => "has a name that no path can hold",
            _ => return Ok(()),
        };
        Err(DiffError::NotExpressible { attribute: self.path.clone(), problem })
    }

    // A member is one or none: no PATCH makes it two.
    pub(super) fn check_elements(&self, new: &Value) -> Result<(), DiffError> {
        let list = new.as_array().filter(|_| self.described.is_some_and(is_keyed));
        let mut seen = HashSet::new();
        match list.into_iter().flatten().filter_map(key).all(|key| seen.insert(key)) {
            true => Ok(()),
            false => {
                let (attribute, problem) = (self.path.clone(), "names an element twice");
                Err(DiffError::NotExpressible { attribute, problem })
            }
        }
    }

    // Read back, the path must name the same attribute: a name with a dot or a colon would not.
    fn is_addressable(&self) -> bool {
        let Ok(path) = AttributePath::parse(&self.path) else { return false };
        let last = path.sub().unwrap_or(path.name());
        let schema = path.schema().is_none_or(|urn| Some(urn) == self.extension);
        schema && last == self.name
    }
}

fn path_of(extension: Option<&str>, name: &str) -> String {
    match extension {
        None => name.to_owned(),
        Some(urn) => format!("{urn}:{name}"),
    }
}

static NOTHING: Value = Value::Null;

// All names of both, with the value on either side; names have no case.
pub(super) fn members<'a>(
    old: &'a Map<String, Value>,
    new: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'a str, &'a Value, &'a Value)> {
    let changed =
        new.iter().map(|(name, new)| (name.as_str(), member(old, name).unwrap_or(&NOTHING), new));
    let gone = old.iter().filter(|(name, _)| member(new, name).is_none());
    changed.chain(gone.map(|(name, old)| (name.as_str(), old, &NOTHING)))
}
