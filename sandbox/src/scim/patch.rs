//! PATCH: members by their index, everything else by the engine of `scim-types`.

use scim_types::patch::{Operation, OperationKind, PatchOp};
use scim_types::schema::{Purpose, Schemas};
use scim_types::{Error, Mode};
use serde_json::{Map, Value, json};

use super::Session;
use super::body::{check_types, drop_quietly, take_password, tidy};
use super::call::{Call, Outcome, Reply, bad_syntax, bad_value, member};
use super::kind::Kind;
use super::member_change::{
    MemberChange, is, is_members, member_change, mentions_members, named_members,
};
use super::members::{Labelled, Member};

impl Session<'_> {
    pub(super) fn patch(&mut self, kind: Kind, id: &str, call: &mut Call) -> Outcome {
        let key = self.find(kind, id, call)?;
        if self.provider.quirks().no_patch {
            return Err(Error::new(501, "PATCH is not implemented"));
        }
        let mut patch = read(call.body.take())?;
        let quirks = self.provider.quirks();
        if kind == Kind::User && quirks.patch_answers_200_error {
            let body = Some(json!({"errors": ["not really"]}));
            return Ok(Reply { body, ..self.settled(kind, key, call)? });
        }
        if kind == Kind::User && quirks.patch_changes_nothing {
            return self.settled(kind, key, call);
        }
        if quirks.patch_replaces_complex {
            patch.operations = patch.operations.into_iter().flat_map(with_whole_values).collect();
        }
        let schemas = self.provider.schemas().of(kind);
        for operation in &patch.operations {
            self.refuse_by_quirk(kind, operation, schemas)?;
        }
        if kind == Kind::Group {
            let named: usize = patch.operations.iter().map(|o| named_members(o, schemas)).sum();
            self.provider.counters().member_operations += named as u64;
        }
        match kind {
            Kind::User => self.patch_rest(kind, key, &patch)?,
            Kind::Group => self.patch_group(key, &patch, schemas)?,
        }
        let reply = self.settled(kind, key, call)?;
        match self.provider.quirks().patch_answers_204 {
            true => Ok(Reply { status: 204, body: None, ..reply }),
            false => Ok(reply),
        }
    }

    fn patch_group(&mut self, key: u64, patch: &PatchOp, schemas: &Schemas) -> Result<(), Error> {
        let mut changes = Vec::new();
        let mut rest = Vec::new();
        for operation in &patch.operations {
            match member_change(operation, schemas, self.mode()) {
                Some(change) => changes.push(change),
                None if mentions_members(operation) => return self.patch_whole(key, patch),
                None => rest.push(operation.clone()),
            }
        }
        let steps: Vec<Step> =
            changes.iter().map(|change| self.step(change)).collect::<Result<_, _>>()?;
        if !rest.is_empty() {
            self.patch_rest(Kind::Group, key, &PatchOp::new(rest))?;
        }
        for step in steps {
            match step {
                Step::Change { added, removed } => {
                    self.state.change_members(key, added, &removed);
                }
                Step::Set(members) => drop(self.state.set_members(key, members)),
            }
        }
        Ok(())
    }

    fn step(&self, change: &MemberChange<'_>) -> Result<Step, Error> {
        // Both kinds, because ids of users and groups may overlap; removing nobody is no error.
        let removed =
            |id: &str| [Kind::User, Kind::Group].map(|kind| Member { kind, id: id.into() });
        Ok(match change {
            MemberChange::Add(list) => {
                Step::Change { added: self.resolve(Some(list))?, removed: Vec::new() }
            }
            MemberChange::Replace(list) => Step::Set(self.resolve(Some(list))?),
            MemberChange::Clear => Step::Set(Vec::new()),
            MemberChange::Remove(ids) => {
                let removed = ids.iter().flat_map(|id| removed(id)).collect();
                Step::Change { added: Vec::new(), removed }
            }
            MemberChange::RemoveId(id) => {
                Step::Change { added: Vec::new(), removed: removed(id).to_vec() }
            }
        })
    }

    // An operation on members that an index does not understand: on the whole list, as JSON.
    fn patch_whole(&mut self, key: u64, patch: &PatchOp) -> Result<(), Error> {
        let schemas = self.provider.schemas().of(Kind::Group);
        let Some(entry) = self.state.table(Kind::Group).get(key) else { return Ok(()) };
        let mut resource = entry.resource.clone();
        resource.insert("id".to_owned(), (*entry.id).into());
        resource.insert("members".to_owned(), entry.members.iter().map(as_json).collect());
        let mut patched = Value::Object(resource);
        patch.apply(&mut patched, schemas, self.mode())?;
        let Value::Object(mut patched) = patched else { return Ok(()) };
        let members = self.resolve(patched.remove("members").as_ref())?;
        self.finish(Kind::Group, key, patched, None)?;
        self.state.set_members(key, members);
        Ok(())
    }

    fn patch_rest(&mut self, kind: Kind, key: u64, patch: &PatchOp) -> Result<(), Error> {
        let schemas = self.provider.schemas().of(kind);
        let Some(entry) = self.state.table(kind).get(key) else { return Ok(()) };
        let mut resource = entry.resource.clone();
        // Okta repeats the id; what is equal passes.
        resource.insert("id".to_owned(), (*entry.id).into());
        if let Some(password) = &entry.password {
            resource.insert("password".to_owned(), password.expose().into());
        }
        let mut patched = Value::Object(resource);
        patch.apply(&mut patched, schemas, self.mode())?;
        let Value::Object(mut patched) = patched else { return Ok(()) };
        let password = take_password(&mut patched);
        self.finish(kind, key, patched, password)
    }

    fn finish(
        &mut self,
        kind: Kind,
        key: u64,
        patched: Map<String, Value>,
        password: Option<scim_types::Password>,
    ) -> Result<(), Error> {
        let schemas = self.provider.schemas().of(kind);
        let mut patched = tidy(patched, schemas);
        drop_quietly(&mut patched, &self.provider.quirks().drops_attributes);
        if self.provider.quirks().closed_types {
            check_types(&patched, schemas)?;
        }
        let before = self.state.table(kind).get(key).map(|entry| entry.resource.clone());
        let before = Value::Object(before.unwrap_or_default());
        let patched = Value::Object(patched);
        let purpose = Purpose::Replace(&before);
        if let Some(problem) = schemas.validate(&patched, purpose, Mode::Strict).into_iter().next()
        {
            return Err(problem.into());
        }
        let Value::Object(patched) = patched else { return Ok(()) };
        self.check(kind, Some(key), &patched)?;
        self.store(kind, key, patched, password);
        Ok(())
    }

    fn refuse_by_quirk(
        &self,
        kind: Kind,
        operation: &Operation,
        schemas: &Schemas,
    ) -> Result<(), Error> {
        let quirks = self.provider.quirks();
        let path = operation.path.as_deref();
        let is_remove = is(operation, &OperationKind::Remove);
        let unsupported = |what: &str| Err(Error::new(501, what));
        if quirks.no_filter_paths_in_patch && path.is_some_and(|path| path.contains('[')) {
            return unsupported("paths with filters are not implemented");
        }
        if quirks.pathless_remove_answers_500 && is_remove && path.is_none() {
            return Err(Error::new(500, "internal server error"));
        }
        if quirks.no_pathless_group_patch && kind == Kind::Group && path.is_none() {
            return unsupported("operations without a path are not implemented");
        }
        let is_members = path.is_some_and(|path| is_members(path, schemas));
        if quirks.no_member_value_removal && is_remove && is_members && operation.value.is_some() {
            return Err(bad_value("Cannot read properties of undefined (reading 'filter')"));
        }
        Ok(())
    }
}

/// Takes complex values out before an operation without path sets them.
fn with_whole_values(operation: Operation) -> Vec<Operation> {
    let is_pathless = operation.path.is_none() && is(&operation, &OperationKind::Replace);
    let values = operation.value.as_ref().filter(|_| is_pathless).and_then(Value::as_object);
    let complex = values.into_iter().flatten().filter(|(_, value)| value.is_object());
    let removals = complex.map(|(name, _)| Operation::remove(name.as_str()));
    removals.collect::<Vec<_>>().into_iter().chain([operation]).collect()
}

enum Step {
    Change { added: Vec<Labelled>, removed: Vec<Member> },
    Set(Vec<Labelled>),
}

fn as_json(listed: &Labelled) -> Value {
    let member = &listed.member;
    let mut element = json!({"value": *member.id, "type": member.kind.name()});
    if let Some(display) = &listed.display {
        element["display"] = (**display).into();
    }
    element
}

fn read(body: Option<Value>) -> Result<PatchOp, Error> {
    let Some(Value::Object(body)) = body else {
        return Err(bad_syntax("the body is not a JSON object"));
    };
    let operations = member(&body, "Operations").and_then(Value::as_array);
    if operations.is_none_or(Vec::is_empty) {
        return Err(bad_syntax("a PATCH has a list of Operations"));
    }
    serde_json::from_value(Value::Object(body)).map_err(|error| bad_syntax(error.to_string()))
}
