//! A record of how things were before the first change, and the way back to it.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use futures::{StreamExt, TryStreamExt, stream};
use provisioning::targets::Place;
use provisioning::{Applied, Mapping, Record};
use scim_client::Scim;
use serde_json::{Value, json};

use super::csv;
use crate::own_file::OwnFile;
use crate::{Failure, say, thousands};

/// The columns beside `kind` and `resource`, and where each stands in a user or group.
const COLUMNS: [(&str, &str); 16] = [
    ("id", "id"),
    ("userName", "userName"),
    ("externalId", "externalId"),
    ("active", "active"),
    ("displayName", "displayName"),
    ("givenName", "name.givenName"),
    ("familyName", "name.familyName"),
    ("email", "emails.value"),
    ("title", "title"),
    ("userType", "userType"),
    ("locale", "locale"),
    ("timezone", "timezone"),
    ("roles", "roles"),
    ("entitlements", "entitlements"),
    ("groups", "groups"),
    ("members", "members"),
];

/// Everything that SCIM gave about users and groups at one time.
#[derive(Clone, Debug)]
pub struct Backup {
    /// Where it is.
    pub path: PathBuf,
    users: Vec<Value>,
    groups: Vec<Value>,
}

impl Backup {
    /// Writes all users and groups to a CSV file that only its owner can read. An earlier backup is never
    /// overwritten: it is the one from before the first change.
    ///
    /// # Errors
    /// When the file is there already or cannot be written, or the product cannot be read.
    pub async fn write(scim: &Scim, path: &Path) -> Result<(), Failure> {
        let fail =
            |problem: String| Failure::Settings(format!("--backup {}: {problem}", path.display()));
        if path.exists() {
            return Err(fail(
                "is there already; a backup is not overwritten, name another file".into(),
            ));
        }
        // Under its name only when it is whole.
        let out = OwnFile::create(path, "kind,id,userName,");
        let mut out = out.map_err(|error| fail(error.to_string()))?;
        let columns = COLUMNS.iter().map(|(name, _)| *name);
        let header: Vec<&str> = ["kind"].into_iter().chain(columns).chain(["resource"]).collect();
        csv::write(&mut out, &header).map_err(|error| fail(error.to_string()))?;
        let mut given = BTreeSet::new();
        let users = scim.users().list().stream().map_ok(|user| json!(user));
        let users = lines("user", users.boxed(), &mut out, &mut given).await?;
        let groups = match scim.verify().await.map_err(Failure::settings)?.groups {
            Some(_) => {
                let groups = scim.groups().list().stream().map_ok(|group| json!(group));
                lines("group", groups.boxed(), &mut out, &mut given).await?
            }
            None => 0,
        };
        out.put().map_err(Failure::running)?;
        say!(
            "{:<10}{}: {} users and {} groups; personal data, readable by its owner only",
            "backup",
            path.display(),
            thousands(users),
            thousands(groups)
        );
        let missing: Vec<&str> = COLUMNS
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| !given.contains(name) && (groups > 0 || *name != "members"))
            .collect();
        if users + groups == 0 {
            say!("{:<10}the product holds none yet: --undo would take out everybody", "");
        } else if !missing.is_empty() {
            say!(
                "{:<10}not included, because the product gives none over SCIM: {}; download the product's own CSV \
                 of users for their roles",
                "",
                missing.join(", ")
            );
        }
        Ok(())
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let fail =
            |problem: &str| Failure::Settings(format!("--undo {}: {problem}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| fail(&error.to_string()))?;
        let mut lines = csv::read(&text).into_iter();
        let header = lines.next().ok_or_else(|| fail("is empty"))?;
        let column = |name| header.iter().position(|column| column == name);
        let (Some(kind), Some(resource)) = (column("kind"), column("resource")) else {
            return Err(fail("is no backup: it has no columns kind and resource"));
        };
        let mut backup = Self { path: path.to_owned(), users: Vec::new(), groups: Vec::new() };
        for line in lines {
            let text = line.get(resource).map(String::as_str).unwrap_or_default();
            let value =
                serde_json::from_str(text).map_err(|_| fail("a line has no whole resource"))?;
            match line.get(kind).map(String::as_str) {
                Some("user") => backup.users.push(value),
                Some("group") => backup.groups.push(value),
                _ => return Err(fail("a line is neither user nor group")),
            }
        }
        Ok(backup)
    }

    /// The users as they were, in all that the mapping manages.
    ///
    /// # Errors
    /// When a user has no user name, or an attribute of the mapping is no place.
    pub fn users(&self, mapping: &Mapping) -> Result<Vec<Record>, Failure> {
        let managed = mapping.rows().iter().filter(|row| row.when() != Applied::Never);
        let places: Result<Vec<Place>, _> = managed.map(|row| Place::parse(row.to())).collect();
        let places = places.map_err(Failure::settings)?;
        let record = |user: &Value| {
            let name = user["userName"].as_str().unwrap_or_default();
            let mut record = Record::new(name);
            if user["active"] == json!(false) {
                record = record.set("active", false);
            }
            places
                .iter()
                .fold(record, |record, place| record.set(place.to_string(), place.get(user)))
        };
        Ok(self.users.iter().map(record).collect())
    }

    /// The groups whose members the product showed, as they were, by name. Says which have to be put
    /// back by hand.
    pub fn groups(&self) -> Vec<Record> {
        let (shown, hidden): (Vec<_>, Vec<_>) = self
            .groups
            .iter()
            .partition(|group| group["members"].as_array().is_some_and(|m| !m.is_empty()));
        if !hidden.is_empty() {
            let names: Vec<&str> =
                hidden.iter().filter_map(|one| one["displayName"].as_str()).collect();
            say!(
                "{:<10}{} shows no members of {}: they stay as they are; put them back in the product",
                "note",
                self.path.display(),
                names.join(", ")
            );
        }
        let record = |group: &&Value| {
            let name = group["displayName"].as_str().unwrap_or_default();
            let ids = group["members"].as_array().into_iter().flatten();
            let ids: Vec<&str> = ids.filter_map(|one| one["value"].as_str()).collect();
            Record::new(name).set("displayName", name).set("members", ids)
        };
        shown.iter().map(record).collect()
    }
}

async fn lines(
    kind: &str,
    mut resources: stream::BoxStream<'_, scim_client::Result<Value>>,
    out: &mut impl Write,
    given: &mut BTreeSet<&'static str>,
) -> Result<u64, Failure> {
    let mut count = 0;
    while let Some(resource) = resources.try_next().await.map_err(Failure::running)? {
        let mut line = vec![kind.to_owned()];
        for (name, place) in COLUMNS {
            let value = text(&resource, place);
            if !value.is_empty() {
                given.insert(name);
            }
            line.push(value);
        }
        line.push(resource.to_string());
        csv::write(out, &line).map_err(Failure::running)?;
        count += 1;
    }
    Ok(count)
}

/// What stands there: of a list, what each element is.
fn text(resource: &Value, place: &str) -> String {
    let (first, rest) = place.split_once('.').unwrap_or((place, "value"));
    match &resource[first] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let values = list.iter().filter_map(|one| one[rest].as_str().or(one.as_str()));
            values.collect::<Vec<_>>().join(" ")
        }
        Value::Object(members) => {
            members.get(rest).and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        other => other.to_string(),
    }
}
