//! Brings Okta people into Pendo as its users, and Okta groups as its groups, over SCIM.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use clap::Parser;
use examples::{
    Backup, Delivery, Ending, Failure, FollowGroups, Following, GroupPush, MappedPeople, OktaSetup,
    RunOptions, SandboxOptions, ScimSystems, ScopeOptions, SharedStore, Switched, Switches, again,
    check, check_admins, duration, ended, find_group, parsed, read_groups, say, stop_on_signals,
    with_members,
};
use futures::{StreamExt, stream};
use okta_client::SignOnMode;
use provisioning::targets::{Departed, ScimGroups, ScimUsers};
use provisioning::{Basis, Guard, Stop, Target};
use sandbox::ScimOptions;

/// The group that the sandbox pushes when none is named.
const SANDBOX_GROUP: &str = "Engineering";
const MAPPING: &str = include_str!("mappings/pendo.toml");

/// Bring Okta people into Pendo as its users, and Okta groups as its groups, over SCIM.
///
/// With no setting it runs against a sandbox of its own, and pushes the group Engineering. With
/// OKTA_CLIENT_* set, and SCIM_BASE_URL and
/// SCIM_TOKEN from Pendo's Settings > Organization Settings > SSO > SCIM, against what they name.
///
/// Who leaves the scope, or is deactivated in Okta, is deactivated in Pendo and never deleted; who comes
/// back gets the same record back.
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
    /// Delete who left, instead of deactivating
    #[arg(long)]
    delete: bool,
    /// Groups of Okta to push, by name or id; their members are provisioned first
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    push_groups: Vec<String>,
    /// Pendo's administrators: the first group that is ever pushed must contain one of them
    #[arg(long, value_name = "EMAILS", value_delimiter = ',')]
    admins: Vec<String>,
    /// Write everything that SCIM gives about users and groups to a CSV file, before anything is sent
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
    /// Take users and groups back to what such a file says; --plan shows it first
    #[arg(long, value_name = "FILE", conflicts_with_all = ["backup", "push_groups", "every", "follow", "apply_plan"])]
    undo: Option<PathBuf>,
    /// Do not provision from here: let Okta do it, with the app of --app, and print the steps that are
    /// left for the console
    #[arg(long, requires = "app")]
    okta_provisions: bool,
    /// How long --okta-provisions waits for a group push to be Active or Error, such as 10m
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m")]
    wait: Duration,
    #[command(flatten)]
    sandbox: SandboxOptions,
}

#[tokio::main]
async fn main() -> ExitCode {
    match parsed::<Options>("pendo_scim") {
        Ok(options) => ended("pendo_scim", run(&options).await),
        Err(code) => code,
    }
}

async fn run(options: &Options) -> Result<(), Failure> {
    if options.run.show_mapping {
        return options.run.print_mapping(MAPPING);
    }
    options.run.check_follow()?;
    let stop = stop_on_signals()?;
    let mapping = options.run.mapping_or(MAPPING)?;
    let systems = ScimSystems::connect(&options.sandbox, ScimOptions::pendo()).await?;
    systems.announce("Pendo");
    if options.okta_provisions {
        return okta_provisions(&systems, options).await;
    }
    let scope = options.scope.scope(&systems.okta).await?;
    let groups = group_ids(&systems, options).await?;
    let people = MappedPeople::new(&systems.okta, with_members(scope, &groups), mapping).await?;
    let departed = if options.delete { Departed::Delete } else { Departed::Deactivate };
    let users = ScimUsers::new(systems.scim.clone()).map_err(Failure::settings)?;
    let users = Switched::new(Arc::new(users.departed(departed)), options.switches);
    let users: Arc<dyn Target> = Arc::new(users);
    if options.run.check {
        check(&systems, &people, &*users).await?;
        let groups = read_groups(&systems.okta, &groups, &people.mapping).await?;
        check_admins(&groups, &options.admins)?;
        return check_sign_on(&systems, options).await;
    }
    users.check().await.map_err(Failure::settings)?;
    let program = Program {
        options,
        people,
        users,
        groups,
        stop,
        users_store: systems.store("pendo_scim", &options.run, "")?,
        groups_store: systems.store("pendo_scim", &options.run, "groups")?,
        systems,
    };
    if let Some(path) = &options.undo {
        return program.undo(&Backup::read(path)?).await;
    }
    if let Some(path) = &options.backup {
        Backup::write(&program.systems.scim, path).await?;
    }
    match options.run.follow {
        true => program.follow().await,
        false => again(options.run.every, &program.stop, || program.once()).await,
    }
}

/// Who is meant by --push-groups.
async fn group_ids(systems: &ScimSystems, options: &Options) -> Result<Vec<String>, Failure> {
    let names = match options.push_groups.as_slice() {
        [] if systems.is_sandbox() && options.undo.is_none() => &[SANDBOX_GROUP.to_owned()],
        names => names,
    };
    let mut ids = Vec::new();
    for name in names {
        ids.push(find_group(&systems.okta, name).await?.id.to_string());
    }
    Ok(ids)
}

async fn check_sign_on(systems: &ScimSystems, options: &Options) -> Result<(), Failure> {
    let Some(id) = &options.scope.app else {
        say!(
            "{:<10}--app names the app of Pendo in Okta, to see whether people sign on by SAML",
            "note"
        );
        return Ok(());
    };
    let app = systems.okta.apps().get(id).await.map_err(Failure::settings)?;
    match app.sign_on_mode {
        Some(SignOnMode::Saml20) => Ok(()),
        other => Err(Failure::Settings(format!(
            "people sign on to this app by {}: Pendo takes SCIM only where SAML 2.0 single sign-on is set up; do \
             that first, in the app's Sign On tab and in Pendo's Organization Settings > SSO",
            other.as_ref().map_or("nothing", |mode| mode.as_str())
        ))),
    }
}

async fn okta_provisions(systems: &ScimSystems, options: &Options) -> Result<(), Failure> {
    let setup = OktaSetup {
        okta: &systems.okta,
        app: options.scope.app.clone().unwrap_or_default(),
        base_url: systems.scim.base_url().to_string(),
        token: systems.scim_token()?,
        switches: options.switches,
        groups: &options.push_groups,
        wait: options.wait,
        sends: options.run.sends(),
    };
    setup.run().await
}

struct Program<'a> {
    options: &'a Options,
    systems: ScimSystems,
    people: MappedPeople,
    users: Arc<dyn Target>,
    /// Ids in Okta of those that are pushed.
    groups: Vec<String>,
    stop: Stop,
    users_store: SharedStore,
    groups_store: SharedStore,
}

impl Program<'_> {
    async fn once(&self) -> Result<(), Failure> {
        let mut ending = Ending::begin(&self.options.run, &self.stop)?;
        match self.provision(&mut ending).await {
            Ok(()) if self.options.run.sends() => ending.close(),
            Ok(()) => Ok(()),
            Err(failure) => Err(ending.stopped(failure)),
        }
    }

    async fn provision(&self, ending: &mut Ending) -> Result<(), Failure> {
        let Self { options, systems, people, .. } = self;
        let groups = read_groups(&systems.okta, &self.groups, &people.mapping).await?;
        if self.is_first_push()? {
            check_admins(&groups, &options.admins)?;
        }
        let delivery = self.delivery(options.run.basis_or(self.basis()));
        delivery.run(people.records(), ending, |_| ()).await?;
        people.print_warnings();
        let push = self.group_push();
        match options.run.sends() {
            true if groups.is_empty() || self.stop.is_stopped() => Ok(()),
            true => push.run(&groups, ending).await,
            false => push.show(&groups).await,
        }
    }

    async fn follow(&self) -> Result<(), Failure> {
        let Self { options, systems, people, .. } = self;
        if self.is_first_push()? {
            let groups = read_groups(&systems.okta, &self.groups, &people.mapping).await?;
            check_admins(&groups, &options.admins)?;
        }
        let (okta, mapping, ids) = (&systems.okta, &*people.mapping, self.groups.clone());
        // Members are there once people have been followed before.
        let at_once = !self.is_first_push()?;
        let groups = || FollowGroups::new(okta, mapping, self.group_push(), ids, at_once);
        let following = Following {
            delivery: self.delivery(options.run.basis_or(self.basis())),
            people,
            groups: (!self.groups.is_empty()).then(groups),
            invitations: None,
        };
        following.run(Ending::begin(&options.run, &self.stop)?).await
    }

    fn group_push(&self) -> GroupPush<'_> {
        GroupPush {
            options: &self.options.run,
            scim: &self.systems.scim,
            users: Arc::clone(&self.users),
            users_store: Arc::clone(&self.users_store),
            store: Arc::clone(&self.groups_store),
            stop: self.stop.clone(),
        }
    }

    /// With a switch off, who is there already has to be known.
    fn basis(&self) -> Basis {
        let Switches { no_create, no_update, .. } = self.options.switches;
        if no_create || no_update { Basis::Target } else { Basis::Delivered }
    }

    fn delivery(&self, basis: Basis) -> Delivery<'_> {
        let unlimited = self.options.switches.no_deactivate;
        Delivery {
            options: &self.options.run,
            what: "people",
            target: Arc::clone(&self.users),
            store: Arc::clone(&self.users_store),
            basis,
            guards: unlimited
                .then(|| Guard::removals_at_most_count(u64::MAX))
                .into_iter()
                .collect(),
            stop: self.stop.clone(),
        }
    }

    fn is_first_push(&self) -> Result<bool, Failure> {
        let mut store = self.groups_store.lock().unwrap_or_else(PoisonError::into_inner);
        store.known_count().map(|count| count == 0).map_err(Failure::running)
    }

    async fn undo(&self, backup: &Backup) -> Result<(), Failure> {
        let mut ending = Ending::begin(&self.options.run, &self.stop)?;
        let users = backup.users(&self.people.mapping)?;
        if let Err(failure) = self.delivery(Basis::Target).run(users, &mut ending, |_| ()).await {
            return Err(ending.stopped(failure));
        }
        let groups = backup.groups();
        if !groups.is_empty() {
            let delivery = Delivery {
                what: "groups",
                target: Arc::new(ScimGroups::new(self.systems.scim.clone()).key_is_name()),
                store: Arc::new(std::sync::Mutex::new(provisioning::store::MemoryStore::new())),
                ..self.delivery(Basis::Target)
            };
            delivery.run(stream::iter(groups).map(Ok).boxed(), &mut ending, |_| ()).await?;
        }
        if self.options.run.sends() { ending.close() } else { Ok(()) }
    }
}
