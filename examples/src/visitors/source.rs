//! Who is pushed into Pendo: the listing of Okta, and the records that come of it.

use std::sync::Arc;

use clap::Args;
use futures::stream::BoxStream;
use futures::{StreamExt, future, stream};
use okta_client::search::{Expression, attr};
use okta_client::{Error as OktaError, Okta, Schema, User};
use pendo_client::Record;

use crate::{Failure, FieldMap, Read, Scope, has_value, say};

/// So many people are looked at before anything is sent.
const FIRST: usize = 200;

/// A listing of users.
pub type Listing = BoxStream<'static, Result<User, OktaError>>;

/// Who is pushed, and under which visitor id.
#[derive(Args, Clone, Debug)]
pub struct VisitorOptions {
    /// The attribute that is the visitor id in Pendo: email, login, id or any other
    #[arg(long, value_name = "ATTRIBUTE", default_value = "email")]
    pub visitor_id: String,
    /// Only users that match, such as 'profile.department eq "Sales"'; 50,000 at most
    #[arg(long, value_name = "EXPRESSION")]
    pub search: Option<String>,
    /// Deprovisioned users too
    #[arg(long)]
    pub include_deprovisioned: bool,
    /// Only the first N people, as a canary
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// People in a page from Okta, 200 at most
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub page_size: u16,
}

impl VisitorOptions {
    /// The expression of `--search`.
    ///
    /// # Errors
    /// When it is none.
    pub fn expression(&self) -> Result<Option<Expression>, Failure> {
        let parsed = self.search.as_deref().map(Expression::parse).transpose();
        parsed.map_err(|error| Failure::Settings(format!("--search: {error}")))
    }

    /// Who is meant, in words.
    pub fn selection(&self) -> String {
        let search = self.search.as_deref().unwrap_or("everyone");
        let too = if self.include_deprovisioned { ", deprovisioned people too" } else { "" };
        format!("{} by {search}{too}", self.visitor_id)
    }

    /// Whether the schema has what is the visitor id.
    ///
    /// # Errors
    /// When it has not.
    pub fn check_id(&self, schema: &Schema) -> Result<(), Failure> {
        let name = &self.visitor_id;
        match name == "id" || schema.attribute(name).is_some() {
            true => Ok(()),
            false => Err(Failure::Settings(format!(
                "--visitor-id: the user schema has no attribute `{name}`; --list-fields shows those it has"
            ))),
        }
    }

    /// The rule by which people are left out.
    pub fn scope(&self) -> Scope {
        let (visitor_id, limit) = (self.visitor_id.clone(), self.limit);
        Scope { visitor_id, deprovisioned_too: self.include_deprovisioned, limit }
    }

    /// The first 200 people, how many came with those who cannot be read, and the listing, with them.
    ///
    /// # Errors
    /// When nobody can be read.
    pub async fn users(&self, okta: &Okta) -> Result<(Vec<User>, usize, Listing), Failure> {
        let (mut users, mut came) = (self.list(okta), Vec::new());
        while came.len() < FIRST {
            match users.next().await {
                Some(Err(error)) if error.item().is_none() && came.is_empty() => {
                    return Err(unlisted(error));
                }
                // Whoever came before a page that fails is delivered first.
                Some(Err(error)) if error.item().is_none() => {
                    came.push(Err(error));
                    break;
                }
                Some(user) => came.push(user),
                None => break,
            }
        }
        let most = self.limit.map_or(FIRST, |limit| FIRST.min(limit as usize));
        let first = came.iter().take(most).filter_map(|user| user.as_ref().ok()).cloned().collect();
        Ok((first, came.len(), stream::iter(came).chain(users).boxed()))
    }

    /// Those of whom Okta finds a value there; not for a canary, who are the first.
    ///
    /// # Errors
    /// As [`expression`](Self::expression).
    pub(crate) fn having(&self, okta: &Okta, attribute: &str) -> Result<Option<Listing>, Failure> {
        let has = attr(format!("profile.{attribute}")).pr();
        let has = match self.expression()? {
            Some(search) => search.and(has),
            None => has,
        };
        let list = || okta.users().list().page_size(self.page_size).search(has).stream().boxed();
        Ok(self.limit.is_none().then(list))
    }

    fn list(&self, okta: &Okta) -> Listing {
        let mut list = okta.users().list().page_size(self.page_size).prefetch(true);
        if let Some(search) = &self.search {
            list = list.search(search);
        } else if self.include_deprovisioned {
            // A plain listing leaves deprovisioned users out; this filter matches everybody.
            list = list.filter("lastUpdated gt \"1970-01-01T00:00:00.000Z\"");
        }
        if let Some(limit) = self.limit {
            // One more says whether others wait.
            list = list.limit(limit.saturating_add(1));
        }
        list.stream().boxed()
    }
}

fn unlisted(error: OktaError) -> Failure {
    match error.status() {
        Some(status) if status.is_client_error() => Failure::settings(error),
        _ => Failure::running(error),
    }
}

/// Prints which attributes there are.
pub(super) fn list_fields(map: &FieldMap, first: &[User]) {
    say!("\n{:<24} {:<10} {:<8} of the first {} have it", "attribute", "type", "", first.len());
    for row in &map.rows {
        let attribute = &row.attribute;
        let having = first.iter().filter(|user| has_value(user, &attribute.name)).count();
        let origin = if attribute.custom { "custom" } else { "base" };
        let kind = attribute.attribute_type.as_str();
        say!("{:<24} {kind:<10} {origin:<8} {}", attribute.name, having);
    }
}

/// The records of those who are not left out, each with the user's id. Who cannot be read is noted, and
/// the others go on.
pub(super) fn records(
    people: Listing,
    map: FieldMap,
    scope: Scope,
    read: Arc<Read>,
) -> BoxStream<'static, Result<(String, Record), OktaError>> {
    let records = people.filter_map(move |user| {
        if scope.limit.is_some_and(|limit| read.people() >= limit) {
            read.leave_others();
            return future::ready(None);
        }
        let user = match user {
            Ok(user) => user,
            Err(error) if error.item().is_some() => {
                read.odd(&error);
                return future::ready(None);
            }
            Err(error) => return future::ready(Some(Err(error))),
        };
        let record = record_of(&user, &map, &scope, &read);
        future::ready(record.map(|record| Ok((user.id.to_string(), record))))
    });
    records.boxed()
}

/// The record of one person, who may be left out.
pub(super) fn record_of(user: &User, map: &FieldMap, scope: &Scope, read: &Read) -> Option<Record> {
    read.count();
    let id = scope.judge(user).map_err(|rule| read.left_out(rule, user.id.as_str()));
    Some(map.record(id.ok()?, user))
}
