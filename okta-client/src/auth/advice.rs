//! What to do about a token request that failed.

use crate::auth::service_app::{Dpop, ServiceApp};
use crate::error::{Error, OktaError};
use rest_core::ErrorKind;

/// What failed, and what to do about it.
pub(super) fn explain(app: &ServiceApp, error: &Error) -> String {
    match advice(app, error) {
        Some(advice) => format!("no access token: {error}; {advice}"),
        None => format!("no access token: {error}"),
    }
}

fn advice(app: &ServiceApp, error: &Error) -> Option<String> {
    // Such as the HTML of a proxy or of another site.
    let is_foreign = matches!(error.kind(), ErrorKind::Decode { .. });
    if error.is_not_found() || is_foreign {
        return Some("check that the address is that of an Okta org".into());
    }
    let OktaError { code, summary, .. } = error.body()?;
    Some(match code.as_str() {
        "invalid_client" if blames_clock(summary) => {
            "check that this machine's clock is right".into()
        }
        "invalid_client" => format!(
            "check that the client id {} is an app of this org, and that the public half of this key \
             (kid {}) is active there",
            app.client_id(),
            app.key().header().1.unwrap_or("not set"),
        ),
        "invalid_scope" => format!(
            "grant the app each scope it asks for, under Okta API Scopes: {}",
            app.scope()
        ),
        "access_denied" => format!(
            "grant the app the scopes it asks for, and an admin role: {}",
            app.scope()
        ),
        "unauthorized_client" | "unsupported_grant_type" => {
            "make it an API Services app that authenticates by public key / private key".into()
        }
        "invalid_dpop_proof" | "use_dpop_nonce" if app.dpop() == Dpop::Never => {
            "the app requires DPoP, which dpop(false) rules out: leave that out, or untick `Require \
             Demonstrating Proof of Possession (DPoP) header in token requests` in the app"
                .into()
        }
        "invalid_dpop_proof" => "check that this machine's clock is right".into(),
        "use_dpop_nonce" => {
            "the org refused each nonce that it gave: others may use this app's nonces up".into()
        }
        _ => return None,
    })
}

/// Whether Okta's sentence is about the times in the assertion.
pub(super) fn blames_clock(summary: &str) -> bool {
    let summary = summary.to_ascii_lowercase();
    let mut words = summary.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| {
        matches!(word, "exp" | "iat" | "nbf" | "future" | "clock") || word.starts_with("expir")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_blamed_by_okta_only() {
        for clock in [
            "The client_assertion token is expired.",
            "The issued at time 'iat' is in the future.",
            "'exp' claim must be less than one hour away.",
        ] {
            assert!(blames_clock(clock), "{clock}");
        }
        for other in [
            "The client_assertion signature is invalid.",
            "Client initiated with an associated example that was expected.",
        ] {
            assert!(!blames_clock(other), "{other}");
        }
    }
}
