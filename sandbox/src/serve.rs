//! All servers, running.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::faults::{self, FaultControl, Faults, Vendor};
use crate::okta::{
    Deliveries, OAuthOptions, OktaOptions, OktaOrg, ProvisioningOptions, RateLimits, SearchCap,
    ServiceApp, generate,
};
use crate::pendo::{Pendo, PendoOptions};
use crate::people::People;
use crate::scim::{BASE_PATH, ScimOptions, ScimProvider};

/// The client id of the service app.
const SERVICE_APP: &str = "0oasandboxservice5d7";

/// A running sandbox: an Okta org, a Pendo subscription that knows most of its people, and a SCIM
/// provider that has none of them as users unless told so.
///
/// It stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    okta: OktaOrg,
    okta_url: String,
    service_app: ServiceApp,
    pendo: Pendo,
    pendo_url: String,
    scim: ScimProvider,
    scim_url: String,
    people: Arc<People>,
    faults: FaultControl,
    // All servers end when it is gone.
    _running: watch::Sender<()>,
}

/// What a sandbox is made of, before it starts.
#[derive(Clone, Debug)]
#[must_use]
pub struct SandboxBuilder {
    people: u64,
    seed: u64,
    faults: Faults,
    okta: OktaOptions,
    okta_port: u16,
    pendo: PendoOptions,
    pendo_port: u16,
    scim: ScimOptions,
    scim_port: u16,
}

impl Sandbox {
    /// Starts a sandbox with 2,000 people and no faults.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A sandbox to be described before it starts.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder {
            people: 2_000,
            seed: 7,
            faults: Faults::none(),
            okta: OktaOptions::default(),
            okta_port: 0,
            pendo: PendoOptions::default(),
            pendo_port: 0,
            scim: ScimOptions::default(),
            scim_port: 0,
        }
    }

    /// The Okta org, to look into and to change behind the API's back.
    pub fn okta(&self) -> &OktaOrg {
        &self.okta
    }

    /// The base URL of the Okta org, such as `http://127.0.0.1:40001`.
    pub fn okta_url(&self) -> &str {
        &self.okta_url
    }

    /// The API token of the Okta org.
    pub fn okta_token(&self) -> &str {
        self.okta.token()
    }

    /// The service app of the Okta org, which gets its access tokens with a private key.
    pub fn service_app(&self) -> &ServiceApp {
        &self.service_app
    }

    /// The Pendo subscription, to look into and to change behind the API's back.
    pub fn pendo(&self) -> &Pendo {
        &self.pendo
    }

    /// The base URL of the Pendo subscription.
    pub fn pendo_url(&self) -> &str {
        &self.pendo_url
    }

    /// Pendo's integration key with write access.
    pub fn pendo_key(&self) -> &str {
        self.pendo.key()
    }

    /// Pendo's integration key that may only read.
    pub fn pendo_read_only_key(&self) -> &str {
        self.pendo.read_only_key()
    }

    /// The SCIM provider, to look into and to change behind the API's back.
    pub fn scim(&self) -> &ScimProvider {
        &self.scim
    }

    /// The base URL of the SCIM provider, such as `http://127.0.0.1:40003/scim/v2`.
    pub fn scim_url(&self) -> &str {
        &self.scim_url
    }

    /// The bearer token of the SCIM provider.
    pub fn scim_token(&self) -> &str {
        self.scim.token()
    }

    /// The seeded people, as they were before anybody changed them.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// The faults of all servers.
    pub fn faults(&self) -> &FaultControl {
        &self.faults
    }
}

impl SandboxBuilder {
    /// So many people who are not deactivated; 2,000 unless told otherwise.
    pub fn people(mut self, people: u64) -> Self {
        self.people = people;
        self
    }

    /// Which people: same seed, same people.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Which calls fail, on all servers.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Whether and how a search ends after 50,000 results; `true` is [`SearchCap::NoNextLink`].
    pub fn search_cap(mut self, cap: impl Into<SearchCap>) -> Self {
        self.okta.search_cap = cap.into();
        self
    }

    /// The rate limits of the Okta org.
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.okta.limits = limits;
        self
    }

    /// The token endpoint of the Okta org and its service app.
    pub fn oauth(mut self, options: OAuthOptions) -> Self {
        self.okta.oauth = options;
        self
    }

    /// How the Okta org delivers its event hooks.
    pub fn deliveries(mut self, deliveries: Deliveries) -> Self {
        self.okta.deliveries = deliveries;
        self
    }

    /// How the Okta org provisions into the connections of its apps.
    pub fn provisioning(mut self, options: ProvisioningOptions) -> Self {
        self.okta.provisioning = options;
        self
    }

    /// All switches of the Pendo subscription.
    pub fn pendo(mut self, options: PendoOptions) -> Self {
        self.pendo = options;
        self
    }

    /// Whether Pendo counts what arrives instead of keeping it.
    pub fn count_only(mut self, count_only: bool) -> Self {
        self.pendo.count_only = count_only;
        self
    }

    /// The port of the Okta org; a free one unless told otherwise.
    pub fn okta_port(mut self, port: u16) -> Self {
        self.okta_port = port;
        self
    }

    /// The port of the Pendo subscription; a free one unless told otherwise.
    pub fn pendo_port(mut self, port: u16) -> Self {
        self.pendo_port = port;
        self
    }

    /// What the SCIM provider is; its seeded users are the first of the sandbox's people.
    pub fn scim(mut self, options: ScimOptions) -> Self {
        self.scim = options;
        self
    }

    /// The port of the SCIM provider; a free one unless told otherwise.
    pub fn scim_port(mut self, port: u16) -> Self {
        self.scim_port = port;
        self
    }

    /// Starts all servers on loopback; fails if a port is taken.
    pub async fn start(self) -> io::Result<Sandbox> {
        let people = Arc::new(People::new(self.seed, self.people));
        let OAuthOptions { scopes, dpop, .. } = self.okta.oauth.clone();
        let (service_app, public_key) = generate(SERVICE_APP, &scopes)?;
        let okta = OktaOrg::new(people.clone(), self.okta);
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        okta.register_service_app(SERVICE_APP, [public_key], &scopes, dpop);
        let pendo = Pendo::new(people.clone(), self.pendo);
        let scim = ScimProvider::new(ScimOptions { seed: self.seed, ..self.scim });
        let faults = FaultControl::new(self.faults);
        let (running, stop) = watch::channel(());
        let wrapped = |router, vendor| faults::wrap(router, faults.clone(), vendor);
        let okta_at =
            serve(wrapped(okta.router(), Vendor::Okta), self.okta_port, stop.clone()).await?;
        okta.served_under(format!("http://{okta_at}"));
        let pendo_at =
            serve(wrapped(pendo.router(), Vendor::Pendo), self.pendo_port, stop.clone()).await?;
        let scim_at = serve(wrapped(scim.router(), Vendor::Scim), self.scim_port, stop).await?;
        Ok(Sandbox {
            okta,
            okta_url: format!("http://{okta_at}"),
            service_app,
            pendo,
            pendo_url: format!("http://{pendo_at}"),
            scim,
            scim_url: format!("http://{scim_at}{BASE_PATH}"),
            people,
            faults,
            _running: running,
        })
    }
}

async fn serve(
    router: axum::Router,
    port: u16,
    mut stop: watch::Receiver<()>,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let stopped = async move {
        // An error is the sender's end: the sandbox was dropped.
        while stop.changed().await.is_ok() {}
    };
    tokio::spawn(
        async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await },
    );
    Ok(address)
}
