//! Users' factors: enrol, activate, verify, unenrol.

mod factor;
mod requests;

use http::Method;
use rest_core::{Client, Request, SecretString};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::error::{OktaError, Result};
use crate::model::writable;
use crate::users::Users;

pub use factor::{
    FactorActivation, FactorChallenge, FactorEmbedded, FactorEnrollment, FactorPassCodes,
    FactorProfile, FactorProvider, FactorResult, FactorStatus, FactorType, FactorVerification,
    PhoneNumber, SecurityQuestion, SupportedFactor, UserFactor,
};
pub use requests::{
    ChallengeFactor, EnrollFactor, PushActivation, ResendFactor, UnenrollFactor, WaitForFactor,
};

const ENROLLED_MAYBE: &str = "the factor may be enrolled and a code sent: list the factors first";
const ACTIVATED_MAYBE: &str =
    "the factor may be active: read it first, because attempts are counted and codes hold once";
const SENT_MAYBE: &str = "a code may have been sent: ask the person before sending another";
const VERIFIED_MAYBE: &str =
    "the code may have been used up: ask for a new one, because attempts are counted";

/// What proves a factor. `Debug` does not show it.
///
/// ```
/// use okta_client::FactorProof;
///
/// let proof = FactorProof::pass_code("123456");
/// assert_eq!(format!("{proof:?}"), "FactorProof(…)");
/// ```
#[derive(Clone)]
pub struct FactorProof(Value);

impl FactorProof {
    /// The passcode that was sent, or that an app or token shows.
    pub fn pass_code(code: impl Into<SecretString>) -> Self {
        Self(json!({"passCode": code.into().expose_secret()}))
    }

    /// The answer to a security question.
    pub fn answer(answer: impl Into<SecretString>) -> Self {
        Self(json!({"answer": answer.into().expose_secret()}))
    }

    /// What a U2F key gave to be activated, in base64.
    pub fn u2f_registration(client_data: &str, registration_data: &str) -> Self {
        Self(json!({"clientData": client_data, "registrationData": registration_data}))
    }

    /// What a passkey gave to be activated, in base64.
    pub fn attestation(client_data: &str, attestation: &str) -> Self {
        Self(json!({"clientData": client_data, "attestation": attestation}))
    }

    /// What a U2F key has signed, in base64.
    pub fn u2f(client_data: &str, signature_data: &str) -> Self {
        Self(json!({"clientData": client_data, "signatureData": signature_data}))
    }

    /// What a passkey has signed, in base64.
    pub fn webauthn(client_data: &str, authenticator_data: &str, signature_data: &str) -> Self {
        Self(json!({"clientData": client_data, "authenticatorData": authenticator_data,
            "signatureData": signature_data}))
    }
}

impl std::fmt::Debug for FactorProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FactorProof(…)")
    }
}

/// The factors of one user.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/>
#[derive(Clone, Debug)]
pub struct UserFactors {
    client: Client<OktaError>,
    user: String,
}

impl<P> Users<P> {
    /// A user's factors.
    pub fn factors(&self, user: impl AsRef<str>) -> UserFactors {
        UserFactors { client: self.client.clone(), user: user.as_ref().to_owned() }
    }
}

impl UserFactors {
    fn all(&self, method: Method) -> Request<OktaError> {
        self.client.request(method, "/api/v1/users/{userId}/factors", [&self.user])
    }

    fn one(&self, method: Method, id: &str) -> Request<OktaError> {
        self.client.request(method, "/api/v1/users/{userId}/factors/{factorId}", [&self.user, id])
    }

    fn verifying(&self, id: &str) -> Request<OktaError> {
        let template = "/api/v1/users/{userId}/factors/{factorId}/verify";
        self.client.request(Method::POST, template, [&*self.user, id])
    }

    fn activating(&self, id: &str) -> Request<OktaError> {
        let template = "/api/v1/users/{userId}/factors/{factorId}/lifecycle/activate";
        let request = self.client.request(Method::POST, template, [&*self.user, id]);
        request.if_unclear(ACTIVATED_MAYBE)
    }

    /// Gives the enrolled factors, in one answer: those that the policy that holds for the user, seen
    /// from the caller's network, allows.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`listFactors`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/listFactors).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for factor in okta.users().factors("00u1").list().await? {
    ///     println!("{} {:?} {:?}", factor.id, factor.factor_type, factor.status);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn list(&self) -> Result<Vec<UserFactor>> {
        self.all(Method::GET).json().await
    }

    /// Gives the factors that the user may enrol, in one answer.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`listSupportedFactors`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/listSupportedFactors).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let supported = okta.users().factors("00u1").supported().await?;
    /// # Ok(()) }
    /// ```
    pub async fn supported(&self) -> Result<Vec<SupportedFactor>> {
        let template = "/api/v1/users/{userId}/factors/catalog";
        self.client.request(Method::GET, template, [&self.user]).json().await
    }

    /// Gives the security questions that the user may choose from, in one answer.
    ///
    /// No scope. Okta names none for it, so it takes an API token.
    /// Okta: [`listSupportedSecurityQuestions`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/listSupportedSecurityQuestions).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let questions = okta.users().factors("00u1").questions().await?;
    /// # Ok(()) }
    /// ```
    pub async fn questions(&self) -> Result<Vec<SecurityQuestion>> {
        let template = "/api/v1/users/{userId}/factors/questions";
        self.client.request(Method::GET, template, [&self.user]).json().await
    }

    /// Gets one factor.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`getFactor`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/getFactor).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let factor = okta.users().factors("00u1").get("sms1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: impl AsRef<str>) -> Result<UserFactor> {
        self.one(Method::GET, id.as_ref()).json().await
    }

    /// As [`get`](Self::get), with `None` when there is no such factor.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`getFactor`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/getFactor).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let known = okta.users().factors("00u1").try_get("sms1").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, id: impl AsRef<str>) -> Result<Option<UserFactor>> {
        self.one(Method::GET, id.as_ref()).optional().await
    }

    /// Enrols a factor, which is then active or waits to be activated. One code every 30 seconds goes
    /// to a phone.
    ///
    /// Scope `okta.users.manage`. Not repeated when it is unclear whether Okta has enrolled it: another
    /// code would be sent.
    /// Okta: [`enrollFactor`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/enrollFactor).
    ///
    /// # Errors
    /// 400 `E0000001` with causes, such as another phone than the user has; 429 within 30 seconds.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::UserFactor;
    ///
    /// let factors = okta.users().factors("00u1");
    /// let factor = factors.enroll(&UserFactor::sms("+15554151337")).update_phone(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn enroll(&self, factor: &UserFactor) -> EnrollFactor {
        let request = self.all(Method::POST).if_unclear(ENROLLED_MAYBE);
        EnrollFactor { request: request.body(&writable(factor, BY_OKTA)) }
    }

    /// Activates a factor by what was sent to it or what it shows; five attempts in five minutes.
    ///
    /// Scope `okta.users.manage`. Not repeated when it is unclear whether it was done.
    /// Okta: [`activateFactor`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/activateFactor).
    ///
    /// # Errors
    /// 403 `E0000068` for a wrong code; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::FactorProof;
    ///
    /// let factors = okta.users().factors("00u1");
    /// factors.activate("sms1", FactorProof::pass_code("123456")).await?;
    /// # Ok(()) }
    /// ```
    pub async fn activate(&self, id: impl AsRef<str>, proof: FactorProof) -> Result<UserFactor> {
        self.activating(id.as_ref()).body(&proof.0).json().await
    }

    /// Asks whether a `push` factor was activated on its device.
    ///
    /// Scope `okta.users.manage`. Not repeated when it is unclear whether it was done.
    /// Okta: [`activateFactor`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/activateFactor).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::PushActivation;
    ///
    /// let answer = okta.users().factors("00u1").activate_push("opf1").await?;
    /// let is_active = matches!(answer, PushActivation::Active(_));
    /// # Ok(()) }
    /// ```
    pub async fn activate_push(&self, id: impl AsRef<str>) -> Result<PushActivation> {
        self.activating(id.as_ref()).json().await
    }

    /// Sends the code of an enrolment again, by text message, call or mail; once in 30 seconds.
    ///
    /// Scope `okta.users.manage`. Not repeated when it is unclear whether it was sent.
    /// Okta: [`resendEnrollFactor`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/resendEnrollFactor).
    ///
    /// # Errors
    /// 403 after too many attempts to activate; 429 within 30 seconds.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let factors = okta.users().factors("00u1");
    /// let factor = factors.get("sms1").await?;
    /// factors.resend(&factor).await?;
    /// # Ok(()) }
    /// ```
    pub fn resend(&self, factor: &UserFactor) -> ResendFactor {
        let template = "/api/v1/users/{userId}/factors/{factorId}/resend";
        let args = [&*self.user, factor.id.as_str()];
        let request = self.client.request(Method::POST, template, args).if_unclear(SENT_MAYBE);
        let by_okta: Vec<_> = BY_OKTA.iter().copied().chain(["id"]).collect();
        ResendFactor { request: request.body(&writable(factor, &by_okta)) }
    }

    /// Sends a challenge: a code, a push message, or what a key has to sign.
    ///
    /// Scope `okta.users.manage`. Not repeated when it is unclear whether it was sent.
    /// Okta: [`verifyFactor`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/verifyFactor).
    ///
    /// # Errors
    /// 404 `E0000007`; 429 within 30 seconds of the last code to that phone.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::FactorResult;
    ///
    /// let factors = okta.users().factors("00u1");
    /// let sent = factors.challenge("opf1").await?;
    /// let is_ada = factors.wait("opf1", &sent).await?.result == Some(FactorResult::Success);
    /// # Ok(()) }
    /// ```
    pub fn challenge(&self, id: impl AsRef<str>) -> ChallengeFactor {
        ChallengeFactor { request: self.verifying(id.as_ref()).if_unclear(SENT_MAYBE) }
    }

    /// Verifies what was sent, what a token shows, the answer to a question, or what a key has signed.
    ///
    /// Scope `okta.users.manage`. Not repeated when it is unclear whether Okta has judged it.
    /// Okta: [`verifyFactor`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/verifyFactor).
    ///
    /// # Errors
    /// 403 `E0000068` for a wrong code or answer; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::FactorProof;
    ///
    /// let factors = okta.users().factors("00u1");
    /// factors.verify("sms1", FactorProof::pass_code("123456")).await?;
    /// # Ok(()) }
    /// ```
    pub async fn verify(
        &self,
        id: impl AsRef<str>,
        proof: FactorProof,
    ) -> Result<FactorVerification> {
        self.verifying(id.as_ref()).if_unclear(VERIFIED_MAYBE).body(&proof.0).json().await
    }

    /// Asks once how a push message was answered; [`wait`](Self::wait) asks until it was.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`getFactorTransactionStatus`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/getFactorTransactionStatus).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such transaction.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let now = okta.users().factors("00u1").transaction("opf1", "v2mst1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn transaction(
        &self,
        id: impl AsRef<str>,
        transaction_id: impl AsRef<str>,
    ) -> Result<FactorVerification> {
        self.polling(id.as_ref(), transaction_id.as_ref()).json().await
    }

    fn polling(&self, id: &str, transaction_id: &str) -> Request<OktaError> {
        let template = "/api/v1/users/{userId}/factors/{factorId}/transactions/{transactionId}";
        self.client.request(Method::GET, template, [&*self.user, id, transaction_id])
    }

    /// Asks how a push message was answered until it was, it is too late, or nobody can tell: then the
    /// last answer still says `WAITING`.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`getFactorTransactionStatus`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/getFactorTransactionStatus).
    ///
    /// # Errors
    /// As [`transaction`](Self::transaction); when the challenge has no `poll` link.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let factors = okta.users().factors("00u1");
    /// let sent = factors.challenge("opf1").number_matching().await?;
    /// let answer = factors.wait("opf1", &sent).await?;
    /// # Ok(()) }
    /// ```
    pub fn wait(&self, id: impl AsRef<str>, sent: &FactorVerification) -> WaitForFactor {
        let request = match sent.transaction_id() {
            Some(transaction) => self.polling(id.as_ref(), &transaction),
            None => self
                .polling(id.as_ref(), "none")
                .invalid("the verification has no `poll` link: it was no push message"),
        };
        WaitForFactor::new(request)
    }

    /// Unenrols a factor; with `push` or `signed_nonce` all of Okta Verify goes.
    ///
    /// Scope `okta.users.manage`. Repeated when Okta fails; after a lost answer the repeat finds no
    /// factor, so take a 404 for done.
    /// Okta: [`unenrollFactor`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/#tag/UserFactor/operation/unenrollFactor).
    ///
    /// # Errors
    /// 403 for a deactivated user; 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().factors("00u1").unenroll("sms1").remove_recovery(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn unenroll(&self, id: impl AsRef<str>) -> UnenrollFactor {
        UnenrollFactor { request: self.one(Method::DELETE, id.as_ref()).safe_to_repeat() }
    }
}

const BY_OKTA: &[&str] = &["vendorName", "status", "created", "lastUpdated", "_links", "_embedded"];
