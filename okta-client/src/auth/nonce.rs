//! The nonce that a server wants to see in proofs, and how callers take turns with it.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand;
use http::{HeaderMap, HeaderName};
use rest_core::Turn;
use serde::Deserialize;
use tokio::sync::RwLock;
use tokio::time::{Instant, sleep, timeout};

use crate::auth::jwt;

pub(super) const PROOF: HeaderName = HeaderName::from_static("dpop");
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Two different nonces that are refused within this time mean that nonces live no longer than an
/// answer. When a long-lived nonce ends, all that was under way is refused with the same one.
const QUICK: Duration = Duration::from_secs(5);
/// How long calls then go one at a time, before it is tried again whether they may go together.
const ALONE: Duration = Duration::from_secs(30);
/// How long no turn may end before callers go on without one: the holder may be a call that nobody
/// polls any more.
const STUCK: Duration = Duration::from_secs(10);

/// The nonces of one server.
#[derive(Default)]
pub(super) struct Nonces {
    state: Mutex<State>,
    /// Shared by calls that may go together, held alone by one that may not.
    lane: Arc<RwLock<()>>,
    turns: AtomicU64,
}

#[derive(Default)]
struct State {
    newest: Option<String>,
    refused: Option<(String, Instant)>,
    alone_until: Option<Instant>,
    answers: u64,
    /// Refusals without another answer between them, and which answer was the last of them.
    in_a_row: (u32, u64),
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

impl Nonces {
    pub(super) fn newest(&self) -> Option<String> {
        self.lock().newest.clone()
    }

    /// Learns the nonce that an answer offers. The one that was sent is no news: another answer may
    /// have brought a newer one meanwhile.
    pub(super) fn answered(&self, sent: &HeaderMap, answer: &HeaderMap) {
        self.lock().answers += 1;
        let Some(offered) = answer.get(NONCE).and_then(|nonce| nonce.to_str().ok()) else { return };
        let Some(sent) = Sent::read(sent) else { return };
        if !offered.is_empty() && sent.nonce.as_deref() != Some(offered) {
            self.lock().newest = Some(offered.to_owned());
        }
    }

    /// Whether another proof would say something else than the one that was refused. `asked`: the
    /// server said that the nonce was the reason. A 401 that gives no reason but offers a nonce means
    /// the same when there was none.
    pub(super) fn refused(&self, sent: &HeaderMap, answer: &HeaderMap, asked: bool) -> bool {
        let Some(Sent { nonce }) = Sent::read(sent) else { return false };
        let mut state = self.lock();
        let is_about_nonce = asked || (nonce.is_none() && answer.contains_key(NONCE));
        if !is_about_nonce || state.newest == nonce {
            return false;
        }
        if let Some(nonce) = nonce {
            state.note_refusal(nonce, Instant::now());
        }
        true
    }

    /// Waits for leave to send: at once, unless nonces go stale so fast that only one call at a time can
    /// know the right one.
    pub(super) async fn turn(&self) -> Turn {
        loop {
            let lane = Arc::clone(&self.lane);
            if self.is_one_at_a_time() {
                let turn = self.unless_stuck(lane.write_owned()).await;
                self.let_others_pass().await;
                return turn;
            }
            let turn = self.unless_stuck(lane.read_owned()).await;
            if !self.is_one_at_a_time() {
                return turn;
            }
        }
    }

    async fn unless_stuck<G: Send + Sync + 'static>(&self, lane: impl Future<Output = G>) -> Turn {
        let mut lane = pin!(lane);
        loop {
            let before = self.turns.load(Relaxed);
            match timeout(STUCK, &mut lane).await {
                Ok(guard) => {
                    self.turns.fetch_add(1, Relaxed);
                    return Turn::held(guard);
                }
                Err(_) if self.turns.load(Relaxed) == before => return Turn::default(),
                Err(_) => {}
            }
        }
    }

    /// Another process that uses up the same nonces at the same pace would refuse us for ever.
    async fn let_others_pass(&self) {
        let refusals = self.lock().in_a_row();
        let mut random = [0];
        if refusals >= 2 && rand::fill(&mut random).is_ok() {
            let most = 2_u64 << refusals.min(6);
            sleep(Duration::from_millis(most * u64::from(random[0]) / 256)).await;
        }
    }

    fn is_one_at_a_time(&self) -> bool {
        self.lock().alone_until.is_some_and(|until| Instant::now() < until)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note_refusal(&mut self, nonce: String, now: Instant) {
        let quick = |(last, at): &(String, Instant)| *last != nonce && now < *at + QUICK;
        if self.refused.as_ref().is_some_and(quick) {
            self.alone_until = Some(now + ALONE);
        }
        self.refused = Some((nonce, now));
        let (refusals, last) = self.in_a_row;
        self.in_a_row = match last + 1 == self.answers {
            true => (refusals.saturating_add(1), self.answers),
            false => (1, self.answers),
        };
    }

    fn in_a_row(&self) -> u32 {
        let (refusals, last) = self.in_a_row;
        if last == self.answers { refusals } else { 0 }
    }
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

    #[test]
    fn only_news_is_learnt() {
        let nonces = Nonces::default();
        nonces.answered(&proof(None), &offer("a"));
        nonces.answered(&proof(Some("a")), &offer("b"));
        nonces.answered(&proof(Some("a")), &offer("a"));
        assert_eq!(nonces.newest().as_deref(), Some("b"), "a late answer still knew the old one");
        nonces.answered(&proof(Some("b")), &HeaderMap::new());
        nonces.answered(&proof(Some("b")), &offer(""));
        nonces.answered(&HeaderMap::new(), &offer("c"));
        assert_eq!(
            nonces.newest().as_deref(),
            Some("b"),
            "without a proof there is no nonce to learn"
        );
    }

    #[test]
    fn a_proof_is_made_again_only_when_it_would_differ() {
        let nonces = Nonces::default();
        assert!(!nonces.refused(&proof(None), &HeaderMap::new(), true), "no nonce was offered");
        assert!(refuse(&nonces, None, "a") && refuse(&nonces, Some("a"), "b"));
        assert!(!refuse(&nonces, Some("b"), "b"), "it asks for what it was given");
        assert!(!nonces.refused(&HeaderMap::new(), &offer("b"), true), "no proof was sent");
        assert!(nonces.refused(&proof(None), &offer("b"), false), "no reason but a nonce");
        nonces.answered(&proof(Some("b")), &offer("c"));
        assert!(!nonces.refused(&proof(Some("b")), &offer("c"), false), "that is about the token");
    }

    #[test]
    fn refusals_are_in_a_row_until_another_answer_comes() {
        let nonces = Nonces::default();
        let in_a_row = || nonces.lock().in_a_row();
        assert_eq!(in_a_row(), 0);
        refuse(&nonces, Some("a"), "b");
        assert_eq!(in_a_row(), 1);
        refuse(&nonces, Some("b"), "c");
        assert_eq!(in_a_row(), 2);
        nonces.answered(&proof(Some("c")), &offer("d"));
        assert_eq!(in_a_row(), 0);
        refuse(&nonces, Some("d"), "e");
        assert_eq!(in_a_row(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_go_alone_only_while_nonces_go_stale_fast() {
        let nonces = Nonces::default();
        let together = async || {
            let first = nonces.turn().await;
            let second = nonces.turn().now_or_never();
            drop(first);
            second.is_some()
        };
        refuse(&nonces, None, "a");
        for _ in 0..50 {
            assert!(refuse(&nonces, Some("a"), "b"), "all that was under way is refused at once");
        }
        assert!(together().await);
        tokio::time::advance(QUICK).await;
        refuse(&nonces, Some("b"), "c");
        assert!(together().await, "it lived a while");
        refuse(&nonces, Some("c"), "d");
        assert!(!together().await);
        tokio::time::advance(ALONE).await;
        assert!(together().await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_nobody_ends_holds_nobody_up_for_ever() {
        let nonces = Nonces::default();
        let forgotten = nonces.turn().await;
        refuse(&nonces, Some("a"), "b");
        refuse(&nonces, Some("b"), "c");
        let alone = nonces.turn().await;
        drop(forgotten);
        drop(alone);
        let last = nonces.turn().await;
        assert!(nonces.turn().now_or_never().is_none());
        drop(last);
    }
}
