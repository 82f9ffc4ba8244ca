//! Adds, looks up, changes and deactivates people in Okta for another system.

use std::cell::RefCell;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind as Use;
use clap::{Parser, ValueEnum};
use examples::actions::{
    Action, ActionError, Answer, Command, Listen, Served, Serving, Stop, Tally, lines_of_stdin,
    serve,
};
use examples::{
    Failure, SandboxOptions, connect_okta, duration, in_one_line, origin, say, secret_of,
    stop_on_signals,
};
use futures::TryStreamExt;
use okta_client::Okta;
use provisioning::{Stop as End, every, plain};
use serde_json::{Value, json};

/// Add, look up, change and deactivate people in Okta.
///
/// With no setting it runs on a sandbox of its own, which ends with it. With OKTA_CLIENT_ORGURL and
/// OKTA_CLIENT_TOKEN set (or OKTA_CLIENT_AUTHORIZATIONMODE with its settings), or with an okta.yaml of
/// Okta's SDKs, on the org they name. The credential is tested by one read first.
///
/// Every action may be repeated: adding finds who is there, deactivating reports who is deactivated, and
/// who is gone.
///
/// Exit code 0: done, or nothing was to be done; 1: an action failed; 2: wrong use or settings. With
/// --every that of the last run.
#[derive(Debug, Parser)]
#[command(name = "okta_user_actions", version, arg_required_else_help = true)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// How answers are printed; as JSON, errors are one object on standard error, with code and cause
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Show what would be done and change nothing
    #[arg(long, global = true)]
    plan: bool,
    /// Test the settings and the credential, and change nothing
    #[arg(long, global = true)]
    check: bool,
    /// Write a report as JSON (not with --check): how often each outcome came, and what was not done and why
    #[arg(long, global = true, value_name = "FILE")]
    report: Option<PathBuf>,
    /// At most so many: people that `get` shows, commands that `serve` carries out
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Do it again and again, such as every 15m (s, m, h, d); ctrl-C ends it in good order, a second one at
    /// once. Not for `serve` and `listen`, which go on by themselves
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    every: Option<Duration>,
    #[command(flatten)]
    sandbox: SandboxOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => return misused(&error),
    };
    let goes_on = matches!(options.command, Some(Command::Serve | Command::Listen { .. }));
    let as_json = options.output == Output::Json || goes_on;
    match run(&options, as_json).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop { error, exit_code }) => {
            complain(&error, as_json);
            ExitCode::from(exit_code)
        }
    }
}

fn complain(error: &ActionError, as_json: bool) {
    let _ = match as_json {
        true => writeln!(std::io::stderr(), "{}", json!(error)),
        false => writeln!(std::io::stderr(), "okta_user_actions: {}", plain(&error.to_string())),
    };
}

/// Programs that want JSON get it for wrong use, too.
fn misused(error: &clap::Error) -> ExitCode {
    let is_help =
        !error.use_stderr() || error.kind() == Use::DisplayHelpOnMissingArgumentOrSubcommand;
    let args: Vec<_> = std::env::args_os().collect();
    let wants_json = args.windows(2).any(|two| two[0] == "--output" && two[1] == "json")
        || args.iter().any(|arg| arg == "--output=json");
    match (is_help, wants_json) {
        (true, _) => drop(error.print()),
        (false, true) => {
            complain(&ActionError::new("usage", in_one_line(error)), true);
        }
        (false, false) => complain(&ActionError::new("usage", in_one_line(error)), false),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

async fn run(options: &Options, as_json: bool) -> Result<(), Stop> {
    if let Some(why) = misfit(options) {
        return Err(Stop::wrong(ActionError::new("invalid", why)));
    }
    let end = stop_on_signals()?;
    let (okta, sandbox) = connect_okta(&options.sandbox).await?;
    if !as_json {
        say!("Okta    {}{}", okta.org_url(), origin(sandbox.is_some()));
    }
    // A credential that may not even read is a wrong setting, told before anything is done.
    let one = okta.users().list().page_size(1).limit(1).stream().try_next().await;
    one.map_err(Stop::wrong)?;
    if options.check {
        match as_json {
            true => {
                let checked = json!({"outcome": "checked", "org": okta.org_url()});
                say!("{}", marked(checked, sandbox.is_some()));
            }
            false => say!("check   settings and credential are right"),
        }
        return Ok(());
    }
    let Some(command) = &options.command else {
        return Err(Stop::wrong(ActionError::new("invalid", "say what to do; --help shows it")));
    };
    match (command, command.action(&okta, options.limit).await?) {
        (_, Some(action)) => {
            let sandbox = sandbox.is_some();
            again(&okta, options, &action, as_json.then_some(sandbox), &end).await
        }
        (Command::Listen { address, secret_from }, None) => {
            let secret = secret_of("--secret-from", secret_from)?;
            let (plan, sandbox) = (options.plan, sandbox.is_some());
            let listen = Listen { okta, plan, sandbox, address: *address, secret };
            receive(listen, options, &end).await
        }
        (_, None) => answer_lines(&okta, options, sandbox.is_some(), &end).await,
    }
}

/// Which options do not go together, and what to do; clap does not see those before and behind the action at once.
fn misfit(options: &Options) -> Option<&'static str> {
    use Command::{Get, Listen, Serve};
    Some(match options {
        Options { every: Some(_), command: Some(Serve | Listen { .. }), .. } => {
            "--every does not go with serve and listen: they take commands as they come"
        }
        Options { every: Some(_), plan: true, .. }
        | Options { every: Some(_), check: true, .. } => {
            "--every does not go with --plan and --check: they are done once"
        }
        Options { check: true, plan: true, .. } => {
            "--plan does not go with --check, which does nothing but test; give one of them"
        }
        Options { limit: Some(_), command, .. } if !matches!(command, Some(Get { .. } | Serve)) => {
            "--limit is for get and serve; leave it out"
        }
        _ => return None,
    })
}

/// Once, or with `--every` until it is told to end: an action that fails is tried again by the next run.
async fn again(
    okta: &Okta,
    options: &Options,
    action: &Action,
    as_json: Option<bool>,
    end: &End,
) -> Result<(), Stop> {
    let run = async || {
        let mut report = Tally::start(options.report.as_deref())?;
        let result = once(okta, options, action, as_json, &mut report).await;
        report.finish(result.is_ok()).map_err(Stop::from).and(result)
    };
    let Some(period) = options.every else { return run().await };
    let last = RefCell::new(Ok(()));
    let runs = every(period, end.clone(), || async {
        let ended = run().await;
        if let (Err(stop), false) = (&ended, end.is_stopped()) {
            complain(&stop.error, as_json.is_some());
        }
        *last.borrow_mut() = ended;
        ControlFlow::<()>::Continue(())
    });
    runs.await;
    last.into_inner()
}

async fn answer_lines(
    okta: &Okta,
    options: &Options,
    sandbox: bool,
    end: &End,
) -> Result<(), Stop> {
    let mut report = Tally::start(options.report.as_deref())?;
    let how = Serving { plan: options.plan, sandbox, limit: options.limit, stop: end };
    let (lines, output) = (lines_of_stdin(), std::io::stdout());
    let served = serve(okta, &how, lines, output, |answer| report.add(answer)).await;
    let served = served.map_err(|error| ActionError::new("broken_pipe", error.to_string()).into());
    report
        .finish(served.is_ok())
        .map_err(Stop::from)
        .and(served)
        .and_then(|served| all_done(&served))
}

async fn receive(listen: Listen, options: &Options, end: &End) -> Result<(), Stop> {
    let report = Tally::start(options.report.as_deref())?;
    let sandbox = listen.sandbox;
    let ready = |address| {
        let listening = json!({"outcome": "listening", "url": format!("http://{address}")});
        say!("{}", marked(listening, sandbox));
    };
    let (served, report) = listen.run(end, report, ready).await?;
    report.finish(true)?;
    all_done(&served)
}

fn all_done(served: &Served) -> Result<(), Stop> {
    let all = served.done + served.failed;
    match served.failed {
        0 => Ok(()),
        failed => {
            Err(ActionError::new("undone", format!("{failed} of {all} commands failed")).into())
        }
    }
}

async fn once(
    okta: &Okta,
    options: &Options,
    action: &Action,
    as_json: Option<bool>,
    report: &mut Tally,
) -> Result<(), Stop> {
    let answers = match options.plan {
        true => action.plan(okta).await,
        false => action.perform(okta).await,
    };
    let noted = match &answers {
        Ok(answers) => report.add(&json!({"ok": true, "result": answers})),
        Err(error) => report.add(&json!({"ok": false, "error": error})),
    };
    noted.map_err(Failure::running)?;
    answers?.iter().for_each(|answer| print(answer, as_json));
    Ok(())
}

/// As JSON it says that the org is a sandbox's, which is otherwise said at the beginning.
fn print(answer: &Answer, as_json: Option<bool>) {
    match as_json {
        Some(sandbox) => say!("{}", marked(json!(answer), sandbox)),
        None => say!("{answer}"),
    }
}

fn marked(mut answer: Value, sandbox: bool) -> Value {
    if sandbox {
        answer["sandbox"] = true.into();
    }
    answer
}
