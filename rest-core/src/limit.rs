//! The server's quota: what the headers say, and when the next request may go. Pure; the clock is
//! passed in.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, Method};

use crate::retry::date;

/// How much of the server's quota this client may use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Pacing {
    /// Send at once, always; a 429 is waited out when it comes.
    Off,
    /// Wait for the next window only when the last answers say that nothing remains.
    #[default]
    Exhausted,
    /// Use this share of each window, from 0.0 to 1.0, and leave the rest to others.
    Share(f64),
}

/// The state of one rate-limit bucket, as its last answers told it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// The calls that share this bucket, for example `GET /api/v1/users`.
    pub bucket: String,
    /// Requests per window.
    pub limit: u64,
    /// Requests that remain in this window.
    pub remaining: u64,
    /// Time until the window ends.
    pub resets_in: Duration,
}

pub(crate) type Bucket = (Method, &'static str);

/// One answer's rate-limit headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// UTC epoch seconds.
    pub(crate) reset: u64,
    /// The server's own time, UTC epoch seconds.
    date: u64,
}

impl Quota {
    pub(crate) fn read(headers: &HeaderMap, names: [&str; 3]) -> Option<Self> {
        let date = date(headers).unwrap_or_else(SystemTime::now);
        Some(Self {
            limit: smallest(headers, names[0])?,
            remaining: smallest(headers, names[1])?,
            reset: smallest(headers, names[2])?,
            date: date.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        })
    }

    /// A 429 that speaks of too many requests at once: its reset is no promise.
    pub(crate) fn is_concurrency_limit(&self) -> bool {
        self.limit == 0 && self.remaining == 0
    }

    /// When the window ends; a reset that is no time within a day would overflow or block for good.
    fn ends(&self, now: Instant) -> Instant {
        let seconds = self.reset.saturating_sub(self.date).min(LONGEST_WINDOW);
        now + Duration::from_secs(seconds + 1)
    }
}

fn smallest(headers: &HeaderMap, name: &str) -> Option<u64> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|text| text.split(',')).filter_map(|text| text.trim().parse().ok()).min()
}

#[derive(Clone, Copy, Debug)]
struct Window {
    limit: u64,
    remaining: u64,
    reset: u64,
    ends: Instant,
}

/// Remembers each bucket's window and the requests that are under way.
///
/// A bucket is a method and a route template. When the first answer of one in a window counts on
/// from where another one stands, they are taken for one bucket until their headers part.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    pacing: Pacing,
    windows: HashMap<Bucket, Window>,
    under_way: HashMap<Bucket, u64>,
    shared_with: HashMap<Bucket, Bucket>,
}

/// How long a window is taken to last until an answer says otherwise.
const USUAL_WINDOW: Duration = Duration::from_secs(60);

/// Seconds; quotas are by the minute, the hour or the day.
const LONGEST_WINDOW: u64 = 24 * 60 * 60;

impl Pacer {
    pub(crate) fn new(pacing: Pacing) -> Self {
        Self { pacing, ..Self::default() }
    }

    /// Counts a request as under way, or says how long to wait before asking again.
    pub(crate) fn reserve(&mut self, bucket: &Bucket, now: Instant) -> Result<(), Duration> {
        let key = self.key(bucket);
        let under_way = self.under_way(&key);
        if let Some(window) = self.windows.get_mut(&key) {
            window.roll_over(now);
            if !window.has_room(self.pacing, under_way) {
                return Err(window.ends - now);
            }
        }
        *self.under_way.entry(bucket.clone()).or_default() += 1;
        Ok(())
    }

    /// Requests under way in all buckets that share this one's quota.
    fn under_way(&self, key: &Bucket) -> u64 {
        let sharing = self.under_way.iter().filter(|(bucket, _)| self.key(bucket) == *key);
        sharing.map(|(_, count)| count).sum()
    }

    /// The request is no longer under way; `quota` is what its answer said, if one came.
    pub(crate) fn settle(&mut self, bucket: &Bucket, quota: Option<Quota>, now: Instant) {
        if let Some(count) = self.under_way.get_mut(bucket) {
            *count = count.saturating_sub(1);
        }
        if let Some(quota) = quota.filter(|quota| !quota.is_concurrency_limit()) {
            self.recognise(bucket, &quota);
            self.observe(self.key(bucket), &quota, now);
        }
    }

    fn observe(&mut self, key: Bucket, quota: &Quota, now: Instant) {
        let fresh = Window {
            limit: quota.limit,
            remaining: quota.remaining,
            reset: quota.reset,
            ends: quota.ends(now),
        };
        let window = self.windows.entry(key).or_insert(fresh);
        if window.reset == quota.reset {
            window.remaining = window.remaining.min(quota.remaining);
            window.limit = quota.limit;
        } else if quota.reset > window.reset {
            *window = fresh;
        }
    }

    /// Joins a bucket with another whose count it continues, and parts them when they differ.
    fn recognise(&mut self, bucket: &Bucket, quota: &Quota) {
        if let Some(other) = self.shared_with.get(bucket) {
            let apart = |window: &Window| window.limit != quota.limit;
            if self.windows.get(other).is_some_and(apart) {
                self.shared_with.remove(bucket);
            }
        } else if self.windows.get(bucket).is_none_or(|window| window.reset < quota.reset) {
            let found = self.windows.iter().find(|(other, window)| {
                let pending = self.under_way(other) + self.under_way(bucket);
                *other != bucket && window.is_continued_by(quota, pending)
            });
            if let Some(other) = found.map(|(other, _)| other.clone()) {
                self.windows.remove(bucket);
                self.shared_with.insert(bucket.clone(), other);
            }
        }
    }

    fn key(&self, bucket: &Bucket) -> Bucket {
        self.shared_with.get(bucket).unwrap_or(bucket).clone()
    }

    pub(crate) fn limits(&self, now: Instant) -> Vec<RateLimit> {
        let mut all: Vec<RateLimit> = self
            .windows
            .iter()
            .map(|(key, window)| RateLimit {
                bucket: self.name(key),
                limit: window.limit,
                remaining: window.remaining,
                resets_in: window.ends.saturating_duration_since(now),
            })
            .collect();
        all.sort_by(|a, b| a.bucket.cmp(&b.bucket));
        all
    }

    fn name(&self, key: &Bucket) -> String {
        let members = self.shared_with.iter().filter(|(_, other)| *other == key);
        let mut names: Vec<String> =
            members.map(|(bucket, _)| format!("{} {}", bucket.0, bucket.1)).collect();
        names.sort();
        names.insert(0, format!("{} {}", key.0, key.1));
        names.join(", ")
    }
}

impl Window {
    fn roll_over(&mut self, now: Instant) {
        if now >= self.ends {
            self.remaining = self.limit;
            self.ends = now + USUAL_WINDOW;
            // Whatever the next answer says is news, even when this window's reset was nonsense.
            self.reset = 0;
        }
    }

    fn has_room(&self, pacing: Pacing, under_way: u64) -> bool {
        let used = self.limit.saturating_sub(self.remaining).saturating_add(under_way);
        match pacing {
            Pacing::Off => true,
            Pacing::Exhausted => used < self.limit,
            Pacing::Share(share) => used < ((self.limit as f64 * share) as u64).max(1),
        }
    }

    fn is_continued_by(&self, quota: &Quota, pending: u64) -> bool {
        let fresh_count = quota.remaining.saturating_add(1 + pending) >= quota.limit;
        self.limit == quota.limit
            && self.reset == quota.reset
            && !fresh_count
            && self.remaining > quota.remaining
            && self.remaining - quota.remaining <= 1 + pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: Bucket = (Method::GET, "/users");
    const ONE: Bucket = (Method::GET, "/users/{id}");

    fn quota(limit: u64, remaining: u64, reset: u64) -> Option<Quota> {
        Some(Quota { limit, remaining, reset, date: 1000 })
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn an_exhausted_bucket_waits_for_the_servers_reset_and_others_go_on() {
        let (mut pacer, t) = (Pacer::new(Pacing::Exhausted), Instant::now());
        assert_eq!(pacer.reserve(&USERS, t), Ok(()));
        pacer.settle(&USERS, quota(600, 0, 1030), t);
        assert_eq!(pacer.reserve(&USERS, t), Err(Duration::from_secs(31)));
        assert_eq!(pacer.reserve(&ONE, t), Ok(()));
        assert_eq!(pacer.reserve(&USERS, after(t, 31)), Ok(()));
    }

    #[test]
    fn requests_under_way_count() {
        let (mut pacer, t) = (Pacer::new(Pacing::Exhausted), Instant::now());
        pacer.reserve(&USERS, t).unwrap();
        pacer.settle(&USERS, quota(600, 2, 1030), t);
        pacer.reserve(&USERS, t).unwrap();
        pacer.reserve(&USERS, t).unwrap();
        assert!(pacer.reserve(&USERS, t).is_err());
        pacer.settle(&USERS, None, t);
        assert!(pacer.reserve(&USERS, t).is_ok(), "one that failed to connect used nothing");
    }

    #[test]
    fn a_share_leaves_the_rest_and_at_least_one_goes() {
        let (mut pacer, t) = (Pacer::new(Pacing::Share(0.5)), Instant::now());
        pacer.reserve(&USERS, t).unwrap();
        pacer.settle(&USERS, quota(10, 6, 1030), t);
        pacer.reserve(&USERS, t).unwrap();
        assert!(pacer.reserve(&USERS, t).is_err());
        let mut tiny = Pacer::new(Pacing::Share(0.0));
        tiny.reserve(&USERS, t).unwrap();
        tiny.settle(&USERS, quota(10, 10, 1030), t);
        assert!(tiny.reserve(&USERS, t).is_ok());
    }

    #[test]
    fn late_answers_of_the_same_window_do_not_raise_the_count_and_old_windows_are_ignored() {
        let (mut pacer, t) = (Pacer::new(Pacing::Exhausted), Instant::now());
        for (remaining, reset) in [(5, 1030), (9, 1030), (600, 970)] {
            pacer.settle(&USERS, quota(600, remaining, reset), t);
            assert_eq!(pacer.limits(t)[0].remaining, 5);
        }
        pacer.settle(&USERS, quota(600, 599, 1090), t);
        assert_eq!(pacer.limits(t)[0].remaining, 599);
    }

    #[test]
    fn a_concurrency_429_never_feeds_the_pacer() {
        let (mut pacer, t) = (Pacer::new(Pacing::Exhausted), Instant::now());
        pacer.settle(&USERS, quota(0, 0, 1030), t);
        assert!(pacer.limits(t).is_empty());
        assert!(pacer.reserve(&USERS, t).is_ok());
    }

    #[test]
    fn off_never_waits() {
        let (mut pacer, t) = (Pacer::new(Pacing::Off), Instant::now());
        pacer.settle(&USERS, quota(600, 0, 1030), t);
        assert!(pacer.reserve(&USERS, t).is_ok());
    }

    #[test]
    fn buckets_whose_counts_continue_each_other_are_one_until_they_part() {
        let (mut pacer, t) = (Pacer::new(Pacing::Exhausted), Instant::now());
        pacer.settle(&USERS, quota(100, 40, 1030), t);
        pacer.settle(&ONE, quota(100, 39, 1030), t);
        assert_eq!(pacer.limits(t)[0].bucket, "GET /users, GET /users/{id}");
        pacer.settle(&USERS, quota(100, 0, 1030), t);
        assert!(pacer.reserve(&ONE, t).is_err(), "what one used up is gone for the other");
        pacer.settle(&ONE, quota(50, 49, 1030), t);
        assert!(pacer.reserve(&ONE, t).is_ok());
        assert_eq!(pacer.limits(t).len(), 2);
    }

    #[test]
    fn buckets_with_equal_limits_but_own_counts_stay_apart() {
        let (mut pacer, t) = (Pacer::new(Pacing::Exhausted), Instant::now());
        pacer.settle(&USERS, quota(100, 99, 1030), t);
        pacer.settle(&ONE, quota(100, 99, 1030), t);
        assert_eq!(pacer.limits(t).len(), 2);
    }

    #[test]
    fn what_was_reserved_before_buckets_joined_is_given_back() {
        let (mut pacer, t) = (Pacer::new(Pacing::Exhausted), Instant::now());
        pacer.settle(&USERS, quota(5, 3, 1030), t);
        for _ in 0..3 {
            pacer.reserve(&ONE, t).unwrap();
        }
        pacer.settle(&ONE, quota(5, 1, 1030), t);
        assert_eq!(pacer.limits(t).len(), 1);
        pacer.settle(&ONE, None, t);
        pacer.settle(&ONE, None, t);
        pacer.settle(&ONE, quota(3, 3, 1090), t);
        for _ in 0..3 {
            assert_eq!(pacer.reserve(&ONE, t), Ok(()), "none of the first three is under way");
        }
    }

    #[test]
    fn absurd_headers_neither_overflow_nor_block_for_good() {
        let (mut pacer, t) = (Pacer::new(Pacing::Exhausted), Instant::now());
        pacer.settle(&ONE, quota(u64::MAX, u64::MAX, u64::MAX), t);
        pacer.settle(&USERS, quota(u64::MAX, 0, u64::MAX), t);
        let wait = pacer.reserve(&USERS, t).unwrap_err();
        assert!(wait <= Duration::from_secs(LONGEST_WINDOW + 1));
        let later = t + wait;
        assert_eq!(pacer.reserve(&USERS, later), Ok(()));
        pacer.settle(&USERS, quota(600, 7, 1030), later);
        assert_eq!(pacer.limits(later)[0].remaining, 7, "an earlier reset is believed again");
    }

    #[test]
    fn several_header_instances_count_as_the_smallest() {
        let names = ["l", "r", "s"];
        let mut headers = HeaderMap::new();
        for (name, value) in [("l", "600"), ("r", "7, 3"), ("r", "5"), ("s", "99")] {
            headers.append(name, value.parse().unwrap());
        }
        let read = Quota::read(&headers, names).unwrap();
        assert_eq!((read.limit, read.remaining, read.reset), (600, 3, 99));
        headers.remove("s");
        assert_eq!(Quota::read(&headers, names), None);
    }
}
