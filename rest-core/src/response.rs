//! A successful answer: head, body, and JSON decoding that knows where it failed.

use std::fmt;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::{Error, ErrorKind, Transport};
use crate::foreign;
use crate::secrets::Secrets;

/// Characters of a path that an error names.
const PATH_KEPT: usize = 120;

/// A successful answer with its whole body.
#[derive(Clone)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    /// The headers of the attempt that it answers.
    sent: HeaderMap,
}

/// What does not fit of an answer, without the value: it may be personal, or the credential.
#[derive(Debug)]
pub(crate) struct Misfit {
    what: String,
    is_eof: bool,
}

impl Response {
    pub(crate) fn new(
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
        sent: HeaderMap,
    ) -> Self {
        Self { status, headers, body, sent }
    }

    /// The same answer without what its body quotes of the credential: for answers that hold the
    /// errors of several operations.
    pub fn without_credential(&self) -> Self {
        let body = Secrets::of(&self.sent).redact_bytes(&self.body).into_owned();
        Self { body: body.into(), ..self.clone() }
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

    /// The headers of the attempt that it answers.
    pub(crate) fn sent(&self) -> &HeaderMap {
        &self.sent
    }

    /// Checks the answer of a call that has no result: it is empty or JSON, and not the page of a proxy.
    ///
    /// # Errors
    /// A body that is neither.
    pub fn done<A>(&self) -> Result<(), Error<A>> {
        match self.is_blank() {
            true => Ok(()),
            false => self.json::<IgnoredAny, A>().map(drop),
        }
    }

    fn is_blank(&self) -> bool {
        self.body.trim_ascii().is_empty()
    }

    /// Decodes the body.
    ///
    /// # Errors
    /// JSON that does not fit, with its path; JSON that ends too early; what is no JSON, with what it is.
    pub fn json<T: DeserializeOwned, A>(&self) -> Result<T, Error<A>> {
        decode(&self.body).map_err(|error| self.undecodable::<T, A>(error))
    }

    fn undecodable<T: DeserializeOwned, A>(&self, error: serde_json::Error) -> Error<A> {
        let misfit = Misfit::of(&error);
        let fault = serde_json::from_slice::<IgnoredAny>(&self.body).err();
        match fault {
            Some(fault) if self.is_blank() || !(fault.is_eof() || self.looks_like_json()) => {
                foreign::success(self.status, &self.headers, &self.body).with_source(misfit)
            }
            Some(_) if misfit.is_eof => {
                Error::new(ErrorKind::Transport(Transport::Cut)).with_source(misfit)
            }
            _ => Error::new(ErrorKind::Decode { path: self.path_of_fault::<T>(&error) })
                .with_source(misfit),
        }
    }

    /// Whether what does not parse was meant to be JSON.
    fn looks_like_json(&self) -> bool {
        let begins = matches!(self.body.trim_ascii().first(), Some(b'{' | b'[' | b'"'));
        begins && foreign::media_type(&self.headers).is_none_or(|named| named.contains("json"))
    }

    fn path_of_fault<T: DeserializeOwned>(&self, error: &serde_json::Error) -> String {
        let mut again = serde_json::Deserializer::from_slice(&self.body);
        let path = match serde_path_to_error::deserialize::<_, T>(&mut again) {
            Err(error) => error.path().to_string(),
            Ok(_) => format!("line {} column {}", error.line(), error.column()),
        };
        shortened(path)
    }
}

/// One check of the whole text is cheaper than serde_json's of each string in it.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(body),
    }
}

/// A path as long as an error names one.
pub(crate) fn shortened(path: String) -> String {
    match path.char_indices().nth(PATH_KEPT) {
        Some((end, _)) => format!("{}…", &path[..end]),
        None => path,
    }
}

impl Misfit {
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        let place = format!(" at line {} column {}", error.line(), error.column());
        let text = error.to_string();
        let text = text.strip_suffix(&place).unwrap_or(&text);
        // What the JSON lacks as such is said in serde_json's own words, without values.
        let what = if error.is_data() { without_value(text) } else { text.to_owned() };
        Self { what: what + &place, is_eof: error.is_eof() }
    }
}

/// What serde says, up to the value that it quotes, and what it says was expected.
fn without_value(text: &str) -> String {
    if ["missing field", "duplicate field", "not a "].iter().any(|own| text.starts_with(own)) {
        return text.to_owned();
    }
    let known = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    let fault = known.into_iter().find(|known| text.starts_with(known));
    let fault = fault.unwrap_or("a value does not fit");
    match text.rfind(", expected ") {
        Some(expected) => format!("{fault}{}", &text[expected..]),
        None => fault.to_owned(),
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Misfit {}

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
    let misfit = error.cause().and_then(|cause| cause.downcast_ref::<Misfit>());
    misfit.is_some_and(|misfit| misfit.is_eof)
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.body.len();
        f.debug_struct("Response").field("status", &self.status).field("bytes", &bytes).finish()
    }
}
