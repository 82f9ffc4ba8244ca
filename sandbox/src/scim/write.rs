//! POST, PUT and DELETE.

use std::sync::Arc;

use scim_types::{Error, Mode, ScimType, filter};
use serde_json::{Map, Value};

use super::Session;
use super::body::Body;
use super::call::{Call, Outcome, Reply, bad_value, member, no_resource};
use super::kind::Kind;
use super::members::{Labelled, Member};
use super::render;
use super::table::{Entry, fold};

impl Session<'_> {
    pub(super) fn create(&mut self, kind: Kind, call: &mut Call) -> Outcome {
        let key = self.add(kind, call.body.take(), call.id.take())?;
        let shown = self.answer(201, kind, key, call)?;
        match self.provider.quirks().create_answers_empty {
            true => Ok(Reply { body: None, ..shown }),
            false => Ok(shown),
        }
    }

    /// Adds a resource, under the id that it was promised or a new one.
    pub(super) fn add(
        &mut self,
        kind: Kind,
        body: Option<Value>,
        id: Option<String>,
    ) -> Result<u64, Error> {
        let schemas = self.provider.schemas().of(kind);
        let body = Body::read(kind, body, None, schemas, self.provider.options())?;
        self.check(kind, None, &body.resource)?;
        let members = self.resolve(body.members.as_ref())?;
        let fresh = || self.state.fresh_id(self.provider.quirks(), kind);
        let id = id.map_or_else(fresh, Arc::from);
        let entry = Entry::new(id, body.resource, body.password);
        Ok(self.state.insert(kind, entry, members))
    }

    pub(super) fn replace(&mut self, kind: Kind, id: &str, call: &mut Call) -> Outcome {
        let key = self.find(kind, id, call)?;
        let quirks = self.provider.quirks();
        let schemas = self.provider.schemas().of(kind);
        let before = self.state.table(kind).get(key).map(|entry| entry.resource.clone());
        let before = before.unwrap_or_default();
        let mut body = Body::read(
            kind,
            call.body.take(),
            Some(&Value::Object(before.clone())),
            schemas,
            self.provider.options(),
        )?;
        if quirks.put_keeps_left_out {
            for (name, value) in &before {
                body.resource.entry(name).or_insert_with(|| value.clone());
            }
        }
        self.check(kind, Some(key), &body.resource)?;
        if kind == Kind::Group && !quirks.put_ignores_members {
            let members = self.resolve(body.members.as_ref())?;
            self.provider.counters().members_put += members.len() as u64;
            self.state.set_members(key, members);
        }
        // A password that nobody mentions stays as it is: nobody could have read it to send it again.
        let known = self.state.table(kind).get(key).and_then(|entry| entry.password.clone());
        self.store(kind, key, body.resource, body.password.or(known));
        self.settled(kind, key, call)
    }

    pub(super) fn delete(&mut self, kind: Kind, id: &str, call: &Call) -> Outcome {
        let key = self.find(kind, id, call)?;
        self.state.delete(kind, key);
        Ok(match self.provider.quirks().delete_answers_200 {
            true => Reply::new(200, Value::Object(Map::new())),
            false => Reply::empty(204),
        })
    }

    /// The resource's key, if the version is the one the caller expects.
    pub(super) fn find(&self, kind: Kind, id: &str, call: &Call) -> Result<u64, Error> {
        let found = self.state.entry(kind, id).ok_or_else(|| no_resource(kind, id))?;
        let (key, entry) = found;
        let expected = call.if_match.as_deref();
        let ignored = self.provider.quirks().etags_unsupported;
        match expected.is_none_or(|tags| ignored || has_tag(tags, &render::version(entry))) {
            true => Ok(key),
            false => Err(Error::new(412, format!("{} {id} has another version", kind.name()))),
        }
    }

    /// What was written, as it is now; it may be gone with that.
    pub(super) fn settled(&mut self, kind: Kind, key: u64, call: &Call) -> Outcome {
        let reply = self.answer(200, kind, key, call)?;
        let entry = self.state.table(kind).get(key);
        let is_off = entry.is_some_and(|entry| entry.resource.get("active") == Some(&false.into()));
        if kind == Kind::User && is_off && self.provider.options().deactivation_removes {
            self.state.delete(kind, key);
        }
        Ok(reply)
    }

    pub(super) fn store(
        &mut self,
        kind: Kind,
        key: u64,
        resource: Map<String, Value>,
        password: Option<scim_types::Password>,
    ) {
        let Some(entry) = self.state.table(kind).get(key) else { return };
        if entry.password != password || entry.resource != resource {
            self.state.replace(kind, key, resource, password);
        }
    }

    /// What holds between resources.
    pub(super) fn check(
        &self,
        kind: Kind,
        own: Option<u64>,
        resource: &Map<String, Value>,
    ) -> Result<(), Error> {
        self.check_unique(kind, own, resource)?;
        let paths = match kind {
            Kind::User => self.provider.options().email_references.as_slice(),
            Kind::Group => &[],
        };
        for path in paths {
            if let Some(email) = referred(resource, path)
                && !self.is_somebody(email, resource)
            {
                return Err(bad_value(format!("{path}: no employee has the e-mail {email}")));
            }
        }
        Ok(())
    }

    fn check_unique(
        &self,
        kind: Kind,
        own: Option<u64>,
        resource: &Map<String, Value>,
    ) -> Result<(), Error> {
        let quirks = self.provider.quirks();
        let name = match kind {
            Kind::User => "userName",
            Kind::Group if self.provider.options().unique_group_names => "displayName",
            Kind::Group => return Ok(()),
        };
        let Some(value) = resource.get(name).and_then(Value::as_str) else { return Ok(()) };
        let table = self.state.table(kind);
        let is_other = |key: &u64| {
            let exact = table.get(*key).and_then(|entry| entry.text(name)) == Some(value);
            Some(*key) != own && (exact || !quirks.accepts_case_duplicates)
        };
        match table.candidates(name, value).unwrap_or_default().iter().any(is_other) {
            false => Ok(()),
            true if quirks.duplicate_409_without_scim_type => {
                Err(Error::new(409, "UNIQUE constraint failed: auth_user.username"))
            }
            true => Err(Error::of_type(
                ScimType::Uniqueness,
                format!("another {} has the {name} {value}", kind.name()),
            )),
        }
    }

    fn is_somebody(&self, email: &str, own: &Map<String, Value>) -> bool {
        let users = self.state.table(Kind::User);
        let by_name = users.candidates("userName", email);
        if by_name.is_some_and(|keys| !keys.is_empty()) {
            return true;
        }
        let wanted = filter::attr("emails.value").eq(email);
        let schemas = self.provider.schemas().of(Kind::User);
        let Ok(matcher) = wanted.matcher(schemas) else { return false };
        let is_self = own.get("userName").and_then(Value::as_str).map(fold) == Some(fold(email));
        !is_self
            && users.iter().any(|(_, entry)| {
                matcher.matches(&Value::Object(Map::from_iter(
                    entry.resource.get("emails").map(|list| ("emails".to_owned(), list.clone())),
                )))
            })
    }

    /// The members that a list names.
    pub(super) fn resolve(&self, list: Option<&Value>) -> Result<Vec<Labelled>, Error> {
        let elements = match list {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(elements)) => elements.as_slice(),
            Some(one @ Value::Object(_)) if self.mode() == Mode::Tolerant => {
                std::slice::from_ref(one)
            }
            Some(_) => return Err(bad_value("members takes a list")),
        };
        elements.iter().map(|element| self.resolve_one(element)).collect()
    }

    fn resolve_one(&self, element: &Value) -> Result<Labelled, Error> {
        let text = |name| element.as_object().and_then(|e| member(e, name)).and_then(Value::as_str);
        let bare = element.as_str().filter(|_| self.mode() == Mode::Tolerant);
        let Some(id) = text("value").or(bare) else {
            return Err(bad_value("an element of members is an object with a value"));
        };
        let named = text("type").and_then(Kind::named);
        let display = text("display").map(Arc::from);
        match self.state.member(id, named) {
            Some(member) => Ok(Labelled { member, display }),
            None if self.provider.options().check_members => {
                Err(bad_value(format!("members: there is no user or group {id}")))
            }
            None => {
                let member = Member { kind: named.unwrap_or(Kind::User), id: id.into() };
                Ok(Labelled { member, display })
            }
        }
    }

    pub(super) fn mode(&self) -> Mode {
        self.provider.options().mode
    }
}

/// Whether a list of ETags has this one; weak ones compare as strong ones do.
pub(super) fn has_tag(tags: &str, version: &str) -> bool {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
    tags.split(',').any(|tag| tag.trim() == "*" || plain(tag) == plain(version))
}

// The text under a URN, a name, and maybe a sub-attribute.
fn referred<'a>(resource: &'a Map<String, Value>, path: &str) -> Option<&'a str> {
    let (urn, rest) = path.rsplit_once(':')?;
    let (name, sub) = rest.split_once('.').map_or((rest, None), |(name, sub)| (name, Some(sub)));
    let value = member(resource.get(urn)?.as_object()?, name)?;
    match sub {
        None => value.as_str(),
        Some(sub) => member(value.as_object()?, sub)?.as_str(),
    }
}
