//! Finding the resource that has a value, on servers that filter, filter wrongly, or do not filter.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use futures::TryStreamExt;
use http::Method;
use rest_core::{ErrorKind, Request};
use scim_types::filter::{Filter, Matcher, attr};
use scim_types::{AttributePath, ListResponse, Node};

use crate::endpoint::Endpoint;
use crate::error::{Error, Result, ScimError};
use crate::resources::Resources;

/// Resources in an answer to a lookup: what Okta asks for.
const HITS: u64 = 100;

/// Resources among which one with a value is looked for, to try a lookup with it.
const SAMPLE: u64 = 10;

/// What was learned of lookups, for each resource type and attribute.
#[derive(Debug, Default)]
pub(crate) struct Lookups(Mutex<HashMap<(&'static str, String), Arc<Known>>>);

/// Whether an answer without hits can be believed.
#[derive(Debug, Default)]
struct Known {
    /// Held while it is found out, so that of many who ask at once one does it.
    works: tokio::sync::Mutex<Option<bool>>,
    trials: AtomicU64,
}

impl Lookups {
    fn of<R: Endpoint>(&self, attribute: &str) -> Arc<Known> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry((R::NAME, attribute.to_ascii_lowercase())).or_default())
    }
}

/// A value that is looked for, and how to tell who has it.
struct Wanted<'a> {
    attribute: &'a str,
    path: AttributePath,
    value: &'a str,
    filter: Filter,
    matcher: Matcher,
}

/// What a server made of the filter.
enum Answer<R> {
    Hits(Vec<R>),
    Refused,
    /// A 500, each time.
    Broken,
}

impl<R: Endpoint> Resources<R> {
    /// Finds the one resource whose attribute has this value; `None` when there is none.
    ///
    /// `GET ?filter={attribute} eq "{value}"`, as Okta looks people up; 404 means nobody, too. Every
    /// hit is compared here once more, without case where the attribute has none (`userName`,
    /// `displayName`), with it elsewhere (`id`, `externalId`); among several, the one that is equal with
    /// regard to case is taken.
    ///
    /// What servers do wrong is made good by [`scan`](Self::scan), which reads everybody: when the
    /// filter is refused (400, 403, 501, or 500 each time), when none of the hits has the value, and
    /// when lookups of this attribute do not find who is there. The last is tried once for each
    /// attribute, when an answer first has no hits, with a value of a resource that is known to be
    /// there, written in another case where case means nothing. On such a server
    /// every lookup costs a whole listing: to look up many, read [`list`](Self::list) once instead.
    ///
    /// # Errors
    /// Several resources have the value: the error names their ids.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// match scim.users().find("userName", "ada@acme.example").await? {
    ///     Some(ada) => println!("{:?}", ada.id),
    ///     None => println!("no such user"),
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn find(&self, attribute: &str, value: &str) -> Result<Option<R>> {
        let wanted = Wanted::new::<R>(attribute, value)?;
        // A name that no filter can hold, such as `Business Unit`.
        if wanted.filter.check().is_err() {
            return self.scan_for(&wanted).await;
        }
        let known = self.scim().lookups().of::<R>(attribute);
        if *known.works.lock().await == Some(false) {
            return self.scan_for(&wanted).await;
        }
        let trials = known.trials.load(SeqCst);
        let hits = match self.ask(&wanted).await? {
            Answer::Hits(hits) => hits,
            Answer::Refused => return self.scan_for(&wanted).await,
            Answer::Broken => return self.scan_instead(&wanted, &known).await,
        };
        let found_some = !hits.is_empty();
        match wanted.pick(hits)? {
            Some(found) => Ok(Some(found)),
            None if found_some => self.scan_for(&wanted).await,
            None if self.finds_any(&wanted, &known, trials).await? => Ok(None),
            None => self.scan_for(&wanted).await,
        }
    }

    /// Finds the one resource whose attribute has this value by reading all of them: what
    /// [`find`](Self::find) does where the server cannot filter.
    ///
    /// # Errors
    /// Several resources have the value; a listing that cannot be read to its end.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let team = scim.groups().scan("displayName", "Engineering").await?;
    /// # Ok(()) }
    /// ```
    pub async fn scan(&self, attribute: &str, value: &str) -> Result<Option<R>> {
        self.scan_for(&Wanted::new::<R>(attribute, value)?).await
    }

    async fn scan_for(&self, wanted: &Wanted<'_>) -> Result<Option<R>> {
        let mut everybody = self.list().stream();
        let mut hits = Vec::new();
        while let Some(resource) = everybody.try_next().await? {
            if wanted.matcher.matches(&resource) {
                hits.push(resource);
            }
        }
        wanted.pick(hits)
    }

    /// What a server does that answers every filter with a 500: it is never asked again.
    async fn scan_instead(&self, wanted: &Wanted<'_>, known: &Known) -> Result<Option<R>> {
        let found = self.scan_for(wanted).await?;
        *known.works.lock().await = Some(false);
        Ok(found)
    }

    async fn ask(&self, wanted: &Wanted<'_>) -> Result<Answer<R>> {
        let request = self
            .all(Method::GET)
            .query("filter", &wanted.filter)
            .query("startIndex", 1)
            .query("count", HITS);
        match answer_of(&request).await {
            Ok(page) => Ok(Answer::Hits(page.resources)),
            Err(error) if error.is_not_found() => Ok(Answer::Hits(Vec::new())),
            Err(error) if is_refusal(&error) => Ok(Answer::Refused),
            Err(error) if has_status(&error, 500) => Ok(Answer::Broken),
            Err(error) => Err(error),
        }
    }

    /// Whether lookups of this attribute find somebody who is there, as far as can be known.
    async fn finds_any(&self, wanted: &Wanted<'_>, known: &Known, trials: u64) -> Result<bool> {
        let mut works = known.works.lock().await;
        if let Some(works) = *works {
            return Ok(works);
        }
        // It was tried while this lookup ran, and nobody had a value to try it with.
        if known.trials.load(SeqCst) > trials {
            return Ok(true);
        }
        *works = self.try_lookup(wanted).await?;
        known.trials.fetch_add(1, SeqCst);
        Ok(works.unwrap_or(true))
    }

    /// Looks up a value that somebody has; `None` when nobody is seen to have one.
    async fn try_lookup(&self, wanted: &Wanted<'_>) -> Result<Option<bool>> {
        let request = self.all(Method::GET).query("startIndex", 1).query("count", SAMPLE);
        let sample: ListResponse<R> = match request.json().await {
            Ok(page) => page,
            // Whoever may not list cannot scan either.
            Err(error) if error.is_not_found() || is_refusal(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let value = sample.resources.iter().find_map(|resource| wanted.value_of(resource));
        let Some(value) = value else { return Ok(None) };
        // In another case, where case means nothing: some servers find only who is written the same.
        let swapped = swap_case(&value);
        let other = Wanted::new::<R>(wanted.attribute, &swapped)?;
        let is_alike = sample.resources.iter().any(|resource| other.matcher.matches(resource));
        let value = if is_alike { &swapped } else { &value };
        let there = Wanted::new::<R>(wanted.attribute, value)?;
        Ok(Some(match self.ask(&there).await? {
            Answer::Hits(hits) => hits.iter().any(|hit| there.matcher.matches(hit)),
            Answer::Refused | Answer::Broken => false,
        }))
    }
}

/// Whether both have such a value, and not the same.
pub(crate) fn differs<R: Endpoint>(shown: &R, asked: &R, attribute: &str) -> bool {
    let value = |resource| Wanted::new::<R>(attribute, "").ok()?.value_of(resource);
    let (Some(_), Some(asked)) = (value(shown), value(asked)) else { return false };
    Wanted::new::<R>(attribute, &asked).is_ok_and(|wanted| !wanted.matcher.matches(shown))
}

fn swap_case(text: &str) -> String {
    let swap = |c: char| match c.is_ascii_lowercase() {
        true => c.to_ascii_uppercase(),
        false => c.to_ascii_lowercase(),
    };
    text.chars().map(swap).collect()
}

/// A 500 is not repeated before it is read: some servers answer so to filters they cannot evaluate.
async fn answer_of<R: Endpoint>(request: &Request<ScimError>) -> Result<ListResponse<R>> {
    match request.clone().final_on(&[500, 501]).json().await {
        Err(error) if has_status(&error, 500) && !is_refusal(&error) => request.json().await,
        answer => answer,
    }
}

/// Whether the server cannot, or will not, evaluate this filter.
fn is_refusal(error: &Error) -> bool {
    let blames_filter = || match error.kind() {
        ErrorKind::Api { body: Some(body), .. } => names_filter(body.detail()),
        ErrorKind::Api { text, .. } => names_filter(text),
        _ => false,
    };
    error.is_invalid()
        || error.is_forbidden()
        || has_status(error, 501)
        || has_status(error, 500) && blames_filter()
}

fn names_filter(text: &str) -> bool {
    text.to_ascii_lowercase().contains("filter")
}

fn has_status(error: &Error, code: u16) -> bool {
    error.status().is_some_and(|status| status.as_u16() == code)
}

impl<'a> Wanted<'a> {
    fn new<R: Endpoint>(attribute: &'a str, value: &'a str) -> Result<Self> {
        if attribute.contains(['[', ']', '"']) {
            let fault = "a lookup takes the name of an attribute, such as emails.value, without a condition";
            return Err(Error::request(fault));
        }
        let filter = attr(attribute).eq(value);
        let Filter::Compare(path, ..) = &filter else {
            return Err(Error::request("a lookup is a comparison"));
        };
        let matcher = filter.matcher(R::type_schemas());
        let matcher = matcher.map_err(|error| Error::request(error.to_string()))?;
        Ok(Self { attribute, path: path.clone(), value, filter, matcher })
    }

    /// The one of these that has the value.
    fn pick<R: Endpoint>(&self, mut hits: Vec<R>) -> Result<Option<R>> {
        let mut seen = std::collections::HashSet::new();
        let hasher = RandomState::new();
        hits.retain(|hit| {
            let is_new = hit.id().is_none_or(|id| seen.insert(hasher.hash_one(id)));
            is_new && self.matcher.matches(hit)
        });
        if hits.len() < 2 {
            return Ok(hits.pop());
        }
        let equal = |hit: &R| any_text(hit, &self.path, &mut |text| text == self.value);
        let exact: Vec<usize> = (0..hits.len()).filter(|&nth| equal(&hits[nth])).collect();
        match exact[..] {
            [nth] => Ok(Some(hits.swap_remove(nth))),
            _ => Err(self.ambiguous(&hits)),
        }
    }

    fn ambiguous<R: Endpoint>(&self, hits: &[R]) -> Error {
        let ids: Vec<&str> = hits.iter().map(|hit| hit.id().unwrap_or("(no id)")).collect();
        Error::not_done(format!(
            "GET {}: {} resources have this {}: {}; delete or change all but one of them",
            R::ALL,
            ids.len(),
            self.attribute,
            ids.join(", ")
        ))
    }

    /// A value of the attribute that the resource has.
    fn value_of<R: Endpoint>(&self, resource: &R) -> Option<String> {
        let mut found = None;
        any_text(resource, &self.path, &mut |text| {
            let is_some = !text.trim().is_empty();
            found = is_some.then(|| text.to_owned());
            is_some
        });
        found
    }
}

/// Whether one of the texts under this path passes the test; a complex value stands for its `value`.
fn any_text<R: Endpoint>(
    resource: &R,
    path: &AttributePath,
    test: &mut dyn FnMut(&str) -> bool,
) -> bool {
    let mut text = |node: Node<'_>| matches!(node, Node::Text(text) if test(text));
    let mut whole = |node: Node<'_>| match (node, path.sub()) {
        (Node::Object(object), sub) => object.any(sub.unwrap_or("value"), &mut text),
        (simple, None) => text(simple),
        _ => false,
    };
    let base = &R::type_schemas().base().id;
    match path.schema().filter(|urn| !urn.eq_ignore_ascii_case(base)) {
        None => resource.any(path.name(), &mut whole),
        Some(urn) => resource.any(urn, &mut |node| match node {
            Node::Object(extension) => extension.any(path.name(), &mut whole),
            _ => false,
        }),
    }
}
