//! Who is linked to whom.

use http::Method;
use rest_core::{Client, List, Request};

use crate::error::{OktaError, Result};
use crate::model::model;
use crate::user::{Links, OneOrMany};
use crate::users::Users;
use crate::value::{Lazy, UserId};

model! {
    /// A user at the other end of a link: Okta gives an address, [`user_id`](Self::user_id) the id in it.
    pub struct LinkedUser {}
    read {
        /// The user's address. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

impl LinkedUser {
    /// The user's id.
    pub fn user_id(&self) -> Option<UserId> {
        match self.links.as_ref()?.get().ok()?.remove("self")? {
            OneOrMany::One(link) => link.href.rsplit('/').next().map(UserId::from),
            OneOrMany::Many(_) => None,
        }
    }
}

/// The links between one user and others, by relations that
/// [`Okta::linked_objects`](crate::Okta::linked_objects) defines.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLinkedObject/>
#[derive(Clone, Debug)]
pub struct UserLinkedObjects {
    client: Client<OktaError>,
    user: String,
}

impl<P> Users<P> {
    /// The links between a user and others.
    pub fn linked_objects(&self, id_or_login: impl AsRef<str>) -> UserLinkedObjects {
        let user = id_or_login.as_ref().to_owned();
        UserLinkedObjects { client: self.client.clone(), user }
    }
}

impl UserLinkedObjects {
    fn by(&self, method: Method, relationship: &str) -> Request<OktaError> {
        let template = "/api/v1/users/{userIdOrLogin}/linkedObjects/{relationshipName}";
        self.client.request(method, template, [&self.user, relationship])
    }

    /// Lists those at the other end: by the primary side's name the one user, by the associated side's
    /// name all of them.
    ///
    /// Scope `okta.users.read`. Empty for a user without such a link.
    /// Okta: [`listLinkedObjectsForUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLinkedObject/#tag/UserLinkedObject/operation/listLinkedObjectsForUser).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user or relation.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut reports = okta.users().linked_objects("00u1").list("report").stream();
    /// while let Some(report) = reports.try_next().await? {
    ///     println!("{:?}", report.user_id());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self, relationship: impl AsRef<str>) -> List<OktaError, LinkedUser> {
        self.by(Method::GET, relationship.as_ref()).list()
    }

    /// Links the user, as the associated one, to a primary user. A link to another primary is replaced.
    ///
    /// Scope `okta.users.manage`. Safe to repeat.
    /// Okta: [`assignLinkedObjectValueForPrimary`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLinkedObject/#tag/UserLinkedObject/operation/assignLinkedObjectValueForPrimary).
    ///
    /// # Errors
    /// 404 `E0000007` when one of the users, or the relation, is not there.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().linked_objects("00u1").assign("manager", "00u2").await?;
    /// # Ok(()) }
    /// ```
    pub async fn assign(
        &self,
        primary_relationship: impl AsRef<str>,
        primary_user: impl AsRef<str>,
    ) -> Result<()> {
        let template =
            "/api/v1/users/{userIdOrLogin}/linkedObjects/{primaryRelationshipName}/{primaryUserId}";
        let args = [&*self.user, primary_relationship.as_ref(), primary_user.as_ref()];
        self.client.request(Method::PUT, template, args).done().await
    }

    /// Removes the link from the user, who is the associated one, to the primary user.
    ///
    /// Scope `okta.users.manage`. Safe to repeat: it succeeds without such a link too.
    /// Okta: [`deleteLinkedObjectForUser`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLinkedObject/#tag/UserLinkedObject/operation/deleteLinkedObjectForUser).
    ///
    /// # Errors
    /// 404 `E0000007` when the user or the relation is not there.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().linked_objects("00u1").unassign("manager").await?;
    /// # Ok(()) }
    /// ```
    pub async fn unassign(&self, primary_relationship: impl AsRef<str>) -> Result<()> {
        let request = self.by(Method::DELETE, primary_relationship.as_ref());
        request.safe_to_repeat().done().await
    }
}
