//! The way back to a backup.

use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, stream};
use provisioning::store::MemoryStore;
use provisioning::targets::ScimGroups;
use provisioning::{Basis, Guard, Mapping, Record};
use scim_client::Scim;

use crate::scim::pushed_groups::forget;
use crate::{Backup, Delivery, Ending, Failure, MaxRemovals, SharedStore};

/// The way back.
#[derive(Debug)]
pub struct Undo<'a> {
    /// What was.
    pub backup: &'a Backup,
    /// Where it was.
    pub scim: &'a Scim,
    /// What of each user is taken back.
    pub mapping: &'a Mapping,
    /// How users get there.
    pub delivery: Delivery<'a>,
    /// What is remembered of groups.
    pub groups_store: &'a SharedStore,
}

impl Undo<'_> {
    /// Takes users and groups back, or shows what that would mean. The next run that is none of this kind
    /// brings them to what Okta says.
    ///
    /// # Errors
    /// When there is no plan, or something was not delivered.
    pub async fn run(mut self) -> Result<(), Failure> {
        let options = self.delivery.options;
        let mut ending = Ending::begin(options, &self.delivery.stop)?;
        // Who may take out everybody means an empty backup, too.
        if options.losses.max_removals == Some(MaxRemovals::Share(1.0)) {
            self.delivery.guards.push(Guard::allow_empty_source());
        }
        match self.take_back(&mut ending).await {
            Ok(()) if options.sends() => ending.close(),
            Ok(()) => Ok(()),
            Err(failure) => Err(ending.stopped(failure)),
        }
    }

    async fn take_back(&self, ending: &mut Ending) -> Result<(), Failure> {
        let users = self.users()?;
        self.delivery.run(stream::iter(users).map(Ok).boxed(), ending, |_| ()).await?;
        let groups = self.backup.groups();
        if groups.is_empty() || self.delivery.stop.is_stopped() {
            return Ok(());
        }
        // Their state is not what was last pushed any more.
        if self.delivery.options.sends() {
            forget(self.groups_store, None)?;
        }
        let delivery = Delivery {
            people: None,
            options: self.delivery.options,
            what: "groups",
            from: self.delivery.from.clone(),
            target: Arc::new(ScimGroups::new(self.scim.clone()).key_is_name()),
            store: Arc::new(Mutex::new(MemoryStore::new())),
            basis: Basis::Target,
            guards: Vec::new(),
            stop: self.delivery.stop.clone(),
        };
        delivery.run(stream::iter(groups).map(Ok).boxed(), ending, |_| ()).await.map(drop)
    }

    /// Users belong to the people of Okta whom they belonged to before.
    fn users(&self) -> Result<Vec<Record>, Failure> {
        let mut store = self.delivery.store.lock().unwrap_or_else(PoisonError::into_inner);
        let mut users = Vec::new();
        for user in self.backup.users(self.mapping)? {
            let known = store.known(&self.delivery.target.key(user.key()));
            let id = known.map_err(Failure::running)?.and_then(|known| known.source_id);
            users.push(match id {
                Some(id) => user.source_id(id),
                None => user,
            });
        }
        Ok(users)
    }
}
