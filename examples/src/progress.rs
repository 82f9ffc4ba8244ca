//! Progress: a line that moves on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::thousands;

/// Counts what is done and shows it on standard error.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    done: u64,
    shown: Instant,
}

const PLAIN_EVERY: Duration = Duration::from_secs(5);

impl Progress {
    /// Starts at nothing done.
    pub fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template("{spinner} {human_pos} people  {per_sec}  {elapsed}");
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = style { bar.with_style(style) } else { bar }
        });
        Self { bar, done: 0, shown: Instant::now() }
    }

    /// So many more are done.
    pub fn add(&mut self, people: usize) {
        self.done += people as u64;
        if let Some(bar) = &self.bar {
            bar.inc(people as u64);
        } else if self.shown.elapsed() >= PLAIN_EVERY {
            let _ = writeln!(std::io::stderr(), "{} people done", thousands(self.done));
            self.shown = Instant::now();
        }
    }

    /// Takes the moving line away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
