//! What the source lists, and what it says of one person, are the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::TryStreamExt;
use provisioning::source::{Member, OktaGroups};
use provisioning::{Mapping, OktaPeople, Record, Scope, SourceError};
use serde_json::json;

use crate::org::{Org, mapping};

async fn listed(people: &OktaPeople, mapping: &Arc<Mapping>) -> Vec<Record> {
    people.records(mapping.clone()).try_collect().await.unwrap()
}

/// Somebody in every state, in the group and out of it.
async fn org() -> Org {
    let org = Org::with(60).await;
    org.join(0..30).await;
    for position in 0..60 {
        org.set(&org.id(position), "department", ["Sales", "R&D"][position as usize % 2]);
    }
    let users = org.okta.users();
    for position in [3, 4, 33] {
        users.deactivate(org.id(position)).await.unwrap();
    }
    for position in [5, 6, 35] {
        users.suspend(org.id(position)).await.ok();
    }
    org
}

async fn app(org: &Org) -> String {
    let app = org.app().await;
    org.okta.apps().groups(&app).assign(&org.group).await.unwrap();
    for position in [40, 41] {
        let direct = org.okta.apps().users(&app).assign(org.id(position));
        direct.user_name(format!("direct{position}")).await.unwrap();
    }
    app
}

#[tokio::test]
async fn a_listing_and_single_people_agree_in_every_scope() {
    let org = org().await;
    let app = app(&org).await;
    let everybody = org.everybody().await;
    assert!(everybody.len() >= 60);
    let mut sizes = Vec::new();
    for scope in [
        Scope::Everyone,
        Scope::search("profile.department eq \"sales\" and status eq \"ACTIVE\"").unwrap(),
        Scope::group(&org.group),
        Scope::app(&app),
        Scope::search("status eq \"SUSPENDED\"")
            .unwrap()
            .or(Scope::group(&org.group))
            .or(Scope::app(&app)),
    ] {
        for deprovisioned in [false, true] {
            let people = OktaPeople::new(org.okta.clone()).scope(scope.clone()).page_size(7);
            let people = people.include_deprovisioned(deprovisioned);
            let listed: BTreeMap<String, Record> = listed(&people, &mapping())
                .await
                .into_iter()
                .map(|record| (format!("{record:?}"), record))
                .collect();
            let mut single = BTreeMap::new();
            for id in &everybody {
                if let Some(record) = people.record(id, &mapping()).await.unwrap() {
                    single.insert(format!("{record:?}"), record);
                }
            }
            assert_eq!(listed, single, "{scope:?} {deprovisioned}");
            sizes.push(listed.len());
        }
    }
    let in_use = org.sandbox.okta().listed_count() as usize;
    assert_eq!((sizes[0], sizes[1]), (in_use, everybody.len()), "{sizes:?}");
    assert!(sizes[0] + 3 <= sizes[1] && sizes[2] == sizes[3] && sizes[2] > 0, "{sizes:?}");
    assert_eq!((sizes[4], sizes[5]), (28, 30), "{sizes:?}");
    // Who is deprovisioned has lost the app.
    assert_eq!((sizes[6], sizes[7]), (30, 30), "{sizes:?}");
}

#[tokio::test]
async fn expressions_see_the_profile_in_the_app_groups_and_status() {
    let org = org().await;
    let app = app(&org).await;
    let mapping = Mapping::keyed_by("appuser.userName").unwrap();
    let mapping = mapping.row("who", "user.getInternalProperty(\"id\")").unwrap();
    let mapping = mapping.row("same", "source.login == user.login").unwrap();
    let mapping = mapping.row("staff", "isMemberOfGroupName(\"In scope\")").unwrap();
    let mapping = Arc::new(mapping);
    assert!(mapping.needs_groups());
    let people = OktaPeople::new(org.okta.clone()).scope(Scope::app(&app));
    let known = people.attributes().await.unwrap();
    mapping.check(|root, name| known.knows(root, name)).unwrap();
    let listed = listed(&people, &mapping).await;
    let direct = listed.iter().find(|one| one.fields()["who"] == json!(org.id(40))).unwrap();
    assert_eq!(direct.fields()["staff"], false);
    assert_eq!(direct.fields()["same"], true);
    let by_group = listed.iter().find(|one| one.fields()["who"] == json!(org.id(1))).unwrap();
    assert_eq!(by_group.fields()["staff"], true);

    let without_app = OktaPeople::new(org.okta.clone());
    let known = without_app.attributes().await.unwrap();
    let error = mapping.check(|root, name| known.knows(root, name)).unwrap_err().to_string();
    assert!(error.contains("appuser.userName"), "{error}");
}

#[tokio::test]
async fn what_fails_for_single_people_is_counted_and_named() {
    let org = Org::with(30).await;
    let mapping = Mapping::keyed_by("user.login").unwrap();
    let mapping = Arc::new(mapping.row("age", "Convert.toInt(user.firstName)").unwrap());
    let people = OktaPeople::new(org.okta.clone());
    let records = listed(&people, &mapping).await;
    let warnings = people.warnings();
    assert_eq!(warnings.count(), records.len() as u64);
    assert_eq!(warnings.first().len(), 10);
    let first = warnings.first()[0].to_string();
    assert!(first.contains("`age` is left as it is"), "{first}");
    warnings.clear();
    assert_eq!(warnings.count(), 0);
}

#[tokio::test]
async fn who_does_not_exist_is_not_in_the_source() {
    let org = Org::with(5).await;
    let people = OktaPeople::new(org.okta.clone());
    assert_eq!(people.record("00unobody", &mapping()).await.unwrap(), None);
    let refused = Scope::search("profile.department sw").unwrap_err().to_string();
    assert!(!refused.is_empty());
    assert!(Scope::search("credentials.provider eq \"x\"").is_err());
}

#[tokio::test]
async fn groups_have_names_and_the_keys_of_their_members() {
    let org = org().await;
    let groups = OktaGroups::new(org.okta.clone(), [org.group.clone()]);
    let records: Vec<Record> = groups.records().try_collect().await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(
        (records[0].key(), &records[0].fields()["displayName"]),
        (&*org.group, &json!("In scope"))
    );
    let keys: Vec<String> = groups.members(&org.group, &mapping()).try_collect().await.unwrap();
    assert_eq!(keys.len(), 28);
    let email = org.sandbox.okta().user(&org.id(1)).unwrap()["profile"]["email"].clone();
    assert!(keys.iter().any(|key| email == **key));
    let all: Vec<Member> = groups.all_members(&org.group, &mapping()).try_collect().await.unwrap();
    let is_out = |member: &&Member| matches!(member, Member::Inactive(_));
    assert_eq!((all.len(), all.iter().filter(is_out).count()), (30, 2));
    let no_key = Mapping::keyed_by("user.nickName").unwrap();
    let all: Vec<Member> = groups.all_members(&org.group, &no_key).try_collect().await.unwrap();
    assert!(all.contains(&Member::WithoutKey(org.id(1))), "{all:?}");
    let all = groups.include_deprovisioned(true);
    let keys: Vec<String> = all.members(&org.group, &mapping()).try_collect().await.unwrap();
    assert_eq!(keys.len(), 30);

    let found = OktaGroups::search(org.okta.clone(), "profile.name sw \"In\"").unwrap();
    let found: Vec<Record> = found.records().try_collect().await.unwrap();
    assert_eq!(found, records);
    let missing = OktaGroups::new(org.okta.clone(), ["00gnone"]);
    let error = missing.records().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(matches!(&error, SourceError::NoGroup(id) if id == "00gnone"), "{error}");
}

#[tokio::test]
async fn attributes_of_all_user_types_are_known() {
    let org = Org::with(5).await;
    let kind = okta_client::UserType::new("contractor", "Contractor");
    let kind = org.okta.user_types().create(&kind).await.unwrap();
    let schemas = org.okta.schemas();
    let badge = okta_client::NewAttribute::string("Badge");
    schemas.update_user(kind.schema_id().unwrap()).set("badge", badge).await.unwrap();
    let known = OktaPeople::new(org.okta.clone()).attributes().await.unwrap();
    let mapping = |from: &str| Mapping::keyed_by("user.login").unwrap().row("x", from).unwrap();
    for (from, notices) in [
        ("user.title", vec![]),
        (
            "source.badge",
            vec!["`source.badge` is there for the user type Contractor only: others have no value"],
        ),
    ] {
        let mapping = mapping(from);
        mapping.check(|root, name| known.knows(root, name)).unwrap();
        assert_eq!(known.notices(&mapping), notices);
    }
    let error = mapping("user.badgee").check(|root, name| known.knows(root, name)).unwrap_err();
    assert!(error.to_string().contains("did you mean `badge`"), "{error}");
    assert_eq!(known.of_users().filter(|name| *name == "badge" || *name == "login").count(), 2);
}
