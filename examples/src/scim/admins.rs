//! Until the first group with an administrator is there, the product's set-up cannot be completed.

use provisioning::targets::member_ids;

use crate::scim::pushed_groups::is_any_there;
use crate::{Ending, Failure, GroupPush, PushGroup, say, thousands};

/// Looks for an administrator in the first group.
///
/// # Errors
/// When none of the administrators is in the first group.
pub fn check_admins(groups: &[PushGroup], admins: &[String]) -> Result<(), Failure> {
    let Some(first) = groups.first() else { return Ok(()) };
    if admins.is_empty() {
        say!(
            "{:<10}the first group has to contain the product's administrators: name them with --admins, so that \
             this is checked",
            "note"
        );
        return Ok(());
    }
    match first.members.iter().any(|member| is_one(admins, member)) {
        true => Ok(()),
        false => Err(Failure::Guard(format!(
            "stopped before anything was sent: none of the {} {} of --admins ({}) is among the {} members of {}, \
             the first group: at least 1 has to be",
            admins.len(),
            if admins.len() == 1 { "administrator" } else { "administrators" },
            admins.join(", "),
            thousands(first.members.len() as u64),
            first.name
        ))),
    }
}

fn is_one(admins: &[String], member: &str) -> bool {
    admins.iter().any(|admin| member.trim().eq_ignore_ascii_case(admin.trim()))
}

impl GroupPush<'_> {
    /// Whether no group is in the product by our doing.
    ///
    /// # Errors
    /// When the store fails.
    pub fn is_first(&self) -> Result<bool, Failure> {
        is_any_there(&self.store).map(|is_any| !is_any)
    }

    /// Whether no group can come yet, as the first one would come without an administrator: people were
    /// delivered, and none of them is in the product. Then each group fails, with that as the reason.
    ///
    /// # Errors
    /// When the store or the provider fails.
    pub(crate) async fn hold_back(
        &self,
        groups: &[PushGroup],
        ending: &mut Ending,
    ) -> Result<bool, Failure> {
        let Some(first) = groups.first().filter(|_| !self.admins.is_empty()) else {
            return Ok(false);
        };
        if !self.is_first()? {
            return Ok(false);
        }
        let admins = first.members.iter().filter(|member| is_one(self.admins, member));
        let (there, _) =
            member_ids(&self.users_store, &*self.users, admins).map_err(Failure::running)?;
        if !there.is_empty() {
            return Ok(false);
        }
        let found = self.scim.groups().find("displayName", &first.name).await;
        if found.map_err(Failure::running)?.is_some() {
            return Ok(false);
        }
        let reason = format!(
            "not pushed: no administrator of --admins is a member of {} who is in the product yet, and the first \
             group has to come with one",
            first.name
        );
        hold_all(groups, &reason, ending).map(|()| true)
    }

    /// Brings the first group of all before the others, which else come at the same time. Whether it did not
    /// come, so that the others cannot.
    ///
    /// # Errors
    /// When there is no plan.
    pub(crate) async fn bring_first(
        &self,
        groups: &[PushGroup],
        ending: &mut Ending,
    ) -> Result<bool, Failure> {
        let Some((first, others)) = groups.split_first().filter(|(_, others)| !others.is_empty())
        else {
            return Ok(false);
        };
        if self.admins.is_empty() || !self.is_first()? {
            return Ok(false);
        }
        Box::pin(self.run_changed(std::slice::from_ref(first), ending)).await?;
        if self.stop.is_stopped() || !self.is_first()? {
            return Ok(self.stop.is_stopped());
        }
        let reason = format!("not pushed: {}, which has to come first, did not", first.name);
        hold_all(others, &reason, ending).map(|()| true)
    }
}

fn hold_all(groups: &[PushGroup], reason: &str, ending: &mut Ending) -> Result<(), Failure> {
    for PushGroup { id, name, .. } in groups {
        let line = format!("{name}: {reason}");
        if ending.hold_back("groups", id, line)? {
            say!("{:<10}{name}: Error: {reason}", "group");
        }
    }
    Ok(())
}
