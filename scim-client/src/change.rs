//! Brings one change to a server in whatever form it takes: PATCH as configured, PATCH as the RFC
//! writes it, or the whole resource by PUT.

use scim_types::patch::{Dialect, PatchOp, diff_json};
use scim_types::schema::Schemas;
use scim_types::{Group, Resource};
use serde_json::Value;

use crate::compare::{Difference, differences, list_schemas};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::members::at_risk;
use crate::resources::Resources;
use crate::update::{Sent, Updated};

/// What is to change of a resource: two versions of it, or of the part in question.
pub(crate) struct Change {
    pub(crate) before: Value,
    pub(crate) after: Value,
    /// The version that the resource must still have.
    pub(crate) version: Option<String>,
    /// All members that the group is to have, where they are known: a PUT holds them.
    pub(crate) members: Option<Value>,
    schemas: &'static Schemas,
}

/// What came of the PATCHes.
enum Tried<R> {
    Done(Option<R>),
    /// Not carried out, as the last refusal says, if any was sent.
    Refused(Option<Error>),
}

impl Change {
    pub(crate) fn between<R: Resource>(before: &R, after: &R) -> Result<Self> {
        let version = before.meta().and_then(|meta| meta.version.clone());
        Ok(Self { version, ..Self::of::<R>(json(before)?, json(after)?) })
    }

    pub(crate) fn of<R: Resource>(before: Value, after: Value) -> Self {
        Self { before, after, version: None, members: None, schemas: R::type_schemas() }
    }

    pub(crate) fn differences(&self) -> Vec<Difference<'_>> {
        differences(&self.before, &self.after, self.schemas)
    }

    /// Every way to write it as a PATCH, the configured dialect's first; none if there is no way.
    fn patches(&self, dialect: Dialect) -> Vec<PatchOp> {
        let patch = |dialect| diff_json(&self.before, &self.after, self.schemas, dialect).ok();
        let mut ways: Vec<PatchOp> =
            patch(dialect).into_iter().chain(patch(Dialect::Rfc)).collect();
        ways.dedup();
        ways.retain(|patch| !patch.is_empty());
        ways
    }

    /// The paths of what was to change, can be seen, and is not so.
    pub(crate) fn not_kept(&self, shown: &Value) -> Vec<String> {
        let visible = self.differences().into_iter().filter(|d| d.is_visible(self.schemas));
        let missing = visible.filter(|d| !d.is_shown_by(shown, self.schemas));
        missing.map(|difference| difference.path()).collect()
    }

    /// What was there beside the change and is gone with it: some servers put a part that they are sent in
    /// the place of the whole.
    fn lost_in<'a>(&'a self, shown: &'a Value) -> Vec<Difference<'a>> {
        let changed = self.differences();
        let mut lost = differences(shown, &self.before, self.schemas);
        lost.retain(|one| {
            one.is_visible(self.schemas)
                && one.is_missing_in(shown)
                && !one.is_missing_in(&self.before)
                && changed.iter().all(|other| other.path() != one.path())
                && changed.iter().any(|other| other.is_beside(one))
        });
        lost
    }

    /// What writes again what was lost, along with the change itself.
    fn mending<R: Resource>(&self, shown: &Value) -> Self {
        let mut after = self.made_to(shown.clone());
        for lost in self.lost_in(shown) {
            lost.put_into(&mut after);
        }
        Self { members: self.members.clone(), ..Self::of::<R>(shown.clone(), after) }
    }

    /// Whether this resource proves that the change was made.
    fn is_proven_by(&self, shown: &Value) -> bool {
        let can_be_seen = self.differences().iter().any(|d| d.is_visible(self.schemas));
        can_be_seen && self.not_kept(shown).is_empty()
    }

    /// Whether there is nothing to send: the order of lists is no change.
    pub(crate) fn is_nothing(&self) -> bool {
        let patch = || diff_json(&self.before, &self.after, self.schemas, Dialect::Rfc);
        self.differences().is_empty() || patch().is_ok_and(|patch| patch.is_empty())
    }

    // What every server with PATCH can patch; a 501 to another attribute or to a condition in a
    // path says less.
    fn is_of_active_alone(&self) -> bool {
        self.differences().iter().all(|difference| difference.path() == "active")
    }

    /// The same change, made to another version of the resource.
    fn made_to(&self, mut current: Value) -> Value {
        for difference in self.differences() {
            difference.put_into(&mut current);
        }
        if let Some(members) = &self.members {
            current["members"] = members.clone();
        }
        list_schemas(&mut current, &self.after);
        current
    }
}

impl<R: Endpoint> Resources<R> {
    /// Makes the change and says what came of it; `None` when the resource is gone afterwards.
    ///
    /// `active` counts for more than other attributes: where it is seen to be another after a PATCH,
    /// a PUT is tried, and then it is an error.
    pub(crate) async fn carry_out(&self, id: &str, change: &Change) -> Result<Option<Updated<R>>> {
        let (mut sent, answer) = self.send_change(id, change).await?;
        let Some(mut seen) = self.look(id, change, answer).await? else { return Ok(None) };
        if sent == Sent::Patch && !change.lost_in(&json(&seen.0)?).is_empty() {
            let Some(now) = self.mend(id, change).await? else { return Ok(None) };
            seen = now;
        }
        if sent == Sent::Patch
            && seen.1.iter().any(|path| is_active(path))
            && shows_active(&seen.0)?
        {
            // The PATCH may have made a new version of it.
            let answer = self.put_change(id, change, &seen.0, None).await?;
            sent = Sent::Put;
            let Some(now) = self.look(id, change, answer).await? else { return Ok(None) };
            seen = now;
        }
        let (resource, not_kept) = seen;
        let fault = match not_kept.iter().any(|path| is_active(path)) {
            false => return Ok(Some(Updated { resource, sent, not_kept })),
            true if shows_active(&resource)? => "`active` is not as it was asked to be",
            true => "it does not show `active`, so that nobody can know; look at the user there",
        };
        let fault = format!("{}: the server answered with success, but {fault}", R::ONE);
        Err(Error::not_done(fault))
    }

    /// Writes again what a PATCH took away beside what it changed: with a path for each part, else by PUT.
    async fn mend(&self, id: &str, change: &Change) -> Result<Option<(R, Vec<String>)>> {
        // An answer may show less than there is.
        for by_patch in [true, false] {
            let Some(now) = self.try_get(id).await? else { return Ok(None) };
            let shown = json(&now)?;
            if change.lost_in(&shown).is_empty() {
                let not_kept = change.not_kept(&shown);
                return Ok(Some((now, not_kept)));
            }
            self.scim().capabilities().replaces_complex_values();
            let mending = change.mending::<R>(&shown);
            match by_patch {
                true => drop(self.send_change(id, &mending).await?),
                false => drop(self.put_change(id, &mending, &now, None).await?),
            }
        }
        let Some(now) = self.try_get(id).await? else { return Ok(None) };
        let shown = json(&now)?;
        let lost: Vec<String> = change.lost_in(&shown).iter().map(Difference::path).collect();
        if lost.is_empty() {
            let not_kept = change.not_kept(&shown);
            return Ok(Some((now, not_kept)));
        }
        Err(Error::not_done(format!(
            "{}: the change was made, and the server took {} away with it, also when it was written again",
            R::ONE,
            lost.join(", ")
        )))
    }

    /// The resource as it is now, and what of the change it does not show. The answer to a write is
    /// believed when it shows all of it; some answer with what was there before, or with nothing.
    async fn look(
        &self,
        id: &str,
        change: &Change,
        answer: Option<R>,
    ) -> Result<Option<(R, Vec<String>)>> {
        if let Some(shown) = answer
            && change.not_kept(&json(&shown)?).is_empty()
        {
            return Ok(Some((shown, Vec::new())));
        }
        let Some(now) = self.try_get(id).await? else { return Ok(None) };
        let not_kept = change.not_kept(&json(&now)?);
        Ok(Some((now, not_kept)))
    }

    async fn send_change(&self, id: &str, change: &Change) -> Result<(Sent, Option<R>)> {
        let refusal = match self.try_patches(id, change).await? {
            Tried::Done(shown) => return Ok((Sent::Patch, shown)),
            Tried::Refused(refusal) => refusal,
        };
        let current = self.get(id).await?;
        // Who breaks on a PATCH may have carried out a part of it.
        let is_broken = refusal.as_ref().is_some_and(|error| has_status(error, 500));
        let version = change.version.as_deref().filter(|_| !is_broken);
        match self.put_change(id, change, &current, version).await {
            Ok(shown) => Ok((Sent::Put, shown)),
            Err(error) => Err(more_telling(refusal, error)),
        }
    }

    async fn try_patches(&self, id: &str, change: &Change) -> Result<Tried<R>> {
        let capabilities = self.scim().capabilities();
        if !self.may_patch() {
            return Ok(Tried::Refused(None));
        }
        let patches = change.patches(capabilities.dialect());
        let mut refusal: Option<Error> = None;
        for patch in &patches {
            match self.patch_surely(id, patch, change).await {
                Ok(shown) => return Ok(Tried::Done(shown)),
                Err(error) if is_refusal(&error) || has_status(&error, 500) => {
                    let is_final = error.is_not_found() || has_status(&error, 405);
                    refusal = Some(error);
                    if is_final {
                        break;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let says = |status| refusal.as_ref().is_some_and(|error| has_status(error, status));
        if says(405) || says(501) && change.is_of_active_alone() {
            capabilities.has_no_patch(R::NAME);
        }
        Ok(Tried::Refused(refusal))
    }

    /// Whether PATCH is worth trying: allowed, not refused before, and not disclaimed by the server
    /// where it was asked.
    pub(crate) fn may_patch(&self) -> bool {
        let config = self.scim().discovery().known_config();
        let disclaimed =
            config.and_then(|config| config.patch.as_ref()).is_some_and(|p| !p.supported);
        !disclaimed && self.scim().capabilities().patches(R::NAME)
    }

    // An attempt that may have acted is looked at before anything else is tried. Then a 500 is a
    // refusal: some servers break on what they do not understand.
    async fn patch_surely(&self, id: &str, patch: &PatchOp, change: &Change) -> Result<Option<R>> {
        let version = change.version.as_deref();
        let unclear = match self.patch(id, patch, version).await {
            Err(error) if is_unclear(&error) => error,
            answer => return answer,
        };
        let Some(shown) = self.try_get(id).await? else { return Ok(None) };
        match change.is_proven_by(&json(&shown)?) {
            true => Ok(Some(shown)),
            false if !is_lost(&unclear) => Err(unclear),
            false => match self.patch(id, patch, version).await {
                // The first attempt acted after that look.
                Err(error) if has_status(&error, 412) => self.if_proven(id, change, error).await,
                answer => answer,
            },
        }
    }

    /// Makes the change to the resource as it was just read, and replaces it: only if it still has
    /// the version that was read, or the one that is `expected`.
    async fn put_change(
        &self,
        id: &str,
        change: &Change,
        current: &R,
        expected: Option<&str>,
    ) -> Result<Option<R>> {
        let shown = json(current)?;
        if R::NAME == Group::NAME
            && change.members.is_none()
            && let Some(risk) = at_risk(&shown)
        {
            return Err(Error::request(format!("PUT {}: {risk}", R::ONE)));
        }
        let read = current.meta().and_then(|meta| meta.version.as_deref());
        let wanted: R = typed(change.made_to(shown))?;
        match self.put(id, &wanted, expected.or(read)).await {
            // An earlier attempt, whose answer was lost, may have changed the version.
            Err(error) if has_status(&error, 412) && error.attempts() > 1 => {
                self.if_proven(id, change, error).await
            }
            answer => answer,
        }
    }

    /// The resource, if it shows that the change was made all the same.
    async fn if_proven(&self, id: &str, change: &Change, error: Error) -> Result<Option<R>> {
        let shown = self.get(id).await?;
        if change.is_proven_by(&json(&shown)?) { Ok(Some(shown)) } else { Err(error) }
    }
}

/// Refused as it was put: there may be another way to put it.
pub(crate) fn is_refusal(error: &Error) -> bool {
    matches!(error.status().map(|status| status.as_u16()), Some(400 | 404 | 405 | 422 | 501))
}

/// Whether the server may have acted. With a 501 it says that it cannot.
pub(crate) fn is_unclear(error: &Error) -> bool {
    error.is_unclear() && !has_status(error, 501)
}

/// Whether no answer came through: with a 500, or an answer that cannot be used, the server has said
/// something.
fn is_lost(error: &Error) -> bool {
    use rest_core::ErrorKind::{Decode, NotDone, NotJson, TooLong};
    let is_unusable =
        matches!(error.kind(), Decode { .. } | NotJson { .. } | NotDone(_) | TooLong { .. });
    !is_unusable && !has_status(error, 500)
}

/// Of a refused PATCH and the PUT that failed after it, the one that says what is wrong.
pub(crate) fn more_telling(refusal: Option<Error>, error: Error) -> Error {
    // Not sent, for a reason that the caller has to know.
    if matches!(error.kind(), rest_core::ErrorKind::Request(_)) {
        return match refusal {
            Some(refusal) => error.with_source(refusal),
            None => error,
        };
    }
    let has_no_put = has_status(&error, 405) || has_status(&error, 501);
    match refusal {
        Some(refusal) if has_no_put || error.body().is_none() && refusal.body().is_some() => {
            if error.is_not_found() {
                error
            } else {
                refusal
            }
        }
        _ => error,
    }
}

pub(crate) fn has_status(error: &Error, code: u16) -> bool {
    error.status().is_some_and(|status| status.as_u16() == code)
}

/// A resource as JSON.
pub(crate) fn json(resource: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(resource).map_err(|error| {
        Error::request("the resource cannot be written as JSON").with_source(error)
    })
}

/// JSON as a resource.
pub(crate) fn typed<R: Resource>(json: Value) -> Result<R> {
    R::deserialize(json).map_err(|error| {
        Error::request(format!("the resource cannot be changed so: {error}")).with_source(error)
    })
}

fn is_active(path: &str) -> bool {
    path.eq_ignore_ascii_case("active")
}

fn shows_active(resource: &impl serde::Serialize) -> Result<bool> {
    let shown = json(resource)?;
    let names = shown.as_object().into_iter().flatten();
    Ok(names.filter(|(_, value)| !value.is_null()).any(|(name, _)| is_active(name)))
}
