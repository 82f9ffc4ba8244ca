use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use okta_client::{User, UserStatus};

/// Who is named by login; all are counted.
const NAMED: usize = 1_000;

/// Which people count as active, by their status.
#[derive(Clone, Debug, Default)]
pub(super) struct Statuses {
    pub(super) inactive: Vec<UserStatus>,
    pub(super) include_deprovisioned: bool,
}

impl Statuses {
    pub(super) fn is_active(&self, user: &User) -> bool {
        match &user.status {
            Some(UserStatus::Deprovisioned) => self.include_deprovisioned,
            Some(status) => !self.inactive.contains(status),
            None => true,
        }
    }
}

/// People who were met in the scope and are not in the source, because of their status. Clones are the
/// same list.
#[derive(Clone, Debug, Default)]
pub struct InactivePeople(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    by_status: BTreeMap<String, (u64, Vec<String>)>,
    /// Where several scopes are one, somebody may come twice.
    met: BTreeSet<String>,
}

impl InactivePeople {
    /// The statuses, in order, with how many people there were, and the logins of the first thousand.
    pub fn by_status(&self) -> Vec<(UserStatus, u64, Vec<String>)> {
        let inner = self.inner();
        let lines = inner.by_status.iter();
        lines
            .map(|(status, (count, names))| (status.as_str().into(), *count, names.clone()))
            .collect()
    }

    pub(super) fn clear(&self) {
        *self.inner() = Inner::default();
    }

    pub(super) fn note(&self, user: &User, may_repeat: bool) {
        let mut inner = self.inner();
        if may_repeat && !inner.met.insert(user.id.as_str().to_owned()) {
            return;
        }
        let status = user.status.as_ref().map_or("", UserStatus::as_str).to_owned();
        let (count, names) = inner.by_status.entry(status).or_default();
        *count += 1;
        if names.len() < NAMED {
            names.push(user.profile.login().unwrap_or(user.id.as_str()).to_owned());
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
