//! Signed JSON Web Tokens in their compact form (RFC 7515, RFC 7519).

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rest_core::AuthError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::SigningKey;

/// One part: JSON in base64url.
pub(super) fn part(value: &impl Serialize) -> Result<String, AuthError> {
    let json = serde_json::to_vec(value)
        .map_err(|error| AuthError::caused("a signed token cannot be written", error))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// `header` is a part already.
pub(super) fn sign(
    key: &SigningKey,
    header: &str,
    claims: &impl Serialize,
) -> Result<String, AuthError> {
    let mut token = format!("{header}.{}", part(claims)?);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// The claims of a token we signed ourselves; nothing is checked.
pub(super) fn claims<T: DeserializeOwned>(token: &str) -> Option<T> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok()
}

/// A `jti` that was never used.
pub(super) fn unique() -> Result<String, AuthError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes)
        .map_err(|error| AuthError::caused("the system gives no random numbers", error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
