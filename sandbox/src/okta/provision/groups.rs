//! Groups that are pushed: linked or made, renamed, and their members.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use super::answer::Answer;
use super::users::PATCH;
use super::wire::{Failure, Wire};
use crate::okta::state::State;

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// A group in the product that a group of Okta is pushed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupLink {
    /// None until it is made or found.
    pub(super) id: Option<String>,
    /// What the group of Okta was called when this one got its name.
    pub(super) source_name: String,
    pub(super) name: String,
    /// The ids that were sent; none while all have to be sent.
    pub(super) members: Option<BTreeSet<String>>,
    pub(crate) error: Option<String>,
    pub(crate) last_push: Option<String>,
}

/// A group as the product is to have it.
#[derive(Debug)]
pub(super) struct Work {
    link: GroupLink,
    source_name: String,
    name: String,
    // Ids and names.
    members: BTreeMap<String, String>,
}

/// What has to be sent for a push mapping now, if anything.
pub(super) fn prepare(state: &State, at: u64, push: u64) -> Option<Work> {
    let app = state.apps.get(&at).filter(|app| app.provisions())?;
    let mapping = app.pushes.get(&push).filter(|push| push.is_active)?;
    let provisioning = state.provisioning.get(&at)?;
    let link = provisioning.groups.get(&push)?.clone();
    let source = state.groups.get(&mapping.source)?;
    // Whoever renames the group in Okta renames it in the product.
    let target = state.groups.get(&mapping.target).filter(|_| source.name() == link.source_name);
    let name = target.unwrap_or(source).name().to_owned();
    let is_member =
        |index: u64| source.members.contains(&state.people, index) && app.has_user(state, index);
    let members = provisioning.links.iter().filter(|(index, _)| is_member(**index));
    let members: BTreeMap<String, String> =
        members.filter_map(|(_, user)| Some((user.id.clone()?, user.user_name.clone()))).collect();
    let is_same = link.id.is_some()
        && link.error.is_none()
        && link.name == name
        && link.members.as_ref().is_some_and(|sent| sent.iter().eq(members.keys()));
    (!is_same).then(|| Work { source_name: source.name().to_owned(), link, name, members })
}

/// Pushes; what is remembered afterwards is the answer, also where it failed half-way.
pub(super) async fn run(wire: &Wire, work: &Work) -> (GroupLink, Result<(), Failure>) {
    let mut link = work.link.clone();
    let pushed = push(wire, work, &mut link).await;
    match &pushed {
        Ok(()) => {
            link.error = None;
            link.last_push = Some(crate::okta::now());
        }
        Err(failure) => {
            link.error = Some(failure.reason.clone());
            if failure.is_gone {
                (link.id, link.members) = (None, None);
            }
        }
    }
    (link, pushed)
}

async fn push(wire: &Wire, work: &Work, link: &mut GroupLink) -> Result<(), Failure> {
    let mut is_new = false;
    let id = match &link.id {
        Some(id) => id.clone(),
        None => {
            let found = wire.find("/Groups", "displayName", &work.name).await?;
            is_new = found.is_none();
            match found {
                Some(group) => group["id"].as_str().unwrap_or_default().to_owned(),
                None => create(wire, &work.name).await?,
            }
        }
    };
    link.id = Some(id.clone());
    if is_new {
        link.name.clone_from(&work.name);
        link.members = Some(BTreeSet::new());
    }
    let has_members = link.members.as_ref().is_some_and(|sent| sent.iter().eq(work.members.keys()));
    if !has_members || link.name != work.name {
        match wire.destination.patches {
            true => patch(wire, &id, work, link.members.as_ref()).await?,
            false => put(wire, &id, work).await?,
        }
    }
    link.name.clone_from(&work.name);
    link.source_name.clone_from(&work.source_name);
    link.members = Some(work.members.keys().cloned().collect());
    Ok(())
}

async fn create(wire: &Wire, name: &str) -> Result<String, Failure> {
    let body = json!({"schemas": [GROUP], "displayName": name, "members": []});
    wire.create("/Groups", &body, "group", ("displayName", name), |_| Vec::new()).await
}

// With each change of the members comes one of the name, whether it is new or not.
async fn patch(
    wire: &Wire,
    id: &str,
    work: &Work,
    sent: Option<&BTreeSet<String>>,
) -> Result<(), Failure> {
    let name = json!([{"op": "replace", "value": {"id": id, "displayName": work.name}}]);
    send_patch(wire, id, name, "named").await?;
    match operations(&work.members, sent) {
        operations if operations.is_empty() => Ok(()),
        operations => send_patch(wire, id, operations.into(), "members sent").await,
    }
}

fn operations(members: &BTreeMap<String, String>, sent: Option<&BTreeSet<String>>) -> Vec<Value> {
    let listed = |added: &dyn Fn(&String) -> bool| -> Vec<Value> {
        let wanted = members.iter().filter(|(id, _)| added(id));
        wanted.map(|(id, name)| json!({"value": id, "display": name})).collect()
    };
    let Some(sent) = sent else {
        let all = listed(&|_| true);
        return vec![json!({"op": "replace", "path": "members", "value": all})];
    };
    let gone = sent.iter().filter(|id| !members.contains_key(*id));
    let mut operations: Vec<Value> = gone
        .map(|id| json!({"op": "remove", "path": format!("members[value eq {}]", Value::from(id.as_str()))}))
        .collect();
    let added = listed(&|id| !sent.contains(id));
    if !added.is_empty() {
        operations.push(json!({"op": "add", "path": "members", "value": added}));
    }
    operations
}

async fn send_patch(wire: &Wire, id: &str, operations: Value, what: &str) -> Result<(), Failure> {
    let body = json!({"schemas": [PATCH], "Operations": operations});
    let judge = |answer: &Answer| answer.as_changed(what, None, |_| Vec::new());
    wire.ask(Method::PATCH, &format!("/Groups/{id}"), &[], Some(&body), judge).await
}

async fn put(wire: &Wire, id: &str, work: &Work) -> Result<(), Failure> {
    let members: Vec<Value> =
        work.members.iter().map(|(id, name)| json!({"value": id, "display": name})).collect();
    let body = json!({"schemas": [GROUP], "id": id, "displayName": work.name, "members": members});
    let judge = |answer: &Answer| answer.as_changed("name and members sent", None, |_| Vec::new());
    wire.ask(Method::PUT, &format!("/Groups/{id}"), &[], Some(&body), judge).await
}

/// Deletes a group that was unlinked with its deletion asked for.
pub(super) async fn delete(wire: &Wire, id: &str) -> Result<(), Failure> {
    wire.ask(Method::DELETE, &format!("/Groups/{id}"), &[], None, |answer| answer.as_deleted())
        .await
}
