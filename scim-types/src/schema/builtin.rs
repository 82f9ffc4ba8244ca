use super::{Attribute, AttributeKind as Kind, Mutability, Returned, Schema, Uniqueness};
use crate::urn;

fn text(name: &str) -> Attribute {
    Attribute::new(name, Kind::Text)
}

fn texts<const N: usize>(names: [&str; N]) -> Vec<Attribute> {
    names.map(text).to_vec()
}

fn reference(name: &str, types: &[&str]) -> Attribute {
    let reference_types = types.iter().map(ToString::to_string).collect();
    Attribute { reference_types, ..Attribute::new(name, Kind::Reference) }
}

fn canonical(name: &str, values: &[&str]) -> Attribute {
    let canonical_values = values.iter().map(ToString::to_string).collect();
    Attribute { canonical_values, ..text(name) }
}

// A list of values with display, type and primary: RFC 7643 section 2.4.
fn values(name: &str, value: Attribute, types: &[&str]) -> Attribute {
    let primary = Attribute::new("primary", Kind::Boolean);
    Attribute::complex(name, [value, text("display"), canonical("type", types), primary]).list()
}

fn read_only(attribute: Attribute) -> Attribute {
    attribute.mutability(Mutability::ReadOnly)
}

fn immutable(attribute: Attribute) -> Attribute {
    attribute.mutability(Mutability::Immutable)
}

/// What every resource has, RFC 7643 section 3.1.
pub(super) fn common() -> Vec<Attribute> {
    let date = |name| read_only(Attribute::new(name, Kind::DateTime));
    let meta = [
        read_only(text("resourceType")).case_exact(),
        date("created"),
        date("lastModified"),
        read_only(reference("location", &["uri"])).case_exact(),
        read_only(text("version")).case_exact(),
    ];
    vec![
        reference("schemas", &["uri"]).list().required().returned(Returned::Always),
        read_only(text("id")).case_exact().returned(Returned::Always).unique(Uniqueness::Server),
        text("externalId").case_exact(),
        read_only(Attribute::complex("meta", meta)),
    ]
}

pub(super) fn user() -> Schema {
    const PLACES: &[&str] = &["work", "home", "other"];
    const PHONES: &[&str] = &["work", "home", "mobile", "fax", "pager", "other"];
    const IMS: &[&str] = &["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"];
    let name = [
        "formatted",
        "familyName",
        "givenName",
        "middleName",
        "honorificPrefix",
        "honorificSuffix",
    ];
    let groups = [
        read_only(text("value")),
        read_only(reference("$ref", &["User", "Group"])),
        read_only(text("display")),
        read_only(canonical("type", &["direct", "indirect"])),
    ];
    let mut schema =
        Schema::new(urn::USER, "User").with(text("userName").required().unique(Uniqueness::Server));
    schema.description = Some("User Account".to_owned());
    schema.attributes.extend([
        Attribute::complex("name", texts(name)),
        text("displayName"),
        text("nickName"),
        reference("profileUrl", &["external"]),
    ]);
    schema.attributes.extend(texts([
        "title",
        "userType",
        "preferredLanguage",
        "locale",
        "timezone",
    ]));
    schema.attributes.extend([
        Attribute::new("active", Kind::Boolean),
        text("password").mutability(Mutability::WriteOnly).returned(Returned::Never),
        values("emails", text("value"), PLACES),
        values("phoneNumbers", text("value"), PHONES),
        values("ims", text("value"), IMS),
        values("photos", reference("value", &["external"]), &["photo", "thumbnail"]),
        addresses(PLACES),
        read_only(Attribute::complex("groups", groups).list()),
        values("entitlements", text("value"), &[]),
        values("roles", text("value"), &[]),
        values("x509Certificates", Attribute::new("value", Kind::Binary).case_exact(), &[]),
    ]);
    schema
}

fn addresses(types: &[&str]) -> Attribute {
    let mut parts =
        texts(["formatted", "streetAddress", "locality", "region", "postalCode", "country"]);
    parts.push(canonical("type", types));
    parts.push(Attribute::new("primary", Kind::Boolean));
    Attribute::complex("addresses", parts).list()
}

// `display` is not in the published schema, but in its own examples and in every server.
pub(super) fn group() -> Schema {
    let members = [
        immutable(text("value")),
        immutable(reference("$ref", &["User", "Group"])),
        immutable(canonical("type", &["User", "Group"])),
        text("display"),
    ];
    let mut schema = Schema::new(urn::GROUP, "Group")
        .with(text("displayName"))
        .with(Attribute::complex("members", members).list());
    schema.description = Some("Group".to_owned());
    schema
}

pub(super) fn enterprise_user() -> Schema {
    let manager = [text("value"), reference("$ref", &["User"]), read_only(text("displayName"))];
    let mut schema = Schema::new(urn::ENTERPRISE_USER, "EnterpriseUser");
    schema.description = Some("Enterprise User".to_owned());
    schema.attributes =
        texts(["employeeNumber", "costCenter", "organization", "division", "department"]);
    schema.attributes.push(Attribute::complex("manager", manager));
    schema
}
