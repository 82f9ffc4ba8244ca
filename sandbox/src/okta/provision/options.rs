//! How the org provisions, and what it sent.

use std::fmt;
use std::time::Duration;

/// How the org provisions into the connections of its apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvisioningOptions {
    /// How long an answer may take before the socket is closed; Okta's 60 seconds unless told otherwise.
    pub patience: Duration,
    /// How often a job is tried that fails with 429, a 5xx or no answer.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles from one to the next, up to half a minute.
    pub first_pause: Duration,
    /// Whether connections may lead off this machine; only `http` on loopback is called otherwise.
    pub anywhere: bool,
}

impl Default for ProvisioningOptions {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(60),
            attempts: 5,
            first_pause: Duration::from_millis(200),
            anywhere: false,
        }
    }
}

impl ProvisioningOptions {
    pub(super) fn pause_after(&self, attempt: u32, asked: Option<Duration>) -> Duration {
        const LONGEST: Duration = Duration::from_secs(30);
        let own = self.first_pause.saturating_mul(1 << attempt.min(16));
        own.max(asked.unwrap_or_default()).min(LONGEST)
    }
}

/// A request that was sent to a connection, and what Okta would make of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProvisioningRequest {
    /// Counted from 1.
    pub number: u64,
    /// The id of the app.
    pub app: String,
    /// The method.
    pub method: String,
    /// The path below the base URL with its query, decoded.
    pub path: String,
    /// The beginning of the body, without passwords.
    pub body: Option<String>,
    /// The status of the answer; none if there was none.
    pub status: Option<u16>,
    /// Whether Okta can go on with the answer.
    pub is_ok: bool,
    /// What Okta makes of the answer, or what is wrong with it.
    pub verdict: String,
}

/// `PATCH /Users/1 {..} -> 200 ok: ..`
impl fmt::Display for ProvisioningRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if let Some(body) = &self.body {
            write!(f, " {body}")?;
        }
        match self.status {
            Some(status) => write!(f, "\n  -> {status} ")?,
            None => f.write_str("\n  -> no answer, ")?,
        }
        let judged = if self.is_ok { "ok" } else { "WRONG" };
        write!(f, "{judged}: {}", self.verdict)
    }
}
