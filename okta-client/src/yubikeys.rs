//! The org's YubiKeys for one-time passwords.

use http::Method;
use rest_core::{Client, List, Request, SecretString};

use crate::call::list_options;
use crate::error::{OktaError, Result};
use crate::model::model;
use crate::secret::Secret;
use crate::user::{Links, User};
use crate::value::{DateTime, Lazy, YubikeyId};

rest_core::open_enum! {
    /// Where a YubiKey stands.
    pub enum YubikeyStatus {
        /// A user's.
        Active = "ACTIVE",
        /// Blocked.
        Blocked = "BLOCKED",
        /// Deleted.
        Deleted = "DELETED",
        /// Not in use.
        Inactive = "INACTIVE",
        /// Taken from its user for good.
        Revoked = "REVOKED",
        /// Nobody's yet.
        Unassigned = "UNASSIGNED",
    }
}

model! {
    /// A YubiKey of the org.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/>
    pub struct Yubikey[id: YubikeyId] {}
    read {
        /// Where it stands.
        status: YubikeyStatus = "status",
        /// When its seed was uploaded.
        created: DateTime = "created",
        /// When a user made it theirs.
        activated: DateTime = "activated",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// When it was last used.
        last_verified: DateTime = "lastVerified",
        /// Its serial number.
        profile: YubikeyProfile = "profile",
        /// Itself and its user. Text until asked for.
        links: Lazy<Links> = "_links",
        /// Its user, if that was asked for. Text until asked for.
        embedded: Lazy<YubikeyEmbedded> = "_embedded",
    }
    shows { id, status, created, activated, last_updated, last_verified, profile }
}

model! {
    /// What is known of a YubiKey.
    pub struct YubikeyProfile {}
    read {
        /// Its serial number.
        serial: String = "serial",
    }
}

model! {
    /// What `expand` adds to a YubiKey.
    pub struct YubikeyEmbedded {}
    read {
        /// Its user.
        user: User = "user",
    }
}

model! {
    /// The seed of a YubiKey. `Debug` shows the serial number only.
    pub struct YubikeySeed {
        /// The key's serial number.
        serial_number: String = "serialNumber",
        /// The key's public id.
        public_id: String = "publicId",
        /// The key's private id.
        private_id: Secret = "privateId",
        /// The secret that the one-time passwords are made with.
        aes_key: Secret = "aesKey",
    }
    shows { serial_number }
}

impl YubikeySeed {
    /// A seed: serial number, public id, private id and AES key.
    pub fn new(
        serial_number: impl Into<String>,
        public_id: impl Into<String>,
        private_id: impl Into<SecretString>,
        aes_key: impl Into<SecretString>,
    ) -> Self {
        let public = Self::default().serial_number(serial_number).public_id(public_id);
        public.private_id(private_id.into()).aes_key(aes_key.into())
    }
}

const UPLOADED_MAYBE: &str =
    "the seed may have been uploaded: look for its serial number before uploading it again";

/// The YubiKeys of an org.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/>
#[derive(Clone, Debug)]
pub struct Yubikeys {
    client: Client<OktaError>,
}

impl Yubikeys {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    fn all(&self, method: Method) -> Request<OktaError> {
        self.client.request(method, "/api/v1/org/factors/yubikey_token/tokens", [])
    }

    /// Lists the org's YubiKeys.
    ///
    /// Scope `okta.users.read`. Pages of 200 unless another size is set, which is the maximum.
    /// Okta: [`listYubikeyOtpTokens`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/listYubikeyOtpTokens).
    ///
    /// # Errors
    /// 403 `E0000006` when the credential may not read them.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut keys = okta.yubikeys().list().with_users().stream();
    /// while let Some(key) = keys.try_next().await? {
    ///     println!("{} {:?}", key.id, key.status);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ListYubikeys {
        ListYubikeys { list: self.all(Method::GET).list().query("limit", 200) }
    }

    /// Gets one YubiKey.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`getYubikeyOtpTokenById`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/getYubikeyOtpTokenById).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let key = okta.yubikeys().get("ykk1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: impl AsRef<str>) -> Result<Yubikey> {
        let template = "/api/v1/org/factors/yubikey_token/tokens/{tokenId}";
        self.client.request(Method::GET, template, [id.as_ref()]).json().await
    }

    /// Uploads the seed of a YubiKey, which a user can then enrol.
    ///
    /// Scope `okta.users.manage`. Not repeated when it is unclear whether Okta has it.
    /// Okta: [`uploadYubikeyOtpTokenSeed`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/uploadYubikeyOtpTokenSeed).
    ///
    /// # Errors
    /// 400 `E0000001` with causes, such as a key that is there already.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::YubikeySeed;
    ///
    /// let seed = YubikeySeed::new("7886622", "ccccccijgibu", "b74be6169486", "1fcc6d8ce39bf160");
    /// okta.yubikeys().upload(&seed).await?;
    /// # Ok(()) }
    /// ```
    pub async fn upload(&self, seed: &YubikeySeed) -> Result<Yubikey> {
        self.all(Method::POST).if_unclear(UPLOADED_MAYBE).body(seed).json().await
    }
}

/// A listing of YubiKeys; read it with `stream` or `pages`.
#[derive(Clone, Debug)]
#[must_use = "a listing is read by `stream` or `pages`"]
pub struct ListYubikeys {
    list: List<OktaError, Yubikey>,
}

list_options!(ListYubikeys => Yubikey, "Okta's maximum is 200, its default 20.");

impl ListYubikeys {
    /// Puts each key's user into [`embedded`](Yubikey::embedded).
    pub fn with_users(mut self) -> Self {
        self.list = self.list.query("expand", "user");
        self
    }

    /// Only some keys. Okta calls this an expression and names as its values the attributes
    /// `profile.email`, `profile.serial`, `activated`, `user.id`, `created`, `status` and
    /// `lastVerified`.
    pub fn filter(mut self, expression: impl AsRef<str>) -> Self {
        self.list = self.list.query("filter", expression.as_ref());
        self
    }

    /// Sorts by one of the attributes that [`filter`](Self::filter) knows.
    pub fn sort_by(mut self, attribute: impl AsRef<str>, ascending: bool) -> Self {
        let order = if ascending { "ASC" } else { "DESC" };
        self.list = self.list.query("sortBy", attribute.as_ref()).query("sortOrder", order);
        self
    }
}
