//! Adds, looks up, changes and deactivates people in Okta for another system.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind as Use;
use clap::{Parser, ValueEnum};
use examples::actions::{Action, ActionError, Answer, Command, Stop, Tally, serve};
use examples::{Failure, SandboxOptions, connect_okta, say};
use futures::TryStreamExt;
use okta_client::Okta;
use serde_json::json;

/// Add, look up, change and deactivate people in Okta.
///
/// With no setting it runs on a sandbox of its own, which ends with it. With OKTA_CLIENT_ORGURL and
/// OKTA_CLIENT_TOKEN set (or OKTA_CLIENT_AUTHORIZATIONMODE with its settings), on the org they name. The
/// credential is tested by one read first.
///
/// Every action may be repeated: adding finds who is there, deactivating reports who is deactivated.
///
/// Exit code 0: done, or nothing was to be done; 1: an action failed; 2: wrong use or settings.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
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
    /// Write a report as JSON: how often each outcome came, and what was not done and why
    #[arg(long, global = true, value_name = "FILE")]
    report: Option<PathBuf>,
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
    let as_json = options.output == Output::Json || matches!(options.command, Some(Command::Serve));
    match run(&options, as_json).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop { error, exit_code }) => {
            complain(&error, as_json);
            ExitCode::from(exit_code)
        }
    }
}

fn complain(error: &ActionError, as_json: bool) {
    match as_json {
        true => eprintln!("{}", json!(error)),
        false => eprintln!("okta_user_actions: {error}"),
    }
}

/// Programs that want JSON get it for wrong use, too.
fn misused(error: &clap::Error) -> ExitCode {
    let is_help =
        !error.use_stderr() || error.kind() == Use::DisplayHelpOnMissingArgumentOrSubcommand;
    let args: Vec<String> = std::env::args().collect();
    let wants_json = args.windows(2).any(|two| two == ["--output", "json"])
        || args.contains(&"--output=json".into());
    match wants_json && !is_help {
        true => {
            complain(&ActionError::new("usage", error.to_string().replace('\n', " ").trim()), true)
        }
        false => drop(error.print()),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

async fn run(options: &Options, as_json: bool) -> Result<(), Stop> {
    let (okta, sandbox) = connect_okta(&options.sandbox).await?;
    if !as_json {
        say!("Okta    {}{}", okta.org_url(), if sandbox.is_some() { " (sandbox)" } else { "" });
    }
    // A credential that may not even read is a wrong setting, told before anything is done.
    let one = okta.users().list().page_size(1).limit(1).stream().try_next().await;
    one.map_err(Stop::wrong)?;
    if options.check {
        match as_json {
            true => say!("{}", json!({"outcome": "checked", "org": okta.org_url()})),
            false => say!("check   settings and credential are right"),
        }
        return Ok(());
    }
    let Some(command) = &options.command else {
        return Err(Stop::wrong(ActionError::new("invalid", "say what to do; --help shows it")));
    };
    let mut report = Tally::start(options.report.as_deref())?;
    let result = match command.action(&okta).await? {
        Some(action) => once(&okta, options, &action, as_json, &mut report).await,
        None => answer_lines(&okta, options, &mut report).await,
    };
    report.finish().map_err(Stop::from).and(result)
}

async fn answer_lines(okta: &Okta, options: &Options, report: &mut Tally) -> Result<(), Stop> {
    let (input, output) = (std::io::stdin().lock(), std::io::stdout());
    let served = serve(okta, options.plan, input, output, |answer| report.add(answer)).await;
    let served = served.map_err(|error| ActionError::new("broken_pipe", error.to_string()))?;
    match served.failed {
        0 => Ok(()),
        failed => {
            let all = served.done + failed;
            Err(ActionError::new("undone", format!("{failed} of {all} commands failed")).into())
        }
    }
}

async fn once(
    okta: &Okta,
    options: &Options,
    action: &Action,
    as_json: bool,
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

fn print(answer: &Answer, as_json: bool) {
    match as_json {
        true => say!("{}", json!(answer)),
        false => say!("{answer}"),
    }
}
