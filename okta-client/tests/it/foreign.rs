//! Answers that are not Okta's: a sign-in page or another service's redirect is no success of any call.

use futures::FutureExt;
use futures::future::BoxFuture;
use okta_client::{
    Application, EventHook, GroupOwnerType, GroupProfile, GroupRule, LinkedObject,
    LinkedObjectSide, Okta, Profile, PushTarget, Result, Role, UserType,
};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::*;

type Calls = Vec<(&'static str, BoxFuture<'static, Result<()>>)>;

/// Each call by its text, with its result dropped.
macro_rules! calls {
    ($okta:ident: $($call:expr;)+) => {
        vec![$((stringify!($call), {
            let $okta = $okta.clone();
            async move { $call.await.map(drop) }.boxed()
        })),+]
    };
}

/// What must not be done twice.
fn done_once(okta: &Okta) -> Calls {
    let side = || LinkedObjectSide::new("manager", "Manager");
    let relation = LinkedObject::new(side(), side());
    let hook = EventHook::new("Joiners", "https://hooks.example", ["user.lifecycle.create"]);
    let rule = GroupRule::new("Sales", "user.department==\"Sales\"", ["00g1"]);
    calls! { okta:
        okta.apps().create(&Application::bookmark("Wiki", "https://wiki.example"));
        okta.apps().users("0oa1").assign("00u1");
        okta.apps().push_mappings("0oa1").create("00g1", PushTarget::Named("Eng".into()));
        okta.apps().connection("0oa1").verify_consent("slack", "c0de", "state");
        okta.event_hooks().create(&hook);
        okta.event_hooks().delete("who1");
        okta.groups().create(&GroupProfile::new());
        okta.groups().delete("00g1");
        okta.groups().owners("00g1").assign("00u1", GroupOwnerType::User);
        okta.group_rules().create(&rule);
        okta.group_rules().activate("0pr1");
        okta.group_rules().deactivate("0pr1");
        okta.group_rules().delete("0pr1");
        okta.linked_objects().create(&relation);
        okta.roles().of_user("00u1").assign(Role::custom("cr01", "iam1"));
        okta.roles().of_group("00g1").assign(Role::custom("cr01", "iam1"));
        okta.user_types().create(&UserType::new("contractor", "Contractor"));
        okta.users().create(Profile::new());
        okta.users().activate("00u1");
        okta.users().reactivate("00u1");
        okta.users().deactivate("00u1");
        okta.users().delete("00u1");
        okta.users().suspend("00u1");
        okta.users().unsuspend("00u1");
        okta.users().unlock("00u1");
        okta.users().reset_factors("00u1");
        okta.users().reset_password("00u1", false);
        okta.users().forgot_password("00u1");
        okta.users().set_forgotten_password("00u1", "a", "b");
        okta.users().change_password("00u1", "a", "b");
        okta.users().change_recovery_question("00u1", "a", "b", "c");
        okta.users().expire_password_with_temporary("00u1");
    }
}

/// What has no result and may be done again.
fn done_again(okta: &Okta) -> Calls {
    calls! { okta:
        okta.apps().delete("0oa1");
        okta.apps().activate("0oa1");
        okta.apps().deactivate("0oa1");
        okta.apps().users("0oa1").unassign("00u1");
        okta.apps().groups("0oa1").unassign("00g1");
        okta.apps().connection("0oa1").activate();
        okta.apps().connection("0oa1").deactivate();
        okta.apps().push_mappings("0oa1").delete("gPm1");
        okta.groups().add_member("00g1", "00u1");
        okta.groups().remove_member("00g1", "00u1");
        okta.groups().owners("00g1").delete("00u1");
        okta.linked_objects().delete("manager");
        okta.roles().of_user("00u1").unassign("ra1");
        okta.roles().of_group("00g1").unassign("ra1");
        okta.user_types().delete("oty1");
        okta.users().revoke_sessions("00u1");
        okta.users().linked_objects("00u1").assign("manager", "00u2");
        okta.users().linked_objects("00u1").unassign("manager");
        okta.users().grants("00u1").revoke("oag1");
        okta.users().grants("00u1").revoke_all();
        okta.users().client("00u1", "0oa1").revoke_grants();
        okta.users().client("00u1", "0oa1").revoke_token("oar1");
        okta.users().client("00u1", "0oa1").revoke_tokens();
    }
}

fn page() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw("<html>\n<h1>Sign in</h1>\n</html>", "text/html")
}

#[tokio::test]
async fn a_sign_in_page_is_no_success_and_what_it_hides_is_unclear() {
    let org = Org::with(page()).await;
    for (call, done) in done_once(&org.okta) {
        let error = done.await.expect_err(call);
        let line = error.to_string();
        assert!(line.contains(": answered 200 with text/html instead of JSON; "), "{call}: {line}");
        assert!(error.is_unclear() && line.contains("check the base address"), "{call}: {line}");
    }
    for (call, done) in done_again(&org.okta) {
        let error = done.await.expect_err(call);
        assert!(error.to_string().contains("answered 200 with text/html"), "{call}: {error}");
        assert!(!error.is_unclear(), "{call}: {error}");
    }
    let all = done_once(&org.okta).len() + done_again(&org.okta).len();
    assert_eq!(org.requests().await.len(), all, "each is sent once");
}

#[tokio::test]
async fn a_redirect_to_a_sign_in_page_is_none_either() {
    let there = "https://login.example/signin?fromURI=x";
    let org = Org::with(ResponseTemplate::new(302).insert_header("location", there)).await;
    for (call, done) in done_once(&org.okta).into_iter().chain(done_again(&org.okta)) {
        let error = done.await.expect_err(call);
        let line = error.to_string();
        assert!(line.contains("302 Found; it redirects to login.example, and"), "{call}: {line}");
        assert!(!error.is_unclear() && !line.contains("fromURI"), "{call}: {line}");
    }
}

#[tokio::test]
async fn what_is_created_but_not_shown_as_known_is_unclear() {
    for body in [json!({}), json!([]), json!({"id": 7}), json!({"errorCode": "E0000009"})] {
        let org = Org::with(ResponseTemplate::new(200).set_body_json(&body)).await;
        let error = org.okta.groups().create(&GroupProfile::new()).await.unwrap_err();
        let line = error.to_string();
        assert!(line.contains("known to give") && line.contains("look its name up"), "{line}");
        assert!(error.is_unclear() && org.requests().await.len() == 1, "{body}: {line}");
    }
}
