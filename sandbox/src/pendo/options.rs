//! What can be switched where the facts about Pendo are uncertain.

/// The switches of the sandbox's Pendo; the default of each is what is best known or most likely.
#[derive(Debug, Clone)]
pub struct PendoOptions {
    /// The integration key with write access.
    pub key: String,
    /// The integration key without write access.
    pub read_only_key: String,
    /// The answer to a key that is absent or wrong.
    pub bad_key: BadKey,
    /// How `missing` and `errors` look in a bulk answer when there are none.
    pub empty: Empty,
    /// How one refused record looks in `errors`.
    pub error_item: ErrorItem,
    /// The name of the array in the answer to a field creation.
    pub schema_array: String,
    /// What a pushed custom field does that was never created.
    pub unknown_field: UnknownField,
    /// The type that a field made by a push gets.
    pub made_field_type: String,
    /// Whether an array is taken as a metadata value; refused means: the record lands in `errors`.
    pub take_lists: bool,
    /// What `null` as a value does.
    pub nulls: Nulls,
    /// Answers 408 to a bulk call after this many of its records, which stay applied.
    pub time_out_after: Option<usize>,
    /// Answers 413 to a bulk call with more records than this.
    pub max_records: Option<usize>,
    /// Answers 413 to a bulk call with a longer body than this.
    pub max_bytes: Option<usize>,
    /// Turns visitor ids into lower case, as a subscription setting of Pendo does.
    pub lowercase_ids: bool,
    /// Allows the opt-out `blacklistguides`, which Pendo's support has to turn on.
    pub guide_exclude_list: bool,
    /// Adds a writable group `okta`, which no documentation names.
    pub okta_group: bool,
    /// Says in JSON that a visitor or account is unknown, instead of an empty 404.
    pub unknown_entity_json: bool,
    /// Answers `null` instead of 404 when a field of a known visitor or account is not set.
    pub unset_is_null: bool,
    /// Counts what arrives instead of keeping it, so that a million records cost no memory.
    pub count_only: bool,
    /// Every n-th person is not known to Pendo yet; 0 means that all are known.
    pub unknown_every: u64,
    /// The accounts that exist from the start.
    pub accounts: Vec<String>,
}

impl Default for PendoOptions {
    fn default() -> Self {
        Self {
            key: "sandbox-integration-key".into(),
            read_only_key: "sandbox-read-only-key".into(),
            bad_key: BadKey::Forbidden,
            empty: Empty::Absent,
            error_item: ErrorItem::Object,
            schema_array: "results".into(),
            unknown_field: UnknownField::Create,
            made_field_type: "string".into(),
            take_lists: true,
            nulls: Nulls::Clear,
            time_out_after: None,
            max_records: None,
            max_bytes: None,
            lowercase_ids: false,
            guide_exclude_list: false,
            okta_group: false,
            unknown_entity_json: false,
            unset_is_null: false,
            count_only: false,
            unknown_every: 400,
            accounts: ["acme", "globex", "initech"].map(String::from).to_vec(),
        }
    }
}

/// The answer to a key that is absent or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadKey {
    /// 403 with an empty body, as observed.
    Forbidden,
    /// 401 with JSON, as Pendo's general status table has it.
    Unauthorized,
}

/// How an empty list looks in a bulk answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// The member is left out.
    Absent,
    /// The member is `[]`.
    List,
    /// The member is `null`.
    Null,
}

/// How one refused record looks in `errors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorItem {
    /// `{"id": .., "error": ..}`.
    Object,
    /// Only the id, as a string.
    Text,
    /// An object that does not say which record it is about.
    Anonymous,
    /// Nothing: only the count in `failed` tells.
    Absent,
}

/// What a pushed custom field does that was never created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownField {
    /// The field is made.
    Create,
    /// The whole call answers 400 and nothing is applied.
    Refuse,
}

/// What `null` as a metadata value does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// The field is cleared.
    Clear,
    /// The field keeps its value.
    Ignore,
    /// The record lands in `errors`.
    Refuse,
}
