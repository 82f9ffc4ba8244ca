//! Profile mappings: which attribute of an app's user is made of what, and the other way.

use std::collections::BTreeMap;

use http::Method;
use rest_core::{Client, List, Request};
use serde_json::{Map, Value, json};

use crate::call::{awaitable, list_options};
use crate::error::{OktaError, Result};
use crate::model::model;
use crate::user::Links;
use crate::value::{DateTime, Lazy, MappingId};

rest_core::open_enum! {
    /// When a mapped attribute is written.
    pub enum PushStatus {
        /// At create and at update.
        Push = "PUSH",
        /// At create only.
        DontPush = "DONT_PUSH",
    }
}

rest_core::open_enum! {
    /// Whose profile one side of a mapping is.
    pub enum ProfileOwner {
        /// A user in Okta.
        User = "user",
        /// The account of a user in an app.
        AppUser = "appuser",
    }
}

model! {
    /// A mapping between the profiles of Okta's users and an app's, in one direction.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ProfileMapping/>
    pub struct ProfileMapping[id: MappingId] {
        /// What each target attribute is made of; a listing leaves it out.
        properties: BTreeMap<String, Option<MappedAttribute>> = "properties",
    }
    read {
        /// Where values come from.
        source: MappingSide = "source",
        /// Where they go.
        target: MappingSide = "target",
        /// When it was created.
        created: DateTime = "created",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// Itself. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// One side of a mapping.
    pub struct MappingSide {}
    read {
        /// An app's id, or a user type's.
        id: String = "id",
        /// Its name in expressions.
        name: String = "name",
        /// Whose profile it is.
        owner: ProfileOwner = "type",
        /// Itself and its schema. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// What an attribute is made of.
    ///
    /// <https://developer.okta.com/docs/reference/okta-expression-language/>
    pub struct MappedAttribute {
        /// An expression, such as `user.firstName`.
        expression: String = "expression",
        /// When it is written.
        push_status: PushStatus = "pushStatus",
    }
}

impl ProfileMapping {
    /// What the target attribute of this name is made of.
    pub fn attribute(&self, name: &str) -> Option<&MappedAttribute> {
        self.properties.as_ref()?.get(name)?.as_ref()
    }
}

/// The profile mappings of an org: two for each app, from and to Okta's users. They come and go with
/// the app.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ProfileMapping/>
#[derive(Clone, Debug)]
pub struct Mappings {
    client: Client<OktaError>,
}

impl Mappings {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    fn mapping(&self, method: Method, id: &str) -> Request<OktaError> {
        self.client.request(method, "/api/v1/mappings/{mappingId}", [id])
    }

    /// Lists mappings, without their attributes: get each one for them.
    ///
    /// Scope `okta.profileMappings.read`. Pages of 20 unless another size is set, 200 at most.
    /// Okta: [`listProfileMappings`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ProfileMapping/#tag/ProfileMapping/operation/listProfileMappings).
    ///
    /// # Errors
    /// 403 `E0000006` when the caller has no role that may see them.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut to_app = okta.mappings().list().target("0oa1").stream();
    /// while let Some(listed) = to_app.try_next().await? {
    ///     let mapping = okta.mappings().get(&listed.id).await?;
    ///     println!("{:?}", mapping.attribute("firstName"));
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListMappings {
        ListMappings { list: self.client.request(Method::GET, "/api/v1/mappings", []).list() }
    }

    /// Gets one mapping with its attributes.
    ///
    /// Scope `okta.profileMappings.read`.
    /// Okta: [`getProfileMapping`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ProfileMapping/#tag/ProfileMapping/operation/getProfileMapping).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let mapping = okta.mappings().get("prm1").await?;
    /// for (name, made_of) in mapping.properties.iter().flatten() {
    ///     println!("{name}: {made_of:?}");
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: impl AsRef<str>) -> Result<ProfileMapping> {
        self.mapping(Method::GET, id.as_ref()).json().await
    }

    /// Changes the attributes that are named and leaves all others as they are.
    ///
    /// Scope `okta.profileMappings.manage`. Safe to repeat.
    /// Okta: [`updateProfileMapping`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ProfileMapping/#tag/ProfileMapping/operation/updateProfileMapping).
    ///
    /// # Errors
    /// 400 `E0000001` with causes for an expression that Okta does not understand, or an attribute
    /// that the target's schema lacks; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::PushStatus;
    ///
    /// okta.mappings()
    ///     .update("prm1")
    ///     .set("department", "user.department", PushStatus::Push)
    ///     .remove("costCenter")
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn update(&self, id: impl AsRef<str>) -> UpdateMapping {
        let request = self.mapping(Method::POST, id.as_ref()).safe_to_repeat();
        UpdateMapping { request, properties: Map::new() }
    }
}

/// A listing of profile mappings; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListMappings {
    list: List<OktaError, ProfileMapping>,
}

list_options!(ListMappings => ProfileMapping, "20 by default, 200 at most; fewer when Okta takes too long.");

impl ListMappings {
    /// Only mappings from this app or user type.
    pub fn source(mut self, id: impl AsRef<str>) -> Self {
        self.list = self.list.query("sourceId", id.as_ref());
        self
    }

    /// Only mappings to this app or user type.
    pub fn target(mut self, id: impl AsRef<str>) -> Self {
        self.list = self.list.query("targetId", id.as_ref());
        self
    }
}

/// Changes a mapping when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct UpdateMapping {
    request: Request<OktaError>,
    properties: Map<String, Value>,
}

impl UpdateMapping {
    /// Makes a target attribute of an expression in Okta's language.
    pub fn set(
        mut self,
        attribute: impl Into<String>,
        expression: impl Into<String>,
        push: PushStatus,
    ) -> Self {
        let made_of = MappedAttribute::default().expression(expression).push_status(push);
        self.properties.insert(attribute.into(), json!(made_of));
        self
    }

    /// Takes a target attribute out of the mapping.
    pub fn remove(mut self, attribute: impl Into<String>) -> Self {
        self.properties.insert(attribute.into(), Value::Null);
        self
    }
}

awaitable!(UpdateMapping => ProfileMapping, this {
    this.request.body(&json!({"properties": this.properties})).json().await
});
