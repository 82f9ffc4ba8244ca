//! A service app: an app of the org that calls the API as itself, with a private key.

use std::sync::Arc;

use rest_core::{Authorize, ClientBuilder};

use crate::auth::SigningKey;
use crate::auth::assertion::ClientAssertion;
use crate::auth::session::Session;
use crate::auth::token::AccessToken;
use crate::error::{Error, OktaError, Result};

/// An API Services app, which gets its access tokens with a signed assertion (client credentials,
/// `private_key_jwt`). Recommended by Okta over API tokens: it belongs to no person, and may do only
/// what its scopes and admin roles allow.
///
/// The token is asked for with the first call, shared by all clones of the client, renewed shortly
/// before it ends, and replaced at once when the org refuses it. In the console: Applications > Create
/// App Integration > API Services; register the public key, grant the scopes, assign an admin role.
/// See <https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/>.
///
/// ```no_run
/// use okta_client::{Okta, ServiceApp, SigningKey};
///
/// # fn run(pem: &str) -> okta_client::Result<()> {
/// let key = SigningKey::from_pem(pem)?.key_id("kid-shown-in-the-console");
/// let app = ServiceApp::builder("0oa1b2c3", key).scopes(["okta.users.read", "okta.groups.read"]).build();
/// let okta = Okta::new("https://acme.okta.com", app)?;
/// # Ok(()) }
/// ```
///
/// # DPoP
/// An app that requires DPoP needs nothing said here: when the org first asks for a proof, tokens are
/// bound to a key pair made for this client, and every request carries a proof of its own, with the
/// nonce that the org gave. Only should nonces change faster than answers come, fewer calls go together.
/// See <https://developer.okta.com/docs/guides/dpop/>.
#[derive(Clone, Debug)]
pub struct ServiceApp {
    client_id: String,
    key: SigningKey,
    scopes: Vec<String>,
    dpop: Dpop,
    dpop_key: Option<SigningKey>,
}

/// Whether tokens are bound by DPoP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dpop {
    WhenAsked,
    Required,
    Never,
}

/// Settings of a [`ServiceApp`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ServiceAppBuilder(ServiceApp);

impl ServiceApp {
    /// Starts with the app's client id and a private key whose public half is registered with it.
    pub fn builder(client_id: impl Into<String>, key: SigningKey) -> ServiceAppBuilder {
        let client_id = client_id.into().trim().to_owned();
        ServiceAppBuilder(Self {
            client_id,
            key,
            scopes: Vec::new(),
            dpop: Dpop::WhenAsked,
            dpop_key: None,
        })
    }

    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(super) fn key(&self) -> &SigningKey {
        &self.key
    }

    pub(super) fn dpop(&self) -> Dpop {
        self.dpop
    }

    pub(super) fn dpop_key(&self) -> Option<&SigningKey> {
        self.dpop_key.as_ref()
    }

    /// The scopes as OAuth writes them.
    pub(super) fn scope(&self) -> String {
        self.scopes.join(" ")
    }

    /// The credential for a client with these settings.
    pub(super) fn connect(self, settings: &ClientBuilder<OktaError>) -> Result<Arc<dyn Authorize>> {
        if self.client_id.is_empty() {
            return Err(Error::auth(
                "the service app has no client id: copy it from the app's page",
            ));
        }
        if self.scopes.is_empty() {
            return Err(Error::auth(
                "the service app asks for no scopes: name those it needs, such as okta.users.read",
            ));
        }
        let session = Arc::new(Session::new(self)?);
        let endpoint = settings.clone().auth(ClientAssertion(Arc::clone(&session))).build()?;
        Ok(Arc::new(AccessToken::new(session, endpoint)))
    }
}

impl ServiceAppBuilder {
    /// Adds scopes to ask for, such as `okta.users.read`. Each must be granted to the app; without any,
    /// no client can be built.
    ///
    /// All scopes: <https://developer.okta.com/docs/api/oauth2/>.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        for scope in scopes {
            self.0.scopes.extend(scope.as_ref().split_whitespace().map(str::to_owned));
        }
        self
    }

    /// `true`: proves from the first request on, which saves the request that would be refused, and
    /// takes no token that is not bound. `false`: never proves, so that an app that requires it is an
    /// error. Left out, the org decides.
    pub fn dpop(mut self, required: bool) -> Self {
        self.0.dpop = if required { Dpop::Required } else { Dpop::Never };
        self
    }

    /// Binds tokens to this key rather than to a P-256 key made for the client. It must not be the app's
    /// own key.
    pub fn dpop_key(mut self, key: SigningKey) -> Self {
        self.0.dpop_key = Some(key);
        self
    }

    /// Makes the credential; nothing is sent, what is missing shows when a client is built with it.
    pub fn build(self) -> ServiceApp {
        self.0
    }
}
