//! Custom attributes of an app's users in Okta, with the external namespace under which SCIM sends them.

use std::str::FromStr;

use futures::TryStreamExt;
use okta_client::{AttributeScope, NewAttribute, Okta, PushStatus};
use provisioning::OktaPeople;
use provisioning::expression::{ErrorClass, Expression, ExpressionError};
use provisioning::source::Scope;

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
    let rows = rows(okta, app, definitions).await?;
    if !sends {
        for Definition { name, .. } in definitions {
            say!(
                "{:<10}{name} would be defined in the app's user profile, as {namespace}:{name}",
                "plan"
            );
        }
        for (name, from) in &rows {
            say!("{:<10}{from} -> {name} would be mapped, on create and update", "");
        }
        say_unmapped(definitions, &rows);
        say!("{:<10}nothing was sent", "");
        return Ok(());
    }
    let mapping = mapping_to(okta, app).await?;
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
    for Definition { name, .. } in definitions {
        say!("{:<10}{name} in the app's user profile, as {namespace}:{name}", "defined");
    }
    if !rows.is_empty() {
        let mut update = okta.mappings().update(&mapping);
        for (name, from) in &rows {
            update = update.set(name.as_str(), from.as_str(), PushStatus::Push);
        }
        update.await.map_err(Failure::settings)?;
    }
    for (name, from) in &rows {
        say!("{:<10}{from} -> {name}, on create and update", "mapped");
    }
    say_unmapped(definitions, &rows);
    Ok(())
}

/// An attribute of the app's users, and what it is made of.
type Row = (String, String);

/// What is mapped; that Okta can work it out shows before anything is defined.
async fn rows(okta: &Okta, app: &str, definitions: &[Definition]) -> Result<Vec<Row>, Failure> {
    let people = OktaPeople::new(okta.clone()).scope(Scope::app(app));
    let known = people.attributes().await.map_err(Failure::settings)?;
    let mut rows = Vec::new();
    for Definition { name, from, .. } in definitions {
        match from {
            Some(from) => {
                let checked = check(from, |root, attribute| known.knows(root, attribute));
                checked.map_err(|error| Failure::Settings(format!("--define {name}: {error}")))?;
                rows.push((name.clone(), from.clone()));
            }
            None if known.knows("user", name) => rows.push((name.clone(), format!("user.{name}"))),
            None => {}
        }
    }
    Ok(rows)
}

const OBJECTS: [&str; 6] = ["user", "source", "app", "appuser", "org", "idpuser"];

/// Whether users have the attributes that are read; what the expression works out is up to Okta.
fn check(text: &str, knows: impl Fn(&str, &str) -> bool) -> Result<(), ExpressionError> {
    let expression = Expression::parse(text)?;
    let read = expression.references().filter(|(root, _)| ["user", "source"].contains(root));
    let mut read = read.map(|(root, name)| Expression::parse(&format!("{root}.{name}")));
    read.try_for_each(|one| one?.check(&knows))?;
    // A name by itself is no object that Okta has.
    let is_object = |root: &str, name: &str| !name.is_empty() || OBJECTS.contains(&root);
    match expression.check(is_object) {
        Err(error) if error.class() == ErrorClass::UnknownAttribute => Err(error),
        _ => Ok(()),
    }
}

/// The mapping from Okta's users to this app.
async fn mapping_to(okta: &Okta, app: &str) -> Result<String, Failure> {
    let mut mappings = okta.mappings().list().target(app).stream();
    match mappings.try_next().await.map_err(Failure::settings)? {
        Some(mapping) => Ok(mapping.id.to_string()),
        None => Err(Failure::settings("Okta has no mapping from its users to this app")),
    }
}

fn say_unmapped(definitions: &[Definition], rows: &[Row]) {
    let is_mapped = |name: &str| rows.iter().any(|(mapped, _)| mapped == name);
    for Definition { name, .. } in definitions.iter().filter(|one| !is_mapped(&one.name)) {
        say!(
            "{:<10}{name}: Okta's users have no attribute of this name; say what it is made of, such as \
             {name}=TYPE:user.department",
            "unmapped"
        );
    }
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
