//! `GET /api/v1/logs`: polling, which never ends, and bounded requests, which do.

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;

use super::filter::Filter;
use super::{Entry, Log};
use crate::okta::OktaOrg;
use crate::okta::call::Call;
use crate::okta::error::{Answer, OktaError};
use crate::okta::link;

const DAY_MS: i64 = 86_400_000;
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1_000;
const MOST_WORDS: usize = 10;
const LONGEST_WORD: usize = 40;

pub(crate) async fn list(Shared(org): Shared<OktaOrg>, call: Call) -> Answer {
    let query = Query::of(&call)?;
    let state = org.read();
    let (page, next) = query.page(&state.log);
    let mut response = body(&page);
    link::add_self(&mut response, &call, query.limit);
    if let Some(place) = next {
        link::add_next(&mut response, &call, query.limit, &place.text(), &["since"]);
    }
    Ok(response)
}

fn body(page: &[&Entry]) -> Response {
    let texts: Vec<&str> = page.iter().map(|entry| &*entry.text).collect();
    let text = format!("[{}]", texts.join(","));
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

#[derive(Debug)]
struct Query {
    limit: usize,
    filter: Option<Filter>,
    words: Vec<String>,
    place: Place,
}

/// Where a listing stands. A bounded one goes by the time of publication, then by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Polling { since_ms: i64, position: usize },
    Bounded { descending: bool, since_ms: i64, until_ms: i64, after: Option<(i64, usize)> },
}

impl Query {
    fn of(call: &Call) -> Result<Self, OktaError> {
        let filter = call.get("filter").map(filter).transpose()?;
        let limit = limit(call)?;
        let words = words(call)?;
        let place = match call.get("after").filter(|after| !after.is_empty()) {
            Some(_) if call.get("since").is_some() => {
                let cause = "since: cannot be used together with after";
                return Err(OktaError::validation("since", cause));
            }
            Some(after) => Place::read(after).ok_or_else(OktaError::bad_cursor)?,
            None => Place::first(call)?,
        };
        Ok(Self { limit, filter, words, place })
    }

    fn page<'a>(&self, log: &'a Log) -> (Vec<&'a Entry>, Option<Place>) {
        match self.place {
            Place::Polling { since_ms, position } => self.polled(log, since_ms, position),
            Place::Bounded { .. } => self.bounded(log),
        }
    }

    // In the order of storing. There is always a place to go on from, and it never goes back.
    fn polled<'a>(
        &self,
        log: &'a Log,
        since_ms: i64,
        first: usize,
    ) -> (Vec<&'a Entry>, Option<Place>) {
        let (mut page, mut position) = (Vec::new(), first);
        for entry in log.entries().iter().skip(first) {
            if page.len() == self.limit {
                break;
            }
            position += 1;
            if entry.published_ms >= since_ms && self.matches(entry) {
                page.push(entry);
            }
        }
        (page, Some(Place::Polling { since_ms, position }))
    }

    fn bounded<'a>(&self, log: &'a Log) -> (Vec<&'a Entry>, Option<Place>) {
        let Place::Bounded { descending, since_ms, until_ms, after } = self.place else {
            return (Vec::new(), None);
        };
        let key = |(position, entry): &(usize, &'a Entry)| (entry.published_ms, *position);
        let is_left = |at: (i64, usize)| {
            after.is_none_or(|after| if descending { at < after } else { at > after })
        };
        let all = log.entries().iter().enumerate();
        let mut found: Vec<_> = all
            .filter(|(_, entry)| (since_ms..until_ms).contains(&entry.published_ms))
            .filter(|item| is_left(key(item)) && self.matches(item.1))
            .collect();
        found.sort_by_key(key);
        if descending {
            found.reverse();
        }
        let is_all = found.len() <= self.limit;
        found.truncate(self.limit);
        let after = found.last().map(key).or(after);
        let next = Place::Bounded { descending, since_ms, until_ms, after };
        (found.into_iter().map(|(_, entry)| entry).collect(), (!is_all).then_some(next))
    }

    fn matches(&self, entry: &Entry) -> bool {
        if self.filter.is_none() && self.words.is_empty() {
            return true;
        }
        let text = entry.text.to_lowercase();
        self.words.iter().all(|word| text.contains(word))
            && self.filter.as_ref().is_none_or(|filter| filter.matches(&entry.json()))
    }
}

impl Place {
    fn first(call: &Call) -> Result<Self, OktaError> {
        let descending = match call.get("sortOrder") {
            None | Some("ASCENDING") => false,
            Some("DESCENDING") => true,
            Some(_) => {
                let cause = "sortOrder: must be ASCENDING or DESCENDING";
                return Err(OktaError::validation("sortOrder", cause));
            }
        };
        let now = Timestamp::now().as_millisecond();
        let until = time(call, "until")?;
        // What is published in the very moment of asking belongs to it.
        let until_ms = until.unwrap_or(now + 1);
        let since_ms = time(call, "since")?.unwrap_or(until_ms - 7 * DAY_MS);
        if since_ms < now - 180 * DAY_MS {
            let summary = "Invalid filter: since is more than 180 days ago.";
            return Err(OktaError::new(400, "E0000053", summary));
        }
        Ok(match descending || until.is_some() {
            true => Self::Bounded { descending, since_ms, until_ms, after: None },
            false => Self::Polling { since_ms, position: 0 },
        })
    }

    fn text(self) -> String {
        URL_SAFE_NO_PAD.encode(match self {
            Self::Polling { since_ms, position } => format!("p:{since_ms}:{position}"),
            Self::Bounded { descending, since_ms, until_ms, after } => {
                let (ms, position) = after.unwrap_or_default();
                format!(
                    "{}:{since_ms}:{until_ms}:{ms}:{position}",
                    if descending { "d" } else { "a" }
                )
            }
        })
    }

    fn read(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            ["p", since, position] => Some(Self::Polling {
                since_ms: since.parse().ok()?,
                position: position.parse().ok()?,
            }),
            [order @ ("a" | "d"), since, until, ms, position] => Some(Self::Bounded {
                descending: order == "d",
                since_ms: since.parse().ok()?,
                until_ms: until.parse().ok()?,
                after: Some((ms.parse().ok()?, position.parse().ok()?)),
            }),
            _ => None,
        }
    }
}

fn filter(text: &str) -> Result<Filter, OktaError> {
    let refused = |cause: String| {
        OktaError::new(400, "E0000053", "Invalid filter.").because(format!("filter: {cause}"))
    };
    let filter = Filter::parse(text).map_err(refused)?;
    match filter.paths().contains(&"published") {
        true => Err(refused("published cannot be filtered: use since and until".to_owned())),
        false => Ok(filter),
    }
}

fn limit(call: &Call) -> Result<usize, OktaError> {
    let Some(text) = call.get("limit") else {
        return Ok(PAGE);
    };
    let limit = text.parse().ok().filter(|limit| *limit <= LARGEST_PAGE);
    limit.ok_or_else(|| OktaError::validation("limit", "limit: must be between 0 and 1000"))
}

fn words(call: &Call) -> Result<Vec<String>, OktaError> {
    let text = call.get("q").unwrap_or_default();
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let too_long = words.iter().any(|word| word.chars().count() > LONGEST_WORD);
    match too_long || words.len() > MOST_WORDS {
        true => Err(OktaError::validation("q", "q: at most 10 words of at most 40 characters")),
        false => Ok(words),
    }
}

fn time(call: &Call, name: &str) -> Result<Option<i64>, OktaError> {
    let Some(text) = call.get(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.parse::<Timestamp>() {
        Ok(time) => Ok(Some(time.as_millisecond())),
        Err(_) => {
            Err(OktaError::validation(name, format!("{name}: must be an ISO 8601 date with time")))
        }
    }
}
