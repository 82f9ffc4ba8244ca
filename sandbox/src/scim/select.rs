//! Which resources a filter selects.

use scim_types::filter::{Filter, Literal, Operator};
use scim_types::schema::{AttributeKind, Schemas};
use scim_types::{AttributePath, Error};

use super::Session;
use super::kind::Kind;
use super::listing::Place;
use super::members::Member;
use super::render::{Seen, Viewer};

impl Session<'_> {
    // The resources that a filter selects, in the order of their creation.
    pub(super) fn select(
        &self,
        kind: Kind,
        filter: Option<&str>,
        viewer: &Viewer<'_>,
        found: &mut Vec<Place>,
    ) -> Result<(), Error> {
        let (table, schemas) = (self.state.table(kind), self.provider.schemas().of(kind));
        let filter = filter.map(|text| self.read_filter(text, schemas)).transpose()?;
        let Some(filter) = filter.flatten() else {
            found.extend(table.iter().map(|(key, _)| (kind, key)));
            return Ok(());
        };
        if self.is_blind(kind, &filter, schemas) {
            return Ok(());
        }
        let matcher = filter.matcher_with(schemas, self.mode())?;
        let matches = |key: u64| {
            let Some(entry) = table.get(key) else { return false };
            matcher.matches(&Seen { viewer, kind, entry })
                && self.case_fits(&filter, entry.text("userName"))
        };
        match self.candidates(kind, &filter, schemas) {
            Some(keys) => found.extend(keys.into_iter().filter(|k| matches(*k)).map(|k| (kind, k))),
            None => {
                let keys = table.iter().map(|(key, _)| key);
                found.extend(keys.filter(|key| matches(*key)).map(|key| (kind, key)));
            }
        }
        Ok(())
    }

    // `None` where the filter takes no effect.
    fn read_filter(&self, text: &str, schemas: &Schemas) -> Result<Option<Filter>, Error> {
        let quirks = self.provider.quirks();
        let filter = Filter::parse_with(text, self.mode(), Default::default());
        match filter {
            Err(_) if quirks.bad_filters_answer_everybody => Ok(None),
            Err(error) => Err(error.into()),
            Ok(filter) => {
                if quirks.no_filters_on_complex_lists && tests_complex_list(&filter, schemas) {
                    return Err(Error::new(400, "Cannot read properties of undefined"));
                }
                Ok((!quirks.ignores_filters).then_some(filter))
            }
        }
    }

    fn is_blind(&self, kind: Kind, filter: &Filter, schemas: &Schemas) -> bool {
        let quirks = self.provider.quirks();
        let is_name = |path: &AttributePath| path.as_str().eq_ignore_ascii_case("userName");
        let spelled = |path: &AttributePath| {
            let own = schemas.attribute(path).map(|attribute| attribute.name.as_str());
            own.is_none_or(|own| own == path.sub().unwrap_or(path.name()))
        };
        quirks.finds_nobody
            || quirks.finds_only_by_user_name
                && (kind == Kind::Group || !all_paths(filter, &is_name))
            || quirks.case_sensitive_filter_names && !all_paths(filter, &spelled)
    }

    fn case_fits(&self, filter: &Filter, user_name: Option<&str>) -> bool {
        match filter {
            Filter::Compare(path, Operator::Equal, Literal::Text(wanted))
                if self.provider.quirks().case_sensitive_user_name
                    && path.name().eq_ignore_ascii_case("userName") =>
            {
                user_name == Some(wanted)
            }
            _ => true,
        }
    }

    // The only resources that can match, where an index knows them.
    fn candidates(&self, kind: Kind, filter: &Filter, schemas: &Schemas) -> Option<Vec<u64>> {
        match filter {
            Filter::And(parts) => parts.iter().find_map(|p| self.candidates(kind, p, schemas)),
            Filter::Compare(path, Operator::Equal, Literal::Text(value))
                if at_top(path, schemas) =>
            {
                match (path.name().to_ascii_lowercase().as_str(), path.sub()) {
                    ("members", sub) if kind == Kind::Group && is_value(sub) => {
                        Some(self.holders(value))
                    }
                    (name, None) => self.state.table(kind).candidates(name, value),
                    _ => None,
                }
            }
            Filter::Elements(path, inner)
                if kind == Kind::Group && path.name().eq_ignore_ascii_case("members") =>
            {
                match inner.as_ref() {
                    Filter::Compare(sub, Operator::Equal, Literal::Text(value))
                        if is_value(Some(sub.as_str())) =>
                    {
                        Some(self.holders(value))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    // The groups with this member; ids have no case in a filter, so others than this one may fit.
    fn holders(&self, id: &str) -> Vec<u64> {
        let lower = id.to_lowercase();
        let mut keys: Vec<u64> = [Kind::User, Kind::Group]
            .into_iter()
            .flat_map(|kind| [id, lower.as_str()].map(|id| Member { kind, id: id.into() }))
            .flat_map(|member| {
                self.state.groups_of(&member).map(|(key, _)| key).collect::<Vec<_>>()
            })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

// Whether the path names an attribute of the base schema, with or without its URN.
pub(super) fn at_top(path: &AttributePath, schemas: &Schemas) -> bool {
    path.schema().is_none_or(|urn| urn.eq_ignore_ascii_case(&schemas.base().id))
}

fn is_value(sub: Option<&str>) -> bool {
    sub.is_none_or(|sub| sub.eq_ignore_ascii_case("value"))
}

fn all_paths(filter: &Filter, test: &dyn Fn(&AttributePath) -> bool) -> bool {
    match filter {
        Filter::Compare(path, ..) | Filter::Present(path) => test(path),
        Filter::And(parts) | Filter::Or(parts) => parts.iter().all(|part| all_paths(part, test)),
        Filter::Not(inner) => all_paths(inner, test),
        Filter::Elements(path, _) => test(path),
    }
}

// A list of complex values without a sub-attribute and without brackets.
fn tests_complex_list(filter: &Filter, schemas: &Schemas) -> bool {
    let is_simple = |path: &AttributePath| {
        let attribute = schemas.attribute(path);
        !attribute.is_some_and(|a| a.multi_valued && a.kind == AttributeKind::Complex)
    };
    match filter {
        Filter::Elements(..) => false,
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().any(|part| tests_complex_list(part, schemas))
        }
        Filter::Not(inner) => tests_complex_list(inner, schemas),
        Filter::Compare(..) | Filter::Present(_) => !all_paths(filter, &is_simple),
    }
}
