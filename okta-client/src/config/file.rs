//! Okta's settings files: `okta.yaml`, read by names such as `okta.client.orgUrl`.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use crate::error::{Error, Result};

/// Levels of a file; Okta's have four.
const DEEPEST: usize = 64;

/// What one file sets.
pub(super) struct SettingsFile {
    path: PathBuf,
    root: Option<Item>,
}

/// A value, and where it begins. Aliases share theirs with what they name.
#[derive(Clone)]
struct Item {
    node: Rc<Node>,
    line: usize,
}

enum Node {
    Null,
    /// As it is written, so that a token of digits stays one.
    Text(String),
    List(Vec<Item>),
    Map(Vec<Member>),
}

#[derive(Clone)]
struct Member {
    name: String,
    line: usize,
    value: Item,
}

/// Letters and digits alone: Okta's SDKs differ in case, and in where a `.` or `_` stands.
pub(super) fn canonical(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
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
        match Reading::default().read(text) {
            Ok(root) => Ok(Self { path, root }),
            Err(Problem(problem)) => Err(Error::request(format!("{} {problem}", path.display()))),
        }
    }

    /// The text set by this name, and where that stands. A list is joined by spaces; a mapping, such as
    /// a key given by its members, becomes JSON.
    pub(super) fn get(&self, name: &str) -> Option<(String, String)> {
        let item = self.root.as_ref()?.find(&canonical(name))?;
        let place = format!("{name} in {}, line {}", self.path.display(), item.line);
        Some((item.text()?, place))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Item {
    fn find(&self, path: &str) -> Option<&Self> {
        match &*self.node {
            _ if path.is_empty() => Some(self),
            Node::Map(members) => members.iter().find_map(|member| {
                let rest = path.strip_prefix(&canonical(&member.name))?;
                member.value.find(rest)
            }),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        match &*self.node {
            Node::Null => None,
            Node::Text(text) => Some(text.clone()),
            Node::List(items) => {
                let texts = items.iter().filter_map(|item| match &*item.node {
                    Node::Text(text) => Some(text.as_str()),
                    _ => None,
                });
                Some(texts.collect::<Vec<_>>().join(" "))
            }
            Node::Map(members) => {
                let members = members.iter().map(|member| match &*member.value.node {
                    Node::Text(text) => (&*member.name, Some(text)),
                    _ => (&*member.name, None),
                });
                serde_json::to_string(&members.collect::<HashMap<_, _>>()).ok()
            }
        }
    }
}

/// What is wrong with a file, to be read after its path.
struct Problem(String);

impl From<ScanError> for Problem {
    fn from(error: ScanError) -> Self {
        Self(format!("is not YAML, at line {}: {}", error.marker().line(), error.info()))
    }
}

/// The collections that are being read, innermost last, and what anchors name.
#[derive(Default)]
struct Reading {
    open: Vec<Open>,
    anchors: HashMap<usize, Item>,
    root: Option<Item>,
}

struct Open {
    anchor: usize,
    line: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Item>),
    Map { members: Vec<Member>, merged: Vec<Member>, key: Option<(String, usize)> },
}

impl Reading {
    fn read(mut self, text: &str) -> std::result::Result<Option<Item>, Problem> {
        for event in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
            let (event, span) = event?;
            let line = span.start.line();
            match event {
                Event::MappingStart(anchor, _) => self.begin(anchor, line, Kind::map())?,
                Event::SequenceStart(anchor, _) => self.begin(anchor, line, Kind::List(vec![]))?,
                Event::Scalar(text, style, anchor, _) => {
                    let node = Node::scalar(text.into_owned(), style);
                    self.place(anchor, Item { node: Rc::new(node), line })?;
                }
                Event::Alias(anchor) => {
                    let named = self.anchors.get(&anchor).cloned();
                    let cyclic =
                        || Problem(format!("has an alias within what it names, in line {line}"));
                    self.place(0, Item { line, ..named.ok_or_else(cyclic)? })?;
                }
                Event::MappingEnd | Event::SequenceEnd => self.end()?,
                Event::DocumentEnd => break,
                _ => {}
            }
        }
        Ok(self.root)
    }

    fn begin(
        &mut self,
        anchor: usize,
        line: usize,
        kind: Kind,
    ) -> std::result::Result<(), Problem> {
        if self.open.len() == DEEPEST {
            return Err(Problem(format!("is nested too deeply, in line {line}")));
        }
        self.open.push(Open { anchor, line, kind });
        Ok(())
    }

    fn end(&mut self) -> std::result::Result<(), Problem> {
        let Some(Open { anchor, line, kind }) = self.open.pop() else { return Ok(()) };
        let node = match kind {
            Kind::List(items) => Node::List(items),
            Kind::Map { mut members, merged, .. } => {
                // What a mapping says itself comes before what it takes over.
                for member in merged {
                    if !members.iter().any(|own| canonical(&own.name) == canonical(&member.name)) {
                        members.push(member);
                    }
                }
                Node::Map(members)
            }
        };
        self.place(anchor, Item { node: Rc::new(node), line })
    }

    /// Puts what was read to where it belongs.
    fn place(&mut self, anchor: usize, item: Item) -> std::result::Result<(), Problem> {
        if anchor > 0 {
            self.anchors.insert(anchor, item.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(item),
            Some(Kind::List(items)) => items.push(item),
            Some(Kind::Map { members, merged, key }) => match key.take() {
                None => *key = Some((item.text().unwrap_or_default(), item.line)),
                Some((name, _)) if name == "<<" => merged.extend(item.members_to_merge()),
                Some((name, line)) => insert(members, Member { name, line, value: item })?,
            },
        }
        Ok(())
    }
}

fn insert(members: &mut Vec<Member>, member: Member) -> std::result::Result<(), Problem> {
    let same = |other: &&Member| match canonical(&member.name) {
        name if name.is_empty() => other.name == member.name,
        name => canonical(&other.name) == name,
    };
    if let Some(Member { name, line, .. }) = members.iter().find(same) {
        let (again, twice) = (member.line, &member.name);
        return Err(Problem(format!(
            "sets `{name}` in line {line} and `{twice}` again in line {again}: keep one of them"
        )));
    }
    members.push(member);
    Ok(())
}

impl Item {
    /// Of the mapping, or of the mappings in the list, that `<<` names.
    fn members_to_merge(&self) -> Vec<Member> {
        match &*self.node {
            Node::Map(members) => members.clone(),
            Node::List(items) => items.iter().flat_map(Self::members_to_merge).collect(),
            Node::Null | Node::Text(_) => Vec::new(),
        }
    }
}

impl Node {
    fn scalar(text: String, style: ScalarStyle) -> Self {
        let is_null = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
        if is_null { Self::Null } else { Self::Text(text) }
    }
}

impl Kind {
    fn map() -> Self {
        Self::Map { members: Vec::new(), merged: Vec::new(), key: None }
    }
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
            ("okta.client.privateKey", "-----BEGIN\nx\n"),
            ("okta.quoted", "null"),
        ] {
            assert_eq!(file.get(name).unwrap().0, text);
        }
        assert_eq!(
            file.get("okta.client.token").unwrap().1,
            "okta.client.token in okta.yaml, line 5"
        );
        assert_eq!(file.get("OKTA_CLIENT_ORG_URL").unwrap().0, "https://acme.okta.com");
        for name in ["okta.testing", "okta.empty", "okta.second", "okta.client.org"] {
            assert!(file.get(name).is_none(), "{name}");
        }
    }

    #[test]
    fn what_is_odd_is_left_out_and_what_is_broken_is_named() {
        for text in ["", "just text", "- a\n- b\n", "? {a: b}\n: c\n"] {
            assert!(parse(text).unwrap().get("okta.client.orgUrl").is_none(), "{text}");
        }
        for text in ["okta:\n  client: [a\n", "okta:\n\tclient: x\n", "a: b: c\n"] {
            let error = parse(text).err().unwrap().to_string();
            assert!(error.starts_with("okta.yaml is not YAML, at line "), "{error}");
        }
    }

    #[test]
    fn aliases_and_merges_are_resolved() {
        let file = parse(
            "common: &common\n  client: &c {token: t, scopes: &s [a, b], proxy: {host: far}}\nother: &d \
             {kid: k}\nokta:\n  client:\n    <<: [*c, *d]\n    token: own\n    again: *s\n",
        )
        .unwrap();
        for (name, text) in [
            ("okta.client.token", "own"),
            ("okta.client.scopes", "a b"),
            ("okta.client.again", "a b"),
            ("okta.client.proxy.host", "far"),
            ("okta.client.kid", "k"),
        ] {
            assert_eq!(file.get(name).unwrap().0, text, "{name}");
        }
        let whole = parse("base: &b {client: {token: t}}\nokta: *b\n").unwrap();
        assert_eq!(whole.get("okta.client.token").unwrap().0, "t");
        let flat = parse("okta.client.token: t\n").unwrap();
        assert_eq!(flat.get("okta.client.token").unwrap().0, "t");
        let jwk = parse("k: {kty: EC, d: 12}\n").unwrap().get("k").unwrap().0;
        let jwk: serde_json::Value = serde_json::from_str(&jwk).unwrap();
        assert_eq!(jwk, serde_json::json!({"kty": "EC", "d": "12"}));
    }

    #[test]
    fn what_no_reader_would_agree_on_is_refused() {
        let deep = format!("a: {}", "[".repeat(99));
        for (text, problem) in [
            (
                "okta:\n  client:\n    scopes: a\n    Scopes: b\n",
                "okta.yaml sets `scopes` in line 3 and `Scopes` again in line 4: keep one of them",
            ),
            (
                "okta: {}\nokta: {}\n",
                "okta.yaml sets `okta` in line 1 and `okta` again in line 2: keep one of them",
            ),
            ("okta: &o\n  x: *o\n", "okta.yaml has an alias within what it names, in line 2"),
            (&deep, "okta.yaml is nested too deeply, in line 1"),
        ] {
            assert_eq!(parse(text).err().unwrap().to_string(), problem);
        }
    }
}
