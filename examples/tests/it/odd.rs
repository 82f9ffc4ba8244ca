//! Somebody in Okta whose JSON does not fit: they fail, named, and everybody else is delivered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::LINK;
use axum::http::{HeaderMap, StatusCode, Uri};
use okta_client::{ApiToken, GroupId, GroupProfile, Okta};
use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::support::{Folder, Program, program_named, report_at};

const ODD_EVENT: &str = "an event could not be read: ";

const PEOPLE: u64 = 30;

/// A sandbox whose Okta is read through a server that spoils one person of every answer.
struct Rig {
    sandbox: Sandbox,
    okta_url: String,
    /// Whom it spoils.
    id: String,
    folder: Folder,
    is_odd: Arc<AtomicBool>,
    /// Nothing ever stands in the log.
    is_empty: Arc<AtomicBool>,
    _runtime: Runtime,
}

struct Spoiler {
    okta: String,
    own: String,
    id: String,
    is_odd: Arc<AtomicBool>,
    is_empty: Arc<AtomicBool>,
    client: reqwest::Client,
}

impl Spoiler {
    fn spoil(&self, answer: &mut Value) {
        match answer {
            Value::Array(items) => items.iter_mut().for_each(|item| self.spoil(item)),
            user if user["id"] == *self.id && self.is_odd.load(SeqCst) => {
                user["status"] = json!(["ACTIVE"]);
            }
            event if event["eventType"] == "group.profile.update" => {
                event["severity"] = json!(5);
            }
            _ => {}
        }
    }
}

async fn pass_on(
    State(spoiler): State<Arc<Spoiler>>,
    uri: Uri,
    headers: HeaderMap,
) -> (StatusCode, HeaderMap, Bytes) {
    if spoiler.is_empty.load(SeqCst) && uri.path() == "/api/v1/logs" {
        let next = format!("<{}/api/v1/logs?after=its+end>; rel=\"next\"", spoiler.own);
        let given = HeaderMap::from_iter([(LINK, next.parse().unwrap())]);
        return (StatusCode::OK, given, "[]".into());
    }
    let sent = spoiler.client.get(format!("{}{uri}", spoiler.okta));
    let answer = sent.header("authorization", &headers["authorization"]).send().await.unwrap();
    let (status, mut given) = (answer.status(), HeaderMap::new());
    for link in answer.headers().get_all("link") {
        let link = link.to_str().unwrap().replace(&spoiler.okta, &spoiler.own);
        given.append("link", link.parse().unwrap());
    }
    let mut body: Value = answer.json().await.unwrap();
    spoiler.spoil(&mut body);
    (status, given, body.to_string().into())
}

impl Rig {
    fn start() -> Self {
        let (runtime, is_odd) = (Runtime::new().unwrap(), Arc::new(AtomicBool::new(true)));
        let is_empty = Arc::<AtomicBool>::default();
        let (sandbox, okta_url, id) = runtime.block_on(async {
            let sandbox = Sandbox::builder().people(PEOPLE).start().await.unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let id = sandbox.okta().user_id(3);
            let own = format!("http://{}", listener.local_addr().unwrap());
            let spoiler = Spoiler {
                okta: sandbox.okta_url().to_owned(),
                own: own.clone(),
                id: id.clone(),
                is_odd: Arc::clone(&is_odd),
                is_empty: Arc::clone(&is_empty),
                client: reqwest::Client::new(),
            };
            let app = Router::new().fallback(pass_on).with_state(Arc::new(spoiler));
            tokio::spawn(axum::serve(listener, app).into_future());
            (sandbox, own, id)
        });
        let folder = Folder::new();
        Self { sandbox, okta_url, id, folder, is_odd, is_empty, _runtime: runtime }
    }

    fn program(&self, name: &'static str) -> Program {
        program_named(name)
            .env("OKTA_CLIENT_ORGURL", &self.okta_url)
            .env("OKTA_CLIENT_TOKEN", self.sandbox.okta_token())
            .env("PENDO_BASE_URL", self.sandbox.pendo_url())
            .env("PENDO_INTEGRATION_KEY", self.sandbox.pendo_key())
            .env("SCIM_BASE_URL", self.sandbox.scim_url())
            .env("SCIM_TOKEN", self.sandbox.scim_token())
            .arg("--report")
            .arg(self.folder.file("report.json").to_str().unwrap())
    }

    fn block_on<T>(&self, act: impl AsyncFnOnce(Okta) -> T) -> T {
        let token = ApiToken::new(self.sandbox.okta_token());
        self._runtime.block_on(act(Okta::new(self.sandbox.okta_url(), token).unwrap()))
    }

    fn active_users(&self) -> usize {
        self.sandbox.scim().users().iter().filter(|user| user["active"] == true).count()
    }

    #[track_caller]
    fn assert_named(&self) {
        let report = report_at(&self.folder.file("report.json"));
        assert_eq!(report["complete"], false);
        let undelivered = report["not_delivered"].as_array().unwrap();
        let names = |entry: &&Value| entry.to_string().contains(&self.id);
        let named: Vec<_> = undelivered.iter().filter(names).collect();
        assert!(named.len() == 1 && named[0].to_string().contains("status"), "{named:?}");
    }
}

#[test]
fn everybody_else_is_pushed_with_and_without_a_store() {
    for remembers in [false, true] {
        let rig = Rig::start();
        let store = rig.folder.file("store.db");
        let push = rig.program("pendo_visitor_sync").arg("--create-missing");
        let push = match remembers {
            true => push.arg("--store").arg(store.to_str().unwrap()),
            false => push,
        };
        push.run().exits(1).says("failed  1 cannot be read in Okta").says(&rig.id);
        rig.assert_named();
        let held = rig.sandbox.pendo().written_count();
        assert!(held > PEOPLE * 2 / 3, "{held}");
        rig.is_odd.store(false, SeqCst);
        push.run().exits(0).never_says("cannot be read");
        assert_eq!(rig.sandbox.pendo().written_count(), held + 1);
    }
}

#[test]
fn everybody_else_is_provisioned_and_nobody_deactivated() {
    let rig = Rig::start();
    let store = rig.folder.file("store.db");
    let run = rig.program("pendo_scim").arg("--store").arg(store.to_str().unwrap());
    run.run().exits(1).says("1 unreadable").says(&rig.id);
    rig.assert_named();
    let active = rig.active_users();
    rig.is_odd.store(false, SeqCst);
    run.run().exits(0).says("1 created, 0 updated, 0 restored, 0 removed");
    rig.is_odd.store(true, SeqCst);
    run.run().exits(1).says("0 created, 0 updated, 0 restored, 0 removed");
    assert_eq!(rig.active_users(), active + 1);
}

#[cfg(unix)]
#[test]
fn an_odd_event_of_a_group_is_followed_and_called_so() {
    let rig = Rig::start();
    rig.is_odd.store(false, SeqCst);
    let named = |name: &str| GroupProfile::new().with("name", name);
    let rename = |id: &GroupId, name: &str| {
        rig.block_on(async |okta| okta.groups().replace(id, &named(name)).await.map(drop).unwrap())
    };
    let id = rig.block_on(async |okta| okta.groups().create(&named("First")).await.unwrap().id);
    // Before the start: that is made up for by looking at all groups.
    rename(&id, "Staff");
    let store = rig.folder.file("store.db");
    let program = rig.program("pendo_scim").arg("--store").arg(store.to_str().unwrap());
    let program = program.args("--follow --poll 1s --push-groups").arg(id.as_str());
    let is_named = |name: &str| rig.sandbox.scim().groups()[0]["displayName"] == name;
    let mut running = program.start();
    running.says("group     Staff: Active, ");
    running.warns(ODD_EVENT);
    rename(&id, "Crew");
    running.warns(ODD_EVENT);
    running.until("the new name is there", || is_named("Crew"));
    running.signal("TERM");
    running.end().exits(0).never_says("still trying");
}

#[test]
fn a_member_who_cannot_be_read_stays_in_the_group_and_the_others_go_on() {
    let rig = Rig::start();
    rig.is_odd.store(false, SeqCst);
    let ids: Vec<String> = (0..6).map(|position| rig.sandbox.okta().user_id(position)).collect();
    rig.block_on(async |okta| {
        let staff = okta
            .groups()
            .create(&okta_client::GroupProfile::new().with("name", "Staff"))
            .await
            .unwrap();
        for id in &ids {
            okta.users().unsuspend(id).await.ok();
            okta.users().activate(id).send_email(false).await.ok();
            okta.groups().add_member(&staff.id, id).await.unwrap();
        }
    });
    let store = rig.folder.file("store.db");
    let run = rig.program("pendo_scim").arg("--store").arg(store.to_str().unwrap());
    let run = run.args("--inactive-statuses none --push-groups Staff");
    let members = || {
        let groups = rig.sandbox.scim().groups();
        groups[0]["members"].as_array().unwrap().len()
    };
    run.run().exits(0);
    let before = members();
    rig.is_odd.store(true, SeqCst);
    let gone = &ids[5];
    rig.block_on(async |okta| okta.users().deactivate(gone).await.unwrap());
    run.run().exits(1).says("1 unreadable").says("1 removed").says(&rig.id);
    assert_eq!(members(), before - 1, "the one who left, and not the one who cannot be read");
}

#[cfg(unix)]
#[test]
fn who_cannot_be_read_fails_while_it_follows_until_that_is_over() {
    let rig = Rig::start();
    let store = rig.folder.file("store.db");
    let program = rig.program("pendo_scim").arg("--store").arg(store.to_str().unwrap());
    let mut running = program.args("--follow --poll 1s").start();
    let line = running.says("followed  everybody");
    assert!(line.ends_with(" 1 failed"), "{line}");
    let report = || report_at(&rig.folder.file("report.json"));
    running
        .until("it is in the report", || report()["not_delivered"].to_string().contains(&rig.id));
    assert_eq!(report()["complete"], false);
    rig.is_odd.store(false, SeqCst);
    // Whoever failed comes with the next change.
    let other = rig.sandbox.okta().user(&rig.sandbox.okta().user_id(7)).unwrap();
    let login = other["profile"]["login"].as_str().unwrap();
    rig.sandbox.okta().set_profile(login, [("title", json!("Countess"))]);
    running.until("it is complete", || report()["complete"] == true);
    let all = report();
    assert!(!all["not_delivered"].to_string().contains(&rig.id), "{all}");
    assert_eq!(all["people"]["unreadable"], 0, "{all}");
    running.signal("TERM");
    let ended = running.end().exits(0);
    assert!(!ended.out.contains(&rig.id), "{ended}");
}

#[cfg(unix)]
#[test]
fn a_visitor_who_cannot_be_read_fails_while_it_follows_until_that_is_over() {
    let rig = Rig::start();
    let store = rig.folder.file("store.db");
    let program = rig.program("pendo_visitor_sync").arg("--store").arg(store.to_str().unwrap());
    let mut running = program.args("--create-missing --follow --poll 1s").start();
    running.says("failed  1 cannot be read in Okta");
    let report = || report_at(&rig.folder.file("report.json"));
    running
        .until("it is in the report", || report()["not_delivered"].to_string().contains(&rig.id));
    let login = rig.sandbox.okta().user(&rig.id).unwrap()["profile"]["login"].to_string();
    let login = login.trim_matches('"');
    let change = |title| rig.sandbox.okta().set_profile(login, [("title", json!(title))]);
    change("Countess");
    let line = running.says("follow  ");
    assert!(line.ends_with(" 1 failed"), "{line}");
    assert_eq!((&report()["complete"], &report()["failed"]), (&json!(false), &json!(1)));
    rig.is_odd.store(false, SeqCst);
    change("Queen");
    running.until("it is complete", || report()["complete"] == true);
    let all = report();
    assert!(!all["not_delivered"].to_string().contains(&rig.id), "{all}");
    assert_eq!(all["failed"], 0, "{all}");
    running.signal("TERM");
    running.end().exits(0);
}

#[cfg(unix)]
#[test]
fn a_log_without_events_that_leads_on_can_be_followed() {
    let rig = Rig::start();
    rig.is_odd.store(false, SeqCst);
    rig.is_empty.store(true, SeqCst);
    let store = rig.folder.file("store.db");
    let program = rig.program("pendo_scim").arg("--store").arg(store.to_str().unwrap());
    let mut running = program.args("--follow --poll 1s").start();
    running.says("followed  everybody");
    running.signal("TERM");
    running.end().exits(0);
}
