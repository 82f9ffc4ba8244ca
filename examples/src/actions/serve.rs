//! Commands as JSON lines: one answer for each, in their order.

use std::io::{BufRead, Read, Write};

use okta_client::Okta;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Action, ActionError, Answer};

/// A longer line is no command.
const LONGEST: u64 = 1 << 20;

/// What came of the commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Done.
    pub done: u64,
    /// Answered with an error.
    pub failed: u64,
}

/// Reads commands such as `{"action": "get", "user": "ada@acme.example", "id": 7}` until the input ends,
/// and answers each with a line: `{"id": 7, "line": 1, "ok": true, "result": [...]}` or
/// `{..., "ok": false, "error": {"code": ..., "cause": ...}}`. A command that fails stops nothing.
///
/// `seen` is called with each answer before it is written.
///
/// # Errors
/// When the input cannot be read, or the output not be written.
pub async fn serve(
    okta: &Okta,
    plan: bool,
    mut input: impl BufRead,
    mut output: impl Write,
    mut seen: impl FnMut(&Value) -> std::io::Result<()>,
) -> std::io::Result<Served> {
    let (mut served, mut number) = (Served::default(), 0_u64);
    while let Some(line) = next_line(&mut input)? {
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let (id, result) = match read(&line) {
            Ok((id, Ok(action))) => (id, act(okta, &action, plan).await),
            Ok((id, Err(error))) => (id, Err(error)),
            Err(error) => (Value::Null, Err(error)),
        };
        let answer = match result {
            Ok(result) => json!({"id": id, "line": number, "ok": true, "result": result}),
            Err(error) => json!({"id": id, "line": number, "ok": false, "error": error}),
        };
        let count = if answer["ok"] == true { &mut served.done } else { &mut served.failed };
        *count += 1;
        seen(&answer)?;
        // Written out at once: whoever asks waits for it.
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(served)
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
