//! Every operation the sandbox has, in the circumstances that were recorded.

use serde_json::{Value, json};

use super::Exchange;
use crate::support::{Answer, Org, query};

/// Every operation the sandbox has, in the circumstances that were recorded.
pub(super) async fn drive() -> Ours {
    let org = Org::with(600).await;
    let mut ours = Ours { org, exchanges: Vec::new() };
    users(&mut ours).await;
    lifecycle(&mut ours).await;
    credentials(&mut ours).await;
    groups(&mut ours).await;
    rest(&mut ours).await;
    super::apps::drive(&mut ours).await;
    administration(&mut ours).await;
    for answer in crate::oauth::bound_token().await {
        ours.keep("token", answer);
    }
    ours
}

pub(super) struct Ours {
    pub(super) org: Org,
    pub(super) exchanges: Vec<Exchange>,
}

impl Ours {
    pub(super) fn keep(&mut self, operation: &str, answer: Answer) -> Value {
        let headers = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
        let (status, body) = (answer.status, answer.body.clone());
        let (operation, by_q) = (operation.to_owned(), answer.asked.contains("?q="));
        self.exchanges.push(Exchange { operation, status, by_q, headers, body });
        answer.body
    }

    pub(super) async fn get(&mut self, operation: &str, path: &str) -> Value {
        let answer = self.org.get(path).await;
        self.keep(operation, answer)
    }

    pub(super) async fn post(&mut self, operation: &str, path: &str, body: Value) -> Value {
        let answer = self.org.post(path, body).await;
        self.keep(operation, answer)
    }

    pub(super) async fn put(&mut self, operation: &str, path: &str, body: Value) -> Value {
        let answer = self.org.put(path, body).await;
        self.keep(operation, answer)
    }

    pub(super) async fn run(&mut self, operation: &str, path: &str) -> Value {
        let answer = self.org.run(path).await;
        self.keep(operation, answer)
    }

    pub(super) async fn delete(&mut self, operation: &str, path: &str) -> Value {
        let answer = self.org.delete(path).await;
        self.keep(operation, answer)
    }

    async fn create(&mut self, query: &str, password: bool) -> String {
        let login = format!("made.{}@x.example", self.exchanges.len());
        let profile =
            json!({"login": login, "email": login, "firstName": "John", "lastName": "Doe"});
        let credentials =
            if password { json!({"password": {"value": "long enough"}}) } else { json!({}) };
        let body = json!({"profile": profile, "credentials": credentials});
        let made = self.post("createUser", &format!("/users{query}"), body).await;
        format!("/users/{}", made["id"].as_str().unwrap())
    }
}

async fn users(ours: &mut Ours) {
    for (query, password) in
        [("", false), ("", true), ("?activate=false", false), ("?activate=false", true)]
    {
        let user = ours.create(query, password).await;
        ours.get("getUser", &user).await;
        let least = json!({"login": "x@x.example", "email": "x@x.example", "firstName": "J", "lastName": "D"});
        ours.post("updateUser", &user, json!({"profile": {"nickName": "JD"}})).await;
        ours.put("replaceUser", &user, json!({"profile": least})).await;
        ours.delete("deleteUser", &user).await;
        ours.get("getUser", &user).await;
        ours.delete("deleteUser", &user).await;
        ours.get("getUser", &user).await;
    }
    for listing in [
        "/users?limit=1".to_owned(),
        format!("/users?{}", query(&[("filter", r#"status eq "ACTIVE""#)])),
        format!(
            "/users?{}",
            query(&[("search", r#"status pr"#), ("limit", "200"), ("sortOrder", "0")])
        ),
    ] {
        ours.get("listUsers", &listing).await;
    }
    let page = ours.org.get("/users?limit=1").await;
    ours.get("listUsers", &page.links()["next"]).await;
    ours.get("listUserGroups", "/users/me/groups").await;
    ours.get("listUserBlocks", "/users/me/blocks").await;
    ours.get("listAppLinks", "/users/me/appLinks").await;
    ours.delete("revokeUserSessions", "/users/me/sessions").await;
}

async fn lifecycle(ours: &mut Ours) {
    let user = ours.create("?activate=false", true).await;
    ours.run("activateUser", &format!("{user}/lifecycle/activate?sendEmail=false")).await;
    for (operation, call) in [
        ("resetFactors", "reset_factors"),
        ("reactivateUser", "reactivate?sendEmail=false"),
        ("unlockUser", "unlock"),
        ("suspendUser", "suspend"),
        ("unsuspendUser", "unsuspend"),
        ("expirePassword", "expire_password"),
        ("expirePasswordWithTempPassword", "expire_password_with_temp_password"),
        ("resetPassword", "reset_password?sendEmail=false"),
        ("deactivateUser", "deactivate"),
    ] {
        ours.run(operation, &format!("{user}/lifecycle/{call}")).await;
    }
    let mailed = ours.create("?activate=false", false).await;
    ours.run("activateUser", &format!("{mailed}/lifecycle/activate")).await;
}

async fn credentials(ours: &mut Ours) {
    let user = ours.create("", true).await;
    let path = |call: &str| format!("{user}/credentials/{call}");
    let new =
        json!({"oldPassword": {"value": "long enough"}, "newPassword": {"value": "longer still"}});
    ours.post("changePassword", &path("change_password"), new).await;
    let asked = json!({"question": "Pet?", "answer": "Cat"});
    let body = json!({"password": {"value": "longer still"}, "recovery_question": asked});
    ours.post("changeRecoveryQuestion", &path("change_recovery_question"), body).await;
    let body =
        json!({"password": {"value": "the third one"}, "recovery_question": {"answer": "Cat"}});
    ours.post("forgotPasswordSetNewPassword", &path("forgot_password_recovery_question"), body)
        .await;
    ours.get("getUser", &user).await;
}

async fn groups(ours: &mut Ours) {
    let plain = ours.post("addGroup", "/groups", json!({"profile": {"name": "Plain"}})).await;
    let group = format!("/groups/{}", plain["id"].as_str().unwrap());
    ours.get("getGroup", &group).await;
    let described = json!({"profile": {"name": "Described", "description": "Text"}});
    ours.put("replaceGroup", &group, described).await;
    let user = ours.org.sandbox.okta().user_id(3);
    ours.put("assignUserToGroup", &format!("{group}/users/{user}"), json!({})).await;
    ours.get("listGroupUsers", &format!("{group}/users")).await;
    ours.get("listGroups", "/groups").await;
    ours.get("listGroups", "/groups?q=Everyone").await;
    ours.delete("unassignUserFromGroup", &format!("{group}/users/{user}")).await;
    ours.delete("deleteGroup", &group).await;
    ours.get("getGroup", &group).await;
}

async fn rest(ours: &mut Ours) {
    ours.get("getUserSchema", "/meta/schemas/user/default").await;
    let custom =
        json!({"definitions": {"custom": {"properties": {"x": {"title": "X", "type": "string"}}}}});
    ours.post("updateUserProfile", "/meta/schemas/user/default", custom).await;
    ours.get("getOrgSettings", "/org").await;
    ours.post("updateOrgSettings", "/org", json!({"supportPhoneNumber": "1"})).await;
    let metadata = format!("{}/.well-known/okta-organization", ours.org.sandbox.okta_url());
    ours.get("getWellknownOrgMetadata", &metadata).await;
    let groups = "/meta/schemas/group/default";
    let custom =
        json!({"definitions": {"custom": {"properties": {"y": {"title": "Y", "type": "string"}}}}});
    ours.post("updateGroupSchema", groups, custom).await;
    ours.get("getGroupSchema", groups).await;
    let kind = json!({"name": "k", "displayName": "K", "description": "D"});
    let made = ours.post("createUserType", "/meta/types/user", kind.clone()).await;
    let path = format!("/meta/types/user/{}", made["id"].as_str().unwrap());
    ours.get("getUserType", &path).await;
    ours.get("listUserTypes", "/meta/types/user").await;
    ours.post("updateUserType", &path, json!({"displayName": "L"})).await;
    ours.put("replaceUserType", &path, kind).await;
    ours.delete("deleteUserType", &path).await;
    ours.get("getUserType", &path).await;
}

async fn administration(ours: &mut Ours) {
    let user = |n| ours.org.sandbox.okta().user_id(n);
    let (first, second) = (user(4), user(5));
    let group = ours.org.post("/groups", json!({"profile": {"name": "Owned"}})).await;
    let owners = format!("/groups/{}/owners", group.id());
    let owner = json!({"id": first, "type": "USER"});
    ours.post("assignGroupOwner", &owners, owner.clone()).await;
    ours.post("assignGroupOwner", &owners, owner).await;
    ours.get("listGroupOwners", &owners).await;
    for _ in 0..2 {
        ours.delete("deleteGroupOwner", &format!("{owners}/{first}")).await;
    }
    let definitions = "/meta/schemas/user/linkedObjects";
    let end = |name: &str| json!({"name": name, "title": "T", "description": "D", "type": "USER"});
    let body = json!({"primary": end("boss"), "associated": end("report")});
    ours.post("createLinkedObjectDefinition", definitions, body).await;
    ours.get("listLinkedObjectDefinitions", definitions).await;
    ours.get("getLinkedObjectDefinition", &format!("{definitions}/boss")).await;
    let link = format!("/users/{first}/linkedObjects/boss");
    ours.put("assignLinkedObjectValueForPrimary", &format!("{link}/{second}"), json!({})).await;
    let reports = format!("/users/{second}/linkedObjects/report");
    ours.get("listLinkedObjectsForUser", &reports).await;
    ours.delete("deleteLinkedObjectForUser", &link).await;
    ours.delete("deleteLinkedObjectDefinition", &format!("{definitions}/boss")).await;
    ours.get("getLinkedObjectDefinition", &format!("{definitions}/boss")).await;
    for (of, path) in
        [("User", format!("/users/{first}")), ("Group", format!("/groups/{}", group.id()))]
    {
        let roles = format!("{path}/roles");
        ours.post(&format!("assignRoleTo{of}"), &roles, json!({"type": "SUPER_ADMIN"})).await;
        let role =
            ours.post(&format!("assignRoleTo{of}"), &roles, json!({"type": "APP_ADMIN"})).await;
        let list = if of == "User" { "listAssignedRolesForUser" } else { "listGroupAssignedRoles" };
        ours.get(list, &roles).await;
        let one = format!("{roles}/{}", role["id"].as_str().unwrap());
        ours.get(&format!("get{of}AssignedRole"), &one).await;
        if of == "User" {
            ours.get("listUsersWithRoleAssignments", "/iam/assignees/users").await;
        }
        for _ in 0..2 {
            ours.delete(&format!("unassignRoleFrom{of}"), &one).await;
        }
    }
}
