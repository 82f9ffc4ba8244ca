//! An Okta org with people in a group and in an app.

use std::sync::Arc;

use futures::TryStreamExt;
use okta_client::{ApiToken, Application, GroupProfile, Okta, Profile};
use provisioning::Mapping;
use sandbox::Sandbox;
use serde_json::{Value, json};

pub(crate) struct Org {
    pub(crate) sandbox: Sandbox,
    pub(crate) okta: Okta,
    pub(crate) group: String,
}

impl Org {
    pub(crate) async fn with(people: u64) -> Self {
        let sandbox = Sandbox::builder().people(people).start().await.unwrap();
        let token = ApiToken::new(sandbox.okta_token());
        let okta = Okta::new(sandbox.okta_url(), token).unwrap();
        let profile = GroupProfile::new().with("name", "In scope");
        let group = okta.groups().create(&profile).await.unwrap().id.as_str().to_owned();
        Self { sandbox, okta, group }
    }

    /// The id of the person at a position.
    pub(crate) fn id(&self, position: u64) -> String {
        self.sandbox.okta().user_id(position)
    }

    pub(crate) async fn join(&self, positions: impl IntoIterator<Item = u64>) {
        for position in positions {
            self.okta.groups().add_member(&self.group, self.id(position)).await.unwrap();
        }
    }

    pub(crate) fn set(&self, id: &str, name: &str, value: &str) {
        assert!(self.sandbox.okta().set_profile(id, [(name, json!(value))]), "{id}");
    }

    pub(crate) async fn create(&self, login: &str) -> String {
        let profile = Profile::new()
            .with("login", login)
            .with("email", login)
            .with("firstName", "New")
            .with("lastName", "Person");
        self.okta.users().create(profile).await.unwrap().id.as_str().to_owned()
    }

    /// An app that nobody has yet.
    pub(crate) async fn app(&self) -> String {
        let app = Application::bookmark("Product", "https://product.example");
        self.okta.apps().create(&app).await.unwrap().id.as_str().to_owned()
    }

    /// Everybody, the deprovisioned too.
    pub(crate) async fn everybody(&self) -> Vec<String> {
        let all = "lastUpdated gt \"1970-01-01T00:00:00.000Z\"";
        let users = self.okta.users().list().filter(all).stream();
        users.map_ok(|user| user.id.as_str().to_owned()).try_collect().await.unwrap()
    }
}

pub(crate) fn mapping() -> Arc<Mapping> {
    let mapping = Mapping::keyed_by("user.email").unwrap();
    let mapping = mapping.row("title", "user.title").unwrap();
    let in_use = r#"user.getInternalProperty("status") != "SUSPENDED""#;
    Arc::new(mapping.row("inUse", in_use).unwrap())
}

/// What happens in an org: people come, change, leave, and get other keys.
pub(crate) struct Life {
    pub(crate) org: Org,
    pub(crate) dice: fastrand::Rng,
    /// Whether several people claim one key, or all new keys are new ones.
    shares_keys: bool,
    ids: Vec<String>,
    hired: usize,
    renamed: usize,
    touched: u64,
}

impl Life {
    /// Of so many people, half of them in the group. Nothing happens to the first but [`touch`](Self::touch).
    pub(crate) async fn with(people: u64, seed: u64, shares_keys: bool) -> Self {
        let org = Org::with(people).await;
        org.join(0..people / 2).await;
        let ids = (0..people).map(|position| org.id(position)).collect();
        let dice = fastrand::Rng::with_seed(seed);
        Self { org, dice, shares_keys, ids, hired: 0, renamed: 0, touched: 0 }
    }

    /// One change. What the org refuses, such as to suspend somebody who is not active, is none.
    pub(crate) async fn change(&mut self) {
        let id = self.ids[self.dice.usize(1..self.ids.len())].clone();
        let (group, org) = (self.org.group.clone(), self.org.sandbox.okta());
        let (users, groups) = (self.org.okta.users(), self.org.okta.groups());
        match self.dice.u8(0..100) {
            0..60 => {
                let title = format!("Title {}", self.dice.u32(0..1_000));
                org.set_profile(&id, [("title", json!(title))]);
            }
            60..72 => {
                self.renamed += 1;
                let email = match self.shares_keys {
                    true => format!("shared{}@acme.example", self.dice.u8(0..40)),
                    false => format!("renamed{}@acme.example", self.renamed),
                };
                org.set_profile(&id, [("email", json!(email))]);
            }
            72..81 => drop(groups.add_member(group, id).await),
            81..87 => drop(groups.remove_member(group, id).await),
            87..90 => drop(users.suspend(id).await),
            90..93 => drop(users.unsuspend(id).await),
            93..95 => drop(users.deactivate(id).await),
            95..97 => drop(users.activate(id).send_email(false).await),
            97 => drop(users.delete(id).await),
            _ => {
                self.hired += 1;
                let id = self.org.create(&format!("hired{}@acme.example", self.hired)).await;
                groups.add_member(group, &id).await.unwrap();
                self.ids.push(id);
            }
        }
    }

    /// A change that is seen in the target once everything before it has been followed.
    pub(crate) fn touch(&mut self) -> Value {
        self.touched += 1;
        let title = format!("touched {}", self.touched);
        self.org.set(&self.ids[0], "title", &title);
        json!(title)
    }
}
