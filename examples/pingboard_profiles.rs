//! Brings the people who are assigned to an app or group of Okta into Pingboard as profiles, field by field,
//! over SCIM.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use examples::{
    Delivery, Ending, Failure, Following, Invitations, Inviting, MappedPeople, RunOptions,
    SandboxOptions, ScimSystems, ScopeOptions, SharedStore, Switched, Switches, again, check,
    ended, parsed, ready, say, stop_on_signals,
};
use provisioning::targets::ScimUsers;
use provisioning::{Basis, Guard, Stop, Target};
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
/// not delivered, or ctrl-C came before it was; 2: wrong use or settings; 3: a guard stopped it before
/// anything was sent. With --every and --follow that of the last run.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    scope: ScopeOptions,
    #[command(flatten)]
    switches: Switches,
    /// Add a line for everybody who got a new profile to this file, as a list of those to be invited
    #[arg(long, value_name = "FILE")]
    invite: Option<PathBuf>,
    #[command(flatten)]
    sandbox: SandboxOptions,
}

#[tokio::main]
async fn main() -> ExitCode {
    match parsed::<Options>("pingboard_profiles") {
        Ok(options) => ended("pingboard_profiles", run(&options).await),
        Err(code) => code,
    }
}

async fn run(options: &Options) -> Result<(), Failure> {
    if options.run.show_mapping {
        return options.run.print_mapping(MAPPING);
    }
    options.run.check_follow()?;
    options.run.check_files(&[("--invite", options.invite.as_deref())])?;
    options.run.announce()?;
    let stop = stop_on_signals()?;
    let mapping = options.run.mapping_or(MAPPING)?;
    let systems = ScimSystems::connect(&options.sandbox, ScimOptions::pingboard()).await?;
    systems.announce("Pingboard");
    let scope = assigned(options, systems.is_sandbox())?;
    let prepare = async || {
        let scope = scope.scope(&systems.okta).await?;
        MappedPeople::new(&systems.okta, scope, mapping.clone(), &options.run).await
    };
    let patience = options.run.patience();
    let people = ready(patience, &stop, prepare).await?;
    let users = Arc::new(ScimUsers::new(systems.scim.clone()));
    if options.run.check {
        return check(&systems, &people, &*users).await;
    }
    let checked = async || users.check().await.map_err(Failure::settings);
    ready(patience, &stop, checked).await?;
    let store = systems.store("pingboard_profiles", &options.run, "")?;
    let inviting = inviting(options, &systems, &users, &store)?;
    let users: Arc<dyn Target> = match &inviting {
        Some(inviting) => inviting.clone(),
        None => users,
    };
    let target: Arc<dyn Target> = Arc::new(Switched::new(users, options.switches));
    let program = Program { options, people, target, store, inviting: inviting.as_deref(), stop };
    match options.run.follow {
        true => program.follow().await,
        false => again(options.run.every, &program.stop, || program.once()).await,
    }
}

/// The target with --invite: who gets a profile is written down.
fn inviting(
    options: &Options,
    systems: &ScimSystems,
    users: &Arc<ScimUsers>,
    store: &SharedStore,
) -> Result<Option<Arc<Inviting>>, Failure> {
    let path = options.invite.as_deref().filter(|_| options.run.sends());
    let invitations = path.map(|path| Invitations::open(path, Arc::clone(store))).transpose()?;
    let inviting = |list| Arc::new(Inviting::new(users.clone(), systems.scim.clone(), list));
    Ok(invitations.map(inviting))
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

struct Program<'a> {
    options: &'a Options,
    people: MappedPeople,
    target: Arc<dyn Target>,
    store: SharedStore,
    inviting: Option<&'a Inviting>,
    stop: Stop,
}

impl Program<'_> {
    async fn once(&self) -> Result<(), Failure> {
        let options = &self.options.run;
        let mut ending = Ending::begin(options, &self.stop)?;
        match self.provision(&mut ending).await {
            Err(failure) => Err(ending.stopped(failure)),
            Ok(()) if options.sends() => {
                let listed = self.inviting.map_or(Ok(()), Inviting::report);
                let ended = ending.close();
                listed.and(ended)
            }
            Ok(()) => Ok(()),
        }
    }

    async fn provision(&self, ending: &mut Ending) -> Result<(), Failure> {
        if let Some(inviting) = self.inviting {
            inviting.catch_up().await?;
        }
        let ran = self.delivery().run(self.people.records(), ending, |_| ()).await;
        self.people.print_warnings();
        self.people.note_inactive(&self.options.run, ending)?;
        ran.map(drop)
    }

    async fn follow(&self) -> Result<(), Failure> {
        let Self { people, inviting, .. } = self;
        let (delivery, invitations) = (self.delivery(), *inviting);
        let following = Following { delivery, people, groups: None, invitations };
        let followed = following.run(Ending::begin(&self.options.run, &self.stop)?).await;
        let listed = self.inviting.map_or(Ok(()), Inviting::report);
        listed.and(followed)
    }

    fn delivery(&self) -> Delivery<'_> {
        let unlimited = self.options.switches.no_deactivate;
        let guards = unlimited.then(|| Guard::removals_at_most_count(u64::MAX));
        Delivery {
            options: &self.options.run,
            what: "people",
            from: "in Okta".to_owned(),
            target: Arc::clone(&self.target),
            store: Arc::clone(&self.store),
            basis: self.options.run.basis_or(Basis::Target),
            guards: guards.into_iter().collect(),
            people: Some(self.people.source()),
            stop: self.stop.clone(),
        }
    }
}
