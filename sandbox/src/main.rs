//! Serves the sandbox until it is told to end, and prints how to reach it; or provisions once into a SCIM
//! server, as Okta does, and says what Okta would make of its answers.

mod scim_check;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use sandbox::{
    Fault, Faults, Nonces, OAuthOptions, ProvisioningOptions, Quirks, RateLimits, Sandbox,
    ScimOptions, SearchCap,
};

/// A stand-in Okta org, Pendo subscription and SCIM provider on loopback.
///
/// Prints `export` lines with the addresses and keys, then `ready`, and runs until SIGTERM or ctrl-c.
///
/// With --scim-url it is a check of that SCIM server instead: the Okta org creates, updates, deactivates and
/// reactivates some of its people there and pushes a group, request by request as Okta does. Each request is
/// printed with a verdict; the exit code is 1 if one was bad. The people and the group stay in the server.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// How many people the org has, not counting deactivated ones.
    #[arg(long, default_value_t = 2_000)]
    people: u64,
    /// Which people and which faults: same seed, same of both.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The share of calls that fail: 429, 500, 503, closed, cut or slow.
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    faults: f64,
    /// Some faults are whole answers whose JSON ends half-way.
    #[arg(long)]
    truncated: bool,
    /// Some faults are 429s of Okta's concurrency limit.
    #[arg(long)]
    concurrency_limited: bool,
    /// The port of the Okta org; a free one if not given.
    #[arg(long, default_value_t = 0)]
    okta_port: u16,
    /// The port of the Pendo subscription; a free one if not given.
    #[arg(long, default_value_t = 0)]
    pendo_port: u16,
    /// Pendo counts what arrives instead of keeping it.
    #[arg(long)]
    count_only: bool,
    /// A search ends after 50,000 results, without a next link.
    #[arg(long)]
    search_cap: bool,
    /// A search is refused after 50,000 results.
    #[arg(long, conflicts_with = "search_cap")]
    search_cap_refused: bool,
    /// Calls that each Okta endpoint takes in a minute.
    #[arg(long, value_name = "N")]
    rate_limit: Option<u64>,
    /// Writes the private key of the Okta service app to this file, which only its owner may read, and
    /// prints how to use it in place of the token.
    #[arg(long, value_name = "FILE")]
    service_app_key: Option<PathBuf>,
    /// How many seconds an access token of the service app is good for.
    #[arg(long, value_name = "N", default_value_t = 3_600)]
    token_seconds: u64,
    /// The service app must prove possession of a key (DPoP).
    #[arg(long)]
    dpop: bool,
    /// Every answer brings a new DPoP nonce, and only the newest is accepted.
    #[arg(long)]
    new_nonces: bool,
    /// The port of the SCIM provider; a free one if not given.
    #[arg(long, default_value_t = 0)]
    scim_port: u16,
    /// Which product the SCIM provider is.
    #[arg(long, value_parser = ["generic", "pendo", "peakon", "pingboard"], default_value = "generic")]
    scim_profile: String,
    /// What the SCIM provider does differently, such as `patch_answers_204`; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = quirk)]
    scim_quirk: Vec<String>,
    /// How many of the people are users of the SCIM provider from the start.
    #[arg(long, value_name = "N", default_value_t = 1)]
    scim_people: u64,
    /// The base URL of a SCIM server to be checked, such as https://app.example/scim/v2.
    #[arg(long, value_name = "URL", requires = "scim_token")]
    scim_url: Option<String>,
    /// Its token.
    #[arg(long, value_name = "TOKEN", env = "SCIM_TOKEN", hide_env_values = true)]
    scim_token: Option<String>,
    /// Which kind of app provisions: `token` sends the token as bearer token, `header` as it is given,
    /// `basic` as user:password; `custom` is one that is not of Okta's catalogue and sends PUT for PATCH.
    #[arg(long, value_enum, default_value = "token")]
    scim_app: scim_check::Kind,
    /// How many of the people are assigned to the app.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..=1_000))]
    provision_people: u64,
    /// No group is pushed, for products that have none.
    #[arg(long)]
    no_group_push: bool,
    /// How many seconds an answer may take; Okta closes the socket after 60.
    #[arg(long, value_name = "N", default_value_t = 60)]
    scim_patience: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    run(Options::parse()).await.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "sandbox: {error}");
        ExitCode::FAILURE
    })
}

async fn run(options: Options) -> std::io::Result<ExitCode> {
    let sandbox = start(&options).await?;
    if let (Some(url), Some(token)) = (&options.scim_url, &options.scim_token) {
        return scim_check::Check::new(&sandbox, &options, url, token).run().await;
    }
    let key = options.service_app_key.as_deref();
    key.map_or(Ok(()), |path| write_key(path, &sandbox.service_app().private_key_pem))?;
    announce(&sandbox, key)?;
    stopped().await?;
    Ok(ExitCode::SUCCESS)
}

fn quirk(name: &str) -> Result<String, String> {
    match Quirks::default().set(name) {
        true => Ok(name.to_owned()),
        false => Err(format!("there is no such quirk; there are: {}", Quirks::NAMES.join(" "))),
    }
}

// The names were checked when they were read.
fn scim(options: &Options) -> ScimOptions {
    let mut scim = ScimOptions::profile(&options.scim_profile).unwrap_or_default();
    for name in &options.scim_quirk {
        scim.quirks.set(name);
    }
    scim.seed_people(options.scim_people)
}

async fn start(options: &Options) -> std::io::Result<Sandbox> {
    let mut kinds = Fault::USUAL.to_vec();
    kinds.extend(options.truncated.then_some(Fault::Truncated));
    kinds.extend(options.concurrency_limited.then_some(Fault::ConcurrencyLimited));
    let cap = match options.search_cap_refused {
        true => SearchCap::Refused,
        false => SearchCap::from(options.search_cap),
    };
    let provisioning = ProvisioningOptions {
        patience: Duration::from_secs(options.scim_patience),
        // Whoever names a server wants it called.
        anywhere: options.scim_url.is_some(),
        ..ProvisioningOptions::default()
    };
    Sandbox::builder()
        .people(
            options.people.max(options.scim_url.as_ref().map_or(0, |_| options.provision_people)),
        )
        .provisioning(provisioning)
        .seed(options.seed)
        .faults(Faults::rate(options.faults).seed(options.seed).kinds(kinds))
        .search_cap(cap)
        .oauth(oauth(options))
        .rate_limits(options.rate_limit.map(RateLimits::per_window).unwrap_or_default())
        .count_only(options.count_only)
        .okta_port(options.okta_port)
        .pendo_port(options.pendo_port)
        .scim(scim(options))
        .scim_port(options.scim_port)
        .start()
        .await
}

fn oauth(options: &Options) -> OAuthOptions {
    let nonces = if options.new_nonces { Nonces::NewWithEachAnswer } else { Nonces::Lasting };
    let (token_seconds, dpop) = (options.token_seconds, options.dpop);
    OAuthOptions { token_seconds, dpop, nonces, ..OAuthOptions::default() }
}

// An old file of this name may be readable by others, so it is not written into.
fn write_key(path: &Path, pem: &str) -> std::io::Result<()> {
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let told = |error: std::io::Error| {
        std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    open.open(path).and_then(|mut file| file.write_all(pem.as_bytes())).map_err(told)
}

fn announce(sandbox: &Sandbox, key: Option<&Path>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "export OKTA_CLIENT_ORGURL={}", sandbox.okta_url())?;
    writeln!(out, "export OKTA_CLIENT_TOKEN={}", sandbox.okta_token())?;
    if let Some(key) = key {
        let app = sandbox.service_app();
        writeln!(out, "export OKTA_CLIENT_AUTHORIZATIONMODE=PrivateKey")?;
        writeln!(out, "export OKTA_CLIENT_CLIENTID={}", app.client_id)?;
        writeln!(out, "export OKTA_CLIENT_SCOPES={}", app.scopes.join(","))?;
        writeln!(out, "export OKTA_CLIENT_PRIVATEKEY='{}'", key.display())?;
        writeln!(out, "export OKTA_CLIENT_PRIVATEKEYID={}", app.key_id)?;
    }
    writeln!(out, "export PENDO_BASE_URL={}", sandbox.pendo_url())?;
    writeln!(out, "export PENDO_INTEGRATION_KEY={}", sandbox.pendo_key())?;
    writeln!(out, "export SCIM_BASE_URL={}", sandbox.scim_url())?;
    writeln!(out, "export SCIM_TOKEN={}", sandbox.scim_token())?;
    writeln!(out, "ready")?;
    out.flush()
}

#[cfg(unix)]
async fn stopped() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

#[cfg(not(unix))]
async fn stopped() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
