//! The order of a listing: RFC 7644 section 3.4.2.3.

use std::cmp::Ordering;

use scim_types::AttributePath;
use scim_types::schema::{AttributeKind, Schemas};
use serde_json::Value;

use super::Session;
use super::call::member;
use super::listing::Place;
use super::projection::Projection;
use super::render::Viewer;
use super::select::at_top;
use super::table::fold;

impl Session<'_> {
    pub(super) fn sort(
        &self,
        found: &mut [Place],
        by: &AttributePath,
        descending: bool,
        viewer: &Viewer<'_>,
    ) {
        let mut only = Projection::default();
        only.only(by.as_str());
        let value = |(kind, key): &Place| {
            let schemas = self.provider.schemas().of(*kind);
            let entry = self.state.table(*kind).get(*key)?;
            SortValue::of(&viewer.show(*kind, entry, &only), by, schemas)
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

#[derive(Debug, PartialEq, PartialOrd)]
enum SortValue {
    Flag(bool),
    Number(f64),
    Text(String),
}

impl SortValue {
    fn of(shown: &Value, by: &AttributePath, schemas: &Schemas) -> Option<Self> {
        let at_top = at_top(by, schemas);
        let object = match by.schema().filter(|_| !at_top) {
            Some(urn) => member(shown.as_object()?, urn)?,
            None => shown,
        };
        let mut value = member(object.as_object()?, by.name())?;
        if let Value::Array(list) = value {
            let primary = list.iter().find(|element| element["primary"] == true);
            value = primary.or_else(|| list.first())?;
        }
        if let Value::Object(complex) = value {
            value = member(complex, by.sub().unwrap_or("value"))?;
        }
        let attribute = schemas.attribute(by);
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
