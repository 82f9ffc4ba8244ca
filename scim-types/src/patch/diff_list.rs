use std::collections::HashMap;

use serde_json::{Map, Value};

use super::diff::{Dialect, Diff, Target, members, operation};
use super::error::DiffError;
use super::list::{is_keyed, key};
use super::same::{is_unassigned, same_values};
use super::{Operation, OperationKind, PatchOp, entra};
use crate::Mode;
use crate::filter::{Filter, attr};
use crate::path::is_name;
use crate::read::member;
use crate::schema::Attribute;

// Members in one condition: a path of about 4 KiB.
const MEMBERS_PER_CONDITION: usize = 50;
// Above this many comparisons of elements a list is sent as a whole.
const MOST_COMPARISONS: usize = 1_000_000;

impl Diff<'_> {
    /// Two lists, neither empty: what to remove, change and add, or the whole list where elements
    /// cannot be told apart.
    pub(super) fn list(
        &mut self,
        target: &Target<'_>,
        old: &[Value],
        new: &[Value],
    ) -> Result<(), DiffError> {
        let found = match target.described.is_some_and(is_keyed) {
            true => self.keyed(target, old, new),
            false => None,
        };
        let found = match found {
            Some(operations) => operations,
            None if old.len().saturating_mul(new.len()) > MOST_COMPARISONS => match old == new {
                true => return Ok(()),
                false => vec![self.whole(target, new)?],
            },
            None if same_values(&Value::Array(old.to_vec()), &Value::Array(new.to_vec())) => {
                return Ok(());
            }
            None => {
                let operations = self.by_element(target, old, new);
                match operations.filter(|all| self.leads_to(target, all, old, new)) {
                    Some(operations) => operations,
                    None => vec![self.whole(target, new)?],
                }
            }
        };
        if let (false, Some(first)) = (found.is_empty(), new.first()) {
            target.check(first, first)?;
        }
        self.operations.extend(found);
        Ok(())
    }

    fn whole(&self, target: &Target<'_>, new: &[Value]) -> Result<Operation, DiffError> {
        let value = Value::Array(new.to_vec());
        target.check_elements(&value)?;
        let path = target.path.clone();
        Ok(operation(self.dialect, OperationKind::Replace, path, Some(value)))
    }

    // Members and the like, told apart by their value: no element is compared with every other.
    fn keyed(&self, target: &Target<'_>, old: &[Value], new: &[Value]) -> Option<Vec<Operation>> {
        let (before, after) = (by_key(old)?, by_key(new)?);
        let mut removed = Vec::new();
        let mut operations = Vec::new();
        for element in old {
            match after.get(&key(element)?.to_lowercase()) {
                Some(new) if key(new) == key(element) => {
                    operations.extend(self.changes(target, element, new)?);
                }
                _ => removed.push(key(element)?),
            }
        }
        if removed.len() == old.len() {
            return self.whole(target, new).ok().map(|whole| vec![whole]);
        }
        operations.extend(self.removals(target, &removed));
        let is_new = |element: &&Value| {
            let known = key(element).and_then(|k| before.get(&k.to_lowercase()));
            known.is_none_or(|known| key(known) != key(element))
        };
        let added: Vec<Value> = new.iter().filter(is_new).cloned().collect();
        if !added.is_empty() {
            let value = Some(Value::Array(added));
            operations.push(operation(
                self.dialect,
                OperationKind::Add,
                target.path.clone(),
                value,
            ));
        }
        Some(operations)
    }

    fn removals(&self, target: &Target<'_>, keys: &[&str]) -> Vec<Operation> {
        let at_once = match self.dialect {
            Dialect::Rfc => MEMBERS_PER_CONDITION,
            Dialect::Okta | Dialect::Entra => 1,
            Dialect::EntraLegacy => return entra::remove_named(&target.path, keys),
        };
        let condition = |keys: &[&str]| {
            let conditions = keys.iter().map(|key| attr("value").eq(*key));
            conditions.reduce(Filter::or).map(|filter| format!("{}[{filter}]", target.path))
        };
        let paths = keys.chunks(at_once).filter_map(condition);
        paths.map(|path| operation(self.dialect, OperationKind::Remove, path, None)).collect()
    }

    // Of one member: its other sub-attributes, or all of it if one of them is immutable.
    fn changes(&self, target: &Target<'_>, old: &Value, new: &Value) -> Option<Vec<Operation>> {
        if same_values(old, new) {
            return Some(Vec::new());
        }
        let (old, new) = (old.as_object()?, new.as_object()?);
        let list = target.described?;
        let fixed = |name: &str| list.sub_attribute(name).is_some_and(Attribute::is_immutable);
        let path =
            format!("{}[{}]", target.path, attr("value").eq(member(new, "value")?.as_str()?));
        if members(old, new).any(|(name, old, new)| fixed(name) && !same_values(old, new)) {
            let value = Some(Value::Object(new.clone()));
            return Some(vec![operation(self.dialect, OperationKind::Replace, path, value)]);
        }
        self.edits(&path, old, new, "value")
    }

    // The selecting sub-attribute changes last: the condition holds until then.
    fn edits(
        &self,
        path: &str,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        selected_by: &str,
    ) -> Option<Vec<Operation>> {
        let changed = members(old, new).filter(|(_, old, new)| !same_values(old, new));
        let mut changed: Vec<_> = changed.collect();
        changed.sort_by_key(|(name, ..)| name.eq_ignore_ascii_case(selected_by));
        let edit = |(name, _, value): (&str, &Value, &Value)| {
            let path = is_name(name, true).then(|| format!("{path}.{name}"))?;
            Some(match is_unassigned(value) {
                true => operation(self.dialect, OperationKind::Remove, path, None),
                false => operation(self.dialect, OperationKind::Replace, path, Some(value.clone())),
            })
        };
        changed.into_iter().map(edit).collect()
    }

    // Removals first, then changes, then additions; a guess that `leads_to` proves or refuses.
    fn by_element(
        &self,
        target: &Target<'_>,
        old: &[Value],
        new: &[Value],
    ) -> Option<Vec<Operation>> {
        let (gone, mut come) = differing(old, new);
        let (mut operations, mut edits) = (Vec::new(), Vec::new());
        for element in gone {
            let (selector, selected_by) = selector(element, old)?;
            let path = format!("{}[{selector}]", target.path);
            match partner(element, &mut come) {
                Some(new) => {
                    edits.extend(self.edits(
                        &path,
                        element.as_object()?,
                        new.as_object()?,
                        selected_by,
                    )?);
                }
                None => operations.push(operation(self.dialect, OperationKind::Remove, path, None)),
            }
        }
        operations.append(&mut edits);
        if !come.is_empty() {
            let value = Some(Value::Array(come.into_iter().cloned().collect()));
            operations.push(operation(
                self.dialect,
                OperationKind::Add,
                target.path.clone(),
                value,
            ));
        }
        Some(operations)
    }

    fn leads_to(
        &self,
        target: &Target<'_>,
        operations: &[Operation],
        old: &[Value],
        new: &[Value],
    ) -> bool {
        let list = |list: &[Value]| {
            Map::from_iter([(target.name.to_owned(), Value::Array(list.to_vec()))])
        };
        let resource = |elements: &[Value]| match target.extension {
            None => Value::Object(list(elements)),
            Some(urn) => Value::Object(Map::from_iter([(urn.to_owned(), list(elements).into())])),
        };
        let mut found = resource(old);
        let patch = PatchOp::new(operations.to_vec());
        let schemas = self.schemas.clone().open();
        patch.apply(&mut found, &schemas, Mode::Strict).is_ok()
            && same_values(&found, &resource(new))
    }
}

fn part<'a>(element: &'a Value, name: &str) -> Option<&'a Value> {
    member(element.as_object()?, name)
}

// By value without case, as conditions compare; `None` if two are alike or one is primary.
fn by_key(elements: &[Value]) -> Option<HashMap<String, &Value>> {
    let mut found = HashMap::with_capacity(elements.len());
    for element in elements {
        let folded = key(element)?.to_lowercase();
        let is_plain = element.is_object() && part(element, "primary").is_none();
        if !is_plain || found.insert(folded, element).is_some() {
            return None;
        }
    }
    Some(found)
}

// What each side has that the other has not.
fn differing<'a>(old: &'a [Value], new: &'a [Value]) -> (Vec<&'a Value>, Vec<&'a Value>) {
    let given = |list: &'a [Value]| list.iter().filter(|element| !is_unassigned(element));
    let mut come: Vec<&Value> = given(new).collect();
    let gone = given(old).filter(|element| {
        let same = come.iter().position(|new| same_values(new, element));
        same.map(|at| come.remove(at)).is_none()
    });
    let gone: Vec<&Value> = gone.collect();
    (gone, come)
}

// The new element that took this one's place: of the same value, else of the same type.
fn partner<'a>(element: &Value, come: &mut Vec<&'a Value>) -> Option<&'a Value> {
    let alike = |name: &str, other: &&Value| {
        let value = part(element, name).and_then(Value::as_str);
        value.is_some() && value == part(other, name).and_then(Value::as_str)
    };
    let at = come.iter().position(|other| alike("value", other));
    let at = at.or_else(|| come.iter().position(|other| alike("type", other)))?;
    Some(come.remove(at))
}

// A condition that holds for this element alone, and the sub-attribute it asks for.
fn selector(element: &Value, all: &[Value]) -> Option<(Filter, &'static str)> {
    let named = ["type", "value"].into_iter().find_map(|name| {
        let text = |element: &Value| match element {
            Value::String(text) if name == "value" => Some(text.to_lowercase()),
            other => Some(part(other, name)?.as_str()?.to_lowercase()),
        };
        let wanted = text(element)?;
        let alone = all.iter().filter(|other| text(other).as_ref() == Some(&wanted)).count() == 1;
        let literal = element.as_str().or_else(|| part(element, name)?.as_str())?;
        alone.then(|| (attr(name).eq(literal), name))
    });
    named.or_else(|| {
        let (kind, value) = (part(element, "type")?.as_str()?, part(element, "value")?.as_str()?);
        Some((attr("type").eq(kind).and(attr("value").eq(value)), "value"))
    })
}
