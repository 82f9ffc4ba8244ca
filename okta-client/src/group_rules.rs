//! Group rules: list, get, create, replace, delete, activate, deactivate.

use std::fmt;

use http::Method;
use rest_core::{Client, List, Request};

use crate::call::{awaitable, list_options};
use crate::error::{OktaError, Result};
use crate::group_rule::GroupRule;

const CREATED_MAYBE: &str =
    "the rule may have been created: look its name up before creating it again";
const READ_RULE: &str = "it may have been done: read the rule before repeating it";

/// The group rules of an org.
///
/// Okta re-orders all rules after each change and refuses others meanwhile (423 `E0000239`): such a
/// call is repeated after a pause.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/>
#[derive(Clone, Debug)]
pub struct GroupRules {
    client: Client<OktaError>,
}

impl GroupRules {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    fn rule(&self, method: Method, id: &str) -> Request<OktaError> {
        self.client.request(method, "/api/v1/groups/rules/{groupRuleId}", [id])
    }

    /// Lists group rules.
    ///
    /// Scope `okta.groups.read`. Pages of 50 unless another size is set, 200 at most.
    /// Okta: [`listGroupRules`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/#tag/GroupRule/operation/listGroupRules).
    ///
    /// # Errors
    /// 403 `E0000006` when the caller has no role that may see them.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut rules = okta.group_rules().list().search("Sales").stream();
    /// while let Some(rule) = rules.try_next().await? {
    ///     println!("{} {:?} {:?}", rule.id, rule.status, rule.expression());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListGroupRules {
        ListGroupRules { list: self.client.request(Method::GET, "/api/v1/groups/rules", []).list() }
    }

    /// Gets one rule.
    ///
    /// Scope `okta.groups.read`.
    /// Okta: [`getGroupRule`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/#tag/GroupRule/operation/getGroupRule).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let rule = okta.group_rules().get("0pr1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: impl AsRef<str>) -> Result<GroupRule> {
        self.rule(Method::GET, id.as_ref()).json().await
    }

    /// As [`get`](Self::get), with `None` when there is no such rule.
    ///
    /// Scope `okta.groups.read`.
    /// Okta: [`getGroupRule`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/#tag/GroupRule/operation/getGroupRule).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let known = okta.group_rules().try_get("0pr1").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, id: impl AsRef<str>) -> Result<Option<GroupRule>> {
        self.rule(Method::GET, id.as_ref()).optional().await
    }

    /// As [`get`](Self::get), with the names of its groups in [`embedded`](GroupRule::embedded).
    ///
    /// Scope `okta.groups.read`.
    /// Okta: [`getGroupRule`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/#tag/GroupRule/operation/getGroupRule).
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let rule = okta.group_rules().get_with_names("0pr1").await?;
    /// let names = rule.embedded.and_then(|embedded| embedded.get().ok()?.group_names);
    /// println!("{names:?}");
    /// # Ok(()) }
    /// ```
    pub async fn get_with_names(&self, id: impl AsRef<str>) -> Result<GroupRule> {
        self.rule(Method::GET, id.as_ref()).query("expand", NAMES).json().await
    }

    /// Creates a rule, which is inactive until [`activate`](Self::activate) is called.
    ///
    /// Scope `okta.groups.manage`. Not repeated when it is unclear whether Okta has created it.
    /// Okta: [`createGroupRule`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/#tag/GroupRule/operation/createGroupRule).
    ///
    /// # Errors
    /// 400 `E0000001` with causes, such as for an expression that Okta does not understand; 423
    /// `E0000239` when the rules are still re-ordered after all attempts.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::GroupRule;
    ///
    /// let rule = GroupRule::new("Sales", "user.department==\"Sales\"", ["00g1"]);
    /// let rule = okta.group_rules().create(&rule).await?;
    /// okta.group_rules().activate(&rule.id).await?;
    /// # Ok(()) }
    /// ```
    pub async fn create(&self, rule: &GroupRule) -> Result<GroupRule> {
        let request = self.client.request(Method::POST, "/api/v1/groups/rules", []);
        request.if_unclear(CREATED_MAYBE).body(&rule.sent()).json().await
    }

    /// Replaces a rule's name and conditions. The rule must be inactive, and its groups cannot be
    /// changed at all: for other groups create another rule.
    ///
    /// Scope `okta.groups.manage`. Safe to repeat.
    /// Okta: [`replaceGroupRule`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/#tag/GroupRule/operation/replaceGroupRule).
    ///
    /// # Errors
    /// 400 `E0000001` with causes, also for a rule that is active: [`deactivate`](Self::deactivate)
    /// it first; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let rules = okta.group_rules();
    /// rules.deactivate("0pr1").await?;
    /// let rule = rules.get("0pr1").await?.with_expression("user.department==\"Pre-Sales\"");
    /// rules.replace(&rule.id, &rule).await?;
    /// rules.activate(&rule.id).await?;
    /// # Ok(()) }
    /// ```
    pub async fn replace(&self, id: impl AsRef<str>, rule: &GroupRule) -> Result<GroupRule> {
        self.rule(Method::PUT, id.as_ref()).body(&rule.sent()).json().await
    }

    /// Deletes a rule. Its members stay in the groups unless
    /// [`remove_users`](DeleteGroupRule::remove_users) is said; Okta works on after its answer.
    ///
    /// Scope `okta.groups.manage`. Not repeated when it is unclear whether it was done.
    /// Okta: [`deleteGroupRule`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/#tag/GroupRule/operation/deleteGroupRule).
    ///
    /// # Errors
    /// 404 `E0000007` when it is gone; a 4xx for a rule that is active.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.group_rules().deactivate("0pr1").await?;
    /// okta.group_rules().delete("0pr1").remove_users(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn delete(&self, id: impl AsRef<str>) -> DeleteGroupRule {
        DeleteGroupRule { request: self.rule(Method::DELETE, id.as_ref()).if_unclear(READ_RULE) }
    }

    /// Puts a rule to work.
    ///
    /// Scope `okta.groups.manage`. Okta adds the members later, not before it answers.
    /// Okta: [`activateGroupRule`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/#tag/GroupRule/operation/activateGroupRule).
    ///
    /// # Errors
    /// 404 `E0000007`; a 400 when the rule is invalid, such as when its group is gone.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.group_rules().activate("0pr1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn activate(&self, id: impl AsRef<str>) -> Result<()> {
        self.act("/api/v1/groups/rules/{groupRuleId}/lifecycle/activate", id.as_ref()).await
    }

    /// Puts a rule out of work; its members stay in the groups.
    ///
    /// Scope `okta.groups.manage`.
    /// Okta: [`deactivateGroupRule`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/#tag/GroupRule/operation/deactivateGroupRule).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.group_rules().deactivate("0pr1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn deactivate(&self, id: impl AsRef<str>) -> Result<()> {
        self.act("/api/v1/groups/rules/{groupRuleId}/lifecycle/deactivate", id.as_ref()).await
    }

    async fn act(&self, template: &'static str, id: &str) -> Result<()> {
        let request = self.client.request(Method::POST, template, [id]);
        request.if_unclear(READ_RULE).done().await
    }
}

const NAMES: &str = "groupIdToGroupNameMap";

/// A listing of group rules; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListGroupRules {
    list: List<OktaError, GroupRule>,
}

list_options!(ListGroupRules => GroupRule, "50 by default, 200 at most.");

impl ListGroupRules {
    /// Only rules that match a word, such as one of their name; not an expression.
    pub fn search(mut self, word: impl fmt::Display) -> Self {
        self.list = self.list.query("search", word);
        self
    }

    /// Gives the names of each rule's groups in [`embedded`](GroupRule::embedded).
    pub fn with_names(mut self) -> Self {
        self.list = self.list.query("expand", NAMES);
        self
    }
}

/// Deletes a group rule when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct DeleteGroupRule {
    request: Request<OktaError>,
}

impl DeleteGroupRule {
    /// Whether to take those out of the groups whom the rule has added; `false` by default.
    pub fn remove_users(mut self, remove: bool) -> Self {
        self.request = self.request.query("removeUsers", remove);
        self
    }
}

awaitable!(DeleteGroupRule => (), this { this.request.done().await });
