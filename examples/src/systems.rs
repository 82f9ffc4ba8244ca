//! The systems a program talks to: those the environment names, or a sandbox.

use clap::Args;
use okta_client::Okta;
use pendo_client::{IntegrationKey, Pendo, Region};
use sandbox::{Faults, Sandbox};

use crate::Failure;

/// What the sandbox is like, when the environment names no systems.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Sandbox (used when neither OKTA_CLIENT_* nor PENDO_* is set)")]
pub struct SandboxOptions {
    /// How many people the sandbox's Okta has
    #[arg(long, value_name = "N", help = "How many people the sandbox's Okta has [default: 2000]")]
    pub people: Option<u64>,
    /// The share of the sandbox's answers that fail, from 0 to 1
    #[arg(long, value_name = "RATE")]
    pub faults: Option<f64>,
    /// Decides which people there are and which answers fail
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

impl SandboxOptions {
    fn is_set(&self) -> bool {
        self.people.is_some() || self.faults.is_some() || self.seed.is_some()
    }
}

/// An Okta org and a Pendo subscription.
#[derive(Debug)]
pub struct Systems {
    /// The source.
    pub okta: Okta,
    /// The target.
    pub pendo: Pendo,
    /// Set when both are the sandbox's.
    pub sandbox: Option<Sandbox>,
}

impl Systems {
    /// The systems that the environment names, or a new sandbox when it names none.
    ///
    /// # Errors
    /// When only some of the settings are there: sandbox people never go to a real subscription.
    pub async fn connect(options: &SandboxOptions) -> Result<Self, Failure> {
        let named = |prefix: &str| {
            std::env::vars_os().any(|(n, _)| n.to_string_lossy().starts_with(prefix))
        };
        if named("OKTA_CLIENT_") || named("PENDO_") {
            if options.is_set() {
                return Err(Failure::settings(
                    "--people, --faults and --seed are for the sandbox, and the environment names real \
                     systems; --limit N pushes only the first N people",
                ));
            }
            let okta = Okta::from_env().map_err(Failure::settings)?;
            let pendo = Pendo::from_env().map_err(Failure::settings)?;
            return Ok(Self { okta, pendo, sandbox: None });
        }
        let (faults, seed) = (options.faults.unwrap_or(0.0), options.seed.unwrap_or(7));
        if !(0.0..=1.0).contains(&faults) {
            return Err(Failure::settings("--faults is a share from 0 to 1, such as 0.05"));
        }
        let sandbox = Sandbox::builder()
            .people(options.people.unwrap_or(2_000))
            .seed(seed)
            .faults(Faults::rate(faults).seed(seed))
            .start()
            .await
            .map_err(Failure::settings)?;
        let okta = Okta::new(sandbox.okta_url(), okta_client::ApiToken::new(sandbox.okta_token()));
        let region = sandbox.pendo_url().parse().map(Region::Custom).map_err(Failure::settings)?;
        let pendo = Pendo::new(region, IntegrationKey::new(sandbox.pendo_key()));
        Ok(Self {
            okta: okta.map_err(Failure::settings)?,
            pendo: pendo.map_err(Failure::settings)?,
            sandbox: Some(sandbox),
        })
    }
}
