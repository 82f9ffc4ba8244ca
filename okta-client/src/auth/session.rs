//! What the token requests and the calls of one client share.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::auth::advice::blames_clock;
use crate::auth::clock::Clock;
use crate::auth::proof::Prover;
use crate::auth::service_app::{Dpop, ServiceApp};
use crate::error::{Error, Result};

pub(super) struct Session {
    pub(super) app: ServiceApp,
    pub(super) prover: Prover,
    pub(super) clock: Clock,
    /// Tokens are asked for with a proof, so that they are bound to our key.
    bound: AtomicBool,
}

impl Session {
    pub(super) fn new(app: ServiceApp) -> Result<Self> {
        let prover = Prover::new(&app)?;
        let bound = AtomicBool::new(app.dpop() == Dpop::Required);
        Ok(Self { app, prover, clock: Clock::default(), bound })
    }

    pub(super) fn is_bound(&self) -> bool {
        self.bound.load(Relaxed)
    }

    /// Whether a refused token request may work when it is made again, because something changed: each
    /// change is made once.
    pub(super) fn adapts_to(&self, error: &Error) -> bool {
        let Some(body) = error.body() else { return false };
        match body.code.as_str() {
            "invalid_dpop_proof" | "use_dpop_nonce" if !self.is_bound() => {
                self.bound.store(self.app.dpop() != Dpop::Never, Relaxed);
                self.is_bound()
            }
            "invalid_client" if !blames_clock(&body.summary) => false,
            "invalid_dpop_proof" | "invalid_client" => self.clock.correct(),
            _ => false,
        }
    }
}
