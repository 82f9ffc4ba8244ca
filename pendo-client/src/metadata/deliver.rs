//! Sending one chunk until every record in it has its outcome.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use rest_core::{ErrorKind, Transport};
use serde_json::Value;

use super::answer::judge;
use super::chunk::Chunk;
use super::halving::{Halving, Reply};
use super::report::Delivery;
use super::{Group, Kind};
use crate::error::Error;
use crate::pendo::Pendo;

/// Pendo's own limit is five minutes, and its 408 is worth waiting for: it says to send less at once,
/// so it is not repeated as it was.
const CALL_TIMEOUT: Duration = Duration::from_secs(310);
const NO_COUNTS: &str = "the answer does not say what became of the records";

/// Where records go.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) pendo: Pendo,
    pub(super) kind: Kind,
    pub(super) group: Group,
    pub(super) create_missing: bool,
}

/// A chunk with all its outcomes.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) ids: Vec<Arc<str>>,
    pub(super) deliveries: Vec<Delivery>,
    /// How many records a call may hold, when that was found to be less than the chunk had.
    pub(super) fits: Option<usize>,
    pub(super) trouble: Option<Trouble>,
}

/// A failure that is not about the records.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The next chunk would fail in the same way.
    Lasting(Error),
    /// The next chunk may pass.
    Passing(Error),
}

pub(super) async fn deliver(target: Arc<Target>, chunk: Chunk) -> Delivered {
    let mut halving = Halving::new(chunk.ids().len());
    let mut trouble = None;
    while let Some(piece) = halving.next_piece() {
        let reply = match target.send(&chunk, &piece).await {
            Ok(answer) => judged(&chunk, &piece, &answer),
            Err(error) => failed(error, &mut trouble),
        };
        halving.reply(piece, reply);
    }
    let fits = halving.fits();
    Delivered { ids: chunk.into_ids(), deliveries: halving.into_outcomes(), fits, trouble }
}

impl Target {
    async fn send(&self, chunk: &Chunk, piece: &[usize]) -> Result<Value, Error> {
        let args = [self.kind.as_str(), self.group.as_str()];
        let request = self
            .pendo
            .request(Method::POST, "/api/v1/metadata/{kind}/{group}/value", args)
            .query_opt("create", self.create_missing.then_some(true))
            .raw_body("application/json", chunk.body(piece))
            .safe_to_repeat()
            .final_on(&[408])
            .timeout(CALL_TIMEOUT);
        request.json_or_default().await
    }
}

fn judged(chunk: &Chunk, piece: &[usize], answer: &Value) -> Reply {
    if answer.is_null() {
        // No smaller call would be told more.
        return Reply::Broken { reason: NO_COUNTS.into() };
    }
    let sent: Vec<&str> = piece.iter().map(|position| &*chunk.ids()[*position]).collect();
    match judge(answer, &sent) {
        Some(verdict) => Reply::Judged(verdict),
        None => Reply::Refused { reason: NO_COUNTS.into(), too_big: false },
    }
}

/// 400 and 422 are about some record, 408 and 413 about too many of them, the rest about the push.
fn failed(error: Error, trouble: &mut Option<Trouble>) -> Reply {
    let reason: Arc<str> = error.kind().to_string().into();
    match error.status().map(|status| status.as_u16()) {
        Some(400 | 422) => {
            return Reply::Refused { reason, too_big: false };
        }
        Some(408 | 413) => {
            return Reply::Refused { reason, too_big: true };
        }
        _ => {}
    }
    *trouble =
        Some(if is_lasting(&error) { Trouble::Lasting(error) } else { Trouble::Passing(error) });
    Reply::Broken { reason }
}

fn is_lasting(error: &Error) -> bool {
    if error.retry_after().is_some() {
        return false;
    }
    match error.kind() {
        ErrorKind::Api { status, .. } => {
            !status.is_server_error() && !matches!(status.as_u16(), 409 | 429)
        }
        ErrorKind::Transport(Transport::Connect) => true,
        ErrorKind::Auth(_) | ErrorKind::Request(_) => true,
        _ => false,
    }
}
