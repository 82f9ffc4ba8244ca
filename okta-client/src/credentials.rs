//! Passwords, recovery questions and providers to be sent.

use std::fmt;

use rest_core::SecretString;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use crate::user::{Provider, ProviderType};

/// A user's sign-in means, to be sent with a create or update. `Debug` shows none of them.
///
/// ```
/// use okta_client::{HashedPassword, NewCredentials};
///
/// let plain = NewCredentials::password("correct horse battery staple")
///     .recovery("Name of the first computer?", "Analytical Engine");
/// let imported = NewCredentials::hashed(HashedPassword::bcrypt(10, "rwh3vH166HCH/NT9XV5FYu", "qaMqvAPULkbiQzkTCWo5XDcvzpk8Tna"));
/// # let _ = (plain, imported);
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct NewCredentials {
    members: Map<String, Value>,
}

impl NewCredentials {
    /// A plain password; the org's policy applies.
    pub fn password(password: impl Into<SecretString>) -> Self {
        Self::default().with("password", json!({"value": password.into().expose_secret()}))
    }

    /// The hash of a password that another system has set. Only for a new or staged user.
    pub fn hashed(password: HashedPassword) -> Self {
        Self::default().with("password", json!({"hash": password.members}))
    }

    /// At the first sign-in Okta asks a password import inline hook whether the password is right.
    pub fn password_hook() -> Self {
        Self::default().with("password", json!({"hook": {"type": "default"}}))
    }

    /// Another provider checks the password.
    pub fn provider(provider: Provider) -> Self {
        Self::default().with("provider", json!(provider))
    }

    /// Adds the question and answer for self-service recovery.
    pub fn recovery(self, question: impl Into<String>, answer: impl Into<SecretString>) -> Self {
        let answer = answer.into();
        let both = json!({"question": question.into(), "answer": answer.expose_secret()});
        self.with("recovery_question", both)
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.into(), value);
        self
    }

    pub(crate) fn has_foreign_provider(&self) -> bool {
        let kind = self.members.get("provider").and_then(|provider| provider["type"].as_str());
        let foreign = [ProviderType::Federation, ProviderType::Social];
        kind.is_some_and(|kind| foreign.contains(&ProviderType::from(kind)))
    }

    pub(crate) fn into_json(self) -> Value {
        Value::Object(self.members)
    }
}

impl fmt::Debug for NewCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCredentials").finish_non_exhaustive()
    }
}

/// Where a salt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaltOrder {
    /// Before the password.
    Prefix,
    /// After the password.
    Postfix,
}

/// A password hash to import.
/// <https://developer.okta.com/docs/reference/api/users/#hashed-password-object>
#[derive(Clone)]
#[must_use]
pub struct HashedPassword {
    members: Value,
}

impl HashedPassword {
    /// BCRYPT: work factor 1 to 20, salt of 22 and value of 31 radix-64 characters.
    pub fn bcrypt(work_factor: u8, salt: impl Into<String>, value: impl Into<String>) -> Self {
        let (salt, value) = (salt.into(), value.into());
        let members =
            json!({"algorithm": "BCRYPT", "workFactor": work_factor, "salt": salt, "value": value});
        Self { members }
    }

    /// `SHA-512`, `SHA-256`, `SHA-1` or `MD5`, with value and salt in base64.
    pub fn digest(
        algorithm: impl Into<String>,
        salt: impl Into<String>,
        order: SaltOrder,
        value: impl Into<String>,
    ) -> Self {
        let order = match order {
            SaltOrder::Prefix => "PREFIX",
            SaltOrder::Postfix => "POSTFIX",
        };
        let (algorithm, salt, value) = (algorithm.into(), salt.into(), value.into());
        let members =
            json!({"algorithm": algorithm, "salt": salt, "saltOrder": order, "value": value});
        Self { members }
    }

    /// As [`digest`](Self::digest), of a system that used no salt.
    pub fn unsalted(algorithm: impl Into<String>, value: impl Into<String>) -> Self {
        let members = json!({"algorithm": algorithm.into(), "value": value.into()});
        Self { members }
    }

    /// PBKDF2: digest `SHA256_HMAC` or `SHA512_HMAC`, at least 4096 iterations, key size in bytes,
    /// value and salt in base64.
    pub fn pbkdf2(
        digest: impl Into<String>,
        iterations: u32,
        key_size: u32,
        salt: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        let (digest, salt, value) = (digest.into(), salt.into(), value.into());
        let members = json!({"algorithm": "PBKDF2", "digestAlgorithm": digest, "iterationCount": iterations,
            "keySize": key_size, "salt": salt, "value": value});
        Self { members }
    }
}

impl fmt::Debug for HashedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashedPassword")
            .field("algorithm", &self.members["algorithm"])
            .finish_non_exhaustive()
    }
}
