//! Brings Okta people into Pendo as its users, and Okta groups as its groups, over SCIM.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use examples::{
    Backup, Delivery, Ending, Failure, FollowGroups, Following, GroupPush, MappedPeople, OF_RUNS,
    OktaSetup, RunOptions, SandboxOptions, ScimSystems, ScopeOptions, SharedStore, Switched,
    Switches, Undo, Unlink, again, check, check_admins, check_sign_on, departing, duration, ended,
    name, parsed, pushed_ids, read_groups, ready, remember_names, stop_on_signals, with_members,
};
use provisioning::{Basis, Guard, Mapping, Stop, Target};
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
    #[arg(long, conflicts_with = "no_deactivate")]
    delete: bool,
    /// Groups of Okta to push, by name or id; their members are provisioned first
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = name)]
    push_groups: Vec<String>,
    /// What becomes of a group in Pendo that was pushed and is not named by --push-groups any more
    #[arg(long, value_enum, default_value_t, conflicts_with = "follow")]
    unlink: Unlink,
    /// Pendo's administrators: one of them must stay in scope, and the first group that is ever pushed must
    /// contain one, who has to be in Pendo by then
    #[arg(long, value_name = "EMAILS", value_delimiter = ',', value_parser = name)]
    admins: Vec<String>,
    /// Write everything that SCIM gives about users and groups to a CSV file, before anything is sent; where
    /// nothing is, such as with --plan, the file is not written
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
    /// Take users and groups back to what such a file says; --plan shows it first. The next run without it
    /// brings everybody to what Okta says again. With --max-removals 100% an empty file is taken for meant
    #[arg(long, value_name = "FILE", conflicts_with_all = ["backup", "push_groups", "every", "follow", "apply_plan",
        "check", "basis", "admins", "unlink", "search", "group", "app"])]
    undo: Option<PathBuf>,
    /// Do not provision from here: let Okta do it, with the app of --app, and print the steps that are
    /// left for the console. --admins, --backup and --report are heeded, too
    #[arg(long, requires = "app", conflicts_with_all = OF_RUNS, conflicts_with_all = ["delete", "unlink", "undo"])]
    okta_provisions: bool,
    /// How long --okta-provisions waits for a group push to be Active or Error, such as 10m
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m", requires = "okta_provisions",
        conflicts_with_all = OF_RUNS)]
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
    let files = [("--backup", options.backup.as_deref()), ("--undo", options.undo.as_deref())];
    options.run.check_files(&files)?;
    options.run.announce()?;
    let stop = stop_on_signals()?;
    let mapping = options.run.mapping_or(MAPPING)?;
    let systems = ScimSystems::connect(&options.sandbox, ScimOptions::pendo()).await?;
    systems.announce("Pendo");
    if options.okta_provisions {
        return okta_setup(options, &systems, mapping).run().await;
    }
    // First the file that is named: one that is no store leaves nothing behind.
    let store = |part| systems.store("pendo_scim", &options.run, part);
    let stores = (!options.run.check).then(|| Ok((store("")?, store("groups")?))).transpose()?;
    let names = pushed_names(&systems, options);
    let prepare = async || {
        let scope = options.scope.scope(&systems.okta).await?;
        let remembered = stores.as_ref().map(|(_, groups)| groups);
        let groups = pushed_ids(&systems.okta, remembered, &names).await?;
        let scope = with_members(scope, &groups.0);
        let people = MappedPeople::new(&systems.okta, scope, mapping.clone(), &options.run).await?;
        Ok((groups, people))
    };
    let patience = options.run.patience();
    let ((groups, names), people) = ready(patience, &stop, prepare).await?;
    let users = departing(&systems, &options.run, options.delete);
    let users: Arc<dyn Target> = Arc::new(Switched::new(users, options.switches));
    let Some((users_store, groups_store)) = stores else {
        check(&systems, &people, &*users).await?;
        let groups = read_groups(&systems.okta, &groups, &people).await?;
        check_admins(&groups, &options.admins)?;
        return check_sign_on(&systems, options.scope.app.as_deref()).await;
    };
    let checked = async || users.check().await.map_err(Failure::settings);
    ready(patience, &stop, checked).await?;
    let program =
        Program { options, people, users, groups, names, stop, users_store, groups_store, systems };
    if let Some(path) = &options.undo {
        return program.undo(&Backup::read(path)?).await;
    }
    if let Some(path) = options.backup.as_ref().filter(|_| options.run.sends()) {
        Backup::write(&program.systems.scim, path).await?;
    }
    match options.run.follow {
        true => program.follow().await,
        false => again(options.run.every, &program.stop, || program.once()).await,
    }
}

fn okta_setup<'a>(
    options: &'a Options,
    systems: &'a ScimSystems,
    mapping: Mapping,
) -> OktaSetup<'a> {
    OktaSetup {
        systems,
        run: &options.run,
        app: options.scope.app.clone().unwrap_or_default(),
        mapping,
        switches: options.switches,
        groups: &options.push_groups,
        admins: &options.admins,
        backup: options.backup.as_deref(),
        wait: options.wait,
    }
}

/// What --push-groups names.
fn pushed_names(systems: &ScimSystems, options: &Options) -> Vec<String> {
    match options.push_groups.as_slice() {
        [] if systems.is_sandbox() && options.undo.is_none() => vec![SANDBOX_GROUP.to_owned()],
        names => names.to_vec(),
    }
}

struct Program<'a> {
    options: &'a Options,
    systems: ScimSystems,
    people: MappedPeople,
    users: Arc<dyn Target>,
    /// Ids in Okta of those that are pushed.
    groups: Vec<String>,
    /// How they were named.
    names: BTreeMap<String, String>,
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
        let groups = read_groups(&systems.okta, &self.groups, people).await?;
        if self.group_push().is_first()? {
            check_admins(&groups, &options.admins)?;
        }
        let delivery = self.delivery(options.run.basis_or(self.basis()));
        delivery.run(people.records(), ending, |_| ()).await?;
        people.print_warnings();
        people.note_inactive(&options.run, ending)?;
        let push = self.group_push();
        match options.run.sends() {
            true if self.stop.is_stopped() => Ok(()),
            true => {
                remember_names(&self.groups_store, &self.names)?;
                push.run(&groups, ending).await
            }
            false => push.show(&groups).await,
        }
    }

    async fn follow(&self) -> Result<(), Failure> {
        let Self { options, systems, people, .. } = self;
        if self.group_push().is_first()? {
            let read = async || read_groups(&systems.okta, &self.groups, people).await;
            let groups = ready(options.run.patience(), &self.stop, read).await?;
            check_admins(&groups, &options.admins)?;
        }
        remember_names(&self.groups_store, &self.names)?;
        let (okta, ids) = (&systems.okta, self.groups.clone());
        let groups = || FollowGroups::new(okta, people, self.group_push(), ids);
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
            unlink: self.options.unlink,
            admins: &self.options.admins,
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
            from: "in Okta".to_owned(),
            target: Arc::clone(&self.users),
            store: Arc::clone(&self.users_store),
            basis,
            guards: unlimited
                .then(|| Guard::removals_at_most_count(u64::MAX))
                .into_iter()
                .chain(self.admins_stay())
                .collect(),
            people: Some(self.people.source()),
            stop: self.stop.clone(),
        }
    }

    /// A way back may be one to before they came.
    fn admins_stay(&self) -> Option<Guard> {
        let admins = &self.options.admins;
        let applies = !admins.is_empty() && self.options.undo.is_none();
        applies.then(|| Guard::must_contain_one_of(admins.iter().cloned()))
    }

    async fn undo(&self, backup: &Backup) -> Result<(), Failure> {
        let from = format!("in {}", backup.path.display());
        let undo = Undo {
            backup,
            scim: &self.systems.scim,
            mapping: &self.people.mapping,
            delivery: Delivery { from, people: None, ..self.delivery(Basis::Target) },
            groups_store: &self.groups_store,
        };
        undo.run().await
    }
}
