//! When to send again, and after how long: a pure decision, the server's clock first.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use backon::BackoffBuilder;
use http::{HeaderMap, StatusCode};

use crate::error::Transport;

/// Answers of 429 for each attempt that the policy allows.
const THROTTLED: u32 = 10;

/// How often and how patiently a call is repeated.
///
/// Waiting follows the server's clock (`Retry-After`, or the rate limit's reset); only when it is
/// silent these delays apply, doubling from `min_delay` to `max_delay`, each with up to as much again
/// as jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    min_delay: Duration,
    max_delay: Duration,
}

impl Default for RetryPolicy {
    /// Six attempts, delays from 0.5 to 30 seconds.
    fn default() -> Self {
        Self {
            max_attempts: 6,
            min_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// Never repeats anything.
    pub fn never() -> Self {
        Self::default().max_attempts(1)
    }

    /// How often a request is sent at most, the first time included. At least 1.
    ///
    /// A 429 is a wait, not a failure: from 2 attempts on it uses up none, and the time that a call may
    /// take bounds it, or ten times this number. Once as many came as there are attempts, each wait lasts
    /// at least `min_delay`.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The first delay when the server names none.
    #[must_use]
    pub fn min_delay(mut self, delay: Duration) -> Self {
        self.min_delay = delay;
        self
    }

    /// The longest delay when the server names none. A delay that the server names is not cut.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Whether another attempt may follow, of which so many were answered by 429.
    pub(crate) fn allows(&self, attempts_made: u32, throttled: u32) -> bool {
        let others = attempts_made.saturating_sub(throttled);
        match self.max_attempts {
            1 => false,
            most => others < most && throttled < most.saturating_mul(THROTTLED),
        }
    }

    /// The least wait after so many 429s: nobody is asked without end and without pause.
    pub(crate) fn least_wait(&self, throttled: u32) -> Duration {
        if throttled >= self.max_attempts { self.min_delay } else { Duration::ZERO }
    }

    pub(crate) fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        backon::ExponentialBuilder::default()
            .with_min_delay(self.min_delay.min(self.max_delay))
            .with_max_delay(self.max_delay)
            .with_jitter()
            .without_max_times()
            .build()
    }
}

/// Why an attempt did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Transport(Transport),
    Answer {
        status: StatusCode,
        asked: Option<Duration>,
        refused_for_now: bool,
    },
    /// A success whose answer cannot be used.
    Unusable,
    Final,
}

impl Failure {
    /// Sent too soon: the server did nothing but say so.
    pub(crate) fn is_throttled(self) -> bool {
        matches!(self, Self::Answer { status: StatusCode::TOO_MANY_REQUESTS, .. })
    }
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Wait(Duration),
    GiveUp { asked: Option<Duration> },
}

/// Decides from nothing but its arguments: `backoff` is the delay when the server is silent,
/// `left` the time until the call's deadline.
pub(crate) fn decide(
    failure: Failure,
    safe: bool,
    attempts_left: bool,
    backoff: Duration,
    left: Duration,
) -> Decision {
    let asked = match failure {
        Failure::Answer { asked, .. } => asked,
        _ => None,
    };
    let delay = asked.unwrap_or(backoff);
    if attempts_left && delay <= left && may_repeat(failure, safe) {
        Decision::Wait(delay)
    } else {
        Decision::GiveUp { asked }
    }
}

fn may_repeat(failure: Failure, safe: bool) -> bool {
    match failure {
        Failure::Transport(Transport::Connect) => true,
        Failure::Transport(_) => safe,
        Failure::Answer { refused_for_now: true, .. } => true,
        Failure::Answer { status, .. } => match status.as_u16() {
            429 => true,
            408 | 500 | 502 | 503 | 504 => safe,
            _ => false,
        },
        Failure::Unusable | Failure::Final => false,
    }
}

/// Whether the server may have acted although the attempt failed.
pub(crate) fn may_have_acted(failure: Failure) -> bool {
    match failure {
        Failure::Transport(how) => how != Transport::Connect,
        Failure::Answer { refused_for_now: true, .. } => false,
        Failure::Answer { status, .. } => status.is_server_error() || status.as_u16() == 408,
        Failure::Unusable => true,
        Failure::Final => false,
    }
}

/// How long the server asks to wait: `Retry-After`, else for a 429 its rate limit's reset minus its
/// own `Date` plus one second. Local time is used only when there is no `Date`.
pub(crate) fn asked_delay(
    status: StatusCode,
    headers: &HeaderMap,
    reset: Option<u64>,
    now: SystemTime,
) -> Option<Duration> {
    let date = date(headers).unwrap_or(now);
    retry_after(headers, date).or_else(|| {
        let reset = Duration::from_secs(reset.filter(|_| status.as_u16() == 429)?);
        let date = date.duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(reset.saturating_sub(date).saturating_add(Duration::from_secs(1)))
    })
}

fn retry_after(headers: &HeaderMap, date: SystemTime) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    Some(until.duration_since(date).unwrap_or_default())
}

pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(http::header::DATE)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);
    const LEFT: Duration = Duration::from_secs(300);

    fn answer(status: u16, asked: Option<Duration>) -> Failure {
        let status = StatusCode::from_u16(status).unwrap();
        Failure::Answer { status, asked, refused_for_now: false }
    }

    fn waits(failure: Failure, safe: bool) -> bool {
        matches!(decide(failure, safe, true, S, LEFT), Decision::Wait(_))
    }

    #[test]
    fn retry_table() {
        use Transport::{Connect, Cut, Timeout};
        for safe in [true, false] {
            assert!(waits(answer(429, None), safe));
            assert!(waits(Failure::Transport(Connect), safe));
            for status in [400, 401, 403, 404, 409, 412, 413, 422, 501, 302] {
                assert!(!waits(answer(status, None), safe), "{status}");
            }
            for status in [408, 500, 502, 503, 504] {
                assert_eq!(waits(answer(status, None), safe), safe, "{status}");
            }
            assert_eq!(waits(Failure::Transport(Timeout), safe), safe);
            assert_eq!(waits(Failure::Transport(Cut), safe), safe);
            assert!(!waits(Failure::Final, safe));
        }
    }

    #[test]
    fn what_the_vendor_refused_for_now_repeats_for_every_method() {
        let status = StatusCode::LOCKED;
        let failure = Failure::Answer { status, asked: None, refused_for_now: true };
        assert!(waits(failure, false));
        assert!(!may_have_acted(failure));
    }

    #[test]
    fn the_servers_delay_wins_and_is_never_cut() {
        let asked = Some(Duration::from_secs(77));
        assert_eq!(
            decide(answer(429, asked), false, true, S, LEFT),
            Decision::Wait(Duration::from_secs(77))
        );
        let too_long = Some(LEFT + S);
        assert_eq!(
            decide(answer(429, too_long), true, true, S, LEFT),
            Decision::GiveUp { asked: too_long }
        );
        assert_eq!(decide(answer(429, asked), true, false, S, LEFT), Decision::GiveUp { asked });
    }

    #[test]
    fn only_unclear_failures_may_have_acted() {
        assert!(may_have_acted(answer(503, None)) && may_have_acted(answer(408, None)));
        assert!(may_have_acted(Failure::Transport(Transport::Timeout)));
        assert!(!may_have_acted(Failure::Transport(Transport::Connect)));
        assert!(!may_have_acted(answer(429, None)) && !may_have_acted(answer(400, None)));
    }

    fn delay(status: u16, headers: &[(&'static str, &str)], reset: Option<u64>) -> Option<u64> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let now = UNIX_EPOCH + Duration::from_secs(2_000_000_000);
        asked_delay(StatusCode::from_u16(status).unwrap(), &map, reset, now).map(|d| d.as_secs())
    }

    #[test]
    fn asked_delay_reads_the_servers_clock() {
        let date = ("date", "Thu, 27 Aug 2020 18:14:57 GMT"); // epoch 1598552097
        assert_eq!(delay(503, &[("retry-after", "7")], None), Some(7));
        assert_eq!(
            delay(429, &[date, ("retry-after", "Thu, 27 Aug 2020 18:15:07 GMT")], None),
            Some(10)
        );
        assert_eq!(delay(429, &[date], Some(1_598_552_105)), Some(9));
        assert_eq!(delay(429, &[date], Some(1_598_552_000)), Some(1), "a reset in the past");
        assert_eq!(delay(429, &[], Some(2_000_000_030)), Some(31), "no Date: local clock");
        assert_eq!(
            delay(500, &[date], Some(1_598_552_105)),
            None,
            "a reset says nothing about a 500"
        );
        assert_eq!(delay(429, &[("retry-after", "soon")], None), None);
        assert_eq!(delay(429, &[("retry-after", "-3")], None), None);
    }
}
