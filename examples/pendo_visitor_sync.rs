//! Pushes every Okta user and their metadata into Pendo as visitors.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use examples::{
    Failure, FieldMap, ListsAs, Preparation, Progress, Read, ReportFile, SandboxOptions, Scope,
    Systems, has_value, print_report, say, thousands,
};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, future, stream};
use okta_client::search::Expression;
use okta_client::{Error as OktaError, Schema, User};
use pendo_client::{Batch, Delivery, Group, Kind, PushReport, Record};
use serde_json::json;

/// Push every Okta user and their metadata into Pendo as visitors.
///
/// With no setting it runs against a sandbox of its own. With OKTA_CLIENT_* and PENDO_* set, against
/// what they name: OKTA_CLIENT_ORGURL, OKTA_CLIENT_TOKEN (or OKTA_CLIENT_AUTHORIZATIONMODE with its
/// settings), PENDO_INTEGRATION_KEY, and PENDO_REGION or PENDO_BASE_URL.
///
/// Exit code 0: everybody was delivered or left out by a rule that the summary names; 1: something was
/// not delivered; 2: wrong use or settings.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The attribute that is the visitor id in Pendo: email, login, id or any other
    #[arg(long, value_name = "ATTRIBUTE", default_value = "email")]
    visitor_id: String,
    /// Add people whom Pendo does not know; without it they are left out, counted and listed
    #[arg(long)]
    create_missing: bool,
    /// Only users that match, such as 'profile.department eq "Sales"'; 50,000 at most
    #[arg(long, value_name = "EXPRESSION")]
    search: Option<String>,
    /// Deprovisioned users too
    #[arg(long)]
    include_deprovisioned: bool,
    /// Show which attributes there are and end
    #[arg(long)]
    list_fields: bool,
    /// The attributes to push, such as email,department=team; all of the user schema by default
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    fields: Vec<String>,
    /// What the names of all fields begin with in Pendo, renamed ones too
    #[arg(long, default_value = "okta_")]
    prefix: String,
    /// How lists are sent
    #[arg(long, value_enum, default_value_t = ListsAs::Auto)]
    lists: ListsAs,
    /// Leave a field as it is when its attribute is empty in Okta, instead of clearing it
    #[arg(long)]
    keep_empty: bool,
    /// Show what would be sent and send nothing
    #[arg(long, conflicts_with = "report")]
    plan: bool,
    /// Test keys, rights and settings, and change nothing
    #[arg(long)]
    check: bool,
    /// Only the first N people, as a canary
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// People in a page from Okta, 200 at most
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=200))]
    page_size: u16,
    /// People in a call to Pendo
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: u32,
    /// Calls to Pendo at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: u32,
    /// Write a report as JSON, with every record that was not delivered and why
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    sandbox: SandboxOptions,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("pendo_visitor_sync: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn run(options: &Options) -> Result<(), Failure> {
    check_expression(options.search.as_deref())?;
    let systems = Systems::connect(&options.sandbox).await?;
    announce(&systems);
    verify(&systems).await?;
    let schema = systems.okta.schemas().user("default").await.map_err(Failure::settings)?;
    let mut map = FieldMap::choose(&schema, &options.fields, &options.prefix, options.keep_empty)
        .map_err(Failure::settings)?;
    known_id(&schema, &options.visitor_id)?;
    let mut users = users(&systems, options);
    let first = first_page(&mut users, options).await?;
    if options.list_fields {
        list_fields(&map, &first);
        return Ok(());
    }
    let scope = Scope {
        visitor_id: options.visitor_id.clone(),
        deprovisioned_too: options.include_deprovisioned,
    };
    let preparation = Preparation {
        pendo: &systems.pendo,
        group: Group::Custom,
        people: first.iter().filter_map(|user| Some((scope.judge(user).ok()?, user))).collect(),
        create_missing: options.create_missing,
        lists: options.lists,
        plan: options.plan || options.check,
    };
    // Before anything is sent: a report that cannot be written is a wrong setting.
    let file = options.report.as_deref().filter(|_| !options.check).map(ReportFile::create);
    let file = file.transpose().map_err(|error| Failure::Settings(format!("--report: {error}")))?;
    if let Err(failure) = preparation.run(&mut map).await {
        return Err(unprepared(failure, file));
    }
    if options.check {
        say!("check   settings, keys and rights are right");
        return Ok(());
    }
    let people = stream::iter(first).map(Ok).chain(users).boxed();
    if options.plan {
        plan(people, map, scope).await
    } else {
        push(&systems, people, map, scope, options, file).await
    }
}

/// The report of a push that did not begin is a whole one, too.
fn unprepared(failure: Failure, file: Option<ReportFile>) -> Failure {
    let summary = json!({"complete": false, "error": failure.to_string()});
    match file.map(|file| file.finish(&summary)) {
        Some(Err(error)) => Failure::Running(format!("{failure}; --report: {error}")),
        _ => failure,
    }
}

fn check_expression(search: Option<&str>) -> Result<(), Failure> {
    let parsed = search.map(Expression::parse).transpose();
    parsed.map(drop).map_err(|error| Failure::Settings(format!("--search: {error}")))
}

fn announce(systems: &Systems) {
    let kind = if systems.sandbox.is_some() { " (sandbox)" } else { "" };
    say!("Okta    {}{kind}", systems.okta.org_url());
    say!("Pendo   {}{kind}", systems.pendo.region().base_url());
}

/// The key must be able to write before anything is read or pushed.
async fn verify(systems: &Systems) -> Result<(), Failure> {
    let access = systems.pendo.verify().await.map_err(Failure::settings)?;
    match access.write_access {
        true => Ok(()),
        false => Err(Failure::settings(
            "the Pendo integration key may only read: make one with Allow Write Access under \
             Settings > Integrations > Integration Keys",
        )),
    }
}

fn known_id(schema: &Schema, name: &str) -> Result<(), Failure> {
    match name == "id" || schema.attribute(name).is_some() {
        true => Ok(()),
        false => Err(Failure::Settings(format!(
            "--visitor-id: the user schema has no attribute `{name}`; --list-fields shows those it has"
        ))),
    }
}

type People = BoxStream<'static, Result<User, OktaError>>;

fn users(systems: &Systems, options: &Options) -> People {
    let mut list = systems.okta.users().list().page_size(options.page_size).prefetch(true);
    if let Some(search) = &options.search {
        list = list.search(search);
    } else if options.include_deprovisioned {
        // A plain listing leaves deprovisioned users out; this filter matches everybody.
        list = list.filter("lastUpdated gt \"1970-01-01T00:00:00.000Z\"");
    }
    if let Some(limit) = options.limit {
        list = list.limit(limit);
    }
    list.stream().boxed()
}

async fn first_page(users: &mut People, options: &Options) -> Result<Vec<User>, Failure> {
    let first = users.by_ref().take(options.page_size.into()).try_collect().await;
    first.map_err(|error: OktaError| match error.status() {
        Some(status) if status.is_client_error() => Failure::settings(error),
        _ => Failure::running(error),
    })
}

fn list_fields(map: &FieldMap, first: &[User]) {
    say!("\n{:<24} {:<10} {:<8} of the first {} have it", "attribute", "type", "", first.len());
    for row in &map.rows {
        let attribute = &row.attribute;
        let having = first.iter().filter(|user| has_value(user, &attribute.name)).count();
        let origin = if attribute.custom { "custom" } else { "base" };
        let kind = attribute.attribute_type.as_str();
        say!("{:<24} {kind:<10} {origin:<8} {}", attribute.name, having);
    }
}

/// The records of those who are not left out.
fn records(
    people: People,
    map: FieldMap,
    scope: Scope,
    read: Arc<Read>,
) -> BoxStream<'static, Result<Record, OktaError>> {
    let records = people.try_filter_map(move |user| {
        read.count();
        let id = scope.judge(&user).map_err(|rule| read.left_out(rule));
        future::ok(id.ok().map(|id| map.record(id, &user)))
    });
    records.boxed()
}

async fn plan(people: People, map: FieldMap, scope: Scope) -> Result<(), Failure> {
    let read = Arc::new(Read::default());
    let key = scope.visitor_id.clone();
    let mut records = records(people, map, scope, Arc::clone(&read));
    let mut count = 0_u64;
    while let Some(record) = records.try_next().await.map_err(Failure::running)? {
        count += 1;
        if count <= 3 {
            say!("\n{}", record.id());
            for (field, value) in record.values() {
                say!("    {field:<28} {value}");
            }
        }
    }
    read.print(&key);
    say!("plan    {} people would be pushed; nothing was sent", thousands(count));
    Ok(())
}

async fn push(
    systems: &Systems,
    people: People,
    map: FieldMap,
    scope: Scope,
    options: &Options,
    mut file: Option<ReportFile>,
) -> Result<(), Failure> {
    let (started, read) = (Instant::now(), Arc::new(Read::default()));
    let metadata = systems.pendo.metadata(Kind::Visitor, Group::Custom);
    let mut batches = metadata
        .push(records(people, map, scope, Arc::clone(&read)))
        .create_missing(options.create_missing)
        .batch_size(options.batch_size as usize)
        .concurrency(options.concurrency as usize)
        .stream();
    let (mut report, mut progress) = (PushReport::default(), Progress::start());
    while let Some(batch) = batches.next().await {
        progress.add(batch.len());
        if let Some(file) = &mut file {
            note(file, &batch).map_err(Failure::running)?;
        }
        report.extend([batch]);
    }
    progress.finish();
    read.print(&options.visitor_id);
    print_report(&report);
    say!("took    {:.1} s", started.elapsed().as_secs_f64());
    if let Some(file) = file {
        file.finish(&read.to_json(&report)).map_err(Failure::running)?;
        say!("report  written; it holds personal data and is readable by its owner only");
    }
    if let Some(sandbox) = &systems.sandbox {
        let held = thousands(sandbox.pendo().written_count());
        say!("sandbox its Pendo now holds metadata of {held} people");
    }
    if report.failed() == 0 && report.is_complete() { Ok(()) } else { Err(Failure::Undelivered) }
}

/// Writes down what was not delivered.
fn note(file: &mut ReportFile, batch: &Batch) -> std::io::Result<()> {
    let mut outcomes = batch.outcomes().iter();
    outcomes.try_for_each(|outcome| match outcome.delivery() {
        Delivery::Updated => Ok(()),
        _ => file.add(outcome),
    })
}
