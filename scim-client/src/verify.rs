//! Whether address and credential are right, asked as Okta's "Test API Credentials" asks.

use http::Method;
use rest_core::{ErrorKind, Request};
use scim_types::ListResponse;
use serde::de::IgnoredAny;

use crate::error::{Error, Result, ScimError};
use crate::scim::Scim;

/// What a server that accepts the credential holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// How many users there are.
    pub users: u64,
    /// How many groups there are; `None` when the server has no groups, or does not show them.
    pub groups: Option<u64>,
}

impl Scim {
    /// Asks the server for users and groups, as Okta tests API credentials. Do this before anything
    /// else: it tells a wrong address from a wrong token.
    ///
    /// `GET /Users?startIndex=1&count=2`, then `GET /Groups?startIndex=1&count=100`.
    ///
    /// # Errors
    /// 401 and 403: an error of kind `Auth` that says what to check, with the server's answer as its
    /// cause. An address that is no SCIM base URL: an error of kind `Request` that says so.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let there = scim.verify().await?;
    /// println!("{} users, groups: {:?}", there.users, there.groups);
    /// # Ok(()) }
    /// ```
    pub async fn verify(&self) -> Result<Verified> {
        let users = match self.count("/Users", 2).await {
            Ok(users) => users,
            Err(error) if error.is_unauthorized() || error.is_forbidden() => {
                return Err(refused(error));
            }
            Err(error) if is_elsewhere(&error) => return Err(self.no_scim(error)),
            Err(error) => return Err(error),
        };
        let groups = match self.count("/Groups", 100).await {
            Ok(groups) => Some(groups),
            Err(error) if error.is_unauthorized() => return Err(refused(error)),
            Err(error) if has_no_groups(&error) => None,
            Err(error) => return Err(error),
        };
        Ok(Verified { users, groups })
    }

    async fn count(&self, route: &'static str, page: u64) -> Result<u64> {
        let request: Request<ScimError> = self.request(Method::GET, route, []);
        let request = request.query("startIndex", 1).query("count", page);
        let list: ListResponse<IgnoredAny> = request.json().await?;
        Ok(list.total_results.unwrap_or(list.resources.len() as u64))
    }

    fn no_scim(&self, error: Error) -> Error {
        let fault = format!(
            "{} is not the base URL of a SCIM service: GET /Users gives no list of users there; copy the \
             address from the product's SCIM settings, up to what stands before /Users",
            self.base_url()
        );
        Error::request(fault).with_source(error)
    }
}

fn refused(error: Error) -> Error {
    let status = error.status().map(|status| status.to_string()).unwrap_or_default();
    Error::auth(format!(
        "the server does not accept the credential ({status}): check that the token is whole, not expired \
         and made for this base URL, and whether the product wants it after `Bearer` or as the whole header"
    ))
    .with_source(error)
}

/// Nothing there, a login page, or a redirect to one.
fn is_elsewhere(error: &Error) -> bool {
    let status = error.status();
    let is_other_place = |code: u16| matches!(code, 404 | 405 | 410) || (300..400).contains(&code);
    matches!(error.kind(), ErrorKind::Decode { .. } | ErrorKind::NotJson { .. })
        || status.is_some_and(|status| is_other_place(status.as_u16()))
}

fn has_no_groups(error: &Error) -> bool {
    error.status().is_some_and(|status| matches!(status.as_u16(), 403 | 404 | 405 | 501))
}
