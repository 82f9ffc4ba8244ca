//! Profiles of users and groups: open attribute sets behind accessors.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

use crate::attributes::Attributes;

macro_rules! profile {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $accessor:ident = $attribute:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Attributes);

        impl $name {
            /// An empty profile.
            pub fn new() -> Self {
                Self::default()
            }

            $($(#[$doc])* pub fn $accessor(&self) -> Option<&str> {
                self.0.text($attribute)
            })+

            /// Sets an attribute that can always be written as JSON: text, number, yes/no, a list of them.
            #[must_use]
            pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
                // A `Value` is JSON already, so this cannot fail.
                let _ = self.0.set(name, value.into());
                self
            }
        }

        impl Deref for $name {
            type Target = Attributes;

            fn deref(&self) -> &Attributes {
                &self.0
            }
        }

        impl DerefMut for $name {
            fn deref_mut(&mut self) -> &mut Attributes {
                &mut self.0
            }
        }

        impl From<Attributes> for $name {
            fn from(attributes: Attributes) -> Self {
                Self(attributes)
            }
        }
    };
}

profile! {
    /// A user's profile: Okta's base attributes by accessor, custom ones by name, none lost.
    ///
    /// Every accessor gives `None` when the attribute is absent, null or not text. Custom attributes:
    /// [`get`](Attributes::get), [`set`](Attributes::set), [`iter`](Attributes::iter).
    ///
    /// ```
    /// use okta_client::Profile;
    ///
    /// let mut profile = Profile::new().with("login", "ada@acme.example").with("badge", 7);
    /// assert_eq!(profile.login(), Some("ada@acme.example"));
    /// assert_eq!(profile.get::<u32>("badge")?, Some(7));
    /// profile.set("skills", ["rust", "scim"])?;
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    Profile {
        /// `login`: the unique name to sign in with.
        login = "login",
        /// `email`: the primary e-mail address.
        email = "email",
        /// `secondEmail`: the secondary e-mail address.
        second_email = "secondEmail",
        /// `firstName`: the given name.
        first_name = "firstName",
        /// `lastName`: the family name.
        last_name = "lastName",
        /// `middleName`: the middle name or names.
        middle_name = "middleName",
        /// `honorificPrefix`: what stands before the name.
        honorific_prefix = "honorificPrefix",
        /// `honorificSuffix`: what stands after the name.
        honorific_suffix = "honorificSuffix",
        /// `displayName`: the name to show.
        display_name = "displayName",
        /// `nickName`: the casual name.
        nick_name = "nickName",
        /// `profileUrl`: a page about the person.
        profile_url = "profileUrl",
        /// `title`: the job title.
        title = "title",
        /// `userType`: the relation to the organisation, such as `Employee`.
        user_type = "userType",
        /// `employeeNumber`: the organisation's own number for the person.
        employee_number = "employeeNumber",
        /// `department`.
        department = "department",
        /// `division`.
        division = "division",
        /// `organization`.
        organization = "organization",
        /// `costCenter`.
        cost_center = "costCenter",
        /// `manager`: the manager's name.
        manager = "manager",
        /// `managerId`: the manager's id.
        manager_id = "managerId",
        /// `mobilePhone`.
        mobile_phone = "mobilePhone",
        /// `primaryPhone`.
        primary_phone = "primaryPhone",
        /// `streetAddress`.
        street_address = "streetAddress",
        /// `city`.
        city = "city",
        /// `state`: the state or region.
        state = "state",
        /// `zipCode`: the postal code.
        zip_code = "zipCode",
        /// `countryCode`: two letters, ISO 3166-1.
        country_code = "countryCode",
        /// `postalAddress`: the mailing address.
        postal_address = "postalAddress",
        /// `locale`: such as `en_US`.
        locale = "locale",
        /// `timezone`: such as `Europe/Berlin`.
        timezone = "timezone",
        /// `preferredLanguage`: such as `de-DE`.
        preferred_language = "preferredLanguage",
    }
}

profile! {
    /// A group's profile: name and description by accessor, custom attributes by name.
    GroupProfile {
        /// `name`: unique among the groups made in Okta, at most 255 characters.
        name = "name",
        /// `description`, at most 1024 characters.
        description = "description",
    }
}
