//! Groups of Okta that are pushed, and who is in them.

use futures::StreamExt;
use okta_client::Okta;
use provisioning::source::{Member, OktaGroups};

use crate::{Failure, MappedPeople, find_group};

/// A group of Okta with the keys of its members.
#[derive(Clone, Debug, Default)]
pub struct PushGroup {
    /// Its id in Okta.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The keys of its members, as people are provisioned.
    pub members: Vec<String>,
    /// The ids in Okta of members who cannot be read: what was delivered of them stays in the group.
    pub unreadable: Vec<String>,
    /// The ids in Okta of members to whom the mapping gives no key: the same holds for them.
    pub without_key: Vec<String>,
    /// The ids in Okta of those who are not active, and so no members.
    pub inactive: Vec<String>,
}

/// Reads groups by name or id.
///
/// # Errors
/// When one is not there or cannot be read.
pub async fn read_groups(
    okta: &Okta,
    names: &[String],
    people: &MappedPeople,
) -> Result<Vec<PushGroup>, Failure> {
    let mut groups = Vec::new();
    for name in names {
        let group = find_group(okta, name).await?;
        let id = group.id.to_string();
        let name = group.profile.name().unwrap_or(name).to_owned();
        let mut group = PushGroup { id, name, ..PushGroup::default() };
        group.read_members(okta, people).await?;
        groups.push(group);
    }
    Ok(groups)
}

impl PushGroup {
    async fn read_members(&mut self, okta: &Okta, people: &MappedPeople) -> Result<(), Failure> {
        let source = OktaGroups::new(okta.clone(), [self.id.as_str()]);
        let source = source.inactive(people.inactive.iter().cloned());
        let mut listed = source.all_members(&self.id, &people.mapping).boxed();
        while let Some(member) = listed.next().await {
            match member {
                Ok(Member::Keyed(key)) => self.members.push(key),
                Ok(Member::WithoutKey(person)) => self.without_key.push(person),
                Ok(Member::Inactive(person)) => self.inactive.push(person),
                Err(error) => match error.person() {
                    Some(person) => self.unreadable.push(person),
                    None => return Err(Failure::running(error)),
                },
            }
        }
        Ok(())
    }
}
