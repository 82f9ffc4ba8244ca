//! Factors as Okta answers and takes them: one struct for all types.

use rest_core::SecretString;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::model::model;
use crate::secret::Secret;
use crate::user::Links;
use crate::value::{DateTime, FactorId, Lazy};

rest_core::open_enum! {
    /// The type of a factor.
    pub enum FactorType {
        /// A text message.
        Sms = "sms",
        /// A voice call.
        Call = "call",
        /// A mail.
        Email = "email",
        /// A push message to Okta Verify.
        Push = "push",
        /// A security question.
        Question = "question",
        /// Okta FastPass; enrolled on the device only.
        SignedNonce = "signed_nonce",
        /// An RSA or Symantec token.
        Token = "token",
        /// A YubiKey's one-time passwords.
        TokenHardware = "token:hardware",
        /// A token of the org's own.
        TokenHotp = "token:hotp",
        /// An app that shows passcodes.
        TokenSoftwareTotp = "token:software:totp",
        /// FIDO U2F.
        U2f = "u2f",
        /// Duo.
        Web = "web",
        /// A passkey.
        Webauthn = "webauthn",
    }
}

rest_core::open_enum! {
    /// Who provides a factor.
    pub enum FactorProvider {
        /// Okta.
        Okta = "OKTA",
        /// A token of the org's own.
        Custom = "CUSTOM",
        /// Duo.
        Duo = "DUO",
        /// FIDO.
        Fido = "FIDO",
        /// Google.
        Google = "GOOGLE",
        /// RSA.
        Rsa = "RSA",
        /// Symantec.
        Symantec = "SYMANTEC",
        /// Yubico.
        Yubico = "YUBICO",
    }
}

rest_core::open_enum! {
    /// Where a factor stands.
    pub enum FactorStatus {
        /// In use.
        Active = "ACTIVE",
        /// Switched off.
        Disabled = "DISABLED",
        /// Enrolled.
        Enrolled = "ENROLLED",
        /// Its enrolment has expired.
        Expired = "EXPIRED",
        /// Not in use.
        Inactive = "INACTIVE",
        /// Not enrolled.
        NotSetup = "NOT_SETUP",
        /// Enrolled, to be activated.
        PendingActivation = "PENDING_ACTIVATION",
    }
}

/// A phone number, which `Debug` does not show. One that came as a JSON number is written as one:
/// Okta's own example of a disclosed number is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PhoneNumber {
    text: String,
    is_number: bool,
}

impl PhoneNumber {
    /// The number as Okta writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<&str> for PhoneNumber {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), is_number: false }
    }
}

impl std::fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.text.parse::<u64>().ok().filter(|_| self.is_number) {
            Some(number) => to.serialize_u64(number),
            None => to.serialize_str(&self.text),
        }
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(text) => Ok(Self { text, is_number: false }),
            Value::Number(number) if number.is_u64() => {
                Ok(Self { text: number.to_string(), is_number: true })
            }
            _ => Err(D::Error::custom("expected a phone number")),
        }
    }
}

model! {
    /// What is particular to a factor of its type. `Debug` shows nothing of it: it is personal, or a
    /// secret.
    pub struct FactorProfile {
        /// The phone's number, `+` first; of `sms` and `call`.
        phone_number: PhoneNumber = "phoneNumber",
        /// The extension behind it, up to 15 characters; of `call`.
        phone_extension: String = "phoneExtension",
        /// The address, one of the user's two; of `email`.
        email: String = "email",
        /// The question's key, such as `disliked_food`.
        question: String = "question",
        /// The answer, at least four characters; only sent.
        answer: Secret = "answer",
        /// The credential, such as a login or a token's serial number.
        credential_id: String = "credentialId",
        /// What the passcodes of the org's own token are made of; only sent.
        shared_secret: Secret = "sharedSecret",
    }
    read {
        /// The question as the user reads it.
        question_text: String = "questionText",
        /// The name of a passkey.
        authenticator_name: String = "authenticatorName",
        /// The device's token for push messages.
        device_token: Secret = "deviceToken",
        /// The kind of device.
        device_type: String = "deviceType",
        /// The device's name.
        name: String = "name",
        /// The device's system.
        platform: String = "platform",
        /// The version of Okta Verify or of the protocol.
        version: String = "version",
    }
    shows {}
}

model! {
    /// The passcodes that prove a token when it is enrolled. `Debug` does not show them.
    pub struct FactorPassCodes {
        /// What the token shows now.
        pass_code: Secret = "passCode",
        /// What it shows next; of Symantec tokens.
        next_pass_code: Secret = "nextPassCode",
    }
    shows {}
}

model! {
    /// A factor of a user, of whatever type. `Debug` shows what is neither personal nor a secret.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/>
    pub struct UserFactor[id: FactorId] {
        /// Its type.
        factor_type: FactorType = "factorType",
        /// Who provides it.
        provider: FactorProvider = "provider",
        /// What is particular to its type.
        profile: FactorProfile = "profile",
        /// The passcodes that prove a token; only sent.
        verify: FactorPassCodes = "verify",
        /// The settings of the org's own token; of `token:hotp`.
        factor_profile_id: String = "factorProfileId",
    }
    read {
        /// The provider's name.
        vendor_name: String = "vendorName",
        /// Where it stands.
        status: FactorStatus = "status",
        /// When it was enrolled.
        created: DateTime = "created",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// What can be done with it now. Text until asked for.
        links: Lazy<Links> = "_links",
        /// What its activation needs.
        embedded: FactorEmbedded = "_embedded",
    }
    shows { id, factor_type, provider, status, created, last_updated }
}

model! {
    /// What Okta puts into a factor. `Debug` shows nothing of it.
    pub struct FactorEmbedded {}
    read {
        /// What the activation needs.
        activation: FactorActivation = "activation",
        /// The challenge to answer.
        challenge: FactorChallenge = "challenge",
        /// The phones that a supported factor may use.
        phones: Vec<UserFactor> = "phones",
    }
    shows {}
}

model! {
    /// What an activation needs. `Debug` shows nothing of it: it holds the secret and the link to it.
    pub struct FactorActivation {}
    read {
        /// What passcodes are made of.
        shared_secret: Secret = "sharedSecret",
        /// How the secret is written, such as `base32`.
        encoding: String = "encoding",
        /// Seconds that a passcode holds.
        time_step: u32 = "timeStep",
        /// The length of a passcode.
        key_length: u32 = "keyLength",
        /// When it ends.
        expires_at: DateTime = "expiresAt",
        /// How far it is.
        factor_result: FactorResult = "factorResult",
        /// What a U2F key signs.
        nonce: Secret = "nonce",
        /// What a passkey signs.
        challenge: Secret = "challenge",
        /// The version of the U2F protocol.
        version: String = "version",
        /// Seconds to answer in.
        timeout_seconds: u32 = "timeoutSeconds",
        /// The QR code and where to send it. Text until asked for.
        links: Lazy<Links> = "_links",
    }
    shows {}
}

model! {
    /// A challenge. `Debug` shows nothing of it.
    pub struct FactorChallenge {}
    read {
        /// The number that the person must choose.
        correct_answer: u32 = "correctAnswer",
        /// What a U2F key signs.
        nonce: Secret = "nonce",
        /// What a passkey signs.
        challenge: Secret = "challenge",
        /// Seconds to answer in.
        timeout_seconds: u32 = "timeoutSeconds",
    }
    shows {}
}

rest_core::open_enum! {
    /// How a verification stands.
    pub enum FactorResult {
        /// A challenge was issued: answer it.
        Challenge = "CHALLENGE",
        /// A push message was sent: poll.
        Waiting = "WAITING",
        /// The person is who they say.
        Success = "SUCCESS",
        /// The person said no.
        Rejected = "REJECTED",
        /// Nobody answered in time.
        Timeout = "TIMEOUT",
        /// The challenge has expired.
        Expired = "EXPIRED",
        /// It went wrong.
        Error = "ERROR",
        /// It could not be judged.
        Failed = "FAILED",
        /// The passcode was used before.
        PasscodeReplayed = "PASSCODE_REPLAYED",
        /// The time for it has passed.
        TimeWindowExceeded = "TIME_WINDOW_EXCEEDED",
    }
}

model! {
    /// How a verification stands. `Debug` shows what is neither personal nor a secret.
    pub struct FactorVerification {}
    read {
        /// How it stands.
        result: FactorResult = "factorResult",
        /// A message to show.
        message: String = "factorMessage",
        /// When it ends.
        expires_at: DateTime = "expiresAt",
        /// What is particular to the factor's type.
        profile: FactorProfile = "profile",
        /// What can be done with it now. Text until asked for.
        links: Lazy<Links> = "_links",
        /// The challenge.
        embedded: FactorEmbedded = "_embedded",
    }
    shows { result, expires_at }
}

impl FactorVerification {
    /// The id of the transaction to poll: the end of the `poll` link.
    pub fn transaction_id(&self) -> Option<String> {
        match self.links.as_ref()?.get().ok()?.remove("poll")? {
            crate::user::OneOrMany::One(link) => {
                let path = link.href.split(['?', '#']).next()?;
                path.split_once("/transactions/").map(|(_, id)| id.to_owned())
            }
            crate::user::OneOrMany::Many(_) => None,
        }
    }
}

impl UserFactor {
    /// A factor to be enrolled, by type and provider.
    pub fn new(factor_type: FactorType, provider: FactorProvider) -> Self {
        Self::default().factor_type(factor_type).provider(provider)
    }

    /// A phone that gets text messages.
    pub fn sms(phone_number: impl Into<PhoneNumber>) -> Self {
        let profile = FactorProfile::default().phone_number(phone_number);
        Self::new(FactorType::Sms, FactorProvider::Okta).profile(profile)
    }

    /// A phone that is called.
    pub fn call(phone_number: impl Into<PhoneNumber>) -> Self {
        let profile = FactorProfile::default().phone_number(phone_number);
        Self::new(FactorType::Call, FactorProvider::Okta).profile(profile)
    }

    /// An address, one of the user's two.
    pub fn email(address: impl Into<String>) -> Self {
        let profile = FactorProfile::default().email(address);
        Self::new(FactorType::Email, FactorProvider::Okta).profile(profile)
    }

    /// A security question, by its key, and the answer: at least four characters.
    pub fn question(question: impl Into<String>, answer: impl Into<SecretString>) -> Self {
        let profile = FactorProfile::default().question(question).answer(answer.into());
        Self::new(FactorType::Question, FactorProvider::Okta).profile(profile)
    }

    /// An RSA or Symantec token, and what it shows now.
    pub fn token(
        provider: FactorProvider,
        credential_id: impl Into<String>,
        pass_code: impl Into<SecretString>,
    ) -> Self {
        let profile = FactorProfile::default().credential_id(credential_id);
        let codes = FactorPassCodes::default().pass_code(pass_code.into());
        Self::new(FactorType::Token, provider).profile(profile).verify(codes)
    }

    /// A YubiKey, and a one-time password of it.
    pub fn yubikey(pass_code: impl Into<SecretString>) -> Self {
        let codes = FactorPassCodes::default().pass_code(pass_code.into());
        Self::new(FactorType::TokenHardware, FactorProvider::Yubico).verify(codes)
    }

    /// A token of the org's own, by the id of its settings and its secret.
    pub fn hotp(profile_id: impl Into<String>, shared_secret: impl Into<SecretString>) -> Self {
        let profile = FactorProfile::default().shared_secret(shared_secret.into());
        let factor = Self::new(FactorType::TokenHotp, FactorProvider::Custom);
        factor.factor_profile_id(profile_id).profile(profile)
    }
}

rest_core::open_enum! {
    /// Whether a user must enrol a factor.
    pub enum FactorEnrollment {
        /// May.
        Optional = "OPTIONAL",
        /// Must.
        Required = "REQUIRED",
    }
}

model! {
    /// A factor that a user may enrol. `Debug` does not show the phones.
    pub struct SupportedFactor {}
    read {
        /// Its type.
        factor_type: FactorType = "factorType",
        /// Who provides it.
        provider: FactorProvider = "provider",
        /// The provider's name.
        vendor_name: String = "vendorName",
        /// Where it stands.
        status: FactorStatus = "status",
        /// Whether the user must.
        enrollment: FactorEnrollment = "enrollment",
        /// How to enrol it. Text until asked for.
        links: Lazy<Links> = "_links",
        /// The phones that may be used.
        embedded: FactorEmbedded = "_embedded",
    }
    shows { factor_type, provider, status, enrollment }
}

model! {
    /// A security question that may be chosen.
    pub struct SecurityQuestion {}
    read {
        /// Its key.
        question: String = "question",
        /// The question as the user reads it.
        text: String = "questionText",
    }
}
