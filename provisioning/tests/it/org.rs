//! An Okta org with people in a group and in an app.

use std::sync::Arc;

use futures::TryStreamExt;
use okta_client::{ApiToken, Application, GroupProfile, Okta, Profile};
use provisioning::Mapping;
use sandbox::Sandbox;
use serde_json::json;

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
