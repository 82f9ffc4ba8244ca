//! One error type for every call: one line that says what was called, what came back and what to do.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};

use crate::page::Cursor;
use crate::secrets::Secrets;

/// A boxed source of an error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a vendor says when it refuses a call, and the names of the headers it uses.
///
/// Each vendor crate implements this once; [`Error`] is generic in it.
pub trait ErrorBody: fmt::Display + fmt::Debug + Send + Sync + Sized + 'static {
    /// The response header that identifies a request to the vendor's support.
    const REQUEST_ID: &'static str = "x-request-id";
    /// Headers that tell the server about a repeated request: first request's id, and count.
    const RETRY_HEADERS: Option<(&'static str, &'static str)> = None;
    /// Headers of the rate limit: limit, remaining, reset (UTC epoch seconds).
    const RATE_LIMIT: [&'static str; 3] =
        ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"];

    /// Reads the vendor's error shape; `None` keeps the body as text.
    fn decode(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Self>;

    /// The server refused without acting and asks to come again, though the status alone does not say so.
    fn is_refused_for_now(&self, _status: StatusCode) -> bool {
        false
    }

    /// Whether the server only wants another proof of the same credential, such as one with a nonce.
    fn asks_for_proof(&self) -> bool {
        false
    }

    /// Whether a 401 is about the credential, so that renewing it may help.
    fn blames_credential(&self) -> bool {
        true
    }
}

/// Which endpoint was called: method and route template, never the filled path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// HTTP method.
    pub method: Method,
    /// Route template such as `/api/v1/users/{id}`.
    pub template: &'static str,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.template)
    }
}

/// How the connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// No connection was made: the server saw nothing.
    Connect,
    /// No complete answer in time.
    Timeout,
    /// The connection ended, or the answer was cut off, before it was complete.
    Cut,
}

/// What went wrong.
#[non_exhaustive]
pub enum ErrorKind<A> {
    /// The server answered with an error status.
    #[non_exhaustive]
    Api {
        /// HTTP status.
        status: StatusCode,
        /// The vendor's error, when the body had its shape.
        body: Option<A>,
        /// Any other body: its first 4 KiB as text.
        text: String,
    },
    /// The connection failed.
    Transport(Transport),
    /// The answer was not what this endpoint is known to answer.
    #[non_exhaustive]
    Decode {
        /// Where in the JSON document, for example `[3].profile.email`.
        path: String,
    },
    /// A success whose body is no JSON: nothing at all, or a proxy's or sign-in page.
    #[non_exhaustive]
    NotJson {
        /// HTTP status, a 2xx.
        status: StatusCode,
        /// What came instead, such as `text/html`, `gzip` or `nothing`.
        what: String,
    },
    /// The answer is longer than this client reads.
    #[non_exhaustive]
    TooLong {
        /// Bytes that it reads at most: `max_answer` of the builder.
        limit: usize,
    },
    /// The credential could not be produced.
    Auth(String),
    /// The request could not be built: nothing was sent.
    Request(String),
    /// The listing cannot go on without losing or repeating items.
    Paging(String),
    /// The server reported success, but what it then shows is not what was asked for.
    NotDone(String),
}

/// An error of a call, one word wide.
///
/// `Display` is one line and never prints the source; [`kind`](Error::kind) is for matching, the
/// predicates for the common questions. It holds no credential, query or request body.
pub struct Error<A>(Box<Inner<A>>);

struct Inner<A> {
    kind: ErrorKind<A>,
    call: Option<Call>,
    attempts: u32,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    cursor: Option<Cursor>,
    item: Option<Box<str>>,
    unclear: Option<&'static str>,
    advice: Option<String>,
    source: Option<BoxError>,
}

impl<A> Error<A> {
    pub(crate) fn new(kind: ErrorKind<A>) -> Self {
        Self(Box::new(Inner {
            kind,
            call: None,
            attempts: 0,
            request_id: None,
            retry_after: None,
            cursor: None,
            item: None,
            unclear: None,
            advice: None,
            source: None,
        }))
    }

    /// A request that cannot be built; `message` says what is wrong and what to do.
    pub fn request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Request(message.into()))
    }

    /// A credential that cannot be produced.
    pub fn auth(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Auth(message.into()))
    }

    /// A listing that cannot go on.
    pub fn paging(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Paging(message.into()))
    }

    /// A success that is not there when one looks.
    pub fn not_done(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotDone(message.into()))
    }

    /// Names what caused this error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_call(mut self, call: &Call, attempts: u32) -> Self {
        self.0.call = Some(call.clone());
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_request_id(mut self, id: Option<String>) -> Self {
        self.0.request_id = id;
        self
    }

    pub(crate) fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        self.0.retry_after = delay;
        self
    }

    pub(crate) fn with_cursor(mut self, cursor: &Cursor) -> Self {
        self.0.cursor = Some(cursor.clone());
        self
    }

    pub(crate) fn with_item(mut self, json: String) -> Self {
        self.0.item = Some(json.into());
        self
    }

    /// Says that it may have been carried out all the same; `hint` tells how to find out.
    #[must_use]
    pub fn with_unclear(mut self, hint: &'static str) -> Self {
        self.0.unclear = Some(hint);
        self
    }

    /// Says what to do about it, after what was said.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// Without what the server quotes of the credential.
    pub(crate) fn redacted(mut self, secrets: &Secrets) -> Self {
        let text = match &mut self.0.kind {
            ErrorKind::Decode { path } => Some(path),
            ErrorKind::NotJson { what, .. } => Some(what),
            ErrorKind::Auth(text)
            | ErrorKind::Request(text)
            | ErrorKind::Paging(text)
            | ErrorKind::NotDone(text) => Some(text),
            ErrorKind::Api { .. } | ErrorKind::Transport(_) | ErrorKind::TooLong { .. } => None,
        };
        for text in text.into_iter().chain(&mut self.0.advice) {
            *text = secrets.redact(text).into_owned();
        }
        if let Some(item) = &mut self.0.item {
            *item = secrets.redact(item).into();
        }
        self
    }

    pub(crate) fn cause(&self) -> Option<&BoxError> {
        self.0.source.as_ref()
    }

    /// What went wrong, for matching.
    pub fn kind(&self) -> &ErrorKind<A> {
        &self.0.kind
    }

    /// Which endpoint was called; `None` when it did not come to a call.
    pub fn call(&self) -> Option<&Call> {
        self.0.call.as_ref()
    }

    /// How often the request was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The vendor's id of the failed request: name it to their support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the server asked to wait, when that was longer than the call may take.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The page that could not be read, or in which the odd [`item`](Self::item) stands: `resume` with
    /// it goes on from there, and reads that page again.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.0.cursor.as_ref()
    }

    /// The JSON of the one item that does not fit, when the error is about an item of a listing and not
    /// about a call: the stream then goes on, and the next poll gives what comes after it. It is data, and
    /// shows neither in `Display` nor in `Debug`: keep it where such data may be kept.
    pub fn item(&self) -> Option<&str> {
        self.0.item.as_deref()
    }

    /// HTTP status of the answer, when there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match self.kind() {
            ErrorKind::Api { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The vendor's error body, when it had the vendor's shape.
    pub fn body(&self) -> Option<&A> {
        match self.kind() {
            ErrorKind::Api { body, .. } => body.as_ref(),
            _ => None,
        }
    }

    fn has_status(&self, code: u16) -> bool {
        self.status().is_some_and(|status| status.as_u16() == code)
    }

    /// 404: it does not exist, or this credential may not see it. Use `try_get` to get an `Option`.
    pub fn is_not_found(&self) -> bool {
        self.has_status(404)
    }

    /// 401: the credential is wrong, expired or revoked. Make a new one.
    pub fn is_unauthorized(&self) -> bool {
        self.has_status(401)
    }

    /// 403: the credential is known but may not do this. Grant the scope or role that the message names.
    pub fn is_forbidden(&self) -> bool {
        self.has_status(403)
    }

    /// 400 or 422: the server does not accept these values. Change them; repeating cannot help.
    pub fn is_invalid(&self) -> bool {
        self.has_status(400) || self.has_status(422)
    }

    /// 409 or 412: it exists already or was changed meanwhile. Read it and decide again.
    pub fn is_conflict(&self) -> bool {
        self.has_status(409) || self.has_status(412)
    }

    /// 429, or not sent because it would be one: the quota is used up;
    /// [`retry_after`](Self::retry_after) says for how long. Lower the concurrency or set
    /// `Pacing::Share`.
    pub fn is_rate_limited(&self) -> bool {
        let held_back = matches!(self.kind(), ErrorKind::Request(_));
        self.has_status(429) || (held_back && self.retry_after().is_some())
    }

    /// No complete answer in time. Raise the attempt timeout if the endpoint is known to be slow.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind(), ErrorKind::Transport(Transport::Timeout)) || self.has_status(408)
    }

    /// No connection: check the address, DNS, the proxy and the network.
    pub fn is_connect(&self) -> bool {
        matches!(self.kind(), ErrorKind::Transport(Transport::Connect))
    }

    /// The request may have been carried out although no answer says so: read before repeating it.
    pub fn is_unclear(&self) -> bool {
        self.0.unclear.is_some()
    }
}

impl<A: fmt::Display> fmt::Display for Error<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        let (inner, mut f) = (&self.0, OneLine(f));
        if let Some(call) = &inner.call {
            write!(f, "{call}: ")?;
        }
        write!(f, "{}", inner.kind)?;
        if let Some(cursor) = &inner.cursor {
            write!(f, ", reading the page at {cursor}")?;
        }
        if let Some(hint) = inner.unclear {
            write!(f, "; {hint}")?;
        }
        if let Some(advice) = &inner.advice {
            write!(f, "; {advice}")?;
        }
        if let Some(delay) = inner.retry_after {
            write!(f, ", the server asks to wait {} s", delay.as_secs().max(1))?;
        }
        if inner.attempts > 1 {
            write!(f, ", tried {} times", inner.attempts)?;
        }
        match &inner.request_id {
            Some(id) => write!(f, " [request {id}]"),
            None => Ok(()),
        }
    }
}

/// Servers and inputs may name things with line breaks in them; a log line may not hold one.
struct OneLine<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (nth, part) in text.split(char::is_control).enumerate() {
            if nth > 0 {
                self.0.write_str(" ")?;
            }
            self.0.write_str(part)?;
        }
        Ok(())
    }
}

impl<A: fmt::Display> fmt::Display for ErrorKind<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api { status, body: Some(body), .. } => write!(f, "{} {body}", status.as_u16()),
            Self::Api { status, .. } => {
                write!(f, "{} {}", status.as_u16(), status.canonical_reason().unwrap_or("error"))
            }
            Self::Transport(how) => how.fmt(f),
            Self::Decode { path } => {
                f.write_str("the answer is not what this endpoint is known to give, ")?;
                match path.as_str() {
                    "." => f.write_str("taken as a whole"),
                    path => write!(f, "at `{path}`"),
                }
            }
            Self::NotJson { status, what } => {
                write!(f, "answered {} with {what} instead of JSON", status.as_u16())
            }
            Self::TooLong { limit } => write!(
                f,
                "the answer is longer than {limit} bytes; ask for less at once or raise max_answer"
            ),
            Self::Auth(message)
            | Self::Request(message)
            | Self::Paging(message)
            | Self::NotDone(message) => f.write_str(message),
        }
    }
}

impl<A: fmt::Debug> fmt::Debug for ErrorKind<A> {
    /// As derived, but for a foreign body: a proxy may echo what was sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api { status, body, text } => f
                .debug_struct("Api")
                .field("status", status)
                .field("body", body)
                .field("text", &format_args!("{} bytes", text.len()))
                .finish(),
            Self::Transport(how) => f.debug_tuple("Transport").field(how).finish(),
            Self::Decode { path } => f.debug_struct("Decode").field("path", path).finish(),
            Self::NotJson { status, what } => {
                f.debug_struct("NotJson").field("status", status).field("what", what).finish()
            }
            Self::TooLong { limit } => f.debug_struct("TooLong").field("limit", limit).finish(),
            Self::Auth(message) => f.debug_tuple("Auth").field(message).finish(),
            Self::Request(message) => f.debug_tuple("Request").field(message).finish(),
            Self::Paging(message) => f.debug_tuple("Paging").field(message).finish(),
            Self::NotDone(message) => f.debug_tuple("NotDone").field(message).finish(),
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "cannot connect; check the address, DNS, proxy and network",
            Self::Timeout => "no complete answer in time",
            Self::Cut => "the connection ended before the answer was complete",
        })
    }
}

impl<A: fmt::Debug> fmt::Debug for Error<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("call", &inner.call)
            .field("attempts", &inner.attempts)
            .field("request_id", &inner.request_id)
            .field("retry_after", &inner.retry_after)
            .field("unclear", &inner.unclear)
            .field("advice", &inner.advice)
            .field("source", &inner.source)
            .finish()
    }
}

impl<A: fmt::Display + fmt::Debug> std::error::Error for Error<A> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
