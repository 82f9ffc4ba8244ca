//! Okta's settings files: `okta.yaml`, as flat names such as `okta.client.orgUrl`.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use crate::error::{Error, Result};

/// What one file sets.
pub(super) struct SettingsFile {
    path: PathBuf,
    values: BTreeMap<String, Entry>,
}

#[derive(Default)]
struct Entry {
    text: String,
    line: usize,
}

impl SettingsFile {
    /// `None`: there is none, or none that may be read; a service may run as somebody without a home.
    pub(super) fn read(path: PathBuf) -> Result<Option<Self>> {
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                Err(Error::request(format!("{} is no text: save it as UTF-8", path.display())))
            }
            Err(_) => Ok(None),
        }
    }

    pub(super) fn parse(path: PathBuf, text: &str) -> Result<Self> {
        match flatten(text) {
            Ok(values) => Ok(Self { path, values }),
            Err(error) => {
                let (path, line) = (path.display(), error.marker().line());
                Err(Error::request(format!("{path} is not YAML, at line {line}: {}", error.info())))
            }
        }
    }

    /// The text set by this name, and where that stands.
    pub(super) fn get(&self, name: &str) -> Option<(&str, String)> {
        let Entry { text, line } = self.values.get(name)?;
        Some((text, format!("{name} in {}, line {line}", self.path.display())))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Where the reading is: in a mapping, perhaps at the value of a key, or in a list.
enum Place {
    Mapping(Option<String>),
    List,
}

/// Texts as they are written, so that a token of digits stays one. The items of a list are joined by
/// spaces; what is null is left out, and so is what only an alias names.
fn flatten(text: &str) -> std::result::Result<BTreeMap<String, Entry>, ScanError> {
    let (mut values, mut places) = (BTreeMap::<String, Entry>::new(), Vec::<Place>::new());
    for event in Parser::new_from_str(text) {
        let (event, span) = event?;
        match event {
            Event::MappingStart(..) => places.push(Place::Mapping(None)),
            Event::SequenceStart(..) => places.push(Place::List),
            Event::Scalar(text, style, ..) => match places.last_mut() {
                Some(Place::Mapping(key @ None)) => *key = Some(text.into_owned()),
                _ => {
                    let is_null =
                        style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                    if !is_null {
                        let entry = values.entry(name(&places)).or_default();
                        entry.line = span.start.line();
                        entry.text = format!("{} {text}", entry.text).trim().to_owned();
                    }
                    value_ends(&mut places);
                }
            },
            Event::Alias(_) => value_ends(&mut places),
            Event::MappingEnd | Event::SequenceEnd => {
                places.pop();
                value_ends(&mut places);
            }
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    Ok(values)
}

fn value_ends(places: &mut [Place]) {
    if let Some(Place::Mapping(key)) = places.last_mut() {
        *key = None;
    }
}

fn name(places: &[Place]) -> String {
    let keys = places.iter().filter_map(|place| match place {
        Place::Mapping(key) => key.as_deref(),
        Place::List => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SettingsFile> {
        SettingsFile::parse("okta.yaml".into(), text)
    }

    #[test]
    fn names_are_paths_and_texts_stay_as_written() {
        let file = parse(
            "# comment\nokta:\n  client:\n    orgUrl: \"https://acme.okta.com\"\n    token: 0012\n    \
             scopes:\n      - okta.users.read\n      - okta.groups.read\n    connectionTimeout: 30\n    \
             proxy: {host: p.example, port: 0x1f}\n    privateKey: |\n      -----BEGIN\n      x\n  \
             testing: ~\n  empty:\n  quoted: \"null\"\n---\nokta: {second: document}\n",
        )
        .unwrap();
        for (name, text) in [
            ("okta.client.orgUrl", "https://acme.okta.com"),
            ("okta.client.token", "0012"),
            ("okta.client.scopes", "okta.users.read okta.groups.read"),
            ("okta.client.connectionTimeout", "30"),
            ("okta.client.proxy.host", "p.example"),
            ("okta.client.proxy.port", "0x1f"),
            ("okta.client.privateKey", "-----BEGIN\nx"),
            ("okta.quoted", "null"),
        ] {
            assert_eq!(file.get(name).unwrap().0, text);
        }
        assert_eq!(
            file.get("okta.client.token").unwrap().1,
            "okta.client.token in okta.yaml, line 5"
        );
        for name in ["okta.testing", "okta.empty", "okta.second", "okta", ""] {
            assert!(file.get(name).is_none(), "{name}");
        }
    }

    #[test]
    fn what_is_odd_is_left_out_and_what_is_broken_is_named() {
        for text in ["", "just text", "- a\n- b\n", "okta: &o {x: *o}\n", "? {a: b}\n: c\n"] {
            assert!(parse(text).unwrap().get("okta.client.orgUrl").is_none(), "{text}");
        }
        for text in ["okta:\n  client: [a\n", "okta:\n\tclient: x\n", "a: b: c\n"] {
            let error = parse(text).err().unwrap().to_string();
            assert!(error.starts_with("okta.yaml is not YAML, at line "), "{error}");
        }
    }
}
