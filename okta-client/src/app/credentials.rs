//! `credentials` of an app.

use crate::model::model;
use crate::secret::Secret;
use crate::value::DateTime;

rest_core::open_enum! {
    /// Who knows the credentials of an app.
    pub enum CredentialScheme {
        /// Administrators set both.
        AdminSets = "ADMIN_SETS_CREDENTIALS",
        /// People set the password.
        EditPasswordOnly = "EDIT_PASSWORD_ONLY",
        /// People set both.
        EditBoth = "EDIT_USERNAME_AND_PASSWORD",
        /// The Okta password.
        ExternalPasswordSync = "EXTERNAL_PASSWORD_SYNC",
        /// All people share one.
        Shared = "SHARED_USERNAME_AND_PASSWORD",
    }
}

rest_core::open_enum! {
    /// How an OAuth 2.0 client proves who it is.
    pub enum EndpointAuth {
        /// Its secret in a header.
        ClientSecretBasic = "client_secret_basic",
        /// Its secret in the body.
        ClientSecretPost = "client_secret_post",
        /// A JWT signed with its secret.
        ClientSecretJwt = "client_secret_jwt",
        /// A JWT signed with its private key.
        PrivateKeyJwt = "private_key_jwt",
        /// Not at all: PKCE instead.
        None = "none",
    }
}

model! {
    /// User names, keys and secrets of an app.
    pub struct AppCredentials {
        /// How user names are made.
        user_name_template: UserNameTemplate = "userNameTemplate",
        /// The key that signs.
        signing: SigningKeyRef = "signing",
        /// Who knows the credentials.
        scheme: CredentialScheme = "scheme",
        /// The shared user name.
        user_name: String = "userName",
        /// The shared password.
        password: AppPassword = "password",
        /// Whether people may see their password.
        reveal_password: bool = "revealPassword",
        /// The OAuth 2.0 client's id and secret.
        oauth_client: OAuthCredentials = "oauthClient",
    }
}

model! {
    /// How the user names of an app are made.
    pub struct UserNameTemplate {
        /// An expression, such as `${source.login}`.
        template: String = "template",
        /// `NONE`, `BUILT_IN` or `CUSTOM`.
        kind: String = "type",
        /// What is put behind a user name that is built in.
        suffix: String = "suffix",
        /// What is put behind a user name.
        user_suffix: String = "userSuffix",
        /// Whether user names are also updated: `PUSH`, `DONT_PUSH` or `NOT_CONFIGURED`.
        push_status: String = "pushStatus",
    }
}

model! {
    /// The key that signs for an app.
    pub struct SigningKeyRef {
        /// The key's id.
        kid: String = "kid",
        /// How the key is replaced.
        rotation_mode: String = "rotationMode",
        /// `sig`.
        usage: String = "use",
    }
    read {
        /// When the key was last replaced.
        last_rotated: DateTime = "lastRotated",
        /// When it will be.
        next_rotation: DateTime = "nextRotation",
    }
}

model! {
    /// A password that is set and never read.
    pub struct AppPassword {
        /// The password.
        value: Secret = "value",
    }
}

model! {
    /// An OAuth 2.0 client's id and secret.
    pub struct OAuthCredentials {
        /// The client's id; Okta takes the app's if there is none.
        client_id: String = "client_id",
        /// The client's secret; Okta makes one if there is none.
        client_secret: Secret = "client_secret",
        /// How the client proves who it is.
        endpoint_auth: EndpointAuth = "token_endpoint_auth_method",
        /// Whether Okta replaces the signing key.
        auto_key_rotation: bool = "autoKeyRotation",
        /// Whether PKCE is required.
        pkce_required: bool = "pkce_required",
    }
}
