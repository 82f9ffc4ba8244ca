use std::fmt::Debug;

use scim_types::{Group, Resource, User};

/// A resource type and where it is found below the base address; implement it for types of your own.
///
/// Routes are literals because errors, spans and rate limits are named by them.
pub trait Endpoint: Resource + Clone + Debug + Send + Sync + 'static {
    /// The name of the resource type, as in `meta.resourceType`.
    const NAME: &'static str;
    /// The route of all, such as `/Users`.
    const ALL: &'static str;
    /// The route of one, such as `/Users/{id}`.
    const ONE: &'static str;
    /// The route of searches, such as `/Users/.search`.
    const SEARCH: &'static str;
}

impl Endpoint for User {
    const NAME: &'static str = "User";
    const ALL: &'static str = "/Users";
    const ONE: &'static str = "/Users/{id}";
    const SEARCH: &'static str = "/Users/.search";
}

impl Endpoint for Group {
    const NAME: &'static str = "Group";
    const ALL: &'static str = "/Groups";
    const ONE: &'static str = "/Groups/{id}";
    const SEARCH: &'static str = "/Groups/.search";
}
