//! Creates a resource once: not twice, and not beside one that is there already.

use rest_core::ErrorKind;
use scim_types::ScimType;

use crate::change::{has_status, is_unclear};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::resources::Resources;

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
    /// outcome is unclear the resource is looked up; only if it is not there it is created again.
    pub(crate) async fn create_once(
        &self,
        new: &R,
        attribute: &str,
        value: &str,
    ) -> Result<Made<R>> {
        let unclear = match self.create(new).await {
            Ok(created) => return Ok(Made::Created(created)),
            Err(error) if is_taken(&error) => {
                let found = self.scan(attribute, value).await?;
                return found.map(Made::Found).ok_or_else(|| unfindable(error, attribute));
            }
            Err(error) => error,
        };
        if !may_have_acted(&unclear) {
            return Err(unclear);
        }
        if let Some(there) = self.find(attribute, value).await? {
            return Ok(Made::Created(there));
        }
        let again = match self.create(new).await {
            Ok(created) => return Ok(Made::Created(created)),
            Err(error) => error,
        };
        if !is_taken(&again) && !may_have_acted(&again) {
            return Err(again);
        }
        let there = self.scan(attribute, value).await?;
        there.map(Made::Created).ok_or(again)
    }
}

fn is_taken(error: &Error) -> bool {
    let said = error.body().and_then(|body| body.scim_type());
    has_status(error, 409) || said == Some(&ScimType::Uniqueness)
}

/// Also a success whose answer could not be read.
fn may_have_acted(error: &Error) -> bool {
    use ErrorKind::{Decode, NotDone, TooLong};
    is_unclear(error) || matches!(error.kind(), Decode { .. } | TooLong { .. } | NotDone(_))
}

fn unfindable(conflict: Error, attribute: &str) -> Error {
    conflict.with_source(format!(
        "none has this `{attribute}`, by filter or by paging through all: another unique value of \
        it is taken, or this credential may not see who has it"
    ))
}
