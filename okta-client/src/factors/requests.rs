//! Calls of factors with options.

use std::time::Duration;

use http::HeaderName;
use http::header::{ACCEPT_LANGUAGE, USER_AGENT};
use rest_core::Request;
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::{Value, json};

use super::factor::{FactorResult, FactorVerification, UserFactor};
use crate::call::awaitable;
use crate::error::{OktaError, Result};

/// Enrols a factor when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct EnrollFactor {
    pub(super) request: Request<OktaError>,
}

impl EnrollFactor {
    /// Whether the number replaces the phone that the user has; `false` by default.
    pub fn update_phone(mut self, update: bool) -> Self {
        self.request = self.request.query("updatePhone", update);
        self
    }

    /// Whether the factor is active at once: of `sms`, `call`, `email` and `token:hotp`.
    pub fn activate(mut self, activate: bool) -> Self {
        self.request = self.request.query("activate", activate);
        self
    }
}

/// Options of what is sent to a person.
macro_rules! message_options {
    ($name:ident) => {
        impl $name {
            /// The org's own template of the text message.
            pub fn template(mut self, id: impl AsRef<str>) -> Self {
                self.request = self.request.query("templateId", id.as_ref());
                self
            }

            /// How long the code holds, in seconds: 1 to 86,400, by default 300.
            pub fn token_lifetime(mut self, seconds: u32) -> Self {
                self.request = self.request.query("tokenLifetimeSeconds", seconds);
                self
            }

            /// The language of the text message, such as `fr`.
            pub fn language(mut self, language: impl AsRef<str>) -> Self {
                self.request = self.request.header(ACCEPT_LANGUAGE, language);
                self
            }
        }
    };
}

message_options!(EnrollFactor);
message_options!(ChallengeFactor);
awaitable!(EnrollFactor => UserFactor, this { this.request.json().await });

/// Sends a challenge when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct ChallengeFactor {
    pub(super) request: Request<OktaError>,
}

impl ChallengeFactor {
    /// The person must choose the number that the answer holds; of `push`.
    pub fn number_matching(mut self) -> Self {
        self.request = self.request.body(&json!({"useNumberMatchingChallenge": true}));
        self
    }

    /// The person's public address and browser, for the policies that look at them.
    pub fn on_behalf_of(mut self, ip: impl AsRef<str>, user_agent: impl AsRef<str>) -> Self {
        let forwarded = HeaderName::from_static("x-forwarded-for");
        self.request = self.request.header(forwarded, ip).header(USER_AGENT, user_agent);
        self
    }
}

awaitable!(ChallengeFactor => FactorVerification, this { this.request.json().await });

/// Sends a code again when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct ResendFactor {
    pub(super) request: Request<OktaError>,
}

impl ResendFactor {
    /// The org's own template of the text message.
    pub fn template(mut self, id: impl AsRef<str>) -> Self {
        self.request = self.request.query("templateId", id.as_ref());
        self
    }
}

awaitable!(ResendFactor => UserFactor, this { this.request.json().await });

/// Unenrols a factor when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct UnenrollFactor {
    pub(super) request: Request<OktaError>,
}

impl UnenrollFactor {
    /// Whether the phone no longer serves for recovery either; of `sms` and `call`.
    pub fn remove_recovery(mut self, remove: bool) -> Self {
        self.request = self.request.query("removeRecoveryEnrollment", remove);
        self
    }
}

awaitable!(UnenrollFactor => (), this { this.request.send().await.map(drop) });

/// Whether a `push` factor was activated on its device.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PushActivation {
    /// It was.
    Active(Box<UserFactor>),
    /// Not yet, or no longer.
    Waiting(Box<FactorVerification>),
}

impl<'de> Deserialize<'de> for PushActivation {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let json = Value::deserialize(from)?;
        match json.get("id").is_some() {
            true => serde_json::from_value(json).map(Self::Active),
            false => serde_json::from_value(json).map(Self::Waiting),
        }
        .map_err(D::Error::custom)
    }
}

// Okta names no pace for this and no limit of its own; a person takes some seconds to answer.
const INTERVAL: Duration = Duration::from_secs(4);
const LONGEST: Duration = Duration::from_secs(300);

/// Asks how a push message was answered, until it was, when awaited.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct WaitForFactor {
    request: Request<OktaError>,
    interval: Duration,
    longest: Duration,
}

impl WaitForFactor {
    pub(super) fn new(request: Request<OktaError>) -> Self {
        Self { request, interval: INTERVAL, longest: LONGEST }
    }

    /// How long to wait before asking again; 4 seconds by default.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// When to give up, though Okta still waits; after 5 minutes by default.
    pub fn at_most(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    async fn run(self) -> Result<FactorVerification> {
        let began = tokio::time::Instant::now();
        loop {
            let now: FactorVerification = self.request.json().await?;
            let is_over = now.result != Some(FactorResult::Waiting);
            if is_over || began.elapsed().saturating_add(self.interval) > self.longest {
                return Ok(now);
            }
            tokio::time::sleep(self.interval).await;
        }
    }
}

awaitable!(WaitForFactor => FactorVerification, this { this.run().await });
