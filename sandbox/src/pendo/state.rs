//! What the subscription remembers.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::PendoOptions;

/// What the metadata belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Visitor,
    Account,
}

impl Kind {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "visitor" => Some(Self::Visitor),
            "account" => Some(Self::Account),
            _ => None,
        }
    }

    /// The member of a bulk record that holds its id.
    pub(super) fn id_key(self) -> &'static str {
        match self {
            Self::Visitor => "visitorId",
            Self::Account => "accountId",
        }
    }
}

/// What arrived at the bulk metadata calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendoStats {
    /// Bulk calls, those that failed included.
    pub calls: u64,
    /// Records that were looked at, one by one.
    pub records: u64,
    /// Records that were written, created ones included.
    pub updated: u64,
    /// Records of visitors or accounts that are not known.
    pub missing: u64,
    /// Records that were refused.
    pub refused: u64,
    /// Visitors and accounts that `create=true` made; one counted more than once if only counting.
    pub created: u64,
    /// The visitors among the created.
    pub created_visitors: u64,
    /// Sum of a hash of each written id: the same for the same ids in any order.
    pub checksum: u64,
}

/// One metadata field.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) display: String,
    pub(super) data_type: String,
    pub(super) element_type: Option<&'static str>,
    /// Made with a type by the schema call, so that values are checked against it.
    pub(super) typed: bool,
    pub(super) deleted: bool,
}

impl Field {
    pub(super) fn new(display: &str, data_type: &str) -> Self {
        Self {
            display: display.to_owned(),
            data_type: data_type.to_owned(),
            element_type: (data_type == "list").then_some("string"),
            typed: false,
            deleted: false,
        }
    }
}

/// Groups of fields, both by name in lower case.
pub(super) type Schema = BTreeMap<String, BTreeMap<String, Field>>;

/// What was written to one visitor or account: groups of values.
pub(super) type Entity = BTreeMap<String, Map<String, Value>>;

#[derive(Debug)]
pub(super) struct State {
    schemas: [Schema; 2],
    entities: [HashMap<String, Entity>; 2],
    pub(super) poisoned: HashSet<String>,
    pub(super) refused: HashSet<String>,
    pub(super) stats: PendoStats,
}

impl State {
    pub(super) fn new(options: &PendoOptions) -> Self {
        Self {
            schemas: [schema_of(VISITOR_FIELDS, options), schema_of(ACCOUNT_FIELDS, options)],
            entities: Default::default(),
            poisoned: HashSet::new(),
            refused: HashSet::new(),
            stats: PendoStats::default(),
        }
    }

    pub(super) fn schema(&self, kind: Kind) -> &Schema {
        &self.schemas[kind as usize]
    }

    pub(super) fn schema_mut(&mut self, kind: Kind) -> &mut Schema {
        &mut self.schemas[kind as usize]
    }

    pub(super) fn entities(&self, kind: Kind) -> &HashMap<String, Entity> {
        &self.entities[kind as usize]
    }

    pub(super) fn entities_mut(&mut self, kind: Kind) -> &mut HashMap<String, Entity> {
        &mut self.entities[kind as usize]
    }

    /// The written value of one field.
    pub(super) fn value(&self, kind: Kind, id: &str, group: &str, field: &str) -> Option<&Value> {
        self.entities(kind).get(id)?.get(group)?.get(field)
    }
}

type Fields = &'static [(&'static str, &'static str, &'static str, &'static str)];

/// Group, field, type, display name.
const VISITOR_FIELDS: Fields = &[
    ("auto", "id", "string", "Visitor ID"),
    ("auto", "accountid", "string", "Account ID"),
    ("auto", "accountids", "list", "Account IDs"),
    ("auto", "firstvisit", "time", "First Visit"),
    ("auto", "lastvisit", "time", "Last Visit"),
    ("auto", "lastbrowsername", "string", "Browser Name"),
    ("agent", "email", "string", "email"),
    ("pendo", "donotprocess", "boolean", "Do Not Process"),
    ("pendo", "blacklistguides", "boolean", "Exclude from Guides"),
];

const ACCOUNT_FIELDS: Fields = &[
    ("auto", "id", "string", "Account ID"),
    ("auto", "firstvisit", "time", "First Visit"),
    ("auto", "lastvisit", "time", "Last Visit"),
    ("agent", "name", "string", "name"),
    ("pendo", "donotprocess", "boolean", "Do Not Process"),
];

fn schema_of(fields: Fields, options: &PendoOptions) -> Schema {
    let writable = ["agent", "custom"].into_iter().chain(options.okta_group.then_some("okta"));
    let mut schema: Schema = writable.map(|group| (group.to_owned(), BTreeMap::new())).collect();
    for &(group, name, data_type, display) in fields {
        let group = schema.entry(group.to_owned()).or_default();
        group.insert(name.to_owned(), Field::new(display, data_type));
    }
    schema
}
