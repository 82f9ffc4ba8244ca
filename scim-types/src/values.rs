use std::fmt;

use serde::{Deserialize, Serialize};

use crate::object::Leaf;
use crate::read::Node;

open_enum! {
    /// What an element of a list is for.
    pub enum ValueKind {
        /// At work.
        Work = "work",
        /// At home.
        Home = "home",
        /// Something else.
        OtherPlace = "other",
        /// A mobile phone.
        Mobile = "mobile",
        /// A fax.
        Fax = "fax",
        /// A pager.
        Pager = "pager",
        /// A photo.
        Photo = "photo",
        /// A small photo.
        Thumbnail = "thumbnail",
        /// A group whose member the user is.
        Direct = "direct",
        /// A group through another group.
        Indirect = "indirect",
        /// A member that is a user.
        User = "User",
        /// A member that is a group.
        Group = "Group",
    }
}

object! {
    /// One element of emails, phone numbers, photos, roles, group members and the like: RFC 7643 section 2.4.
    pub struct MultiValue from value {
        /// The address, number, URL or id.
        value: Option<String> = "value",
        /// How people read it.
        display: Option<String> = "display",
        /// What it is for.
        kind: Option<ValueKind> = "type",
        /// Whether it is the preferred one; at most one element is.
        primary: Option<bool> = "primary",
        /// The URL of what `value` names.
        reference: Option<String> = "$ref",
    }
}

impl MultiValue {
    /// An element with only its value.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: Some(value.into()), ..Self::default() }
    }

    /// An element for work.
    pub fn work(value: impl Into<String>) -> Self {
        Self { kind: Some(ValueKind::Work), ..Self::new(value) }
    }

    /// The same, but preferred.
    pub fn primary(mut self) -> Self {
        self.primary = Some(true);
        self
    }
}

object! {
    /// The parts of a person's name, RFC 7643 section 4.1.1.
    pub struct Name from formatted {
        /// All of it, as it is shown.
        formatted: Option<String> = "formatted",
        /// Last name.
        family_name: Option<String> = "familyName",
        /// First name.
        given_name: Option<String> = "givenName",
        /// Middle name.
        middle_name: Option<String> = "middleName",
        /// Such as `Dr.`.
        honorific_prefix: Option<String> = "honorificPrefix",
        /// Such as `III`.
        honorific_suffix: Option<String> = "honorificSuffix",
    }
}

object! {
    /// A postal address, RFC 7643 section 4.1.2.
    pub struct Address from formatted {
        /// All of it, as it is printed.
        formatted: Option<String> = "formatted",
        /// Street and number.
        street_address: Option<String> = "streetAddress",
        /// City.
        locality: Option<String> = "locality",
        /// State or region.
        region: Option<String> = "region",
        /// Postal code.
        postal_code: Option<String> = "postalCode",
        /// Country, ISO 3166-1 alpha-2.
        country: Option<String> = "country",
        /// What it is for.
        kind: Option<ValueKind> = "type",
        /// Whether it is the preferred one.
        primary: Option<bool> = "primary",
    }
}

/// A password: sent, never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// The password itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

impl Leaf for Password {
    // No filter finds out what it is.
    fn node(&self) -> Node<'_> {
        Node::Text("")
    }
}
