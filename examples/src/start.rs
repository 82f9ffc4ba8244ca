//! How every program begins and ends.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use okta_client::SecretString;

use crate::Failure;

/// The options of the command line; wrong ones are told in one line, with exit code 2.
///
/// # Errors
/// The exit code, when there is nothing to be done: after `--help`, or a complaint.
pub fn parsed<T: Parser>(program: &'static str) -> Result<T, ExitCode> {
    let mut command = T::command().name(program);
    let matches = command.try_get_matches_from_mut(std::env::args_os());
    let parsed = matches.and_then(|matches| {
        T::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    });
    parsed.map_err(|error| {
        if error.use_stderr() {
            let _ = writeln!(std::io::stderr(), "{program}: {}", in_one_line(&error));
        } else {
            let _ = error.print();
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// The arguments of a short program, which has no options: what begins like one is no data.
///
/// # Errors
/// How the program is called.
pub fn arguments(usage: &str) -> Result<Vec<String>, String> {
    let args = std::env::args_os().skip(1).map(OsString::into_string);
    let args: Result<Vec<_>, _> = args.collect();
    match args {
        Ok(args) if args.first().is_none_or(|first| is_meant(first, usage)) => Ok(args),
        Ok(_) => Err(format!("usage: {usage}")),
        Err(odd) => Err(format!("{} is not UTF-8; usage: {usage}", odd.display())),
    }
}

/// What begins like an option is none, unless the usage names it.
fn is_meant(first: &str, usage: &str) -> bool {
    !first.starts_with('-') || usage.contains(&format!("[{first}]"))
}

/// What clap has to say, less its hint at the usage.
pub fn in_one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let said = text.split("\nUsage:").next().unwrap_or(&text);
    let said = said.split("\nFor more information").next().unwrap_or(said);
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix("error: ").unwrap_or(line)).collect();
    let line = lines.join(" ").replace(" tip: ", "; tip: ");
    format!("{line}; --help shows the options")
}

/// What the program ends with: a line that says why, unless everything went well.
pub fn ended(program: &str, result: Result<(), Failure>) -> ExitCode {
    let Err(failure) = result else { return ExitCode::SUCCESS };
    let _ = writeln!(std::io::stderr(), "{program}: {failure}");
    ExitCode::from(failure.exit_code())
}

/// A secret, which is in the environment: what stands in a command line, everybody on the machine can
/// see.
///
/// # Errors
/// When the variable is not set, or empty.
pub fn secret_of(option: &str, variable: &str) -> Result<SecretString, Failure> {
    let value = std::env::var(variable).ok().filter(|value| !value.trim().is_empty());
    let missing = || Failure::Settings(format!("{option}: the variable {variable} is not set"));
    value.map(Into::into).ok_or_else(missing)
}
