//! The time that signed tokens name: ours, unless the server refuses it and shows another.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use http::HeaderMap;
use http::header::DATE;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Seconds that do not matter: an answer's way, and the whole seconds of a `Date`.
const CLOSE: i64 = 5;

/// Seconds that the server's clock is ahead of ours.
#[derive(Default)]
pub(super) struct Clock {
    heard: AtomicI64,
    applied: AtomicI64,
}

impl Clock {
    /// Seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        Timestamp::now().as_second().saturating_add(self.applied.load(Relaxed))
    }

    pub(super) fn hear(&self, answer: &HeaderMap) {
        let date = answer.get(DATE).and_then(|date| rfc2822::parse(date.to_str().ok()?).ok());
        if let Some(date) = date {
            let ahead = date.timestamp().as_second() - Timestamp::now().as_second();
            self.heard.store(ahead, Relaxed);
        }
    }

    /// Goes by the server's clock from now on; `false` when that is the same time.
    pub(super) fn correct(&self) -> bool {
        let ahead = self.heard.load(Relaxed);
        let differs = (ahead - self.applied.load(Relaxed)).abs() > CLOSE;
        if differs {
            self.applied.store(ahead, Relaxed);
        }
        differs
    }

    /// Goes by our own clock again.
    pub(super) fn reset(&self) {
        self.applied.store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered_at(seconds_ahead: i64) -> HeaderMap {
        let then = Timestamp::now().as_second() + seconds_ahead;
        let date = Timestamp::from_second(then).unwrap().strftime("%a, %d %b %Y %H:%M:%S GMT");
        HeaderMap::from_iter([(DATE, date.to_string().parse().unwrap())])
    }

    fn off(clock: &Clock) -> i64 {
        clock.now() - Timestamp::now().as_second()
    }

    #[test]
    fn another_clock_is_followed_only_when_asked_to_and_only_when_it_differs() {
        let clock = Clock::default();
        assert!(!clock.correct(), "nothing was heard");
        clock.hear(&answered_at(2));
        assert!(!clock.correct());
        clock.hear(&answered_at(-900));
        assert!(off(&clock).abs() <= 1);
        assert!(clock.correct() && (off(&clock) + 900).abs() <= 2, "{}", off(&clock));
        assert!(!clock.correct(), "it is followed already");
        clock.hear(&HeaderMap::from_iter([(DATE, "yesterday".parse().unwrap())]));
        assert!(!clock.correct());
        clock.reset();
        assert!(off(&clock).abs() <= 1);
    }
}
