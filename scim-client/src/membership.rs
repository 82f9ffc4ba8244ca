//! The way of a group to the wanted members: what differs is written, in chunks, and what came of it
//! is looked at.

use std::collections::HashSet;

use scim_types::patch::{Operation, PatchOp};
use scim_types::{Group, MultiValue};
use serde_json::{Value, json};

use crate::capabilities::Members;
use crate::change::{has_status, is_refusal, is_unclear, more_telling};
use crate::edits::{Edit, RemovalForm, WayOn, way_on};
use crate::error::{Error, Result};
use crate::members::Membership;
use crate::resources::Resources;

/// Members added or removed by one PATCH.
pub(crate) const CHUNK: usize = 500;
// Ids that an error names; it says how many more there are.
const NAMED: usize = 20;

/// Which members are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// These and no others.
    Exactly,
    /// These at least.
    With,
    /// None of these.
    Without,
}

/// What is known of the members that a group has.
pub(crate) enum Known {
    /// It was not read: every wanted member may be missing.
    Unread,
    /// The group was answered without members: it has none, or the server does not show them.
    NotShown,
    Shown(HashSet<String>),
}

/// One group on its way to the wanted members.
pub(crate) struct Work<'a> {
    pub(crate) groups: &'a Resources<Group>,
    pub(crate) id: &'a str,
    pub(crate) wanted: &'a [String],
    pub(crate) goal: Goal,
    pub(crate) chunk: usize,
    pub(crate) allow_refused: bool,
    pub(crate) done: Membership,
    form: RemovalForm,
    /// The other form was refused already.
    is_last_form: bool,
    /// The members were known before anything was written.
    began_known: bool,
    /// What the server refused last.
    refusal: Option<Error>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(
        groups: &'a Resources<Group>,
        id: &'a str,
        wanted: &'a [String],
        goal: Goal,
    ) -> Self {
        Self {
            groups,
            id,
            wanted,
            goal,
            chunk: CHUNK,
            allow_refused: false,
            done: Membership::default(),
            form: groups.scim().capabilities().removal_form(),
            is_last_form: false,
            began_known: false,
            refusal: None,
        }
    }

    /// Writes what differs, looks at what came of it, and takes another way when it is not so.
    pub(crate) async fn reach(mut self, known: Known) -> Result<Membership> {
        if self.wanted.is_empty() && self.goal != Goal::Exactly {
            self.done.verified = true;
            return Ok(self.done);
        }
        self.began_known = matches!(known, Known::Shown(_));
        let edits = self.difference(&known);
        (self.done.added, self.done.removed) = count(&edits);
        let shown = match self.is_blind(&known) {
            true => self.replace_members().await?,
            false if edits.is_empty() => known,
            false => self.write(edits).await?,
        };
        self.look(shown).await
    }

    // The members are not shown, or the group was never seen with any: only all of them will do.
    fn is_blind(&self, known: &Known) -> bool {
        let hidden = match self.groups.scim().capabilities().members() {
            Members::Hidden => true,
            Members::Unknown => self.wanted.is_empty(),
            Members::Shown => false,
        };
        self.goal == Goal::Exactly && hidden && matches!(known, Known::NotShown)
    }

    /// What has to be added and removed, so far as it is known.
    fn difference(&self, known: &Known) -> Vec<Edit> {
        let nobody = HashSet::new();
        let held = match known {
            Known::Shown(held) => Some(held),
            Known::NotShown => Some(&nobody),
            Known::Unread => None,
        };
        let has = |id: &String| held.is_some_and(|held| held.contains(id));
        let may_have = |id: &String| held.is_none_or(|held| held.contains(id));
        let wanted = self.wanted.iter();
        if self.goal == Goal::Without {
            return wanted.filter(|id| may_have(id)).cloned().map(Edit::Remove).collect();
        }
        let add = wanted.clone().filter(|id| !has(id)).cloned().map(Edit::Add);
        let wanted: HashSet<&String> = wanted.collect();
        let extra = held.filter(|_| self.goal == Goal::Exactly).into_iter().flatten();
        let mut extra: Vec<&String> = extra.filter(|id| !wanted.contains(id)).collect();
        extra.sort_unstable();
        add.chain(extra.into_iter().cloned().map(Edit::Remove)).collect()
    }

    /// Compares what the server shows with what was wanted; where it differs, replaces the group.
    async fn look(mut self, shown: Known) -> Result<Membership> {
        let suspects = self.acquit();
        let mut shown = self.seen(shown).await?;
        if matches!(shown, Known::Shown(_)) && !self.left(&shown).is_empty() {
            match self.replace_group().await {
                Ok(()) => shown = self.read().await?,
                Err(_) if !suspects.is_empty() => return self.without(suspects),
                Err(error) => return Err(more_telling(self.refusal, error)),
            }
        }
        let is_shown = matches!(shown, Known::Shown(_));
        let left = if is_shown { self.left(&shown) } else { Vec::new() };
        self.done.verified = is_shown;
        match left.is_empty() {
            true => self.without(Vec::new()),
            false => Err(not_there(&left)),
        }
    }

    // If every member was refused, it was PATCH perhaps that was refused, and PUT may do.
    fn acquit(&mut self) -> Vec<String> {
        if self.done.added + self.done.removed > 0 {
            return Vec::new();
        }
        let suspects = std::mem::take(&mut self.done.refused);
        match self.goal {
            Goal::Without => self.done.removed = suspects.len(),
            _ => self.done.added = suspects.len(),
        }
        suspects
    }

    fn without(mut self, refused: Vec<String>) -> Result<Membership> {
        if !refused.is_empty() {
            (self.done.added, self.done.removed) = (0, 0);
            self.done.refused = refused;
        }
        match self.done.refused.is_empty() || self.allow_refused {
            true => Ok(self.done),
            false => Err(not_taken(&self.done.refused, self.refusal)),
        }
    }

    /// What the server shows now, and what that says about whether it ever shows members.
    async fn seen(&mut self, shown: Known) -> Result<Known> {
        let shown = match shown {
            Known::Shown(_) => return Ok(shown),
            _ => self.read().await?,
        };
        let expects_some =
            self.goal != Goal::Without && self.wanted.len() > self.done.refused.len();
        if matches!(shown, Known::NotShown) && expects_some && self.members() == Members::Unknown {
            self.groups.scim().capabilities().members_are(Members::Hidden);
            if self.goal == Goal::Exactly && !self.began_known {
                self.replace_members().await?;
            }
        }
        Ok(shown)
    }

    fn left(&self, shown: &Known) -> Vec<Edit> {
        let mut left = self.difference(shown);
        left.retain(|edit| !self.done.refused.contains(edit.id()));
        left
    }

    fn members(&self) -> Members {
        self.groups.scim().capabilities().members()
    }

    pub(crate) async fn read(&mut self) -> Result<Known> {
        let group = self.groups.get(self.id).await?;
        Ok(self.known(&group))
    }

    fn known(&mut self, group: &Group) -> Known {
        let is_shown = !group.members.is_empty() || group.open.get("members").is_some();
        if is_shown {
            self.groups.scim().capabilities().members_are(Members::Shown);
        }
        self.done.members_read += group.members.len();
        match is_shown || self.members() == Members::Shown {
            true => Known::Shown(ids(group).map(str::to_owned).collect()),
            false => Known::NotShown,
        }
    }

    /// Sends the edits in chunks, smaller ones or in another form where one is refused.
    async fn write(&mut self, edits: Vec<Edit>) -> Result<Known> {
        if !self.groups.may_patch() {
            return self.replace_group().await.map(|()| Known::Unread);
        }
        let mut todo: Vec<Vec<Edit>> = edits.chunks(self.chunk.max(1)).map(<[_]>::to_vec).collect();
        todo.reverse();
        let mut last = Known::Unread;
        while let Some(edits) = todo.pop() {
            let error = match self.send(&edits).await {
                Ok(shown) => {
                    last = shown;
                    continue;
                }
                Err(error) => error,
            };
            // The group itself may be gone.
            if error.is_not_found() && self.refusal.is_none() {
                self.read().await?;
            }
            let suspects = self.done.refused.len();
            match way_on(edits, &error, self.is_last_form, suspects) {
                WayOn::Done => {}
                WayOn::Again(parts) => todo.extend(parts.into_iter().rev()),
                WayOn::InOtherForm(edits) => {
                    (self.form, self.is_last_form) = (self.form.other(), true);
                    todo.push(edits);
                }
                WayOn::Without(edit) => self.done.refuse(edit),
                WayOn::Look => {
                    self.refusal = Some(error);
                    return self.read().await;
                }
                WayOn::Fail => return Err(error),
            }
            self.refusal = Some(error);
            last = Known::Unread;
        }
        Ok(last)
    }

    async fn send(&mut self, edits: &[Edit]) -> Result<Known> {
        let shown = self.patch(&Edit::patch(edits, self.form)).await?;
        if edits.iter().any(|edit| matches!(edit, Edit::Remove(_))) {
            self.groups.scim().capabilities().removes_members_by(self.form);
        }
        Ok(shown)
    }

    // Adding and removing members twice ends where once ends: an unclear attempt is made again.
    async fn patch(&mut self, patch: &PatchOp) -> Result<Known> {
        self.done.writes += 1;
        let shown = match self.groups.patch(self.id, patch, None).await {
            Err(error) if is_unclear(&error) => {
                self.done.writes += 1;
                self.groups.patch(self.id, patch, None).await?
            }
            answer => answer?,
        };
        Ok(match shown {
            Some(group) => match self.known(&group) {
                Known::NotShown => Known::Unread,
                known => known,
            },
            None => Known::Unread,
        })
    }

    /// Puts the whole membership in place of the one that the server does not show.
    async fn replace_members(&mut self) -> Result<Known> {
        let members: Value = self.wanted.iter().map(|id| json!({"value": id})).collect();
        let patch = PatchOp::new(vec![Operation::replace("members", members)]);
        self.done.added = self.wanted.len();
        let refusal = match self.groups.may_patch() {
            true => match self.patch(&patch).await {
                Ok(shown) => return Ok(shown),
                Err(error) if is_refusal(&error) || has_status(&error, 413) => Some(error),
                Err(error) => return Err(error),
            },
            false => None,
        };
        match self.replace_group().await {
            Ok(()) => Ok(Known::Unread),
            Err(error) => Err(more_telling(refusal, error)),
        }
    }

    /// Reads the group and replaces it with the wanted members in it.
    async fn replace_group(&mut self) -> Result<()> {
        let mut group = self.groups.get(self.id).await?;
        let known = self.known(&group);
        if matches!(known, Known::NotShown) && self.goal != Goal::Exactly {
            return Err(Error::request(
                "PUT /Groups/{id}: this server does not show the members of the group, so that \
                replacing it would remove them; give all members, by push or set_members",
            ));
        }
        for edit in self.left(&known) {
            match edit {
                Edit::Add(id) => group.members.push(MultiValue::new(id)),
                Edit::Remove(id) => group.members.retain(|m| m.value.as_ref() != Some(&id)),
            }
        }
        if group.members.is_empty() {
            group.open.set("members", Value::Array(Vec::new()));
        }
        let version = group.meta.as_ref().and_then(|meta| meta.version.clone());
        self.done.writes += 1;
        self.groups.replace(&group, version.as_deref()).await.map(drop)
    }
}

impl Membership {
    fn refuse(&mut self, edit: Edit) {
        match edit {
            Edit::Add(_) => self.added = self.added.saturating_sub(1),
            Edit::Remove(_) => self.removed = self.removed.saturating_sub(1),
        }
        self.refused.push(edit.into_id());
    }
}

fn ids(group: &Group) -> impl Iterator<Item = &str> {
    group.members.iter().filter_map(|member| member.value.as_deref())
}

fn count(edits: &[Edit]) -> (usize, usize) {
    let added = edits.iter().filter(|edit| matches!(edit, Edit::Add(_))).count();
    (added, edits.len() - added)
}

fn not_there(left: &[Edit]) -> Error {
    let (missing, extra) = count(left);
    Error::not_done(format!(
        "/Groups/{{id}}: the server answered with success, but {missing} members are missing and \
        {extra} are there that should not be: {}",
        named(left.iter().map(Edit::id))
    ))
}

fn not_taken(ids: &[String], refusal: Option<Error>) -> Error {
    let error = Error::not_done(format!(
        "PATCH /Groups/{{id}}: the server does not take {} members, all others are as wanted: {}",
        ids.len(),
        named(ids.iter())
    ));
    match refusal {
        Some(refusal) => error.with_source(refusal),
        None => error,
    }
}

fn named<'a>(ids: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = ids.len().saturating_sub(NAMED);
    let named: Vec<&str> = ids.take(NAMED).map(String::as_str).collect();
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
