use std::collections::BTreeSet;

use okta_client::{Okta, Schema};

use super::SourceError;
use crate::mapping::Mapping;

/// The attributes that expressions may read: of users, those of all user types together.
#[derive(Clone, Debug)]
pub struct SourceAttributes {
    /// By user type, as it is shown.
    types: Vec<(String, BTreeSet<String>)>,
    app_user: Option<BTreeSet<String>>,
}

impl SourceAttributes {
    /// Where the user types cannot be listed, the default one stands for all.
    pub(super) async fn read(okta: &Okta, app: Option<&str>) -> Result<Self, SourceError> {
        let (kinds, schemas) = (okta.user_types().list().await, okta.schemas());
        let kinds = match kinds {
            Err(error) if error.is_forbidden() || error.is_not_found() => Vec::new(),
            kinds => kinds?,
        };
        let mut types = Vec::new();
        for kind in kinds {
            let Some(id) = kind.schema_id() else { continue };
            let shown = kind.display_name.or(kind.name).unwrap_or_else(|| id.clone());
            types.push((shown, names(&schemas.user(id).await?)));
        }
        if types.is_empty() {
            types.push(("User".to_owned(), names(&schemas.user("default").await?)));
        }
        let app_user = match app {
            Some(id) => Some(names(&schemas.app_user(id).await?)),
            None => None,
        };
        Ok(Self { types, app_user })
    }

    /// Whether an object, such as `user`, has an attribute, in one user type at least: what
    /// [`Mapping::check`] asks.
    pub fn knows(&self, root: &str, name: &str) -> bool {
        match root {
            "user" | "source" => self.types.iter().any(|(_, names)| names.contains(name)),
            // The object itself, which not everybody has.
            "appuser" if name.is_empty() => self.app_user.is_some(),
            "appuser" => self.app_user.as_ref().is_some_and(|known| known.contains(name)),
            _ => false,
        }
    }

    /// The attributes of users, in order.
    pub fn of_users(&self) -> impl Iterator<Item = &str> {
        let names = self.types.iter().flat_map(|(_, names)| names);
        names.map(String::as_str).collect::<BTreeSet<_>>().into_iter()
    }

    /// A line for each attribute that a mapping reads and not every user type has: people of other types
    /// have no value there.
    pub fn notices(&self, mapping: &Mapping) -> Vec<String> {
        let read = mapping.references().filter(|(root, _)| ["user", "source"].contains(root));
        let read: BTreeSet<(&str, &str)> = read.collect();
        read.into_iter().filter_map(|(root, name)| self.notice(root, name)).collect()
    }

    fn notice(&self, root: &str, name: &str) -> Option<String> {
        let has = |(_, names): &&(String, BTreeSet<String>)| names.contains(name);
        let of: Vec<&str> =
            self.types.iter().filter(has).map(|(shown, _)| shown.as_str()).collect();
        let some = !of.is_empty() && of.len() < self.types.len();
        let types = if of.len() == 1 { "type" } else { "types" };
        some.then(|| {
            let of = of.join(", ");
            format!("`{root}.{name}` is there for the user {types} {of} only: others have no value")
        })
    }
}

fn names(schema: &Schema) -> BTreeSet<String> {
    schema.attributes().into_iter().map(|attribute| attribute.name).collect()
}
