//! Brings one change to a server in whatever form it takes: PATCH as configured, PATCH as the RFC
//! writes it, or the whole resource by PUT.

use scim_types::patch::{Dialect, PatchOp, diff_json};
use scim_types::schema::Schemas;
use scim_types::{Group, Resource};
use serde_json::Value;

use crate::capabilities::Members;
use crate::compare::{Difference, differences, list_schemas};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::resources::Resources;
use crate::update::{Sent, Updated};

/// What is to change of a resource: two versions of it, or of the part in question.
pub(crate) struct Change {
    pub(crate) before: Value,
    pub(crate) after: Value,
    /// The version that the resource must still have.
    pub(crate) version: Option<String>,
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
        Self { before, after, version: None, schemas: R::type_schemas() }
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
        list_schemas(&mut current, &self.after);
        current
    }
}

impl<R: Endpoint> Resources<R> {
    /// Makes the change and says what came of it; `None` when the resource is gone afterwards.
    ///
    /// `active` counts for more than other attributes: a server that answers with success and does
    /// not show it is asked once more by PUT, and then it is an error.
    pub(crate) async fn carry_out(&self, id: &str, change: &Change) -> Result<Option<Updated<R>>> {
        let (mut sent, shown) = self.send_change(id, change).await?;
        let shown = match shown {
            Some(shown) => Some(shown),
            None => self.try_get(id).await?,
        };
        let Some(mut resource) = shown else { return Ok(None) };
        let mut not_kept = change.not_kept(&json(&resource)?);
        if sent == Sent::Patch && holds_active(&not_kept) {
            resource = self.put_change(id, change).await?;
            sent = Sent::Put;
            not_kept = change.not_kept(&json(&resource)?);
        }
        match holds_active(&not_kept) {
            true => Err(Error::not_done(format!(
                "{}: the server answered with success, but `active` is not as it was asked to be",
                R::ONE
            ))),
            false => Ok(Some(Updated { resource, sent, not_kept })),
        }
    }

    async fn send_change(&self, id: &str, change: &Change) -> Result<(Sent, Option<R>)> {
        let refusal = match self.try_patches(id, change).await? {
            Tried::Done(shown) => return Ok((Sent::Patch, shown)),
            Tried::Refused(refusal) => refusal,
        };
        match self.put_change(id, change).await {
            Ok(shown) => Ok((Sent::Put, Some(shown))),
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
        let shown = self.get(id).await?;
        match change.is_proven_by(&json(&shown)?) {
            true => Ok(Some(shown)),
            false if has_status(&unclear, 500) => Err(unclear),
            false => self.patch(id, patch, version).await,
        }
    }

    /// Reads the resource, makes the change to what is there, and replaces it.
    async fn put_change(&self, id: &str, change: &Change) -> Result<R> {
        let current = self.get(id).await?;
        self.check_members_are_known(&current)?;
        let version = change.version.clone();
        let version = version.or_else(|| current.meta().and_then(|meta| meta.version.clone()));
        let wanted: R = typed(change.made_to(json(&current)?))?;
        match self.replace(&wanted, version.as_deref()).await {
            // An earlier attempt, whose answer was lost, may have changed the version.
            Err(error) if has_status(&error, 412) && error.attempts() > 1 => {
                let shown = self.get(id).await?;
                if change.is_proven_by(&json(&shown)?) { Ok(shown) } else { Err(error) }
            }
            answer => answer,
        }
    }

    // What PUT leaves out may be cleared, and nobody can put in what the server does not show.
    fn check_members_are_known(&self, current: &R) -> Result<()> {
        if R::NAME != Group::NAME || self.scim().capabilities().members() == Members::Shown {
            return Ok(());
        }
        match json(current)?.get("members") {
            Some(_) => Ok(()),
            None => Err(Error::request(format!(
                "PUT {}: this server does not show the members of the group, so that replacing it \
                could remove them; set the members as well, by push or set_members",
                R::ONE
            ))),
        }
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

/// Of a refused PATCH and the PUT that failed after it, the one that says what is wrong.
pub(crate) fn more_telling(refusal: Option<Error>, error: Error) -> Error {
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

fn holds_active(paths: &[String]) -> bool {
    paths.iter().any(|path| path.eq_ignore_ascii_case("active"))
}
