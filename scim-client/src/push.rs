//! Pushes a group: finds or creates it, and brings its name and members to what is wanted.

use std::collections::HashSet;
use std::fmt;

use scim_types::Group;
use serde_json::{Value, json};

use crate::call::awaitable;
use crate::change::Change;
use crate::create::Made;
use crate::error::{Error, Result};
use crate::members::{Membership, distinct, looks_cut_off};
use crate::membership::{CHUNK, Goal, Known, Work};
use crate::resources::Resources;
use crate::update::gone;

/// A group that is to be there with its members; see [`Resources::push`].
#[derive(Clone)]
#[must_use = "nothing is sent until it is awaited"]
pub struct PushGroup {
    groups: Resources<Group>,
    name: String,
    members: Vec<String>,
    external_id: Option<String>,
    chunk: usize,
    removals: bool,
    allow_refused: bool,
}

/// A group that is there with its members.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PushedGroup {
    /// The id that the server gave it.
    pub id: String,
    /// Whether it was not there before.
    pub created: bool,
    /// Whether it had another name.
    pub renamed: bool,
    /// What was done about its members, how much had to be read for it, and whether the server has
    /// shown them so.
    pub members: Membership,
    /// `externalId`, if it was to be set and the server does not show it.
    pub not_kept: Vec<String>,
}

impl Resources<Group> {
    /// Makes sure that a group of this name is there and has these members, given by id.
    ///
    /// RFC 7644 sections 3.4.2, 3.3 and 3.5.2, in the order in which Okta pushes: looked up by
    /// `externalId`, if one is given, then by `displayName`; created without members if there is
    /// none; then its members are written as [`set_members`](Self::set_members) does, which means
    /// that only the difference is; then it is renamed if need be. What had to be read is counted in
    /// [`Membership::members_read`].
    ///
    /// # Errors
    /// 409 when the server says that it exists, but shows none of that name; otherwise as
    /// [`set_members`](Self::set_members) and [`rename`](Self::rename).
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let members = ["2819c223", "902c246b"];
    /// let pushed = scim.groups().push("Engineering", members).external_id("00g1").await?;
    /// println!("{} of {} is new", pushed.members.added, members.len());
    /// # Ok(()) }
    /// ```
    pub fn push<I>(&self, name: impl Into<String>, members: I) -> PushGroup
    where
        I: IntoIterator<Item: Into<String>>,
    {
        PushGroup {
            groups: self.clone(),
            name: name.into(),
            members: distinct(members),
            external_id: None,
            chunk: CHUNK,
            removals: true,
            allow_refused: false,
        }
    }

    /// Gives a group another name; returns it as the server shows it then.
    ///
    /// RFC 7644 section 3.5.2. By a PATCH without path as Okta sends it, by one with a path, or by a
    /// PUT of the group as it is with the new name.
    ///
    /// # Errors
    /// 404 when there is no such group; 409 when the name is taken; `NotDone` when the server answers
    /// with success and shows another name. Where groups cannot be patched, and their members are not
    /// shown, or so many are (100, 1,000, 1,024) that it may be the first of more, nothing is sent: a
    /// PUT could remove the others. [`push`](Self::push) with an external id names all members.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// scim.groups().rename("e9e30dba", "Research").await?;
    /// # Ok(()) }
    /// ```
    pub async fn rename(&self, id: impl AsRef<str>, name: impl AsRef<str>) -> Result<Group> {
        let after = json!({"displayName": name.as_ref()});
        let change = Change::of::<Group>(json!({"displayName": ""}), after);
        let updated = self.carry_out(id.as_ref(), &change).await?.ok_or_else(gone::<Group>)?;
        match updated.not_kept.is_empty() {
            true => Ok(updated.resource),
            false => Err(name_not_kept()),
        }
    }
}

impl PushGroup {
    /// Your own key for the group, such as its Okta id: it is found by it even if its name has
    /// changed.
    pub fn external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into()).filter(|id| !id.is_empty());
        self
    }

    /// Members added or removed by one PATCH, 500 by default; the server may refuse more (413), and
    /// then half as many are sent.
    pub fn chunk_size(mut self, members: usize) -> Self {
        self.chunk = members;
        self
    }

    /// Leaves members who are there and not among these.
    pub fn without_removals(mut self) -> Self {
        self.removals = false;
        self
    }

    /// Members that the server does not take are no error; they are in [`Membership::refused`].
    pub fn allow_refused(mut self) -> Self {
        self.allow_refused = true;
        self
    }

    async fn run(self) -> Result<PushedGroup> {
        let (group, created) = self.find_or_create().await?;
        let id = group.id.as_deref().ok_or_else(|| {
            Error::not_done("/Groups: the server shows the group without an id; look at it there")
        })?;
        let goal = if self.removals { Goal::Exactly } else { Goal::With };
        let mut work = Work::new(&self.groups, id, &self.members, goal);
        (work.chunk, work.allow_refused) = (self.chunk, self.allow_refused);
        work.is_new = created;
        let is_whole = !group.members.is_empty() && !looks_cut_off(group.members.len());
        let known = match created {
            true => Known::Shown(HashSet::new()),
            false if is_whole => work.known(&group),
            false => work.read().await?,
        };
        let members = work.reach(known).await?;
        let (renamed, not_kept) = match created {
            true => (false, self.not_kept(&group)),
            false => self.align(id, &group, &members.refused).await?,
        };
        Ok(PushedGroup { id: id.to_owned(), created, renamed, members, not_kept })
    }

    async fn find_or_create(&self) -> Result<(Group, bool)> {
        if let Some(external_id) = &self.external_id
            && let Some(group) = self.groups.find("externalId", external_id).await?
        {
            return Ok((group, false));
        }
        let named = self.groups.find("displayName", &self.name).await?;
        if let Some(group) = named.filter(|group| self.is_ours(group)) {
            return Ok((group, false));
        }
        let mut new = Group::new(&self.name);
        new.external_id.clone_from(&self.external_id);
        new.open.set("members", Value::Array(Vec::new()));
        match self.groups.create_once(&new, "displayName", &self.name).await? {
            Made::Created(group) => Ok((group, true)),
            Made::Found(group) if self.is_ours(&group) => Ok((group, false)),
            Made::Found(_) => Err(Error::not_done(
                "POST /Groups: 409, because a group of this name has another externalId; rename \
                one of the two, or push by the other externalId",
            )),
        }
    }

    // A group that somebody else gave a key is not taken over.
    fn is_ours(&self, group: &Group) -> bool {
        let theirs = group.external_id.as_deref().filter(|id| !id.is_empty());
        theirs.is_none() || self.external_id.is_none() || theirs == self.external_id.as_deref()
    }

    fn not_kept(&self, group: &Group) -> Vec<String> {
        let is_lost = self.external_id.is_some() && group.external_id != self.external_id;
        if is_lost { vec!["externalId".to_owned()] } else { Vec::new() }
    }

    /// Brings name and key to what is wanted; whether it had another name, and what was not kept.
    async fn align(
        &self,
        id: &str,
        group: &Group,
        refused: &[String],
    ) -> Result<(bool, Vec<String>)> {
        let renamed = group.display_name.as_ref() != Some(&self.name);
        let (mut before, mut after) = (json!({}), json!({}));
        if renamed {
            before["displayName"] = json!(group.display_name);
            after["displayName"] = json!(self.name);
        }
        if self.external_id.is_some() && group.external_id != self.external_id {
            before["externalId"] = json!(group.external_id);
            after["externalId"] = json!(self.external_id);
        }
        let mut change = Change::of::<Group>(before, after);
        // Then a PUT removes nobody, whether or not the server shows them.
        let members = self.members.iter().filter(|id| !refused.contains(id));
        change.members = self.removals.then(|| members.map(|id| json!({"value": id})).collect());
        if change.is_nothing() {
            return Ok((false, Vec::new()));
        }
        let updated = self.groups.carry_out(id, &change).await?.ok_or_else(gone::<Group>)?;
        match updated.not_kept.iter().any(|path| path == "displayName") {
            true => Err(name_not_kept()),
            false => Ok((renamed, updated.not_kept)),
        }
    }
}

awaitable!(PushGroup => PushedGroup, this { this.run().await });

impl fmt::Debug for PushGroup {
    /// Without the members: there may be very many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushGroup")
            .field("name", &self.name)
            .field("members", &self.members.len())
            .field("external_id", &self.external_id)
            .field("chunk_size", &self.chunk)
            .finish_non_exhaustive()
    }
}

fn name_not_kept() -> Error {
    Error::not_done("/Groups/{id}: the server answered with success, but the name is another")
}
