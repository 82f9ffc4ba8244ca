//! Before the first push: compares the fields with those Pendo has, decides how lists go, and creates
//! what is missing, typed.

use clap::ValueEnum;
use okta_client::User;
use pendo_client::{
    Field, FieldOutcome, FieldResult, FieldType, Group, Kind, Pendo, Record, Schema,
};
use serde_json::Value;

use crate::fields::{FieldMap, FieldRow, Sent, visitor_id};
use crate::{Failure, say};

/// With how many people's lists Pendo is asked whether it takes lists.
const ASKED_WITH: usize = 20;

/// How a list is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListsAs {
    /// As a list where the field is one, as text where it is text; for a new field Pendo is asked
    Auto,
    /// Always as a list
    Array,
    /// Always as text, the items joined by commas
    Text,
}

/// What a push of visitors needs to know of its target.
#[derive(Debug)]
pub struct Preparation<'p> {
    /// The subscription.
    pub pendo: &'p Pendo,
    /// The group that is written.
    pub group: Group,
    /// The first people: Pendo is asked with their values, which the push writes again.
    pub people: &'p [User],
    /// The attribute that is the visitor id.
    pub visitor_id: &'p str,
    /// Whether people whom Pendo does not know are created.
    pub create_missing: bool,
    /// How lists are sent.
    pub lists: ListsAs,
    /// Nothing is sent.
    pub plan: bool,
}

impl Preparation<'_> {
    /// Settles how each value is sent and creates the fields that Pendo lacks.
    ///
    /// # Errors
    /// When the schema cannot be read, or Pendo does not create a field.
    pub async fn run(&self, map: &mut FieldMap) -> Result<(), Failure> {
        let calls = self.pendo.schema(Kind::Visitor);
        let schema = calls.read().await.map_err(Failure::settings)?;
        for row in &mut map.rows {
            let field = schema.field(&self.group, &row.field).filter(|field| !field.is_deleted);
            match row.sent {
                Sent::List => self.settle_list(row, field).await,
                _ => settle(row, field),
            }
        }
        let missing: Vec<_> =
            map.creatable().filter(|new| self.lacks(&schema, new.name())).collect();
        say!("fields  {} in all, {} to be created in Pendo", map.rows.len(), missing.len());
        if self.plan {
            return Ok(());
        }
        let outcomes =
            calls.create(self.group.clone(), missing).await.map_err(Failure::settings)?;
        outcomes.into_iter().try_for_each(created)
    }

    fn lacks(&self, schema: &Schema, name: &str) -> bool {
        schema.field(&self.group, name).is_none_or(|field| field.is_deleted)
    }

    /// Pendo's API cannot create list fields, and whether it takes a list for a new field is not
    /// documented: so one real value is tried.
    async fn settle_list(&self, row: &mut FieldRow, field: Option<&Field>) {
        let as_list = match (self.lists, field.map(|field| &field.data_type)) {
            (ListsAs::Array, _) | (ListsAs::Auto, Some(FieldType::List)) => true,
            (ListsAs::Text, _) => false,
            (ListsAs::Auto, Some(FieldType::String)) => self.holds_list(row).await,
            (ListsAs::Auto, _) => self.plan || self.takes_list(row).await,
        };
        if !as_list {
            row.sent = Sent::Joined;
        }
    }

    /// A field that an earlier push made counts as text in Pendo, whatever it holds: one that holds a
    /// list goes on as a list, or its form would change from run to run.
    async fn holds_list(&self, row: &FieldRow) -> bool {
        let metadata = self.pendo.metadata(Kind::Visitor, self.group.clone());
        for (id, _) in self.lists_of(row) {
            if let Ok(Some(held)) = metadata.get(&id, &row.field).await {
                return held.is_array();
            }
        }
        false
    }

    /// Writes a few people's lists; when nobody could be asked about, the answer is text, which always
    /// goes.
    async fn takes_list(&self, row: &FieldRow) -> bool {
        let records = self.lists_of(row).map(|(id, list)| Record::new(id).set(&row.field, list));
        let records: Vec<_> = records.map(Ok::<_, std::io::Error>).collect();
        let metadata = self.pendo.metadata(Kind::Visitor, self.group.clone());
        let push = metadata.push(futures::stream::iter(records));
        push.create_missing(self.create_missing).await.updated() > 0
    }

    /// The first few people who have a list there, by visitor id.
    fn lists_of(&self, row: &FieldRow) -> impl Iterator<Item = (String, Value)> {
        let list = |user: &User| {
            let list = user.profile.attribute(&row.attribute.name)?.to_value();
            let has_items = list.as_array().is_some_and(|items| !items.is_empty());
            has_items.then_some(()).and(visitor_id(user, self.visitor_id)).map(|id| (id, list))
        };
        self.people.iter().filter_map(list).take(ASKED_WITH)
    }
}

/// A field of another type is reported; one that is text gets text.
fn settle(row: &mut FieldRow, field: Option<&Field>) {
    let Some((field, wanted)) = field.zip(row.sent.new_type()) else { return };
    if !field.data_type.suits(wanted) {
        say!(
            "differs {} is {} in Pendo and {} in Okta; its type is set under Settings > Data Mappings",
            row.field,
            field.data_type.as_str(),
            row.attribute.attribute_type
        );
        if field.data_type == FieldType::String {
            row.sent = Sent::Text;
        }
    }
}

fn created(outcome: FieldOutcome) -> Result<(), Failure> {
    match outcome.result {
        FieldResult::Failed { message } => Err(Failure::Settings(format!(
            "Pendo did not create the field {}: {message}; leave it out with --fields",
            outcome.name
        ))),
        _ => Ok(()),
    }
}
