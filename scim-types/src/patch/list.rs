use std::collections::HashSet;

use serde_json::{Map, Value};

use super::OperationKind;
use super::apply::{Apply, Done, fail, may_become, may_not_change};
use super::convert::{self, is_primary, two_primaries};
use super::edit::Place;
use super::error::PatchError;
use super::same::{is_unassigned, same};
use crate::filter::{Filter, Operator};
use crate::read::{key_of, member};
use crate::schema::Attribute;
use crate::{AttributePath, Mode, ScimType};

impl Apply<'_> {
    /// Adds elements; those that are there already are left alone.
    pub(super) fn append(
        &mut self,
        place: &Place,
        described: Option<&Attribute>,
        elements: Vec<Value>,
    ) -> Done {
        let stored =
            self.editor.get(place).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let new = match described.is_some_and(is_keyed) {
            true => new_keys(stored, elements),
            false => new_values(stored, elements),
        };
        if new.is_empty() {
            return Ok(());
        }
        let touched: Vec<usize> = (stored.len()..stored.len() + new.len()).collect();
        self.editor.append(place, new);
        self.settle_primary(place, &touched)
    }

    /// Changes the elements that a condition selects.
    pub(super) fn elements(
        &mut self,
        kind: &OperationKind,
        path: &AttributePath,
        filter: &Filter,
        sub: Option<&str>,
        value: &Value,
    ) -> Done {
        let extension = self.schemas.extension_of(path).map(str::to_owned);
        let described = self.described(extension.as_deref(), path.name())?;
        if let Some(attribute) = described {
            if attribute.is_read_only() {
                return Err(may_not_change(attribute));
            }
            if !attribute.multi_valued {
                return fail(ScimType::InvalidPath, format!("`{}` is not a list", attribute.name));
            }
        }
        if let Some(sub) = sub {
            self.described_sub(described, sub)?;
        }
        let place = self.place(extension.as_deref(), path.name(), described);
        let matcher = filter.element_matcher(self.schemas, described, self.mode)?;
        let stored =
            self.editor.get(&place).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let matching = |(_, element): &(usize, &Value)| matcher.matches_element(element);
        let found: Vec<usize> =
            stored.iter().enumerate().filter(matching).map(|(n, _)| n).collect();
        match (kind, sub) {
            (OperationKind::Remove, None) => self.drop_elements(&place, described, &found),
            (OperationKind::Remove, Some(sub)) => {
                self.change(&place, described, &found, sub, &Value::Null)
            }
            _ if found.is_empty() => self.create(&place, described, filter, sub, value),
            (_, Some(sub)) => self.change(&place, described, &found, sub, value),
            (kind, None) => self.swap(kind, &place, described, &found, value),
        }
    }

    pub(super) fn sub_of_all(
        &mut self,
        kind: &OperationKind,
        place: &Place,
        described: Option<&Attribute>,
        sub: &str,
        value: &Value,
    ) -> Done {
        if let Some(attribute) = described.filter(|attribute| attribute.is_read_only()) {
            return Err(may_not_change(attribute));
        }
        let count = self.editor.get(place).and_then(Value::as_array).map_or(0, Vec::len);
        let all: Vec<usize> = (0..count).collect();
        match kind {
            OperationKind::Remove => self.change(place, described, &all, sub, &Value::Null),
            _ if count == 0 => fail(ScimType::NoTarget, format!("`{}` has no elements", place.key)),
            _ => self.change(place, described, &all, sub, value),
        }
    }

    fn drop_elements(
        &mut self,
        place: &Place,
        described: Option<&Attribute>,
        found: &[usize],
    ) -> Done {
        let count = self.editor.get(place).and_then(Value::as_array).map_or(0, Vec::len);
        if found.is_empty() {
            return Ok(());
        }
        if found.len() == count {
            return self.unassign(place, described);
        }
        self.editor.remove_elements(place, found);
        Ok(())
    }

    /// Removes the elements that the value of a `remove` names, as older Entra does.
    pub(super) fn remove_named(
        &mut self,
        place: &Place,
        described: Option<&Attribute>,
        value: &Value,
    ) -> Done {
        if self.mode == Mode::Strict {
            let detail = "remove takes no value: name the elements in the path, as in members[value eq \"..\"]";
            return fail(ScimType::InvalidValue, detail);
        }
        if let Some(attribute) = described.filter(|attribute| attribute.is_read_only()) {
            return Err(may_not_change(attribute));
        }
        let named = convert::whole(value, described, self.mode)?;
        let named = named.as_array().map_or(std::slice::from_ref(&named), Vec::as_slice);
        let keys: HashSet<&str> = named.iter().filter_map(key).collect();
        let stored =
            self.editor.get(place).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let is_named = |(_, element): &(usize, &Value)| match key(element) {
            Some(key) => keys.contains(key),
            None => named.iter().any(|named| same(named, element)),
        };
        let found: Vec<usize> =
            stored.iter().enumerate().filter(is_named).map(|(n, _)| n).collect();
        self.drop_elements(place, described, &found)
    }

    // Sets or removes one sub-attribute of these elements.
    fn change(
        &mut self,
        place: &Place,
        described: Option<&Attribute>,
        found: &[usize],
        sub: &str,
        value: &Value,
    ) -> Done {
        let part = described.and_then(|attribute| attribute.sub_attribute(sub));
        let value =
            Some(convert::whole(value, part, self.mode)?).filter(|value| !is_unassigned(value));
        let name = part.map_or(sub, |part| &part.name);
        let mut emptied = Vec::new();
        for &index in found {
            let Some(element) = self.element(place, index) else {
                return fail(
                    ScimType::NoTarget,
                    format!("the elements of `{}` have no `{sub}`", place.key),
                );
            };
            let key = key_of(&element, name).unwrap_or(name);
            if let Some(part) = part
                && !may_become(part, element.get(key), value.as_ref())
            {
                return Err(may_not_change(part));
            }
            let mut changed = element.clone();
            match &value {
                Some(value) => drop(changed.insert(key.to_owned(), value.clone())),
                None => drop(changed.remove(key)),
            }
            if changed.values().all(is_unassigned) {
                emptied.push(index);
            }
            if changed != element {
                self.editor.set_element(place, index, Value::Object(changed));
            }
        }
        self.settle_primary(place, found)?;
        self.drop_elements(place, described, &emptied)
    }

    fn element(&self, place: &Place, index: usize) -> Option<Map<String, Value>> {
        self.editor.get(place)?.get(index)?.as_object().cloned()
    }

    // Replaces these elements, or adds sub-attributes to them.
    fn swap(
        &mut self,
        kind: &OperationKind,
        place: &Place,
        described: Option<&Attribute>,
        found: &[usize],
        value: &Value,
    ) -> Done {
        let value = match (described, value) {
            (Some(_), Value::Null) => return self.drop_elements(place, described, found),
            (Some(attribute), Value::Array(one)) if one.len() == 1 => {
                convert::one(&one[0], attribute, self.mode)?
            }
            (Some(attribute), value) => convert::one(value, attribute, self.mode)?,
            (None, value) => value.clone(),
        };
        for &index in found {
            let stored =
                self.editor.get(place).and_then(|list| list.get(index)).unwrap_or(&Value::Null);
            let new = match (kind, stored, &value) {
                (OperationKind::Add, Value::Object(stored), Value::Object(added)) => {
                    let mut both = stored.clone();
                    both.extend(added.clone());
                    Value::Object(both)
                }
                _ => value.clone(),
            };
            if let Some(part) =
                described.filter(|list| is_keyed(list)).and_then(|list| list.sub_attribute("value"))
                && !may_become(part, stored.get("value"), new.get("value"))
            {
                return Err(may_not_change(part));
            }
            self.editor.set_element(place, index, new);
        }
        self.settle_primary(place, found)
    }

    // Entra expects the element its condition describes to appear.
    fn create(
        &mut self,
        place: &Place,
        described: Option<&Attribute>,
        filter: &Filter,
        sub: Option<&str>,
        value: &Value,
    ) -> Done {
        let nothing = || {
            let path = format!("{}[{filter}]", place.key);
            PatchError::new(ScimType::NoTarget, format!("no element matches {path}"))
        };
        if self.mode == Mode::Strict {
            return Err(nothing());
        }
        let mut element = Map::new();
        if !collect_equals(filter, &mut element) {
            return Err(nothing());
        }
        match (sub, value) {
            (Some(sub), value) => drop(element.insert(sub.to_owned(), value.clone())),
            (None, Value::Object(object)) => element.extend(object.clone()),
            (None, value) => drop(element.insert("value".to_owned(), value.clone())),
        }
        let element = Value::Object(element);
        let element = match described {
            Some(attribute) => convert::one(&element, attribute, self.mode)?,
            None => element,
        };
        let path = match &place.extension {
            Some(urn) => format!("{urn}:{}", place.key),
            None => place.key.clone(),
        };
        self.at(&OperationKind::Add, &path, &Value::Array(vec![element]))
    }

    // A new primary element demotes the one before: RFC 7644 section 3.5.2.
    fn settle_primary(&mut self, place: &Place, touched: &[usize]) -> Done {
        let Some(Value::Array(list)) = self.editor.get(place) else { return Ok(()) };
        let mut new = touched.iter().filter(|&&index| list.get(index).is_some_and(is_primary));
        let Some(&winner) = new.next() else { return Ok(()) };
        if new.next().is_some() {
            return Err(two_primaries(&place.key));
        }
        let others =
            list.iter().enumerate().filter(|(n, element)| *n != winner && is_primary(element));
        let demoted: Vec<usize> = others.map(|(n, _)| n).collect();
        for index in demoted {
            if let Some(mut element) = self.element(place, index) {
                element.insert("primary".to_owned(), Value::Bool(false));
                self.editor.set_element(place, index, Value::Object(element));
            }
        }
        Ok(())
    }
}

// Members and the like: the value is the identity, whatever else an element says.
pub(super) fn is_keyed(list: &Attribute) -> bool {
    list.sub_attribute("value").is_some_and(Attribute::is_immutable)
}

pub(super) fn key(element: &Value) -> Option<&str> {
    match element {
        Value::Object(object) => member(object, "value")?.as_str(),
        other => other.as_str(),
    }
}

fn new_keys(stored: &[Value], elements: Vec<Value>) -> Vec<Value> {
    let mut wanted: HashSet<&str> = elements.iter().filter_map(key).collect();
    for known in stored.iter().filter_map(key) {
        wanted.remove(known);
    }
    let is_new: Vec<bool> =
        elements.iter().map(|element| key(element).is_none_or(|key| wanted.remove(key))).collect();
    elements
        .into_iter()
        .zip(is_new)
        .filter(|(_, is_new)| *is_new)
        .map(|(element, _)| element)
        .collect()
}

fn new_values(stored: &[Value], elements: Vec<Value>) -> Vec<Value> {
    let mut new: Vec<Value> = Vec::with_capacity(elements.len());
    for element in elements {
        let is_known = |known: &Value| key(known) == key(&element) && same(known, &element);
        if !stored.iter().any(is_known) && !new.iter().any(is_known) {
            new.push(element);
        }
    }
    new
}

// `type eq "work" and primary eq true` describes an element; anything else does not.
fn collect_equals(filter: &Filter, element: &mut Map<String, Value>) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().all(|part| collect_equals(part, element)),
        Filter::Compare(path, Operator::Equal, value) if path.sub().is_none() => {
            element.insert(path.name().to_owned(), value.into());
            true
        }
        _ => false,
    }
}
