//! Brings a resource from one state to another, whatever the server can do.

use crate::change::{Change, has_status};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::resources::Resources;

// A resource that changes between every read and write is changed by something that does not stop.
const TRIES: usize = 4;

/// What came of an update.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Updated<R> {
    /// The resource as the server shows it now.
    pub resource: R,
    /// How the change was sent.
    pub sent: Sent,
    /// Paths of attributes that were to change and that the server does not show so: it ignored or
    /// rewrote them.
    pub not_kept: Vec<String>,
}

/// How a change was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sent {
    /// Not at all: there was nothing to change.
    Nothing,
    /// As a PATCH of what changed.
    Patch,
    /// As a PUT of the whole resource.
    Put,
}

impl<R: Endpoint> Resources<R> {
    /// Changes a resource from `before`, as it was read, to `after`; sends nothing that is unchanged.
    ///
    /// RFC 7644 sections 3.5.2 and 3.5.1. By PATCH in the client's dialect; where the server refuses
    /// that (400, 404, 405, 422, 501) or PATCH has no words for the change, by a PUT of the resource
    /// as the server holds it now with this change made to it. Only if the resource still has the
    /// version of `before`, where it has one. Then what the server shows is compared with what was
    /// asked for: see [`Updated::not_kept`].
    ///
    /// # Errors
    /// 404 when there is no such resource; 412 when its version is another, see
    /// [`modify`](Self::modify); `NotDone` when `active` was to change and did not.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let before = scim.users().get("2819c223").await?;
    /// let mut after = before.clone();
    /// after.title = Some("Countess".into());
    /// let updated = scim.users().update(&before, &after).await?;
    /// if !updated.not_kept.is_empty() {
    ///     println!("this product ignores {}", updated.not_kept.join(", "));
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn update(&self, before: &R, after: &R) -> Result<Updated<R>> {
        let id = before.id().or(after.id()).ok_or_else(|| {
            Error::request(format!("PATCH {}: the resource has no id; read or create it", R::ONE))
        })?;
        let change = Change::between(before, after)?;
        if change.is_nothing() {
            let (resource, not_kept) = (before.clone(), Vec::new());
            return Ok(Updated { resource, sent: Sent::Nothing, not_kept });
        }
        self.carry_out(id, &change).await?.ok_or_else(gone::<R>)
    }

    /// Reads a resource, lets `change` change it, and [updates](Self::update) it; when somebody else
    /// changed it meanwhile (412), begins again, a few times.
    ///
    /// RFC 7644 section 3.14. `change` may be called more than once.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// scim.users().modify("2819c223", |user| user.title = Some("Countess".into())).await?;
    /// # Ok(()) }
    /// ```
    pub async fn modify(
        &self,
        id: impl AsRef<str>,
        mut change: impl FnMut(&mut R),
    ) -> Result<Updated<R>> {
        let mut left = TRIES;
        loop {
            let before = self.get(id.as_ref()).await?;
            let mut after = before.clone();
            change(&mut after);
            left -= 1;
            match self.update(&before, &after).await {
                Err(error) if has_status(&error, 412) && left > 0 => {}
                outcome => return outcome,
            }
        }
    }
}

pub(crate) fn gone<R: Endpoint>() -> Error {
    Error::not_done(format!(
        "{}: the server answered with success, but then the resource was gone (404)",
        R::ONE
    ))
}
