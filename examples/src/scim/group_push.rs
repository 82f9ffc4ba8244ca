//! Groups of Okta as groups of the product, and a look at what came of it.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use futures::{StreamExt, stream};
use provisioning::targets::{ScimGroups, member_ids};
use provisioning::{Basis, Guard, Outcome, Plan, Record, Stop, Target};
use scim_client::Scim;

use crate::scim::pushed_groups::{forget, mention, no_longer_pushed};
use crate::{
    Delivery, Ending, Failure, PushGroup, RunOptions, SharedStore, Unlink, say, thousands,
};

/// Who of a group is sent, by id in the product, and who is not.
#[derive(Default)]
struct Members {
    ids: Vec<String>,
    /// The keys of those who are not in the product.
    missing: Vec<String>,
    /// The ids in Okta of those who have none.
    without_key: Vec<String>,
}

fn no_key(group: &PushGroup) -> String {
    format!("the mapping gives no key, so not a member of {} in the product", group.name)
}

/// Pushes groups to a provider whose users are these.
#[derive(Debug)]
pub struct GroupPush<'a> {
    /// How the run goes.
    pub options: &'a RunOptions,
    /// The provider.
    pub scim: &'a Scim,
    /// The users that members are.
    pub users: Arc<dyn Target>,
    /// What was remembered of them.
    pub users_store: SharedStore,
    /// What is remembered of groups.
    pub store: SharedStore,
    /// What becomes of groups that are not pushed any more.
    pub unlink: Unlink,
    /// The product's administrators: one of them has to come with the first group.
    pub admins: &'a [String],
    /// When it is to end.
    pub stop: Stop,
}

impl GroupPush<'_> {
    /// Says what would be pushed.
    ///
    /// # Errors
    /// When the store or the provider fails.
    pub async fn show(&self, groups: &[PushGroup]) -> Result<(), Failure> {
        for group in groups {
            let Members { missing: new, without_key, .. } = self.members(group)?;
            let found = self.scim.groups().find("displayName", &group.name).await;
            let there = found.map_err(Failure::running)?.is_some();
            say!(
                "{:<10}{}: {}, with {} members, {} of whom are provisioned first",
                "group",
                group.name,
                if there { "is there" } else { "would be created" },
                thousands(group.members.len() as u64),
                thousands(new.len() as u64)
            );
            if let Some(first) = without_key.first() {
                let count = thousands(without_key.len() as u64);
                say!("{:<10}{count}, such as {first}: {}", "left out", no_key(group));
            }
        }
        self.mention(groups).map(drop)
    }

    /// Says which groups are not pushed any more; gives them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn mention(&self, groups: &[PushGroup]) -> Result<Vec<PushGroup>, Failure> {
        let ids: Vec<&str> = groups.iter().map(|group| group.id.as_str()).collect();
        let dropped = no_longer_pushed(&self.store, &ids)?;
        mention(&dropped, self.unlink);
        Ok(dropped.into_iter().map(|(group, _)| group).collect())
    }

    /// Pushes them, and reads back what the provider has.
    ///
    /// # Errors
    /// When there is no plan; what could not be delivered is in the ending.
    pub async fn run(&self, groups: &[PushGroup], ending: &mut Ending) -> Result<(), Failure> {
        let dropped = self.mention(groups)?;
        if groups.is_empty() && (dropped.is_empty() || self.unlink == Unlink::Leave) {
            return Ok(());
        }
        if self.hold_back(groups, ending).await? {
            return Ok(());
        }
        groups.iter().for_each(|group| say!("{:<10}{}: Pushing", "group", group.name));
        if self.bring_first(groups, ending).await? {
            return Ok(());
        }
        let mut groups = groups.to_vec();
        if self.unlink == Unlink::Empty {
            groups.extend(dropped.iter().cloned());
        }
        let records = self.records(&groups, ending)?;
        let options = self.options();
        let delivery = self.delivery(&options);
        let plan = delivery.plan(stream::iter(records.clone()).map(Ok).boxed()).await?;
        delivery.summarise(&plan);
        let failed = self.bring(&delivery, &plan, &groups, &records, ending).await?;
        if self.unlink == Unlink::Empty && !self.stop.is_stopped() {
            let emptied = dropped.into_iter().map(|group| group.id);
            let emptied: Vec<String> = emptied.filter(|id| !failed.contains(id)).collect();
            forget(&self.store, Some(&emptied))?;
        }
        Ok(())
    }

    /// The same without a word where nothing is to be done; gives those that failed.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn run_changed(
        &self,
        groups: &[PushGroup],
        ending: &mut Ending,
    ) -> Result<Vec<String>, Failure> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        if self.hold_back(groups, ending).await? || self.bring_first(groups, ending).await? {
            return Ok(groups.iter().map(|group| group.id.clone()).collect());
        }
        let records = self.records(groups, ending)?;
        let options = self.options();
        let delivery = self.delivery(&options);
        let plan = delivery.plan(stream::iter(records.clone()).map(Ok).boxed()).await?;
        if plan.summary().changes() == 0 {
            return Ok(Vec::new());
        }
        // Those that are unchanged were read back when they were pushed.
        let rows = plan.rows(0, groups.len()).map_err(Failure::running)?;
        let is_changed = |group: &&PushGroup| rows.iter().any(|row| row.key == group.id);
        let changed: Vec<PushGroup> = groups.iter().filter(is_changed).cloned().collect();
        let failed = self.bring(&delivery, &plan, &changed, &records, ending).await?;
        Ok(failed.into_iter().collect())
    }

    /// The groups with those of their members who are in the product; the others are left out.
    fn records(&self, groups: &[PushGroup], ending: &mut Ending) -> Result<Vec<Record>, Failure> {
        let mut records = Vec::new();
        for group in groups {
            let Members { ids, missing, without_key } = self.members(group)?;
            let reason = format!("is not in the product, so not a member of {} there", group.name);
            ending.leave_out("groups", &reason, &missing)?;
            ending.leave_out("groups", &no_key(group), &without_key)?;
            let record = Record::new(&group.id).source_id(&group.id);
            records.push(record.set("displayName", group.name.as_str()).set("members", ids));
        }
        Ok(records)
    }

    /// A canary counts people, and a plan in a file is of people; what groups they are in belongs to them.
    fn options(&self) -> RunOptions {
        let mut losses = self.options.losses;
        losses.max_removals = losses.max_removals.filter(|_| self.unlink != Unlink::Delete);
        RunOptions { limit: None, apply_plan: None, losses, ..self.options.clone() }
    }

    fn delivery<'o>(&self, options: &'o RunOptions) -> Delivery<'o> {
        let target = ScimGroups::new(self.scim.clone()).users(Arc::clone(&self.users_store));
        let deletes = self.unlink == Unlink::Delete;
        let meant = [Guard::removals_at_most_count(u64::MAX), Guard::allow_empty_source()];
        Delivery {
            options,
            what: "groups",
            from: "in Okta".to_owned(),
            target: Arc::new(if deletes { target.delete_departed() } else { target }),
            store: Arc::clone(&self.store),
            basis: options.basis_or(Basis::Delivered),
            guards: meant.into_iter().filter(|_| deletes).collect(),
            people: None,
            stop: self.stop.clone(),
        }
    }

    /// Applies the plan and looks at what came of it; gives the ids of those that failed.
    async fn bring(
        &self,
        delivery: &Delivery<'_>,
        plan: &Plan,
        groups: &[PushGroup],
        records: &[Record],
        ending: &mut Ending,
    ) -> Result<HashSet<String>, Failure> {
        let mut failed = HashSet::new();
        let heed = |outcome: &Outcome| {
            let group = groups.iter().find(|group| group.id == outcome.key);
            if let (Some(group), Err(failure)) = (group, &outcome.result) {
                say!("{:<10}{}: Error: {failure}", "group", group.name);
                failed.insert(group.id.clone());
            }
        };
        delivery.carry_out(plan, ending, heed).await?;
        if self.stop.is_stopped() {
            return Ok(failed);
        }
        for group in groups.iter().filter(|group| !failed.contains(&group.id)) {
            if let Some(record) = records.iter().find(|record| record.key() == group.id) {
                self.confirm(group, record, ending).await?;
            }
        }
        Ok(failed)
    }

    fn members(&self, group: &PushGroup) -> Result<Members, Failure> {
        let mut members = Members::default();
        (members.ids, members.missing) = self.ids_of(&group.members)?;
        for person in &group.unreadable {
            let (ids, missing) = self.delivered(person)?;
            members.ids.extend(ids);
            members.missing.extend(missing);
        }
        for person in &group.without_key {
            match self.delivered(person)? {
                (ids, _) if ids.is_empty() => members.without_key.push(person.clone()),
                (ids, _) => members.ids.extend(ids),
            }
        }
        Ok(members)
    }

    /// What was delivered of a person of Okta, whatever the key is now.
    fn delivered(&self, person: &str) -> Result<(Vec<String>, Vec<String>), Failure> {
        let known = {
            let mut store = self.users_store.lock().unwrap_or_else(PoisonError::into_inner);
            store.known_of(person).map_err(Failure::running)?
        };
        self.ids_of(&known)
    }

    fn ids_of(&self, keys: &[String]) -> Result<(Vec<String>, Vec<String>), Failure> {
        member_ids(&self.users_store, &*self.users, keys).map_err(Failure::running)
    }

    async fn confirm(
        &self,
        group: &PushGroup,
        record: &Record,
        ending: &mut Ending,
    ) -> Result<(), Failure> {
        ending.mend("groups", &group.name);
        let found = self.scim.groups().find("displayName", &group.name).await;
        let Some(found) = found.map_err(Failure::running)? else {
            ending.fail(
                "groups",
                &group.name,
                "the product does not show the group after the push",
            );
            return Ok(());
        };
        let wanted: Vec<&str> = record.fields()["members"]
            .as_array()
            .map(|ids| ids.iter().filter_map(|id| id.as_str()).collect())
            .unwrap_or_default();
        let shown: HashSet<&str> =
            found.members.iter().filter_map(|one| one.value.as_deref()).collect();
        let missing = wanted.iter().filter(|id| !shown.contains(*id)).count();
        let count = thousands(wanted.len() as u64);
        if shown.is_empty() && !wanted.is_empty() {
            say!(
                "{:<10}{}: Active, {count} members sent; the product does not show members",
                "group",
                group.name
            );
        } else if missing == 0 && shown.len() == wanted.len() {
            say!("{:<10}{}: Active, {count} members, all of them confirmed", "group", group.name);
        } else {
            let reason = format!(
                "the product shows {} members, {missing} of the {count} sent are missing",
                shown.len()
            );
            say!("{:<10}{}: Error: {reason}", "group", group.name);
            ending.fail("groups", &group.name, &reason);
        }
        Ok(())
    }
}
