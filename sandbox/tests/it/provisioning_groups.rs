use reqwest::Method;
use sandbox::{Quirks, ScimOptions};
use serde_json::{Value, json};

use crate::provisioning_support::Connected;
use crate::scim_support::{group, user};
use crate::support::Answer;

impl Connected {
    fn group(&self, name: &str) -> Value {
        let groups = self.org.sandbox.scim().groups();
        groups.into_iter().find(|group| group["displayName"] == name).unwrap_or_default()
    }

    fn members(&self, name: &str) -> Vec<String> {
        let id = self.group(name)["id"].as_str().unwrap().to_owned();
        let mut members = self.org.sandbox.scim().members(&id).unwrap();
        members.sort();
        members
    }

    fn ids(&self, positions: &[u64]) -> Vec<String> {
        let id = |position: &u64| self.account(*position)["id"].as_str().unwrap().to_owned();
        let mut ids: Vec<String> = positions.iter().map(id).collect();
        ids.sort();
        ids
    }

    async fn turn(&self, pushed: &Answer, status: &str) -> Answer {
        let path = format!("{}/group-push/mappings/{}", self.app, pushed.id());
        let request = self.org.request(Method::PATCH, &path).json(&json!({"status": status}));
        Answer::of(request).await
    }

    async fn unlink(&self, pushed: &Answer, deletes: bool) -> Vec<String> {
        self.turn(pushed, "INACTIVE").await;
        let path = format!("{}/group-push/mappings/{}", self.app, pushed.id());
        self.sent(self.org.delete(&format!("{path}?deleteTargetGroup={deletes}"))).await
    }
}

async fn with_people(options: ScimOptions) -> Connected {
    let all = Connected::to_sandbox(options).await;
    for position in 0..3 {
        all.assign(position).await;
    }
    all.settled().await;
    all
}

#[tokio::test]
async fn a_group_is_pushed_renamed_and_followed() {
    let all = with_people(ScimOptions::default()).await;
    // Who is not assigned is not pushed.
    let team = all.make_group("Team", &[0, 1, 5]).await;
    let pushed = all.push(&team, "Team there").await;
    assert_eq!(all.mapping(&pushed).await["status"], "ACTIVE");
    assert!(all.mapping(&pushed).await["lastPush"].is_string());
    assert_eq!(
        all.requests()[8..],
        ["GET /Groups", "POST /Groups", "PATCH /Groups/*", "PATCH /Groups/*"]
    );
    assert_eq!(all.members("Team there"), all.ids(&[0, 1]));
    let made = &all.org.sandbox.okta().provisioning_requests()[9];
    assert!(made.body.as_ref().unwrap().contains(r#""members":[]"#), "{made}");

    let member = |position: u64| format!("/groups/{team}/users/{}", all.user_id(position));
    let sent = all.sent(all.org.put(&member(2), json!({}))).await;
    assert_eq!(sent, ["PATCH /Groups/*", "PATCH /Groups/*"]);
    all.sent(all.org.delete(&member(0))).await;
    let last = all.org.sandbox.okta().provisioning_requests().pop().unwrap();
    let path = format!(r#""path":"members[value eq \"{}\"]""#, all.ids(&[0])[0]);
    assert!(last.body.unwrap().contains(&path));
    assert_eq!(all.members("Team there"), all.ids(&[1, 2]));
    // Nobody gets in who is not provisioned, until they are.
    assert_eq!(all.sent(all.assign(5)).await.len(), 4);
    assert_eq!(all.members("Team there"), all.ids(&[1, 2, 5]));

    let renamed = json!({"profile": {"name": "Crew"}});
    let sent = all.sent(all.org.put(&format!("/groups/{team}"), renamed)).await;
    assert_eq!(sent, ["PATCH /Groups/*"]);
    assert_eq!(all.members("Crew"), all.ids(&[1, 2, 5]));
    let target = pushed.body["targetGroupId"].as_str().unwrap();
    assert_eq!(all.org.get(&format!("/groups/{target}")).await.body["profile"]["name"], "Crew");
    assert_eq!(all.failures(), []);
}

#[tokio::test]
async fn a_group_that_is_there_is_linked_and_its_members_replaced() {
    let all = with_people(ScimOptions::default()).await;
    let stranger = all.org.sandbox.scim().insert_user(user("stranger")).unwrap();
    all.org.sandbox.scim().insert_group(group("team", &[stranger])).unwrap();
    let team = all.make_group("Team", &[0]).await;
    let sent = all.sent(all.push(&team, "Team")).await;
    assert_eq!(sent, ["GET /Groups", "PATCH /Groups/*", "PATCH /Groups/*"]);
    assert_eq!(all.org.sandbox.scim().groups().len(), 1);
    assert_eq!(all.members("Team"), all.ids(&[0]));
}

#[tokio::test]
async fn a_paused_group_waits_and_is_pushed_whole_afterwards() {
    let all = with_people(ScimOptions::default()).await;
    let team = all.make_group("Team", &[0]).await;
    let pushed = all.push(&team, "Team").await;
    all.settled().await;
    all.turn(&pushed, "INACTIVE").await;
    let joins = format!("/groups/{team}/users/{}", all.user_id(1));
    assert_eq!(all.sent(all.org.put(&joins, json!({}))).await, Vec::<String>::new());
    let sent = all.sent(all.turn(&pushed, "ACTIVE")).await;
    assert_eq!(sent, ["PATCH /Groups/*", "PATCH /Groups/*"]);
    let last = all.org.sandbox.okta().provisioning_requests().pop().unwrap();
    assert!(last.body.unwrap().contains(r#""op":"replace","path":"members""#));
    assert_eq!(all.members("Team"), all.ids(&[0, 1]));
}

#[tokio::test]
async fn a_group_is_deleted_only_when_asked_for() {
    let all = with_people(ScimOptions::default()).await;
    for (name, deletes, expected) in
        [("Kept", false, &[][..]), ("Gone", true, &["DELETE /Groups/*"][..])]
    {
        let group = all.make_group(name, &[0]).await;
        let pushed = all.push(&group, name).await;
        all.settled().await;
        assert_eq!(all.unlink(&pushed, deletes).await, expected);
        assert_eq!(all.group(name).is_null(), deletes);
    }
}

#[tokio::test]
async fn products_without_groups_or_patch_say_so_in_the_mapping() {
    let mut no_patch = Quirks::default();
    no_patch.set("no_patch");
    for (options, reason) in [
        (ScimOptions { groups: false, ..ScimOptions::default() }, "absent"),
        (ScimOptions::default().quirks(no_patch), "the server cannot do it"),
    ] {
        let all = with_people(options).await;
        let team = all.make_group("Team", &[0]).await;
        let pushed = all.push(&team, "Team").await;
        let mapping = all.mapping(&pushed).await;
        assert_eq!(mapping["status"], "ERROR", "{reason}");
        let summary = mapping["errorSummary"].as_str().unwrap();
        assert!(!summary.is_empty(), "{reason}");
        let failures = all.failures();
        let kind = "application.provision.group_push.mapping.update.or.delete.failed.with.error";
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert_eq!((failures[0].0.as_str(), failures[0].1.as_str()), (kind, summary));
        let listed = all.org.get(&format!("{}/group-push/mappings?status=ERROR", all.app)).await;
        assert_eq!(listed.items().len(), 1);
    }
}

#[tokio::test]
async fn habits_of_servers_that_okta_survives_and_does_not() {
    let sent = |name: &'static str| async move {
        let mut quirks = Quirks::default();
        assert!(quirks.set(name), "{name}");
        let all = with_people(ScimOptions::default().seed_people(1).quirks(quirks)).await;
        all.sent(all.unassign(2)).await;
        let team = all.make_group("Team", &[0, 1]).await;
        all.push(&team, "Team").await;
        all.settled().await;
        let wrong: Vec<String> =
            all.verdicts().into_iter().filter(|(is_ok, _)| !is_ok).map(|(_, why)| why).collect();
        (wrong, all)
    };
    for name in [
        "patch_answers_204",
        "not_found_on_empty_lookup",
        "relative_location",
        "no_location_header",
        "numeric_status",
        "empty_lists_shown",
        "decimal_ids",
        "etags_unsupported",
        "discovery_missing",
        "content_type_text_html",
        "resources_missing_when_empty",
        "short_pages",
    ] {
        let (wrong, all) = sent(name).await;
        assert_eq!(wrong, Vec::<String>::new(), "{name}");
        assert_eq!(all.account(2)["active"], false, "{name}");
        assert_eq!(all.members("Team"), all.ids(&[0, 1]), "{name}");
    }
    for (name, why) in [
        ("no_patch", "the server cannot do it"),
        ("create_answers_empty", "returned empty user"),
        ("total_results_missing", "`totalResults` is missing"),
        ("counters_as_text", "is not a number"),
        ("ignores_filters", "Okta would take the wrong one"),
        ("finds_nobody", "though the lookup found nobody"),
        ("no_pathless_group_patch", "the server cannot do it"),
    ] {
        let (wrong, _) = sent(name).await;
        assert!(wrong.iter().any(|told| told.contains(why)), "{name}: {wrong:?}");
    }
}
