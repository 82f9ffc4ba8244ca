//! Whatever an id holds, it stays one segment of its own path, or nothing is sent.

use std::collections::BTreeSet;
use std::path::Path;

use futures::TryStreamExt;
use futures::future::BoxFuture;
use okta_client::{
    Application, Capabilities, ClassificationType, ConnectionSettings, EventHook, FactorProof,
    FactorVerification, FeatureName, GroupOwnerType, GroupProfile, GroupRule, LinkedObject,
    LogStreamType, Okta, OrgSettings, Profile, PushTarget, RiskLevel, RoleType, UserFactor,
    UserType, YubikeySeed,
};
use serde_json::json;

use crate::support::*;

const HOSTILE: [(&str, &str); 12] = [
    ("ada@acme.example", "ada%40acme.example"),
    ("a/b", "a%2Fb"),
    ("../groups/00g1", "..%2Fgroups%2F00g1"),
    ("..\\..", "..%5C.."),
    ("%2e", "%252e"),
    ("%2e%2e", "%252e%252e"),
    ("%2F..", "%252F.."),
    ("a\r\nHost: evil.example\r\n\r\n", "a%0D%0AHost%3A%20evil.example%0D%0A%0D%0A"),
    (" ", "%20"),
    ("a?activate=false#x", "a%3Factivate%3Dfalse%23x"),
    ("//evil.example", "%2F%2Fevil.example"),
    ("Zoë\u{0}", "Zo%C3%AB%00"),
];

/// What is sent, below `/api/v1`, with an id that is one segment `{}`, and the call that sends it.
struct Call {
    line: &'static str,
    /// The call as it stands here, such as `okta.users().get(&id)`.
    source: &'static str,
    made: BoxFuture<'static, okta_client::Result<()>>,
}

macro_rules! calls {
    ($okta:ident, $id:ident, $($line:literal => $call:expr,)+) => {
        vec![$({
            #[allow(unused_variables, reason = "some calls have no id")]
            let ($okta, $id) = ($okta.clone(), $id.to_owned());
            let done = async move { $call.await.map(drop) };
            Call { line: $line, source: stringify!($call), made: Box::pin(done) }
        },)+]
    };
}

/// Every call with a user in its path.
fn of_users(okta: &Okta, id: &str) -> Vec<Call> {
    calls!(okta, id,
        "GET /users/{}" => okta.users().get(&id),
        "GET /users/{}" => okta.users().try_get(&id),
        "GET /users/{}" => okta.users().get_with_etag(&id),
        "POST /users/{}" => okta.users().update(&id).set("a", 1),
        "PUT /users/{}" => okta.users().replace(&id, Profile::new()),
        "DELETE /users/{}" => okta.users().delete(&id),
        "GET /users/{}/groups" => okta.users().groups(&id).stream().try_next(),
        "GET /users/{}/blocks" => okta.users().blocks(&id),
        "GET /users/{}/appLinks" => okta.users().app_links(&id),
        "DELETE /users/{}/sessions" => okta.users().revoke_sessions(&id),
        "GET /users/{}/risk" => okta.users().risk(&id),
        "PUT /users/{}/risk" => okta.users().set_risk(&id, RiskLevel::High),
        "GET /users/{}/classification" => okta.users().classification(&id),
        "PUT /users/{}/classification" =>
            okta.users().set_classification(&id, ClassificationType::Lite),
        "GET /users/{}/clients" => okta.users().clients(&id).stream().try_next(),
        "GET /users/{}/devices" => okta.users().devices(&id).stream().try_next(),
        "GET /users/{}/linkedObjects/{}" =>
            okta.users().linked_objects(&id).list(&id).stream().try_next(),
        "PUT /users/{}/linkedObjects/{}/{}" => okta.users().linked_objects(&id).assign(&id, &id),
        "DELETE /users/{}/linkedObjects/{}" => okta.users().linked_objects(&id).unassign(&id),
        "POST /users/{}/lifecycle/activate" => okta.users().activate(&id),
        "POST /users/{}/lifecycle/reactivate" => okta.users().reactivate(&id),
        "POST /users/{}/lifecycle/deactivate" => okta.users().deactivate(&id),
        "POST /users/{}/lifecycle/suspend" => okta.users().suspend(&id),
        "POST /users/{}/lifecycle/unsuspend" => okta.users().unsuspend(&id),
        "POST /users/{}/lifecycle/unlock" => okta.users().unlock(&id),
        "POST /users/{}/lifecycle/reset_factors" => okta.users().reset_factors(&id),
        "POST /users/{}/lifecycle/expire_password" => okta.users().expire_password(&id),
        "POST /users/{}/lifecycle/expire_password_with_temp_password" =>
            okta.users().expire_password_with_temporary(&id),
        "POST /users/{}/lifecycle/reset_password?sendEmail=false" =>
            okta.users().reset_password(&id, false),
        "POST /users/{}/credentials/forgot_password" => okta.users().forgot_password(&id),
        "POST /users/{}/credentials/forgot_password_recovery_question" =>
            okta.users().set_forgotten_password(&id, "a", "p"),
        "POST /users/{}/credentials/change_password" => okta.users().change_password(&id, "p", "q"),
        "POST /users/{}/credentials/change_recovery_question" =>
            okta.users().change_recovery_question(&id, "p", "q", "a"),
    )
}

/// Every call with a factor in its path.
fn of_factors(okta: &Okta, id: &str) -> Vec<Call> {
    calls!(okta, id,
        "GET /users/{}/authenticator-enrollments" =>
            okta.users().authenticator_enrollments(&id).list(),
        "GET /users/{}/authenticator-enrollments/{}" =>
            okta.users().authenticator_enrollments(&id).get(&id),
        "DELETE /users/{}/authenticator-enrollments/{}" =>
            okta.users().authenticator_enrollments(&id).delete(&id),
        "POST /users/{}/authenticator-enrollments/phone" =>
            okta.users().authenticator_enrollments(&id).create_phone("a", "+1"),
        "POST /users/{}/authenticator-enrollments/tac" =>
            okta.users().authenticator_enrollments(&id).create_access_code("a"),
        "GET /org/factors/yubikey_token/tokens/{}" => okta.yubikeys().get(&id),
        "GET /users/{}/factors" => okta.users().factors(&id).list(),
        "POST /users/{}/factors" => okta.users().factors(&id).enroll(&factor("x")),
        "GET /users/{}/factors/catalog" => okta.users().factors(&id).supported(),
        "GET /users/{}/factors/questions" => okta.users().factors(&id).questions(),
        "GET /users/{}/factors/{}" => okta.users().factors(&id).get(&id),
        "GET /users/{}/factors/{}" => okta.users().factors(&id).try_get(&id),
        "DELETE /users/{}/factors/{}" => okta.users().factors(&id).unenroll(&id),
        "POST /users/{}/factors/{}/lifecycle/activate" =>
            okta.users().factors(&id).activate(&id, FactorProof::pass_code("1")),
        "POST /users/{}/factors/{}/lifecycle/activate" =>
            okta.users().factors(&id).activate_push(&id),
        "POST /users/{}/factors/{}/resend" => okta.users().factors(&id).resend(&factor(&id)),
        "POST /users/{}/factors/{}/verify" => okta.users().factors(&id).challenge(&id),
        "POST /users/{}/factors/{}/verify" =>
            okta.users().factors(&id).verify(&id, FactorProof::pass_code("1")),
        "GET /users/{}/factors/{}/transactions/{}" =>
            okta.users().factors(&id).transaction(&id, &id),
    )
}

fn factor(id: &str) -> UserFactor {
    serde_json::from_value(json!({"id": id})).unwrap_or_default()
}

/// Every call with an app in its path, and what belongs to it.
fn of_apps(okta: &Okta, id: &str) -> Vec<Call> {
    calls!(okta, id,
        "POST /apps/{}/lifecycle/activate" => okta.apps().activate(&id),
        "POST /apps/{}/lifecycle/deactivate" => okta.apps().deactivate(&id),
        "GET /apps/{}" => okta.apps().get(&id),
        "GET /apps/{}" => okta.apps().try_get(&id),
        "PUT /apps/{}" => okta.apps().replace(&id, &Application::default()),
        "DELETE /apps/{}" => okta.apps().delete(&id),
        "GET /apps/{}/users?limit=500" => okta.apps().users(&id).list().stream().try_next(),
        "POST /apps/{}/users" => okta.apps().users(&id).assign("00u1"),
        "GET /apps/{}/users/{}" => okta.apps().users(&id).get(&id),
        "GET /apps/{}/users/{}" => okta.apps().users(&id).try_get(&id),
        "POST /apps/{}/users/{}" => okta.apps().users(&id).update(&id).set("a", 1),
        "DELETE /apps/{}/users/{}" => okta.apps().users(&id).unassign(&id),
        "GET /apps/{}/groups?limit=200" => okta.apps().groups(&id).list().stream().try_next(),
        "GET /apps/{}/groups/{}" => okta.apps().groups(&id).get(&id),
        "GET /apps/{}/groups/{}" => okta.apps().groups(&id).try_get(&id),
        "PUT /apps/{}/groups/{}" => okta.apps().groups(&id).assign(&id),
        "PATCH /apps/{}/groups/{}" => okta.apps().groups(&id).update(&id).remove("a"),
        "DELETE /apps/{}/groups/{}" => okta.apps().groups(&id).unassign(&id),
        "GET /apps/{}/connections/default" => okta.apps().connection(&id).get(),
        "POST /apps/{}/connections/default" =>
            okta.apps().connection(&id).set_token("https://a.example", "t"),
        "POST /apps/{}/connections/default/lifecycle/activate" =>
            okta.apps().connection(&id).activate(),
        "POST /apps/{}/connections/default/lifecycle/deactivate" =>
            okta.apps().connection(&id).deactivate(),
        "GET /apps/{}/connections/default/jwks" => okta.apps().connection(&id).jwks(),
        "POST /apps/{}/{}/oauth2/callback?code=c&state=s" =>
            okta.apps().connection(&id).verify_consent(&id, "c", "s"),
        "GET /apps/{}/features" => okta.apps().features(&id).list(),
        "GET /apps/{}/features/{}" => okta.apps().features(&id).get(FeatureName::from(&*id)),
        "PUT /apps/{}/features/{}" =>
            okta.apps().features(&id).update(FeatureName::from(&*id), &Capabilities::default()),
        "PUT /apps/{}/features/USER_PROVISIONING" =>
            okta.apps().features(&id).set_user_provisioning(),
        "GET /apps/{}/group-push/mappings?limit=1000" =>
            okta.apps().push_mappings(&id).list().stream().try_next(),
        "POST /apps/{}/group-push/mappings" =>
            okta.apps().push_mappings(&id).create("00g1", PushTarget::Named("a".into())),
        "GET /apps/{}/group-push/mappings/{}" => okta.apps().push_mappings(&id).get(&id),
        "PATCH /apps/{}/group-push/mappings/{}" => okta.apps().push_mappings(&id).activate(&id),
        "PATCH /apps/{}/group-push/mappings/{}" => okta.apps().push_mappings(&id).deactivate(&id),
        "DELETE /apps/{}/group-push/mappings/{}?deleteTargetGroup=false" =>
            okta.apps().push_mappings(&id).delete(&id),
    )
}

/// Every call with a grant, a token or a role in its path.
fn of_grants_and_roles(okta: &Okta, id: &str) -> Vec<Call> {
    calls!(okta, id,
        "GET /users/{}/grants?limit=200" => okta.users().grants(&id).list().stream().try_next(),
        "DELETE /users/{}/grants" => okta.users().grants(&id).revoke_all(),
        "GET /users/{}/grants/{}" => okta.users().grants(&id).get(&id),
        "DELETE /users/{}/grants/{}" => okta.users().grants(&id).revoke(&id),
        "GET /users/{}/clients/{}/grants?limit=200" =>
            okta.users().client(&id, &id).grants().stream().try_next(),
        "DELETE /users/{}/clients/{}/grants" => okta.users().client(&id, &id).revoke_grants(),
        "GET /users/{}/clients/{}/tokens?limit=200" =>
            okta.users().client(&id, &id).tokens().stream().try_next(),
        "DELETE /users/{}/clients/{}/tokens" => okta.users().client(&id, &id).revoke_tokens(),
        "GET /users/{}/clients/{}/tokens/{}" => okta.users().client(&id, &id).token(&id),
        "DELETE /users/{}/clients/{}/tokens/{}" => okta.users().client(&id, &id).revoke_token(&id),
        "GET /users/{}/roles" => okta.roles().of_user(&id).list(),
        "POST /users/{}/roles" => okta.roles().of_user(&id).assign(RoleType::AppAdmin),
        "GET /users/{}/roles/{}" => okta.roles().of_user(&id).get(&id),
        "GET /users/{}/roles/{}" => okta.roles().of_user(&id).try_get(&id),
        "DELETE /users/{}/roles/{}" => okta.roles().of_user(&id).unassign(&id),
        "GET /users/{}/roles/{}/governance" => okta.roles().of_user(&id).governance(&id),
        "GET /users/{}/roles/{}/governance/{}" => okta.roles().of_user(&id).grant(&id, &id),
        "GET /users/{}/roles/{}/governance/{}/resources" =>
            okta.roles().of_user(&id).grant_resources(&id, &id).stream().try_next(),
        "GET /groups/{}/roles" => okta.roles().of_group(&id).list(),
        "POST /groups/{}/roles" => okta.roles().of_group(&id).assign(RoleType::AppAdmin),
        "GET /groups/{}/roles/{}" => okta.roles().of_group(&id).get(&id),
        "GET /groups/{}/roles/{}" => okta.roles().of_group(&id).try_get(&id),
        "DELETE /groups/{}/roles/{}" => okta.roles().of_group(&id).unassign(&id),
    )
}

/// Every other call with an id in its path.
fn of_the_rest(okta: &Okta, id: &str) -> Vec<Call> {
    calls!(okta, id,
        "GET /groups/{}" => okta.groups().get(&id),
        "GET /groups/{}" => okta.groups().try_get(&id),
        "PUT /groups/{}" => okta.groups().replace(&id, &GroupProfile::new()),
        "DELETE /groups/{}" => okta.groups().delete(&id),
        "GET /groups/{}/users?limit=200" => okta.groups().members(&id).stream().try_next(),
        "GET /groups/{}/apps" => okta.groups().apps(&id).stream().try_next(),
        "PUT /groups/{}/users/{}" => okta.groups().add_member(&id, &id),
        "DELETE /groups/{}/users/{}" => okta.groups().remove_member(&id, &id),
        "GET /groups/{}/owners" => okta.groups().owners(&id).list().stream().try_next(),
        "POST /groups/{}/owners" => okta.groups().owners(&id).assign(&id, GroupOwnerType::User),
        "DELETE /groups/{}/owners/{}" => okta.groups().owners(&id).delete(&id),
        "GET /groups/rules/{}" => okta.group_rules().get(&id),
        "GET /groups/rules/{}" => okta.group_rules().try_get(&id),
        "GET /groups/rules/{}?expand=groupIdToGroupNameMap" =>
            okta.group_rules().get_with_names(&id),
        "PUT /groups/rules/{}" => okta.group_rules().replace(&id, &GroupRule::default()),
        "DELETE /groups/rules/{}" => okta.group_rules().delete(&id),
        "POST /groups/rules/{}/lifecycle/activate" => okta.group_rules().activate(&id),
        "POST /groups/rules/{}/lifecycle/deactivate" => okta.group_rules().deactivate(&id),
        "GET /meta/types/user/{}" => okta.user_types().get(&id),
        "GET /meta/types/user/{}" => okta.user_types().try_get(&id),
        "POST /meta/types/user/{}" => okta.user_types().update(&id, &UserType::default()),
        "PUT /meta/types/user/{}" => okta.user_types().replace(&id, &UserType::default()),
        "DELETE /meta/types/user/{}" => okta.user_types().delete(&id),
        "GET /meta/schemas/user/{}" => okta.schemas().user(&id),
        "POST /meta/schemas/user/{}" => okta.schemas().update_user(&id),
        "GET /meta/schemas/apps/{}/default" => okta.schemas().app_user(&id),
        "POST /meta/schemas/apps/{}/default" => okta.schemas().update_app_user(&id),
        "GET /meta/schemas/user/linkedObjects/{}" => okta.linked_objects().get(&id),
        "GET /meta/schemas/user/linkedObjects/{}" => okta.linked_objects().try_get(&id),
        "DELETE /meta/schemas/user/linkedObjects/{}" => okta.linked_objects().delete(&id),
        "GET /meta/schemas/logStream/{}" =>
            okta.schemas().log_stream(LogStreamType::from(&*id)),
        "GET /mappings/{}" => okta.mappings().get(&id),
        "POST /mappings/{}" => okta.mappings().update(&id),
        "GET /eventHooks/{}" => okta.event_hooks().get(&id),
        "GET /eventHooks/{}" => okta.event_hooks().try_get(&id),
        "PUT /eventHooks/{}" => okta.event_hooks().replace(&id, &EventHook::default()),
        "DELETE /eventHooks/{}" => okta.event_hooks().delete(&id),
        "POST /eventHooks/{}/lifecycle/activate" => okta.event_hooks().activate(&id),
        "POST /eventHooks/{}/lifecycle/deactivate" => okta.event_hooks().deactivate(&id),
        "POST /eventHooks/{}/lifecycle/verify" => okta.event_hooks().verify(&id),
    )
}

fn all(okta: &Okta, id: &str) -> Vec<Call> {
    [of_users, of_factors, of_grants_and_roles, of_apps, of_the_rest]
        .into_iter()
        .flat_map(|calls| calls(okta, id))
        .collect()
}

/// Every call without an id.
fn of_no_id(okta: &Okta) -> Vec<Call> {
    let id = "x";
    calls!(okta, id,
        "" => okta.groups().members_as::<Profile>(&id).stream().try_next(),
        "" => okta.users().list().stream().try_next(),
        "" => okta.users().create(Profile::new()),
        "" => okta.groups().list().stream().try_next(),
        "" => okta.groups().create(&GroupProfile::new()),
        "" => okta.group_rules().list().stream().try_next(),
        "" => okta.group_rules().create(&GroupRule::default()),
        "" => okta.apps().list().stream().try_next(),
        "" => okta.apps().create(&Application::default()),
        "" => okta.apps().connection("x").update(&ConnectionSettings::default()),
        "" => okta.user_types().list(),
        "" => okta.user_types().create(&UserType::default()),
        "" => okta.linked_objects().list(),
        "" => okta.linked_objects().create(&LinkedObject::default()),
        "" => okta.roles().administrators().stream().try_next(),
        "" => okta.schemas().group(),
        "" => okta.schemas().update_group(),
        "" => okta.schemas().log_streams(),
        "" => okta.mappings().list().stream().try_next(),
        "" => okta.event_hooks().list().stream().try_next(),
        "" => okta.event_hooks().create(&EventHook::default()),
        "" => okta.logs().list().stream().try_next(),
        "" => okta.logs().follow(okta_client::jiff::Timestamp::UNIX_EPOCH).stream().try_next(),
        "" => okta.org().get(),
        "" => okta.org().metadata(),
        "" => okta.org().update(&OrgSettings::default()),
        "" => okta.org().replace(&OrgSettings::default()),
        "" => okta.yubikeys().list().stream().try_next(),
        "" => okta.yubikeys().upload(&YubikeySeed::default()),
        "" => okta.users().factors("x").wait("x", &pushed()),
    )
}

fn pushed() -> FactorVerification {
    let poll = json!({"href": "https://acme.okta.com/transactions/x"});
    serde_json::from_value(json!({"_links": {"poll": poll}})).unwrap()
}

/// What each call sends first: the call as it stands here, then method and path.
pub(crate) async fn sent() -> Vec<(&'static str, String)> {
    let wire = Wire::answering(json!({}));
    let okta = builder(&wire.url).build().unwrap();
    let mut sent = Vec::new();
    for Call { source, made, .. } in all(&okta, "x").into_iter().chain(of_no_id(&okta)) {
        let before = wire.lines().len();
        // Many answers are not the empty object; what was asked is what counts.
        let _ = made.await;
        let lines = wire.lines();
        let line = lines.get(before).unwrap_or_else(|| panic!("{source} sends nothing"));
        sent.push((source, line.split('?').next().unwrap_or_default().to_owned()));
    }
    sent
}

/// Every route with an id, as `/users/{}`, that stands in a source file.
fn routes(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            routes(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let texts = code.flat_map(|line| line.split('"').skip(1).step_by(2));
        let routes = texts.filter_map(|text| text.strip_prefix("/api/v1"));
        found.extend(routes.filter(|route| route.contains('{')).map(without_names));
    }
}

fn without_names(route: &str) -> String {
    let segments = route.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn every_route_with_an_id_is_tried() {
    let okta = builder("http://127.0.0.1:9").build().unwrap();
    let lines = all(&okta, "x").into_iter().map(|call| call.line);
    let path = |line: &str| line.split([' ', '?']).nth(1).unwrap().to_owned();
    let tried: BTreeSet<String> = lines.map(path).collect();
    let mut routes_with_id = BTreeSet::new();
    routes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut routes_with_id);
    assert!(routes_with_id.contains("/users/{}/lifecycle/suspend"), "{routes_with_id:?}");
    let missing: Vec<_> = routes_with_id.difference(&tried).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn hostile_ids_stay_in_their_segment() {
    let wire = Wire::answering(json!({}));
    let okta = builder(&wire.url).build().unwrap();
    let mut expected = Vec::new();
    for (id, segment) in HOSTILE {
        for Call { line, made, .. } in all(&okta, id) {
            expected.push(line.replace(" /", " /api/v1/").replace("{}", segment));
            // Many answers are not the empty object; what was asked is what counts.
            let _ = made.await;
        }
    }
    let lines = wire.lines();
    for (seen, expected) in lines.iter().zip(&expected) {
        assert_eq!(seen, expected);
    }
    assert_eq!(lines.len(), expected.len());
}

#[tokio::test]
async fn ids_that_would_address_something_else_are_refused_before_anything_is_sent() {
    let wire = Wire::answering(json!({}));
    let okta = builder(&wire.url).build().unwrap();
    for id in ["", ".", ".."] {
        for Call { line, made, .. } in all(&okta, id) {
            let error = made.await.unwrap_err();
            assert!(error.to_string().contains("cannot be the"), "{line}: {error}");
            assert!(!error.is_unclear(), "{line}: {error}");
        }
        let error = okta.groups().remove_member("00g1", id).await.unwrap_err();
        assert!(error.to_string().contains("cannot be the"), "{error}");
    }
    assert!(wire.lines().is_empty(), "{:?}", wire.lines());
}

#[tokio::test]
async fn an_etag_with_a_line_break_is_refused_before_anything_is_sent() {
    let wire = Wire::answering(user());
    let okta = builder(&wire.url).build().unwrap();
    let error = okta.users().update("00u1").if_match("x\r\nA: b").await.unwrap_err();
    assert!(error.to_string().contains("`if-match` cannot carry this value"), "{error}");
    assert!(wire.lines().is_empty());
}
