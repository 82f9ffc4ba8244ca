//! Brings Okta people into Workday Peakon Employee Voice as employees, with custom attributes, over SCIM.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use examples::{
    Definition, Delivery, Ending, Failure, Following, MappedPeople, OF_RUNS, RunOptions,
    SandboxOptions, ScimSystems, ScopeOptions, SharedStore, Switched, Switches, again, check,
    define, ended, parsed, ready, stop_on_signals, typed, with_rows,
};
use provisioning::targets::{ScimGroups, ScimUsers};
use provisioning::{Basis, Guard, Mapping, Stop, Target};
use sandbox::ScimOptions;
use sandbox::scim::PEAKON_USER;

const MAPPING: &str = include_str!("mappings/peakon.toml");
/// Custom attributes that the sandbox's Peakon has.
const CUSTOM: &str = include_str!("mappings/peakon_custom.toml");

/// Bring Okta people into Workday Peakon Employee Voice as employees, with custom attributes, over SCIM.
///
/// With no setting it runs against a sandbox of its own. With OKTA_CLIENT_* set, and SCIM_BASE_URL and
/// SCIM_TOKEN from Peakon's Employee Provisioning page, against what they name.
///
/// Custom attributes are rows of the mapping whose `to` is
/// `urn:ietf:params:scim:schemas:extension:peakon:2.0:User:` and the name in Peakon, blanks and all; dates
/// and lists are written in the form that Peakon takes. Managers are named by e-mail, and written when they
/// are there.
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
    /// Add an attribute to the users of --app in Okta, under Peakon's namespace, map it, and end; string,
    /// date, number, integer or boolean, such as Employed_Since=date:user.hireDate
    #[arg(long, value_name = "NAME=TYPE[:EXPRESSION]", requires = "app", conflicts_with_all = OF_RUNS,
        conflicts_with_all = ["report", "push_groups", "no_create", "no_update", "no_deactivate"])]
    define: Vec<Definition>,
    /// Peakon has no groups: says so
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    push_groups: Vec<String>,
    #[command(flatten)]
    sandbox: SandboxOptions,
}

#[tokio::main]
async fn main() -> ExitCode {
    match parsed::<Options>("peakon_employees") {
        Ok(options) => ended("peakon_employees", run(&options).await),
        Err(code) => code,
    }
}

async fn run(options: &Options) -> Result<(), Failure> {
    if options.run.show_mapping {
        return options.run.print_mapping(&format!("{MAPPING}\n{CUSTOM}"));
    }
    options.run.check_follow()?;
    options.run.announce()?;
    let stop = stop_on_signals()?;
    let systems = ScimSystems::connect(&options.sandbox, ScimOptions::peakon()).await?;
    systems.announce("Peakon");
    if let (Some(app), false) = (&options.scope.app, options.define.is_empty()) {
        let sends = options.run.sends();
        return define(&systems.okta, app, &options.define, PEAKON_USER, sends).await;
    }
    if !options.push_groups.is_empty() {
        return refuse_groups(&systems, options).await;
    }
    let mapping = options.run.mapping_or(MAPPING)?;
    let mapping = match options.run.mapping.is_none() && systems.is_sandbox() {
        true => with_rows(mapping, CUSTOM)?,
        false => mapping,
    };
    let patience = options.run.patience();
    let prepare = async || prepare(options, &systems, mapping.clone()).await;
    let (people, target) = ready(patience, &stop, prepare).await?;
    if options.run.check {
        return check(&systems, &people, &*target).await;
    }
    let store = systems.store("peakon_employees", &options.run, "")?;
    let once = || once(options, &people, &target, &store, &stop);
    match options.run.follow {
        true => once().await,
        false => again(options.run.every, &stop, once).await,
    }
}

/// Who is brought where; a product that cannot be used is told.
async fn prepare(
    options: &Options,
    systems: &ScimSystems,
    mapping: Mapping,
) -> Result<(MappedPeople, Arc<dyn Target>), Failure> {
    let schema = systems.okta.schemas().user("default").await.map_err(Failure::settings)?;
    // A product that does not tell its schemas is taken by Okta's types alone.
    let product = systems.scim.schemas().await.unwrap_or_default();
    let product = product.iter().find(|one| one.id.eq_ignore_ascii_case(PEAKON_USER));
    let mapping = typed(&mapping, &schema, product, PEAKON_USER)?;
    let scope = options.scope.scope(&systems.okta).await?;
    let people = MappedPeople::new(&systems.okta, scope, mapping, &options.run).await?;
    let users = ScimUsers::new(systems.scim.clone()).refer_by_key();
    let target: Arc<dyn Target> = Arc::new(Switched::new(Arc::new(users), options.switches));
    if !options.run.check {
        target.check().await.map_err(Failure::settings)?;
    }
    Ok((people, target))
}

/// What the target says to groups; nothing is sent.
async fn refuse_groups(systems: &ScimSystems, options: &Options) -> Result<(), Failure> {
    let names = options.push_groups.join(", ");
    let refused = match ScimGroups::new(systems.scim.clone()).check().await {
        Err(error) => error.to_string(),
        Ok(()) => "Peakon Employee Voice supports no groups".to_owned(),
    };
    Err(Failure::Settings(format!("--push-groups {names}: not sent: {refused}")))
}

async fn once(
    options: &Options,
    people: &MappedPeople,
    target: &Arc<dyn Target>,
    store: &SharedStore,
    stop: &Stop,
) -> Result<(), Failure> {
    let mut ending = Ending::begin(&options.run, stop)?;
    let Switches { no_create, no_update, no_deactivate } = options.switches;
    // With a switch off, who is there already has to be known.
    let basis = if no_create || no_update { Basis::Target } else { Basis::Delivered };
    let delivery = Delivery {
        options: &options.run,
        what: "people",
        from: "in Okta".to_owned(),
        target: Arc::clone(target),
        store: Arc::clone(store),
        basis: options.run.basis_or(basis),
        guards: no_deactivate
            .then(|| Guard::removals_at_most_count(u64::MAX))
            .into_iter()
            .collect(),
        people: Some(people.source()),
        stop: stop.clone(),
    };
    if options.run.follow {
        let following = Following { delivery, people, groups: None, invitations: None };
        return following.run(ending).await;
    }
    let ran = delivery.run(people.records(), &mut ending, |_| ()).await;
    people.print_warnings();
    people.note_inactive(&options.run, &mut ending)?;
    match ran {
        Err(failure) => Err(ending.stopped(failure)),
        Ok(_) if options.run.sends() => ending.close(),
        Ok(_) => Ok(()),
    }
}
