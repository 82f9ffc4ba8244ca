//! What the answer to a call shows: the resource that is meant, nothing of it, or an error under a
//! status of success.

use http::HeaderMap;
use http::header::LOCATION;
use rest_core::Response;
use scim_types::urn;

use crate::endpoint::Endpoint;
use crate::error::{Error, Result, one_line};

/// The resource, if it has this id, or any id where none is known yet; else it has to be read.
pub(crate) fn shown<R: Endpoint>(answer: &Response, id: Option<&str>) -> Result<Option<R>> {
    if answer.body().trim_ascii().is_empty() {
        return Ok(None);
    }
    let mut resource: R = answer.json()?;
    let listed = resource.schemas_mut();
    if listed.iter().any(|listed| listed.eq_ignore_ascii_case(urn::ERROR)) {
        return Err(refusal(answer));
    }
    if listed.is_empty() && resource.id().is_none() && names_an_error(answer) {
        return Err(refusal(answer));
    }
    let listed = resource.schemas_mut();
    let is_page = listed.iter().any(|listed| listed.eq_ignore_ascii_case(urn::LIST_RESPONSE));
    let found = resource.id().filter(|found| !found.is_empty());
    let is_meant = found.is_some_and(|found| id.is_none_or(|id| found.eq_ignore_ascii_case(id)));
    Ok((is_meant && !is_page).then_some(resource))
}

/// The resource, or an error when the answer shows another one or none.
pub(crate) fn read<R: Endpoint>(answer: &Response, id: &str) -> Result<R> {
    shown(answer, Some(id))?.ok_or_else(|| {
        Error::not_done(
            "the server answered with success, but not with the resource that has this id; check \
            the base address, and what stands between it and the server",
        )
    })
}

/// Whether it is of no type, and speaks of an error in a way of its own.
fn names_an_error(answer: &Response) -> bool {
    let body: Result<serde_json::Map<String, serde_json::Value>> = answer.json();
    let is_error = |name: &String| name.get(..5).is_some_and(|s| s.eq_ignore_ascii_case("error"));
    body.is_ok_and(|body| body.keys().any(is_error))
}

fn refusal(answer: &Response) -> Error {
    let status = answer.status().as_u16();
    let said: Result<scim_types::Error> = answer.json();
    let said = said.ok().map(|said| {
        let kind = said.scim_type.as_ref().map(|kind| kind.as_str().to_owned());
        let parts =
            [said.status.map(|s| s.to_string()), kind, said.detail.as_deref().map(one_line)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    // One in a shape of its own says nothing that can be quoted.
    let said = said.filter(|said| !said.is_empty()).map(|said| format!(": {said}"));
    let said = said.unwrap_or_default();
    Error::not_done(format!("the server answered {status} with an error in it{said}"))
}

/// The id at the end of `Location`, if it is the place of such a resource.
pub(crate) fn id_in_location<R: Endpoint>(headers: &HeaderMap) -> Option<String> {
    let location = headers.get(LOCATION)?.to_str().ok()?;
    let path = location.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let (before, id) = path.rsplit_once('/')?;
    let collection = R::ALL.rsplit('/').next().unwrap_or_default();
    let is_of_type = before.rsplit('/').next()?.eq_ignore_ascii_case(collection);
    (is_of_type && !id.is_empty()).then(|| id.to_owned())
}
