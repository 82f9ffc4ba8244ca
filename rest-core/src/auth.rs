//! How a request gets its credential.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::error::BoxError;

/// Why no credential could be produced: one line for the error, and its cause.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct AuthError {
    message: String,
    source: Option<BoxError>,
}

impl AuthError {
    /// A failure that needs no further cause.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// A failure caused by another one.
    pub fn caused(message: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self { message: message.into(), source: Some(source.into()) }
    }
}

/// A credential: puts itself onto each attempt of each request.
///
/// It is asked anew for every attempt, so that a token that expires during a wait is renewed and a
/// proof that may be used once is made once.
#[async_trait]
pub trait Authorize: fmt::Debug + Send + Sync + 'static {
    /// Adds the credential to a request that is about to be sent.
    async fn authorize(&self, request: &mut reqwest::Request) -> Result<(), AuthError>;

    /// The server answered 401 with the headers `refused` to an attempt with the headers `sent`.
    /// `true` when another attempt would carry a different credential. `again`: this call was renewed
    /// before, so that only what explains the second refusal, such as a credential that ended on its way,
    /// is a reason to go on; after three it is over.
    async fn renew(&self, _sent: &HeaderMap, _refused: &HeaderMap, _again: bool) -> bool {
        false
    }

    /// Asked before each attempt is authorised; what it gives is held until the attempt has been
    /// answered or has failed. For a credential whose attempts must not overtake each other. `last` is
    /// the turn of an attempt for which [`proves_again`](Self::proves_again) was just true, to be kept
    /// or ended; else it is empty.
    async fn turn(&self, last: Turn) -> Turn {
        last
    }

    /// Told of every answer, a success or not, while the attempt's turn lasts.
    fn answered(&self, _sent: &HeaderMap, _answer: &HeaderMap) {}

    /// The server refused an attempt, with a 401 or because it wants another proof of the same
    /// credential, such as one with a nonce (`asked`, from [`ErrorBody::asks_for_proof`]). `true` when
    /// the next attempt will carry another proof. That is no renewal, and may happen some times a call.
    ///
    /// [`ErrorBody::asks_for_proof`]: crate::ErrorBody::asks_for_proof
    fn proves_again(&self, _sent: &HeaderMap, _refused: &HeaderMap, _asked: bool) -> bool {
        false
    }
}

/// Leave to send one attempt, which ends when this is dropped.
#[derive(Default)]
pub struct Turn(Option<Box<dyn Any + Send + Sync>>);

impl Turn {
    /// A turn that lasts as long as `guard` is held.
    pub fn held(guard: impl Send + Sync + 'static) -> Self {
        Self(Some(Box::new(guard)))
    }

    /// The guard, if the turn is held by one of this type.
    pub fn into_held<G: 'static>(self) -> Option<G> {
        self.0?.downcast().ok().map(|guard| *guard)
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Turn").field(&self.0.is_some()).finish()
    }
}

#[async_trait]
impl<C: Authorize + ?Sized> Authorize for Arc<C> {
    async fn authorize(&self, request: &mut reqwest::Request) -> Result<(), AuthError> {
        (**self).authorize(request).await
    }

    async fn renew(&self, sent: &HeaderMap, refused: &HeaderMap, again: bool) -> bool {
        (**self).renew(sent, refused, again).await
    }

    async fn turn(&self, last: Turn) -> Turn {
        (**self).turn(last).await
    }

    fn answered(&self, sent: &HeaderMap, answer: &HeaderMap) {
        (**self).answered(sent, answer);
    }

    fn proves_again(&self, sent: &HeaderMap, refused: &HeaderMap, asked: bool) -> bool {
        (**self).proves_again(sent, refused, asked)
    }
}

/// No credential, for endpoints that need none.
#[derive(Clone, Copy, Debug)]
pub struct Anonymous;

#[async_trait]
impl Authorize for Anonymous {
    async fn authorize(&self, _: &mut reqwest::Request) -> Result<(), AuthError> {
        Ok(())
    }
}

/// A credential that is one fixed header, such as `Authorization: Bearer …`.
#[derive(Clone)]
pub struct HeaderKey {
    name: HeaderName,
    value: Option<HeaderValue>,
}

impl HeaderKey {
    /// The header `name: {prefix}{secret}`, marked sensitive.
    pub fn new(name: HeaderName, prefix: &str, secret: &SecretString) -> Self {
        let value = HeaderValue::try_from(format!("{prefix}{}", secret.expose_secret().trim()));
        let value = value.ok().filter(|_| !secret.expose_secret().trim().is_empty());
        Self { name, value: value.map(sensitive) }
    }
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

impl fmt::Debug for HeaderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderKey").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl Authorize for HeaderKey {
    async fn authorize(&self, request: &mut reqwest::Request) -> Result<(), AuthError> {
        let value = self.value.clone().ok_or_else(|| {
            AuthError::new(
                "the key is empty or holds characters that no header may carry; copy it again",
            )
        })?;
        request.headers_mut().insert(self.name.clone(), value);
        Ok(())
    }
}
