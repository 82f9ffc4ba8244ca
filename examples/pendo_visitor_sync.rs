//! Pushes every Okta user and their metadata into Pendo as visitors.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use examples::{
    Failure, FieldMap, FieldOptions, FollowReport, FollowVisitors, FullPush, HookOptions,
    Incremental, Listing, LossOptions, Pushed, Read, ReportFile, SandboxOptions, Systems,
    VisitorOptions, Visitors, again, announce, check_log, duration, ended, parsed, print_report,
    ready, refuse_same, say, show_visitors, stop_on_signals, stopped, thousands, unless_stopped,
};
use provisioning::Stop;

/// How long after a full run comes the next one while it follows, unless --every says it.
const FULL_EVERY: Duration = Duration::from_secs(24 * 3_600);

/// Push every Okta user and their metadata into Pendo as visitors.
///
/// With no setting it runs against a sandbox of its own. With OKTA_CLIENT_* and PENDO_* set, against
/// what they name: OKTA_CLIENT_ORGURL, OKTA_CLIENT_TOKEN (or OKTA_CLIENT_AUTHORIZATIONMODE with its
/// settings), PENDO_INTEGRATION_KEY, and PENDO_REGION or PENDO_BASE_URL.
///
/// With --store only what changed since the last run is sent, and a run that was killed goes on where it
/// stopped.
///
/// Guards stop it if the source is empty, or more than a fifth of the people (and more than five) have no
/// visitor id; with --store also if too many would lose a value, see --max-removals. With --store all
/// people are judged before the push; without it, the first page alone, and what was there is not known.
///
/// Exit code 0: everybody was delivered or left out by a rule that the summary names; 1: something was
/// not delivered, or ctrl-C came before it was; 2: wrong use or settings; 3: a guard stopped it before
/// the push. With --every and --follow that of the last run.
#[derive(Debug, Parser)]
#[command(version, mut_arg("max_removals", |arg| arg.requires("store")))]
struct Options {
    #[command(flatten)]
    who: VisitorOptions,
    /// Add people whom Pendo does not know; without it they are left out, counted and listed
    #[arg(long)]
    create_missing: bool,
    /// Show which attributes there are and end
    #[arg(long, conflicts_with_all = ["plan", "check", "report"])]
    list_fields: bool,
    #[command(flatten)]
    fields: FieldOptions,
    /// Show what would be sent and send nothing
    #[arg(long, conflicts_with = "report")]
    plan: bool,
    /// Test keys, rights and settings, and change nothing; with --follow the right to read the log, too. No
    /// report is written
    #[arg(long, conflicts_with = "plan")]
    check: bool,
    /// People in a call to Pendo; always 500 with --store
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..),
        conflicts_with = "store")]
    batch_size: u32,
    /// Calls to Pendo under way at once, 1 to 64
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: u32,
    /// Write a report as JSON, with every record that was not delivered and why; with --follow anew after
    /// each full run, when something fails, and at the end
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Remember in this SQLite file what was delivered, and send only what changed since
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    #[command(flatten)]
    losses: LossOptions,
    /// Run again and again, such as every 15m (s, m, h, d); never two runs at once. Ctrl-C ends it in good
    /// order, a second one at once
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with_all = ["plan", "check", "list_fields"])]
    every: Option<Duration>,
    /// Go on until ctrl-C: push who changes, as Okta's System Log tells it, and everybody now and then:
    /// once a day, or every --every; needs --store
    #[arg(long, requires = "store", conflicts_with_all = ["plan", "list_fields"])]
    follow: bool,
    /// How long --follow waits before it asks the log again, such as 5s
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5s", requires = "follow", conflicts_with = "plan")]
    poll: Duration,
    #[command(flatten)]
    hook: HookOptions,
    #[command(flatten)]
    sandbox: SandboxOptions,
}

impl Options {
    fn report_file(&self) -> Option<&Path> {
        self.report.as_deref().filter(|_| !self.check)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match parsed::<Options>("pendo_visitor_sync") {
        Ok(options) => ended("pendo_visitor_sync", run(&options).await),
        Err(code) => code,
    }
}

async fn run(options: &Options) -> Result<(), Failure> {
    options.who.expression()?;
    if options.follow && options.who.limit.is_some() {
        let why = "a canary ends, following does not; run once with --limit first";
        return Err(Failure::Settings(format!("--limit does not go with --follow: {why}")));
    }
    refuse_same(&[("--store", options.store.as_deref()), ("--report", options.report.as_deref())])?;
    announce(options.report_file())?;
    let stop = stop_on_signals()?;
    let systems = Systems::connect(&options.sandbox).await?;
    systems.announce();
    let follows = options.follow && !options.check;
    let patience = options.every.or(follows.then_some(options.poll));
    let verify = async || {
        systems.verify().await?;
        if options.follow { check_log(&systems.okta).await } else { Ok(()) }
    };
    ready(patience, &stop, verify).await?;
    let Options { create_missing, concurrency, .. } = *options;
    let open =
        |path| Incremental::open(path, &systems.pendo, create_missing, concurrency, stop.clone());
    let of = |store: Incremental| {
        store
            .of(systems.okta.org_url().as_str(), options.who.selection())
            .within(options.losses.guards())
    };
    let store = options.store.as_deref().map(open).transpose()?.map(of);
    let visitors = Visitors {
        okta: systems.okta.clone(),
        pendo: systems.pendo.clone(),
        who: options.who.clone(),
        fields: options.fields.clone(),
        create_missing,
        changes_nothing: options.plan || options.check,
        streams: store.is_none(),
        noted: Arc::default(),
    };
    let run = Run { options, systems: &systems, visitors, store: store.as_ref(), stop: &stop };
    match &store {
        Some(store) if follows => run.follow(store).await,
        _ => again(options.every, &stop, || run.once()).await,
    }
}

/// What a run needs.
struct Run<'a> {
    options: &'a Options,
    systems: &'a Systems,
    visitors: Visitors,
    store: Option<&'a Incremental>,
    stop: &'a Stop,
}

impl Run<'_> {
    async fn once(&self) -> Result<(), Failure> {
        let options = self.options;
        // Before anything is sent: a report that cannot be written is a wrong setting.
        let file = options.report_file().map(ReportFile::create).transpose();
        let file = file.map_err(Failure::settings)?;
        let prepared = unless_stopped(self.stop, self.prepare()).await;
        let prepared = match prepared.and_then(|prepared| prepared) {
            Ok(Some(prepared)) => prepared,
            Ok(None) => return Ok(()),
            Err(failure) => return Err(stopped(file, failure)),
        };
        match options.plan {
            true => show_visitors(&self.visitors, prepared, self.store).await,
            false => self.push(prepared, file).await,
        }
    }

    /// Settles which fields there are and creates those that Pendo lacks; nothing when that was all.
    async fn prepare(&self) -> Result<Option<(FieldMap, Listing)>, Failure> {
        if self.options.list_fields {
            return self.visitors.list_fields().await.map(|()| None);
        }
        let prepared = self.visitors.prepare().await?;
        if self.options.check {
            say!("check   settings, keys and rights are right");
            return Ok(None);
        }
        Ok(Some(prepared))
    }

    async fn push(
        &self,
        prepared: (FieldMap, Listing),
        mut file: Option<ReportFile>,
    ) -> Result<(), Failure> {
        let (options, systems) = (self.options, self.systems);
        let (started, read) = (Instant::now(), Arc::new(Read::default()));
        let untried = prepared.0.untried.clone();
        let (mut json, is_delivered) = match self.store {
            Some(store) => match self.push_changed(store, prepared, &read, file.as_mut()).await {
                Ok(pushed) => (pushed.to_json(&read), pushed.is_complete()),
                Err(failure) => return Err(stopped(file, failure)),
            },
            None => {
                let Options { create_missing, batch_size, concurrency, .. } = *options;
                let ((map, people), pendo, stop) = (prepared, &systems.pendo, self.stop);
                let push = FullPush { pendo, create_missing, batch_size, concurrency, stop };
                let report =
                    push.run(people, map, options.who.scope(), &read, file.as_mut()).await?;
                read.print(&options.who.visitor_id);
                print_report(&report);
                if self.stop.is_stopped() {
                    say!("stopped not everybody was read: who was not waits for the next run");
                }
                let is_whole = report.is_complete() && !self.stop.is_stopped();
                (read.to_json(&report), is_whole && report.failed() == 0)
            }
        };
        let (is_complete, others_wait) = (is_delivered && read.failed() == 0, read.others_wait());
        json["complete"] = (is_complete && !others_wait && untried.is_empty()).into();
        json["others_wait"] = others_wait.into();
        json["not_tried"] = untried.into();
        say!("took    {:.1} s", started.elapsed().as_secs_f64());
        file.map_or(Ok(()), |file| read.finish(file, &json))?;
        if let Some(sandbox) = &systems.sandbox {
            let held = thousands(sandbox.pendo().written_count());
            say!("sandbox its Pendo now holds metadata of {held} people");
        }
        if is_complete { Ok(()) } else { Err(Failure::Undelivered) }
    }

    async fn push_changed(
        &self,
        store: &Incremental,
        prepared: (FieldMap, Listing),
        read: &Arc<Read>,
        file: Option<&mut ReportFile>,
    ) -> Result<Pushed, Failure> {
        let plan = store.plan(self.visitors.all(prepared, read)).await?;
        let pushed = store.apply(&plan, file).await?;
        read.print(&self.options.who.visitor_id);
        pushed.print();
        Ok(pushed)
    }

    async fn follow(&self, push: &Incremental) -> Result<(), Failure> {
        let options = self.options;
        let report = FollowReport::begin(options.report.as_deref())?;
        let (interval, stop) = (options.poll, self.stop);
        let follow = push.follow(self.visitors.clone()).interval(interval);
        let follow = follow.full_every(options.every.unwrap_or(FULL_EVERY));
        options.hook.listen(&follow).await?;
        let visitors = &self.visitors;
        FollowVisitors { follow, visitors, interval, stop, report }.run().await
    }
}
