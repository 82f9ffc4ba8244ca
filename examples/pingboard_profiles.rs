//! Brings the people who are assigned to an app or group of Okta into Pingboard as profiles, field by field,
//! over SCIM.

use std::cell::RefCell;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use examples::{
    Delivery, Ending, Failure, Invitations, MappedPeople, RunOptions, SandboxOptions, ScimSystems,
    ScopeOptions, SharedStore, Switched, Switches, again, check, say,
};
use provisioning::targets::ScimUsers;
use provisioning::{Basis, Guard, Target};
use sandbox::ScimOptions;

const MAPPING: &str = include_str!("mappings/pingboard.toml");
/// Whom the sandbox brings in when nobody is named.
const SANDBOX_GROUP: &str = "Engineering";

/// Bring the people who are assigned to an app or group of Okta into Pingboard as profiles, field by field,
/// over SCIM.
///
/// With no setting it runs against a sandbox of its own, with the group Engineering. With OKTA_CLIENT_* set,
/// and SCIM_BASE_URL and SCIM_TOKEN from Pingboard's Okta add-on, against what they name; --app or --group
/// then says who is assigned.
///
/// The mapping says of each field whether it is written when the profile is created only, overwritten on
/// update, or not mapped. Pingboard is read first, so that --plan shows what would be overwritten. Who is
/// not assigned any more is deactivated, and Pingboard drops the profile; who comes back gets a new one.
///
/// Exit code 0: everybody was delivered or left out by a rule that the summary names; 1: something was
/// not delivered; 2: wrong use or settings; 3: a guard stopped it before anything was sent.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    scope: ScopeOptions,
    #[command(flatten)]
    switches: Switches,
    /// Add a line for everybody who got a profile to this file, as a list of those to be invited
    #[arg(long, value_name = "FILE", conflicts_with = "follow")]
    invite: Option<PathBuf>,
    #[command(flatten)]
    sandbox: SandboxOptions,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "pingboard_profiles: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn run(options: &Options) -> Result<(), Failure> {
    if options.run.show_mapping {
        return options.run.print_mapping(MAPPING);
    }
    let mapping = options.run.mapping_or(MAPPING)?;
    let systems = ScimSystems::connect(&options.sandbox, ScimOptions::pingboard()).await?;
    systems.announce("Pingboard");
    let scope = assigned(options, systems.is_sandbox())?.scope(&systems.okta).await?;
    let people = MappedPeople::new(&systems.okta, scope, mapping).await?;
    let users = ScimUsers::new(systems.scim.clone()).map_err(Failure::settings)?;
    let target: Arc<dyn Target> = Arc::new(Switched::new(Arc::new(users), options.switches));
    if options.run.check {
        return check(&systems, &people, &*target).await;
    }
    target.check().await.map_err(Failure::settings)?;
    let store = systems.store("pingboard_profiles", &options.run, "")?;
    again(&options.run, || once(options, &people, &target, &store)).await
}

/// Assignment decides who is in scope.
fn assigned(options: &Options, is_sandbox: bool) -> Result<ScopeOptions, Failure> {
    let mut scope = options.scope.clone();
    match (&scope.app, &scope.group, &scope.search) {
        (None, None, None) if is_sandbox => {
            say!("{:<10}{SANDBOX_GROUP}; --app or --group names another scope", "assigned");
            scope.group = Some(SANDBOX_GROUP.to_owned());
        }
        (None, None, None) => {
            return Err(Failure::settings(
                "say who is assigned to Pingboard: --app ID of its app in Okta, or --group NAME",
            ));
        }
        _ => {}
    }
    Ok(scope)
}

async fn once(
    options: &Options,
    people: &MappedPeople,
    target: &Arc<dyn Target>,
    store: &SharedStore,
) -> Result<(), Failure> {
    let invitations = options.invite.as_deref().filter(|_| options.run.sends());
    let invitations = RefCell::new(invitations.map(Invitations::open).transpose()?);
    let mut ending = Ending::begin(&options.run)?;
    let unlimited = options.switches.no_deactivate;
    let delivery = Delivery {
        options: &options.run,
        what: "people",
        target: Arc::clone(target),
        store: Arc::clone(store),
        basis: options.run.basis_or(Basis::Target),
        guards: unlimited.then(|| Guard::removals_at_most_count(u64::MAX)).into_iter().collect(),
    };
    if options.run.follow {
        return delivery.follow(people).await;
    }
    let invite = |outcome: &provisioning::Outcome| {
        if let Some(invitations) = &mut *invitations.borrow_mut() {
            invitations.note(outcome);
        }
    };
    let ran = delivery.run(people.records(), &mut ending, invite).await;
    people.print_warnings();
    if let Some(invitations) = invitations.into_inner() {
        invitations.close()?;
    }
    match ran {
        Err(failure) => Err(ending.stopped(failure)),
        Ok(_) if options.run.sends() => ending.close(),
        Ok(_) => Ok(()),
    }
}
