//! Where people come from and where they go: an Okta org and a SCIM provider, those that the environment
//! names, or a sandbox's.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use okta_client::{ApiToken, Okta, Secret};
use provisioning::Store;
use provisioning::store::{MemoryStore, SqliteStore};
use sandbox::{Faults, Sandbox, ScimOptions};
use scim_client::{Bearer, Scim};

use crate::systems::{is_okta_named, origin};
use crate::{Failure, RunOptions, SandboxOptions, say};

/// Under which a store notes whom it serves.
const PROGRAM: &str = "program";

/// What a run remembers.
pub type SharedStore = Arc<Mutex<dyn Store>>;

/// An Okta org and a SCIM provider.
#[derive(Debug)]
pub struct ScimSystems {
    /// The source.
    pub okta: Okta,
    /// The target.
    pub scim: Scim,
    /// Set when one of them is the sandbox's.
    pub sandbox: Option<Sandbox>,
    okta_is_real: bool,
    scim_is_real: bool,
}

impl ScimSystems {
    /// The systems that the environment names, or a new sandbox whose SCIM provider is `product`.
    ///
    /// A SCIM provider on this machine may be filled with the sandbox's people.
    ///
    /// # Errors
    /// When only some of the settings are there.
    pub async fn connect(options: &SandboxOptions, product: ScimOptions) -> Result<Self, Failure> {
        let named = |prefix: &str| {
            std::env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with(prefix))
        };
        let okta_is_real = is_okta_named()?;
        let scim_is_real = named("SCIM_BASE_URL") || named("SCIM_TOKEN");
        if okta_is_real {
            refuse_on_real_systems(options)?;
            let okta = Okta::from_env().map_err(Failure::settings)?;
            let scim = Scim::from_env().map_err(Failure::settings)?;
            return Ok(Self { okta, scim, sandbox: None, okta_is_real, scim_is_real: true });
        }
        let theirs = scim_is_real.then(own_machine).transpose()?;
        let sandbox = Sandbox::builder()
            .people(options.people.unwrap_or(2_000))
            .seed(options.seed.unwrap_or(7))
            .faults(faults(options)?)
            .scim(product)
            .start()
            .await
            .map_err(Failure::settings)?;
        let okta = Okta::new(sandbox.okta_url(), ApiToken::new(sandbox.okta_token()));
        let scim = match theirs {
            Some(scim) => scim,
            None => Scim::new(sandbox.scim_url(), Bearer::new(sandbox.scim_token()))
                .map_err(Failure::settings)?,
        };
        let okta = okta.map_err(Failure::settings)?;
        Ok(Self { okta, scim, sandbox: Some(sandbox), okta_is_real, scim_is_real })
    }

    /// Says which systems these are.
    pub fn announce(&self, product: &str) {
        let kind = |is_real: bool| if is_real { "" } else { " (sandbox)" };
        say!("{:<10}{}{}", "Okta", self.okta.org_url(), origin(!self.okta_is_real));
        say!("{product:<10}{}{}", self.scim.base_url(), kind(self.scim_is_real));
    }

    /// Whether Okta is the sandbox's, so that what is missing may be made up.
    pub fn is_sandbox(&self) -> bool {
        !self.okta_is_real
    }

    /// The provider's token, for Okta to use by itself.
    ///
    /// # Errors
    /// When it is not set.
    pub fn scim_token(&self) -> Result<Secret, Failure> {
        match (&self.sandbox, self.scim_is_real) {
            (Some(sandbox), false) => Ok(sandbox.scim_token().into()),
            _ => std::env::var("SCIM_TOKEN")
                .map(Secret::from)
                .map_err(|_| Failure::settings("SCIM_TOKEN is not set")),
        }
    }

    /// What runs of this program with these systems remember; `part` keeps users and groups apart.
    ///
    /// # Errors
    /// When the file cannot be used, or another run has it open.
    pub fn store(
        &self,
        program: &str,
        options: &RunOptions,
        part: &str,
    ) -> Result<SharedStore, Failure> {
        let path = match &options.store {
            Some(path) => path.clone(),
            None if self.sandbox.is_some() => return Ok(Arc::new(Mutex::new(MemoryStore::new()))),
            None => self.default_path(program)?,
        };
        let path = match part {
            "" => path,
            part => {
                let mut name = path.into_os_string();
                name.push(format!(".{part}"));
                PathBuf::from(name)
            }
        };
        let mut store = SqliteStore::open(&path).map_err(Failure::settings)?;
        serve(&mut store, program).map_err(|problem| {
            Failure::Settings(format!("the store {}: {problem}", path.display()))
        })?;
        say!("{:<10}{} (readable by its owner only)", "store", path.display());
        Ok(Arc::new(Mutex::new(store)))
    }

    fn default_path(&self, program: &str) -> Result<PathBuf, Failure> {
        let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let state = from("XDG_STATE_HOME").map(PathBuf::from);
        let state = state.or_else(|| Some(PathBuf::from(from("HOME")?).join(".local/state")));
        let folder = state.map_or_else(PathBuf::new, |state| state.join("okta-provisioning"));
        if !folder.as_os_str().is_empty() {
            std::fs::create_dir_all(&folder).map_err(|error| {
                Failure::Settings(format!(
                    "{}: {error}; --store names another file",
                    folder.display()
                ))
            })?;
        }
        let source = self.okta.org_url().to_string();
        let systems = format!("{source} {}", self.scim.base_url()).replace("://", " ");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let words = systems.split(|c| !is_plain(c)).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.filter(|word| !word.starts_with("http")).collect();
        Ok(folder.join(format!("{program}-{}.sqlite", words.join("_"))))
    }
}

/// A store serves one program: another one maps the same people otherwise, and sees others leave.
fn serve(store: &mut dyn Store, program: &str) -> Result<(), String> {
    match store.note(PROGRAM).map_err(|error| error.to_string())? {
        Some(owner) if owner != program => Err(format!(
            "it is what {owner} remembers, not {program}: name another file with --store"
        )),
        Some(_) => Ok(()),
        None => store.set_note(PROGRAM, Some(program)).map_err(|error| error.to_string()),
    }
}

fn refuse_on_real_systems(options: &SandboxOptions) -> Result<(), Failure> {
    match (options.people, options.faults, options.seed) {
        (None, None, None) => Ok(()),
        _ => Err(Failure::settings(
            "--people, --faults and --seed are for the sandbox, and the environment names real systems; \
             --limit N sends only the first N changes",
        )),
    }
}

fn faults(options: &SandboxOptions) -> Result<Faults, Failure> {
    let rate = options.faults.unwrap_or(0.0);
    match (0.0..=1.0).contains(&rate) {
        true => Ok(Faults::rate(rate).seed(options.seed.unwrap_or(7))),
        false => Err(Failure::settings("--faults is a share from 0 to 1, such as 0.05")),
    }
}

/// The provider of the environment, which has to be on this machine.
fn own_machine() -> Result<Scim, Failure> {
    let scim = Scim::from_env().map_err(Failure::settings)?;
    let host = scim.base_url().host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let is_loopback =
        host == "localhost" || host.parse().is_ok_and(|host: std::net::IpAddr| host.is_loopback());
    match is_loopback {
        true => Ok(scim),
        false => Err(Failure::settings(
            "OKTA_CLIENT_ORGURL is not set: SCIM_BASE_URL names a product elsewhere, and the sandbox's people \
             only go to this machine",
        )),
    }
}
