//! The SCIM provider a program talks to: the one the environment names, or a sandbox's.

use sandbox::{Sandbox, ScimOptions};
use scim_client::{Bearer, Scim};

use crate::Failure;

/// A SCIM provider.
#[derive(Debug)]
pub struct ScimTarget {
    /// Its client.
    pub scim: Scim,
    /// Set when it is the sandbox's, which ends with this value.
    pub sandbox: Option<Sandbox>,
}

impl ScimTarget {
    /// Whether the environment names a provider: what is written then is written for real.
    pub fn is_named() -> bool {
        ["SCIM_BASE_URL", "SCIM_TOKEN"].iter().any(|name| std::env::var_os(name).is_some())
    }

    /// The provider at `SCIM_BASE_URL`, with `SCIM_TOKEN`; a new sandbox with 250 people when neither
    /// is set.
    ///
    /// # Errors
    /// When only one of the two is set.
    pub async fn connect() -> Result<Self, Failure> {
        if Self::is_named() {
            let scim = Scim::from_env().map_err(Failure::settings)?;
            return Ok(Self { scim, sandbox: None });
        }
        let options = ScimOptions::default().seed_people(250);
        let sandbox = Sandbox::builder().scim(options).start().await.map_err(Failure::settings)?;
        let scim = Scim::new(sandbox.scim_url(), Bearer::new(sandbox.scim_token()));
        Ok(Self { scim: scim.map_err(Failure::settings)?, sandbox: Some(sandbox) })
    }
}
