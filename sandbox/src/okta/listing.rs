//! Pages of users: plain, by `q`, by `filter`, by `search`.

use std::cmp::Ordering;

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use okta_client::search::{Expression, Letters, check_user_filter, check_user_search};
use serde_json::Value;

use super::call::Call;
use super::error::{Answer, OktaError};
use super::link::{self, Cursor};
use super::state::State;
use super::user::{Status, User};

const PAGE: usize = 200;
const PAGE_OF_Q: usize = 10;
/// How many results a search gives at most, where the cap is on.
pub(crate) const SEARCH_CAP: u64 = 50_000;

/// How a search ends once it has given 50,000 results; Okta does not publish which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchCap {
    /// It does not: the search goes on to the last match.
    #[default]
    Off,
    /// The page that reaches the cap has no `next` link.
    NoNextLink,
    /// The page that reaches the cap has a `next` link, and following it is a 400.
    Refused,
}

impl From<bool> for SearchCap {
    fn from(on: bool) -> Self {
        if on { Self::NoNextLink } else { Self::Off }
    }
}

pub(crate) fn answer(state: &State, cap: SearchCap, call: &Call) -> Answer {
    let after = Cursor::of(call)?;
    if let Some(search) = call.get("search") {
        let expression = Expression::parse(search)?;
        check_user_search(&expression)?;
        return search_page(state, cap, call, &expression, after);
    }
    if let Some(filter) = call.get("filter") {
        let expression = Expression::parse(filter)?;
        check_user_filter(&expression)?;
        let limit = call.limit(PAGE, PAGE)?;
        let keep = |user: &User| expression.matches_with(&user.in_list(""), Letters::Exact);
        let page = Page::collect(state, state.indexes(after), after, limit, &call.origin, keep);
        return Ok(page.into_response(call, limit));
    }
    match call.get("q") {
        Some(q) => page_of_q(state, call, q),
        None => plain_page(state, call, after),
    }
}

fn plain_page(state: &State, call: &Call, after: Cursor) -> Answer {
    let limit = call.limit(PAGE, PAGE)?;
    let listed = |user: &User| user.status != Status::Deprovisioned;
    let page = Page::collect(state, state.indexes(after), after, limit, &call.origin, listed);
    Ok(page.into_response(call, limit))
}

// Not paged: no `next`, whatever is left.
fn page_of_q(state: &State, call: &Call, q: &str) -> Answer {
    let limit = call.limit(PAGE_OF_Q, PAGE)?;
    let start = q.to_lowercase();
    let starts = |profile: &Value, name: &str| {
        profile[name].as_str().is_some_and(|text| text.to_lowercase().starts_with(&start))
    };
    let found = |user: &User| {
        let profile = &user.in_list("")["profile"];
        user.status != Status::Deprovisioned
            && ["firstName", "lastName", "email"].into_iter().any(|name| starts(profile, name))
    };
    let from = Cursor::default();
    let page = Page::collect(state, state.indexes(from), from, limit, &call.origin, found);
    Ok(Page { next: None, ..page }.into_response(call, limit))
}

fn search_page(
    state: &State,
    cap: SearchCap,
    call: &Call,
    expression: &Expression,
    after: Cursor,
) -> Answer {
    if cap == SearchCap::Refused && after.given >= SEARCH_CAP {
        return Err(OktaError::new(400, "E0000031", "Invalid search criteria.")
            .because(format!("search: more than {SEARCH_CAP} results")));
    }
    let asked = call.limit(PAGE, PAGE)?;
    let left = SEARCH_CAP.saturating_sub(after.given) as usize;
    let limit = if cap == SearchCap::Off { asked } else { asked.min(left) };
    let matches = |user: &User| expression.matches(&user.in_list(""));
    let mut page = match call.get("sortBy") {
        Some(attribute) => sorted_page(state, call, attribute, after, limit, matches)?,
        None => Page::collect(state, state.indexes(after), after, limit, &call.origin, matches),
    };
    let ends = |next: &Cursor| cap == SearchCap::NoNextLink && next.given >= SEARCH_CAP;
    page.next = page.next.filter(|next| !ends(next));
    Ok(page.into_response(call, asked))
}

fn sorted_page(
    state: &State,
    call: &Call,
    attribute: &str,
    after: Cursor,
    limit: usize,
    matches: impl Fn(&User) -> bool,
) -> Result<Page, OktaError> {
    let descending = match call.get("sortOrder") {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(OktaError::validation("sortOrder", "sortOrder: asc or desc")),
    };
    let mut found = Vec::new();
    for index in state.indexes(Cursor::default()) {
        if let Some(user) = state.user(index).filter(|user| matches(user)) {
            found.push((sort_key(&user.in_list(""), attribute), index));
        }
    }
    // Ties are ordered by id, which follows the position, in either direction.
    found.sort_by(|a, b| {
        let by_key = compare_keys(&a.0, &b.0);
        (if descending { by_key.reverse() } else { by_key }).then(a.1.cmp(&b.1))
    });
    let start = (after.position as usize).min(found.len());
    let end = start.saturating_add(limit).min(found.len());
    let mut page = Page::default();
    for (_, index) in &found[start..end] {
        if let Some(user) = state.user(*index) {
            page.add(&user, &call.origin);
        }
    }
    let given = after.given + (end - start) as u64;
    page.next = (end < found.len()).then_some(Cursor { position: end as u64, given });
    Ok(page)
}

fn sort_key(user: &Value, attribute: &str) -> Value {
    attribute.split('.').fold(user, |value, name| &value[name]).clone()
}

fn compare_keys(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
        }
        // Without a value: last.
        _ => a.is_null().cmp(&b.is_null()),
    }
}

/// The text of a page, and where the next one starts.
#[derive(Debug, Default)]
pub(crate) struct Page {
    items: Vec<u8>,
    pub(crate) next: Option<Cursor>,
}

impl Page {
    /// Takes those of the positions that `keep` says, up to `limit`.
    pub(crate) fn collect(
        state: &State,
        indexes: impl Iterator<Item = u64>,
        after: Cursor,
        limit: usize,
        origin: &str,
        keep: impl Fn(&User) -> bool,
    ) -> Self {
        let mut page = Self::default();
        let mut taken = 0;
        for index in indexes {
            let Some(user) = state.user(index).filter(|user| keep(user)) else {
                continue;
            };
            if taken == limit {
                // Known only now: there is one more, so there is a next page and it starts here.
                page.next = Some(Cursor { position: index, given: after.given + taken as u64 });
                break;
            }
            page.add(&user, origin);
            taken += 1;
        }
        page
    }

    fn add(&mut self, user: &User, origin: &str) {
        if !self.items.is_empty() {
            self.items.push(b',');
        }
        user.write(origin, &mut self.items);
    }

    pub(crate) fn into_response(self, call: &Call, limit: usize) -> Response {
        let mut body = Vec::with_capacity(self.items.len() + 2);
        body.push(b'[');
        body.extend_from_slice(&self.items);
        body.push(b']');
        let mut response = ([(CONTENT_TYPE, "application/json")], body).into_response();
        link::add_to(&mut response, call, limit, self.next);
        response
    }
}

impl State {
    /// Every position from the cursor on, that of deleted users included.
    pub(crate) fn indexes(&self, from: Cursor) -> std::ops::Range<u64> {
        from.position..self.next_user
    }
}
