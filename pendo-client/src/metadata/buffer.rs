//! What was read and not sent yet. Its size has a bound, however many records come.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::chunk::{Chunk, OpenChunk};

/// How much one call may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) records: usize,
    pub(super) bytes: usize,
}

/// Forms chunks in which every id is there once, and never gives out an id that is still away.
#[derive(Debug)]
pub(super) struct Buffer {
    limits: Limits,
    open: OpenChunk,
    sealed: VecDeque<Chunk>,
    /// Ids of sealed chunks, until they are answered.
    away: HashSet<Arc<str>>,
    /// Records whose id is away, or was when they came.
    held: HashMap<Arc<str>, Vec<u8>>,
    held_bytes: usize,
    /// Ids of held records that may go now.
    free: VecDeque<Arc<str>>,
}

impl Buffer {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            open: OpenChunk::default(),
            sealed: VecDeque::new(),
            away: HashSet::new(),
            held: HashMap::new(),
            held_bytes: 0,
            free: VecDeque::new(),
        }
    }

    /// Later chunks hold no more records than this.
    pub(super) fn shrink(&mut self, records: usize) {
        self.limits.records = self.limits.records.min(records.max(1));
    }

    /// Whether more should be read from the source.
    pub(super) fn has_room(&self) -> bool {
        self.sealed.is_empty()
            && !self.is_full()
            && self.held.len() < self.limits.records
            && self.held_bytes < self.limits.bytes
    }

    fn is_full(&self) -> bool {
        !self.open.is_empty()
            && (self.open.len() >= self.limits.records || self.open.bytes() >= self.limits.bytes)
    }

    /// Takes a record; says whether it replaced one of the same id that was still waiting.
    pub(super) fn add(&mut self, id: Arc<str>, json: &[u8]) -> bool {
        if let Some(waiting) = self.held.get_mut(&id) {
            self.held_bytes = self.held_bytes - waiting.len() + json.len();
            *waiting = json.to_vec();
            return true;
        }
        self.make_room(&id, json.len());
        if self.away.contains(&id) {
            self.held_bytes += json.len();
            self.held.insert(id, json.to_vec());
            return false;
        }
        self.open.put(id, json)
    }

    fn make_room(&mut self, id: &str, bytes: usize) {
        let more = usize::from(!self.open.contains(id));
        let too_many = self.open.len() + more > self.limits.records;
        let too_long = self.open.bytes() + 1 + bytes > self.limits.bytes;
        if !self.open.is_empty() && (too_many || too_long) {
            self.seal();
        }
    }

    fn seal(&mut self) {
        let chunk = self.open.seal();
        self.away.extend(chunk.ids().iter().cloned());
        self.sealed.push_back(chunk);
    }

    /// The next chunk to send; one that is not full only at the end of the source.
    pub(super) fn next_chunk(&mut self, at_end: bool) -> Option<Chunk> {
        while self.sealed.is_empty() {
            let Some(id) = self.free.pop_front() else {
                break;
            };
            if let Some(json) = self.held.remove(&id) {
                self.held_bytes -= json.len();
                self.add(id, &json);
            }
        }
        let rest = at_end && self.free.is_empty() && !self.open.is_empty();
        if self.sealed.is_empty() && (self.is_full() || rest) {
            self.seal();
        }
        self.sealed.pop_front()
    }

    /// A chunk with these ids is answered: what was held back for it may go.
    pub(super) fn answered(&mut self, ids: &[Arc<str>]) {
        for id in ids {
            self.away.remove(id);
            if self.held.contains_key(id) {
                self.free.push_back(Arc::clone(id));
            }
        }
    }

    /// Gives up everything that waits.
    pub(super) fn drain(&mut self) -> Vec<Arc<str>> {
        let mut ids: Vec<_> = self.sealed.drain(..).flat_map(Chunk::into_ids).collect();
        ids.extend(self.open.ids().cloned());
        ids.extend(self.held.drain().map(|(id, _)| id));
        self.open = OpenChunk::default();
        self.free.clear();
        self.held_bytes = 0;
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(records: usize, bytes: usize) -> Buffer {
        Buffer::new(Limits { records, bytes })
    }

    fn add(buffer: &mut Buffer, id: &str, json: &str) -> bool {
        buffer.add(id.into(), json.as_bytes())
    }

    fn ids(chunk: Option<Chunk>) -> Vec<String> {
        chunk.map(Chunk::into_ids).unwrap_or_default().iter().map(|id| id.to_string()).collect()
    }

    #[test]
    fn chunks_are_cut_by_count_and_by_bytes() {
        let mut by_count = buffer(2, 1000);
        for id in ["a", "b"] {
            assert!(by_count.has_room());
            add(&mut by_count, id, "{}");
        }
        assert!(!by_count.has_room());
        assert_eq!(ids(by_count.next_chunk(false)), ["a", "b"]);
        assert!(by_count.next_chunk(false).is_none());

        let mut by_bytes = buffer(100, 12);
        for id in ["a", "b", "c"] {
            add(&mut by_bytes, id, "1234");
        }
        let chunk = by_bytes.next_chunk(false).unwrap();
        assert_eq!(chunk.body(&[0, 1]), "[1234,1234]");
        assert_eq!(ids(by_bytes.next_chunk(true)), ["c"]);
    }

    #[test]
    fn a_record_longer_than_the_limit_goes_alone() {
        let mut buffer = buffer(100, 1);
        assert!(buffer.next_chunk(true).is_none());
        add(&mut buffer, "a", "123456789");
        assert_eq!(ids(buffer.next_chunk(false)), ["a"]);
        assert!(
            buffer.has_room() && buffer.next_chunk(false).is_none(),
            "an empty chunk is never full"
        );
    }

    #[test]
    fn an_id_that_is_away_is_held_back_and_the_latest_wins() {
        let mut buffer = buffer(2, 1000);
        add(&mut buffer, "a", "1");
        add(&mut buffer, "b", "1");
        let first = buffer.next_chunk(false).unwrap();
        assert!(!add(&mut buffer, "a", "2"));
        assert!(add(&mut buffer, "a", "3"), "the second is superseded by the third");
        assert!(buffer.next_chunk(true).is_none(), "a is away");
        buffer.answered(first.ids());
        assert!(add(&mut buffer, "a", "4"), "also when it was free to go");
        assert_eq!(buffer.next_chunk(true).unwrap().body(&[0]), "[4]");
        assert!(buffer.next_chunk(true).is_none());
    }

    #[test]
    fn what_is_held_back_has_a_bound() {
        let mut buffer = buffer(2, 1000);
        for id in ["a", "b"] {
            add(&mut buffer, id, "1");
        }
        let first = buffer.next_chunk(false).unwrap();
        for id in ["a", "b"] {
            assert!(buffer.has_room());
            add(&mut buffer, id, "2");
        }
        assert!(!buffer.has_room());
        buffer.answered(first.ids());
        assert_eq!(ids(buffer.next_chunk(false)), ["a", "b"]);
        assert!(buffer.has_room());
    }

    #[test]
    fn a_replacement_that_does_not_fit_waits_for_the_earlier() {
        let mut buffer = buffer(10, 12);
        add(&mut buffer, "a", "1234");
        assert!(!add(&mut buffer, "a", "12345678"), "the earlier goes out: it is not superseded");
        let first = buffer.next_chunk(false).unwrap();
        assert_eq!(first.body(&[0]), "[1234]");
        assert!(buffer.next_chunk(true).is_none());
        buffer.answered(first.ids());
        assert_eq!(buffer.next_chunk(true).unwrap().body(&[0]), "[12345678]");
    }

    #[test]
    fn giving_up_names_everything_that_waits() {
        let mut buffer = buffer(2, 1000);
        for (id, json) in [("a", "1"), ("b", "1")] {
            add(&mut buffer, id, json);
        }
        buffer.next_chunk(false);
        for id in ["a", "c"] {
            add(&mut buffer, id, "2");
        }
        let mut left: Vec<_> = buffer.drain().iter().map(|id| id.to_string()).collect();
        left.sort();
        assert_eq!(left, ["a", "c"]);
        assert!(buffer.next_chunk(true).is_none());
    }
}
