//! Which attributes and operators Okta takes where.
//! <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/listUsers>

use super::expression::{Leaf, Operator};
use super::parse::parse_of_log;
use super::{Expression, SearchError};

const ORDER: [Operator; 4] =
    [Operator::Greater, Operator::GreaterOrEqual, Operator::Less, Operator::LessOrEqual];

/// Fails if the `search` of users would refuse it: any profile attribute and `id`, `status`,
/// `created`, `activated`, `statusChanged`, `lastUpdated`, `type.id`; `co` on names, email and login.
pub fn check_user_search(expression: &Expression) -> Result<(), SearchError> {
    const PLAIN: [&str; 7] =
        ["id", "status", "created", "activated", "statusChanged", "lastUpdated", "type.id"];
    const CONTAINS: [&str; 4] =
        ["profile.firstName", "profile.lastName", "profile.email", "profile.login"];
    let instead = "it takes id, status, created, activated, statusChanged, lastUpdated, type.id and profile.*, \
        and `co` on profile.firstName, lastName, email and login only";
    let allowed = |leaf: Leaf<'_>| match leaf.comparison {
        Some((Operator::Contains, _)) => CONTAINS.contains(&leaf.path),
        _ => PLAIN.contains(&leaf.path) || is_profile(leaf.path),
    };
    check(expression, "search of users", instead, allowed)
}

/// Fails if the `filter` of users would refuse it: `eq` on `status`, `id`, `profile.login`,
/// `email`, `firstName` and `lastName`; `lastUpdated` with `eq` and the order operators.
pub fn check_user_filter(expression: &Expression) -> Result<(), SearchError> {
    const PLAIN: [&str; 6] =
        ["status", "id", "profile.login", "profile.email", "profile.firstName", "profile.lastName"];
    let instead = "it takes `eq` on status, id, profile.login, email, firstName and lastName, \
        and eq, gt, ge, lt, le on lastUpdated; use search for the rest";
    let allowed = |leaf: Leaf<'_>| match leaf.comparison {
        Some((Operator::Equal, _)) => PLAIN.contains(&leaf.path) || leaf.path == "lastUpdated",
        Some((operator, _)) => leaf.path == "lastUpdated" && ORDER.contains(&operator),
        None => false,
    };
    check(expression, "filter of users", instead, allowed)
}

/// Fails if the `search` of groups would refuse it: profile attributes and `id`, `created`,
/// `lastUpdated`, `lastMembershipUpdated`, `type`, `source.id`; `co` on name and description.
pub fn check_group_search(expression: &Expression) -> Result<(), SearchError> {
    const PLAIN: [&str; 6] =
        ["id", "created", "lastUpdated", "lastMembershipUpdated", "type", "source.id"];
    let instead = "it takes id, created, lastUpdated, lastMembershipUpdated, type, source.id and profile.*, \
        and `co` on profile.name and profile.description only";
    let allowed = |leaf: Leaf<'_>| match leaf.comparison {
        Some((Operator::Contains, _)) => {
            ["profile.name", "profile.description"].contains(&leaf.path)
        }
        _ => PLAIN.contains(&leaf.path) || is_profile(leaf.path),
    };
    check(expression, "search of groups", instead, allowed)
}

/// Fails if the `filter` of groups would refuse it: `eq` on `id` and `type`; `lastUpdated` and
/// `lastMembershipUpdated` with `eq` and the order operators.
pub fn check_group_filter(expression: &Expression) -> Result<(), SearchError> {
    const DATES: [&str; 2] = ["lastUpdated", "lastMembershipUpdated"];
    let instead = "it takes `eq` on id and type, and eq, gt, ge, lt, le on lastUpdated and \
        lastMembershipUpdated; use search for the rest";
    let allowed = |leaf: Leaf<'_>| match leaf.comparison {
        Some((Operator::Equal, _)) => {
            ["id", "type"].contains(&leaf.path) || DATES.contains(&leaf.path)
        }
        Some((operator, _)) => DATES.contains(&leaf.path) && ORDER.contains(&operator),
        None => false,
    };
    check(expression, "filter of groups", instead, allowed)
}

/// Fails if the `filter` of the System Log would refuse it: any attribute but `published`. The log
/// also takes `ne`, `ew` and `not`, which an [`Expression`] does not know, so this reads text.
///
/// ```
/// use okta_client::search::check_log_filter;
///
/// assert!(check_log_filter("not (actor.type eq \"User\") and eventType ne \"user.session.start\"").is_ok());
/// let error = check_log_filter("published gt \"2026-01-01T00:00:00Z\"").unwrap_err();
/// assert!(error.to_string().contains("`since`"), "{error}");
/// ```
pub fn check_log_filter(text: &str) -> Result<(), SearchError> {
    let instead = "select the time by `since`, and of a listing by `until`";
    let allowed = |leaf: Leaf<'_>| !leaf.path.eq_ignore_ascii_case("published");
    check(&parse_of_log(text)?, "filter of the log", instead, allowed)
}

fn check(
    expression: &Expression,
    place: &'static str,
    instead: &'static str,
    allowed: impl Fn(Leaf<'_>) -> bool,
) -> Result<(), SearchError> {
    expression.check()?;
    expression.node.each_leaf(&mut |leaf| match allowed(leaf) {
        true => Ok(()),
        false => Err(SearchError::NotAllowed {
            place,
            attribute: leaf.path.to_owned(),
            operator: leaf.comparison.map_or("pr", |(operator, _)| operator.name()),
            instead,
        }),
    })
}

fn is_profile(path: &str) -> bool {
    path.strip_prefix("profile.").is_some_and(|attribute| !attribute.is_empty())
}
