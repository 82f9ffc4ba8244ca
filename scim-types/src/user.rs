use crate::values::{Address, MultiValue, Name, Password};
use crate::{Meta, urn};

object! {
    /// A user, RFC 7643 section 4.1.
    ///
    /// Extensions are read with [`extension`](crate::Resource::extension) and written with
    /// [`set_extension`](crate::Resource::set_extension).
    pub struct User {
        /// The URNs of the base schema and of every extension present.
        schemas: Vec<String> = "schemas",
        /// Given by the server.
        id: Option<String> = "id",
        /// The client's own key, compared with regard to case.
        external_id: Option<String> = "externalId",
        /// The name to sign in with: required, unique, without case.
        user_name: Option<String> = "userName",
        /// The parts of the name.
        name: Option<Name> = "name",
        /// The name as it is shown.
        display_name: Option<String> = "displayName",
        /// What people call them.
        nick_name: Option<String> = "nickName",
        /// The URL of a profile page.
        profile_url: Option<String> = "profileUrl",
        /// Such as `Vice President`.
        title: Option<String> = "title",
        /// Such as `Employee` or `Contractor`.
        user_type: Option<String> = "userType",
        /// As in `Accept-Language`.
        preferred_language: Option<String> = "preferredLanguage",
        /// Such as `en-US`.
        locale: Option<String> = "locale",
        /// Such as `Europe/Berlin`.
        timezone: Option<String> = "timezone",
        /// Whether the account can be used.
        active: Option<bool> = "active",
        /// Sent, never returned.
        password: Option<Password> = "password",
        /// Email addresses.
        emails: Vec<MultiValue> = "emails",
        /// Phone numbers.
        phone_numbers: Vec<MultiValue> = "phoneNumbers",
        /// Instant messaging addresses.
        ims: Vec<MultiValue> = "ims",
        /// URLs of photos.
        photos: Vec<MultiValue> = "photos",
        /// Postal addresses.
        addresses: Vec<Address> = "addresses",
        /// The groups the user is in: read only, membership changes on the group.
        groups: Vec<MultiValue> = "groups",
        /// What the user is entitled to.
        entitlements: Vec<MultiValue> = "entitlements",
        /// Roles.
        roles: Vec<MultiValue> = "roles",
        /// Certificates, as base64 of DER.
        x509_certificates: Vec<MultiValue> = "x509Certificates",
        /// What the server says about the resource.
        meta: Option<Meta> = "meta",
    }
}

impl User {
    /// A user with only what is required.
    pub fn new(user_name: impl Into<String>) -> Self {
        Self {
            schemas: vec![urn::USER.to_owned()],
            user_name: Some(user_name.into()),
            ..Self::default()
        }
    }

    /// The preferred email: the primary one, else the first.
    pub fn email(&self) -> Option<&str> {
        let primary = self.emails.iter().find(|email| email.primary == Some(true));
        primary.or(self.emails.first())?.value.as_deref()
    }
}
