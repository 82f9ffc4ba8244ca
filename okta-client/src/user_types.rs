//! User types: kinds of people, each with a schema of its own.

use http::Method;
use rest_core::{Client, Request};

use crate::error::{OktaError, Result};
use crate::model::{model, writable};
use crate::user::{Links, OneOrMany};
use crate::value::{DateTime, Lazy, UserId, UserTypeId};

model! {
    /// A user type.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserType/>
    pub struct UserType[id: UserTypeId] {
        /// The name in expressions: letters, digits and `_`, beginning with a letter. Fixed once
        /// created.
        name: String = "name",
        /// The name to show.
        display_name: String = "displayName",
        /// What it is for.
        description: String = "description",
    }
    read {
        /// Whether it is the type of users who are created without one.
        is_default: bool = "default",
        /// When it was created.
        created: DateTime = "created",
        /// Who created it.
        created_by: UserId = "createdBy",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// Who last changed it.
        last_updated_by: UserId = "lastUpdatedBy",
        /// Itself and its schema. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

impl UserType {
    /// A type to be created.
    pub fn new(name: impl Into<String>, display_name: impl Into<String>) -> Self {
        Self::default().name(name).display_name(display_name)
    }

    /// The id of the type's schema, for [`Schemas::user`](crate::Schemas::user).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let contractors = okta.user_types().get("oty1").await?;
    /// if let Some(id) = contractors.schema_id() {
    ///     println!("{} attributes", okta.schemas().user(id).await?.attributes().len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn schema_id(&self) -> Option<String> {
        match self.links.as_ref()?.get().ok()?.remove("schema")? {
            OneOrMany::One(link) => link.href.rsplit('/').next().map(str::to_owned),
            OneOrMany::Many(_) => None,
        }
    }
}

const BY_OKTA: [&str; 7] =
    ["id", "default", "created", "createdBy", "lastUpdated", "lastUpdatedBy", "_links"];
const CREATED_MAYBE: &str =
    "the user type may have been created: look its name up before creating it again";

/// The user types of an org; ten at most, the default one included.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserType/>
#[derive(Clone, Debug)]
pub struct UserTypes {
    client: Client<OktaError>,
}

impl UserTypes {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    fn user_type(&self, method: Method, id: &str) -> Request<OktaError> {
        self.client.request(method, "/api/v1/meta/types/user/{typeId}", [id])
    }

    /// Gives all user types, in one answer.
    ///
    /// Scope `okta.userTypes.read`.
    /// Okta: [`listUserTypes`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserType/#tag/UserType/operation/listUserTypes).
    ///
    /// # Errors
    /// 403 when the credential may not read them.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for user_type in okta.user_types().list().await? {
    ///     println!("{} {:?}", user_type.id, user_type.display_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn list(&self) -> Result<Vec<UserType>> {
        self.client.request(Method::GET, "/api/v1/meta/types/user", []).json().await
    }

    /// Gets one user type; `default` is the default one's id.
    ///
    /// Scope `okta.userTypes.read`.
    /// Okta: [`getUserType`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserType/#tag/UserType/operation/getUserType).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let contractors = okta.user_types().get("oty1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: impl AsRef<str>) -> Result<UserType> {
        self.user_type(Method::GET, id.as_ref()).json().await
    }

    /// As [`get`](Self::get), with `None` when there is no such type.
    ///
    /// Scope `okta.userTypes.read`.
    /// Okta: [`getUserType`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserType/#tag/UserType/operation/getUserType).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let known = okta.user_types().try_get("oty1").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, id: impl AsRef<str>) -> Result<Option<UserType>> {
        self.user_type(Method::GET, id.as_ref()).optional().await
    }

    /// Creates a user type, whose schema is a copy of the default one's.
    ///
    /// Scope `okta.userTypes.manage`. Nine besides the default one. Not repeated when it is unclear
    /// whether Okta has created it.
    /// Okta: [`createUserType`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserType/#tag/UserType/operation/createUserType).
    ///
    /// # Errors
    /// 400 `E0000001` with causes, such as for a name that exists or is none.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::UserType;
    ///
    /// let contractor = UserType::new("contractor", "Contractor").description("Hired for a while");
    /// let contractor = okta.user_types().create(&contractor).await?;
    /// # Ok(()) }
    /// ```
    pub async fn create(&self, user_type: &UserType) -> Result<UserType> {
        let request = self.client.request(Method::POST, "/api/v1/meta/types/user", []);
        request.if_unclear(CREATED_MAYBE).body(&writable(user_type, &BY_OKTA)).json().await
    }

    /// Changes the display name and the description, as far as they are set.
    ///
    /// Scope `okta.userTypes.manage`. Safe to repeat.
    /// Okta: [`updateUserType`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserType/#tag/UserType/operation/updateUserType).
    ///
    /// # Errors
    /// 400 `E0000001` with causes; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::UserType;
    ///
    /// okta.user_types().update("oty1", &UserType::default().display_name("Contractors")).await?;
    /// # Ok(()) }
    /// ```
    pub async fn update(&self, id: impl AsRef<str>, changes: &UserType) -> Result<UserType> {
        let mut body = writable(changes, &BY_OKTA);
        if let Some(members) = body.as_object_mut() {
            members.remove("name");
        }
        let request = self.user_type(Method::POST, id.as_ref()).safe_to_repeat();
        request.body(&body).json().await
    }

    /// Replaces the display name and the description; Okta wants the name too, unchanged.
    ///
    /// Scope `okta.userTypes.manage`. Safe to repeat.
    /// Okta: [`replaceUserType`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserType/#tag/UserType/operation/replaceUserType).
    ///
    /// # Errors
    /// As [`update`](Self::update).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let contractor = okta.user_types().get("oty1").await?.description("Hired for a year");
    /// okta.user_types().replace(&contractor.id, &contractor).await?;
    /// # Ok(()) }
    /// ```
    pub async fn replace(&self, id: impl AsRef<str>, user_type: &UserType) -> Result<UserType> {
        let mut body = writable(user_type, &BY_OKTA);
        // Okta answers null for a type without description, and wants a text.
        if body["description"].is_null() {
            body["description"] = "".into();
        }
        self.user_type(Method::PUT, id.as_ref()).body(&body).json().await
    }

    /// Deletes a user type that no user has; not the default one.
    ///
    /// Scope `okta.userTypes.manage`. Okta may still be cleaning up after the type's last user and
    /// answer 500 `E0000009` meanwhile: that is repeated.
    /// Okta: [`deleteUserType`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserType/#tag/UserType/operation/deleteUserType).
    ///
    /// # Errors
    /// 404 `E0000007` when it is gone, which a repeated attempt may have done itself; a 4xx while
    /// users have it.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.user_types().delete("oty1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete(&self, id: impl AsRef<str>) -> Result<()> {
        self.user_type(Method::DELETE, id.as_ref()).safe_to_repeat().done().await
    }
}
