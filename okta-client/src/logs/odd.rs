//! Events that do not fit: what can be told of them all the same.

use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::event::LogEvent;

impl LogEvent {
    /// What an event that does not fit says of whom it is about: its id if it has one, type and targets,
    /// no more. `None` when not even that can be read: then it may be about anybody.
    ///
    /// The JSON is what [`Error::item`](crate::Error::item) or [`OddEvent::json`](crate::OddEvent::json)
    /// gives.
    pub fn outline(json: &str) -> Option<Self> {
        let odd: Value = serde_json::from_str(json).ok()?;
        let target =
            |one: &Value| Some(json!({"type": one["type"].as_str()?, "id": one["id"].as_str()?}));
        let targets: Vec<Value> =
            odd["target"].as_array()?.iter().map(target).collect::<Option<_>>()?;
        let kind = odd["eventType"].as_str()?;
        let outline = json!({"uuid": mark(json), "eventType": kind, "target": targets});
        serde_json::from_value(outline).ok()
    }
}

/// What an odd event is known by: its id if it has one, else a hash of its text.
pub(super) fn mark(json: &str) -> String {
    #[derive(Deserialize)]
    struct Named {
        uuid: String,
    }
    match serde_json::from_str::<Named>(json) {
        Ok(named) if !named.uuid.is_empty() => named.uuid,
        _ => {
            let hash = digest(&SHA256, json.as_bytes());
            let hash = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}"));
            format!("odd-{}", hash.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_event_is_known_by_its_id_or_its_text() {
        assert_eq!(mark(r#"{"published":5,"uuid":"u1","x":"\ud800"}"#), "u1");
        let nameless = [r#"{"uuid":5}"#, r#"{"uuid":""}"#, r#"{"a":1}"#, "7", "null"].map(mark);
        for (nth, one) in nameless.iter().enumerate() {
            assert!(one.starts_with("odd-") && one.len() == 36, "{one}");
            assert!(!nameless[..nth].contains(one), "{one}");
        }
        assert_eq!(mark("7"), nameless[3]);
    }

    #[test]
    fn the_outline_says_whom_it_is_about_or_nothing() {
        let odd = r#"{"uuid":"u1","eventType":"user.lifecycle.suspend","severity":5,"actor":"x",
            "target":[{"type":"User","id":"00u1","detailEntry":7},{"type":"AppUser","id":"0ua1"}]}"#;
        let event = LogEvent::outline(odd).unwrap();
        assert_eq!((event.uuid.as_str(), event.user_id()), ("u1", Some("00u1")));
        assert_eq!(event.event_type.as_deref(), Some("user.lifecycle.suspend"));
        assert_eq!(event.targets_of("AppUser").count(), 1);
        for unclear in [
            r#"{"uuid":"u1","eventType":"x","target":[{"type":"User","id":5}]}"#,
            r#"{"uuid":"u1","eventType":"x","target":["00u1"]}"#,
            r#"{"uuid":"u1","eventType":"x","target":null}"#,
            r#"{"uuid":"u1","eventType":7,"target":[]}"#,
            r#"{"uuid":"u1","target":[]}"#,
            "7",
        ] {
            assert!(LogEvent::outline(unclear).is_none(), "{unclear}");
        }
    }
}
