//! What Okta makes of an answer: what it needs from it, or why the job ends there.

use std::time::Duration;

use serde_json::Value;

use super::wire::{Failure, shortened};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    content_type: String,
    text: String,
    json: Option<Value>,
}

/// What is wanted, and a word about it.
type Judged<T> = Result<(T, String), Failure>;

impl Answer {
    pub(super) fn new(
        status: u16,
        content_type: String,
        retry_after: Option<Duration>,
        text: String,
    ) -> Self {
        let json = serde_json::from_str(&text).ok();
        Self { status, retry_after, content_type, text, json }
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn has_schema(&self, urn: &str) -> bool {
        let schemas = self.json.as_ref().and_then(|json| json["schemas"].as_array());
        schemas.is_some_and(|all| all.iter().any(|schema| schema == urn))
    }

    /// What an answer that is an error says.
    pub(super) fn problem(&self) -> String {
        let detail = self.json.as_ref().and_then(|json| json["detail"].as_str());
        match (detail, self.json.is_some()) {
            (Some(detail), _) => shortened(detail, 200),
            (None, true) => "the error has no detail".to_owned(),
            (None, false) => {
                "the body is not JSON, so Okta shows an error of its parser instead of the cause"
                    .to_owned()
            }
        }
    }

    fn refusal(&self) -> Failure {
        let reason = match (self.status, self.is_success()) {
            (404, _) => format!("it is not there: {}", self.problem()),
            (501, _) => format!("the server cannot do it: {}", self.problem()),
            (_, false) => format!("refused: {}", self.problem()),
            (_, true) => "Okta expects another status".to_owned(),
        };
        Failure { is_gone: self.status == 404, ..Failure::new(reason) }
    }

    fn object(&self) -> Result<&Value, Failure> {
        match &self.json {
            Some(json) if json.is_object() => Ok(json),
            Some(_) => Err(Failure::new("the body is no JSON object")),
            None if self.text.trim().is_empty() => Err(Failure::new("the body is empty")),
            None => Err(Failure::new("the body is not JSON")),
        }
    }

    // No reason for Okta to stop, but for its author to look.
    fn with_remarks(&self, verdict: impl Into<String>) -> String {
        let mut verdict = verdict.into();
        let is_usual = ["application/scim+json", "application/json"]
            .iter()
            .any(|usual| self.content_type.to_lowercase().starts_with(usual));
        if !self.text.is_empty() && !is_usual {
            let kind = shortened(&self.content_type, 60);
            verdict.push_str(&format!("; Content-Type is `{kind}`, not application/scim+json"));
        }
        verdict
    }

    fn with_lost(&self, verdict: impl Into<String>, lost: Vec<String>) -> String {
        let verdict = self.with_remarks(verdict);
        match lost.is_empty() {
            true => verdict,
            false => format!("{verdict}; not shown as it was sent: {}", lost.join(", ")),
        }
    }

    /// A test of the credentials wants a list, whatever is in it.
    pub(super) fn as_test(&self, needs_list: bool) -> Judged<()> {
        match self.status {
            404 | 501 if !needs_list => {
                Ok(((), "there are no groups here: nothing can be pushed".to_owned()))
            }
            200 => {
                self.list()?;
                Ok(((), self.with_remarks("a list, so the credentials are good")))
            }
            _ => Err(self.refusal()),
        }
    }

    fn list(&self) -> Result<Vec<&Value>, Failure> {
        let list = self.object()?;
        if !self.has_schema(LIST) {
            return Err(Failure::new("it is no ListResponse: `schemas` does not say so"));
        }
        for counter in ["totalResults", "startIndex", "itemsPerPage"] {
            let is_optional = counter != "totalResults";
            match list.get(counter) {
                None if is_optional => {}
                Some(value) if value.is_u64() || value.is_i64() => {}
                None => return Err(Failure::new(format!("`{counter}` is missing"))),
                Some(_) => return Err(Failure::new(format!("`{counter}` is not a number"))),
            }
        }
        let resources = list["Resources"].as_array();
        if resources.is_none() && list["totalResults"] != 0 {
            return Err(Failure::new("`Resources` is missing, and `totalResults` is not 0"));
        }
        Ok(resources.into_iter().flatten().collect())
    }

    /// The one whose attribute is this, or nobody.
    pub(super) fn as_lookup(&self, attribute: &str, wanted: &str) -> Judged<Option<Value>> {
        match self.status {
            404 if self.has_schema(ERROR) => {
                return Ok((None, "absent: 404 with an Error body".to_owned()));
            }
            404 => return Err(Failure::new("404 without a SCIM Error body, so not `absent`")),
            200 => {}
            _ => return Err(self.refusal()),
        }
        let all = self.list()?;
        let is_wanted =
            |one: &&Value| one[attribute].as_str().is_some_and(|text| same(text, wanted));
        let mut found = all.iter().copied().filter(is_wanted);
        match (found.next(), found.next(), all.len()) {
            (None, _, 0) => Ok((None, self.with_remarks("absent"))),
            (None, _, others) => Err(Failure::new(format!(
                "it answers {others} others and nobody whose {attribute} is `{wanted}`: Okta would take \
                 the wrong one"
            ))),
            (Some(_), Some(_), _) => Err(Failure::new(format!(
                "there are several whose {attribute} is `{wanted}`, and Okta takes none of them"
            ))),
            (Some(_), None, others) if others > 1 => Err(Failure::new(format!(
                "it answers {others} resources, so the filter was not applied: Okta takes none of them"
            ))),
            (Some(one), None, _) => {
                id_of(one)?;
                Ok((Some(one.clone()), self.with_remarks("found")))
            }
        }
    }

    /// A resource that was just made; its id.
    pub(super) fn as_created(
        &self,
        kind: &str,
        (name, sent): (&str, &str),
        lost: impl FnOnce(&Value) -> Vec<String>,
    ) -> Judged<String> {
        if self.status == 409 {
            let reason = format!("taken: {}, though the lookup found nobody", self.problem());
            return Err(Failure::new(reason));
        }
        if !self.is_success() {
            return Err(self.refusal());
        }
        if self.text.trim().is_empty() {
            return Err(Failure::new(format!("returned empty {kind}")));
        }
        let made = self.object()?;
        let id = id_of(made)?.to_owned();
        check_shown(made, name, sent)?;
        check_active(made, kind == "user", true)?;
        let verdict = match self.status {
            201 => format!("created, its id is {id}"),
            status => format!("created, its id is {id}; {status} where RFC 7644 asks for 201"),
        };
        Ok((id, self.with_lost(verdict, lost(made))))
    }

    /// A resource that was read to be changed.
    pub(super) fn as_read(&self) -> Judged<Value> {
        match self.status {
            200 => {
                let read = self.object()?;
                id_of(read)?;
                Ok((read.clone(), self.with_remarks("read")))
            }
            _ => Err(self.refusal()),
        }
    }

    /// A change that was made; what is answered, if anything.
    pub(super) fn as_changed(
        &self,
        what: &str,
        active: Option<bool>,
        lost: impl FnOnce(&Value) -> Vec<String>,
    ) -> Judged<()> {
        match self.status {
            200 if self.text.trim().is_empty() => {
                Ok(((), format!("{what}; 200 without a body, where 204 says so")))
            }
            200 => {
                let changed = self.object()?;
                if let Some(wanted) = active {
                    check_active(changed, true, wanted)?;
                }
                Ok(((), self.with_lost(what, lost(changed))))
            }
            204 => Ok(((), what.to_owned())),
            _ => Err(self.refusal()),
        }
    }

    /// A deletion; what is not there any more is deleted.
    pub(super) fn as_deleted(&self) -> Judged<()> {
        match self.status {
            404 => Ok(((), "it was gone already".to_owned())),
            _ if self.is_success() => Ok(((), "deleted".to_owned())),
            _ => Err(self.refusal()),
        }
    }
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn id_of(resource: &Value) -> Result<&str, Failure> {
    let id = resource["id"].as_str().filter(|id| !id.is_empty());
    id.ok_or_else(|| Failure::new("`id` is missing, or not a text"))
}

fn check_shown(resource: &Value, name: &str, sent: &str) -> Result<(), Failure> {
    match resource[name].as_str() {
        Some(shown) if !same(shown, sent) => {
            Err(Failure::new(format!("`{name}` is `{}`, not what was sent", shortened(shown, 80))))
        }
        _ => Ok(()),
    }
}

fn check_active(resource: &Value, is_user: bool, wanted: bool) -> Result<(), Failure> {
    match resource["active"].as_bool() {
        Some(shown) if is_user && shown != wanted => {
            Err(Failure::new(format!("`active` is {shown} afterwards, not {wanted}")))
        }
        _ => Ok(()),
    }
}
