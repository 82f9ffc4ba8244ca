//! How long a follower waits before it asks again.

use std::time::Duration;

use jiff::Timestamp;

use crate::value::DateTime;

#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) interval: Duration,
    pub(super) longest: Duration,
    quiet: u32,
}

impl Pace {
    pub(super) fn new(interval: Duration, longest: Duration) -> Self {
        Self { interval, longest, quiet: 0 }
    }

    /// After a page with news, whose last is this old. A follower that is behind asks on at once.
    pub(super) fn after_news(&mut self, age: Option<Duration>) -> Duration {
        self.quiet = 0;
        let is_behind = age.is_none_or(|age| age > self.interval);
        if is_behind { Duration::ZERO } else { self.interval }
    }

    /// After a page without news, or none at all: twice as long each time.
    pub(super) fn after_nothing(&mut self) -> Duration {
        let doubled = 2_u32.checked_pow(self.quiet).unwrap_or(u32::MAX);
        self.quiet = self.quiet.saturating_add(1);
        self.interval.saturating_mul(doubled).min(self.longest.max(self.interval))
    }
}

/// Up to a quarter longer, so that followers started together do not stay together.
pub(super) fn with_jitter(delay: Duration, share: f64) -> Duration {
    delay.saturating_add((delay / 4).mul_f64(share))
}

/// How long ago this was, by our own clock; none when there is no telling.
pub(super) fn age(published: Option<&DateTime>) -> Option<Duration> {
    let then = published?.timestamp().ok()?;
    Some(Duration::try_from(Timestamp::now().duration_since(then)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn quiet_doubles_the_delay_up_to_the_longest_and_news_resets_it() {
        let mut pace = Pace::new(5 * S, 60 * S);
        let delays: Vec<u64> = (0..6).map(|_| pace.after_nothing().as_secs()).collect();
        assert_eq!(delays, [5, 10, 20, 40, 60, 60]);
        assert_eq!(pace.after_news(Some(S)), 5 * S, "up to date");
        assert_eq!(pace.after_nothing(), 5 * S);
        assert_eq!(pace.after_news(Some(6 * S)), Duration::ZERO, "behind");
        assert_eq!(pace.after_news(None), Duration::ZERO, "no telling");
    }

    #[test]
    fn no_setting_overflows() {
        let mut pace = Pace::new(Duration::MAX, Duration::ZERO);
        assert!((0..70).all(|_| pace.after_nothing() == Duration::MAX));
        assert_eq!(with_jitter(Duration::MAX, 0.9), Duration::MAX);
        let mut none = Pace::new(Duration::ZERO, 60 * S);
        assert!((0..70).all(|_| none.after_nothing().is_zero()));
        assert_eq!(with_jitter(4 * S, 0.5), Duration::from_millis(4500));
    }

    #[test]
    fn age_is_never_negative() {
        assert_eq!(age(Some(&"2999-01-01T00:00:00.000Z".into())), Some(Duration::ZERO));
        assert!(age(Some(&"2020-02-14T22:18:51.843Z".into())).is_some_and(|age| age > 9999 * S));
        assert_eq!((age(None), age(Some(&"yesterday".into()))), (None, None));
    }
}
