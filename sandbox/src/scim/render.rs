//! How a resource looks from outside: as JSON, and to a filter.

use scim_types::{Node, Readable};
use serde_json::{Map, Value, json};

use super::ScimOptions;
use super::kind::{Kind, TypeSchemas};
use super::members::{Labelled, Member};
use super::projection::Projection;
use super::state::State;
use super::table::Entry;

/// The eyes of one request.
pub(super) struct Viewer<'a> {
    pub(super) state: &'a State,
    pub(super) schemas: &'a TypeSchemas,
    pub(super) options: &'a ScimOptions,
    pub(super) base: &'a str,
}

impl Viewer<'_> {
    /// The resource as an answer shows it.
    pub(super) fn show(&self, kind: Kind, entry: &Entry, projection: &Projection) -> Value {
        let mut resource = entry.resource.clone();
        resource.insert("id".to_owned(), (*entry.id).into());
        resource.insert("meta".to_owned(), self.meta(kind, entry));
        let quirks = &self.options.quirks;
        let list = match kind {
            Kind::User if projection.wants("groups") => Some(("groups", self.groups(entry))),
            Kind::Group if projection.wants("members") && self.options.show_members => {
                Some(("members", self.members(entry)))
            }
            _ => None,
        };
        if let Some((name, list)) = list.filter(|(_, list)| !list.is_empty()) {
            resource.insert(name.to_owned(), Value::Array(list));
        }
        if quirks.empty_lists_shown {
            let attributes = &self.schemas.of(kind).base().attributes;
            for list in attributes.iter().filter(|attribute| attribute.multi_valued) {
                resource.entry(&list.name).or_insert_with(|| json!([]));
            }
        }
        if quirks.empty_strings_shown {
            show_empty(kind, &mut resource);
        }
        projection.apply(resource, self.schemas.of(kind))
    }

    pub(super) fn location(&self, kind: Kind, id: &str) -> String {
        let base = match self.options.quirks.relative_location {
            true => super::BASE_PATH,
            false => self.base,
        };
        format!("{base}{}/{id}", kind.endpoint())
    }

    pub(super) fn meta(&self, kind: Kind, entry: &Entry) -> Value {
        let quirks = &self.options.quirks;
        let mut meta = json!({
            "resourceType": kind.name(),
            "location": self.location(kind, &entry.id),
        });
        if kind == Kind::User || !quirks.no_group_dates {
            meta["created"] = instant(entry.created);
            meta["lastModified"] = instant(entry.modified);
        }
        if !quirks.etags_unsupported {
            meta["version"] = version(entry).into();
        }
        meta
    }

    fn groups(&self, user: &Entry) -> Vec<Value> {
        if !self.options.show_members {
            return Vec::new();
        }
        let member = Member { kind: Kind::User, id: user.id.clone() };
        let groups = self.state.groups_of(&member);
        groups.map(|(_, group)| self.reference(Kind::Group, group, "direct")).collect()
    }

    fn members(&self, group: &Entry) -> Vec<Value> {
        group.members.iter().map(|listed| self.member(listed)).collect()
    }

    fn member(&self, listed: &Labelled) -> Value {
        let Labelled { member, display } = listed;
        let mut shown = match self.state.entry(member.kind, &member.id) {
            Some((_, entry)) => self.reference(member.kind, entry, member.kind.name()),
            None => json!({"value": *member.id, "type": member.kind.name()}),
        };
        if let Some(display) = display {
            shown["display"] = (**display).into();
        }
        shown
    }

    fn reference(&self, kind: Kind, entry: &Entry, typed: &str) -> Value {
        let mut reference = json!({
            "value": *entry.id,
            "$ref": self.location(kind, &entry.id),
            "type": typed,
        });
        if let Some(display) = entry.label() {
            reference["display"] = display.into();
        }
        reference
    }
}

/// A resource as a filter sees it; what the server computes is computed when it is asked for.
pub(super) struct Seen<'a> {
    pub(super) viewer: &'a Viewer<'a>,
    pub(super) kind: Kind,
    pub(super) entry: &'a Entry,
}

impl Readable for Seen<'_> {
    fn any(&self, name: &str, test: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
        let mut tested = |value: &Value| match value.as_object() {
            Some(object) => test(Node::Object(object)),
            None => value.as_str().is_some_and(|text| test(Node::Text(text))),
        };
        match (name.to_ascii_lowercase().as_str(), self.kind) {
            ("id", _) => tested(&json!(*self.entry.id)),
            ("meta", _) => tested(&self.viewer.meta(self.kind, self.entry)),
            ("groups", Kind::User) => self.viewer.groups(self.entry).iter().any(tested),
            ("members", Kind::Group) if !self.viewer.options.show_members => false,
            ("members", Kind::Group) => {
                self.entry.members.iter().any(|listed| tested(&self.viewer.member(listed)))
            }
            _ => self.entry.resource.any(name, test),
        }
    }

    fn is_assigned(&self) -> bool {
        true
    }
}

/// The weak ETag of a resource.
pub(super) fn version(entry: &Entry) -> String {
    format!("W/\"{}\"", entry.version)
}

fn instant(at: jiff::Timestamp) -> Value {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into()
}

fn show_empty(kind: Kind, resource: &mut Map<String, Value>) {
    let empty = || Value::from("");
    resource.entry("externalId").or_insert_with(empty);
    if kind == Kind::User {
        let name = resource.entry("name").or_insert_with(|| json!({}));
        for part in ["givenName", "familyName"] {
            if name.get(part).is_none() {
                name[part] = empty();
            }
        }
    }
}
