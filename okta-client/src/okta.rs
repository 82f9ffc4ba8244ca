//! The client of one org.

use http::Method;
use rest_core::{Anonymous, Client, ClientBuilder, RateLimit, Request};
use url::Url;

use crate::apps::Apps;
use crate::auth::Auth;
use crate::error::{Error, OktaError, Result};
use crate::event_hooks::EventHooks;
use crate::group_rules::GroupRules;
use crate::groups::Groups;
use crate::linked_objects::LinkedObjects;
use crate::logs::SystemLog;
use crate::mappings::Mappings;
use crate::org::Org;
use crate::profile::Profile;
use crate::roles::Roles;
use crate::schemas::Schemas;
use crate::user_types::UserTypes;
use crate::users::Users;
use crate::yubikeys::Yubikeys;

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

    /// A client from the environment and from Okta's settings files, by the names that Okta's own SDKs
    /// read: `OKTA_CLIENT_ORGURL`, `OKTA_CLIENT_AUTHORIZATIONMODE` (`SSWS`, the default, `PrivateKey`
    /// or `Bearer`), `OKTA_CLIENT_TOKEN`, and for `PrivateKey` `OKTA_CLIENT_CLIENTID`,
    /// `OKTA_CLIENT_SCOPES` (separated by spaces or commas), `OKTA_CLIENT_PRIVATEKEY` (PEM or JWK, or
    /// the path of a file that holds it), `OKTA_CLIENT_PRIVATEKEYID` and `OKTA_CLIENT_DPOPENABLED`.
    ///
    /// Names are taken in any case and with `_` anywhere, and so are those of Okta's other SDKs:
    /// `oktaDomain`, `apiToken`, `accessToken`, `kid` and the like. A private key in a file may be a
    /// mapping of a JWK's members; a path may start with `~/`.
    ///
    /// What no variable says comes from `okta.yaml` or `.okta.yaml` in the working directory, and then
    /// from `~/.okta/okta.yaml`: `okta.client.orgUrl`, `token`, `authorizationMode`, `clientId`,
    /// `scopes`, `privateKey`, `privateKeyId` (or `kid`), `dpopEnabled`, `connectionTimeout` and
    /// `requestTimeout` (seconds, also where the SDK for .NET would read milliseconds), `rateLimit.maxRetries`, `proxy.host`, `port`, `username` and
    /// `password`, and `okta.testing.disableHttpsCheck`. These have variables as well, such as
    /// `OKTA_CLIENT_PROXY_HOST`. What has another name is ignored.
    ///
    /// # Errors
    /// Names the variable, or the file, key and line, of what is missing, wrong, set twice or left as
    /// the template had it.
    pub fn from_env() -> Result<Self> {
        Self::builder_from_env()?.build()
    }

    /// The settings file that tells [`from_env`](Self::from_env) the org's address; without one anywhere, the
    /// first such file there is. `None`: a variable tells it, or there is no such file.
    ///
    /// # Errors
    /// Names the file that is no YAML, and the line.
    pub fn settings_file() -> Result<Option<std::path::PathBuf>> {
        crate::config::file()
    }

    /// As [`from_env`](Self::from_env), with further settings possible.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn builder_from_env() -> Result<OktaBuilder> {
        crate::config::builder()
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

    /// Group rules: who becomes a member of which groups, by an expression.
    pub fn group_rules(&self) -> GroupRules {
        GroupRules::new(self.client.clone())
    }

    /// User types: kinds of people, each with a schema of its own.
    pub fn user_types(&self) -> UserTypes {
        UserTypes::new(self.client.clone())
    }

    /// Linked objects: relations between users, such as manager and subordinate.
    pub fn linked_objects(&self) -> LinkedObjects {
        LinkedObjects::new(self.client.clone())
    }

    /// Administrator roles of users and groups.
    pub fn roles(&self) -> Roles {
        Roles::new(self.client.clone())
    }

    /// The org's YubiKeys for one-time passwords.
    pub fn yubikeys(&self) -> Yubikeys {
        Yubikeys::new(self.client.clone())
    }

    /// Profile mappings: which attribute of an app's user is made of what.
    pub fn mappings(&self) -> Mappings {
        Mappings::new(self.client.clone())
    }

    /// The org itself.
    pub fn org(&self) -> Org {
        Org::new(self.client.clone())
    }

    /// Apps, who may use them, and provisioning to them.
    pub fn apps(&self) -> Apps {
        Apps::new(self.client.clone())
    }

    /// Schemas: which attributes a profile has, and of which type.
    pub fn schemas(&self) -> Schemas {
        Schemas::new(self.client.clone())
    }

    /// The System Log: who did what to whom.
    pub fn logs(&self) -> SystemLog {
        SystemLog::new(self.client.clone())
    }

    /// Event hooks: where Okta posts events to.
    pub fn event_hooks(&self) -> EventHooks {
        EventHooks::new(self.client.clone())
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
    ///
    /// [`Request::list`] reads a listing: an array a page, and the next page by its `Link` header, with
    /// cursors and a total `limit` as everywhere. `T` may be a type of your own.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    /// use okta_client::Method;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Zone {
    ///     name: String,
    /// }
    /// let zones = okta.request(Method::GET, "/api/v1/zones", []).list::<Zone>().query("limit", 100);
    /// let mut zones = zones.stream();
    /// while let Some(zone) = zones.try_next().await? {
    ///     println!("{}", zone.name);
    /// }
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
pub(crate) fn misaddressed(url: &Url) -> Option<String> {
    if let Some(org) = url.host_str().and_then(admin_console) {
        return Some(format!("the -admin address is the console, not the API; use https://{org}"));
    }
    if url.host_str().is_some_and(|host| host.ends_with(".com.com")) {
        return Some("the address ends in .com.com: leave one of them out".into());
    }
    let mut segments = url.path_segments()?;
    let is_api =
        matches!((segments.next(), segments.next()), (Some("api"), None | Some("" | "v1")));
    let org = url.origin().ascii_serialization();
    if is_api {
        return Some(format!(
            "the calls add /api/v1 themselves; leave it out of the address: use {org}"
        ));
    }
    let is_oktas = url
        .host_str()
        .and_then(|host| host.split_once('.'))
        .is_some_and(|(_, domain)| DOMAINS.contains(&domain));
    (is_oktas && url.path() != "/").then(|| format!("an org's address has no path: use {org}"))
}

/// Where Okta hosts orgs.
const DOMAINS: [&str; 3] = ["okta.com", "oktapreview.com", "okta-emea.com"];

/// The org's own host, if this is the host of its admin console.
fn admin_console(host: &str) -> Option<String> {
    let (name, domain) = host.split_once('.')?;
    let org = format!("{}.{domain}", name.strip_suffix("-admin")?);
    Some(org).filter(|_| DOMAINS.contains(&domain))
}
