//! Ids in paths.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use http::HeaderName;
use rest_core::Request;

use crate::error::PendoError;

const BASE64_HEADER: HeaderName = HeaderName::from_static("x-pendo-base64-encoded-params");

/// An id as a path segment, for the endpoints that are documented to take base64.
pub(crate) struct PathId<'a> {
    pub(crate) segment: Cow<'a, str>,
    encoded: bool,
}

impl<'a> PathId<'a> {
    pub(crate) fn new(id: &'a str) -> Self {
        if is_plain(id) {
            return Self { segment: Cow::Borrowed(id), encoded: false };
        }
        Self { segment: Cow::Owned(format!("b64_{}", URL_SAFE.encode(id))), encoded: true }
    }

    /// Tells Pendo that the id is encoded, where it is.
    pub(crate) fn mark(&self, request: Request<PendoError>) -> Request<PendoError> {
        if self.encoded { request.header(BASE64_HEADER, "true") } else { request }
    }
}

/// Percent-encoding is enough for these; the others are lost or cut on the way into Pendo.
fn is_plain(id: &str) -> bool {
    let harmful = |c: char| matches!(c, '/' | '%' | '?' | '#') || c.is_control() || !c.is_ascii();
    // An empty id stays as it is, so that the request refuses it.
    !id.contains(harmful) && !matches!(id, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmful_ids_are_encoded() {
        for plain in ["ada@example.com", "a b", "O'Neil+x", "b64_x", "", "..."] {
            assert_eq!(PathId::new(plain).segment, plain);
        }
        assert_eq!(PathId::new("a/b").segment, "b64_YS9i");
        assert_eq!(PathId::new("zoë?").segment, "b64_em_Dqz8=");
        for harmful in ["%41", "#1", "a\nb", "..", "."] {
            assert!(PathId::new(harmful).segment.starts_with("b64_"), "{harmful}");
        }
    }
}
