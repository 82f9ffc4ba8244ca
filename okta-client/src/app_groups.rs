//! The groups that are assigned to an app.

use std::fmt;

use http::Method;
use rest_core::{Client, List, Request};
use serde_json::{Map, Value, json};

use crate::apps::GetExpanded;
use crate::attributes::Attributes;
use crate::call::{awaitable, list_options};
use crate::error::{OktaError, Result};
use crate::model::model;
use crate::user::Links;
use crate::value::{DateTime, GroupId, Lazy};

model! {
    /// A group's assignment to an app. What is null or unknown to this crate is written back as it came.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationGroups/>
    pub struct AppGroup[id: GroupId] {
        /// Which group gives a user's profile when several do: the lowest number.
        priority: i64 = "priority",
        /// What the group's members get in the app: an open set.
        profile: Attributes = "profile",
    }
    read {
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// The app, the group and itself. Text until asked for.
        links: Lazy<Links> = "_links",
        /// What `expand` asked for. Text until asked for.
        embedded: Lazy<Value> = "_embedded",
    }
}

const CHANGED_MAYBE: &str = "the assignment may have been changed: get it before changing it again";

/// The groups that are assigned to one app.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationGroups/>
#[derive(Clone, Debug)]
pub struct AppGroups {
    client: Client<OktaError>,
    app: String,
}

impl AppGroups {
    pub(crate) fn new(client: Client<OktaError>, app: &str) -> Self {
        Self { client, app: app.to_owned() }
    }

    fn group(&self, method: Method, group: &str) -> Request<OktaError> {
        self.client.request(method, "/api/v1/apps/{appId}/groups/{groupId}", [&self.app, group])
    }

    /// Lists the groups of the app.
    ///
    /// Scope `okta.apps.read`. Pages of 20 to 200.
    /// Okta: [`listApplicationGroupAssignments`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationGroups/#tag/ApplicationGroups/operation/listApplicationGroupAssignments).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such app.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut groups = okta.apps().groups("0oa1").list().stream();
    /// while let Some(group) = groups.try_next().await? {
    ///     println!("{} {:?}", group.id, group.priority);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListAppGroups {
        let template = "/api/v1/apps/{appId}/groups";
        let list = self.client.request(Method::GET, template, [&self.app]).list();
        ListAppGroups { list: list.query("limit", 200) }
    }

    /// Gets the assignment of one group.
    ///
    /// Scope `okta.apps.read`. [`expand`](GetExpanded::expand) takes `group` or `metadata`.
    /// Okta: [`getApplicationGroupAssignment`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationGroups/#tag/ApplicationGroups/operation/getApplicationGroupAssignment).
    ///
    /// # Errors
    /// 404 `E0000007` when it is not assigned; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let group = okta.apps().groups("0oa1").get("00g1").await?;
    /// # Ok(()) }
    /// ```
    pub fn get(&self, group: impl AsRef<str>) -> GetExpanded<AppGroup> {
        GetExpanded::new(self.group(Method::GET, group.as_ref()))
    }

    /// As [`get`](Self::get), with `None` when the group is not assigned.
    ///
    /// Scope `okta.apps.read`.
    /// Okta: [`getApplicationGroupAssignment`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationGroups/#tag/ApplicationGroups/operation/getApplicationGroupAssignment).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let assigned = okta.apps().groups("0oa1").try_get("00g1").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, group: impl AsRef<str>) -> Result<Option<AppGroup>> {
        self.group(Method::GET, group.as_ref()).optional().await
    }

    /// Assigns a group to the app, and its members with it; one that is assigned gets the priority
    /// and profile that are given.
    ///
    /// Scope `okta.apps.manage`.
    /// Okta: [`assignGroupToApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationGroups/#tag/ApplicationGroups/operation/assignGroupToApplication).
    ///
    /// # Errors
    /// 400 `E0000001` with causes; 404 `E0000007` when the app or the group does not exist.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().groups("0oa1").assign("00g1").priority(1).set("role", "viewer").await?;
    /// # Ok(()) }
    /// ```
    pub fn assign(&self, group: impl AsRef<str>) -> AssignGroup {
        let request = self.group(Method::PUT, group.as_ref()).safe_to_repeat();
        AssignGroup { request, priority: None, profile: Map::new() }
    }

    /// Changes the priority or single attributes of an assignment, and nothing else of it.
    ///
    /// Scope `okta.apps.manage`. Sent as a JSON Patch; not repeated when it is unclear whether Okta
    /// has done it.
    /// Okta: [`updateGroupAssignmentToApplication`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationGroups/#tag/ApplicationGroups/operation/updateGroupAssignmentToApplication).
    ///
    /// # Errors
    /// 400 `E0000001` with causes; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().groups("0oa1").update("00g1").set("role", "editor").remove("manager").await?;
    /// # Ok(()) }
    /// ```
    pub fn update(&self, group: impl AsRef<str>) -> UpdateAppGroup {
        let request = self.group(Method::PATCH, group.as_ref()).if_unclear(CHANGED_MAYBE);
        UpdateAppGroup { request, operations: Vec::new() }
    }

    /// Takes a group out of the app, and with it the members who have no other assignment.
    ///
    /// Scope `okta.apps.manage`. Repeated when Okta fails; after a lost answer the repeat may find no
    /// assignment, so take a 404 for done.
    /// Okta: [`unassignApplicationFromGroup`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationGroups/#tag/ApplicationGroups/operation/unassignApplicationFromGroup).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.apps().groups("0oa1").unassign("00g1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn unassign(&self, group: impl AsRef<str>) -> Result<()> {
        self.group(Method::DELETE, group.as_ref()).safe_to_repeat().done().await
    }
}

/// A listing of an app's groups; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListAppGroups {
    list: List<OktaError, AppGroup>,
}

list_options!(ListAppGroups => AppGroup, "Okta's minimum is 20, its maximum 200.");

impl ListAppGroups {
    /// Only groups whose name begins so.
    pub fn q(mut self, prefix: impl fmt::Display) -> Self {
        self.list = self.list.query("q", prefix);
        self
    }

    /// Puts more into `_embedded`: `group` or `metadata`.
    pub fn expand(mut self, what: impl fmt::Display) -> Self {
        self.list = self.list.query("expand", what);
        self
    }
}

/// Assigns a group to an app when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct AssignGroup {
    request: Request<OktaError>,
    priority: Option<i64>,
    profile: Map<String, Value>,
}

impl AssignGroup {
    /// Which group gives a user's profile when several do: the lowest number, from 0.
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Sets an attribute that the group's members get in the app.
    pub fn set(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.profile.insert(name.into(), value.into());
        self
    }

    fn ready(self) -> Request<OktaError> {
        let mut body = Map::new();
        body.extend(self.priority.map(|priority| ("priority".to_owned(), priority.into())));
        if !self.profile.is_empty() {
            body.insert("profile".to_owned(), self.profile.into());
        }
        self.request.body(&body)
    }
}

awaitable!(AssignGroup => AppGroup, this { this.ready().json().await });

/// Changes a group's assignment when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct UpdateAppGroup {
    request: Request<OktaError>,
    operations: Vec<Value>,
}

impl UpdateAppGroup {
    fn replace(mut self, path: &str, value: Value) -> Self {
        self.operations.push(json!({"op": "replace", "path": path, "value": value}));
        self
    }

    /// Sets the priority.
    pub fn priority(self, priority: i64) -> Self {
        self.replace("/priority", priority.into())
    }

    /// Sets an attribute that the group's members get in the app.
    pub fn set(self, name: impl AsRef<str>, value: impl Into<Value>) -> Self {
        self.replace(&attribute(name.as_ref()), value.into())
    }

    /// Removes an attribute.
    pub fn remove(mut self, name: impl AsRef<str>) -> Self {
        self.operations.push(json!({"op": "remove", "path": attribute(name.as_ref())}));
        self
    }
}

/// The JSON Pointer of an attribute.
fn attribute(name: &str) -> String {
    format!("/profile/{}", name.replace('~', "~0").replace('/', "~1"))
}

awaitable!(UpdateAppGroup => AppGroup, this { this.request.body(&this.operations).json().await });
