//! The attributes that every profile has from the start.

use serde_json::{Map, Value, json};

// Name, title, format or nothing. All are texts.
const BASE: [(&str, &str, &str); 31] = [
    ("login", "Username", ""),
    ("firstName", "First name", ""),
    ("lastName", "Last name", ""),
    ("middleName", "Middle name", ""),
    ("honorificPrefix", "Honorific prefix", ""),
    ("honorificSuffix", "Honorific suffix", ""),
    ("email", "Primary email", "email"),
    ("title", "Title", ""),
    ("displayName", "Display name", ""),
    ("nickName", "Nickname", ""),
    ("profileUrl", "Profile Url", "uri"),
    ("secondEmail", "Secondary email", "email"),
    ("mobilePhone", "Mobile phone", ""),
    ("primaryPhone", "Primary phone", ""),
    ("streetAddress", "Street address", ""),
    ("city", "City", ""),
    ("state", "State", ""),
    ("zipCode", "Zip code", ""),
    ("countryCode", "Country code", "country-code"),
    ("postalAddress", "Postal Address", ""),
    ("preferredLanguage", "Preferred language", "language-code"),
    ("locale", "Locale", "locale"),
    ("timezone", "Time zone", "timezone"),
    ("userType", "User type", ""),
    ("employeeNumber", "Employee number", ""),
    ("costCenter", "Cost center", ""),
    ("organization", "Organization", ""),
    ("division", "Division", ""),
    ("department", "Department", ""),
    ("managerId", "ManagerId", ""),
    ("manager", "Manager", ""),
];
const REQUIRED: [&str; 4] = ["login", "firstName", "lastName", "email"];

pub(crate) fn of_users() -> Map<String, Value> {
    let property = |(name, title, format): &(&str, &str, &str)| {
        (name.to_string(), base_property(name, title, format))
    };
    BASE.iter().map(property).collect()
}

pub(crate) fn of_groups() -> Map<String, Value> {
    let property = |title: &str, longest: u64| {
        json!({"title": title, "description": title, "type": "string", "mutability": "READ_WRITE",
               "scope": "NONE", "maxLength": longest, "master": {"type": "PROFILE_MASTER"},
               "permissions": [{"principal": "SELF", "action": "READ_WRITE"}]})
    };
    let mut name = property("Name", 255);
    name["required"] = true.into();
    Map::from_iter([
        ("name".to_owned(), name),
        ("description".to_owned(), property("Description", 1_024)),
    ])
}

/// What an app with provisioning knows of its users: names of SCIM, as Okta's test apps have them.
pub(crate) fn of_scim_users() -> Map<String, Value> {
    const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let attributes = [
        ("userName", "Username", "userName", CORE),
        ("givenName", "Given name", "name.givenName", CORE),
        ("familyName", "Family name", "name.familyName", CORE),
        ("email", "Primary email", "emails.^[primary==true].value", CORE),
        ("displayName", "Display name", "displayName", CORE),
        ("title", "Title", "title", CORE),
        ("locale", "Locale", "locale", CORE),
        ("timezone", "Time zone", "timezone", CORE),
        ("department", "Department", "department", ENTERPRISE),
        ("division", "Division", "division", ENTERPRISE),
        ("costCenter", "Cost center", "costCenter", ENTERPRISE),
        ("employeeNumber", "Employee number", "employeeNumber", ENTERPRISE),
        ("managerValue", "Manager value", "manager.value", ENTERPRISE),
    ];
    let property = |(name, title, external, namespace): (&str, &str, &str, &str)| {
        let property = json!({"title": title, "type": "string", "externalName": external,
                              "externalNamespace": namespace, "scope": "NONE",
                              "mutability": "READ_WRITE", "master": {"type": "PROFILE_MASTER"}});
        (name.to_owned(), property)
    };
    let mut attributes: Map<String, Value> = attributes.into_iter().map(property).collect();
    attributes["userName"]["required"] = true.into();
    attributes
}

/// The claims of OpenID Connect, which every OIDC app has.
pub(crate) fn of_oidc_users() -> Map<String, Value> {
    const CLAIMS: [(&str, &str, &str); 20] = [
        ("name", "Name", "The full name"),
        ("nickname", "Nickname", "The casual name"),
        ("given_name", "Given Name", "The first name"),
        ("middle_name", "Middle Name", "The middle name"),
        ("family_name", "Family Name", "The last name"),
        ("email", "Email", "The preferred address"),
        ("profile", "Profile URL", "The page about the person"),
        ("picture", "Picture URL", "The picture of the person"),
        ("website", "Website", "The site of the person"),
        ("gender", "Gender", "The gender"),
        ("birthdate", "Birthdate", "The day of birth, as YYYY-MM-DD"),
        ("zoneinfo", "Time Zone", "The time zone"),
        ("locale", "Locale Name", "The locale, such as en-US"),
        ("phone_number", "Phone Number", "The preferred number, in E.164"),
        ("street_address", "Street Address", "The street"),
        ("locality", "Locality", "The city"),
        ("region", "Region", "The state or region"),
        ("postal_code", "Postal Code", "The postal code"),
        ("country", "Country", "The country"),
        ("formatted", "Formatted", "The whole address, as it is shown"),
    ];
    let claim = |(name, title, description): &(&str, &str, &str)| {
        let mut claim = json!({"title": title, "description": description, "type": "string",
                               "scope": "SELF"});
        let is_address =
            ["street_address", "locality", "region", "postal_code", "country", "formatted"];
        if is_address.contains(name) {
            claim["externalName"] = format!("address.{name}").into();
        }
        (name.to_string(), claim)
    };
    let mut claims: Map<String, Value> = CLAIMS.iter().map(claim).collect();
    let name = json!({"title": "Username", "type": "string", "required": true, "scope": "SELF",
                      "externalName": "preferred_username"});
    claims.insert("userName".to_owned(), name);
    claims
}

/// What an app without provisioning knows of its users.
pub(crate) fn of_plain_users() -> Map<String, Value> {
    let name = json!({"title": "Username", "type": "string", "required": true, "scope": "NONE",
                      "maxLength": 100, "master": {"type": "PROFILE_MASTER"}});
    Map::from_iter([("userName".to_owned(), name)])
}

fn base_property(name: &str, title: &str, format: &str) -> Value {
    let mut property = json!({"title": title, "type": "string"});
    if !format.is_empty() {
        property["format"] = format.into();
    }
    if REQUIRED.contains(&name) {
        property["required"] = true.into();
    }
    property["mutability"] = "READ_WRITE".into();
    property["scope"] = "NONE".into();
    let (shortest, longest) = match name {
        "login" => (5, 100),
        "firstName" | "lastName" => (1, 50),
        "mobilePhone" | "primaryPhone" => (0, 100),
        _ => (0, 0),
    };
    if shortest > 0 {
        property["minLength"] = shortest.into();
    }
    if longest > 0 {
        property["maxLength"] = longest.into();
    }
    property["permissions"] = json!([{"principal": "SELF", "action": "READ_ONLY"}]);
    property["master"] = json!({"type": "PROFILE_MASTER"});
    property
}
