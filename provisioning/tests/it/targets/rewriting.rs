//! A SCIM provider that writes values in its own way: titles in small letters, locales with a dash.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use provisioning::{Basis, Record};
use scim_client::{Bearer, RetryPolicy, Scim};
use scim_types::Mode;
use scim_types::patch::PatchOp;
use scim_types::schema::Schemas;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::doubted::with_cuts;
use super::support::{BOTH, Bringing};

type Users = Arc<Mutex<BTreeMap<String, Value>>>;

struct Provider {
    server: MockServer,
    users: Users,
    /// Changes are answered with success, and not made.
    ignores: Arc<AtomicBool>,
}

fn rewritten(mut user: Value) -> Value {
    if let Some(title) = user["title"].as_str() {
        user["title"] = json!(title.to_lowercase());
    }
    if let Some(locale) = user["locale"].as_str() {
        user["locale"] = json!(locale.replace('_', "-"));
    }
    user
}

fn answer(
    request: &Request,
    users: &mut BTreeMap<String, Value>,
    ignores: bool,
) -> ResponseTemplate {
    let path = request.url.path();
    let id = path.strip_prefix("/Users/").unwrap_or_default().to_owned();
    let body = || request.body_json::<Value>().unwrap();
    match (request.method.as_str(), path) {
        ("GET", "/Users") => {
            let filter = request.url.query_pairs().find(|(name, _)| name == "filter");
            let name = filter.map(|(_, text)| text.split('"').nth(1).unwrap().to_owned());
            let is_meant =
                |user: &&Value| name.as_ref().is_none_or(|name| user["userName"] == **name);
            let found: Vec<_> = users.values().filter(is_meant).collect();
            ResponseTemplate::new(200).set_body_json(json!({
                "schemas": [scim_types::urn::LIST_RESPONSE], "totalResults": found.len(), "Resources": found}))
        }
        ("POST", "/Users") => {
            let (mut user, id) = (rewritten(body()), format!("u{}", users.len() + 1));
            user["id"] = json!(id);
            users.insert(id, user.clone());
            ResponseTemplate::new(201).set_body_json(user)
        }
        (method @ ("GET" | "PATCH"), _) if users.contains_key(&id) => {
            let user = users.get_mut(&id).unwrap();
            if method == "PATCH" && !ignores {
                let patch: PatchOp = request.body_json().unwrap();
                let schemas = Schemas::user().clone().open();
                patch.apply(user, &schemas, Mode::Tolerant).unwrap();
                *user = rewritten(user.take());
            }
            ResponseTemplate::new(200).set_body_json(&*user)
        }
        _ => ResponseTemplate::new(404),
    }
}

impl Provider {
    async fn start() -> Self {
        let (server, users) = (MockServer::start().await, Users::default());
        let ignores = Arc::new(AtomicBool::new(false));
        let (state, switch) = (users.clone(), ignores.clone());
        let responds = move |request: &Request| {
            answer(request, &mut state.lock().unwrap(), switch.load(Relaxed))
        };
        Mock::given(any()).respond_with(responds).mount(&server).await;
        Self { server, users, ignores }
    }

    fn bringing(&self) -> (Bringing, Arc<AtomicBool>) {
        let scim = Scim::builder(self.server.uri(), Bearer::new("t0ken"));
        with_cuts(scim.retry(RetryPolicy::never()).build().unwrap())
    }

    fn shown(&self, n: usize, field: &str) -> Value {
        self.users.lock().unwrap()[&format!("u{}", n + 1)]
            .pointer(field)
            .cloned()
            .unwrap_or_default()
    }
}

fn person(n: usize, family: &str, title: &str) -> Record {
    let record = Record::new(format!("p{n}@acme.example")).source_id(format!("00u{n}"));
    record.set("name.familyName", family).set("title", title).set("locale", "en_US")
}

fn all(family: &str, title: &str) -> Vec<Record> {
    (0..6).map(|n| person(n, family, title)).collect()
}

#[tokio::test]
async fn values_that_are_sent_again_after_a_lost_answer_are_no_failures() {
    let provider = Provider::start().await;
    let (bringing, is_cut) = provider.bringing();
    let report = bringing.run(&all("Before", "Chief"), Basis::Delivered).await;
    assert_eq!((report.created, report.not_kept["title"], report.not_kept["locale"]), (6, 6, 6));
    is_cut.store(true, Relaxed);
    assert_eq!(bringing.once(&all("Q", "Chief"), Basis::Delivered).await.failed, 6);
    is_cut.store(false, Relaxed);
    let report = bringing.run(&all("R", "Chief"), Basis::Delivered).await;
    assert_eq!(report.updated, 6, "{report:?}");
    assert!(report.not_kept.is_empty(), "it was said before: {report:?}");
    bringing.assert_done(&all("R", "Chief"), &BOTH).await;
    // Also where all of it is there already.
    is_cut.store(true, Relaxed);
    assert_eq!(bringing.once(&all("S", "Chief"), Basis::Delivered).await.failed, 6);
    is_cut.store(false, Relaxed);
    assert_eq!(bringing.run(&all("S", "Chief"), Basis::Delivered).await.updated, 6);
    assert_eq!(provider.shown(2, "/name/familyName"), "S");
    bringing.assert_done(&all("S", "Chief"), &BOTH).await;
}

#[tokio::test]
async fn who_is_taken_over_there_does_not_fail_on_the_first_run() {
    let provider = Provider::start().await;
    provider.bringing().0.run(&all("Before", "Chief"), Basis::Delivered).await;
    // The same people, from an empty store: nothing differs but the spelling.
    for family in ["Before", "After"] {
        let (bringing, _) = provider.bringing();
        let report = bringing.run(&all(family, "Chief"), Basis::Delivered).await;
        assert_eq!((report.updated, report.not_kept["title"]), (6, 6), "{report:?}");
        bringing.assert_done(&all(family, "Chief"), &BOTH).await;
    }
    // Where the rest of the change was made, what is shown otherwise is the provider's own way.
    provider.users.lock().unwrap().values_mut().for_each(|user| user["locale"] = json!("de-DE"));
    let (bringing, _) = provider.bringing();
    bringing.run(&all("Third", "Chief"), Basis::Delivered).await;
    assert_eq!(provider.shown(1, "/locale"), "en-US");
    bringing.assert_done(&all("Third", "Chief"), &BOTH).await;
}

#[tokio::test]
async fn a_change_that_is_not_made_is_a_failure_there_too() {
    let provider = Provider::start().await;
    let (bringing, _) = provider.bringing();
    bringing.run(&all("Before", "chief"), Basis::Delivered).await;
    provider.ignores.store(true, Relaxed);
    for (family, title) in [("Married", "chief"), ("Before", "Boss"), ("Before", "Chief")] {
        // A provider that kept `chief` as it was sent is not known to write it otherwise than `Chief`.
        let report = bringing.once(&all(family, title), Basis::Delivered).await;
        assert_eq!((report.failed, report.updated), (6, 0), "{family} {title} {report:?}");
    }
    provider.ignores.store(false, Relaxed);
    let report = bringing.run(&all("Married", "Boss"), Basis::Delivered).await;
    assert_eq!(report.updated, 6);
    assert_eq!(provider.shown(5, "/name/familyName"), "Married");
    assert_eq!(provider.shown(5, "/title"), "boss");
    bringing.assert_done(&all("Married", "Boss"), &BOTH).await;
}
