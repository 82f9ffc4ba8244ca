//! What the server was told to be, or turned out to be, able to do.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use scim_types::patch::Dialect;

use crate::edits::RemovalForm;

/// What was learned stays learned for the life of the client: one refusal, not one a call.
#[derive(Debug)]
pub(crate) struct Capabilities {
    dialect: Dialect,
    patch: bool,
    /// Resource types whose resources take no PATCH.
    unpatchable: Mutex<Vec<&'static str>>,
    removes_by_value: AtomicBool,
    hides_members: AtomicBool,
    replaces_complex: AtomicBool,
    bulk: AtomicBool,
    lists_by_post: AtomicBool,
}

impl Capabilities {
    pub(crate) fn new(dialect: Dialect, patch: bool) -> Self {
        Self {
            dialect,
            patch,
            unpatchable: Mutex::default(),
            removes_by_value: AtomicBool::new(false),
            hides_members: AtomicBool::new(false),
            replaces_complex: AtomicBool::new(false),
            bulk: AtomicBool::new(true),
            lists_by_post: AtomicBool::new(false),
        }
    }

    /// The configured dialect; one with a path for each sub-attribute once others were lost without.
    pub(crate) fn dialect(&self) -> Dialect {
        match self.replaces_complex.load(Relaxed) {
            true if self.dialect == Dialect::Okta => Dialect::Rfc,
            _ => self.dialect,
        }
    }

    /// A complex value of a PATCH without path took the place of the whole.
    pub(crate) fn replaces_complex_values(&self) {
        self.replaces_complex.store(true, Relaxed);
    }

    /// Whether resources of this type may be patched, as far as is known.
    pub(crate) fn patches(&self, resource_type: &'static str) -> bool {
        self.patch && !self.unpatchable().contains(&resource_type)
    }

    /// 405, or 501 on a PATCH of `active`: replace from now on.
    pub(crate) fn has_no_patch(&self, resource_type: &'static str) {
        self.unpatchable().push(resource_type);
    }

    fn unpatchable(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.unpatchable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The form in which the server takes removed members.
    pub(crate) fn removal_form(&self) -> RemovalForm {
        match self.removes_by_value.load(Relaxed) {
            true => RemovalForm::Value,
            false => RemovalForm::Condition,
        }
    }

    pub(crate) fn removes_members_by(&self, form: RemovalForm) {
        self.removes_by_value.store(form == RemovalForm::Value, Relaxed);
    }

    /// Whether the last group that certainly had members was answered without them. Of another group
    /// it says nothing for sure: some servers show the members of small ones only.
    pub(crate) fn hides_members(&self) -> bool {
        self.hides_members.load(Relaxed)
    }

    pub(crate) fn members_are_hidden(&self, hidden: bool) {
        self.hides_members.store(hidden, Relaxed);
    }

    pub(crate) fn bulk(&self) -> bool {
        self.bulk.load(Relaxed)
    }

    /// Whether listings go on only where they are asked for by POST.
    pub(crate) fn lists_by_post(&self) -> bool {
        self.lists_by_post.load(Relaxed)
    }

    pub(crate) fn lists_only_by_post(&self) {
        self.lists_by_post.store(true, Relaxed);
    }

    pub(crate) fn has_no_bulk(&self) {
        self.bulk.store(false, Relaxed);
    }
}
