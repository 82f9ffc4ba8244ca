//! Connections, features and pushed groups of an app.

use okta_client::{
    Capabilities, ConnectionProfile, ConnectionScheme, ConnectionSettings, CreateCapability,
    FeatureName, GroupPushStatus, ImportRules, ImportSchedule, ImportSettings, ImportTimes,
    ImportUsername, MatchRules, PasswordSync, PushAppConfig, PushTarget, Switch,
};

use crate::drive::Drive;

const APP: &str = "0oa1gjh63g214q0Hq0g4";

pub(crate) async fn drive(drive: &mut Drive) {
    connections(drive).await;
    features(drive).await;
    pushes(drive).await;
}

async fn connections(drive: &mut Drive) {
    let connection = drive.okta.apps().connection(APP);
    drive.call("a connection", connection.get()).await;
    let url = "https://app.example/scim/v2";
    let request = connection.set_token(url, "t0ken").activate(true);
    drive.call("set a token", request).await;
    let manual = okta_client::ConnectionSigning::default().rotation_mode("MANUAL");
    let manual = ConnectionProfile::default().auth_scheme(ConnectionScheme::OAuth2).signing(manual);
    let plain = ConnectionProfile::default().auth_scheme(ConnectionScheme::OAuth2);
    for (kind, settings) in [
        ("token", ConnectionSettings::token("t0ken")),
        ("OAuth 2.0", ConnectionSettings::oauth("0oa2")),
        (
            "OAuth 2.0, keys by hand",
            ConnectionSettings::default().profile(manual.client_id("0oa2")),
        ),
        ("OAuth 2.0, of a catalog app", ConnectionSettings::default().profile(plain)),
        ("Office 365", ConnectionSettings::office365("root@acme.example", "s3cret")),
    ] {
        drive.call(format!("update a connection: {kind}"), connection.update(&settings)).await;
    }
    drive.call("activate a connection", connection.activate()).await;
    drive.call("deactivate a connection", connection.deactivate()).await;
    drive.call("keys of a connection", connection.jwks()).await;
    for app_name in ["google", "office365", "slack", "zoomus"] {
        let call = format!("verify a consent: {app_name}");
        drive.call(call, connection.verify_consent(app_name, "c0de", "st4te")).await;
    }
}

async fn features(drive: &mut Drive) {
    let features = drive.okta.apps().features(APP);
    drive.call("features", features.list()).await;
    for name in [FeatureName::UserProvisioning, FeatureName::InboundProvisioning] {
        drive.call(format!("a feature: {name}"), features.get(name)).await;
    }
    let request = features.set_user_provisioning().create(true).update(true).deactivate(false);
    drive.call("set user provisioning", request).await;
    for (seed, change) in [("RANDOM", "KEEP_EXISTING"), ("OKTA", "CHANGE")] {
        let sync = PasswordSync::default().status(true).seed(seed).change(change);
        let request = features.set_user_provisioning().password(sync);
        drive.call(format!("set password sync: {seed}"), request).await;
    }
    let create = CreateCapability::default().lifecycle_create(Switch::default().status(true));
    let create = Capabilities::default().create(create);
    let request = features.update(FeatureName::UserProvisioning, &create);
    drive.call("set capabilities", request).await;
    let imports = imports();
    let request = features.update(FeatureName::InboundProvisioning, &imports);
    drive.call("set imports", request).await;
}

fn imports() -> Capabilities {
    let times = |cron: &str| ImportTimes::default().expression(cron).timezone("Europe/Berlin");
    let schedule = ImportSchedule::default()
        .status(true)
        .full_import(times("0 0 * * *"))
        .incremental_import(times("0 * * * *"));
    let username = ImportUsername::default().format("CUSTOM").expression("appuser.email");
    let rules = MatchRules::default()
        .exact_match_criteria("EMAIL")
        .allow_partial_match(true)
        .auto_confirm_partial_match(false)
        .auto_confirm_exact_match(true)
        .auto_confirm_new_users(true)
        .auto_activate_new_users(false);
    Capabilities::default()
        .import_settings(ImportSettings::default().username(username).schedule(schedule))
        .import_rules(ImportRules::default().user_create_and_match(rules))
}

async fn pushes(drive: &mut Drive) {
    let pushes = drive.okta.apps().push_mappings(APP);
    drive.list("pushed groups", pushes.list().stream()).await;
    let list = pushes.list().source_group("00g1").status(GroupPushStatus::Active).page_size(100);
    let list = list.updated_since("2026-01-01T00:00:00.000Z");
    drive.list("pushed groups, some", list.stream()).await;
    drive.call("a pushed group", pushes.get("gPm1")).await;
    let named = || PushTarget::Named("Engineering".into());
    drive.call("push a group", pushes.create("00g1", named())).await;
    let existing = PushTarget::Existing("00g2".into());
    let request = pushes.create("00g1", existing).status(GroupPushStatus::Inactive);
    drive.call("push to an existing group", request).await;
    let config = PushAppConfig::default()
        .kind("ACTIVE_DIRECTORY")
        .distinguished_name("OU=Groups,DC=acme,DC=example")
        .group_scope("GLOBAL")
        .group_type("SECURITY")
        .sam_account_name("engineering");
    let request = pushes.create("00g1", named()).app_config(&config);
    drive.call("push to Active Directory", request).await;
    drive.call("activate a push", pushes.activate("gPm1")).await;
    drive.call("deactivate a push", pushes.deactivate("gPm1")).await;
    drive.call("end a push", pushes.delete("gPm1")).await;
    drive.call("end a push and its group", pushes.delete("gPm1").delete_target_group(true)).await;
}
