//! The System Log, event hooks, the org itself.

use std::time::Duration;

use futures::StreamExt;
use okta_client::search::attr;
use okta_client::{
    EventHook, EventHookCondition, EventHookEvents, EventHookFilter, EventHookFilterEntry,
    LogOrder, OrgSettings,
};

use crate::drive::Drive;

const HOOK: &str = "who8vt36qfNpCGz9H1e6";

pub(crate) async fn drive(drive: &mut Drive) {
    log(drive).await;
    hooks(drive).await;
    org(drive).await;
}

async fn log(drive: &mut Drive) {
    let logs = drive.okta.logs();
    let time = |text: &str| text.parse::<okta_client::jiff::Timestamp>().unwrap();
    drive.list("log", logs.list().stream()).await;
    let list = logs.list().since(time("2026-01-01T00:00:00Z")).until(time("2026-01-02T00:00:00Z"));
    let list = list.filter(attr("eventType").eq("user.lifecycle.create")).q("ada lovelace");
    let list = list.sort_order(LogOrder::Descending).page_size(100).limit(5);
    drive.list("log, some", list.stream()).await;
    let follow = logs.follow(time("2026-01-01T00:00:00Z")).page_size(10);
    let follow = follow.filter("eventType sw \"user.\"").q("ada").interval(Duration::ZERO);
    let mut pages = follow.pages();
    let page = async { pages.next().await.unwrap() };
    drive.call("log, followed", page).await;
}

async fn hooks(drive: &mut Drive) {
    let hooks = drive.okta.event_hooks();
    let hook =
        EventHook::new("Joiners", "https://hooks.acme.example/okta", ["user.lifecycle.create"]);
    drive.list("hooks", hooks.list().stream()).await;
    drive.call("a hook", hooks.get(HOOK)).await;
    drive.call("a hook that may not exist", hooks.try_get(HOOK)).await;
    drive.call("create a hook", hooks.create(&hook)).await;
    let with_headers = hook.clone().description("For the directory");
    let with_headers = with_headers.auth_header("Authorization", "s3cret").header("X-Org", "acme");
    drive.call("create a hook with headers", hooks.create(&with_headers)).await;
    let condition = EventHookCondition::default().expression("event.actor.id == '00u1'");
    let entry = EventHookFilterEntry::default().event("user.lifecycle.create").condition(condition);
    let filter = EventHookFilter::default().kind("EXPRESSION_LANGUAGE").event_filter_map([entry]);
    let events = EventHookEvents::default().kind("EVENT_TYPE").filter(filter);
    let events = events.items(["user.lifecycle.create".to_owned()]);
    drive.call("create a hook with a filter", hooks.create(&hook.clone().events(events))).await;
    drive.call("replace a hook", hooks.replace(HOOK, &hook)).await;
    if let Some(read) = drive.call("read a hook to write it back", hooks.get(HOOK)).await {
        drive.call("replace a hook by what was read", hooks.replace(HOOK, &read)).await;
    }
    drive.call("activate a hook", hooks.activate(HOOK)).await;
    drive.call("deactivate a hook", hooks.deactivate(HOOK)).await;
    drive.call("verify a hook", hooks.verify(HOOK)).await;
    drive.call("delete a hook", hooks.delete(HOOK)).await;
}

async fn org(drive: &mut Drive) {
    let org = drive.okta.org();
    drive.call("org", org.get()).await;
    drive.call("org metadata", org.metadata()).await;
    let changes = OrgSettings::default().support_phone_number("+49 30 1").city("Berlin");
    drive.call("update the org", org.update(&changes)).await;
    let settings = OrgSettings::default().company_name("Acme").website("https://acme.example");
    drive.call("replace the org", org.replace(&settings)).await;
    if let Some(read) = drive.call("read the org to write it back", org.get()).await {
        drive.call("replace the org by what was read", org.replace(&read)).await;
    }
}
