//! What other servers do differently, each on request.

macro_rules! quirks {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {
        /// Deviations of real servers from the RFCs, all off unless switched on.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Quirks {
            $($(#[$meta])* pub $name: bool,)+
            /// Attributes that are dropped on write without a word, such as `title` or an extension's URN.
            pub drops_attributes: Vec<String>,
        }

        impl Quirks {
            /// The names of all switches.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// Switches one on by its name, or `drops_attributes=title,locale`; false if there is none.
            pub fn set(&mut self, name: &str) -> bool {
                match name {
                    $(stringify!($name) => self.$name = true,)+
                    _ => match name.strip_prefix("drops_attributes=") {
                        Some(list) => {
                            self.drops_attributes.extend(list.split(',').map(str::to_owned));
                        }
                        None => return false,
                    },
                }
                true
            }
        }
    };
}

quirks! {
    /// PATCH answers 204 without a body.
    patch_answers_204,
    /// A complex value or an extension in a PATCH without path takes the place of the whole.
    patch_replaces_complex,
    /// PATCH of a user answers 200 with an error of its own in it, and changes nothing.
    patch_answers_200_error,
    /// PATCH of a user answers 200 with the user as it was, and changes nothing.
    patch_changes_nothing,
    /// PATCH is not there: 501.
    no_patch,
    /// A PATCH path with a filter in it answers 501.
    no_filter_paths_in_patch,
    /// A PATCH of a group without a path answers 501.
    no_pathless_group_patch,
    /// `remove` of members by value answers 400 with an internal message, also in tolerant mode.
    no_member_value_removal,
    /// `remove` without a path answers 500.
    pathless_remove_answers_500,
    /// PUT of a group answers 200 and leaves the members as they are.
    put_ignores_members,
    /// PUT keeps the attributes that its body leaves out.
    put_keeps_left_out,
    /// POST answers 201 without a body.
    create_answers_empty,
    /// DELETE answers 200 with `{}`.
    delete_answers_200,
    /// GET ignores `count` and `startIndex`, and says `itemsPerPage: 20`.
    ignores_paging,
    /// GET honours `count` and ignores `startIndex`.
    ignores_start_index,
    /// A page has at most ten resources, whatever `count` says.
    short_pages,
    /// `startIndex` below 1 and `count` below 0 answer 400.
    strict_counts,
    /// A `cursor` is ignored.
    no_cursors,
    /// A listing without `startIndex` and `cursor` is paged by cursor.
    cursors_by_default,
    /// ServiceProviderConfig says nothing about paging.
    pagination_unannounced,
    /// A filter is read and not applied: everybody is answered.
    ignores_filters,
    /// A filter finds nobody.
    finds_nobody,
    /// Only filters on `userName` find anybody; others answer 200 and an empty list.
    finds_only_by_user_name,
    /// A malformed filter answers everybody instead of 400.
    bad_filters_answer_everybody,
    /// `pr`, `co` and the like on a list of complex values answer 400 with an internal message.
    no_filters_on_complex_lists,
    /// A filter finds nobody when it spells an attribute in another case than the schema.
    case_sensitive_filter_names,
    /// `userName eq` regards case, while a user who differs only in case is still a duplicate.
    case_sensitive_user_name,
    /// A filter that finds nobody answers 404.
    not_found_on_empty_lookup,
    /// User names that differ only in case are taken.
    accepts_case_duplicates,
    /// 409 has no `scimType`, and text of a database as detail.
    duplicate_409_without_scim_type,
    /// `status` in errors is a number.
    numeric_status,
    /// 401 has an empty body of type text/html.
    empty_401_body,
    /// 501 has an empty body.
    empty_501_body,
    /// Bulk requests answer 501, and ServiceProviderConfig says so.
    bulk_unsupported,
    /// `/.search` answers 501.
    search_unsupported,
    /// No ETags, no `meta.version`, and If-Match is ignored.
    etags_unsupported,
    /// All of discovery answers 404.
    discovery_missing,
    /// ResourceTypes is a plain array.
    resource_types_not_a_list,
    /// ServiceProviderConfig says that filters are unsupported, though they work.
    filter_announced_unsupported,
    /// Other verbs on discovery answer 404 instead of 405.
    wrong_verbs_answer_404,
    /// `/Me` answers 404 instead of 501.
    me_answers_404,
    /// No Location header.
    no_location_header,
    /// `meta.location` and the Location header have no host.
    relative_location,
    /// `meta` of groups has no dates.
    no_group_dates,
    /// Ids are `1`, `2`, ..; those of users and groups overlap.
    decimal_ids,
    /// Lists without elements are shown as `[]`.
    empty_lists_shown,
    /// `externalId` and names without a value are shown as `""`.
    empty_strings_shown,
    /// A `type` that the schema does not suggest answers 400.
    closed_types,
    /// Answers are of type text/html.
    content_type_text_html,
    /// `totalResults` is missing.
    total_results_missing,
    /// `Resources` is missing when there are none.
    resources_missing_when_empty,
    /// `totalResults`, `startIndex` and `itemsPerPage` are texts.
    counters_as_text,
    /// `attributes=` also takes `schemas` away.
    projection_hides_schemas,
}

impl Quirks {
    /// A careful server whose PATCH answers 204.
    pub fn scim2_server() -> Self {
        Self::of(&["patch_answers_204"])
    }

    /// A server that ignores paging and regards case in lookups, among others.
    pub fn scimmy() -> Self {
        Self::of(&[
            "ignores_paging",
            "case_sensitive_user_name",
            "bad_filters_answer_everybody",
            "no_filters_on_complex_lists",
            "no_member_value_removal",
            "closed_types",
            "relative_location",
            "no_location_header",
            "me_answers_404",
            "wrong_verbs_answer_404",
        ])
    }

    /// A loose server on an SQL table: hardly any filters, PATCH paths or announcements that hold.
    pub fn django() -> Self {
        Self::of(&[
            "strict_counts",
            "case_sensitive_filter_names",
            "finds_only_by_user_name",
            "accepts_case_duplicates",
            "duplicate_409_without_scim_type",
            "numeric_status",
            "empty_401_body",
            "empty_501_body",
            "bulk_unsupported",
            "search_unsupported",
            "no_filter_paths_in_patch",
            "no_pathless_group_patch",
            "pathless_remove_answers_500",
            "put_ignores_members",
            "put_keeps_left_out",
            "empty_lists_shown",
            "empty_strings_shown",
            "no_group_dates",
            "decimal_ids",
            "filter_announced_unsupported",
            "resource_types_not_a_list",
            "drops_attributes=title,locale,displayName",
        ])
    }

    fn of(names: &[&str]) -> Self {
        let mut quirks = Self::default();
        for name in names {
            quirks.set(name);
        }
        quirks
    }
}
