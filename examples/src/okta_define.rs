//! Custom attributes of an app's users in Okta, with the external namespace under which SCIM sends them.

use std::str::FromStr;

use futures::TryStreamExt;
use okta_client::{AttributeScope, NewAttribute, Okta, PushStatus};
use provisioning::expression::Expression;

use crate::{Failure, say};

/// An attribute to define: its variable name and type, and what it is made of, `user.` and the same name
/// unless told otherwise.
#[derive(Clone, Debug)]
pub struct Definition {
    name: String,
    attribute: NewAttribute,
    from: Option<String>,
}

impl FromStr for Definition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, kind) = text
            .split_once('=')
            .ok_or("write NAME=TYPE, such as department=string or Employed_Since=date")?;
        let (kind, from) = match kind.split_once(':') {
            Some((kind, from)) => (kind, Some(from.trim().to_owned())),
            None => (kind, None),
        };
        let (name, kind) = (name.trim(), kind.trim());
        if name.contains(char::is_whitespace) {
            let joined = name.split_whitespace().collect::<Vec<_>>().join("_");
            return Err(format!(
                "Okta takes no blanks in a variable name: write {joined}, and give the attribute the alias \
                 `{joined}` in the product, where it may go on to be called `{name}`"
            ));
        }
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts_well || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(format!(
                "`{name}` is no variable name: letters, digits and _, no digit first"
            ));
        }
        let title = name.replace('_', " ");
        if let Some(from) = &from {
            Expression::parse(from).map_err(|error| error.to_string())?;
        }
        let attribute = match kind {
            "string" => NewAttribute::string(title),
            "date" => NewAttribute::string(title).format("date"),
            "number" => NewAttribute::number(title),
            "integer" => NewAttribute::integer(title),
            "boolean" => NewAttribute::boolean(title),
            other => {
                return Err(format!("`{other}` is none of string, date, number, integer, boolean"));
            }
        };
        Ok(Self { name: name.to_owned(), attribute, from })
    }
}

/// Adds the attributes to an app's users, scope user-personal, and maps the attribute of the same name of
/// Okta's users to each, on create and update; unless it `sends`, says only which.
///
/// # Errors
/// When Okta refuses it.
pub async fn define(
    okta: &Okta,
    app: &str,
    definitions: &[Definition],
    namespace: &str,
    sends: bool,
) -> Result<(), Failure> {
    let schema = okta.schemas().app_user(app).await.map_err(Failure::settings)?;
    let is_base =
        |one: &&Definition| schema.attribute(&one.name).is_some_and(|there| !there.custom);
    if let Some(Definition { name, .. }) = definitions.iter().find(is_base) {
        return Err(Failure::Settings(format!(
            "--define {name}: the app has an attribute of this name of its own, which keeps its namespace; choose \
             another name, such as {name}_custom=string:user.{name}"
        )));
    }
    if !sends {
        for Definition { name, .. } in definitions {
            say!(
                "{:<10}{name} would be defined in the app's user profile, as {namespace}:{name}",
                "plan"
            );
        }
        say!("{:<10}nothing was sent", "");
        return Ok(());
    }
    let mut update = okta.schemas().update_app_user(app);
    for Definition { name, attribute, .. } in definitions {
        let attribute = attribute
            .clone()
            .external_name(name.as_str())
            .external_namespace(namespace)
            .scope(AttributeScope::OwnOnly);
        update = update.set(name.as_str(), attribute);
    }
    update.await.map_err(Failure::settings)?;
    for definition in definitions {
        say!(
            "{:<10}{} in the app's user profile, as {namespace}:{}",
            "defined",
            definition.name,
            definition.name
        );
    }
    map(okta, app, definitions).await
}

async fn map(okta: &Okta, app: &str, definitions: &[Definition]) -> Result<(), Failure> {
    let schema = okta.schemas().user("default").await.map_err(Failure::settings)?;
    let mappings: Vec<_> = okta
        .mappings()
        .list()
        .target(app)
        .stream()
        .try_collect()
        .await
        .map_err(Failure::settings)?;
    let Some(mapping) = mappings.first() else {
        return Err(Failure::settings("Okta has no mapping from its users to this app"));
    };
    let mut update = okta.mappings().update(&mapping.id);
    let from = |one: &Definition| match &one.from {
        Some(from) => Some(from.clone()),
        None => schema.attribute(&one.name).map(|_| format!("user.{}", one.name)),
    };
    let (mapped, unknown): (Vec<_>, Vec<_>) =
        definitions.iter().map(|one| (one, from(one))).partition(|(_, from)| from.is_some());
    let mapped = mapped.into_iter().filter_map(|(one, from)| Some((&one.name, from?)));
    let mapped: Vec<(&String, String)> = mapped.collect();
    for (name, from) in &mapped {
        update = update.set(name.as_str(), from.as_str(), PushStatus::Push);
    }
    if !mapped.is_empty() {
        update.await.map_err(Failure::settings)?;
    }
    for (name, from) in mapped {
        say!("{:<10}{from} -> {name}, on create and update", "mapped");
    }
    for (Definition { name, .. }, _) in unknown {
        say!(
            "{:<10}{name}: Okta's users have no attribute of this name; say what it is made of, such as \
             {name}=TYPE:user.department",
            "unmapped"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_blank_is_refused_with_advice() {
        let error = "Employed Since=date".parse::<Definition>().unwrap_err();
        assert!(error.contains("write Employed_Since") && error.contains("alias"), "{error}");
        for wrong in ["x", "x=string:user.", "9x=string", "a-b=string", "=string", "x=text"] {
            assert!(wrong.parse::<Definition>().is_err(), "{wrong}");
        }
        let defined: Definition = "Employed_Since=date:user.hireDate".parse().unwrap();
        assert_eq!(defined.name, "Employed_Since");
        assert_eq!(defined.from.as_deref(), Some("user.hireDate"));
    }
}
