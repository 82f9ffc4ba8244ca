//! Pages of users: plain, by `q`, by `filter`, by `search`.

use std::ops::{ControlFlow, Range};

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use okta_client::search::{Expression, Letters, Literal, check_user_filter, check_user_search};

use super::call::Call;
use super::error::{Answer, OktaError};
use super::glimpse::Glimpse;
use super::link::{self, Cursor};
use super::state::State;
use super::user::{Status, User};
use super::{OktaOrg, ids, order};

const PAGE: usize = 200;
const PAGE_OF_Q: usize = 10;
/// How many people are looked at before others get their turn.
const STRETCH: u64 = 2_000;
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

pub(crate) async fn answer(org: &OktaOrg, call: &Call) -> Answer {
    let after = Cursor::of(call)?;
    if let Some(search) = call.get("search") {
        let expression = Expression::parse(search)?;
        check_user_search(&expression)?;
        return search_page(org, call, &expression, after).await;
    }
    if let Some(filter) = call.get("filter") {
        let expression = Expression::parse(filter)?;
        check_user_filter(&expression)?;
        let page = Page::new(after, call.limit(PAGE, PAGE)?, &call.origin);
        let page = page.of_matches(org, &expression, Letters::Exact).await;
        return Ok(page.into_response(call));
    }
    match call.get("q") {
        Some(q) => page_of_q(org, call, q).await,
        None => plain_page(org, call, after).await,
    }
}

async fn plain_page(org: &OktaOrg, call: &Call, after: Cursor) -> Answer {
    let page = Page::new(after, call.limit(PAGE, PAGE)?, &call.origin);
    let page = page.of_all(org, |user| user.status() != Status::Deprovisioned).await;
    Ok(page.into_response(call))
}

// Not paged: no `next`, whatever is left.
async fn page_of_q(org: &OktaOrg, call: &Call, q: &str) -> Answer {
    let start = q.to_lowercase();
    let found = |user: &Glimpse<'_>| {
        let starts = |name| user.text(name).to_lowercase().starts_with(&start);
        user.status() != Status::Deprovisioned
            && ["firstName", "lastName", "email"].into_iter().any(starts)
    };
    let page = Page::new(Cursor::default(), call.limit(PAGE_OF_Q, PAGE)?, &call.origin);
    let page = page.of_all(org, found).await;
    Ok(Page { next: None, ..page }.into_response(call))
}

async fn search_page(org: &OktaOrg, call: &Call, expression: &Expression, after: Cursor) -> Answer {
    let cap = org.search_cap();
    if cap == SearchCap::Refused && after.given >= SEARCH_CAP {
        return Err(OktaError::new(400, "E0000031", "Invalid search criteria.")
            .because(format!("search: more than {SEARCH_CAP} results")));
    }
    let asked = call.limit(PAGE, PAGE)?;
    let left = SEARCH_CAP.saturating_sub(after.given) as usize;
    let limit = if cap == SearchCap::Off { asked } else { asked.min(left) };
    let page = Page::new(after, limit, &call.origin);
    let mut page = match call.get("sortBy") {
        Some(attribute) => {
            let sorting = order::Sorting::of(attribute, call)?;
            let (number, order) = order::of(org, expression, &sorting, after.order).await?;
            page.of_order(&org.read(), number, &order)
        }
        None => page.of_matches(org, expression, Letters::IgnoreCase).await,
    };
    let ends = |next: &Cursor| cap == SearchCap::NoNextLink && next.given >= SEARCH_CAP;
    page.next = page.next.filter(|next| !ends(next));
    Ok(Page { limit: asked, ..page }.into_response(call))
}

/// Looks at positions from one on until told to stop. The org is held for a stretch at a time: however
/// long it takes, other calls go on in between.
pub(crate) async fn in_stretches(
    org: &OktaOrg,
    from: u64,
    mut look: impl FnMut(&State, Range<u64>) -> ControlFlow<()>,
) {
    let mut start = from;
    loop {
        {
            let state = org.read();
            let end = start.saturating_add(STRETCH).min(state.next_user);
            if start >= end || look(&state, start..end).is_break() {
                return;
            }
            start = end;
        }
        tokio::task::yield_now().await;
    }
}

/// Those who can meet the condition, in the order of their positions; none if that is anybody.
pub(crate) fn narrowed(state: &State, expression: &Expression) -> Option<Vec<u64>> {
    let mut found = expression.narrowed_by(|path, wanted| {
        let Literal::Text(text) = wanted else {
            return None;
        };
        Some(match path {
            "id" => ids::position(ids::USER, text).into_iter().collect(),
            "profile.login" => state.find_login(&text.to_lowercase()).into_iter().collect(),
            "profile.email" => state.find_email(&text.to_lowercase()),
            _ => return None,
        })
    })?;
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// The text of a page, and where the next one starts.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    after: Cursor,
    limit: usize,
    origin: &'a str,
    items: Vec<u8>,
    taken: usize,
    next: Option<Cursor>,
}

impl<'a> Page<'a> {
    pub(crate) fn new(after: Cursor, limit: usize, origin: &'a str) -> Self {
        Self { after, limit, origin, items: Vec::new(), taken: 0, next: None }
    }

    async fn of_all(mut self, org: &OktaOrg, keep: impl Fn(&Glimpse<'_>) -> bool) -> Self {
        let start = self.after.position;
        in_stretches(org, start, |state, range| self.take(state, range, &keep)).await;
        self
    }

    async fn of_matches(mut self, org: &OktaOrg, wanted: &Expression, letters: Letters) -> Self {
        let keep = |user: &Glimpse<'_>| wanted.matches_by(letters, |path| user.value(path));
        let some = narrowed(&org.read(), wanted);
        let Some(some) = some else {
            return self.of_all(org, keep).await;
        };
        let start = self.after.position;
        let some = some.into_iter().filter(|index| *index >= start);
        // It breaks off when the page is full, which is the end here as well.
        let _ = self.take(&org.read(), some, &keep);
        self
    }

    /// What the order holds from the cursor on, but for those who are gone since.
    fn of_order(mut self, state: &State, number: u64, order: &[u64]) -> Self {
        let start = usize::try_from(self.after.position).unwrap_or(usize::MAX);
        for (at, index) in order.iter().enumerate().skip(start) {
            let Some(user) = state.user(*index) else {
                continue;
            };
            if self.taken == self.limit {
                self.next = Some(Cursor { order: number, ..self.cursor(at as u64) });
                break;
            }
            self.add(&user);
        }
        self
    }

    /// Takes those of the positions that `keep` says, and breaks off when the page is full.
    pub(crate) fn take(
        &mut self,
        state: &State,
        indexes: impl Iterator<Item = u64>,
        keep: &impl Fn(&Glimpse<'_>) -> bool,
    ) -> ControlFlow<()> {
        for index in indexes {
            let Some(user) = state.glimpse(index).filter(keep).and_then(|_| state.user(index))
            else {
                continue;
            };
            if self.taken == self.limit {
                // Known only now: there is one more, so there is a next page and it starts here.
                self.next = Some(self.cursor(index));
                return ControlFlow::Break(());
            }
            self.add(&user);
        }
        ControlFlow::Continue(())
    }

    fn cursor(&self, position: u64) -> Cursor {
        Cursor { position, given: self.after.given + self.taken as u64, order: 0 }
    }

    fn add(&mut self, user: &User) {
        if !self.items.is_empty() {
            self.items.push(b',');
        }
        user.write(self.origin, &mut self.items);
        self.taken += 1;
    }

    pub(crate) fn into_response(self, call: &Call) -> Response {
        let mut body = Vec::with_capacity(self.items.len() + 2);
        body.push(b'[');
        body.extend_from_slice(&self.items);
        body.push(b']');
        let mut response = ([(CONTENT_TYPE, "application/json")], body).into_response();
        link::add_to(&mut response, call, self.limit, self.next);
        response
    }
}
