//! Schemas: what attributes a resource type has, and what holds for them.
//!
//! RFC 7643 sections 2.2, 7 and 8.7. [`Schemas`] is the base schema and the extensions of one
//! resource type; filters, PATCH, diff and [`Schemas::validate`] ask it.
//!
//! ```
//! use scim_types::schema::{Attribute, AttributeKind, Schema, Schemas};
//!
//! let staff = Schema::new("urn:example:scim:schemas:extension:acme:1.0:User", "Staff")
//!     .with(Attribute::new("badge", AttributeKind::Integer).required());
//! let schemas = Schemas::user().clone().extension(staff);
//! let badge = "urn:example:scim:schemas:extension:acme:1.0:User:badge".parse()?;
//! assert!(schemas.attribute(&badge).is_some_and(|badge| badge.required));
//! # Ok::<(), scim_types::PathError>(())
//! ```

mod attribute;
mod builtin;
mod schemas;
mod validate;

pub use attribute::{Attribute, AttributeKind, Mutability, Returned, Uniqueness};
pub use schemas::{Schema, Schemas};
pub use validate::{Problem, Purpose};
