use serde_json::{Map, Value};

use super::edit::{Editor, Place};
use super::error::PatchError;
use super::list::each_once;
use super::path::PatchPath;
use super::same::{is_unassigned, same};
use super::{Operation, OperationKind, PatchOp, convert};
use crate::read::member;
use crate::schema::{Attribute, Schemas};
use crate::{AttributePath, Mode, Resource, ScimType, urn};

impl PatchOp {
    /// Applies all operations to a JSON resource, or none: on an error it is untouched.
    ///
    /// Says whether anything was written.
    ///
    /// # Errors
    /// Names the operation that failed, and what a server answers.
    pub fn apply(
        &self,
        resource: &mut Value,
        schemas: &Schemas,
        mode: Mode,
    ) -> Result<bool, PatchError> {
        let Some(root) = resource.as_object_mut() else {
            return Err(PatchError::new(ScimType::InvalidSyntax, "the resource is not an object"));
        };
        let mut apply = Apply { editor: Editor::new(root), schemas, mode };
        for (n, operation) in self.operations.iter().enumerate() {
            if let Err(error) = apply.operation(operation) {
                apply.editor.roll_back();
                return Err(PatchError { operation: n + 1, ..error });
            }
        }
        Ok(apply.editor.is_changed())
    }

    /// Applies all operations to a typed resource, or none: on an error it is untouched.
    ///
    /// Says whether anything was written.
    ///
    /// # Errors
    /// Names the operation that failed, and what a server answers.
    pub fn apply_to<R: Resource>(
        &self,
        resource: &mut R,
        schemas: &Schemas,
        mode: Mode,
    ) -> Result<bool, PatchError> {
        let unfit =
            |error: serde_json::Error| PatchError::new(ScimType::InvalidValue, error.to_string());
        let mut json = serde_json::to_value(&*resource).map_err(unfit)?;
        let changed = self.apply(&mut json, schemas, mode)?;
        if changed {
            *resource = R::deserialize(json).map_err(unfit)?;
        }
        Ok(changed)
    }
}

pub(super) struct Apply<'a> {
    pub(super) editor: Editor<'a>,
    pub(super) schemas: &'a Schemas,
    pub(super) mode: Mode,
}

pub(super) type Done = Result<(), PatchError>;

impl<'a> Apply<'a> {
    fn operation(&mut self, operation: &Operation) -> Done {
        let Some(kind) = operation.kind() else {
            return fail(ScimType::InvalidSyntax, "`op` is none of add, remove and replace");
        };
        let value = operation.given();
        if value.is_none() && kind != OperationKind::Remove {
            return fail(ScimType::InvalidValue, format!("{kind} needs a value"));
        }
        let value = value.unwrap_or(&Value::Null);
        match &operation.path {
            None if kind == OperationKind::Remove => {
                fail(ScimType::NoTarget, "remove needs a path")
            }
            None => self.bag(&kind, None, value),
            Some(path) => self.at(&kind, path, value),
        }
    }

    pub(super) fn at(&mut self, kind: &OperationKind, path: &str, value: &Value) -> Done {
        let path = PatchPath::parse_with(path, self.mode, |urn| self.is_schema(urn))?;
        match &path {
            PatchPath::Schema(urn) if self.schemas.is_base(urn) => match kind {
                OperationKind::Remove => {
                    fail(ScimType::Mutability, "the base schema cannot be removed")
                }
                _ => self.bag(kind, None, value),
            },
            PatchPath::Schema(urn) => match kind {
                OperationKind::Remove => self.remove_extension(urn),
                _ => self.bag(kind, Some(urn), value),
            },
            PatchPath::Attribute(path) if self.is_foreign_extension(path, value) => match kind {
                OperationKind::Remove => self.remove_extension(path.as_str()),
                _ => self.bag(kind, Some(path.as_str()), value),
            },
            PatchPath::Attribute(path) => self.attribute(kind, path, value),
            PatchPath::Elements { attribute, filter, sub } => {
                self.elements(kind, attribute, filter, sub.as_deref(), value)
            }
        }
    }

    // Without a path, the value names the attributes.
    fn bag(&mut self, kind: &OperationKind, extension: Option<&str>, value: &Value) -> Done {
        let Some(object) = value.as_object() else {
            return fail(
                ScimType::InvalidValue,
                "without an attribute in the path the value is an object",
            );
        };
        convert::each_name_once(object)?;
        let extension = extension.map(|urn| self.schemas.schema(urn).map_or(urn, |s| &s.id));
        object.iter().try_for_each(|(name, value)| match extension {
            Some(_) => self.whole(kind, extension, name, value),
            None => self.named(kind, name, value),
        })
    }

    fn named(&mut self, kind: &OperationKind, name: &str, value: &Value) -> Done {
        if self.schemas.whole(None, name).is_some() {
            return self.whole(kind, None, name, value);
        }
        let is_extension = || self.is_foreign_extension(&AttributePath::split(name), value);
        if urn::is_urn(name) && (self.is_schema(name) || is_extension()) {
            return match value {
                Value::Null => self.remove_extension(name),
                _ if self.schemas.is_base(name) => self.bag(kind, None, value),
                _ => self.bag(kind, Some(name), value),
            };
        }
        // Entra: `name.familyName`, `urn:..:User:department` and even conditions as names.
        match self.mode == Mode::Tolerant && name.contains(['.', ':', '[']) {
            true => self.at(kind, name, value),
            false => self.whole(kind, None, name, value),
        }
    }

    fn attribute(&mut self, kind: &OperationKind, path: &AttributePath, value: &Value) -> Done {
        let extension = self.schemas.extension_of(path).map(str::to_owned);
        let extension = extension.as_deref();
        match (path.sub(), kind) {
            (Some(sub), _) => self.sub(kind, extension, path.name(), sub, value),
            (None, OperationKind::Remove) => self.remove(extension, path.name(), value),
            (None, _) => self.whole(kind, extension, path.name(), value),
        }
    }

    /// The attribute's description; `None` where attributes that no schema describes are welcome.
    pub(super) fn described(
        &self,
        extension: Option<&str>,
        name: &str,
    ) -> Result<Option<&'a Attribute>, PatchError> {
        let found = self.schemas.whole(extension, name);
        let is_foreign = |urn| self.schemas.schema(urn).is_none() && self.takes_foreign(urn);
        match found.is_some() || self.schemas.is_open() || extension.is_some_and(is_foreign) {
            true => Ok(found),
            false => Err(PatchError::new(
                ScimType::InvalidPath,
                format!("no schema of this resource type has an attribute `{name}`"),
            )),
        }
    }

    pub(super) fn place(
        &self,
        extension: Option<&str>,
        name: &str,
        described: Option<&Attribute>,
    ) -> Place {
        self.editor.place(extension, described.map_or(name, |attribute| &attribute.name))
    }

    // Adds to or replaces a whole attribute.
    fn whole(
        &mut self,
        kind: &OperationKind,
        extension: Option<&str>,
        name: &str,
        value: &Value,
    ) -> Done {
        let described = self.described(extension, name)?;
        let place = self.place(extension, name, described);
        let is_add = *kind == OperationKind::Add;
        let stored = self.editor.get(&place);
        let is_list =
            described.map_or(stored.is_some_and(Value::is_array), |list| list.multi_valued);
        let value = match is_add && is_list && value.is_object() {
            // One element can be added without brackets around it.
            true => convert::whole(&Value::Array(vec![value.clone()]), described, self.mode),
            false => convert::whole(value, described, self.mode),
        };
        let value = value.map_err(|error| unfit(error, described, stored))?;
        if self.is_guarded(described, &place, &value)? {
            return Ok(());
        }
        match value {
            Value::Object(object)
                if !object.is_empty() && described.is_none_or(Attribute::is_complex) =>
            {
                self.merge(is_add, extension, &place, described, object)
            }
            value if is_unassigned(&value) => {
                if is_add {
                    Ok(())
                } else {
                    self.unassign(&place, described)
                }
            }
            Value::Array(elements) if is_add => {
                self.list_extension(extension);
                self.append(&place, described, elements)
            }
            value => {
                self.list_extension(extension);
                self.editor.set(&place, Some(each_once(value, described)));
                Ok(())
            }
        }
    }

    // Whether nothing is to be done, because the value is there already; fails if it may not change.
    fn is_guarded(
        &self,
        described: Option<&Attribute>,
        place: &Place,
        value: &Value,
    ) -> Result<bool, PatchError> {
        let Some(attribute) = described else { return Ok(false) };
        let stored = self.editor.get(place).unwrap_or(&Value::Null);
        if !is_fixed(attribute, Some(stored)) {
            return Ok(false);
        }
        match same(stored, value) {
            true => Ok(true),
            false => Err(may_not_change(attribute)),
        }
    }

    // Into a complex value: a member that is null clears its sub-attribute, or adds nothing.
    fn merge(
        &mut self,
        is_add: bool,
        extension: Option<&str>,
        place: &Place,
        described: Option<&Attribute>,
        mut object: Map<String, Value>,
    ) -> Done {
        if is_add {
            object.retain(|_, value| !is_unassigned(value));
        }
        let is_there = self.editor.get(place).is_some_and(Value::is_object);
        if object.values().any(|value| !is_unassigned(value)) {
            self.list_extension(extension);
            if !is_there {
                self.editor.set(place, Some(Value::Object(Map::new())));
            }
        }
        for (name, value) in object {
            let sub = described.and_then(|attribute| attribute.sub_attribute(&name));
            self.put_sub(place, sub, &name, Some(value))?;
        }
        let is_empty = is_there && self.editor.get(place).is_some_and(is_unassigned);
        if is_empty { self.unassign(place, described) } else { Ok(()) }
    }

    fn put_sub(
        &mut self,
        place: &Place,
        sub: Option<&Attribute>,
        name: &str,
        value: Option<Value>,
    ) -> Done {
        let value = value.filter(|value| !is_unassigned(value));
        let stored =
            self.editor.get(place).and_then(Value::as_object).and_then(|o| member(o, name));
        if let Some(sub) = sub
            && !may_become(sub, stored, value.as_ref())
        {
            return Err(may_not_change(sub));
        }
        if stored.is_some() || value.is_some() {
            self.editor.set_sub(place, sub.map_or(name, |sub| &sub.name), value);
        }
        Ok(())
    }

    // Changes a sub-attribute: of the one complex value, or of every element.
    fn sub(
        &mut self,
        kind: &OperationKind,
        extension: Option<&str>,
        name: &str,
        sub: &str,
        value: &Value,
    ) -> Done {
        let described = self.described(extension, name)?;
        let part = self.described_sub(described, sub)?;
        let place = self.place(extension, name, described);
        let is_list = matches!(self.editor.get(&place), Some(Value::Array(_)));
        if is_list || described.is_some_and(|attribute| attribute.multi_valued) {
            return self.sub_of_all(kind, &place, described, sub, value);
        }
        let value = if *kind == OperationKind::Remove { &Value::Null } else { value };
        let whole = self.editor.get(&place);
        let stored = whole.and_then(Value::as_object).and_then(|object| member(object, sub));
        if let Some(whole) = described.filter(|whole| is_fixed(whole, self.editor.get(&place))) {
            let is_same = same(stored.unwrap_or(&Value::Null), value);
            return if is_same { Ok(()) } else { Err(may_not_change(whole)) };
        }
        let value = convert::whole(value, part, self.mode);
        let value = value.map_err(|error| unfit(error, part, stored))?;
        if *kind == OperationKind::Add && is_unassigned(&value) {
            return Ok(());
        }
        let is_there = whole.is_some_and(Value::is_object);
        if !is_unassigned(&value) {
            self.list_extension(extension);
            if !is_there {
                self.editor.set(&place, Some(Value::Object(Map::new())));
            }
        }
        self.put_sub(&place, part, sub, Some(value))?;
        let is_empty = self.editor.get(&place).is_some_and(is_unassigned);
        if is_empty { self.unassign(&place, described) } else { Ok(()) }
    }

    pub(super) fn described_sub(
        &self,
        described: Option<&'a Attribute>,
        sub: &str,
    ) -> Result<Option<&'a Attribute>, PatchError> {
        let Some(attribute) = described else { return Ok(None) };
        let found = attribute.sub_attribute(sub);
        let has_any = !attribute.is_complex() || !attribute.sub_attributes.is_empty();
        match found {
            None if has_any && !self.schemas.is_open() => Err(PatchError::new(
                ScimType::InvalidPath,
                format!("`{}` has no sub-attribute `{sub}`", attribute.name),
            )),
            found => Ok(found),
        }
    }

    fn remove(&mut self, extension: Option<&str>, name: &str, value: &Value) -> Done {
        let described = self.described(extension, name)?;
        let place = self.place(extension, name, described);
        let is_list = self.editor.get(&place).is_some_and(Value::is_array);
        if !value.is_null()
            && (is_list || described.is_some_and(|attribute| attribute.multi_valued))
        {
            return self.remove_named(&place, described, value);
        }
        self.unassign(&place, described)
    }

    pub(super) fn unassign(&mut self, place: &Place, described: Option<&Attribute>) -> Done {
        let stored = self.editor.get(place);
        let is_there = stored.is_some_and(|stored| !is_unassigned(stored));
        if let Some(attribute) = described {
            let fixed = attribute.is_read_only() || attribute.is_immutable() && is_there;
            if fixed || attribute.required {
                return Err(may_not_change(attribute));
            }
        }
        if stored.is_some() {
            self.editor.set(place, None);
        }
        match &place.extension {
            Some(urn) if member(self.editor.root(), urn).is_some_and(is_unassigned) => {
                let urn = urn.clone();
                self.remove_extension(&urn)
            }
            _ => Ok(()),
        }
    }
}

// Read-only, or immutable and there.
fn is_fixed(attribute: &Attribute, stored: Option<&Value>) -> bool {
    let is_there = stored.is_some_and(|stored| !is_unassigned(stored));
    attribute.is_read_only() || attribute.is_immutable() && is_there
}

/// Why a value is refused: that it may not change comes before what its type is.
pub(super) fn unfit(
    error: PatchError,
    attribute: Option<&Attribute>,
    stored: Option<&Value>,
) -> PatchError {
    let fixed = attribute.filter(|attribute| is_fixed(attribute, stored));
    fixed.map_or(error, may_not_change)
}

/// Whether a sub-attribute may go from one value to another.
pub(super) fn may_become(sub: &Attribute, stored: Option<&Value>, value: Option<&Value>) -> bool {
    let stored = stored.unwrap_or(&Value::Null);
    let value = value.unwrap_or(&Value::Null);
    let is_lost = sub.required && is_unassigned(value);
    !is_fixed(sub, Some(stored)) && !is_lost || same(stored, value)
}

pub(super) fn may_not_change(attribute: &Attribute) -> PatchError {
    let why = match () {
        () if attribute.is_read_only() => "read only",
        () if attribute.is_immutable() => "immutable",
        () => "required",
    };
    PatchError::new(ScimType::Mutability, format!("`{}` is {why}", attribute.name))
}

pub(super) fn fail(scim_type: ScimType, detail: impl Into<String>) -> Done {
    Err(PatchError::new(scim_type, detail))
}
