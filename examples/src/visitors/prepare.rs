//! Before the first push: compares the fields with those Pendo has, decides how lists go, and creates
//! what is missing, typed.

use clap::{Args, ValueEnum};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use okta_client::{Error as OktaError, Okta, Schema, User};
use pendo_client::{
    Delivery, Field, FieldOutcome, FieldResult, FieldType, Group, Kind, NewField, Pendo,
    PushReport, Record,
};
use serde_json::Value;

use crate::visitors::fields::{FieldMap, FieldRow, Sent};
use crate::{BoxError, Failure, VisitorOptions, say};

/// People and their visitor ids.
type People = Vec<(String, User)>;

/// Of people who have a list, so many are looked at together.
const PAGE: usize = 200;

/// With how many people's lists Pendo is asked whether it takes lists.
const ASKED_WITH: usize = 20;

/// From how many people it is read what a text field holds.
const READ_FROM: usize = 5;

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

/// Which attributes are pushed, and how.
#[derive(Args, Clone, Debug)]
pub struct FieldOptions {
    /// The attributes to push, such as email,department=team; all of the user schema by default
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub fields: Vec<String>,
    /// What the names of all fields begin with in Pendo, renamed ones too
    #[arg(long, default_value = "okta_")]
    pub prefix: String,
    /// How lists are sent
    #[arg(long, value_enum, default_value_t = ListsAs::Auto)]
    pub lists: ListsAs,
    /// Leave a field as it is when its attribute is empty in Okta, instead of clearing it
    #[arg(long)]
    pub keep_empty: bool,
}

impl FieldOptions {
    /// The fields that these options choose of this schema.
    ///
    /// # Errors
    /// As [`FieldMap::choose`].
    pub fn choose(&self, schema: &Schema) -> Result<FieldMap, Failure> {
        FieldMap::choose(schema, &self.fields, &self.prefix, self.keep_empty)
            .map_err(Failure::settings)
    }
}

/// What a push of visitors needs to know of its target.
#[derive(Debug)]
pub struct Preparation<'p> {
    /// The subscription.
    pub pendo: &'p Pendo,
    /// The group that is written.
    pub group: Group,
    /// The first of those who are pushed: Pendo is asked with their values, which the push writes again.
    pub people: Vec<(String, User)>,
    /// The org, and who of it is pushed: who has a list may not be among the first.
    pub source: (&'p Okta, &'p VisitorOptions),
    /// Whether people whom Pendo does not know are created.
    pub create_missing: bool,
    /// How lists are sent.
    pub lists: ListsAs,
    /// Nothing is sent.
    pub plan: bool,
}

impl Preparation<'_> {
    /// Settles how each value is sent and creates the fields that Pendo lacks: lists last, because
    /// they may have to be tried.
    ///
    /// # Errors
    /// When the schema cannot be read, or Pendo does not create a field.
    pub async fn run(&self, map: &mut FieldMap) -> Result<(), Failure> {
        let schema = self.pendo.schema(Kind::Visitor).read().await.map_err(Failure::settings)?;
        let field = |row: &FieldRow| {
            schema.field(&self.group, &row.field).filter(|field| !field.is_deleted)
        };
        let keep_empty = map.keep_empty;
        let (lists, plain): (Vec<_>, Vec<_>) =
            map.rows.iter_mut().partition(|row| row.sent == Sent::List);
        let (plain_count, mut new) = (plain.len(), Vec::new());
        let some_plain = plain.first().map(|row| (**row).clone());
        let rows = some_plain.into_iter().collect();
        let plain_map = FieldMap { rows, keep_empty, untried: Vec::new() };
        for row in plain {
            settle(row, field(row));
            new.extend(row.new_field().filter(|_| field(row).is_none()));
        }
        let mut all = plain_count + lists.len();
        let mut created = new.len();
        self.create(new).await.map_err(Failure::settings)?;
        let (mut joined, mut untried) = (Vec::new(), Vec::new());
        for row in lists {
            if !self.settle_list(row, field(row), &plain_map).await? {
                untried.push(row.field.clone());
                continue;
            }
            joined.extend(row.new_field().filter(|_| field(row).is_none()));
        }
        created += joined.len();
        all -= untried.len();
        map.rows.retain(|row| !untried.contains(&row.field));
        // Else everybody was asked about: there is nothing to push.
        map.untried = untried.into_iter().filter(|_| self.source.1.limit.is_some()).collect();
        self.create(joined).await.map_err(Failure::running)?;
        let what = if self.plan { "would be created" } else { "created" };
        say!("fields  {all} in all, {created} of them {what} in Pendo");
        Ok(())
    }

    async fn create(&self, fields: Vec<NewField>) -> Result<(), BoxError> {
        if self.plan || fields.is_empty() {
            return Ok(());
        }
        let outcomes = self.pendo.schema(Kind::Visitor).create(self.group.clone(), fields).await?;
        outcomes.into_iter().try_for_each(created)
    }

    /// Pendo's API cannot create list fields, and whether it takes a list for a new field is not
    /// documented: so real values are tried. Whether it is settled: a field that is made as text stays
    /// text, so none is made on a guess.
    async fn settle_list(
        &self,
        row: &mut FieldRow,
        field: Option<&Field>,
        plain: &FieldMap,
    ) -> Result<bool, Failure> {
        let as_list = match (self.lists, field.map(|field| &field.data_type)) {
            (ListsAs::Array, _) | (ListsAs::Auto, Some(FieldType::List)) => true,
            (ListsAs::Text, _) => false,
            (ListsAs::Auto, Some(FieldType::String)) => self.holds_list(row).await?,
            (ListsAs::Auto, _) if self.plan => true,
            (ListsAs::Auto, _) => match self.takes_list(row, plain).await? {
                Some(takes_list) => takes_list,
                None => return Ok(false),
            },
        };
        if !as_list {
            row.sent = Sent::Joined;
        }
        Ok(true)
    }

    /// A field that an earlier push made counts as text in Pendo, whatever it holds: one that holds a
    /// list goes on as a list, or its form would change from run to run.
    async fn holds_list(&self, row: &FieldRow) -> Result<bool, Failure> {
        let metadata = self.pendo.metadata(Kind::Visitor, self.group.clone());
        let mut pages = self.pages(row)?;
        while let Some(page) = pages.try_next().await? {
            for (id, _) in lists_of(&page, row).take(READ_FROM) {
                if let Ok(Some(held)) = metadata.get(id, &row.field).await {
                    return Ok(held.is_array());
                }
            }
            if lists_of(&page, row).next().is_some() {
                break;
            }
        }
        Ok(false)
    }

    /// Writes a few people's lists; nothing is known when Pendo knows nobody who has one.
    async fn takes_list(&self, row: &FieldRow, plain: &FieldMap) -> Result<Option<bool>, Failure> {
        let (field, mut pages) = (&row.field, self.pages(row)?);
        while let Some(page) = pages.try_next().await? {
            let unknown = self.unknown(&page, row, plain).await?;
            let asked = lists_of(&page, row).filter(|(id, _)| !unknown.contains(id));
            let records = asked.map(|(id, list)| Record::new(id.as_str()).set(field, list));
            let report = self.write(records.take(ASKED_WITH).collect()).await?;
            let tried = report.total() - report.missing();
            if tried > 0 {
                let takes_list = report.updated() > 0;
                let verdict =
                    if takes_list { "takes lists" } else { "takes no lists: they go as text" };
                say!("tried   {field} with {tried} people's lists: Pendo {verdict}");
                return Ok(Some(takes_list));
            }
        }
        match self.source.1.limit {
            None => say!(
                "not tried {field}: nobody whom Pendo knows has a list there, so there is nothing to push; it is \
                 looked for anew before each full push"
            ),
            Some(_) => say!(
                "not tried {field}: nobody of the first people whom Pendo knows has a list there; this canary leaves \
                 it out, unless --lists says how it goes"
            ),
        }
        Ok(None)
    }

    /// Among whom there may be people with a list: the first of all, then those whom Okta finds.
    fn pages(&self, row: &FieldRow) -> Result<BoxStream<'_, Result<People, Failure>>, Failure> {
        let first = stream::iter([Ok(self.people.clone())]);
        let (okta, who) = self.source;
        let Some(having) = who.having(okta, &row.attribute.name)? else { return Ok(first.boxed()) };
        let (scope, field) = (who.scope(), row.field.clone());
        let page = move |page: Vec<Result<User, OktaError>>| {
            let read = page
                .into_iter()
                .filter(|user| !matches!(user, Err(error) if error.item().is_some()));
            let read: Vec<User> =
                read.collect::<Result<_, _>>().map_err(|error| unfound(&field, error))?;
            Ok(scope.visitors(read))
        };
        Ok(first.chain(having.chunks(PAGE).map(page)).boxed())
    }

    /// Whom of them Pendo does not know, as it says of values without a list: a field that it does not have
    /// it would make of a list for somebody unknown, too.
    async fn unknown(
        &self,
        people: &People,
        row: &FieldRow,
        plain: &FieldMap,
    ) -> Result<Vec<String>, Failure> {
        if self.create_missing || plain.rows.is_empty() {
            return Ok(Vec::new());
        }
        let asked = people.iter().filter(|(_, user)| list_of(user, row).is_some());
        let records = asked.map(|(id, user)| plain.record(id.clone(), user));
        let report = self.write(records.collect()).await?;
        let missing =
            report.undelivered().iter().filter(|one| *one.delivery() == Delivery::Missing);
        Ok(missing.map(|one| one.id().to_owned()).collect())
    }

    async fn write(&self, records: Vec<Record>) -> Result<PushReport, Failure> {
        let metadata = self.pendo.metadata(Kind::Visitor, self.group.clone());
        let records = futures::stream::iter(records.into_iter().map(Ok::<_, std::io::Error>));
        let report = metadata.push(records).create_missing(self.create_missing).await;
        match report.stopped() {
            Some(error) => Err(Failure::running(error.to_string())),
            None => Ok(report),
        }
    }
}

/// Those who have a list there.
fn lists_of<'a>(
    people: &'a People,
    row: &'a FieldRow,
) -> impl Iterator<Item = (&'a String, Value)> {
    people.iter().filter_map(|(id, user)| Some((id, list_of(user, row)?)))
}

fn list_of(user: &User, row: &FieldRow) -> Option<Value> {
    let list = user.profile.attribute(&row.attribute.name)?.to_value();
    list.as_array().is_some_and(|items| !items.is_empty()).then_some(list)
}

/// Without those who have a list nobody knows how lists go.
fn unfound(field: &str, error: OktaError) -> Failure {
    match Failure::settings(error) {
        Failure::Settings(line) => Failure::Settings(format!(
            "{field}: nobody of the first people has a list there, and Okta does not say who has: {line}; \
             --lists array or --lists text says how it goes"
        )),
        other => other,
    }
}

/// A field of another type is reported; one that is text gets text.
fn settle(row: &mut FieldRow, field: Option<&Field>) {
    let Some((field, wanted)) = field.zip(row.sent.new_type()) else { return };
    if !field.data_type.suits(wanted) {
        say!(
            "differs {} is {} in Pendo, {} fits what Okta has; types are set under Settings > Data Mappings",
            row.field,
            field.data_type.as_str(),
            wanted.as_str()
        );
        if field.data_type == FieldType::String {
            row.sent = Sent::Text;
        }
    }
}

fn created(outcome: FieldOutcome) -> Result<(), BoxError> {
    match outcome.result {
        FieldResult::Failed { message } => {
            let name = outcome.name;
            Err(format!(
                "Pendo did not create the field {name}: {message}; leave it out with --fields"
            )
            .into())
        }
        _ => Ok(()),
    }
}
