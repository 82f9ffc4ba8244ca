//! The members of a group: set, added and removed, whatever the server can do.

use std::collections::HashSet;

use scim_types::Group;
use serde_json::Value;

use crate::error::Result;
use crate::membership::{Goal, Known, Work};
use crate::resources::Resources;

/// What was done to have the members as wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Membership {
    /// Members that were added, as far as the server shows members; of a group whose members it does
    /// not show, those that were sent.
    pub added: usize,
    /// Members that were removed.
    pub removed: usize,
    /// Members that the server did not take; only where that was allowed.
    pub refused: Vec<String>,
    /// Members that were read, over all answers: to know the difference, and to see what came of it.
    pub members_read: usize,
    /// Requests that were sent to change the group, refused ones included.
    pub writes: usize,
    /// Whether the server has shown the members as wanted; `false` where it does not show those of
    /// this group, or shows others and not all that were added: it may show only part of them.
    pub verified: bool,
}

impl Resources<Group> {
    /// Makes these the members of a group, and no others; writes only the difference.
    ///
    /// RFC 7644 section 3.5.2. Reads the group, which shows all its members, and adds and removes by
    /// PATCH, 500 to a request: members are removed as Okta does (`members[value eq ".."]`), and as
    /// Entra does where that is refused. Where PATCH is refused, or has no effect, the whole group is
    /// replaced. What the server then shows is compared with what was wanted. Where it does not show
    /// the members of this group, all of them are sent and [`Membership::verified`] is false. An id
    /// given twice is one.
    ///
    /// # Errors
    /// 404 when there is no such group. Members that the server does not take, named; the others are
    /// there all the same. `NotDone` when the server answers with success and shows other members.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let done = scim.groups().set_members("e9e30dba", ["2819c223", "902c246b"]).await?;
    /// println!("{} added, {} removed", done.added, done.removed);
    /// # Ok(()) }
    /// ```
    pub async fn set_members<I>(&self, id: impl AsRef<str>, members: I) -> Result<Membership>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let wanted = distinct(members);
        let mut work = Work::new(self, id.as_ref(), &wanted, Goal::Exactly);
        let known = work.read().await?;
        work.reach(known).await
    }

    /// Adds members to a group, as [`set_members`](Self::set_members) does, without reading the group
    /// first.
    ///
    /// RFC 7644 section 3.5.2.1: who is a member already stays one. The group is replaced only where
    /// PATCH is refused, and not when members could be lost by it: see [`rename`](Self::rename). Who is
    /// not shown after a PATCH is no error, because some servers show only the first members:
    /// [`Membership::verified`] is false then.
    ///
    /// # Errors
    /// As [`set_members`](Self::set_members).
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// scim.groups().add_members("e9e30dba", ["2819c223"]).await?;
    /// # Ok(()) }
    /// ```
    pub async fn add_members<I>(&self, id: impl AsRef<str>, members: I) -> Result<Membership>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let wanted = distinct(members);
        Work::new(self, id.as_ref(), &wanted, Goal::With).reach(Known::Unread).await
    }

    /// Removes members from a group, as [`set_members`](Self::set_members) does, without reading the
    /// group first.
    ///
    /// RFC 7644 section 3.5.2.2: who is no member is no error.
    ///
    /// # Errors
    /// As [`set_members`](Self::set_members).
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// scim.groups().remove_members("e9e30dba", ["2819c223"]).await?;
    /// # Ok(()) }
    /// ```
    pub async fn remove_members<I>(&self, id: impl AsRef<str>, members: I) -> Result<Membership>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let wanted = distinct(members);
        Work::new(self, id.as_ref(), &wanted, Goal::Without).reach(Known::Unread).await
    }
}

/// Why a PUT of this group, as the server shows it, could remove members.
pub(crate) fn at_risk(group: &Value) -> Option<String> {
    let instead = "give all members, by push or set_members";
    let Some(members) = group.get("members").and_then(Value::as_array) else {
        return Some(format!(
            "this server does not show the members of the group, so that replacing it could remove \
            them; {instead}"
        ));
    };
    looks_cut_off(members.len()).then(|| {
        format!(
            "this server shows {} members of the group, as if it showed no more than that, so that \
            replacing it could remove the others; {instead}",
            members.len()
        )
    })
}

/// Whether so many members may be the first of more: servers' limits are 100, 200, 500, 1,000 and so
/// on, or powers of two.
pub(crate) fn looks_cut_off(members: usize) -> bool {
    let is_round = members.to_string().trim_end_matches('0').len() == 1
        && [1, 2, 5].contains(&(members / 10_usize.pow(members.checked_ilog10().unwrap_or(0))));
    members >= 100 && (is_round || members.is_power_of_two())
}

/// Each id once, in the order given.
pub(crate) fn distinct<I>(ids: I) -> Vec<String>
where
    I: IntoIterator<Item: Into<String>>,
{
    let mut seen = HashSet::new();
    ids.into_iter().map(Into::into).filter(|id: &String| seen.insert(id.clone())).collect()
}
