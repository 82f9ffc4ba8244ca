use serde_json::{Map, Value};

use crate::read::key_of;

/// An attribute of a resource: at the top, or in an extension.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) extension: Option<String>,
    pub(super) key: String,
}

/// Changes a resource and remembers how it was, so that a failing operation undoes all before it
/// without copying a group of 100,000 members.
pub(super) struct Editor<'a> {
    root: &'a mut Map<String, Value>,
    undo: Vec<Undo>,
}

enum Undo {
    Attribute(Place, Option<Value>),
    Sub(Place, String, Option<Value>),
    Appended(Place, usize),
    Removed(Place, Vec<(usize, Value)>),
    Element(Place, usize, Value),
}

impl<'a> Editor<'a> {
    pub(super) fn new(root: &'a mut Map<String, Value>) -> Self {
        Self { root, undo: Vec::new() }
    }

    pub(super) fn is_changed(&self) -> bool {
        !self.undo.is_empty()
    }

    pub(super) fn root(&self) -> &Map<String, Value> {
        self.root
    }

    /// The attribute's place, in the spelling the resource already has.
    pub(super) fn place(&self, extension: Option<&str>, name: &str) -> Place {
        let spelled = |object: &Map<String, Value>, name: &str| {
            key_of(object, name).unwrap_or(name).to_owned()
        };
        let extension = extension.map(|urn| spelled(self.root, urn));
        let object = self.object(extension.as_deref());
        Place { key: object.map_or(name.to_owned(), |object| spelled(object, name)), extension }
    }

    fn object(&self, extension: Option<&str>) -> Option<&Map<String, Value>> {
        match extension {
            None => Some(self.root),
            Some(urn) => self.root.get(urn)?.as_object(),
        }
    }

    pub(super) fn get(&self, place: &Place) -> Option<&Value> {
        self.object(place.extension.as_deref())?.get(&place.key)
    }

    fn value(&mut self, place: &Place) -> Option<&mut Value> {
        match &place.extension {
            None => self.root.get_mut(&place.key),
            Some(urn) => self.root.get_mut(urn)?.get_mut(&place.key),
        }
    }

    fn list(&mut self, place: &Place) -> Option<&mut Vec<Value>> {
        self.value(place)?.as_array_mut()
    }

    /// Sets or removes the whole attribute.
    pub(super) fn set(&mut self, place: &Place, value: Option<Value>) {
        if let Some(urn) = &place.extension
            && value.is_some()
            && !self.root.get(urn).is_some_and(Value::is_object)
        {
            let top = Place { extension: None, key: urn.clone() };
            self.set(&top, Some(Value::Object(Map::new())));
        }
        let before = self.swap(place, value);
        self.undo.push(Undo::Attribute(place.clone(), before));
    }

    fn swap(&mut self, place: &Place, value: Option<Value>) -> Option<Value> {
        let object = match &place.extension {
            None => &mut *self.root,
            Some(urn) => self.root.get_mut(urn)?.as_object_mut()?,
        };
        swap(object, &place.key, value)
    }

    /// Sets or removes a sub-attribute of a complex attribute, which must be there.
    pub(super) fn set_sub(&mut self, place: &Place, name: &str, value: Option<Value>) {
        let Some(object) = self.value(place).and_then(Value::as_object_mut) else { return };
        let key = key_of(object, name).unwrap_or(name).to_owned();
        let before = swap(object, &key, value);
        self.undo.push(Undo::Sub(place.clone(), key, before));
    }

    pub(super) fn append(&mut self, place: &Place, values: Vec<Value>) {
        let Some(list) = self.list(place) else {
            return self.set(place, Some(Value::Array(values)));
        };
        let before = list.len();
        list.extend(values);
        self.undo.push(Undo::Appended(place.clone(), before));
    }

    /// Removes these elements; `indices` ascend.
    pub(super) fn remove_elements(&mut self, place: &Place, indices: &[usize]) {
        let Some(list) = self.list(place) else { return };
        let removed = match indices {
            // The tail moves once for each: cheaper than looking at every element.
            [] | [_] | [_, _] | [_, _, _] => remove_few(list, indices),
            _ => remove_many(list, indices),
        };
        self.undo.push(Undo::Removed(place.clone(), removed));
    }

    pub(super) fn set_element(&mut self, place: &Place, index: usize, value: Value) {
        let Some(element) = self.list(place).and_then(|list| list.get_mut(index)) else { return };
        let before = std::mem::replace(element, value);
        self.undo.push(Undo::Element(place.clone(), index, before));
    }

    /// Takes everything back, last change first.
    pub(super) fn roll_back(mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Attribute(place, before) => drop(self.swap(&place, before)),
                Undo::Sub(place, key, before) => {
                    if let Some(object) = self.value(&place).and_then(Value::as_object_mut) {
                        swap(object, &key, before);
                    }
                }
                Undo::Appended(place, length) => {
                    if let Some(list) = self.list(&place) {
                        list.truncate(length);
                    }
                }
                Undo::Removed(place, removed) => self.put_back(&place, removed),
                Undo::Element(place, index, before) => {
                    if let Some(element) = self.list(&place).and_then(|list| list.get_mut(index)) {
                        *element = before;
                    }
                }
            }
        }
    }

    fn put_back(&mut self, place: &Place, removed: Vec<(usize, Value)>) {
        let Some(list) = self.list(place) else { return };
        let mut kept = std::mem::take(list).into_iter();
        for (index, value) in removed {
            let missing = index - list.len();
            list.extend(kept.by_ref().take(missing));
            list.push(value);
        }
        list.extend(kept);
    }
}

fn swap(object: &mut Map<String, Value>, key: &str, value: Option<Value>) -> Option<Value> {
    match value {
        None => object.remove(key),
        // An attribute that is there already keeps its key: no new one is allocated.
        Some(value) => match object.get_mut(key) {
            Some(slot) => Some(std::mem::replace(slot, value)),
            None => object.insert(key.to_owned(), value),
        },
    }
}

fn remove_few(list: &mut Vec<Value>, indices: &[usize]) -> Vec<(usize, Value)> {
    let descending = indices.iter().rev().filter(|&&index| index < list.len());
    let descending: Vec<usize> = descending.copied().collect();
    let mut removed: Vec<_> =
        descending.into_iter().map(|index| (index, list.remove(index))).collect();
    removed.reverse();
    removed
}

fn remove_many(list: &mut Vec<Value>, indices: &[usize]) -> Vec<(usize, Value)> {
    let mut next = indices.iter().copied().peekable();
    let mut removed = Vec::with_capacity(indices.len());
    let mut at = 0;
    list.retain_mut(|value| {
        let goes = next.next_if_eq(&at).is_some();
        if goes {
            removed.push((at, value.take()));
        }
        at += 1;
        !goes
    });
    removed
}
