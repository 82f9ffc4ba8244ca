//! A stand-in Okta org: people and groups, schemas, apps and how they provision, service apps, the System
//! Log and event hooks. It also provisions: into whatever SCIM server the connection of an app names.

mod access;
mod apps;
mod base_attributes;
mod call;
mod change;
mod credentials;
mod error;
mod expression;
mod glimpse;
mod group;
mod groups;
mod guard;
mod hooks;
mod ids;
mod lifecycle;
mod limits;
mod link;
mod linked;
mod listing;
mod log;
mod look;
mod order;
mod org;
mod owners;
mod provision;
mod roles;
mod routes;
mod rules;
mod schema;
mod schemas;
mod state;
mod types;
mod unserved;
mod user;
mod users;

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};

use tokio::sync::Notify;

use crate::people::People;
use access::Access;
pub(crate) use access::generate;
pub use access::{Nonces, OAuthOptions, ServiceApp};
use call::Call;
use change::Change;
pub(crate) use error::OktaError;
pub(crate) use guard::stamp;
pub use hooks::{Deliveries, Delivery};
pub(crate) use limits::Quota;
pub use limits::RateLimits;
use limits::Windows;
pub use listing::SearchCap;
use log::By;
use order::Orders;
use provision::Requests;
pub use provision::{ProvisioningOptions, ProvisioningRequest};
use state::State;

/// What can be switched on the sandbox's Okta org.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OktaOptions {
    /// The API token; it is accepted as `SSWS` and as `Bearer`.
    pub token: String,
    /// How a search ends after 50,000 results.
    pub search_cap: SearchCap,
    /// Rate limits, far away by default.
    pub limits: RateLimits,
    /// The token endpoint.
    pub oauth: OAuthOptions,
    /// How event hooks are delivered.
    pub deliveries: Deliveries,
    /// How users and groups of apps are provisioned.
    pub provisioning: ProvisioningOptions,
}

impl Default for OktaOptions {
    fn default() -> Self {
        let token = "sandbox-okta-token".to_owned();
        Self {
            token,
            search_cap: SearchCap::default(),
            limits: RateLimits::default(),
            oauth: OAuthOptions::default(),
            deliveries: Deliveries::default(),
            provisioning: ProvisioningOptions::default(),
        }
    }
}

/// An Okta org on loopback: cheap to clone, every clone is the same org.
#[derive(Clone, Debug)]
pub struct OktaOrg {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    token: String,
    search_cap: SearchCap,
    state: RwLock<State>,
    orders: Mutex<Orders>,
    windows: Mutex<Windows>,
    access: Mutex<Access>,
    deliveries: Deliveries,
    delivered: Mutex<Vec<Delivery>>,
    provisioning: ProvisioningOptions,
    provisioning_changed: Arc<Notify>,
    provisioning_client: OnceLock<reqwest::Client>,
    provisioning_requests: Mutex<Requests>,
    origin: OnceLock<String>,
}

/// An org that may be gone.
#[derive(Clone, Debug)]
pub(crate) struct WeakOrg(Weak<Inner>);

impl WeakOrg {
    pub(crate) fn upgrade(&self) -> Option<OktaOrg> {
        self.0.upgrade().map(|inner| OktaOrg { inner })
    }
}

impl OktaOrg {
    /// An org in which these people work.
    pub fn new(people: Arc<People>, options: OktaOptions) -> Self {
        let inner = Inner {
            token: options.token,
            search_cap: options.search_cap,
            state: RwLock::new(State::new(people)),
            orders: Mutex::default(),
            windows: Mutex::new(Windows::new(options.limits)),
            access: Mutex::new(Access::new(&options.oauth)),
            deliveries: options.deliveries,
            delivered: Mutex::new(Vec::new()),
            provisioning: options.provisioning,
            provisioning_changed: Arc::default(),
            provisioning_client: OnceLock::new(),
            provisioning_requests: Mutex::default(),
            origin: OnceLock::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The API token.
    pub fn token(&self) -> &str {
        &self.inner.token
    }

    pub(crate) fn search_cap(&self) -> SearchCap {
        self.inner.search_cap
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.inner.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A change that the caller makes, to be logged.
    fn change(&self, call: &Call) -> Change<'_> {
        self.change_by(call.by.clone())
    }

    fn change_by(&self, by: By) -> Change<'_> {
        Change::new(self, self.write_without_event(), by)
    }

    /// For the few writes that are no change of the org.
    fn write_without_event(&self) -> RwLockWriteGuard<'_, State> {
        self.inner.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn downgrade(&self) -> WeakOrg {
        WeakOrg(Arc::downgrade(&self.inner))
    }

    /// The address it is served under, once it is.
    pub(crate) fn origin(&self) -> &str {
        self.inner.origin.get().map_or("http://localhost", String::as_str)
    }

    pub(crate) fn served_under(&self, origin: String) {
        // Whoever serves it first decides.
        let _ = self.inner.origin.set(origin);
    }

    pub(crate) fn deliveries(&self) -> Deliveries {
        self.inner.deliveries
    }

    pub(crate) fn keep_delivery(&self, delivery: Delivery) {
        self.inner.delivered.lock().unwrap_or_else(PoisonError::into_inner).push(delivery);
    }

    pub(crate) fn access(&self) -> MutexGuard<'_, Access> {
        self.inner.access.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.inner.provisioning_requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.inner.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.inner.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Now, as Okta writes it: to the second, with three digits after it.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

pub(crate) fn now_seconds() -> i64 {
    jiff::Timestamp::now().as_second()
}
