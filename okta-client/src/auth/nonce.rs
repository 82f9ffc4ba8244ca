//! The nonces that a server wants to see in proofs, and how many calls may use them at once.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand;
use http::{HeaderMap, HeaderName};
use rest_core::Turn;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::auth::jwt;

pub(super) const PROOF: HeaderName = HeaderName::from_static("dpop");
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Nonces that are kept: more than there are requests in flight.
const KEPT: usize = 128;
/// Calls that may go together as long as the server does not force fewer.
const WIDEST: u32 = 1024;
/// Answers after which twice as many calls may go together again.
const CALM: u32 = 32;
/// How long no turn may end before callers go on without one: the holder may be a call that nobody
/// polls any more.
const STUCK: Duration = Duration::from_secs(10);

/// The nonces of one server.
///
/// A nonce that nobody used yet is given to one call alone, so that servers that take each once are
/// served at full width; when there is none, the newest is shared. When a call is refused again with
/// the nonce that its own refusal brought, nonces go stale faster than answers come: then fewer calls
/// go together.
pub(super) struct Nonces {
    state: Mutex<State>,
    /// `WIDEST` permits; a turn takes as many as leave room for `width` turns.
    lane: Arc<Semaphore>,
    turns: AtomicU64,
}

struct State {
    /// Oldest first.
    known: VecDeque<Known>,
    width: u32,
    /// Answers since `width` changed.
    calm: u32,
    /// Refusals with no other answer between them.
    in_a_row: u32,
    answers_since_refusal: u32,
}

struct Known {
    nonce: String,
    used: bool,
}

/// A turn, how many could be had at once when it was taken, and how often its call was refused since.
struct Lease {
    _permit: OwnedSemaphorePermit,
    width: u32,
    refusals: u32,
}

/// What a proof that we sent said.
#[derive(Deserialize)]
struct Sent {
    nonce: Option<String>,
}

impl Sent {
    fn read(headers: &HeaderMap) -> Option<Self> {
        jwt::claims(headers.get(PROOF)?.to_str().ok()?)
    }
}

impl Default for Nonces {
    fn default() -> Self {
        let state = State {
            known: VecDeque::new(),
            width: WIDEST,
            calm: 0,
            in_a_row: 0,
            answers_since_refusal: 0,
        };
        let lane = Arc::new(Semaphore::new(WIDEST as usize));
        Self { state: Mutex::new(state), lane, turns: AtomicU64::new(0) }
    }
}

impl Nonces {
    /// The nonce for one proof: the newest that is unused, else the newest.
    pub(super) fn take(&self) -> Option<String> {
        let mut state = self.lock();
        let unused = state.known.iter().rposition(|known| !known.used);
        let nth = unused.or_else(|| state.known.len().checked_sub(1))?;
        let known = state.known.get_mut(nth)?;
        known.used = true;
        Some(known.nonce.clone())
    }

    /// Learns the nonce that an answer offers. The one that was sent is no news: it may have been
    /// refused meanwhile.
    pub(super) fn answered(&self, sent: &HeaderMap, answer: &HeaderMap) {
        self.lock().note_answer();
        let (Some(offered), Some(sent)) = (offered(answer), Sent::read(sent)) else { return };
        if sent.nonce.as_deref() != Some(offered) {
            self.lock().learn(offered);
        }
    }

    /// Whether another proof would say something else than the one that was refused. `asked`: the
    /// server said that the nonce was the reason. A 401 that gives no reason but offers a nonce means
    /// the same when there was none.
    pub(super) fn refused(&self, sent: &HeaderMap, answer: &HeaderMap, asked: bool) -> bool {
        let Some(Sent { nonce }) = Sent::read(sent) else { return false };
        if !asked && (nonce.is_some() || offered(answer).is_none()) {
            return false;
        }
        let mut state = self.lock();
        if let Some(nonce) = nonce {
            state.forget(&nonce);
        }
        state.prefer(offered(answer));
        !state.known.is_empty()
    }

    /// Waits for leave to send: at once, unless nonces go stale so fast that few calls at a time can
    /// know the right one. Who was refused keeps the turn, and so the nonce that came with the refusal.
    pub(super) async fn turn(&self, last: Turn) -> Turn {
        let mut lease = last.into_held::<Lease>();
        if let Some(lease) = &mut lease {
            lease.refusals += 1;
            if lease.refusals > 1 {
                self.lock().narrow(lease.width, WIDEST - self.lane.available_permits() as u32);
            }
        }
        loop {
            let width = self.lock().width;
            if let Some(lease) = lease.filter(|lease| lease.width <= width) {
                self.let_others_pass(width).await;
                return Turn::held(lease);
            }
            let permits = Arc::clone(&self.lane).acquire_many_owned(WIDEST / width);
            let Some(permit) = self.unless_stuck(permits).await else { return Turn::default() };
            lease = Some(Lease { _permit: permit, width, refusals: 0 });
        }
    }

    /// `None` when no turn begins for long.
    async fn unless_stuck<G, E>(&self, turn: impl Future<Output = Result<G, E>>) -> Option<G> {
        let mut turn = pin!(turn);
        loop {
            let before = self.turns.load(Relaxed);
            match timeout(STUCK, &mut turn).await {
                Ok(turn) => {
                    self.turns.fetch_add(1, Relaxed);
                    return turn.ok();
                }
                Err(_) if self.turns.load(Relaxed) == before => return None,
                Err(_) => {}
            }
        }
    }

    /// Another process that uses up the same nonces at the same pace would refuse us for ever.
    async fn let_others_pass(&self, width: u32) {
        let refusals = self.lock().in_a_row;
        let mut random = [0];
        if width == 1 && refusals >= 2 && rand::fill(&mut random).is_ok() {
            let most = 2_u64 << refusals.min(6);
            sleep(Duration::from_millis(most * u64::from(random[0]) / 256)).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// One that is known is no news: another answer may have brought a newer one meanwhile.
    fn learn(&mut self, nonce: &str) {
        if self.known.iter().any(|known| known.nonce == nonce) {
            return;
        }
        if self.known.len() == KEPT {
            self.known.pop_front();
        }
        self.known.push_back(Known { nonce: nonce.to_owned(), used: false });
    }

    fn note_answer(&mut self) {
        self.answers_since_refusal = self.answers_since_refusal.saturating_add(1);
        if self.answers_since_refusal > 1 {
            self.in_a_row = 0;
        }
        self.calm = self.calm.saturating_add(1);
        if self.calm >= CALM {
            (self.calm, self.width) = (0, (self.width * 2).min(WIDEST));
        }
    }

    /// A refusal brings the nonce of this moment, though answers overtake each other.
    fn prefer(&mut self, offered: Option<&str>) {
        let nth = self.known.iter().position(|known| Some(known.nonce.as_str()) == offered);
        if let Some(known) = nth.and_then(|nth| self.known.remove(nth)) {
            self.known.push_back(known);
        }
    }

    fn forget(&mut self, refused: &str) {
        (self.in_a_row, self.answers_since_refusal) = (self.in_a_row.saturating_add(1), 0);
        self.known.retain(|known| known.nonce != refused);
    }

    /// `width`: at which it was too wide, which others may have noticed before. `held`: permits.
    fn narrow(&mut self, width: u32, held: u32) {
        if width <= self.width {
            let busy = held / (WIDEST / width);
            (self.calm, self.width) = (0, (busy.min(width) / 4).max(1));
        }
    }
}

fn offered(answer: &HeaderMap) -> Option<&str> {
    answer.get(NONCE)?.to_str().ok().filter(|nonce| !nonce.is_empty())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use futures::FutureExt;
    use serde_json::json;

    use super::*;

    fn proof(nonce: Option<&str>) -> HeaderMap {
        let claims = match nonce {
            Some(nonce) => json!({"jti": "x", "nonce": nonce}),
            None => json!({"jti": "x"}),
        };
        let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()));
        HeaderMap::from_iter([(PROOF, token.parse().unwrap())])
    }

    fn offer(nonce: &str) -> HeaderMap {
        HeaderMap::from_iter([(NONCE, nonce.parse().unwrap())])
    }

    fn refuse(nonces: &Nonces, sent: Option<&str>, offered: &str) -> bool {
        nonces.answered(&proof(sent), &offer(offered));
        nonces.refused(&proof(sent), &offer(offered), true)
    }

    fn take(nonces: &Nonces) -> String {
        nonces.take().unwrap_or_default()
    }

    #[test]
    fn unused_nonces_are_given_to_one_call_each_and_the_newest_is_shared() {
        let nonces = Nonces::default();
        assert_eq!(nonces.take(), None);
        for offered in ["a", "b", "c", "b"] {
            nonces.answered(&proof(None), &offer(offered));
        }
        assert_eq!(std::array::from_fn(|_| take(&nonces)), ["c", "b", "a", "c", "c"]);
        nonces.answered(&proof(Some("a")), &offer("a"));
        nonces.answered(&proof(Some("c")), &HeaderMap::new());
        nonces.answered(&proof(Some("c")), &offer(""));
        nonces.answered(&HeaderMap::new(), &offer("d"));
        assert_eq!(take(&nonces), "c", "nothing of that is news");
        for nth in 0..1000 {
            nonces.answered(&proof(None), &offer(&format!("n{nth}")));
        }
        assert_eq!(nonces.lock().known.len(), KEPT);
    }

    #[test]
    fn a_proof_is_made_again_only_when_it_would_differ() {
        let nonces = Nonces::default();
        assert!(!nonces.refused(&proof(None), &HeaderMap::new(), true), "no nonce was offered");
        assert!(refuse(&nonces, None, "a") && refuse(&nonces, Some("a"), "b"));
        assert!(!refuse(&nonces, Some("b"), "b"), "it asks for what it was given");
        assert!(!nonces.refused(&HeaderMap::new(), &offer("b"), true), "no proof was sent");
        nonces.answered(&proof(None), &offer("b"));
        assert!(nonces.refused(&proof(None), &offer("b"), false), "no reason but a nonce");
        nonces.answered(&proof(Some("b")), &offer("c"));
        assert!(!nonces.refused(&proof(Some("b")), &offer("c"), false), "that is about the token");
    }

    #[test]
    fn what_a_refusal_offers_is_the_newest_though_an_older_one_came_later() {
        let nonces = Nonces::default();
        for offered in ["new", "old"] {
            nonces.answered(&proof(None), &offer(offered));
        }
        assert_eq!(take(&nonces), "old");
        assert!(refuse(&nonces, Some("old"), "new"));
        assert_eq!([take(&nonces), take(&nonces)], ["new", "new"]);
    }

    /// The turn after one that ended in a refusal.
    async fn refused(nonces: &Nonces, turn: Turn) -> Turn {
        nonces.turn(turn).now_or_never().unwrap_or_default()
    }

    fn is_free(nonces: &Nonces) -> bool {
        nonces.turn(Turn::default()).now_or_never().is_some()
    }

    #[tokio::test]
    async fn calls_go_alone_only_while_they_are_refused_again_and_again() {
        let nonces = Nonces::default();
        let mut turns = Vec::new();
        for _ in 0..8 {
            turns.push(nonces.turn(Turn::default()).await);
        }
        for turn in &mut turns {
            *turn = refused(&nonces, std::mem::take(turn)).await;
        }
        assert_eq!(nonces.lock().width, WIDEST, "a long-lived nonce ended for all");
        for turn in &mut turns {
            *turn = refused(&nonces, std::mem::take(turn)).await;
        }
        assert_eq!(nonces.lock().width, 2, "of eight, counted once");
        drop(turns);
        let (first, second) =
            (nonces.turn(Turn::default()).await, nonces.turn(Turn::default()).await);
        assert!(!is_free(&nonces));
        let first = refused(&nonces, first).await;
        drop((refused(&nonces, first).await, second));
        let alone = nonces.turn(Turn::default()).await;
        let alone = refused(&nonces, alone).await;
        assert!(!is_free(&nonces), "who was refused alone keeps the turn");
        for _ in 0..CALM {
            nonces.answered(&proof(None), &HeaderMap::new());
        }
        drop(alone);
        let _one = nonces.turn(Turn::default()).await;
        assert!(is_free(&nonces), "it is tried again whether two may go together");
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_nobody_ends_holds_nobody_up_for_ever() {
        let nonces = Nonces::default();
        let forgotten = nonces.turn(Turn::default()).await;
        nonces.lock().narrow(WIDEST, 1);
        let started = tokio::time::Instant::now();
        drop(nonces.turn(Turn::default()).await);
        assert_eq!(started.elapsed(), STUCK);
        drop(forgotten);
        drop(nonces.turn(Turn::default()).await);
        assert_eq!(started.elapsed(), STUCK);
    }
}
