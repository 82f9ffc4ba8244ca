use std::collections::HashSet;

use serde_json::{Map, Value};

use super::OperationKind;
use super::apply::{Apply, Done, fail, may_become, may_not_change, unfit};
use super::convert::{self, is_primary, two_primaries};
use super::edit::Place;
use super::error::PatchError;
use super::same::{is_unassigned, same, same_but_primary};
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
        let (again, new) = match described.is_some_and(is_keyed) {
            true => (Vec::new(), new_keys(stored, elements)),
            false => sort_out(stored, described, elements),
        };
        let mut touched: Vec<usize> = (stored.len()..stored.len() + new.len()).collect();
        for (index, element) in again {
            touched.extend(is_primary(&element).then_some(index));
            self.add_to(place, described, index, element)?;
        }
        if !new.is_empty() {
            self.editor.append(place, new);
        }
        self.settle_primary(place, &touched)
    }

    // Adds sub-attributes to an element.
    fn add_to(
        &mut self,
        place: &Place,
        described: Option<&Attribute>,
        index: usize,
        added: Value,
    ) -> Done {
        let (Some(stored), Value::Object(added)) = (self.element(place, index), added) else {
            return Ok(());
        };
        let mut both = stored.clone();
        for (name, value) in added {
            let part = described.and_then(|list| list.sub_attribute(&name));
            let key = key_of(&both, &name).unwrap_or(&name).to_owned();
            if let Some(part) = part.filter(|part| !may_become(part, both.get(&key), Some(&value)))
            {
                return Err(may_not_change(part));
            }
            both.insert(key, value);
        }
        let (stored, both) = (Value::Object(stored), Value::Object(both));
        if !same(&stored, &both) {
            self.editor.set_element(place, index, both);
        }
        Ok(())
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
        let is_nothing = is_unassigned(value);
        match (kind, sub) {
            (OperationKind::Add, _) if is_nothing => Ok(()),
            (OperationKind::Remove, None) => self.drop_elements(&place, described, &found),
            (OperationKind::Remove, Some(sub)) => {
                self.change(&place, described, &found, sub, &Value::Null)
            }
            _ if found.is_empty() => {
                let is_meant = |element: &Value| matcher.matches_element(element);
                self.create(&place, described, filter, &is_meant, sub, value)
            }
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
            OperationKind::Add if is_unassigned(value) => Ok(()),
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
        let stored = |index: &usize| member(self.editor.get(place)?.get(*index)?.as_object()?, sub);
        let value = convert::whole(value, part, self.mode);
        let value = value.map_err(|error| unfit(error, part, found.iter().find_map(stored)))?;
        let value = Some(value).filter(|value| !is_unassigned(value));
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
            (_, Value::Null) => Value::Null,
            (Some(attribute), Value::Array(one)) if one.len() == 1 => {
                convert::one(&one[0], attribute, self.mode)?
            }
            (Some(attribute), value) => convert::one(value, attribute, self.mode)?,
            (None, value) => value.clone(),
        };
        if value.is_null() {
            return self.drop_elements(place, described, found);
        }
        let identity =
            described.filter(|list| is_keyed(list)).and_then(|list| list.sub_attribute("value"));
        for &index in found {
            let stored = self.editor.get(place).and_then(|list| list.get(index));
            if *kind == OperationKind::Add
                && value.is_object()
                && stored.is_some_and(Value::is_object)
            {
                self.add_to(place, described, index, value.clone())?;
                continue;
            }
            let named = |element: &Value| member(element.as_object()?, "value").cloned();
            if let Some(part) = identity
                && !may_become(part, stored.and_then(named).as_ref(), named(&value).as_ref())
            {
                return Err(may_not_change(part));
            }
            self.editor.set_element(place, index, value.clone());
        }
        self.settle_primary(place, found)
    }

    // Entra expects the element its condition describes to appear.
    fn create(
        &mut self,
        place: &Place,
        described: Option<&Attribute>,
        filter: &Filter,
        is_meant: &dyn Fn(&Value) -> bool,
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
        let mut put = |name: &str, value: &Value| {
            let key = key_of(&element, name).unwrap_or(name).to_owned();
            element.insert(key, value.clone());
        };
        match (sub, value) {
            (Some(sub), value) => put(sub, value),
            (None, Value::Object(object)) => {
                convert::each_name_once(object)?;
                object.iter().for_each(|(name, value)| put(name, value));
            }
            (None, value) => put("value", value),
        }
        let element = Value::Object(element);
        let element = match described {
            Some(attribute) => convert::one(&element, attribute, self.mode)?,
            None => element,
        };
        // `type eq "work" and type eq "home"`, or a value that says otherwise.
        if !is_meant(&element) {
            return Err(nothing());
        }
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
                let key = key_of(&element, "primary").unwrap_or("primary").to_owned();
                element.insert(key, Value::Bool(false));
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

/// The members of a group and the like, each once.
pub(super) fn each_once(value: Value, described: Option<&Attribute>) -> Value {
    match value {
        Value::Array(elements) if described.is_some_and(is_keyed) => {
            Value::Array(new_keys(&[], elements))
        }
        other => other,
    }
}

// Those that are there already, with their place, and those that are not.
fn sort_out(
    stored: &[Value],
    described: Option<&Attribute>,
    elements: Vec<Value>,
) -> (Vec<(usize, Value)>, Vec<Value>) {
    let has = |name: &str| described.is_some_and(|list| list.sub_attribute(name).is_some());
    let by_type_and_value = has("type") && has("value");
    let (mut again, mut new) = (Vec::new(), Vec::<Value>::with_capacity(elements.len()));
    for element in elements {
        let is_it = |known: &Value| is_one(known, &element, by_type_and_value);
        let place = stored.iter().position(is_it);
        let twice = new.iter().position(is_it);
        match (place, twice.map(|at| &mut new[at]), element) {
            (Some(index), _, element) => again.push((index, element)),
            (None, Some(Value::Object(known)), Value::Object(element)) => known.extend(element),
            (None, Some(_), _) => {}
            (None, None, element) => new.push(element),
        }
    }
    (again, new)
}

// No (type, value) is in a list twice: RFC 7643 section 2.4.
fn is_one(known: &Value, element: &Value, by_type_and_value: bool) -> bool {
    let kind = |element| Value::as_object(element).and_then(|object| member(object, "type"));
    match (key(known), key(element)) {
        (Some(known), Some(value)) if known != value => false,
        (Some(_), Some(_)) if by_type_and_value => {
            let nothing = &Value::Null;
            same(kind(known).unwrap_or(nothing), kind(element).unwrap_or(nothing))
        }
        _ => same_but_primary(known, element),
    }
}

// `type eq "work" and primary eq true` describes an element; anything else does not.
fn collect_equals(filter: &Filter, element: &mut Map<String, Value>) -> bool {
    match filter {
        Filter::And(parts) => parts.iter().all(|part| collect_equals(part, element)),
        Filter::Compare(path, Operator::Equal, value) if path.sub().is_none() => {
            let key = key_of(element, path.name()).unwrap_or(path.name()).to_owned();
            element.insert(key, value.into());
            true
        }
        _ => false,
    }
}
