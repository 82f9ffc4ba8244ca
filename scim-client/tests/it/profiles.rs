//! The products that the sandbox plays: their groups, and what becomes of who is deactivated.

use sandbox::{Sandbox, ScimOptions};
use scim_client::{Bearer, Outcome, Scim};
use scim_types::{Name, User};

async fn product(options: ScimOptions) -> (Scim, Sandbox) {
    let sandbox = Sandbox::builder().scim(options).start().await.unwrap();
    let scim = Scim::new(sandbox.scim_url(), Bearer::new(sandbox.scim_token())).unwrap();
    (scim, sandbox)
}

async fn people(scim: &Scim) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..4 {
        let mut user = User::new(format!("p{n}@acme.example"));
        let name = Name {
            given_name: Some("Ada".into()),
            family_name: Some("L".into()),
            ..Name::default()
        };
        user.name = Some(name);
        let ensured = scim.users().ensure(&user).await.unwrap();
        assert_eq!(ensured.outcome, Outcome::Created);
        ids.push(ensured.user.id.unwrap());
    }
    ids
}

#[tokio::test]
async fn a_product_that_hides_members_is_never_said_to_be_verified() {
    let (scim, sandbox) = product(ScimOptions::pendo()).await;
    let ids = people(&scim).await;
    for members in [&ids[..], &ids[..2], &ids[1..3]] {
        let pushed = scim.groups().push("Engineering", members).await.unwrap();
        assert!(!pushed.members.verified, "{pushed:?}");
        let mut held = sandbox.scim().members(&pushed.id).unwrap();
        let mut wanted = members.to_vec();
        held.sort();
        wanted.sort();
        assert_eq!(held, wanted);
    }
}

#[tokio::test]
async fn a_product_that_removes_who_is_inactive_is_understood() {
    let (scim, _sandbox) = product(ScimOptions::pingboard()).await;
    let ids = people(&scim).await;
    let shown = scim.users().deactivate(&ids[0]).await.unwrap();
    assert!(shown.is_none_or(|user| user.active == Some(false)));
    assert!(scim.users().deactivate(&ids[0]).await.unwrap_err().is_not_found());
    assert!(scim.users().reactivate(&ids[0]).await.unwrap_err().is_not_found());
    let pushed = scim.groups().push("Engineering", &ids[1..]).await.unwrap();
    assert!(pushed.members.verified);
}
