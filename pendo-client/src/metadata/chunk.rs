//! Records of one call: serialised once, sliced when a part has to be sent again.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

/// A chunk that still takes records; its buffer is the body of the call, but for the closing `]`.
#[derive(Debug, Default)]
pub(super) struct OpenChunk {
    buffer: Vec<u8>,
    slots: Vec<(Arc<str>, Range<usize>)>,
    index: HashMap<Arc<str>, usize>,
    replaced: bool,
}

impl OpenChunk {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Size of the body, replaced records included.
    pub(super) fn bytes(&self) -> usize {
        self.buffer.len() + 1
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.index.contains_key(id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.slots.iter().map(|(id, _)| id)
    }

    /// Adds a record, or puts it in the place of the one with its id; says whether it did that.
    pub(super) fn put(&mut self, id: Arc<str>, json: &[u8]) -> bool {
        self.buffer.push(if self.buffer.is_empty() { b'[' } else { b',' });
        let start = self.buffer.len();
        self.buffer.extend_from_slice(json);
        let range = start..self.buffer.len();
        if let Some(slot) = self.index.get(&id).and_then(|slot| self.slots.get_mut(*slot)) {
            slot.1 = range;
            self.replaced = true;
            return true;
        }
        self.index.insert(Arc::clone(&id), self.slots.len());
        self.slots.push((id, range));
        false
    }

    /// Ends the chunk and starts the next with as much room.
    pub(super) fn seal(&mut self) -> Chunk {
        let capacity = self.buffer.len();
        let mut open = std::mem::take(self);
        self.buffer.reserve(capacity);
        open.buffer.push(b']');
        let (ids, ranges) = open.slots.into_iter().unzip();
        let chunk = Chunk { ids, ranges, body: open.buffer.into() };
        if open.replaced { chunk.without_gaps() } else { chunk }
    }
}

/// A chunk that is ready to be sent.
#[derive(Debug)]
pub(super) struct Chunk {
    ids: Vec<Arc<str>>,
    ranges: Vec<Range<usize>>,
    body: Bytes,
}

impl Chunk {
    pub(super) fn ids(&self) -> &[Arc<str>] {
        &self.ids
    }

    pub(super) fn into_ids(self) -> Vec<Arc<str>> {
        self.ids
    }

    /// The body of a call with the records at these positions.
    pub(super) fn body(&self, piece: &[usize]) -> Bytes {
        if piece.len() == self.ids.len() {
            return self.body.clone();
        }
        let records = piece.iter().map(|position| self.ranges[*position].clone());
        self.copy(records).0.into()
    }

    /// Leaves out the bytes of records that were replaced.
    fn without_gaps(self) -> Self {
        let (body, ranges) = self.copy(self.ranges.iter().cloned());
        Self { ids: self.ids, ranges, body: body.into() }
    }

    fn copy(&self, records: impl Iterator<Item = Range<usize>>) -> (Vec<u8>, Vec<Range<usize>>) {
        let mut body = Vec::new();
        let mut ranges = Vec::new();
        for record in records {
            body.push(if body.is_empty() { b'[' } else { b',' });
            let start = body.len();
            body.extend_from_slice(&self.body[record]);
            ranges.push(start..body.len());
        }
        body.push(b']');
        (body, ranges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(records: &[(&str, &str)]) -> OpenChunk {
        let mut open = OpenChunk::default();
        for (id, json) in records {
            open.put((*id).into(), json.as_bytes());
        }
        open
    }

    #[test]
    fn pieces_are_arrays_of_their_own() {
        let chunk = open(&[("a", "1"), ("b", "22"), ("c", "333")]).seal();
        assert_eq!(chunk.body(&[0, 1, 2]), "[1,22,333]");
        assert_eq!(chunk.body(&[0]), "[1]");
        assert_eq!(chunk.body(&[1, 2]), "[22,333]");
        assert_eq!(chunk.body(&[0, 2]), "[1,333]");
    }

    #[test]
    fn a_later_record_takes_the_place_of_the_earlier() {
        let mut open = open(&[("a", "1"), ("b", "2"), ("a", "3"), ("b", "4"), ("c", "5")]);
        assert!(open.put("a".into(), b"6"));
        let chunk = open.seal();
        assert_eq!(chunk.body(&[0, 1, 2]), "[6,4,5]");
        assert_eq!(chunk.body(&[1]), "[4]");
        assert!(open.is_empty() && !open.contains("a"));
    }
}
