//! What a SCIM provider is made of, and the providers it can be.

use std::time::Duration;

use scim_types::schema::{Attribute, AttributeKind, Schema};
use scim_types::{Mode, Password, urn};

use super::Quirks;

/// The URN of Peakon's extension of a user.
pub const PEAKON_USER: &str = "urn:ietf:params:scim:schemas:extension:peakon:2.0:User";

/// The switches of the sandbox's SCIM provider; the default is a strict server that can do everything.
#[derive(Clone, Debug)]
pub struct ScimOptions {
    /// The bearer token.
    pub token: Password,
    /// How closely filters and PATCH are held to the RFC.
    pub mode: Mode,
    /// Whether there are groups; without them `/Groups` answers 404.
    pub groups: bool,
    /// Whether groups show their members; if not, members are taken all the same.
    pub show_members: bool,
    /// Whether members have to exist. RFC 7644 leaves it open; the products here ask for it.
    pub check_members: bool,
    /// Whether two groups with one `displayName` are a conflict.
    pub unique_group_names: bool,
    /// Whether attributes that no schema describes are kept; if not, they are refused.
    pub keep_unknown: bool,
    /// Whether a user needs `name.givenName` and `name.familyName`.
    pub require_names: bool,
    /// Whether `active: false` removes a user for good.
    pub deactivation_removes: bool,
    /// Attributes that hold the e-mail of another user, who must exist: a URN, `:`, the name.
    pub email_references: Vec<String>,
    /// Extensions of users, besides the enterprise extension.
    pub user_extensions: Vec<Schema>,
    /// Extensions of groups.
    pub group_extensions: Vec<Schema>,
    /// Resources on a page when the request names no `count`.
    pub default_page_size: u64,
    /// Most resources on a page.
    pub max_page_size: u64,
    /// Most requests in a bulk request.
    pub max_bulk_operations: u64,
    /// Most bytes in a bulk request.
    pub max_bulk_bytes: u64,
    /// How long a cursor is good; forever if `None`.
    pub cursor_timeout: Option<Duration>,
    /// How many of the sandbox's people are users from the start.
    pub seed_people: u64,
    /// Which people.
    pub seed: u64,
    /// What it does other than the RFCs say.
    pub quirks: Quirks,
}

impl Default for ScimOptions {
    fn default() -> Self {
        Self {
            token: "sandbox-scim-token".into(),
            mode: Mode::Strict,
            groups: true,
            show_members: true,
            check_members: false,
            unique_group_names: false,
            keep_unknown: true,
            require_names: false,
            deactivation_removes: false,
            email_references: Vec::new(),
            user_extensions: Vec::new(),
            group_extensions: Vec::new(),
            default_page_size: 100,
            max_page_size: 1_000,
            max_bulk_operations: 1_000,
            max_bulk_bytes: 1_048_576,
            cursor_timeout: None,
            seed_people: 0,
            seed: 7,
            quirks: Quirks::default(),
        }
    }
}

impl ScimOptions {
    /// Pendo: group members are taken and never shown.
    pub fn pendo() -> Self {
        Self { mode: Mode::Tolerant, show_members: false, check_members: true, ..Self::default() }
    }

    /// Workday Peakon Employee Voice: no groups, custom attributes with blanks in their names, and
    /// managers named by e-mail.
    pub fn peakon() -> Self {
        let manager = format!("{}:manager.value", urn::ENTERPRISE_USER);
        Self {
            mode: Mode::Tolerant,
            groups: false,
            email_references: vec![manager, format!("{PEAKON_USER}:Mentor")],
            user_extensions: vec![peakon_schema()],
            ..Self::default()
        }
    }

    /// Pingboard: deactivation removes the profile; first and last name are required.
    pub fn pingboard() -> Self {
        Self {
            mode: Mode::Tolerant,
            require_names: true,
            deactivation_removes: true,
            check_members: true,
            ..Self::default()
        }
    }

    /// The profile of this name: `generic`, `pendo`, `peakon` or `pingboard`.
    pub fn profile(name: &str) -> Option<Self> {
        Some(match name {
            "generic" => Self::default(),
            "pendo" => Self::pendo(),
            "peakon" => Self::peakon(),
            "pingboard" => Self::pingboard(),
            _ => return None,
        })
    }

    /// The same with these quirks.
    #[must_use]
    pub fn quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }

    /// The same with so many users from the start.
    #[must_use]
    pub fn seed_people(mut self, count: u64) -> Self {
        self.seed_people = count;
        self
    }
}

// The types that Peakon gives custom attributes: option, date, number and employee.
fn peakon_schema() -> Schema {
    Schema::new(PEAKON_USER, "PeakonUser")
        .with(Attribute::new("Business Unit", AttributeKind::Text))
        .with(Attribute::new("Start Date", AttributeKind::DateTime))
        .with(Attribute::new("Level", AttributeKind::Integer))
        .with(Attribute::new("Mentor", AttributeKind::Text))
}
