//! A group rule: whom it concerns, and the groups that they become members of.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{model, writable};
use crate::value::{DateTime, GroupId, GroupRuleId, Lazy, UserId};

rest_core::open_enum! {
    /// Whether a rule is at work.
    pub enum GroupRuleStatus {
        /// It adds and removes members.
        Active = "ACTIVE",
        /// It does nothing, and can be changed.
        Inactive = "INACTIVE",
        /// It cannot work any more, such as when its group is gone.
        Invalid = "INVALID",
    }
}

model! {
    /// A rule that makes users members of groups; Okta evaluates it some time after a user changes.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/GroupRule/>
    pub struct GroupRule[id: GroupRuleId] {
        /// The name, of 50 characters at most.
        name: String = "name",
        /// Always `group_rule`.
        rule_type: String = "type",
        /// Whom it concerns.
        conditions: RuleConditions = "conditions",
        /// What it does.
        actions: RuleActions = "actions",
    }
    read {
        /// Whether it is at work; changed by activating and deactivating only.
        status: GroupRuleStatus = "status",
        /// When it was created.
        created: DateTime = "created",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// Whether all its groups are still there.
        all_groups_valid: bool = "allGroupsValid",
        /// The names of its groups, if they were asked for.
        embedded: Lazy<RuleNames> = "_embedded",
    }
}

model! {
    /// Whom a rule concerns.
    pub struct RuleConditions {
        /// The users for whom this is true.
        expression: RuleExpression = "expression",
        /// Exceptions by name.
        people: RulePeople = "people",
    }
}

model! {
    /// An expression in Okta's language that is true or false of a user.
    ///
    /// <https://developer.okta.com/docs/reference/okta-expression-language/#expressions-in-group-rules>
    pub struct RuleExpression {
        /// The expression, such as `user.department=="Sales"`.
        value: String = "value",
        /// Always `urn:okta:expression:1.0`.
        language: String = "type",
    }
}

model! {
    /// Exceptions of a rule.
    pub struct RulePeople {
        /// Users.
        users: ExcludedUsers = "users",
        /// Groups; Okta does not support excluding them.
        groups: ExcludedGroups = "groups",
    }
}

model! {
    /// Users whom a rule leaves alone.
    pub struct ExcludedUsers {
        /// Their ids.
        exclude: Vec<UserId> = "exclude",
    }
}

model! {
    /// Groups whose members a rule leaves alone; Okta does not support it.
    pub struct ExcludedGroups {
        /// Their ids.
        exclude: Vec<GroupId> = "exclude",
    }
}

model! {
    /// What a rule does. Okta takes no change of it after the rule is created.
    pub struct RuleActions {
        /// The groups that users are added to.
        assign_user_to_groups: RuleGroups = "assignUserToGroups",
    }
}

model! {
    /// The groups of a rule.
    pub struct RuleGroups {
        /// Their ids.
        group_ids: Vec<GroupId> = "groupIds",
    }
}

model! {
    /// What a rule's answer holds besides, when it was asked for.
    pub struct RuleNames {}
    read {
        /// The names of the rule's groups, by their ids.
        group_names: BTreeMap<GroupId, Option<String>> = "groupIdToGroupNameMap",
    }
}

impl GroupRule {
    /// A rule to be created: users for whom the expression is true are added to these groups.
    ///
    /// ```
    /// use okta_client::GroupRule;
    ///
    /// let rule = GroupRule::new("Sales", "user.department==\"Sales\"", ["00g1"]);
    /// let rule = rule.exclude_users(["00u1"]);
    /// ```
    pub fn new<G: Into<GroupId>>(
        name: impl Into<String>,
        expression: impl Into<String>,
        groups: impl IntoIterator<Item = G>,
    ) -> Self {
        let groups: Vec<GroupId> = groups.into_iter().map(Into::into).collect();
        let actions = RuleActions::default();
        Self::default()
            .name(name)
            .rule_type("group_rule")
            .actions(actions.assign_user_to_groups(RuleGroups::default().group_ids(groups)))
            .with_expression(expression)
    }

    /// Sets the expression.
    #[must_use]
    pub fn with_expression(mut self, expression: impl Into<String>) -> Self {
        let expression = RuleExpression::default().value(expression);
        let conditions = self.conditions.take().unwrap_or_default();
        self.conditions(conditions.expression(expression.language("urn:okta:expression:1.0")))
    }

    /// Sets the users whom the rule leaves alone.
    #[must_use]
    pub fn exclude_users<U: Into<UserId>>(mut self, users: impl IntoIterator<Item = U>) -> Self {
        let users: Vec<UserId> = users.into_iter().map(Into::into).collect();
        let mut conditions = self.conditions.take().unwrap_or_default();
        let people = conditions.people.take().unwrap_or_default();
        let people = people.users(ExcludedUsers::default().exclude(users));
        self.conditions(conditions.people(people))
    }

    /// The expression.
    pub fn expression(&self) -> Option<&str> {
        self.conditions.as_ref()?.expression.as_ref()?.value.as_deref()
    }

    /// The groups that users are added to.
    pub fn group_ids(&self) -> &[GroupId] {
        let groups = self.actions.as_ref().and_then(|does| does.assign_user_to_groups.as_ref());
        groups.and_then(|groups| groups.group_ids.as_deref()).unwrap_or_default()
    }

    /// The users whom the rule leaves alone.
    pub fn excluded_users(&self) -> &[UserId] {
        let people = self.conditions.as_ref().and_then(|whom| whom.people.as_ref());
        let users = people.and_then(|people| people.users.as_ref());
        users.and_then(|users| users.exclude.as_deref()).unwrap_or_default()
    }

    /// What is sent of a rule.
    pub(crate) fn sent(&self) -> Value {
        let by_okta =
            ["id", "status", "created", "lastUpdated", "allGroupsValid", "_embedded", "_links"];
        writable(self, &by_okta)
    }
}
