use serde_json::Value;

use super::path::PatchPath;
use super::{Operation, OperationKind};
use crate::schema::{Attribute, AttributeKind, Schemas};

/// Writes the booleans of an operation as texts, wherever the schema says that there are some.
pub(super) fn with_texts(mut operation: Operation, schemas: &Schemas) -> Operation {
    if let Some(value) = &mut operation.value
        && let Some(attribute) = operation.path.as_deref().and_then(|path| target(path, schemas))
    {
        word(value, attribute);
    }
    operation
}

/// Elements told by their value, in the value of a `remove`.
pub(super) fn remove_named(path: &str, keys: &[&str]) -> Vec<Operation> {
    if keys.is_empty() {
        return Vec::new();
    }
    let named: Vec<Value> = keys.iter().map(|key| serde_json::json!({"value": key})).collect();
    vec![Operation::of("Remove".into(), Some(path.to_owned()), Some(named.into()))]
}

fn target<'a>(path: &str, schemas: &'a Schemas) -> Option<&'a Attribute> {
    match PatchPath::parse(path, schemas).ok()? {
        PatchPath::Schema(_) => None,
        PatchPath::Attribute(path) => schemas.attribute(&path),
        PatchPath::Elements { attribute, sub, .. } => {
            let list = schemas.attribute(&attribute)?;
            sub.map_or(Some(list), |sub| list.sub_attribute(&sub))
        }
    }
}

fn word(value: &mut Value, attribute: &Attribute) {
    match value {
        Value::Bool(flag) if attribute.kind == AttributeKind::Boolean => {
            *value = if *flag { "True" } else { "False" }.into();
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| word(element, attribute)),
        Value::Object(object) => {
            for (name, value) in object {
                if let Some(sub) = attribute.sub_attribute(name) {
                    word(value, sub);
                }
            }
        }
        _ => {}
    }
}

/// How Entra spells an operation.
pub(super) fn capital(kind: OperationKind) -> OperationKind {
    match kind {
        OperationKind::Add => "Add".into(),
        OperationKind::Remove => "Remove".into(),
        OperationKind::Replace => "Replace".into(),
        other => other,
    }
}
