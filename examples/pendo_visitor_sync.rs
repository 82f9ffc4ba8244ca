//! Pushes every Okta user and their metadata into Pendo as visitors.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use examples::{
    Failure, FieldMap, FollowVisitors, FullPush, Incremental, Listing, ListsAs, Preparation, Read,
    ReportFile, SandboxOptions, Systems, VisitorOptions, duration, list_fields, print_report,
    records, say, thousands,
};
use futures::{StreamExt, TryStreamExt, stream};
use okta_client::jiff::Timestamp;
use pendo_client::Group;
use provisioning::{Stop, every};
use serde_json::{Value, json};

/// Push every Okta user and their metadata into Pendo as visitors.
///
/// With no setting it runs against a sandbox of its own. With OKTA_CLIENT_* and PENDO_* set, against
/// what they name: OKTA_CLIENT_ORGURL, OKTA_CLIENT_TOKEN (or OKTA_CLIENT_AUTHORIZATIONMODE with its
/// settings), PENDO_INTEGRATION_KEY, and PENDO_REGION or PENDO_BASE_URL.
///
/// With --store only what changed since the last run is sent, and a run that was killed goes on where it
/// stopped.
///
/// Exit code 0: everybody was delivered or left out by a rule that the summary names; 1: something was
/// not delivered; 2: wrong use or settings; 3: a guard stopped it, such as an empty source.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    #[command(flatten)]
    who: VisitorOptions,
    /// Add people whom Pendo does not know; without it they are left out, counted and listed
    #[arg(long)]
    create_missing: bool,
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
    /// People in a call to Pendo; always 500 with --store
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: u32,
    /// Calls to Pendo at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: u32,
    /// Write a report as JSON, with every record that was not delivered and why
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Remember in this SQLite file what was delivered, and send only what changed since
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Run again and again, such as every 15m; never two runs at once
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with_all = ["plan", "check", "list_fields"])]
    every: Option<Duration>,
    /// After a full run push who changes, as Okta's System Log tells it; --every sets the time between
    /// full runs
    #[arg(long, requires = "store", conflicts_with_all = ["plan", "check", "list_fields", "limit", "report"])]
    follow: bool,
    /// How long --follow waits before it asks the log again
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5s")]
    poll: Duration,
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
    options.who.expression()?;
    let systems = Systems::connect(&options.sandbox).await?;
    systems.announce();
    systems.verify().await?;
    let open =
        |path| Incremental::open(path, &systems.pendo, options.create_missing, options.concurrency);
    let store = options.store.as_deref().map(open).transpose()?;
    let run = Run { options, systems: &systems, store: store.as_ref() };
    match (options.every, &store) {
        (_, Some(store)) if options.follow => run.follow(store).await,
        (None, _) => run.once().await,
        (Some(period), _) => run.again(period).await,
    }
}

/// What a run needs.
struct Run<'a> {
    options: &'a Options,
    systems: &'a Systems,
    store: Option<&'a Incremental>,
}

impl Run<'_> {
    async fn once(&self) -> Result<(), Failure> {
        let options = self.options;
        // Before anything is sent: a report that cannot be written is a wrong setting.
        let file = options.report.as_deref().filter(|_| !options.check && !options.list_fields);
        let file = file.map(ReportFile::create).transpose();
        let file = file.map_err(|error| Failure::Settings(format!("--report: {error}")))?;
        let (map, people) = match self.prepare().await {
            Ok(Some(prepared)) => prepared,
            Ok(None) => return Ok(()),
            Err(failure) => return Err(unprepared(failure, file)),
        };
        match options.plan {
            true => self.plan(people, map).await,
            false => self.push(people, map, file).await,
        }
    }

    /// Settles which fields there are and creates those that Pendo lacks; nothing when that was all.
    async fn prepare(&self) -> Result<Option<(FieldMap, Listing)>, Failure> {
        let (options, okta) = (self.options, &self.systems.okta);
        let schema = okta.schemas().user("default").await.map_err(Failure::settings)?;
        let mut map =
            FieldMap::choose(&schema, &options.fields, &options.prefix, options.keep_empty)
                .map_err(Failure::settings)?;
        options.who.check_id(&schema)?;
        let (first, users) = options.who.users(okta).await?;
        if options.list_fields {
            list_fields(&map, &first);
            return Ok(None);
        }
        let scope = options.who.scope();
        let preparation = Preparation {
            pendo: &self.systems.pendo,
            group: Group::Custom,
            people: first.iter().filter_map(|user| Some((scope.judge(user).ok()?, user))).collect(),
            create_missing: options.create_missing,
            lists: options.lists,
            plan: options.plan || options.check,
        };
        preparation.run(&mut map).await?;
        if options.check {
            say!("check   settings, keys and rights are right");
            return Ok(None);
        }
        Ok(Some((map, stream::iter(first).map(Ok).chain(users).boxed())))
    }

    async fn plan(&self, people: Listing, map: FieldMap) -> Result<(), Failure> {
        let read = Arc::new(Read::default());
        let mut records = records(people, map, self.options.who.scope(), Arc::clone(&read));
        let Some(store) = self.store else {
            let mut count = 0_u64;
            while let Some((_, record)) = records.try_next().await.map_err(Failure::running)? {
                count += 1;
                if count <= 3 {
                    show(record.id(), record.values().iter());
                }
            }
            read.print(&self.options.who.visitor_id);
            say!("plan    {} people would be pushed; nothing was sent", thousands(count));
            return Ok(());
        };
        let plan = store.plan(records, None).await?;
        for row in plan.rows(0, 3).map_err(Failure::running)? {
            show(&row.key, row.fields.iter().map(|field| (&field.path, &field.new)));
        }
        read.print(&self.options.who.visitor_id);
        let (changes, same) = (plan.summary().changes(), plan.summary().unchanged);
        let (changes, same) = (thousands(changes), thousands(same));
        say!(
            "plan    {changes} people would be pushed, {same} are as they were delivered; nothing was sent"
        );
        Ok(())
    }

    async fn push(
        &self,
        people: Listing,
        map: FieldMap,
        mut file: Option<ReportFile>,
    ) -> Result<(), Failure> {
        let (options, systems) = (self.options, self.systems);
        let (started, read, scope) =
            (Instant::now(), Arc::new(Read::default()), options.who.scope());
        let (json, is_complete) = match self.store {
            Some(store) => {
                let plan = store.plan(records(people, map, scope, Arc::clone(&read)), None).await;
                let plan = match plan {
                    Ok(plan) => plan,
                    Err(failure) => return Err(unprepared(failure, file)),
                };
                let pushed = store.apply(&plan, file.as_mut()).await?;
                read.print(&options.who.visitor_id);
                pushed.print();
                (pushed.to_json(&read), pushed.is_complete())
            }
            None => {
                let Options { create_missing, batch_size, concurrency, .. } = *options;
                let push =
                    FullPush { pendo: &systems.pendo, create_missing, batch_size, concurrency };
                let report = push.run(people, map, scope, &read, file.as_mut()).await?;
                read.print(&options.who.visitor_id);
                print_report(&report);
                (read.to_json(&report), report.failed() == 0 && report.is_complete())
            }
        };
        say!("took    {:.1} s", started.elapsed().as_secs_f64());
        if let Some(file) = file {
            file.finish(&json).map_err(Failure::running)?;
            say!("report  written; it holds personal data and is readable by its owner only");
        }
        if let Some(sandbox) = &systems.sandbox {
            let held = thousands(sandbox.pendo().written_count());
            say!("sandbox its Pendo now holds metadata of {held} people");
        }
        if is_complete { Ok(()) } else { Err(Failure::Undelivered) }
    }

    /// What a run fails with is said and tried by the next one, but for wrong settings at the start.
    async fn again(&self, period: Duration) -> Result<(), Failure> {
        let mut is_first = true;
        let ended = every(period, Stop::never(), || {
            let first = std::mem::take(&mut is_first);
            async move {
                match self.once().await {
                    Err(failure @ Failure::Settings(_)) if first => ControlFlow::Break(failure),
                    Err(failure) => {
                        eprintln!("this run: {failure}; the next one tries again");
                        ControlFlow::Continue(())
                    }
                    Ok(()) => ControlFlow::Continue(()),
                }
            }
        });
        ended.await.map_or(Ok(()), Err)
    }

    /// Follows the log; a full run at first, and again after `--every`.
    async fn follow(&self, push: &Incremental) -> Result<(), Failure> {
        loop {
            let (began, started) = (Timestamp::now(), tokio::time::Instant::now());
            let Some((map, people)) = self.prepare().await? else { return Ok(()) };
            if !FollowVisitors::is_under_way(push, self.options.every)? {
                match self.push(people, map.clone(), None).await {
                    Ok(()) => {}
                    Err(failure @ Failure::Undelivered) => eprintln!("this run: {failure}"),
                    Err(failure) => return Err(failure),
                }
                FollowVisitors::note_full(push, began)?;
            }
            let (scope, search) = (self.options.who.scope(), self.options.who.expression()?);
            let (okta, interval) = (&self.systems.okta, self.options.poll);
            let follow = FollowVisitors { okta, push, map, scope, search, interval };
            follow.run(began, self.options.every.map(|period| started + period)).await?;
        }
    }
}

fn show<'a>(id: &str, values: impl Iterator<Item = (&'a String, &'a Value)>) {
    say!("\n{id}");
    for (field, value) in values {
        say!("    {field:<28} {value}");
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
