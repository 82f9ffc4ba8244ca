//! What can be reached through typed accessors, at the path where the recording has it.
//!
//! A field counts with the value that it gives; `None` counts as null. Times count when they are
//! times. Base attributes of a profile count by their accessor, custom ones when `get` decodes them as
//! the Rust type that their JSON type suggests: text, whole number, number, yes/no, an object, or a
//! list of one of these.
//!
//! An object in a custom attribute counts with all that is in it when `get` gives it as a map and
//! nothing in it has changed. What is inside was named and typed by the org, which is why `get` takes
//! the caller's own struct: no crate can have a field for it, and a share that counted it as missing
//! would measure how orgs fill their profiles, not how well answers are typed.

use std::collections::BTreeMap;

use okta_client::{
    Attributes, Credentials, DateTime, Group, GroupProfile, OktaError, Profile, Schema, User,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::leaves::{Leaves, add};

/// The leaves that accessors gave, below one place of the document.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) at: String,
    pub(crate) leaves: Leaves,
}

impl Typed {
    fn put(&mut self, name: &str, value: &impl Serialize) {
        let json = serde_json::to_string(value).unwrap();
        add(&mut self.leaves, &format!("{}/{name}", self.at), &json);
    }

    fn time(&mut self, name: &str, value: &Option<DateTime>) {
        if value.as_ref().is_none_or(|time| time.timestamp().is_ok()) {
            self.put(name, value);
        }
    }

    fn custom(&mut self, set: &Attributes) {
        for (name, attribute) in set.iter() {
            let path = format!("profile/{}", name.replace('/', "~1"));
            match suggested(attribute.json()) {
                Suggested::Null => self.as_type::<String>(set, name, &path),
                Suggested::Text => self.as_type::<String>(set, name, &path),
                Suggested::Yes => self.as_type::<bool>(set, name, &path),
                Suggested::Whole => self.as_type::<i64>(set, name, &path),
                Suggested::Number => self.as_type::<f64>(set, name, &path),
                Suggested::List => match first_of_list(attribute.json()) {
                    Suggested::Text | Suggested::Null => {
                        self.as_type::<Vec<Option<String>>>(set, name, &path);
                    }
                    Suggested::Yes => self.as_type::<Vec<bool>>(set, name, &path),
                    Suggested::Whole => self.as_type::<Vec<i64>>(set, name, &path),
                    Suggested::Number => self.as_type::<Vec<f64>>(set, name, &path),
                    Suggested::Object => self.as_type::<Vec<Members>>(set, name, &path),
                    Suggested::List => self.as_type::<Vec<Vec<Box<RawValue>>>>(set, name, &path),
                },
                Suggested::Object => self.as_type::<Members>(set, name, &path),
            }
        }
    }

    fn as_type<T: DeserializeOwned + Serialize>(
        &mut self,
        set: &Attributes,
        name: &str,
        path: &str,
    ) {
        if let Ok(value) = set.get::<T>(name) {
            self.put(path, &value);
        }
    }
}

/// An object of somebody's own.
pub(crate) type Members = BTreeMap<String, Box<RawValue>>;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Suggested {
    Null,
    Text,
    Yes,
    Whole,
    Number,
    List,
    Object,
}

pub(crate) fn suggested(json: &str) -> Suggested {
    match json.as_bytes().first() {
        Some(b'n') => Suggested::Null,
        Some(b'"') => Suggested::Text,
        Some(b't' | b'f') => Suggested::Yes,
        Some(b'[') => Suggested::List,
        Some(b'{') => Suggested::Object,
        _ if json.contains(['.', 'e', 'E']) => Suggested::Number,
        _ => Suggested::Whole,
    }
}

/// Of the first item that is not null; an empty list may be one of texts.
pub(crate) fn first_of_list(json: &str) -> Suggested {
    let items: Vec<&RawValue> = serde_json::from_str(json).unwrap();
    let mut items = items.iter().map(|item| suggested(item.get()));
    items.find(|one| *one != Suggested::Null).unwrap_or(Suggested::Text)
}

type Text = fn(&Profile) -> Option<&str>;

const BASE: [(&str, Text); 31] = [
    ("login", Profile::login),
    ("email", Profile::email),
    ("secondEmail", Profile::second_email),
    ("firstName", Profile::first_name),
    ("lastName", Profile::last_name),
    ("middleName", Profile::middle_name),
    ("honorificPrefix", Profile::honorific_prefix),
    ("honorificSuffix", Profile::honorific_suffix),
    ("displayName", Profile::display_name),
    ("nickName", Profile::nick_name),
    ("profileUrl", Profile::profile_url),
    ("title", Profile::title),
    ("userType", Profile::user_type),
    ("employeeNumber", Profile::employee_number),
    ("department", Profile::department),
    ("division", Profile::division),
    ("organization", Profile::organization),
    ("costCenter", Profile::cost_center),
    ("manager", Profile::manager),
    ("managerId", Profile::manager_id),
    ("mobilePhone", Profile::mobile_phone),
    ("primaryPhone", Profile::primary_phone),
    ("streetAddress", Profile::street_address),
    ("city", Profile::city),
    ("state", Profile::state),
    ("zipCode", Profile::zip_code),
    ("countryCode", Profile::country_code),
    ("postalAddress", Profile::postal_address),
    ("locale", Profile::locale),
    ("timezone", Profile::timezone),
    ("preferredLanguage", Profile::preferred_language),
];

pub(crate) fn user(user: &User, typed: &mut Typed) {
    typed.put("id", &user.id);
    typed.put("status", &user.status);
    typed.put("transitioningToStatus", &user.transitioning_to_status);
    typed.time("created", &user.created);
    typed.time("activated", &user.activated);
    typed.time("statusChanged", &user.status_changed);
    typed.time("lastLogin", &user.last_login);
    typed.time("lastUpdated", &user.last_updated);
    typed.time("passwordChanged", &user.password_changed);
    typed.put("type", &user.user_type);
    typed.put("realmId", &user.realm_id);
    typed.custom(&user.profile);
    for (name, accessor) in BASE {
        typed.leaves.retain(|path, _| *path != format!("{}/profile/{name}", typed.at));
        typed.put(&format!("profile/{name}"), &accessor(&user.profile));
    }
    if user.profile.is_empty() {
        typed.put("profile", &serde_json::to_value(user).unwrap()["profile"]);
    }
    match user.credentials.as_ref().map(|credentials| credentials.get()) {
        Some(Ok(given)) => credentials(&given, typed),
        Some(Err(_)) => {}
        None => typed.put("credentials", &()),
    }
}

fn credentials(credentials: &Credentials, typed: &mut Typed) {
    typed.put("credentials/password", &credentials.password);
    typed.put("credentials/recovery_question", &credentials.recovery_question);
    if let Some(asked) = &credentials.recovery_question {
        typed.put("credentials/recovery_question/question", &asked.question);
    }
    typed.put("credentials/provider", &credentials.provider);
    if let Some(provider) = &credentials.provider {
        typed.put("credentials/provider/type", &provider.kind);
        typed.put("credentials/provider/name", &provider.name);
    }
    typed.put("credentials/emails", &credentials.emails);
    for (at, email) in credentials.emails.iter().flatten().enumerate() {
        typed.put(&format!("credentials/emails/{at}/value"), &email.value);
        typed.put(&format!("credentials/emails/{at}/status"), &email.status);
        typed.put(&format!("credentials/emails/{at}/type"), &email.kind);
    }
}

pub(crate) fn group(group: &Group, typed: &mut Typed) {
    typed.put("id", &group.id);
    typed.put("type", &group.group_type);
    typed.time("created", &group.created);
    typed.time("lastUpdated", &group.last_updated);
    typed.time("lastMembershipUpdated", &group.last_membership_updated);
    match group.object_class.as_ref().map(|class| class.get()) {
        Some(Ok(classes)) => typed.put("objectClass", &classes),
        Some(Err(_)) => {}
        None => typed.put("objectClass", &()),
    }
    typed.custom(&group.profile);
    let profile: &GroupProfile = &group.profile;
    if profile.is_empty() {
        typed.put("profile", &serde_json::to_value(group).unwrap()["profile"]);
    }
    for (name, text) in [("name", profile.name()), ("description", profile.description())] {
        typed.leaves.retain(|path, _| *path != format!("{}/profile/{name}", typed.at));
        typed.put(&format!("profile/{name}"), &text);
    }
}

pub(crate) fn error(error: &OktaError, typed: &mut Typed) {
    typed.put("errorCode", &error.code);
    typed.put("errorSummary", &error.summary);
    typed.put("errorLink", &error.link);
    typed.put("errorId", &error.id);
    typed.put("errorCauses", &error.causes);
    // The token endpoint's shape is read into the same fields.
    typed.put("error", &error.code);
    typed.put("error_description", &error.summary);
}

pub(crate) fn schema(schema: &Schema, typed: &mut Typed) {
    typed.put("id", &schema.id);
    typed.put("name", &schema.name);
    typed.put("title", &schema.title);
    typed.put("description", &schema.description);
    typed.time("created", &schema.created);
    typed.time("lastUpdated", &schema.last_updated);
    let place = typed.at.clone();
    let attributes = schema.attributes();
    for attribute in &attributes {
        let half = if attribute.custom { "custom" } else { "base" };
        typed.at = format!("{place}/definitions/{half}/properties/{}", attribute.name);
        schema_attribute(attribute, typed);
    }
    typed.at = place;
    let json = serde_json::to_value(schema).unwrap();
    for (half, custom) in [("base", false), ("custom", true)] {
        let own: Vec<_> = attributes.iter().filter(|own| own.custom == custom).collect();
        if own.is_empty() {
            typed.put(&format!("definitions/{half}/properties"), &serde_json::json!({}));
        }
        // The order is the recording's; whether an attribute is in the list is what we know.
        let mut required: Vec<_> =
            json["definitions"][half]["required"].as_array().into_iter().flatten().collect();
        required.retain(|name| own.iter().any(|own| own.required && **name == *own.name));
        typed.put(&format!("definitions/{half}/required"), &required);
    }
}

fn schema_attribute(attribute: &okta_client::SchemaAttribute, typed: &mut Typed) {
    typed.put("title", &attribute.title);
    typed.put("description", &attribute.description);
    typed.put("type", &attribute.attribute_type);
    typed.put("format", &attribute.format);
    typed.put("required", &attribute.required);
    typed.put("mutability", &attribute.mutability);
    typed.put("scope", &attribute.scope);
    typed.put("minLength", &attribute.min_length);
    typed.put("maxLength", &attribute.max_length);
    typed.put("items/type", &attribute.item_type);
    typed.put("master/type", &attribute.master);
    typed.put("master/priority", &attribute.master_sources);
    typed.put("permissions", &attribute.permissions);
    typed.put("unique", &attribute.unique);
    typed.put("default", &attribute.default_value);
    typed.put("pattern", &attribute.pattern);
    typed.put("union", &attribute.union);
    typed.put("externalName", &attribute.external_name);
    typed.put("externalNamespace", &attribute.external_namespace);
    for list in ["enum", "items/enum"] {
        for (at, choice) in attribute.choices.iter().enumerate() {
            typed.put(&format!("{list}/{at}"), &choice.value);
        }
    }
    for list in ["oneOf", "items/oneOf"] {
        for (at, choice) in attribute.choices.iter().enumerate() {
            typed.put(&format!("{list}/{at}/const"), &choice.value);
            typed.put(&format!("{list}/{at}/title"), &choice.title);
        }
    }
}
