//! Commands as JSON lines: one answer for each, in their order.

use std::io::{BufRead, Read, Write};

use okta_client::Okta;
use provisioning::Stop;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::{Receiver, channel};

use super::{Action, ActionError, Answer};

/// A longer line is no command.
pub(super) const LONGEST: u64 = 1 << 20;

/// What came of the commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Done.
    pub done: u64,
    /// Answered with an error.
    pub failed: u64,
}

impl Served {
    pub(super) fn count(&mut self, answer: &Value) {
        let count = if answer["ok"] == true { &mut self.done } else { &mut self.failed };
        *count += 1;
    }
}

/// The lines of standard input as they come, read by a thread of their own: a program that waits for the
/// next one can be told to end.
pub fn lines_of_stdin() -> Receiver<std::io::Result<Vec<u8>>> {
    let (send, receive) = channel(1);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        while let Some(line) = next_line(&mut input).transpose() {
            let is_last = line.is_err();
            if send.blocking_send(line).is_err() || is_last {
                return;
            }
        }
    });
    receive
}

/// Takes commands such as `{"action": "get", "user": "ada@acme.example", "id": 7}` until the lines end, and
/// answers each with a line: `{"id": 7, "line": 1, "ok": true, "result": [...]}` or
/// `{..., "ok": false, "error": {"code": ..., "cause": ...}}`. A command that fails stops nothing. When it is
/// told to end, the command that is under way is finished and answered, and no other one begun.
///
/// `seen` is called with each answer before it is written.
///
/// # Errors
/// When the input cannot be read, or the output not be written.
pub async fn serve(
    okta: &Okta,
    how: &Serving<'_>,
    mut lines: Receiver<std::io::Result<Vec<u8>>>,
    mut output: impl Write,
    mut seen: impl FnMut(&Value) -> std::io::Result<()>,
) -> std::io::Result<Served> {
    let (mut served, mut number) = (Served::default(), 0_u64);
    while how.limit.is_none_or(|limit| served.done + served.failed < limit) {
        let line = tokio::select! {
            biased;
            () = how.stop.stopped() => break,
            line = lines.recv() => line,
        };
        let Some(line) = line.transpose()? else { break };
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let mut answer = answer(okta, how.plan, &line).await;
        answer["line"] = number.into();
        mark(&mut answer, how.sandbox);
        served.count(&answer);
        seen(&answer)?;
        // Written out at once: whoever asks waits for it.
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(served)
}

/// How commands are taken.
#[derive(Debug)]
pub struct Serving<'a> {
    /// Nothing is changed.
    pub plan: bool,
    /// The org is a sandbox's: answers say so.
    pub sandbox: bool,
    /// Only the first so many are carried out.
    pub limit: Option<u64>,
    /// When it is to end.
    pub stop: &'a Stop,
}

/// Says that nothing real was touched.
pub(super) fn mark(answer: &mut Value, sandbox: bool) {
    if sandbox {
        answer["sandbox"] = true.into();
    }
}

/// What a command is answered with.
pub(super) async fn answer(okta: &Okta, plan: bool, command: &[u8]) -> Value {
    let (id, result) = match read(command) {
        Ok((id, Ok(action))) => (id, act(okta, &action, plan).await),
        Ok((id, Err(error))) => (id, Err(error)),
        Err(error) => (Value::Null, Err(error)),
    };
    match result {
        Ok(result) => json!({"id": id, "ok": true, "result": result}),
        Err(error) => json!({"id": id, "ok": false, "error": error}),
    }
}

async fn act(okta: &Okta, action: &Action, plan: bool) -> Result<Vec<Answer>, ActionError> {
    if plan { action.plan(okta).await } else { action.perform(okta).await }
}

type Command = (Value, Result<Action, ActionError>);

fn read(line: &[u8]) -> Result<Command, ActionError> {
    let wrong = |error| ActionError::new("bad_command", format!("this is no command: {error}"));
    if line.len() as u64 > LONGEST {
        return Err(ActionError::new("bad_command", "this line is longer than 1 MiB"));
    }
    let mut members: Map<String, Value> = serde_json::from_slice(line).map_err(wrong)?;
    let id = members.remove("id").unwrap_or_default();
    Ok((id, Action::deserialize(Value::Object(members)).map_err(wrong)))
}

/// The next line; of one that is too long only the beginning and a bit more.
fn next_line(input: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    input.by_ref().take(LONGEST + 1).read_until(b'\n', &mut line)?;
    if line.len() as u64 > LONGEST && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(Some(line).filter(|line| !line.is_empty()))
}
