//! A successful answer: head, body, and JSON decoding that knows where it failed.

use std::fmt;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};

/// A successful answer with its whole body.
#[derive(Clone)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Response {
    pub(crate) fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { status, headers, body }
    }

    /// HTTP status, always a 2xx.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All response headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Decodes the body; the error names the path of what does not fit.
    pub fn json<T: DeserializeOwned, A>(&self) -> Result<T, Error<A>> {
        // One check of the whole text is cheaper than serde_json's of each string in it.
        let decoded = match std::str::from_utf8(&self.body) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(&self.body),
        };
        decoded.map_err(|error| self.undecodable::<T, A>(error))
    }

    fn undecodable<T: DeserializeOwned, A>(&self, error: serde_json::Error) -> Error<A> {
        let mut again = serde_json::Deserializer::from_slice(&self.body);
        let path = match serde_path_to_error::deserialize::<_, T>(&mut again) {
            Err(error) => error.path().to_string(),
            Ok(_) => format!("line {} column {}", error.line(), error.column()),
        };
        Error::new(ErrorKind::Decode { path }).with_source(error)
    }
}

/// The whole body, or `None` when it is longer than `limit`.
pub(crate) async fn read(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<Option<Bytes>, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > limit - body.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

/// What came of a body before it ended, broke off, or reached `limit`: an error answer's status is
/// known by then and says more than the break.
pub(crate) async fn read_start(mut response: reqwest::Response, limit: usize) -> Bytes {
    let mut body = BytesMut::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = limit - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    body.freeze()
}

/// Whether an undecodable answer simply ended too early.
pub(crate) fn is_cut<A>(error: &Error<A>) -> bool {
    matches!(error.kind(), ErrorKind::Decode { .. })
        && error
            .cause()
            .and_then(|cause| cause.downcast_ref::<serde_json::Error>())
            .is_some_and(serde_json::Error::is_eof)
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.body.len();
        f.debug_struct("Response").field("status", &self.status).field("bytes", &bytes).finish()
    }
}
