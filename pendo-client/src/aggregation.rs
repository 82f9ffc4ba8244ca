//! Reading many by aggregation: metadata of all visitors or accounts.

use std::time::Duration;

use futures::stream::{self, Stream, StreamExt, TryStreamExt};
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::metadata::{Group, Kind, Record, check_field_name};
use crate::pendo::Pendo;

const AGGREGATION: &str = "/api/v1/aggregation";
// Pendo lets an aggregation run for five minutes.
const CALL_TIMEOUT: Duration = Duration::from_secs(310);

/// A reading of the metadata of all visitors or accounts; from [`Pendo::read_metadata`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read until its stream is"]
pub struct ReadMetadata {
    pendo: Pendo,
    kind: Kind,
    group: Group,
    fields: Vec<String>,
    page_size: usize,
}

#[derive(Deserialize)]
struct Answer {
    results: Option<Vec<Map<String, Value>>>,
}

impl Pendo {
    /// Reads these fields of everybody who is known: a [`Record`] for each, without the fields that
    /// are not set, in the order of ids. Anonymous visitors and those not to be processed are left out.
    ///
    /// [`POST /api/v1/aggregation`](https://engageapi.pendo.io/), page by page: those whose id comes
    /// after the last one read. Any key may read. A call may take five minutes and 4 GB. What was written
    /// lately may not be seen yet.
    ///
    /// # Errors
    /// A field or group name that cannot be one, 422 for a pipeline that Pendo does not take, and
    /// answers that do not go on.
    ///
    /// ```no_run
    /// use futures::TryStreamExt;
    /// use pendo_client::{Group, Kind};
    ///
    /// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
    /// let fields = ["okta_department", "okta_title"];
    /// let mut visitors = pendo.read_metadata(Kind::Visitor, Group::Custom, fields).stream();
    /// while let Some(visitor) = visitors.try_next().await? {
    ///     println!("{} {:?}", visitor.id(), visitor.values().get("okta_department"));
    /// }
    /// # Ok(()) }
    /// ```
    pub fn read_metadata<F: Into<String>>(
        &self,
        kind: Kind,
        group: Group,
        fields: impl IntoIterator<Item = F>,
    ) -> ReadMetadata {
        let fields = fields.into_iter().map(Into::into).collect();
        ReadMetadata { pendo: self.clone(), kind, group, fields, page_size: 10_000 }
    }
}

impl ReadMetadata {
    /// How many are read by one call; 10,000 by default, at least 1.
    pub fn page_size(mut self, records: usize) -> Self {
        self.page_size = records.max(1);
        self
    }

    /// Everybody, page by page as it is read.
    pub fn stream(self) -> impl Stream<Item = Result<Record>> + Send + Unpin + 'static {
        let first = Some(String::new());
        let pages = stream::try_unfold((self, first), |(reading, after)| async move {
            let Some(after) = after else { return Ok(None) };
            let page = reading.page(&after).await?;
            let last = page.last().map(|record| record.id().to_owned());
            let next = last.filter(|_| page.len() >= reading.page_size);
            Ok::<_, Error>(Some((stream::iter(page).map(Ok), (reading, next))))
        });
        Box::pin(pages.try_flatten())
    }

    async fn page(&self, after: &str) -> Result<Vec<Record>> {
        self.check().map_err(Error::request)?;
        let request = self.pendo.request(Method::POST, AGGREGATION, []).body(&self.body(after));
        let answer: Answer = request.safe_to_repeat().timeout(CALL_TIMEOUT).json().await?;
        let rows = answer.results.unwrap_or_default();
        let records: Option<Vec<Record>> = rows.into_iter().map(|row| self.record(row)).collect();
        let records = records.ok_or_else(|| Error::paging("Pendo answered a row without an id"))?;
        let mut last = after;
        for record in &records {
            if record.id() <= last {
                return Err(Error::paging(
                    "Pendo did not answer in the order of ids: the reading would miss or repeat some",
                ));
            }
            last = record.id();
        }
        Ok(records)
    }

    fn check(&self) -> std::result::Result<(), String> {
        check_field_name(self.group.as_str())?;
        self.fields.iter().try_for_each(|field| check_field_name(field))
    }

    fn id_name(&self) -> &'static str {
        match self.kind {
            Kind::Visitor => "visitorId",
            Kind::Account => "accountId",
        }
    }

    /// What is asked: each field comes back under its own name after `f_`, which no id is called.
    fn body(&self, after: &str) -> Value {
        let id = self.id_name();
        let mut select = Map::from_iter([(id.to_owned(), json!(id))]);
        for field in &self.fields {
            let path = format!("metadata.{}.{}", self.group, field.to_ascii_lowercase());
            select.insert(format!("f_{field}"), json!(path));
        }
        let source = match self.kind {
            Kind::Visitor => json!({"source": {"visitors": null}}),
            Kind::Account => json!({"source": {"accounts": null}}),
        };
        let mut pipeline = vec![source];
        if self.kind == Kind::Visitor {
            pipeline.push(json!({"identified": id}));
        }
        if !after.is_empty() {
            pipeline.push(json!({"filter": format!("{id} > {}", quoted(after))}));
        }
        pipeline.push(json!({"select": select}));
        pipeline.push(json!({"sort": [id]}));
        pipeline.push(json!({"limit": self.page_size}));
        json!({"response": {"mimeType": "application/json"}, "request": {"pipeline": pipeline}})
    }

    fn record(&self, mut row: Map<String, Value>) -> Option<Record> {
        let id = row.get(self.id_name())?.as_str()?.to_owned();
        let mut values = Map::new();
        for field in &self.fields {
            let value = row.remove(&format!("f_{field}")).filter(|value| !value.is_null());
            values.extend(value.map(|value| (field.clone(), value)));
        }
        Some(Record::from_values(id, values))
    }
}

/// A text in an expression; an id that is spliced in as it is could say anything.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_quoted() {
        assert_eq!(quoted(r#"a"b\c"#), r#""a\"b\\c""#);
    }
}
