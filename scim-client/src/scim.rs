//! The client: address, credential, and what is known of the server.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::ACCEPT;
use rest_core::{Authorize, Client, ClientBuilder, RateLimit, Request};
use scim_types::patch::Dialect;
use scim_types::{Group, User};
use url::Url;

use crate::auth::Bearer;
use crate::capabilities::Capabilities;
use crate::discovery::Discovery;
use crate::endpoint::Endpoint;
use crate::error::{Error, Result, ScimError};
use crate::lookup::Lookups;
use crate::resources::Resources;

const ACCEPTED: &str = "application/scim+json, application/json;q=0.9";

/// A SCIM service provider; cheap to clone, clones share connections and what was learned of the server.
///
/// ```no_run
/// use scim_client::{Bearer, Scim};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let scim = Scim::new("https://app.example/scim/v2", Bearer::new("s3cret"))?;
/// scim.verify().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Scim {
    client: Client<ScimError>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    capabilities: Capabilities,
    discovery: Discovery,
    lookups: Lookups,
}

/// Settings of a [`Scim`] client; every one has a good default.
#[derive(Clone, Debug)]
#[must_use]
pub struct ScimBuilder {
    settings: ClientBuilder<ScimError>,
    dialect: Dialect,
    patch: bool,
}

impl Scim {
    /// A client with default settings; nothing is sent yet.
    ///
    /// # Errors
    /// When the address is not one, or is `http` on a host that is not loopback.
    pub fn new(base: impl Into<String>, auth: impl Authorize) -> Result<Self> {
        Self::builder(base, auth).build()
    }

    /// Starts a client whose retries, pacing, timeouts, HTTP client or dialect you set.
    pub fn builder(base: impl Into<String>, auth: impl Authorize) -> ScimBuilder {
        let agent = concat!("scim-client/", env!("CARGO_PKG_VERSION"));
        let settings = Client::builder(base, auth).user_agent(agent);
        ScimBuilder { settings, dialect: Dialect::Okta, patch: true }
    }

    /// A client as the environment says: `SCIM_BASE_URL`, and `SCIM_TOKEN`, sent as a bearer token.
    ///
    /// # Errors
    /// Names the variable that is absent or wrong, and what belongs there.
    pub fn from_env() -> Result<Self> {
        let variable = |name, what| match std::env::var(name) {
            Ok(value) if !value.trim().is_empty() => Ok(value.trim().to_owned()),
            _ => Err(Error::request(format!("{name} is not set: put {what} there"))),
        };
        let base = variable("SCIM_BASE_URL", "the address of the SCIM endpoint, with https://,")?;
        let token = variable("SCIM_TOKEN", "the token that the product shows beside it")?;
        Self::new(base, Bearer::new(token))
    }

    /// Users.
    pub fn users(&self) -> Resources<User> {
        self.resources()
    }

    /// Groups.
    pub fn groups(&self) -> Resources<Group> {
        self.resources()
    }

    /// Resources of a type of your own.
    pub fn resources<R: Endpoint>(&self) -> Resources<R> {
        Resources::new(self.clone())
    }

    /// What the last answers said about each rate limit; empty as long as the server names none.
    pub fn rate_limits(&self) -> Vec<RateLimit> {
        self.client.rate_limits()
    }

    /// The address all routes start from.
    pub fn base_url(&self) -> &Url {
        self.client.base_url()
    }

    /// A request to an endpoint that this crate has no call for; its own calls are written with it.
    ///
    /// ```no_run
    /// use scim_client::Method;
    ///
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let me: scim_types::User = scim.request(Method::GET, "/Me", []).json().await?;
    /// # Ok(()) }
    /// ```
    pub fn request<const N: usize>(
        &self,
        method: Method,
        template: &'static str,
        args: [&str; N],
    ) -> Request<ScimError> {
        request(&self.client, method, template, args)
    }

    /// How long to wait for a server that may still be at it.
    pub(crate) fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        self.client.delays()
    }

    pub(crate) fn capabilities(&self) -> &Capabilities {
        &self.shared.capabilities
    }

    pub(crate) fn discovery(&self) -> &Discovery {
        &self.shared.discovery
    }

    pub(crate) fn lookups(&self) -> &Lookups {
        &self.shared.lookups
    }
}

pub(crate) fn request<const N: usize>(
    client: &Client<ScimError>,
    method: Method,
    template: &'static str,
    args: [&str; N],
) -> Request<ScimError> {
    // 501 says that the server cannot do this at all: it will not learn it between two attempts.
    client.request(method, template, args).header(ACCEPT, ACCEPTED).final_on(&[501])
}

rest_core::client_settings!(ScimBuilder);

impl ScimBuilder {
    /// How changes are written; Okta's way by default, which most products have been tested with.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Whether to try PATCH at all; `false` replaces whole resources, as custom Okta apps do.
    pub fn patch(mut self, patch: bool) -> Self {
        self.patch = patch;
        self
    }

    /// Checks the settings and makes the client; nothing is sent.
    ///
    /// # Errors
    /// When the address is not one, or is `http` on a host that is not loopback.
    pub fn build(self) -> Result<Scim> {
        let client = self.settings.build()?;
        let shared = Shared {
            capabilities: Capabilities::new(self.dialect, self.patch),
            discovery: Discovery::new(client.clone()),
            lookups: Lookups::default(),
        };
        Ok(Scim { client, shared: Arc::new(shared) })
    }
}
