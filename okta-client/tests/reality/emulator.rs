//! Users, groups and members, against a stateful emulator of Okta.

use std::time::Duration;

use futures::TryStreamExt;
use okta_client::{ApiToken, GroupProfile, Okta, Profile, RetryPolicy, UserStatus};

use crate::stand_in::StandIn;

fn client(url: &str) -> Okta {
    let at_once = RetryPolicy::default().min_delay(Duration::ZERO).max_delay(Duration::ZERO);
    Okta::builder(url, ApiToken::new("test-token")).retry(at_once).build().unwrap()
}

fn ada() -> Profile {
    Profile::new()
        .with("login", "ada@acme.example")
        .with("email", "ada@acme.example")
        .with("firstName", "Ada")
        .with("lastName", "Lovelace")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_steps_of_everybody() {
    let Some(emulator) = StandIn::start("emulator") else { return };
    let okta = client(&emulator.url);
    people_come_and_go(&okta).await;
    groups_have_members(&okta).await;
}

async fn people_come_and_go(okta: &Okta) {
    let users = okta.users();
    let before = users.list().stream().try_collect::<Vec<_>>().await.unwrap().len();

    let created = users.create(ada()).await.unwrap();
    assert_eq!(created.profile.login(), Some("ada@acme.example"));
    let found = users.get("ada@acme.example").await.unwrap();
    assert_eq!((&found.id, found.profile.first_name()), (&created.id, Some("Ada")));
    assert_eq!(users.try_get("nobody@acme.example").await.unwrap(), None);
    let taken = users.create(ada()).await.unwrap_err();
    assert!(taken.status().is_some_and(|status| status == 400), "{taken}");
    let changed = users.update(&created.id).set("lastName", "King").await.unwrap();
    assert_eq!(changed.profile.last_name(), Some("King"));
    let all = users.list().page_size(50).stream().try_collect::<Vec<_>>().await.unwrap();
    assert_eq!(all.len(), before + 1, "each user once, over all pages");
    assert_eq!(all.iter().filter(|user| user.id == created.id).count(), 1);

    users.deactivate(&created.id).await.unwrap();
    let gone = users.get(&created.id).await.unwrap();
    assert_eq!(gone.status, Some(UserStatus::Deprovisioned));
    users.delete(&created.id).await.unwrap();
    let missing = users.get(&created.id).await.unwrap_err();
    assert!(missing.is_not_found(), "{missing}");
    assert_eq!(missing.body().unwrap().code, "E0000007");
}

async fn groups_have_members(okta: &Okta) {
    let (users, groups) = (okta.users(), okta.groups());
    let ada = users.create(ada()).await.unwrap();
    let profile = GroupProfile::new().with("name", "Engineering").with("description", "All");
    let group = groups.create(&profile).await.unwrap();
    assert_eq!(groups.get(&group.id).await.unwrap().profile.name(), Some("Engineering"));
    let listed = groups.list().stream().try_collect::<Vec<_>>().await.unwrap();
    assert!(listed.iter().any(|one| one.id == group.id));

    let members = || groups.members(&group.id).stream().try_collect::<Vec<_>>();
    assert!(members().await.unwrap().is_empty());
    groups.add_member(&group.id, &ada.id).await.unwrap();
    let now = members().await.unwrap();
    assert_eq!(now.iter().map(|user| &user.id).collect::<Vec<_>>(), [&ada.id]);
    let hers = users.groups(&ada.id).stream().try_collect::<Vec<_>>().await.unwrap();
    assert!(hers.iter().any(|one| one.id == group.id));
    groups.remove_member(&group.id, &ada.id).await.unwrap();
    assert!(members().await.unwrap().is_empty());

    let renamed =
        groups.replace(&group.id, &GroupProfile::new().with("name", "Eng")).await.unwrap();
    assert_eq!(renamed.profile.name(), Some("Eng"));
    groups.delete(&group.id).await.unwrap();
    assert_eq!(groups.try_get(&group.id).await.unwrap(), None);
}
