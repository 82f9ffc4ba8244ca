//! The way of a group to the wanted members: what differs is written, in chunks, and what came of it
//! is looked at.

use std::collections::HashSet;

use scim_types::patch::{Operation, PatchOp};
use scim_types::{Group, MultiValue, ScimType};
use serde_json::{Value, json};

use crate::change::{has_status, is_refusal, is_unclear, json, more_telling};
use crate::edits::{Edit, RemovalForm, WayOn, count, not_taken, not_there, way_on};
use crate::error::{Error, Result};
use crate::members::{Membership, at_risk};
use crate::resources::Resources;

/// Members added or removed by one PATCH.
pub(crate) const CHUNK: usize = 500;

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
    /// It was just created without members: to replace it can remove nobody.
    pub(crate) is_new: bool,
    pub(crate) done: Membership,
    form: RemovalForm,
    /// The other form was refused already.
    is_last_form: bool,
    /// The members were known before anything was written.
    began_known: bool,
    /// The most members that this group has been seen with.
    most_shown: Option<usize>,
    /// A PATCH was taken.
    is_patched: bool,
    /// PATCH was refused in every form.
    gave_up: bool,
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
            is_new: false,
            done: Membership::default(),
            form: groups.scim().capabilities().removal_form(),
            is_last_form: false,
            began_known: false,
            most_shown: None,
            is_patched: false,
            gave_up: false,
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

    // The members are not shown, and may be any: only all of them will do.
    fn is_blind(&self, known: &Known) -> bool {
        let hidden = self.groups.scim().capabilities().hides_members() || self.wanted.is_empty();
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

    /// Compares what the server shows with what was wanted; where it differs, takes another way.
    async fn look(mut self, shown: Known) -> Result<Membership> {
        let suspects = self.acquit();
        let mut shown = self.seen(shown).await?;
        let left = self.left_of(&shown);
        if !left.is_empty() && self.may_replace(&suspects) {
            match self.replace_group().await {
                Ok(()) => shown = self.read().await?,
                Err(_) if !suspects.is_empty() => return self.without(suspects),
                Err(error) => return Err(more_telling(self.refusal, error)),
            }
        } else if !left.is_empty() && self.goal == Goal::Without && !self.is_last_form {
            (self.form, self.is_last_form) = (self.form.other(), true);
            shown = self.write(left).await?;
            shown = self.seen(shown).await?;
        }
        let left = self.left_of(&shown);
        self.done.verified = matches!(shown, Known::Shown(_)) && left.is_empty();
        if left.is_empty() {
            return self.without(Vec::new());
        }
        // Some servers show the first members only: who was added may stand behind them.
        if self.goal == Goal::With && self.is_patched && !self.gave_up {
            self.done.added = self.done.added.saturating_sub(left.len());
            return self.without(Vec::new());
        }
        Err(not_there(&left))
    }

    // Who asks for some members only must not lose the others to a PUT: it is for where PATCH will
    // not do, not for where its effect is not seen.
    fn may_replace(&self, suspects: &[String]) -> bool {
        self.goal == Goal::Exactly || self.gave_up || !suspects.is_empty()
    }

    // If every member was refused, it was PATCH perhaps that was refused, and PUT may do.
    fn acquit(&mut self) -> Vec<String> {
        let said = self.refusal.as_ref().and_then(Error::body).and_then(|body| body.scim_type());
        let is_the_value = self.goal != Goal::Exactly && said == Some(&ScimType::InvalidValue);
        if self.done.added + self.done.removed > 0 || is_the_value {
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

    /// What the server shows now. Where it does not show members who must be there, all are written:
    /// whom it holds besides cannot be known, and a PATCH may have done nothing.
    async fn seen(&mut self, shown: Known) -> Result<Known> {
        let shown = match shown {
            Known::Shown(_) => return Ok(shown),
            _ => self.read().await?,
        };
        let expects_some =
            self.goal != Goal::Without && self.wanted.len() > self.done.refused.len();
        if matches!(shown, Known::Shown(_)) || !expects_some {
            return Ok(shown);
        }
        let was_hidden = self.groups.scim().capabilities().hides_members();
        self.groups.scim().capabilities().members_are_hidden(true);
        let is_ours = self.is_new && self.goal == Goal::Exactly;
        if is_ours && !was_hidden && self.replace_group().await.is_ok() {
            return self.read().await;
        }
        if self.goal == Goal::Exactly && !self.began_known && !was_hidden {
            self.replace_members().await?;
        }
        Ok(shown)
    }

    fn left_of(&self, shown: &Known) -> Vec<Edit> {
        if matches!(shown, Known::Shown(_)) { self.left(shown) } else { Vec::new() }
    }

    fn left(&self, shown: &Known) -> Vec<Edit> {
        let mut left = self.difference(shown);
        left.retain(|edit| !self.done.refused.contains(edit.id()));
        left
    }

    pub(crate) async fn read(&mut self) -> Result<Known> {
        let group = self.groups.get(self.id).await?;
        Ok(self.known(&group))
    }

    pub(crate) fn known(&mut self, group: &Group) -> Known {
        let is_shown = !group.members.is_empty() || group.open.get("members").is_some();
        self.done.members_read += group.members.len();
        if is_shown {
            self.groups.scim().capabilities().members_are_hidden(false);
            self.most_shown = self.most_shown.max(Some(group.members.len()));
        }
        match is_shown || self.would_show() {
            true => Known::Shown(ids(group).map(str::to_owned).collect()),
            false => Known::NotShown,
        }
    }

    // Most servers leave an empty list out. A group that was shown with as many members as it should
    // have now, and is shown without any, has none.
    fn would_show(&self) -> bool {
        self.most_shown.is_some_and(|most| match self.goal {
            Goal::Exactly => self.wanted.len() <= most,
            Goal::With => false,
            Goal::Without => true,
        })
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
            let error = match self.send(&edits, !todo.is_empty()).await {
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
                    (self.refusal, self.gave_up) = (Some(error), true);
                    return self.read().await;
                }
                WayOn::Fail => return Err(error),
            }
            self.refusal = Some(error);
            last = Known::Unread;
        }
        Ok(last)
    }

    // Where more is to follow, the group need not be shown with all its members each time.
    async fn send(&mut self, edits: &[Edit], more: bool) -> Result<Known> {
        let shown = self.patch(&Edit::patch(edits, self.form), more).await?;
        if edits.iter().any(|edit| matches!(edit, Edit::Remove(_))) {
            self.groups.scim().capabilities().removes_members_by(self.form);
        }
        Ok(shown)
    }

    // Adding and removing members twice ends where once ends: an unclear attempt is made again.
    async fn patch(&mut self, patch: &PatchOp, more: bool) -> Result<Known> {
        let excluded: &[&str] = if more { &["members"] } else { &[] };
        let send = || self.groups.patch_without(excluded, self.id, patch, None);
        self.done.writes += 1;
        let shown = match send().await {
            Err(error) if is_unclear(&error) => {
                self.done.writes += 1;
                send().await?
            }
            answer => answer?,
        };
        self.is_patched = true;
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
            true => match self.patch(&patch, false).await {
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
        if self.goal != Goal::Exactly
            && !self.is_new
            && let Some(risk) = at_risk(&json(&group)?)
        {
            return Err(Error::request(format!("PUT /Groups/{{id}}: {risk}")));
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
