//! Okta's operations that the sandbox does not play. They say so, instead of looking as if Okta had none.

use axum::Router;
use axum::extract::MatchedPath;
use axum::routing::any;
use http::Method;

use super::OktaOrg;
use super::error::OktaError;

const ROUTES: [&str; 29] = [
    "/api/v1/apps/{id}/connections/default/jwks",
    "/api/v1/meta/schemas/logStream",
    "/api/v1/meta/schemas/logStream/{type}",
    "/api/v1/org/factors/yubikey_token/tokens",
    "/api/v1/org/factors/yubikey_token/tokens/{token}",
    "/api/v1/users/{id}/authenticator-enrollments",
    "/api/v1/users/{id}/authenticator-enrollments/phone",
    "/api/v1/users/{id}/authenticator-enrollments/tac",
    "/api/v1/users/{id}/authenticator-enrollments/{enrollment}",
    "/api/v1/users/{id}/classification",
    "/api/v1/users/{id}/clients",
    "/api/v1/users/{id}/clients/{client}/grants",
    "/api/v1/users/{id}/clients/{client}/tokens",
    "/api/v1/users/{id}/clients/{client}/tokens/{token}",
    "/api/v1/users/{id}/devices",
    "/api/v1/users/{id}/factors",
    "/api/v1/users/{id}/factors/catalog",
    "/api/v1/users/{id}/factors/questions",
    "/api/v1/users/{id}/factors/{factor}",
    "/api/v1/users/{id}/factors/{factor}/lifecycle/activate",
    "/api/v1/users/{id}/factors/{factor}/resend",
    "/api/v1/users/{id}/factors/{factor}/transactions/{transaction}",
    "/api/v1/users/{id}/factors/{factor}/verify",
    "/api/v1/users/{id}/grants",
    "/api/v1/users/{id}/grants/{grant}",
    "/api/v1/users/{id}/risk",
    "/api/v1/users/{id}/roles/{role}/governance",
    "/api/v1/users/{id}/roles/{role}/governance/{grant}",
    "/api/v1/users/{id}/roles/{role}/governance/{grant}/resources",
];

pub(super) fn routes() -> Router<OktaOrg> {
    ROUTES.into_iter().fold(Router::new(), |router, route| router.route(route, any(refuse)))
}

async fn refuse(method: Method, route: MatchedPath) -> OktaError {
    OktaError::unsupported(&format!("{method} {}", route.as_str()))
}
