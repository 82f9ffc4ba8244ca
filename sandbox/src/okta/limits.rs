//! Rate limits: a window per bucket, opened by the bucket's first request.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue};

const LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-rate-limit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-rate-limit-reset");

/// How many calls a bucket (method and route) takes in a window, and how many calls run at once.
#[derive(Clone, Debug)]
pub struct RateLimits {
    per_window: u64,
    window_seconds: i64,
    of_bucket: HashMap<String, u64>,
    concurrent: Option<usize>,
}

impl Default for RateLimits {
    /// 600,000 calls a minute in each bucket, any number at once: nothing that runs here meets it.
    fn default() -> Self {
        Self {
            per_window: 600_000,
            window_seconds: 60,
            of_bucket: HashMap::new(),
            concurrent: None,
        }
    }
}

impl RateLimits {
    /// So many calls of each bucket in a window.
    pub fn per_window(calls: u64) -> Self {
        Self { per_window: calls, ..Self::default() }
    }

    /// Another number for one bucket, such as `GET /api/v1/users/{id}`.
    #[must_use]
    pub fn bucket(mut self, bucket: impl Into<String>, calls: u64) -> Self {
        self.of_bucket.insert(bucket.into(), calls);
        self
    }

    /// Windows of so many seconds; Okta's, and the default, are 60.
    #[must_use]
    pub fn window_seconds(mut self, seconds: u32) -> Self {
        self.window_seconds = i64::from(seconds);
        self
    }

    /// So many calls at once; one more is a 429 that says limit 0 and remaining 0, as Okta's does.
    #[must_use]
    pub fn concurrent(mut self, calls: usize) -> Self {
        self.concurrent = Some(calls);
        self
    }
}

#[derive(Debug)]
pub(crate) struct Windows {
    limits: RateLimits,
    open: HashMap<String, Window>,
    running: usize,
}

#[derive(Debug)]
struct Window {
    used: u64,
    ends: i64,
}

/// What the headers of an answer say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) reset: i64,
}

impl Windows {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { limits, open: HashMap::new(), running: 0 }
    }

    /// Counts a call that starts now; `Err` is the quota that refuses it.
    pub(crate) fn start(&mut self, bucket: &str, now: i64) -> Result<Quota, Quota> {
        if self.limits.concurrent.is_some_and(|most| self.running >= most) {
            return Err(Quota::concurrency(now));
        }
        let limit = *self.limits.of_bucket.get(bucket).unwrap_or(&self.limits.per_window);
        let ends = now + self.limits.window_seconds;
        let window = self.open.entry(bucket.to_owned()).or_insert(Window { used: 0, ends });
        if window.ends <= now {
            *window = Window { used: 0, ends };
        }
        let quota = |used: u64| Quota { limit, remaining: limit - used, reset: window.ends };
        if window.used >= limit {
            return Err(quota(limit));
        }
        let left = quota(window.used + 1);
        window.used += 1;
        self.running += 1;
        Ok(left)
    }

    pub(crate) fn end(&mut self) {
        self.running = self.running.saturating_sub(1);
    }
}

impl Quota {
    /// What the 429 of the concurrency limit says.
    pub(crate) fn concurrency(now: i64) -> Self {
        Self { limit: 0, remaining: 0, reset: now }
    }

    pub(crate) fn write(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(self.reset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_opens_with_the_first_call_and_closes_after_its_seconds() {
        let mut windows = Windows::new(RateLimits::per_window(2).bucket("B", 1));
        let quota = |remaining| Quota { limit: 2, remaining, reset: 160 };
        assert_eq!(windows.start("A", 100), Ok(quota(1)));
        assert_eq!(windows.start("A", 159), Ok(quota(0)));
        assert_eq!(windows.start("A", 159), Err(quota(0)));
        assert_eq!(windows.start("B", 159), Ok(Quota { limit: 1, remaining: 0, reset: 219 }));
        assert_eq!(windows.start("A", 160), Ok(Quota { limit: 2, remaining: 1, reset: 220 }));
    }

    #[test]
    fn the_concurrency_limit_says_zero_of_zero() {
        let mut windows = Windows::new(RateLimits::default().concurrent(1));
        assert!(windows.start("A", 5).is_ok());
        assert_eq!(windows.start("B", 5), Err(Quota { limit: 0, remaining: 0, reset: 5 }));
        windows.end();
        assert!(windows.start("B", 5).is_ok());
    }
}
