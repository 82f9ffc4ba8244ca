use std::fmt;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::identity::Owners;
use crate::record::{Fields, hidden, switches_off};
use crate::store::Kind;

/// A system that people or groups are brought into.
///
/// Applying a change may be interrupted after the system carried it out and before that was noted; the
/// same change then comes again. `apply` must end where one application ends: creating looks for the
/// key first. Who is found there is brought to the values, and a null clears what there was; but not who
/// is known to be somebody else, or one too many to be taken out of use ([`Change::check_found`]). Restoring who is not there any more creates,
/// and who is to be removed and is not there is removed.
#[async_trait]
pub trait Target: fmt::Debug + Send + Sync + 'static {
    /// Its name, for people and for the store: one store serves one target.
    fn name(&self) -> &str;

    /// How the system tells keys apart; by default without case.
    fn key(&self, key: &str) -> String {
        key.trim().to_lowercase()
    }

    /// The attribute that is the key, such as `userName`: a record whose key has changed in the source is
    /// brought to the new one by an update of the record of its id. `None` where that cannot be: it is
    /// created under its new key, and what is under the old one departs.
    fn key_path(&self) -> Option<&str> {
        None
    }

    /// How many changes one call of `apply` takes.
    fn batch(&self) -> usize {
        1
    }

    /// Whether who left the source is taken out; where nothing ever is, a plan leaves them alone.
    fn removes(&self) -> bool {
        true
    }

    /// Whether it can be used at all, such as whether the product has what is brought into it.
    ///
    /// # Errors
    /// Says what is missing, and what to do.
    async fn check(&self) -> Result<(), TargetError> {
        Ok(())
    }

    /// Brings about these changes; one result for each, in their order.
    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>>;

    /// Everything that the system holds, with the values of these paths; `None` where it cannot be read.
    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>>;

    /// Who is there of these keys, where a few can be asked for by themselves; `None` where they cannot.
    /// Asked of a few who would be created, so that a plan shows what becomes of who is there already.
    async fn look_up(
        &self,
        keys: &[String],
        paths: &[String],
    ) -> Option<Result<Vec<Observed>, TargetError>> {
        let _ = (keys, paths);
        None
    }

    /// Whether a member of groups, by its id, was taken out of the target altogether: that its groups lose it as
    /// well is what was meant, and guards of members do not count it.
    fn was_removed(&self, member: &str) -> bool {
        let _ = member;
        false
    }

    /// How a reference to another record is written; `None` as long as it cannot be, such as when the
    /// record has no id in the system yet.
    fn reference(&self, key: &str, remote_id: Option<&str>) -> Option<Value> {
        let _ = key;
        remote_id.map(Value::from)
    }
}

/// One attribute that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The attribute.
    pub path: String,
    /// What it is; null when it has no value, or when nobody knows.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub old: Value,
    /// What it shall be; null clears it.
    pub new: Value,
    /// Written at creation only: also in a change of somebody who is there, for the case that this one
    /// has to be made anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_create: bool,
}

impl FieldChange {
    /// Whether it takes somebody who is there out of use: SCIM's `active` becomes false.
    pub fn switches_off(&self) -> bool {
        !self.on_create && switches_off(&self.path, &self.new)
    }
}

/// What shall happen to one record in the target.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// What.
    pub kind: Kind,
    /// What identifies the record in the target.
    pub key: String,
    /// The record's id in the source.
    pub source_id: Option<String>,
    /// The record's id in the target, as far as it is known.
    pub remote_id: Option<String>,
    /// The attributes that change.
    pub fields: Vec<FieldChange>,
    /// All managed values as they are after the change: for a record that has to be made anew.
    pub values: Fields,
    pub(crate) owners: Owners,
    /// References that were delivered, and lead to nobody now.
    pub(crate) dangling: Vec<String>,
}

impl Change {
    /// To be asked of a record that is found by the key: fails where this is known to be the record of
    /// somebody else, which must not be changed in place of the one that is meant.
    ///
    /// # Errors
    /// Says whose it is.
    pub fn check_owner(&self, remote_id: &str) -> Result<(), TargetError> {
        self.owners.check(self.source_id.as_deref(), &self.key, remote_id)
    }

    /// The same of a record that a creation finds, and whether that is in use: fails as well where it would be
    /// taken out of use (`active: false`) and as many are gone as guards allow. To be asked once, and before
    /// anything is sent.
    ///
    /// # Errors
    /// Says whose it is, or how many may go.
    pub fn check_found(&self, remote_id: &str, is_active: bool) -> Result<(), TargetError> {
        self.check_owner(remote_id)?;
        let switches_off = self.fields.iter().any(FieldChange::switches_off);
        match is_active && switches_off && self.kind == Kind::Create {
            true => self.owners.let_go(&self.key),
            false => Ok(()),
        }
    }
}

/// What came of a change.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Done {
    pub(crate) remote_id: Option<String>,
    pub(crate) shown: Fields,
    pub(crate) unmoved: Vec<String>,
    pub(crate) existed: bool,
    pub(crate) notes: Vec<String>,
    pub(crate) left_out: Option<String>,
}

impl Done {
    /// It is as it should be.
    pub fn new() -> Self {
        Self::default()
    }

    /// The record's id in the target.
    pub fn remote_id(mut self, id: impl Into<String>) -> Self {
        self.remote_id = Some(id.into());
        self
    }

    /// What the target shows for an attribute where that is not what was sent: it dropped or rewrote it.
    pub fn shows(mut self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.shown.insert(path.into(), value.into());
        self
    }

    /// The target answered with success and shows what it had before, and nothing else of the change says that
    /// it was carried out. The first time that is a failure, and tried again; if the same comes of the same
    /// value, it [`shows`](Self::shows) it. It is none where the same value was shown so before, or where
    /// what is shown is another spelling (`en-us` of `en_US`) and the target is not known to keep values as they are.
    pub fn still_shows(mut self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        let path = path.into();
        self.unmoved.push(path.clone());
        self.shows(path, value)
    }

    /// What should have been created was there already, and was brought to these values.
    pub fn existed(mut self) -> Self {
        self.existed = true;
        self
    }

    /// Something that people should know, such as members that were not taken.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// The record's id in the target, if it was told: for targets that are made of others.
    pub fn id(&self) -> Option<&str> {
        self.remote_id.as_deref()
    }

    /// Whether something was done, and to a record that was not found there: after a creation, that the
    /// record is new.
    pub fn is_new(&self) -> bool {
        !self.existed && self.left_out.is_none()
    }

    /// Nothing was done, because a rule says so: no failure, and tried again by the next run.
    pub fn left_out(reason: impl Into<String>) -> Self {
        Self { left_out: Some(reason.into()), ..Self::default() }
    }
}

/// A record as the target holds it.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Observed {
    pub(crate) key: String,
    pub(crate) remote_id: Option<String>,
    pub(crate) active: bool,
    pub(crate) fields: Fields,
}

impl Observed {
    /// A record with the values that the target shows.
    pub fn new(key: impl Into<String>, fields: Fields) -> Self {
        Self { key: key.into(), remote_id: None, active: true, fields }
    }

    /// Its id in the target.
    pub fn remote_id(mut self, id: impl Into<String>) -> Self {
        self.remote_id = Some(id.into());
        self
    }

    /// An attribute that the target never shows: what was delivered is taken to be there.
    pub fn hides(mut self, path: impl Into<String>) -> Self {
        self.fields.insert(path.into(), hidden());
        self
    }

    /// Whether it is in use, or deactivated.
    pub fn active(mut self, active: bool) -> Self {
        self.active = active;
        self
    }
}

/// Why a target did not do what it should, in one line.
#[derive(Debug)]
pub struct TargetError {
    message: String,
    refused: bool,
    origin: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TargetError {
    /// What caused the failure that this one stands for.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.origin.as_ref()?.source()
    }
}

impl TargetError {
    /// A failure that needs no further cause.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), refused: false, origin: None }
    }

    /// A failure that stands for another one, whose line it takes over.
    pub fn caused(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let origin = source.into();
        Self { message: origin.to_string(), refused: false, origin: Some(origin) }
    }

    /// The target did nothing, and said so or was never reached. Of other failures nobody knows, so that a
    /// record that was to be created is looked for when it leaves the source.
    #[must_use]
    pub fn refused(mut self) -> Self {
        self.refused = true;
        self
    }

    pub(crate) fn no_result() -> Self {
        Self::new("the target gave no result for this record")
    }

    /// Whether it is known that the target did nothing.
    pub fn is_refused(&self) -> bool {
        self.refused
    }
}
