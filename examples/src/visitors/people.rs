//! The people of Okta as records of visitors: all of them, or each as they are followed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, future, stream};
use okta_client::{ErrorKind, Okta, User};
use pendo_client::{Group, Pendo};
use provisioning::{FollowSource, Record, SourceError};
use serde_json::{Value, json};

use crate::visitors::guard::judge_first;
use crate::visitors::source::{list_fields, record_of, records};
use crate::{
    BoxError, Failure, FieldMap, FieldOptions, Listing, Preparation, Read, VisitorOptions,
};

/// Who is pushed, and with which fields.
#[derive(Clone, Debug)]
pub struct Visitors {
    /// Where they are.
    pub okta: Okta,
    /// Where they go.
    pub pendo: Pendo,
    /// Who they are.
    pub who: VisitorOptions,
    /// What is pushed of them.
    pub fields: FieldOptions,
    /// Whether people whom Pendo does not know are created.
    pub create_missing: bool,
    /// No field is created in Pendo.
    pub changes_nothing: bool,
    /// They are pushed as they are read, so that the first of them are judged for all.
    pub streams: bool,
    /// What single people who are read go by.
    pub noted: Arc<Mutex<Noted>>,
}

/// The fields, once they are settled, and who was read.
#[derive(Debug, Default)]
pub struct Noted {
    map: Option<FieldMap>,
    read: Arc<Read>,
}

impl Visitors {
    /// Shows which attributes there are.
    ///
    /// # Errors
    /// When Okta refuses or fails, or an option names an attribute that is not there.
    pub async fn list_fields(&self) -> Result<(), Failure> {
        let (map, (first, _, _)) = self.look().await?;
        list_fields(&map, &first);
        Ok(())
    }

    async fn look(&self) -> Result<(FieldMap, (Vec<User>, usize, Listing)), Failure> {
        let schema = self.okta.schemas().user("default").await.map_err(Failure::settings)?;
        let map = self.fields.choose(&schema)?;
        self.who.check_id(&schema)?;
        Ok((map, self.who.users(&self.okta).await?))
    }

    /// Settles which fields there are, creates those that Pendo lacks, and lists the people.
    ///
    /// # Errors
    /// When a system refuses or fails, or the first people are stopped by a guard.
    pub async fn prepare(&self) -> Result<(FieldMap, Listing), Failure> {
        let (mut map, (first, came, people)) = self.look().await?;
        let scope = self.who.scope();
        judge_first((&first, came), &scope, self.streams)?;
        let preparation = Preparation {
            pendo: &self.pendo,
            group: Group::Custom,
            people: scope.visitors(first),
            source: (&self.okta, &self.who),
            create_missing: self.create_missing,
            lists: self.fields.lists,
            plan: self.changes_nothing,
        };
        preparation.run(&mut map).await?;
        self.noted().map = Some(map.clone());
        Ok((map, people))
    }

    /// The records of all these people, and at the end a failure if too many have no visitor id.
    pub fn all(
        &self,
        (map, people): (FieldMap, Listing),
        read: &Arc<Read>,
    ) -> BoxStream<'static, Result<Record, BoxError>> {
        let records = records(people, map, self.who.scope(), Arc::clone(read));
        let records = records.map_ok(|(user, record)| wanted(user, &record));
        let (read, name) = (Arc::clone(read), self.who.visitor_id.clone());
        let judged = stream::once(async move { read.judged(&name) });
        let judged = judged.filter_map(|judged| future::ready(judged.err()));
        records.map_err(Into::into).chain(judged.map(|failure| Err(failure.into()))).boxed()
    }

    /// What was read since it was last asked.
    pub fn take_read(&self) -> Arc<Read> {
        std::mem::take(&mut self.noted().read)
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_meant(&self, user: &User) -> bool {
        let Ok(Some(search)) = self.who.expression() else { return true };
        serde_json::to_value(user).is_ok_and(|user| search.matches(&user))
    }
}

#[async_trait]
impl FollowSource for Visitors {
    fn okta(&self) -> &Okta {
        &self.okta
    }

    fn selection(&self) -> String {
        self.who.selection()
    }

    fn records(&self) -> BoxStream<'static, Result<Record, BoxError>> {
        let visitors = self.clone();
        let prepared = async move {
            let prepared = visitors.prepare().await?;
            let read = Arc::new(Read::default());
            visitors.noted().read = Arc::clone(&read);
            Ok::<_, BoxError>(visitors.all(prepared, &read))
        };
        stream::once(prepared).try_flatten().boxed()
    }

    async fn record(&self, user_id: &str) -> Result<Option<Record>, SourceError> {
        let (map, read) = {
            let noted = self.noted();
            (noted.map.clone(), Arc::clone(&noted.read))
        };
        let unsettled = || SourceError::Unreadable {
            id: user_id.to_owned(),
            source: "it is not settled yet which fields there are".into(),
        };
        let map = map.ok_or_else(unsettled)?;
        let user = match self.okta.users().try_get(user_id).await {
            Err(error) if matches!(error.kind(), ErrorKind::Decode { .. }) => {
                read.unreadable(user_id, &error);
                return Ok(Some(Record::unreadable(user_id, error.to_string())));
            }
            user => user?.filter(|user| self.is_meant(user)),
        };
        let record = user.and_then(|user| record_of(&user, &map, &self.who.scope(), &read));
        Ok(record.map(|record| wanted(user_id.to_owned(), &record)))
    }
}

fn wanted(user: String, record: &pendo_client::Record) -> Record {
    let wanted = Record::new(record.id()).source_id(user);
    record.values().iter().fold(wanted, |wanted, (field, value)| match value {
        // Cleared also where nothing was delivered before, such as by another program.
        Value::Null => wanted.set(field, json!([])),
        value => wanted.set(field, value.clone()),
    })
}
