//! Mappings from and to Okta's own profile mappings, whose attributes are an app's.

use std::collections::BTreeMap;

use okta_client::{
    MappedAttribute, ProfileMapping, ProfileOwner, PushStatus, Schema, SchemaAttribute,
    UpdateMapping,
};

use super::{Applied, Mapping, MappingError, MappingRow};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const USER_NAME: &str = "userName";
const LOGIN: &str = "user.login";

impl Mapping {
    /// The mapping from Okta's users to an app, as Okta has it, and the schema of the app's users:
    /// `PUSH` is create and update, `DONT_PUSH` create only. An attribute of the app becomes the SCIM
    /// path of its external name and namespace, or keeps its own name where it has none. What fills an
    /// attribute that the schema does not have (any more) fills nothing, and is left out.
    ///
    /// Records are identified by what fills `userName`, or by `user.login` where nothing does, because
    /// Okta keeps the app's user names apart from its mapping; see [`with_key`](Self::with_key).
    ///
    /// # Errors
    /// When it is the mapping of the other direction, comes of a listing and has no attributes, or an
    /// expression is none that can be worked out here.
    pub fn from_okta(mapping: &ProfileMapping, schema: &Schema) -> Result<Self, MappingError> {
        let owner = mapping.target.as_ref().and_then(|side| side.owner.as_ref());
        if owner.is_some_and(|owner| *owner != ProfileOwner::AppUser) {
            return Err(MappingError::Okta(format!(
                "{} leads from the app to Okta: take the one whose target is the app",
                mapping.id
            )));
        }
        let properties = mapping.properties.as_ref().ok_or_else(|| {
            MappingError::Okta(format!("{} is without attributes: get it by id", mapping.id))
        })?;
        let paths: BTreeMap<String, String> =
            schema.attributes().iter().map(|one| (one.name.clone(), scim_path(one))).collect();
        let mut read = Self::keyed_by(LOGIN)?;
        for (name, made_of) in properties {
            let Some(path) = paths.get(name) else { continue };
            let made_of = made_of.as_ref();
            let Some(expression) = made_of.and_then(|made_of| made_of.expression.as_deref()) else {
                continue;
            };
            let push = made_of.and_then(|made_of| made_of.push_status.as_ref());
            if path == USER_NAME {
                read = read.with_key(expression)?;
            }
            let mut row = MappingRow::new(path, expression)?.applied(applied(push));
            row.okta = Some(name.clone());
            read = read.with(row)?;
        }
        Ok(read)
    }

    /// What Okta's mapping to the app has to hold, by the app's attributes: what a
    /// [`ProfileMapping`] holds as `properties`. Rows that are never applied are taken out.
    ///
    /// # Errors
    /// Names the row that no attribute of the app stands for: add one, with this external name and
    /// namespace; or that several stand for, where it was not read from Okta's mapping.
    pub fn to_okta(
        &self,
        schema: &Schema,
    ) -> Result<BTreeMap<String, Option<MappedAttribute>>, MappingError> {
        let attributes = schema.attributes();
        let mapped = |row: &MappingRow| {
            let name = attribute_of(&attributes, row)?;
            let push = match row.applied {
                Applied::CreateAndUpdate => PushStatus::Push,
                Applied::Create => PushStatus::DontPush,
                Applied::Never => return Ok((name, None)),
            };
            let made_of = MappedAttribute::default().expression(row.from.to_string());
            Ok((name, Some(made_of.push_status(push))))
        };
        self.rows.iter().map(mapped).collect()
    }

    /// Puts [`to_okta`](Self::to_okta) into a change of Okta's mapping, which leaves alone what no row
    /// names.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta, mapping: provisioning::Mapping) -> Result<(), Box<dyn std::error::Error>> {
    /// let schema = okta.schemas().app_user("0oa1").await?;
    /// mapping.update_okta(okta.mappings().update("prm1"), &schema)?.await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`to_okta`](Self::to_okta).
    pub fn update_okta(
        &self,
        update: UpdateMapping,
        schema: &Schema,
    ) -> Result<UpdateMapping, MappingError> {
        let attributes = self.to_okta(schema)?.into_iter();
        Ok(attributes.fold(update, |update, (name, made_of)| match made_of {
            Some(MappedAttribute { expression: Some(from), push_status: Some(push), .. }) => {
                update.set(name, from, push)
            }
            _ => update.remove(name),
        }))
    }
}

/// A status that is not known is the careful one.
fn applied(push: Option<&PushStatus>) -> Applied {
    match push {
        Some(PushStatus::Push) => Applied::CreateAndUpdate,
        _ => Applied::Create,
    }
}

fn attribute_of(attributes: &[SchemaAttribute], row: &MappingRow) -> Result<String, MappingError> {
    let path = &*row.to;
    let bare = |path: &str| {
        path.strip_prefix(CORE).and_then(|p| p.strip_prefix(':')).unwrap_or(path).to_owned()
    };
    let is_it = |one: &&SchemaAttribute| scim_path(one).eq_ignore_ascii_case(&bare(path));
    let names: Vec<&str> = attributes.iter().filter(is_it).map(|one| &*one.name).collect();
    let read_for = row.okta.as_deref().filter(|name| names.contains(name));
    let found = match (read_for, &*names) {
        (Some(name), _) | (None, &[name]) => name,
        (None, []) if attributes.iter().any(|one| one.name == path) => path,
        (None, []) => {
            return Err(MappingError::Okta(format!(
                "the app has no attribute for `{path}`: add one with this external name and namespace"
            )));
        }
        (None, several) => {
            return Err(MappingError::Okta(format!(
                "several attributes of the app stand for `{path}`, {}: leave this external name to one of them",
                several.join(" and ")
            )));
        }
    };
    Ok(found.to_owned())
}

/// The SCIM path of an app's attribute: `name.givenName`, `urn:…:User:department`, and
/// `emails[type eq "work"].value` for Okta's `emails.^[type==work].value`.
fn scim_path(attribute: &SchemaAttribute) -> String {
    let name = attribute.external_name.as_deref().unwrap_or_default().trim();
    let name = if name.is_empty() { &attribute.name } else { name };
    let path = with_filter(name).unwrap_or_else(|| name.to_owned());
    match attribute.external_namespace.as_deref().map(str::trim) {
        None | Some("" | CORE) => path,
        Some(namespace) => format!("{namespace}:{path}"),
    }
}

/// Okta's way to choose one of several values.
fn with_filter(name: &str) -> Option<String> {
    let (list, rest) = name.split_once(".^[").or_else(|| name.split_once('['))?;
    let (conditions, rest) = rest.split_once(']')?;
    let conditions: Option<Vec<String>> = conditions.split("&&").map(condition).collect();
    Some(format!("{list}[{}]{rest}", conditions?.join(" and ")))
}

fn condition(text: &str) -> Option<String> {
    let (attribute, value) = text.split_once("==")?;
    let value = value.trim().trim_matches(['\'', '"']);
    let value = match value {
        "true" | "false" => value.to_owned(),
        // More than one condition, joined in a way that is not known.
        text if text.contains(['\'', '"', '|', '=']) => return None,
        text => format!("{text:?}"),
    };
    Some(format!("{} eq {value}", attribute.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    fn schema() -> Schema {
        let property = |name: &str, namespace: &str| json!({"type": "string", "externalName": name, "externalNamespace": namespace});
        serde_json::from_value(json!({"definitions": {
            "base": {"properties": {"userName": property("userName", CORE)}},
            "custom": {"properties": {
                "givenName": property("name.givenName", CORE),
                "mail": property("emails.^[primary==true].value", CORE),
                "workPhone": property("phoneNumbers.^[type==work].value", CORE),
                "department": property("department", ENTERPRISE),
                "unit": property("Business Unit", "urn:ietf:params:scim:schemas:extension:peakon:2.0:User"),
                "plain": {"type": "string"},
            }},
        }}))
        .unwrap()
    }

    fn mapping() -> ProfileMapping {
        let rule =
            |expression: &str, push: &str| json!({"expression": expression, "pushStatus": push});
        serde_json::from_value(json!({
            "id": "prm1", "source": {"type": "user"}, "target": {"type": "appuser"},
            "properties": {
                "givenName": rule("user.firstName", "PUSH"),
                "mail": rule("user.email", "PUSH"),
                "workPhone": rule("user.primaryPhone", "DONT_PUSH"),
                "department": rule("String.toUpperCase(user.department)", "PUSH"),
                "unit": rule("user.division", "PUSH"),
                "plain": rule("user.title", "NEW_STATUS"),
            }
        }))
        .unwrap()
    }

    #[test]
    fn attributes_become_scim_paths_and_back() {
        let read = Mapping::from_okta(&mapping(), &schema()).unwrap();
        let rows: Vec<String> = read.rows().iter().map(ToString::to_string).collect();
        assert_eq!(
            rows,
            [
                format!("{ENTERPRISE}:department <- String.toUpperCase(user.department)"),
                "name.givenName <- user.firstName".to_owned(),
                "emails[primary eq true].value <- user.email".to_owned(),
                "plain <- user.title (on create only)".to_owned(),
                "urn:ietf:params:scim:schemas:extension:peakon:2.0:User:Business Unit <- user.division"
                    .to_owned(),
                "phoneNumbers[type eq \"work\"].value <- user.primaryPhone (on create only)".to_owned(),
            ]
        );
        let back = read.to_okta(&schema()).unwrap();
        let known = |push: PushStatus| {
            move |made_of: &MappedAttribute| made_of.push_status == Some(push.clone())
        };
        assert_eq!(back.len(), 6);
        for (name, made_of) in back {
            let made_of = made_of.unwrap();
            let before = mapping();
            let before = before.attribute(&name).unwrap();
            assert_eq!(made_of.expression, before.expression, "{name}");
            let is_pushed = before.push_status == Some(PushStatus::Push);
            assert_eq!(known(PushStatus::Push)(&made_of), is_pushed, "{name}");
        }
    }

    #[test]
    fn every_row_that_is_read_is_a_place_in_scim() {
        for row in Mapping::from_okta(&mapping(), &schema()).unwrap().rows() {
            if row.to() != "plain" {
                crate::targets::Place::parse(row.to()).unwrap();
            }
        }
    }

    #[test]
    fn the_key_is_the_user_name_where_it_is_mapped() {
        let mut okta = mapping();
        let user_name =
            MappedAttribute::default().expression("user.email").push_status(PushStatus::Push);
        okta.properties.as_mut().unwrap().insert("userName".into(), Some(user_name));
        let key = |mapping: &ProfileMapping| {
            Mapping::from_okta(mapping, &schema()).unwrap().to_json().unwrap()
        };
        assert!(key(&okta).contains(r#""key": "user.email""#));
        assert!(key(&mapping()).contains(r#""key": "user.login""#));
    }

    #[test]
    fn what_cannot_be_brought_over_is_named() {
        let fail = |mapping: &Mapping| mapping.to_okta(&schema()).unwrap_err().to_string();
        let other =
            Mapping::keyed_by("user.login").unwrap().row("nickName", "user.nickName").unwrap();
        assert!(fail(&other).contains("no attribute for `nickName`"), "{}", fail(&other));
        let mut okta = mapping();
        okta.target = serde_json::from_value(json!({"type": "user"})).unwrap();
        let error = Mapping::from_okta(&okta, &schema()).unwrap_err().to_string();
        assert!(error.contains("from the app to Okta"), "{error}");
        okta = mapping();
        okta.properties = None;
        let error = Mapping::from_okta(&okta, &schema()).unwrap_err().to_string();
        assert!(error.contains("get it by id"), "{error}");
    }

    // Its schema has two attributes for one place, and Okta's mapping fills the second.
    fn with_twins() -> (ProfileMapping, Schema) {
        let property =
            |name: &str| json!({"type": "string", "externalName": name, "externalNamespace": CORE});
        let schema = json!({"definitions": {"custom": {"properties": {
            "nickA": property("nickName"),
            "nickB": property("nickName"),
            "phone": property("phoneNumbers.^[type=='work' && primary==true].value"),
            "fax": property("phoneNumbers.^[type=='work' || type=='fax'].value"),
        }}}});
        let rule = |expression: &str| json!({"expression": expression, "pushStatus": "PUSH"});
        let mapping = json!({"id": "prm1", "target": {"type": "appuser"}, "properties": {
            "nickB": rule("user.nickName"), "phone": rule("user.primaryPhone"),
            "fax": rule("user.title"), "gone": rule("user.title"),
            "department": rule("user.getGroups({'group.profile.name': 'x'}).![name]"),
        }});
        (serde_json::from_value(mapping).unwrap(), serde_json::from_value(schema).unwrap())
    }

    #[test]
    fn what_is_read_goes_back_to_where_it_came_from() {
        let (okta, twins) = with_twins();
        let read = Mapping::from_okta(&okta, &twins).unwrap();
        let places: Vec<&str> = read.rows().iter().map(MappingRow::to).collect();
        let both = r#"phoneNumbers[type eq "work" and primary eq true].value"#;
        let either = "phoneNumbers.^[type=='work' || type=='fax'].value";
        assert_eq!(places, [either, "nickName", both]);
        let back: Vec<String> = read.to_okta(&twins).unwrap().into_keys().collect();
        assert_eq!(back, ["fax", "nickB", "phone"]);
        assert!(read.for_scim_users().unwrap_err().to_string().contains(either));
        let written =
            Mapping::keyed_by("user.login").unwrap().row("nickName", "user.nickName").unwrap();
        let error = written.to_okta(&twins).unwrap_err().to_string();
        assert!(error.contains("stand for `nickName`, nickA and nickB: "), "{error}");
        let place = crate::targets::Place::parse(both).unwrap();
        let mut user = json!({"phoneNumbers": [{"type": "work", "value": "1"}]});
        place.put(&mut user, &json!("2")).unwrap();
        assert_eq!(
            (place.get(&user), &user["phoneNumbers"][0]["value"]),
            (json!("2"), &json!("1"))
        );
    }

    #[test]
    fn what_only_okta_can_answer_is_read_and_written() {
        let read = Mapping::from_okta(&with_twins().0, &schema()).unwrap();
        let text = r#"user.getGroups({"group.profile.name": "x"}).![name]"#;
        let back = read.to_okta(&schema()).unwrap().remove("department").flatten().unwrap();
        assert_eq!(back.expression.as_deref(), Some(text));
        let error = read.check(|_, _| true).unwrap_err().to_string();
        assert!(error.contains("only Okta can answer `getGroups`"), "{error}");
    }

    #[test]
    fn a_row_that_is_never_applied_is_taken_out() {
        let never =
            MappingRow::new("name.givenName", "user.firstName").unwrap().applied(Applied::Never);
        let mapping = Mapping::keyed_by("user.login").unwrap().with(never).unwrap();
        assert_eq!(mapping.to_okta(&schema()).unwrap()["givenName"], None);
    }
}
