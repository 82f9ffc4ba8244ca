//! The client of one org.

use std::env;

use http::Method;
use rest_core::{Anonymous, Client, ClientBuilder, RateLimit, Request};
use url::Url;

use crate::auth::Auth;
use crate::error::{Error, OktaError, Result};
use crate::groups::Groups;
use crate::profile::Profile;
use crate::schemas::Schemas;
use crate::users::Users;

const USER_AGENT: &str = concat!("okta-client/", env!("CARGO_PKG_VERSION"));

/// The Management API of one Okta org. Cheap to clone; clones share connections, quota and token.
///
/// ```no_run
/// use futures::TryStreamExt;
/// use okta_client::{ApiToken, Okta};
///
/// # async fn run() -> okta_client::Result<()> {
/// let okta = Okta::new("acme.okta.com", ApiToken::new("00Ab…"))?;
/// let mut users = okta.users().list().stream();
/// while let Some(user) = users.try_next().await? {
///     println!("{:?} {:?}", user.profile.login(), user.status);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Okta {
    client: Client<OktaError>,
}

impl Okta {
    /// A client for an org, by its URL or bare domain, with an [`ApiToken`](crate::ApiToken), a
    /// [`BearerToken`](crate::BearerToken), a [`ServiceApp`](crate::ServiceApp) or a credential of
    /// your own. Nothing is sent.
    ///
    /// # Errors
    /// When the address is not one, is `http` on a host that is not loopback, is the org's `-admin`
    /// console, or ends in `/api/v1`, which the calls add themselves.
    pub fn new(org: &str, auth: impl Into<Auth>) -> Result<Self> {
        Self::builder(org, auth).build()
    }

    /// A client with settings of its own.
    pub fn builder(org: impl Into<String>, auth: impl Into<Auth>) -> OktaBuilder {
        let settings = Client::builder(org, Anonymous).user_agent(USER_AGENT);
        OktaBuilder { auth: auth.into(), settings }
    }

    /// A client from the environment, by the names that Okta's own SDKs read: `OKTA_CLIENT_ORGURL`,
    /// `OKTA_CLIENT_AUTHORIZATIONMODE` (`SSWS`, the default, `PrivateKey` or `Bearer`),
    /// `OKTA_CLIENT_TOKEN`, and for `PrivateKey` `OKTA_CLIENT_CLIENTID`, `OKTA_CLIENT_SCOPES`
    /// (separated by spaces or commas), `OKTA_CLIENT_PRIVATEKEY` (PEM or JWK, or the path of a file
    /// that holds it) and `OKTA_CLIENT_PRIVATEKEYID`.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub fn from_env() -> Result<Self> {
        Self::builder_from_env()?.build()
    }

    /// As [`from_env`](Self::from_env), with further settings possible.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub fn builder_from_env() -> Result<OktaBuilder> {
        let read = |name: &str| env::var(name).ok();
        Ok(Self::builder(crate::config::org(&read)?, crate::config::auth(&read)?))
    }

    /// Users, with Okta's open profile.
    pub fn users(&self) -> Users {
        self.users_as::<Profile>()
    }

    /// Users with a profile struct of your own: everything below follows.
    pub fn users_as<P>(&self) -> Users<P> {
        Users::new(self.client.clone())
    }

    /// Groups and their members.
    pub fn groups(&self) -> Groups {
        Groups::new(self.client.clone())
    }

    /// Schemas: which attributes a profile has, and of which type.
    pub fn schemas(&self) -> Schemas {
        Schemas::new(self.client.clone())
    }

    /// A request to an endpoint that this crate has no call for yet; sent with the same credential,
    /// retries and pacing. Typed calls are made of the same.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::Method;
    ///
    /// let zone: serde_json::Value =
    ///     okta.request(Method::GET, "/api/v1/zones/{id}", ["nzo1"]).json().await?;
    /// # Ok(()) }
    /// ```
    pub fn request<const N: usize>(
        &self,
        method: Method,
        template: &'static str,
        args: [&str; N],
    ) -> Request<OktaError> {
        self.client.request(method, template, args)
    }

    /// What the last answers said about each rate-limit bucket.
    pub fn rate_limits(&self) -> Vec<RateLimit> {
        self.client.rate_limits()
    }

    /// The org's address.
    pub fn org_url(&self) -> &Url {
        self.client.base_url()
    }
}

/// Settings of an [`Okta`] client; every one has a finite default.
#[derive(Clone, Debug)]
#[must_use]
pub struct OktaBuilder {
    auth: Auth,
    settings: ClientBuilder<OktaError>,
}

rest_core::client_settings!(OktaBuilder);

impl OktaBuilder {
    /// Checks the settings and makes the client; nothing is sent.
    ///
    /// # Errors
    /// As [`Okta::new`].
    pub fn build(self) -> Result<Okta> {
        let auth = self.auth.connect(&self.settings)?;
        let client = self.settings.auth(auth).build()?;
        match misaddressed(client.base_url()) {
            None => Ok(Okta { client }),
            Some(advice) => Err(Error::request(advice)),
        }
    }
}

/// What to use instead of this address, if it is known to be none of the API's.
fn misaddressed(url: &Url) -> Option<String> {
    if let Some(org) = url.host_str().and_then(admin_console) {
        return Some(format!("the -admin address is the console, not the API; use https://{org}"));
    }
    let mut segments = url.path_segments()?;
    let is_api =
        matches!((segments.next(), segments.next()), (Some("api"), None | Some("" | "v1")));
    is_api.then(|| {
        let org = url.origin().ascii_serialization();
        format!("the calls add /api/v1 themselves; leave it out of the address: use {org}")
    })
}

/// The org's own host, if this is the host of its admin console.
fn admin_console(host: &str) -> Option<String> {
    let (name, domain) = host.split_once('.')?;
    let is_okta = ["okta.com", "oktapreview.com", "okta-emea.com"].contains(&domain);
    Some(format!("{}.{domain}", name.strip_suffix("-admin")?)).filter(|_| is_okta)
}
