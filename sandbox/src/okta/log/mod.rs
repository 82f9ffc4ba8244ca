//! The System Log: every change of the org, in the order in which it was stored.

mod event;
mod filter;
mod query;

use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use event::{By, Event, Target, request_id, uuid};
pub(crate) use filter::Filter;
pub(crate) use query::list;

/// The events. They are kept as text: a page is put together without decoding any.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: Vec<Entry>,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) published_ms: i64,
    pub(crate) event_type: Box<str>,
    pub(crate) text: Box<str>,
}

impl Entry {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

impl Log {
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Stores what happened now.
    pub(crate) fn record(&mut self, event: &Event, by: &By) -> &Entry {
        let now = Timestamp::now().as_millisecond();
        // A clock that steps back must not turn the order around.
        let last = self.entries.last().map_or(i64::MIN, |entry| entry.published_ms);
        let published_ms = now.max(last);
        let text = event.json(by, &written(published_ms)).to_string();
        self.push(Entry { published_ms, event_type: event.kind.into(), text: text.into() })
    }

    /// Stores an event as it is; what makes it one is added where it is missing.
    pub(crate) fn append(&mut self, mut event: Value) {
        let now = Timestamp::now().as_millisecond();
        let given = event["published"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let published_ms = given.map_or(now, Timestamp::as_millisecond);
        if let Some(members) = event.as_object_mut() {
            members.entry("uuid").or_insert_with(|| event::uuid().into());
            members.entry("published").or_insert_with(|| written(published_ms).into());
            members.entry("eventType").or_insert_with(|| json!("sandbox.event"));
            members.entry("version").or_insert_with(|| json!("0"));
            members.entry("severity").or_insert_with(|| json!("INFO"));
        }
        let event_type = event["eventType"].as_str().unwrap_or_default().into();
        self.push(Entry { published_ms, event_type, text: event.to_string().into() });
    }

    fn push(&mut self, entry: Entry) -> &Entry {
        let at = self.entries.len();
        self.entries.push(entry);
        &self.entries[at]
    }
}

fn written(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
