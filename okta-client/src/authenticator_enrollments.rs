//! Users' authenticator enrolments: what identity engine has of factors.

use std::marker::PhantomData;

use http::Method;
use rest_core::{Client, Request};
use serde::de::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::call::awaitable;
use crate::error::{OktaError, Result};
use crate::factors::PhoneNumber;
use crate::model::model;
use crate::secret::Secret;
use crate::user::Links;
use crate::users::Users;
use crate::value::{DateTime, EnrollmentId, Lazy};

rest_core::open_enum! {
    /// The kind of an authenticator.
    pub enum AuthenticatorType {
        /// An app.
        App = "app",
        /// A mail.
        Email = "email",
        /// An identity provider.
        Federated = "federated",
        /// The password.
        Password = "password",
        /// A phone.
        Phone = "phone",
        /// A security key or passkey.
        SecurityKey = "security_key",
        /// A security question.
        SecurityQuestion = "security_question",
        /// A temporary access code.
        TemporaryAccessCode = "tac",
    }
}

model! {
    /// What is particular to an enrolment. `Debug` shows nothing of it: it is personal, or a secret.
    pub struct EnrollmentProfile {}
    read {
        /// The number, of which Okta shows the end only unless it was asked for.
        phone_number: PhoneNumber = "phoneNumber",
        /// The address.
        email: String = "email",
        /// The temporary access code; only when it was made.
        access_code: Secret = "tac",
        /// Whether the code can be used more than once.
        multi_use: bool = "multiUse",
        /// When the code ends, in UTC.
        expires_at: DateTime = "expiresAt",
    }
    shows {}
}

model! {
    /// An authenticator that a user has enrolled. `Debug` shows what is neither personal nor a secret.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserAuthenticatorEnrollments/>
    pub struct AuthenticatorEnrollment[id: EnrollmentId] {}
    read {
        /// What kind.
        kind: AuthenticatorType = "type",
        /// The authenticator's key, such as `okta_email`.
        key: String = "key",
        /// The authenticator's name.
        name: String = "name",
        /// The user's own name for it.
        nickname: String = "nickname",
        /// Such as `ACTIVE`.
        status: String = "status",
        /// When it was enrolled.
        created: DateTime = "created",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// What is particular to its kind.
        profile: EnrollmentProfile = "profile",
        /// Itself, the user, the authenticator. Text until asked for.
        links: Lazy<Links> = "_links",
    }
    shows { id, kind, key, name, status, created, last_updated }
}

/// The authenticator enrolments of one user.
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserAuthenticatorEnrollments/>
#[derive(Clone, Debug)]
pub struct AuthenticatorEnrollments {
    client: Client<OktaError>,
    user: String,
}

impl<P> Users<P> {
    /// A user's authenticator enrolments.
    pub fn authenticator_enrollments(&self, user: impl AsRef<str>) -> AuthenticatorEnrollments {
        AuthenticatorEnrollments { client: self.client.clone(), user: user.as_ref().to_owned() }
    }
}

const ENROLLED_MAYBE: &str =
    "the phone may be enrolled: list the enrolments before enrolling it again";
const MADE_MAYBE: &str =
    "a code may have been made that nobody has seen: delete it before making another";

impl AuthenticatorEnrollments {
    fn one(&self, method: Method, id: &str) -> Request<OktaError> {
        let template = "/api/v1/users/{userId}/authenticator-enrollments/{enrollmentId}";
        self.client.request(method, template, [&*self.user, id])
    }

    /// Gives all enrolments, in one answer.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`listAuthenticatorEnrollments`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserAuthenticatorEnrollments/#tag/UserAuthenticatorEnrollments/operation/listAuthenticatorEnrollments).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user; 403 when the credential may not
    /// read them. Only in orgs with identity engine.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for one in okta.users().authenticator_enrollments("00u1").list().await? {
    ///     println!("{} {:?}", one.id, one.kind);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> ReadEnrollments<Vec<AuthenticatorEnrollment>> {
        let template = "/api/v1/users/{userId}/authenticator-enrollments";
        ReadEnrollments::new(self.client.request(Method::GET, template, [&self.user]))
    }

    /// Gets one enrolment.
    ///
    /// Scope `okta.users.read`.
    /// Okta: [`getAuthenticatorEnrollment`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserAuthenticatorEnrollments/#tag/UserAuthenticatorEnrollments/operation/getAuthenticatorEnrollment).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let enrollments = okta.users().authenticator_enrollments("00u1");
    /// let phone = enrollments.get("sms1").disclose_phones().await?;
    /// # Ok(()) }
    /// ```
    pub fn get(&self, id: impl AsRef<str>) -> ReadEnrollments<AuthenticatorEnrollment> {
        ReadEnrollments::new(self.one(Method::GET, id.as_ref()))
    }

    /// Enrols a phone, which is active at once.
    ///
    /// Scope `okta.users.manage`. Not repeated when it is unclear whether Okta has enrolled it.
    /// Okta: [`createAuthenticatorEnrollment`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserAuthenticatorEnrollments/#tag/UserAuthenticatorEnrollments/operation/createAuthenticatorEnrollment).
    ///
    /// # Errors
    /// 400 `E0000001` with causes, such as a number that is none; 403.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let enrollments = okta.users().authenticator_enrollments("00u1");
    /// enrollments.create_phone("aut1", "+14086673418").await?;
    /// # Ok(()) }
    /// ```
    pub async fn create_phone(
        &self,
        authenticator_id: impl AsRef<str>,
        phone_number: impl Into<PhoneNumber>,
    ) -> Result<AuthenticatorEnrollment> {
        let template = "/api/v1/users/{userId}/authenticator-enrollments/phone";
        let body = json!({"authenticatorId": authenticator_id.as_ref(),
            "profile": {"phoneNumber": phone_number.into()}});
        let request = self.client.request(Method::POST, template, [&self.user]);
        request.if_unclear(ENROLLED_MAYBE).body(&body).json().await
    }

    /// Makes a temporary access code, which is active at once and shown only in this answer.
    ///
    /// Scope `okta.users.manage`. Not repeated when it is unclear whether Okta has made it: another
    /// code would hold as well.
    /// Okta: [`createTacAuthenticatorEnrollment`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserAuthenticatorEnrollments/#tag/UserAuthenticatorEnrollments/operation/createTacAuthenticatorEnrollment).
    ///
    /// # Errors
    /// 400 `E0000001` with causes, such as a lifetime that the authenticator does not allow; 403.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let enrollments = okta.users().authenticator_enrollments("00u1");
    /// let made = enrollments.create_access_code("aut1").minutes(60).await?;
    /// let code = made.profile.and_then(|profile| profile.access_code);
    /// # Ok(()) }
    /// ```
    pub fn create_access_code(&self, authenticator_id: impl AsRef<str>) -> CreateAccessCode {
        let template = "/api/v1/users/{userId}/authenticator-enrollments/tac";
        let request = self.client.request(Method::POST, template, [&self.user]);
        let body = json!({"authenticatorId": authenticator_id.as_ref()});
        CreateAccessCode { request: request.if_unclear(MADE_MAYBE), body }
    }

    /// Deletes an enrolment; the user can enrol the authenticator again.
    ///
    /// Scope `okta.users.manage`. Repeated when Okta fails; after a lost answer the repeat finds no
    /// enrolment, so take a 404 for done.
    /// Okta: [`deleteAuthenticatorEnrollment`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserAuthenticatorEnrollments/#tag/UserAuthenticatorEnrollments/operation/deleteAuthenticatorEnrollment).
    ///
    /// # Errors
    /// 404 `E0000007`.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.users().authenticator_enrollments("00u1").delete("sms1").await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete(&self, id: impl AsRef<str>) -> Result<()> {
        self.one(Method::DELETE, id.as_ref()).safe_to_repeat().send().await.map(drop)
    }
}

/// Gives enrolments when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct ReadEnrollments<T> {
    request: Request<OktaError>,
    answer: PhantomData<fn() -> T>,
}

impl<T> ReadEnrollments<T> {
    fn new(request: Request<OktaError>) -> Self {
        Self { request, answer: PhantomData }
    }

    /// Phone numbers come whole, not only their end.
    pub fn disclose_phones(mut self) -> Self {
        self.request = self.request.query("discloseIdentifiers", "phone");
        self
    }
}

/// Okta's schema says one enrolment, its example a list of them.
struct OneOrAll(Vec<AuthenticatorEnrollment>);

impl<'de> Deserialize<'de> for OneOrAll {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let json = Lazy::<Vec<AuthenticatorEnrollment>>::deserialize(from)?;
        match json.json().starts_with('{') {
            true => serde_json::from_str(json.json()).map(|one| Self(vec![one])),
            false => json.get().map(Self),
        }
        .map_err(serde::de::Error::custom)
    }
}

awaitable!(ReadEnrollments<AuthenticatorEnrollment> => AuthenticatorEnrollment, this {
    this.request.json().await
});
awaitable!(ReadEnrollments<Vec<AuthenticatorEnrollment>> => Vec<AuthenticatorEnrollment>, this {
    this.request.json::<OneOrAll>().await.map(|OneOrAll(all)| all)
});

/// Makes a temporary access code when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct CreateAccessCode {
    request: Request<OktaError>,
    body: Value,
}

impl CreateAccessCode {
    /// How long it holds: 10 minutes to 10 days, or what the authenticator allows of that.
    pub fn minutes(mut self, minutes: u32) -> Self {
        // Okta's schema says that this is a text.
        self.body["profile"]["ttl"] = minutes.to_string().into();
        self
    }

    /// Whether it can be used more than once, if the authenticator allows it.
    pub fn multi_use(mut self, multi_use: bool) -> Self {
        self.body["profile"]["multiUse"] = multi_use.into();
        self
    }
}

awaitable!(CreateAccessCode => AuthenticatorEnrollment, this {
    this.request.body(&this.body).json().await
});
