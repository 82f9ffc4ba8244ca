//! Profile mappings: two for each app, from the Okta user to the app's, and back.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::App;
use crate::okta::call::{Call, object};
use crate::okta::change::app_target;
use crate::okta::error::{Answer, OktaError};
use crate::okta::expression::Expression;
use crate::okta::link::{self, Cursor};
use crate::okta::log::{Event, Target};
use crate::okta::state::State;
use crate::okta::{OktaOrg, ids, types};

const PAGE: usize = 20;
const LARGEST_PAGE: usize = 200;

#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    pub(crate) position: u64,
    // By the attribute of the target.
    properties: Map<String, Value>,
}

const TO_APP: [(&str, &str); 12] = [
    ("givenName", "firstName"),
    ("familyName", "lastName"),
    ("email", "email"),
    ("displayName", "displayName"),
    ("title", "title"),
    ("locale", "locale"),
    ("timezone", "timezone"),
    ("department", "department"),
    ("division", "division"),
    ("costCenter", "costCenter"),
    ("employeeNumber", "employeeNumber"),
    ("managerValue", "managerId"),
];

impl Mapping {
    /// The two of a new app, which have the numbers behind it.
    pub(super) fn both(app: u64, can_provision: bool) -> [Self; 2] {
        let rule = |expression: String, status: &str| json!({"expression": expression, "pushStatus": status});
        let there = TO_APP.iter().filter(|_| can_provision);
        let there = there.map(|(to, from)| (to.to_string(), rule(format!("user.{from}"), "PUSH")));
        let back = [
            ("login", "userName"),
            ("firstName", "givenName"),
            ("lastName", "familyName"),
            ("email", "email"),
        ];
        let back = back.into_iter().filter(|_| can_provision);
        let back =
            back.map(|(to, from)| (to.to_owned(), rule(format!("appuser.{from}"), "DONT_PUSH")));
        // Seeded apps have low numbers, new ones take three at once: neither meets another's.
        let base = if app < 1_000 { app * 10 } else { app };
        [
            Self { position: base + 1, properties: there.collect() },
            Self { position: base + 2, properties: back.collect() },
        ]
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.properties.remove(name);
    }

    fn id(&self) -> String {
        ids::id(ids::MAPPING, self.position)
    }

    /// The values of the target for a source's profile; nothing where an expression has no value here.
    pub(super) fn apply(&self, source: Map<String, Value>) -> Map<String, Value> {
        let value = |(name, rule): (&String, &Value)| {
            let expression = Expression::parse(rule["expression"].as_str()?).ok()?;
            let value = expression.value(&source)?;
            (!value.is_null()).then(|| (name.clone(), value))
        };
        self.properties.iter().filter_map(value).collect()
    }
}

impl App {
    /// Whether the mapping of an attribute of the app's users can be computed here, and whether it is sent
    /// with updates too; none if it is not mapped.
    pub(crate) fn push_rule(
        &self,
        name: &str,
        source: &Map<String, Value>,
    ) -> Option<(bool, bool)> {
        let rule = self.mappings[0].properties.get(name)?;
        let expression = Expression::parse(rule["expression"].as_str()?).ok()?;
        Some((expression.value(source).is_some(), rule["pushStatus"] == "PUSH"))
    }
}

struct Found<'a> {
    app: &'a App,
    mapping: &'a Mapping,
    is_back: bool,
}

fn all<'a>(state: &'a State) -> Vec<Found<'a>> {
    let both = |app: &'a App| {
        [false, true].map(|back| Found {
            app,
            mapping: &app.mappings[usize::from(back)],
            is_back: back,
        })
    };
    let mut all: Vec<Found<'a>> = state.apps.values().flat_map(both).collect();
    all.sort_by_key(|found| found.mapping.position);
    all
}

fn find<'a>(state: &'a State, id: &str) -> Result<Found<'a>, OktaError> {
    let position = ids::position(ids::MAPPING, id);
    let mut all = all(state).into_iter();
    let found = all.find(|found| Some(found.mapping.position) == position);
    found.ok_or_else(|| OktaError::not_found(id, "Mapping"))
}

impl Found<'_> {
    fn ends(&self) -> (String, String) {
        let (user, app) = (types::id(0).into_owned(), self.app.id());
        if self.is_back { (app, user) } else { (user, app) }
    }

    fn json(&self, origin: &str) -> Value {
        let meta = format!("{origin}/api/v1/meta");
        let (kind, schema) = (types::id(0), types::schema_id(0));
        let user = json!({
            "id": kind, "name": "user", "type": "user",
            "_links": {
                "self": {"href": format!("{meta}/types/user/{kind}")},
                "schema": {"href": format!("{meta}/schemas/user/{schema}")},
            },
        });
        let id = self.app.id();
        let app = json!({
            "id": id, "name": self.app.name, "type": "appuser",
            "_links": {
                "self": {"href": format!("{origin}/api/v1/apps/{id}")},
                "schema": {"href": format!("{meta}/schemas/apps/{id}/default")},
            },
        });
        let (source, target) = if self.is_back { (app, user) } else { (user, app) };
        let href = format!("{origin}/api/v1/mappings/{}", self.mapping.id());
        json!({
            "id": self.mapping.id(), "source": source, "target": target,
            "properties": self.mapping.properties, "_links": {"self": {"href": href}},
        })
    }
}

pub(crate) async fn list(Shared(org): Shared<OktaOrg>, call: Call) -> Answer {
    let state = org.read();
    let limit = call.limit(PAGE, LARGEST_PAGE)?;
    let (source, target) = (call.get("sourceId"), call.get("targetId"));
    let is_wanted = |found: &Found<'_>| {
        let ends = found.ends();
        source.is_none_or(|id| id == ends.0) && target.is_none_or(|id| id == ends.1)
    };
    let all = all(&state).into_iter().filter(is_wanted).map(|found| {
        let mut json = found.json(&call.origin);
        // Recorded: an item of a list is without them.
        if let Some(members) = json.as_object_mut() {
            members.remove("properties");
        }
        (found.mapping.position, json)
    });
    let (page, next) = link::page_of(all, Cursor::of(&call)?, limit);
    let mut response = Json(page).into_response();
    link::add_to(&mut response, &call, limit, next);
    Ok(response)
}

pub(crate) async fn get(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    Ok(Json(find(&state, &id)?.json(&call.origin)).into_response())
}

/// Merges; null takes a property away.
pub(crate) async fn update(
    Shared(org): Shared<OktaOrg>,
    Path(id): Path<String>,
    call: Call,
    body: Bytes,
) -> Answer {
    let body = object(&body)?;
    let given = body.get("properties").and_then(Value::as_object);
    let given = given.ok_or_else(OktaError::malformed_body)?;
    let mut change = org.change(&call);
    let Found { app, is_back, .. } = find(&change, &id)?;
    let mut app = app.clone();
    for (name, rule) in given {
        check_target(&change, &app, is_back, name)?;
        check_source(&change, &app, is_back, rule)?;
        set(&mut app.mappings[usize::from(is_back)].properties, name, rule)?;
    }
    let target = Target::new("ProfileMapping", id.clone(), "unknown", app.name.clone());
    let event = Event::new("directory.mapping.update", [app_target(&app), target]);
    change.apply(event, |state| state.apps.insert(app.position, app));
    Ok(Json(find(&change, &id)?.json(&call.origin)).into_response())
}

fn refused(cause: String) -> OktaError {
    OktaError::validation("updateMapping", cause)
}

fn check_target(state: &State, app: &App, is_back: bool, name: &str) -> Result<(), OktaError> {
    let schema = if is_back { state.schema(0) } else { Some(&app.schema) };
    match schema.is_some_and(|schema| schema.has(name)) {
        true => Ok(()),
        false => Err(refused(format!("Invalid target field {name}"))),
    }
}

// Every attribute that the expression names is one of the source's.
fn check_source(state: &State, app: &App, is_back: bool, rule: &Value) -> Result<(), OktaError> {
    let schema = if is_back { Some(&app.schema) } else { state.schema(0) };
    let Some(Ok(expression)) = rule["expression"].as_str().map(Expression::parse) else {
        return Ok(());
    };
    let names = expression.attributes();
    match names.iter().find(|name| schema.is_some_and(|schema| !schema.has(name))) {
        Some(unknown) => Err(refused(format!("Invalid source field {unknown}"))),
        None => Ok(()),
    }
}

fn set(properties: &mut Map<String, Value>, name: &str, rule: &Value) -> Result<(), OktaError> {
    if rule.is_null() {
        properties.remove(name);
        return Ok(());
    }
    let before = properties.get(name).cloned().unwrap_or_default();
    let given = |member: &str| rule[member].as_str().or_else(|| before[member].as_str());
    let expression =
        given("expression").ok_or_else(|| refused(format!("Missing expression for {name}")))?;
    Expression::parse(expression)
        .map_err(|problem| refused(format!("Invalid expression for {name}: {problem}")))?;
    let status = given("pushStatus").unwrap_or("DONT_PUSH");
    if !["PUSH", "DONT_PUSH"].contains(&status) {
        return Err(refused(format!("Invalid push status for {name}")));
    }
    let rule = json!({"expression": expression, "pushStatus": status});
    properties.insert(name.to_owned(), rule);
    Ok(())
}
