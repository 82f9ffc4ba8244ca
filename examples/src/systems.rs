//! The systems a program talks to: those the environment names, or a sandbox.

use clap::Args;
use okta_client::{ApiToken, Okta};
use pendo_client::{IntegrationKey, Pendo, Region};
use sandbox::{Faults, Sandbox};

use crate::{Failure, say};

/// What the sandbox is like, when the environment names no systems.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Sandbox (used when the environment names no systems)")]
pub struct SandboxOptions {
    /// How many people the sandbox's Okta has
    #[arg(
        long,
        global = true,
        value_name = "N",
        help = "How many people the sandbox's Okta has [default: 2000]"
    )]
    pub people: Option<u64>,
    /// The share of the sandbox's answers that fail, from 0 to 1
    #[arg(long, global = true, value_name = "RATE")]
    pub faults: Option<f64>,
    /// Decides which people there are and which answers fail
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u64>,
}

impl SandboxOptions {
    fn refuse(&self, advice: &str) -> Result<(), Failure> {
        match self.people.is_some() || self.faults.is_some() || self.seed.is_some() {
            false => Ok(()),
            true => Err(Failure::Settings(format!(
                "--people, --faults and --seed are for the sandbox, and the environment names real systems{advice}"
            ))),
        }
    }

    async fn start(&self) -> Result<Sandbox, Failure> {
        let (faults, seed) = (self.faults.unwrap_or(0.0), self.seed.unwrap_or(7));
        if !(0.0..=1.0).contains(&faults) {
            return Err(Failure::settings("--faults is a share from 0 to 1, such as 0.05"));
        }
        let sandbox = Sandbox::builder()
            .people(self.people.unwrap_or(2_000))
            .seed(seed)
            .faults(Faults::rate(faults).seed(seed))
            .start();
        sandbox.await.map_err(Failure::settings)
    }
}

fn is_named(prefix: &str) -> bool {
    std::env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with(prefix))
}

/// Whether the environment names an Okta org: a variable does, or a settings file is there.
///
/// # Errors
/// When the file cannot be understood.
pub(crate) fn is_okta_named() -> Result<bool, Failure> {
    Ok(is_named("OKTA_CLIENT_") || Okta::settings_file().map_err(Failure::settings)?.is_some())
}

/// What is said of an Okta org behind its address: that it is the sandbox's, or which file names it.
pub fn origin(is_sandbox: bool) -> String {
    match Okta::settings_file() {
        _ if is_sandbox => " (sandbox)".to_owned(),
        Ok(Some(file)) => format!(" (from {})", file.display()),
        _ => String::new(),
    }
}

fn okta_of(sandbox: &Sandbox) -> Result<Okta, Failure> {
    Okta::new(sandbox.okta_url(), ApiToken::new(sandbox.okta_token())).map_err(Failure::settings)
}

/// The Okta org that the environment names, or a new sandbox's, which ends with the second value.
///
/// # Errors
/// When only some of the settings are there, or options of the sandbox are set for a real org.
pub async fn connect_okta(options: &SandboxOptions) -> Result<(Okta, Option<Sandbox>), Failure> {
    if is_okta_named()? {
        options.refuse("")?;
        return Ok((Okta::from_env().map_err(Failure::settings)?, None));
    }
    let sandbox = options.start().await?;
    Ok((okta_of(&sandbox)?, Some(sandbox)))
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
        if is_okta_named()? || is_named("PENDO_") {
            options.refuse("; --limit N pushes only the first N people")?;
            let okta = Okta::from_env().map_err(Failure::settings)?;
            let pendo = Pendo::from_env().map_err(Failure::settings)?;
            return Ok(Self { okta, pendo, sandbox: None });
        }
        let sandbox = options.start().await?;
        let okta = okta_of(&sandbox)?;
        let region = sandbox.pendo_url().parse().map(Region::Custom).map_err(Failure::settings)?;
        let pendo = Pendo::new(region, IntegrationKey::new(sandbox.pendo_key()));
        Ok(Self { okta, pendo: pendo.map_err(Failure::settings)?, sandbox: Some(sandbox) })
    }

    /// Says which systems these are.
    pub fn announce(&self) {
        let kind = if self.sandbox.is_some() { " (sandbox)" } else { "" };
        say!("Okta    {}{}", self.okta.org_url(), origin(self.sandbox.is_some()));
        say!("Pendo   {}{kind}", self.pendo.region().base_url());
    }

    /// The key must be able to write before anything is read or pushed.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn verify(&self) -> Result<(), Failure> {
        let access = self.pendo.verify().await.map_err(Failure::settings)?;
        match access.write_access {
            true => Ok(()),
            false => Err(Failure::settings(
                "the Pendo integration key may only read: make one with Allow Write Access under \
                 Settings > Integrations > Integration Keys",
            )),
        }
    }
}
