//! What event hooks deliver: events, one by one.

use std::collections::HashSet;
use std::fmt;

use rest_core::{ErrorKind, read_item};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::logs::LogEvent;
use crate::model::model;
use crate::value::DateTime;

model! {
    /// What Okta posts to a hook.
    pub struct Delivery {}
    read {
        /// Identifies the delivery; the same when it is repeated.
        event_id: String = "eventId",
        /// When it was put together; up to microseconds.
        event_time: DateTime = "eventTime",
        /// The address of the event hook at Okta.
        source: String = "source",
        /// Always `com.okta.event_hook`.
        event_type: String = "eventType",
        /// The version of that type.
        event_type_version: String = "eventTypeVersion",
        /// The version of the envelope.
        cloud_events_version: String = "cloudEventsVersion",
        /// Always `application/json`.
        content_type: String = "contentType",
        /// What it holds.
        data: DeliveryData = "data",
    }
}

model! {
    /// What a delivery holds.
    pub struct DeliveryData {}
    read {
        /// The events: often one, sometimes several, in no order.
        events: Vec<DeliveredEvent> = "events",
    }
}

impl Delivery {
    /// The events: often one, sometimes several, in no order. Order them by `published`.
    ///
    /// An event that does not fit is an [`OddEvent`] in its place, the others are not the worse for it.
    /// Do not drop it: it says that something happened, and nobody sends it again.
    pub fn events(&self) -> impl ExactSizeIterator<Item = Result<&LogEvent, &OddEvent>> {
        let events = self.data.as_ref().and_then(|data| data.events.as_deref()).unwrap_or_default();
        events.iter().map(DeliveredEvent::read)
    }

    /// The events that fit, and those that do not.
    ///
    /// ```
    /// # fn keep(_: &okta_client::OddEvent) {}
    /// # fn handle(delivery: &okta_client::Delivery) {
    /// let (events, odd) = delivery.sorted();
    /// odd.into_iter().for_each(keep);
    /// # let _: Vec<okta_client::LogEvent> = events; }
    /// ```
    pub fn sorted(&self) -> (Vec<LogEvent>, Vec<&OddEvent>) {
        let (mut events, mut odd) = (Vec::new(), Vec::new());
        for event in self.events() {
            match event {
                Ok(event) => events.push(event.clone()),
                Err(one) => odd.push(one),
            }
        }
        (events, odd)
    }

    /// Without what comes again in it.
    pub(crate) fn with_each_once(mut self) -> Self {
        if let Some(events) = self.data.as_mut().and_then(|data| data.events.as_mut()) {
            let mut seen = HashSet::new();
            events.retain(|event| match event.read() {
                Ok(event) => seen.insert(event.uuid.as_str().to_owned()),
                Err(odd) => seen.insert(odd.json().to_owned()),
            });
        }
        self
    }
}

/// An event as it was delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveredEvent(Result<Box<LogEvent>, OddEvent>);

impl DeliveredEvent {
    /// The event, or why it does not fit.
    ///
    /// # Errors
    /// When it does not fit; the error has its JSON.
    pub fn read(&self) -> Result<&LogEvent, &OddEvent> {
        self.0.as_deref()
    }
}

impl<'de> Deserialize<'de> for DeliveredEvent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(from)?;
        Ok(Self(read_item(json.get()).map_err(|error| OddEvent::new(&error, json))))
    }
}

impl Serialize for DeliveredEvent {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(event) => event.serialize(to),
            Err(odd) => odd.json.serialize(to),
        }
    }
}

/// A delivered event that does not fit [`LogEvent`], and why. Its JSON shows neither in `Display` nor in
/// `Debug`; [`LogEvent::outline`] may tell whom it is about.
#[derive(Clone)]
pub struct OddEvent {
    json: Box<RawValue>,
    path: String,
    reason: String,
}

impl OddEvent {
    fn new(error: &Error, json: Box<RawValue>) -> Self {
        let path = match error.kind() {
            ErrorKind::Decode { path, .. } => path.clone(),
            _ => String::new(),
        };
        let reason = std::error::Error::source(error).map(ToString::to_string);
        Self { json, path, reason: reason.unwrap_or_default() }
    }

    /// The event as it came.
    pub fn json(&self) -> &str {
        self.json.get()
    }

    /// Where in the event, for example `target[0].id`; empty for the event as a whole.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for OddEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event is not what Okta is known to deliver")?;
        if !self.path.is_empty() {
            write!(f, ", at `{}`", self.path)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl fmt::Debug for OddEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("OddEvent");
        shown.field("path", &self.path).field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl PartialEq for OddEvent {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl std::error::Error for OddEvent {}
