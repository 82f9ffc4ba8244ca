//! Linked objects: which relations between users there are, such as manager and subordinate.

use http::Method;
use rest_core::{Client, Request};

use crate::error::{OktaError, Result};
use crate::model::{model, writable};
use crate::user::Links;
use crate::value::Lazy;

model! {
    /// A relation between users: one primary user, such as a manager, has many associated ones.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/LinkedObject/>
    pub struct LinkedObject {
        /// The side that a user has one of at most.
        primary: LinkedObjectSide = "primary",
        /// The side that a user may have many of.
        associated: LinkedObjectSide = "associated",
    }
    read {
        /// Itself. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// One side of a relation.
    pub struct LinkedObjectSide {
        /// The name that calls take, unique among all sides of the org.
        name: String = "name",
        /// The name to show.
        title: String = "title",
        /// What it is for.
        description: String = "description",
        /// `USER`, the only kind there is.
        kind: String = "type",
    }
}

impl LinkedObjectSide {
    /// A side to be created.
    pub fn new(name: impl Into<String>, title: impl Into<String>) -> Self {
        Self::default().name(name).title(title).kind("USER")
    }
}

impl LinkedObject {
    /// A relation to be created.
    pub fn new(primary: LinkedObjectSide, associated: LinkedObjectSide) -> Self {
        Self::default().primary(primary).associated(associated)
    }
}

const CREATED_MAYBE: &str =
    "the linked object may have been created: look its name up before creating it again";

/// The relations of an org; who is linked to whom is
/// [`Users::linked_objects`](crate::Users::linked_objects).
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/LinkedObject/>
#[derive(Clone, Debug)]
pub struct LinkedObjects {
    client: Client<OktaError>,
}

impl LinkedObjects {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    fn all(&self, method: Method) -> Request<OktaError> {
        self.client.request(method, "/api/v1/meta/schemas/user/linkedObjects", [])
    }

    fn one(&self, method: Method, name: &str) -> Request<OktaError> {
        let template = "/api/v1/meta/schemas/user/linkedObjects/{linkedObjectName}";
        self.client.request(method, template, [name])
    }

    /// Gives all relations, in one answer.
    ///
    /// Scope `okta.linkedObjects.read`.
    /// Okta: [`listLinkedObjectDefinitions`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/LinkedObject/#tag/LinkedObject/operation/listLinkedObjectDefinitions).
    ///
    /// # Errors
    /// 403 when the credential may not read them.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for relation in okta.linked_objects().list().await? {
    ///     println!("{:?}", relation.primary.and_then(|primary| primary.name));
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn list(&self) -> Result<Vec<LinkedObject>> {
        self.all(Method::GET).json().await
    }

    /// Gets one relation, by the name of either side.
    ///
    /// Scope `okta.linkedObjects.read`.
    /// Okta: [`getLinkedObjectDefinition`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/LinkedObject/#tag/LinkedObject/operation/getLinkedObjectDefinition).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let relation = okta.linked_objects().get("manager").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, name: impl AsRef<str>) -> Result<LinkedObject> {
        self.one(Method::GET, name.as_ref()).json().await
    }

    /// As [`get`](Self::get), with `None` when there is no such relation.
    ///
    /// Scope `okta.linkedObjects.read`.
    /// Okta: [`getLinkedObjectDefinition`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/LinkedObject/#tag/LinkedObject/operation/getLinkedObjectDefinition).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let known = okta.linked_objects().try_get("manager").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, name: impl AsRef<str>) -> Result<Option<LinkedObject>> {
        self.one(Method::GET, name.as_ref()).optional().await
    }

    /// Creates a relation. It cannot be changed afterwards, only deleted.
    ///
    /// Scope `okta.linkedObjects.manage`. Not repeated when it is unclear
    /// whether Okta has created it.
    /// Okta: [`createLinkedObjectDefinition`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/LinkedObject/#tag/LinkedObject/operation/createLinkedObjectDefinition).
    ///
    /// # Errors
    /// 400 `E0000001` with causes; 409 when one of the names is taken.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::{LinkedObject, LinkedObjectSide};
    ///
    /// let manager = LinkedObjectSide::new("manager", "Manager");
    /// let report = LinkedObjectSide::new("report", "Report").description("Who is managed");
    /// okta.linked_objects().create(&LinkedObject::new(manager, report)).await?;
    /// # Ok(()) }
    /// ```
    pub async fn create(&self, relation: &LinkedObject) -> Result<LinkedObject> {
        let request = self.all(Method::POST).if_unclear(CREATED_MAYBE);
        request.body(&writable(relation, &["_links"])).json().await
    }

    /// Deletes a relation, by the name of either side, and with it all links between users.
    ///
    /// Scope `okta.linkedObjects.manage`. Repeated when Okta fails; after a lost answer the repeat
    /// finds no relation, so take a 404 for done.
    /// Okta: [`deleteLinkedObjectDefinition`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/LinkedObject/#tag/LinkedObject/operation/deleteLinkedObjectDefinition).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.linked_objects().delete("manager").await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete(&self, name: impl AsRef<str>) -> Result<()> {
        self.one(Method::DELETE, name.as_ref()).safe_to_repeat().done().await
    }
}
