//! A program, its product, and the Okta that it reads.

use std::future::Future;
use std::path::PathBuf;

use futures::TryStreamExt;
use okta_client::{ApiToken, Okta, User, UserStatus};
use sandbox::{Sandbox, ScimOptions};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::support::{Folder, Program, program_named};

/// A program against a sandbox in this process, with a store that its runs share.
#[derive(Debug)]
pub(super) struct Rig {
    name: &'static str,
    pub(super) sandbox: Sandbox,
    pub(super) folder: Folder,
    runtime: Runtime,
}

impl Rig {
    pub(super) fn start(name: &'static str, people: u64, product: ScimOptions) -> Self {
        let rig = Self::as_seeded(name, people, product);
        rig.in_okta(everybody_active);
        rig
    }

    /// With people of all statuses.
    pub(super) fn as_seeded(name: &'static str, people: u64, product: ScimOptions) -> Self {
        let runtime = Runtime::new().unwrap();
        let sandbox = Sandbox::builder().people(people).scim(product);
        let sandbox = runtime.block_on(sandbox.start()).unwrap();
        Self { name, sandbox, folder: Folder::new(), runtime }
    }

    pub(super) fn suspend(&self, position: u64) {
        let id = self.id(position);
        self.in_okta(async |okta| okta.users().suspend(id).await.unwrap());
    }

    pub(super) fn unsuspend(&self, position: u64) {
        let id = self.id(position);
        self.in_okta(async |okta| okta.users().unsuspend(id).await.unwrap());
    }

    pub(super) fn program(&self, args: &str) -> Program {
        let to = (self.sandbox.scim_url().to_owned(), self.sandbox.scim_token().to_owned());
        self.program_to(&to.0, &to.1, args)
    }

    /// The same without a store.
    pub(super) fn unstored(&self, args: &str) -> Program {
        let to = (self.sandbox.scim_url().to_owned(), self.sandbox.scim_token().to_owned());
        self.unstored_to(&to.0, &to.1).args(args)
    }

    /// The same to another product.
    pub(super) fn program_to(&self, url: &str, token: &str, args: &str) -> Program {
        let stored = self.unstored_to(url, token).arg("--store");
        stored.arg(self.file("store").to_str().unwrap()).args(args)
    }

    fn unstored_to(&self, url: &str, token: &str) -> Program {
        program_named(self.name)
            .env("OKTA_CLIENT_ORGURL", self.sandbox.okta_url())
            .env("OKTA_CLIENT_TOKEN", self.sandbox.okta_token())
            .env("SCIM_BASE_URL", url)
            .env("SCIM_TOKEN", token)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.file(name)
    }

    pub(super) fn written(&self, name: &str, text: &str) -> String {
        let path = self.file(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Does something in Okta, through its API.
    pub(super) fn in_okta<T, F: Future<Output = T>>(&self, act: impl FnOnce(Okta) -> F) -> T {
        let token = ApiToken::new(self.sandbox.okta_token());
        let okta = Okta::new(self.sandbox.okta_url(), token).unwrap();
        self.runtime.block_on(act(okta))
    }

    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(super) fn email(&self, position: u64) -> String {
        self.sandbox.people().email(position)
    }

    pub(super) fn id(&self, position: u64) -> String {
        self.sandbox.okta().user_id(position)
    }

    /// The product's user of this e-mail; null if there is none.
    pub(super) fn user(&self, email: &str) -> Value {
        self.sandbox.scim().user_by_name(email).unwrap_or_default()
    }

    pub(super) fn set(&self, position: u64, attribute: &str, value: impl Into<Value>) {
        let value = value.into();
        assert!(self.sandbox.okta().set_profile(&self.email(position), [(attribute, value)]));
    }

    pub(super) fn deactivate(&self, position: u64) {
        let id = self.id(position);
        self.in_okta(async |okta| okta.users().deactivate(id).await.unwrap());
    }

    pub(super) fn activate(&self, position: u64) {
        let id = self.id(position);
        self.in_okta(async |okta| drop(okta.users().activate(id).await.unwrap()));
    }

    /// A new group of the people at these positions; its id.
    pub(super) fn group(&self, name: &str, positions: impl IntoIterator<Item = u64>) -> String {
        let ids: Vec<String> = positions.into_iter().map(|position| self.id(position)).collect();
        self.in_okta(async |okta| {
            let profile = okta_client::GroupProfile::new().with("name", name);
            let group = okta.groups().create(&profile).await.unwrap();
            for id in ids {
                okta.groups().add_member(&group.id, id).await.unwrap();
            }
            group.id.to_string()
        })
    }

    pub(super) fn calls(&self, method: &str) -> usize {
        let requests = self.sandbox.scim().requests();
        requests.iter().filter(|request| request.method == method).count()
    }

    pub(super) fn writes(&self) -> usize {
        ["POST", "PUT", "PATCH", "DELETE"].iter().map(|method| self.calls(method)).sum()
    }
}

/// Some of the sandbox's people are staged or suspended; tests that mean such people make them so.
async fn everybody_active(okta: Okta) {
    let users: Vec<User> = okta.users().list().stream().try_collect().await.unwrap();
    for user in users {
        match user.status {
            Some(UserStatus::Staged) => drop(okta.users().activate(&user.id).await.unwrap()),
            Some(UserStatus::Suspended) => okta.users().unsuspend(&user.id).await.unwrap(),
            _ => {}
        }
    }
}

/// A user of the product, changed there by somebody.
pub(super) fn edit(rig: &Rig, email: &str, change: impl FnOnce(&mut Value)) {
    let mut user = rig.user(email);
    change(&mut user);
    let token = scim_client::Bearer::new(rig.sandbox.scim_token());
    let scim = scim_client::Scim::new(rig.sandbox.scim_url(), token).unwrap();
    let user: scim_types::User = serde_json::from_value(user).unwrap();
    rig.block_on(async { scim.users().replace(&user, None).await.unwrap() });
}
