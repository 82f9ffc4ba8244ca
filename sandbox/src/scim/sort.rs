//! The order of a listing: RFC 7644 section 3.4.2.3.

use std::cmp::Ordering;

use scim_types::AttributePath;
use scim_types::schema::{AttributeKind, Returned, Schemas};
use serde_json::{Map, Value};

use super::Session;
use super::call::member;
use super::kind::Kind;
use super::listing::Place;
use super::projection::Projection;
use super::render::Viewer;
use super::select::at_top;
use super::table::{Entry, fold};

impl Session<'_> {
    pub(super) fn sort(
        &self,
        found: &mut [Place],
        by: &AttributePath,
        descending: bool,
        viewer: &Viewer<'_>,
    ) {
        let value = |(kind, key): &Place| {
            let schemas = self.provider.schemas().of(*kind);
            let entry = self.state.table(*kind).get(*key)?;
            match computed(by, *kind, entry, viewer) {
                Some(shown) => SortValue::of(&shown, by, schemas),
                None => SortValue::of(&entry.resource, by, schemas),
            }
        };
        // What has no value comes last, and with the order turned round first.
        let order = |a: &Option<SortValue>, b: &Option<SortValue>| match (a, b) {
            (Some(a), Some(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        let mut keyed: Vec<_> = found.iter().map(|place| (value(place), *place)).collect();
        keyed.sort_by(|(a, _), (b, _)| if descending { order(b, a) } else { order(a, b) });
        found.iter_mut().zip(keyed).for_each(|(place, (_, sorted))| *place = sorted);
    }
}

// What the server says itself; everything else is read where it is kept.
fn computed(
    by: &AttributePath,
    kind: Kind,
    entry: &Entry,
    viewer: &Viewer<'_>,
) -> Option<Map<String, Value>> {
    let name = by.name().to_ascii_lowercase();
    let value = match name.as_str() {
        "id" => (*entry.id).into(),
        "meta" => viewer.meta(kind, entry),
        "groups" | "members" => {
            let mut only = Projection::default();
            only.only(by.as_str());
            return viewer.show(kind, entry, &only).as_object().cloned();
        }
        _ => return None,
    };
    Some(Map::from_iter([(name, value)]))
}

#[derive(Debug, PartialEq, PartialOrd)]
enum SortValue {
    Flag(bool),
    Number(f64),
    Text(String),
}

impl SortValue {
    fn of(shown: &Map<String, Value>, by: &AttributePath, schemas: &Schemas) -> Option<Self> {
        let attribute = schemas.attribute(by);
        if attribute.is_some_and(|attribute| attribute.returned == Returned::Never) {
            return None;
        }
        let at_top = at_top(by, schemas);
        let object = match by.schema().filter(|_| !at_top) {
            Some(urn) => member(shown, urn)?.as_object()?,
            None => shown,
        };
        let mut value = member(object, by.name())?;
        if let Value::Array(list) = value {
            let primary = list.iter().find(|element| element["primary"] == true);
            value = primary.or_else(|| list.first())?;
        }
        if let Value::Object(complex) = value {
            value = member(complex, by.sub().unwrap_or("value"))?;
        }
        let is_exact = attribute.is_some_and(|attribute| {
            attribute.case_exact || attribute.kind == AttributeKind::DateTime
        });
        match value {
            Value::Bool(flag) => Some(Self::Flag(*flag)),
            Value::Number(number) => number.as_f64().map(Self::Number),
            Value::String(text) if is_exact => Some(Self::Text(text.clone())),
            Value::String(text) => Some(Self::Text(fold(text))),
            _ => None,
        }
    }
}
