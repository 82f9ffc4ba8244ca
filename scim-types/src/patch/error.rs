use crate::filter::FilterError;
use crate::path::PathError;
use crate::{Error, ScimType};

/// Why a PATCH was not applied; the resource is as it was before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation {operation}: {detail}")]
#[non_exhaustive]
pub struct PatchError {
    /// Which operation failed, counted from 1; 0 is the resource as a whole.
    pub operation: usize,
    /// What a server answers, with status 400.
    pub scim_type: ScimType,
    /// What is wrong, in one line.
    pub detail: String,
}

impl PatchError {
    pub(crate) fn new(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { operation: 0, scim_type, detail: detail.into() }
    }
}

impl From<PathError> for PatchError {
    fn from(error: PathError) -> Self {
        Self::new(ScimType::InvalidPath, error.to_string())
    }
}

impl From<FilterError> for PatchError {
    fn from(error: FilterError) -> Self {
        Self::new(ScimType::InvalidFilter, error.to_string())
    }
}

impl From<PatchError> for Error {
    fn from(error: PatchError) -> Self {
        Self::of_type(error.scim_type.clone(), error.to_string())
    }
}

/// Why two versions of a resource have no PATCH between them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// PATCH has no words for the change: replace the resource (PUT) instead.
    #[error("{attribute:?} {problem}: replace the resource instead of patching it")]
    NotExpressible {
        /// The attribute that changed.
        attribute: String,
        /// Why PATCH cannot change it.
        problem: &'static str,
    },
    /// One of the two is no JSON object.
    #[error("a resource is an object, and one of these is not")]
    NotAnObject,
    /// A typed resource could not be written as JSON.
    #[error("the resource cannot be written as JSON")]
    Encode(#[from] serde_json::Error),
}
