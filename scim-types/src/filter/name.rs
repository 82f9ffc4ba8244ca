use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value};

use crate::read::{Node, Readable, any_of};

/// A name that is looked up in one object after the other.
///
/// The objects of a listing are mostly alike, so the place where the name stood last is looked at
/// first: reading the other keys on the way costs more than everything else a comparison does.
#[derive(Debug)]
pub(super) struct Name {
    text: Box<str>,
    // How many names come after it: `value` is the last one of most elements, whatever else they say.
    after: AtomicUsize,
}

impl Clone for Name {
    fn clone(&self) -> Self {
        Self::from(&*self.text)
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self { text: text.into(), after: AtomicUsize::new(0) }
    }
}

impl Name {
    /// Whether one of the attribute's values passes the test.
    pub(super) fn any<F>(&self, object: &dyn Readable, test: &mut F) -> bool
    where
        F: FnMut(Node<'_>) -> bool,
    {
        match object.as_json() {
            Some(object) => self.member(object).is_some_and(|value| any_of(value, test)),
            None => object.any(&self.text, test),
        }
    }

    pub(super) fn member<'a>(&self, object: &'a Map<String, Value>) -> Option<&'a Value> {
        let after = self.after.load(Ordering::Relaxed);
        let before = object.len().checked_sub(after + 1);
        let there = match before {
            Some(before) if before < after => object.iter().nth(before),
            _ => object.iter().nth_back(after),
        };
        if let Some((_, value)) = there.filter(|(key, _)| self.is(key)) {
            return Some(value);
        }
        let mut from_end = object.iter().rev().enumerate();
        let (after, (_, value)) = from_end.find(|(_, (key, _))| self.is(key))?;
        self.after.store(after, Ordering::Relaxed);
        Some(value)
    }

    fn is(&self, key: &str) -> bool {
        key == &*self.text || key.eq_ignore_ascii_case(&self.text)
    }
}
