//! Users: listings, life cycle, credentials, sessions, types.

use futures::TryStreamExt;
use okta_client::search::attr;
use okta_client::{
    GroupId, HashedPassword, NewCredentials, Omit, Profile, Provider, ProviderType, SaltOrder,
    UserType, UserTypeId,
};
use serde_json::json;

use crate::drive::Drive;

const USER: &str = "00ub0oNGTSWTBKOLGLNR";
const OMITTED: [Omit; 3] = [Omit::Credentials, Omit::CredentialsLinks, Omit::TransitioningToStatus];

pub(crate) async fn drive(drive: &mut Drive) {
    listings(drive).await;
    creations(drive).await;
    changes(drive).await;
    life_cycle(drive).await;
    passwords(drive).await;
    types(drive).await;
}

fn profile() -> Profile {
    Profile::new()
        .with("login", "ada@acme.example")
        .with("email", "ada@acme.example")
        .with("firstName", "Ada")
        .with("lastName", "Lovelace")
        .with("badge", 7)
        .with("skills", json!(["maths", "poetry"]))
        .with("on", true)
        .with("ratio", 1.25)
}

async fn listings(drive: &mut Drive) {
    let users = drive.okta.users();
    drive.list("users", users.list().stream()).await;
    let sales = attr("profile.department").eq("Sales & \"more\"").and(attr("status").ne("STAGED"));
    let list = users.list().search(sales).sort_by("profile.lastName", true).page_size(10);
    drive.list("users, searched and sorted", list.stream()).await;
    let list = users.list().filter("lastUpdated gt \"2026-01-01T00:00:00.000Z\"").limit(3);
    drive.list("users, filtered", list.stream()).await;
    let list = users.list().q("Zoë").fields("status,profile:(login)").expand("classification");
    drive.list("users, by prefix, some members", list.stream()).await;
    drive.list("users, parts left out", users.list().omit(OMITTED).stream()).await;
    drive.call("one user", users.get(USER)).await;
    drive.call("one user, by login", users.get("ada@acme.example")).await;
    drive.call("one user, expanded", users.get(USER).expand("blocks").omit(OMITTED)).await;
    drive.call("one user, with etag", users.get_with_etag(USER)).await;
    drive.call("one user who may not exist", users.try_get(USER)).await;
    drive.list("groups of a user", users.groups(USER).stream()).await;
    drive.call("blocks of a user", users.blocks(USER)).await;
    drive.call("app links of a user", users.app_links(USER)).await;
}

fn hashes() -> Vec<(String, HashedPassword)> {
    let bcrypt =
        HashedPassword::bcrypt(10, "rwh3vH166HCH/NT9XV5FYu", "qaMqvAPULkbiQzkTCWo5XDcvzpk8Tna");
    let mut all = vec![("BCRYPT".to_owned(), bcrypt)];
    for algorithm in ["SHA-512", "SHA-256", "SHA-1", "MD5"] {
        for order in [SaltOrder::Prefix, SaltOrder::Postfix] {
            let hash = HashedPassword::digest(algorithm, "c2FsdA==", order, "dmFsdWU=");
            all.push((format!("{algorithm}, {order:?}"), hash));
        }
        let hash = HashedPassword::unsalted(algorithm, "dmFsdWU=");
        all.push((format!("{algorithm}, no salt"), hash));
    }
    for digest in ["SHA256_HMAC", "SHA512_HMAC"] {
        let hash = HashedPassword::pbkdf2(digest, 4096, 32, "c2FsdA==", "dmFsdWU=");
        all.push((format!("PBKDF2, {digest}"), hash));
    }
    all
}

async fn creations(drive: &mut Drive) {
    let users = drive.okta.users();
    drive.call("create a user", users.create(profile())).await;
    drive.call("create a staged user", users.create(profile()).activate(false)).await;
    let password = NewCredentials::password("correct horse").recovery("First computer?", "Engine");
    let request = users.create(profile()).credentials(password).change_password_at_login();
    drive.call("create a user with password and question", request).await;
    for (kind, hash) in hashes() {
        let request = users.create(profile()).credentials(NewCredentials::hashed(hash));
        drive.call(format!("create a user with a hash: {kind}"), request).await;
    }
    let request = users.create(profile()).credentials(NewCredentials::password_hook());
    drive.call("create a user with a password hook", request).await;
    for kind in [
        ProviderType::ActiveDirectory,
        ProviderType::Federation,
        ProviderType::Import,
        ProviderType::Ldap,
        ProviderType::Okta,
        ProviderType::Social,
    ] {
        let call = format!("create a user with a provider: {kind}");
        let credentials = NewCredentials::provider(Provider::new(kind, "acme"));
        drive.call(call, users.create(profile()).credentials(credentials)).await;
    }
    let groups = [GroupId::from("00g1"), GroupId::from("00g2")];
    let request = users.create(profile()).groups(&groups).user_type(&UserTypeId::from("oty1"));
    drive.call("create a user in groups, of a type, in a realm", request.realm("guo1")).await;
}

async fn changes(drive: &mut Drive) {
    let users = drive.okta.users();
    let request = users.update(USER).set("department", "Research").clear("division").strict(true);
    drive.call("update a user", request.if_match("W/\"1234\"")).await;
    let credentials = NewCredentials::password("correct horse").recovery("Question?", "Answer");
    let request = users.update(USER).credentials(credentials.clone()).realm("guo1");
    drive.call("update a user's credentials", request).await;
    drive.call("replace a user", users.replace(USER, profile())).await;
    let request = users.replace(USER, profile()).user_type(&UserTypeId::from("oty2")).strict(false);
    let request = request.credentials(credentials).realm("guo1").if_match("\"1234\"");
    drive.call("replace a user with all that goes", request).await;
    if let Some(user) = drive.call("read a user to write it back", users.get(USER)).await {
        drive.call("replace a user by what was read", users.replace(USER, user.profile)).await;
    }
}

async fn life_cycle(drive: &mut Drive) {
    let users = drive.okta.users();
    drive.call("activate", users.activate(USER)).await;
    drive.call("activate without mail", users.activate(USER).send_email(false)).await;
    drive.call("reactivate", users.reactivate(USER).send_email(true)).await;
    drive.call("suspend", users.suspend(USER)).await;
    drive.call("unsuspend", users.unsuspend(USER)).await;
    drive.call("unlock", users.unlock(USER)).await;
    drive.call("reset factors", users.reset_factors(USER)).await;
    drive.call("deactivate", users.deactivate(USER)).await;
    let request = users.deactivate(USER).send_email(true).respond_async();
    drive.call("deactivate with mail, later", request).await;
    drive.call("delete", users.delete(USER)).await;
    let request = users.delete(USER).send_email(false).respond_async();
    drive.call("delete without mail, later", request).await;
}

async fn passwords(drive: &mut Drive) {
    let users = drive.okta.users();
    drive.call("expire a password", users.expire_password(USER)).await;
    let request = users.expire_password_with_temporary(USER).revoke_sessions(true);
    drive.call("expire a password, temporary one", request).await;
    drive.call("reset a password", users.reset_password(USER, true)).await;
    let request = users.reset_password(USER, false).revoke_sessions(true);
    drive.call("reset a password without mail", request).await;
    drive.call("forgotten password", users.forgot_password(USER)).await;
    let request = users.forgot_password(USER).send_email(false);
    drive.call("forgotten password without mail", request).await;
    let request = users.set_forgotten_password(USER, "Engine", "new").send_email(false);
    drive.call("set a forgotten password", request).await;
    let request = users.change_password(USER, "old", "new").strict(true).revoke_sessions(true);
    drive.call("change a password", request).await;
    let request = users.change_recovery_question(USER, "password", "Question?", "Answer");
    drive.call("change a recovery question", request).await;
    drive.call("revoke sessions", users.revoke_sessions(USER)).await;
    let request = users.revoke_sessions(USER).oauth_tokens(true).forget_devices(false);
    drive.call("revoke sessions and tokens", request).await;
}

async fn types(drive: &mut Drive) {
    let types = drive.okta.user_types();
    let contractor = UserType::new("contractor", "Contractor").description("Not on the payroll");
    drive.call("user types", types.list()).await;
    drive.call("a user type", types.get("oty1")).await;
    drive.call("a user type that may not exist", types.try_get("oty1")).await;
    drive.call("create a user type", types.create(&contractor)).await;
    let changes = UserType::default().display_name("Contractors");
    drive.call("update a user type", types.update("oty1", &changes)).await;
    drive.call("replace a user type", types.replace("oty1", &contractor)).await;
    if let Some(read) = drive.call("read a user type to write it back", types.get("oty1")).await {
        drive.call("replace a user type by what was read", types.replace("oty1", &read)).await;
    }
    drive.call("delete a user type", types.delete("oty1")).await;
    // The members of a group are users, with a profile of one's own too.
    let members = drive.okta.groups().members_as::<serde_json::Value>("00g1").page_size(1000);
    drive.call("members with another profile", members.stream().try_collect::<Vec<_>>()).await;
}
