//! How many requests are in flight at once, lowered when the server says there are too many.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A counter with a cap that halves on a concurrency limit and grows back by one for every
/// `cap` answers.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    in_flight: usize,
    cap: usize,
    ceiling: usize,
    answers: usize,
}

/// Holds one place until dropped.
pub(crate) struct Permit<'g>(&'g Gate);

impl Gate {
    pub(crate) fn new(ceiling: usize) -> Self {
        let ceiling = ceiling.max(1);
        let state = State { in_flight: 0, cap: ceiling, ceiling, answers: 0 };
        Self { state: Mutex::new(state), freed: Notify::new() }
    }

    pub(crate) async fn enter(&self) -> Permit<'_> {
        while !self.lock().try_enter() {
            self.freed.notified().await;
        }
        Permit(self)
    }

    /// The server answered 429 for concurrency.
    pub(crate) fn lower(&self) {
        let mut state = self.lock();
        state.cap = (state.in_flight.min(state.cap) / 2).max(1);
        state.answers = 0;
    }

    /// The server answered.
    pub(crate) fn answered(&self) {
        let mut state = self.lock();
        if state.cap == state.ceiling {
            return;
        }
        state.answers += 1;
        if state.answers >= state.cap {
            state.cap += 1;
            state.answers = 0;
            self.freed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn try_enter(&mut self) -> bool {
        let free = self.in_flight < self.cap;
        self.in_flight += usize::from(free);
        free
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn the_cap_halves_on_a_violation_and_grows_back() {
        let gate = Gate::new(4);
        let permits = [gate.enter().await, gate.enter().await, gate.enter().await];
        gate.lower();
        drop(permits);
        let one = gate.enter().await;
        assert!(gate.enter().now_or_never().is_none(), "3 in flight were too many: 1 now");
        gate.answered();
        let two = gate.enter().await;
        assert!(gate.enter().now_or_never().is_none());
        drop((one, two));
        for _ in 0..10 {
            gate.answered();
        }
        let all = [gate.enter().await, gate.enter().await, gate.enter().await, gate.enter().await];
        assert!(gate.enter().now_or_never().is_none(), "never above the ceiling");
        drop(all);
    }

    #[tokio::test]
    async fn a_waiter_is_woken_when_a_place_is_freed() {
        let gate = Gate::new(1);
        let held = gate.enter().await;
        let mut waiting = Box::pin(gate.enter());
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(held);
        waiting.await;
    }
}
