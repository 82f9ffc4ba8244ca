//! Creates a resource once: not twice, and not beside one that is there already.

use rest_core::ErrorKind;
use scim_types::{Group, ScimType, User};

use crate::change::{has_status, is_unclear};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::lookup::differs;
use crate::resources::{CREATED_MAYBE, Resources};

/// Looks after the first one, at the retry policy's delays.
const LOOKS: usize = 3;

/// What creating led to.
pub(crate) enum Made<R> {
    Created(R),
    /// It was there, though the lookup had not found it.
    Found(R),
}

impl<R: Endpoint> Resources<R> {
    /// Creates what no lookup by `attribute` has found.
    ///
    /// "Exists already" is answered by paging through all and comparing. After an attempt whose
    /// outcome is unclear, or whose answer does not show what was sent, the resource is looked up, a
    /// few times, because a server may act after its answer was given up. It is never sent twice.
    pub(crate) async fn create_once(
        &self,
        new: &R,
        attribute: &str,
        value: &str,
    ) -> Result<Made<R>> {
        let unclear = match self.create(new).await {
            Ok(created) if !is_another(&created, new) => return Ok(Made::Created(created)),
            Ok(_) => another::<R>(),
            Err(error) if is_taken(&error) => {
                let found = self.scan(attribute, value).await?;
                return found.map(Made::Found).ok_or_else(|| unfindable(error, attribute));
            }
            Err(error) => error,
        };
        if !may_have_acted(&unclear) {
            return Err(unclear);
        }
        let mut delays = self.scim().delays().take(LOOKS);
        loop {
            match self.find(attribute, value).await {
                Ok(Some(there)) => return Ok(Made::Created(there)),
                Ok(None) => {}
                Err(error) => return Err(unclear.with_source(error)),
            }
            let Some(delay) = delays.next() else { return Err(unclear) };
            tokio::time::sleep(delay).await;
        }
    }
}

/// Whether the answer shows somebody else: another name, and not our key either.
fn is_another<R: Endpoint>(created: &R, new: &R) -> bool {
    let name = match R::NAME {
        Group::NAME => "displayName",
        User::NAME => "userName",
        _ => return false,
    };
    let has_our_key = new.external_id().is_some_and(|id| created.external_id() == Some(id));
    !has_our_key && differs(created, new, name)
}

fn another<R: Endpoint>() -> Error {
    let fault = "was answered with success, but with a resource of another name, and none of this";
    Error::not_done(format!("POST {} {fault} name is found", R::ALL)).with_unclear(CREATED_MAYBE)
}

fn is_taken(error: &Error) -> bool {
    let said = error.body().and_then(|body| body.scim_type());
    has_status(error, 409) || said == Some(&ScimType::Uniqueness)
}

/// Also a success whose answer could not be read.
fn may_have_acted(error: &Error) -> bool {
    use ErrorKind::{Decode, NotDone, NotJson, TooLong};
    is_unclear(error)
        || matches!(error.kind(), Decode { .. } | NotJson { .. } | TooLong { .. } | NotDone(_))
}

fn unfindable(conflict: Error, attribute: &str) -> Error {
    conflict.with_advice(format!(
        "none has this `{attribute}`, by filter or by paging through all: another unique value of \
        it is taken, or this credential may not see who has it"
    ))
}
