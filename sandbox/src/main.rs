//! Serves the sandbox until it is told to end, and prints how to reach it.

use std::io::Write;

use clap::Parser;
use sandbox::{Fault, Faults, Quirks, RateLimits, Sandbox, ScimOptions, SearchCap};

/// A stand-in Okta org, Pendo subscription and SCIM provider on loopback.
///
/// Prints `export` lines with the addresses and keys, then `ready`, and runs until SIGTERM or ctrl-c.
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
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let sandbox = start(&options).await?;
    announce(&sandbox)?;
    stopped().await
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
    Sandbox::builder()
        .people(options.people)
        .seed(options.seed)
        .faults(Faults::rate(options.faults).seed(options.seed).kinds(kinds))
        .search_cap(cap)
        .rate_limits(options.rate_limit.map(RateLimits::per_window).unwrap_or_default())
        .count_only(options.count_only)
        .okta_port(options.okta_port)
        .pendo_port(options.pendo_port)
        .scim(scim(options))
        .scim_port(options.scim_port)
        .start()
        .await
}

fn announce(sandbox: &Sandbox) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "export OKTA_CLIENT_ORGURL={}", sandbox.okta_url())?;
    writeln!(out, "export OKTA_CLIENT_TOKEN={}", sandbox.okta_token())?;
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
