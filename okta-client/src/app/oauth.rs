//! `settings.oauthClient` of an app, and JSON Web Keys.

use super::settings::Network;
use crate::model::model;
use crate::value::DateTime;

rest_core::open_enum! {
    /// What kind of program an OAuth 2.0 client is.
    pub enum ApplicationType {
        /// A program on a server.
        Web = "web",
        /// A program on a device.
        Native = "native",
        /// A program in a browser.
        Browser = "browser",
        /// A service that acts for itself.
        Service = "service",
    }
}

model! {
    /// OAuth 2.0 and OpenID Connect settings of an app; the names are those of the standards.
    pub struct OAuthClient {
        /// What kind of program it is.
        application_type: ApplicationType = "application_type",
        /// Such as `authorization_code`, `refresh_token`, `client_credentials`.
        grant_types: Vec<String> = "grant_types",
        /// Such as `code`, `token`, `id_token`.
        response_types: Vec<String> = "response_types",
        /// Where people come back after signing in.
        redirect_uris: Vec<String> = "redirect_uris",
        /// Where people come back after signing out.
        post_logout_redirect_uris: Vec<String> = "post_logout_redirect_uris",
        /// Where signing in begins.
        initiate_login_uri: String = "initiate_login_uri",
        /// What happens when people come from Okta.
        idp_initiated_login: IdpInitiatedLogin = "idp_initiated_login",
        /// A page about the client.
        client_uri: String = "client_uri",
        /// The client's logo.
        logo_uri: String = "logo_uri",
        /// The client's terms of service.
        tos_uri: String = "tos_uri",
        /// The client's policy.
        policy_uri: String = "policy_uri",
        /// `REQUIRED` or `TRUSTED`.
        consent_method: String = "consent_method",
        /// `ORG_URL`, `CUSTOM_URL` or `DYNAMIC`.
        issuer_mode: String = "issuer_mode",
        /// Whether subdomains may be any: `DISABLED` or `SUBDOMAIN`.
        wildcard_redirect: String = "wildcard_redirect",
        /// Whether tokens are bound by DPoP.
        dpop_bound_access_tokens: bool = "dpop_bound_access_tokens",
        /// How refresh tokens are replaced.
        refresh_token: RefreshToken = "refresh_token",
        /// The client's public keys.
        jwks: JsonWebKeySet = "jwks",
        /// Where the client publishes its keys.
        jwks_uri: String = "jwks_uri",
        /// From where the client may be used.
        network: Network = "network",
        /// Whether it takes part in single logout.
        participate_slo: bool = "participate_slo",
        /// Where Okta signs people out.
        frontchannel_logout_uri: String = "frontchannel_logout_uri",
        /// Whether that names the session.
        frontchannel_logout_session_required: bool = "frontchannel_logout_session_required",
        /// `poll`, `ping` or `push`.
        backchannel_token_delivery_mode: String = "backchannel_token_delivery_mode",
        /// The authenticator of backchannel authentication.
        backchannel_custom_authenticator_id: String = "backchannel_custom_authenticator_id",
        /// How backchannel requests are signed.
        backchannel_signing_alg: String = "backchannel_authentication_request_signing_alg",
        /// How request objects are signed.
        request_object_signing_alg: String = "request_object_signing_alg",
        /// How the key of an encrypted id token is encrypted.
        id_token_encrypted_response_alg: String = "id_token_encrypted_response_alg",
        /// `public` or `pairwise`.
        subject_type: String = "subject_type",
        /// The host of pairwise subjects.
        sector_identifier_uri: String = "sector_identifier_uri",
    }
}

impl OAuthClient {
    /// A program on a server, with the authorization code flow.
    pub fn web<U: Into<String>>(redirect_uris: impl IntoIterator<Item = U>) -> Self {
        Self::default()
            .application_type(ApplicationType::Web)
            .grant_types(["authorization_code".to_owned()])
            .response_types(["code".to_owned()])
            .redirect_uris(redirect_uris.into_iter().map(Into::into).collect::<Vec<String>>())
    }

    /// A service that acts for itself, with the client credentials flow.
    pub fn service() -> Self {
        Self::default()
            .application_type(ApplicationType::Service)
            .grant_types(["client_credentials".to_owned()])
            .response_types(["token".to_owned()])
    }
}

model! {
    /// What happens when people come to a client from Okta.
    pub struct IdpInitiatedLogin {
        /// `DISABLED`, `SPEC` or `OKTA`.
        mode: String = "mode",
        /// The scopes asked for.
        default_scope: Vec<String> = "default_scope",
    }
}

model! {
    /// How refresh tokens are replaced.
    pub struct RefreshToken {
        /// `ROTATE` or `STATIC`.
        rotation_type: String = "rotation_type",
        /// Seconds for which the last one still works, 0 to 60.
        leeway: i64 = "leeway",
    }
}

model! {
    /// Public keys.
    pub struct JsonWebKeySet {
        /// The keys.
        keys: Vec<JsonWebKey> = "keys",
    }
}

model! {
    /// A public key.
    pub struct JsonWebKey {
        /// `RSA` or `EC`.
        kty: String = "kty",
        /// The key's name.
        kid: String = "kid",
        /// `sig` or `enc`.
        usage: String = "use",
        /// The algorithm.
        alg: String = "alg",
        /// RSA: the exponent.
        e: String = "e",
        /// RSA: the modulus.
        n: String = "n",
        /// EC: the curve.
        crv: String = "crv",
        /// EC: a coordinate.
        x: String = "x",
        /// EC: the other coordinate.
        y: String = "y",
        /// `ACTIVE` or `INACTIVE`.
        status: String = "status",
        /// The chain of certificates.
        x5c: Vec<String> = "x5c",
        /// The certificate's SHA-256.
        x5t_s256: String = "x5t#S256",
    }
    read {
        /// The key's id at Okta.
        id: String = "id",
        /// When it was added.
        created: DateTime = "created",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// Until when it holds.
        expires_at: DateTime = "expiresAt",
    }
}
