//! The groups that Okta pushes to an app.

use std::fmt;

use http::Method;
use rest_core::{Client, List, Request};
use serde_json::{Map, Value, json};

use crate::call::{awaitable, list_options};
use crate::error::{OktaError, Result};
use crate::model::model;
use crate::user::Links;
use crate::value::{DateTime, GroupId, Lazy, PushMappingId};

rest_core::open_enum! {
    /// Whether a group is pushed.
    pub enum GroupPushStatus {
        /// Members that come and go are pushed.
        Active = "ACTIVE",
        /// Nothing is pushed; only such a mapping can be deleted.
        Inactive = "INACTIVE",
        /// The last push failed; `error_summary` says why.
        Error = "ERROR",
    }
}

model! {
    /// A group of Okta that is pushed to a group of an app.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupPushMapping/>
    pub struct PushMapping[id: PushMappingId] {}
    read {
        /// The group in Okta.
        source_group_id: GroupId = "sourceGroupId",
        /// The group in the app, as Okta knows it.
        target_group_id: GroupId = "targetGroupId",
        /// Whether it is pushed.
        status: GroupPushStatus = "status",
        /// Why the last push failed.
        error_summary: String = "errorSummary",
        /// When it was last pushed; absent until then.
        last_push: DateTime = "lastPush",
        /// When it was created.
        created: DateTime = "created",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// What a kind of app needs.
        app_config: PushAppConfig = "appConfig",
        /// The app and the groups. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// What Active Directory needs to know of a group that is pushed to it.
    pub struct PushAppConfig {
        /// `ACTIVE_DIRECTORY`.
        kind: String = "type",
        /// Where the group goes.
        distinguished_name: String = "distinguishedName",
        /// `DOMAIN_LOCAL`, `GLOBAL` or `UNIVERSAL`.
        group_scope: String = "groupScope",
        /// `SECURITY` or `DISTRIBUTION`.
        group_type: String = "groupType",
        /// The group's SAM account name.
        sam_account_name: String = "samAccountName",
    }
}

/// The group of an app that a group is pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushTarget {
    /// The one of this name, which is made if there is none.
    Named(String),
    /// One that Okta has imported from the app.
    Existing(GroupId),
}

const CREATED_MAYBE: &str =
    "the mapping may have been created: list those of its source group before creating it again";

/// The groups that Okta pushes to one app.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupPushMapping/>
#[derive(Clone, Debug)]
pub struct PushMappings {
    client: Client<OktaError>,
    app: String,
}

impl PushMappings {
    pub(crate) fn new(client: Client<OktaError>, app: &str) -> Self {
        Self { client, app: app.to_owned() }
    }

    fn all(&self, method: Method) -> Request<OktaError> {
        self.client.request(method, "/api/v1/apps/{appId}/group-push/mappings", [&self.app])
    }

    fn mapping(&self, method: Method, id: &str) -> Request<OktaError> {
        let template = "/api/v1/apps/{appId}/group-push/mappings/{mappingId}";
        self.client.request(method, template, [&self.app, id])
    }

    /// Lists the mappings of the app.
    ///
    /// Scopes `okta.apps.read` and `okta.groups.read`. Pages of 1,000 at most.
    /// Okta: [`listGroupPushMappings`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupPushMapping/#tag/GroupPushMapping/operation/listGroupPushMappings).
    ///
    /// # Errors
    /// 403 `E0000006` when the caller has no role that may see them.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    /// use okta_client::GroupPushStatus;
    ///
    /// let mut failed = okta.apps().push_mappings("0oa1").list().status(GroupPushStatus::Error).stream();
    /// while let Some(mapping) = failed.try_next().await? {
    ///     println!("{:?}: {:?}", mapping.source_group_id, mapping.error_summary);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListPushMappings {
        ListPushMappings { list: self.all(Method::GET).list().query("limit", 1000) }
    }

    /// Gets one mapping.
    ///
    /// Scopes `okta.apps.read` and `okta.groups.read`.
    /// Okta: [`getGroupPushMapping`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupPushMapping/#tag/GroupPushMapping/operation/getGroupPushMapping).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let mapping = okta.apps().push_mappings("0oa1").get("gPm1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: impl AsRef<str>) -> Result<PushMapping> {
        self.mapping(Method::GET, id.as_ref()).json().await
    }

    /// Pushes a group to the app. A group of that name in the app is taken over.
    ///
    /// Scopes `okta.apps.manage` and `okta.groups.manage`. Not repeated when it is unclear whether
    /// Okta has done it.
    /// Okta: [`createGroupPushMapping`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupPushMapping/#tag/GroupPushMapping/operation/createGroupPushMapping).
    ///
    /// # Errors
    /// 400 `E0000001` with causes, also when the group is pushed already.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::PushTarget;
    ///
    /// let target = PushTarget::Named("Engineering".into());
    /// let mapping = okta.apps().push_mappings("0oa1").create("00g1", target).await?;
    /// # Ok(()) }
    /// ```
    pub fn create(&self, source_group: impl AsRef<str>, target: PushTarget) -> CreatePushMapping {
        let mut body = Map::new();
        body.insert("sourceGroupId".to_owned(), source_group.as_ref().into());
        match target {
            PushTarget::Named(name) => body.insert("targetGroupName".to_owned(), name.into()),
            PushTarget::Existing(id) => body.insert("targetGroupId".to_owned(), id.as_str().into()),
        };
        CreatePushMapping { request: self.all(Method::POST).if_unclear(CREATED_MAYBE), body }
    }

    /// Pushes the group of an inactive mapping, or of one that failed, again.
    ///
    /// Scopes `okta.apps.manage` and `okta.groups.manage`. The status is all that can be changed.
    /// Okta: [`updateGroupPushMapping`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupPushMapping/#tag/GroupPushMapping/operation/updateGroupPushMapping).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().push_mappings("0oa1").activate("gPm1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn activate(&self, id: impl AsRef<str>) -> Result<PushMapping> {
        self.set_status(id.as_ref(), GroupPushStatus::Active).await
    }

    /// Stops pushing a group; its mapping can then be deleted.
    ///
    /// Scopes `okta.apps.manage` and `okta.groups.manage`.
    /// Okta: [`updateGroupPushMapping`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupPushMapping/#tag/GroupPushMapping/operation/updateGroupPushMapping).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().push_mappings("0oa1").deactivate("gPm1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn deactivate(&self, id: impl AsRef<str>) -> Result<PushMapping> {
        self.set_status(id.as_ref(), GroupPushStatus::Inactive).await
    }

    async fn set_status(&self, id: &str, status: GroupPushStatus) -> Result<PushMapping> {
        let request = self.mapping(Method::PATCH, id).body(&json!({"status": status}));
        request.safe_to_repeat().json().await
    }

    /// Deletes an inactive mapping; the group in the app stays, unless told otherwise.
    ///
    /// Scopes `okta.apps.manage` and `okta.groups.manage`. Repeated when Okta fails; after a lost
    /// answer the repeat finds no mapping, so take a 404 for done.
    /// Okta: [`deleteGroupPushMapping`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupPushMapping/#tag/GroupPushMapping/operation/deleteGroupPushMapping).
    ///
    /// # Errors
    /// 400 when the mapping is not inactive: [`deactivate`](Self::deactivate) it first; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let mappings = okta.apps().push_mappings("0oa1");
    /// mappings.deactivate("gPm1").await?;
    /// mappings.delete("gPm1").delete_target_group(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn delete(&self, id: impl AsRef<str>) -> DeletePushMapping {
        let request = self.mapping(Method::DELETE, id.as_ref()).safe_to_repeat();
        DeletePushMapping { request }.delete_target_group(false)
    }
}

/// A listing of the groups that are pushed to an app; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListPushMappings {
    list: List<OktaError, PushMapping>,
}

list_options!(ListPushMappings => PushMapping, "Okta's maximum is 1,000, its default 100.");

impl ListPushMappings {
    fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.list = self.list.query(name, value);
        self
    }

    /// Only those of a group in Okta.
    pub fn source_group(self, id: impl AsRef<str>) -> Self {
        self.with("sourceGroupId", id.as_ref())
    }

    /// Only those of a status.
    pub fn status(self, status: GroupPushStatus) -> Self {
        self.with("status", status)
    }

    /// Only those that changed then or later, such as `2026-01-02T03:04:05Z`.
    pub fn updated_since(self, time: impl fmt::Display) -> Self {
        self.with("lastUpdated", time)
    }
}

/// Pushes a group to an app when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct CreatePushMapping {
    request: Request<OktaError>,
    body: Map<String, Value>,
}

impl CreatePushMapping {
    /// Whether it is pushed at once; it is by default.
    pub fn status(mut self, status: GroupPushStatus) -> Self {
        self.body.insert("status".to_owned(), status.as_str().into());
        self
    }

    /// What Active Directory needs to know.
    pub fn app_config(mut self, config: &PushAppConfig) -> Self {
        // A struct of text with names that are text can always be written.
        self.body.insert("appConfig".to_owned(), json!(config));
        self
    }
}

awaitable!(CreatePushMapping => PushMapping, this { this.request.body(&this.body).json().await });

/// Deletes a mapping when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct DeletePushMapping {
    request: Request<OktaError>,
}

impl DeletePushMapping {
    /// Whether the group in the app is deleted too.
    pub fn delete_target_group(mut self, delete: bool) -> Self {
        self.request = self.request.query("deleteTargetGroup", delete);
        self
    }
}

awaitable!(DeletePushMapping => (), this { this.request.done().await });
