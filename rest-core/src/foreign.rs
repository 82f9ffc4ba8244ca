//! Answers that are not the service's own: what they are, and what to do about them.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use url::Url;

use crate::error::{Error, ErrorKind};

/// Characters of a media type that an error names.
const NAME_KEPT: usize = 60;

/// How a gzip stream begins.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// A success whose body is no JSON.
pub(crate) fn success<A>(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error<A> {
    let body = body.trim_ascii();
    let named = media_type(headers).filter(|named| !named.contains("json"));
    let encoding = encoding(headers, body);
    let is_empty = body.is_empty();
    let what = match (&encoding, named) {
        _ if is_empty => "nothing".to_owned(),
        (Some(encoding), _) => encoding.clone(),
        (None, Some(named)) => named,
        (None, None) if body.starts_with(b"<") => "HTML".to_owned(),
        (None, None) => "other text".to_owned(),
    };
    let error = Error::new(ErrorKind::NotJson { status, what });
    match encoding {
        _ if is_empty => error,
        Some(encoding) => error.with_advice(uncompressed(&encoding)),
        None => error.with_advice(
            "a proxy or sign-in page may have answered: check the base address and the network",
        ),
    }
}

/// What to do about an error answer that is not in the vendor's shape.
pub(crate) fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if let Some(encoding) = encoding(headers, body) {
        return Some(uncompressed(&encoding));
    }
    let is_page = !body.trim_ascii().is_empty() && !status.is_redirection();
    let named = media_type(headers).filter(|named| is_page && named.contains("html"))?;
    Some(format!("the answer is {named}: a proxy, or another server than meant, may have given it"))
}

/// What to do about a proxy that wants to know who asks, whatever its words are.
pub(crate) fn proxy(status: StatusCode) -> Option<String> {
    (status == StatusCode::PROXY_AUTHENTICATION_REQUIRED).then(|| {
        "a proxy on the way asks who calls: put the user and password that it knows into its address, such \
        as HTTPS_PROXY=http://user:password@proxy:8080, or go past it with NO_PROXY"
            .to_owned()
    })
}

/// What to do about a redirect; of its target only the host, since the rest may hold what was sent.
pub(crate) fn redirect(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
        return None;
    }
    let target = headers.get(LOCATION).and_then(|target| target.to_str().ok());
    let target = target.and_then(|target| Url::parse(target).ok());
    let host = target.as_ref().and_then(Url::host_str);
    let host = host.map(|host| format!(" to {host}")).unwrap_or_default();
    Some(format!(
        "it redirects{host}, and no redirect is followed, since it could lead the credential \
        elsewhere; if the service has moved there, give that address as the base address"
    ))
}

/// An answer that came from another address than was asked: the program's own client went there.
pub(crate) fn followed<A>(to: &Url) -> Error<A> {
    Error::not_done(format!(
        "the given HTTP client followed a redirect to {}, which may have got the credential and is \
        not who was asked; make that client with redirect(Policy::none())",
        to.host_str().unwrap_or_default()
    ))
}

/// What the answer says it is, without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let named = headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
    let named: String = named.chars().take(NAME_KEPT).collect();
    (!named.is_empty()).then(|| named.to_ascii_lowercase())
}

/// The compression that is still on the body.
fn encoding(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let named = headers.get(CONTENT_ENCODING).and_then(|named| named.to_str().ok());
    let named = named.map(|named| named.trim().to_ascii_lowercase());
    let named = named.filter(|named| !named.is_empty() && named != "identity");
    let named = named.map(|named| named.chars().take(NAME_KEPT).collect());
    named.or_else(|| body.starts_with(GZIP).then(|| "gzip".to_owned()))
}

fn uncompressed(encoding: &str) -> String {
    let remedy = match encoding {
        "gzip" if cfg!(not(feature = "gzip")) => "turn on the feature `gzip`, or let",
        _ => "let",
    };
    format!("compression was not asked for: {remedy} what stands between leave it out")
}
