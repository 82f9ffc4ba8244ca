//! Which test demonstrates which step of the five documents, and that none was forgotten.

use std::path::Path;

use crate::support::skipped;

/// How the step begins, and the tests that run the program and look at what the vendor holds afterwards.
type Row = (&'static str, &'static [&'static str]);

const PENDO_VISITOR_SYNC: &[Row] = &[
    (
        "Pendo connection with an integration key",
        &["wrong_use::a_key_that_may_only_read", "wrong_use::a_wrong_token_or_key"],
    ),
    (
        "Okta connection: domain, client id, client secret",
        &[
            "connections::a_service_app_does_as_well_as_an_api_token",
            "connections::a_ready_bearer_token_is_sent_as_one",
        ],
    ),
    ("visitor id key", &["options::the_visitor_id_is_any_attribute"]),
    (
        "create non-existing users",
        &[
            "options::with_no_setting_all_known_people_arrive_and_the_others_are_named",
            "options::people_whom_pendo_does_not_know_are_added_when_asked",
        ],
    ),
    (
        "List Users With Filter, all pages",
        &[
            "options::a_search_chooses_who_is_pushed",
            "options::deprovisioned_people_come_only_when_asked_for",
        ],
    ),
    ("read one raw user", &["options::a_check_and_the_list_of_fields_change_nothing"]),
    (
        "choose the fields",
        &[
            "delivered::chosen_fields_go_under_their_new_names_and_no_others",
            "delivered::the_prefix_can_be_set",
        ],
    ),
    (
        "metadata types",
        &[
            "delivered::every_value_is_there_typed_and_nothing_else",
            "delivered::a_number_that_is_text_in_pendo_goes_as_text",
            "delivered::lists_go_as_text_when_asked_or_when_pendo_does_not_take_them",
            "delivered::what_was_emptied_in_okta_is_cleared_unless_kept",
        ],
    ),
    ("runs on a scheduled basis", &["remembered::it_runs_again_and_again"]),
    (
        "bulk load",
        &[
            "foreign::ten_thousand_people",
            "remembered::a_run_that_is_killed_goes_on",
            "delivered::every_value_is_there_typed_and_nothing_else",
        ],
    ),
    (
        "event-triggered",
        &[
            "remembered::changes_are_followed_and_none_is_lost_between_two_processes",
            "hooked::what_okta_delivers_arrives_at_once",
            "hooked::a_delivery_that_was_accepted_outlives_the_process",
        ],
    ),
    ("\"this is not actually a test\"", &["options::a_plan_shows_values_and_sends_nothing"]),
];

const PENDO_SCIM: &[Row] = &[
    ("SAML single sign-on has to be set up first", &["pendo::the_check_reads_how_people_sign_on"]),
    (
        "download a CSV of users and their roles",
        &["pendo::a_backup_is_the_way_back", "pendo_groups::groups_come_back_from_a_backup"],
    ),
    (
        "base URL and API key from Pendo",
        &[
            "pendo::the_check_reads_how_people_sign_on",
            "connections::each_scim_program_tests_its_token_and_changes_nothing",
        ],
    ),
    (
        "To App: create users",
        &[
            "pendo::each_kind_of_change_can_be_switched_off",
            "pendo::okta_provisions_where_the_app_allows_it",
            "okta_provisions::people_and_groups_arrive_and_go_on_arriving",
            "okta_provisions::switches_that_are_off_are_kept_by_okta",
        ],
    ),
    (
        "remove and deactivate",
        &[
            "pendo::who_leaves_is_deactivated_and_comes_back_as_the_same_record",
            "pendo::nobody_is_deleted_unless_asked",
        ],
    ),
    (
        "assign a group; the first group",
        &[
            "pendo_groups::the_first_group_must_contain_an_administrator",
            "followed::the_first_group_is_looked_at_before_anything_is_followed",
        ],
    ),
    (
        "push group: find by name",
        &[
            "pendo_groups::groups_are_pushed_by_difference_and_read_back",
            "pendo_groups::a_group_that_is_there_is_found_by_name",
            "followed::members_who_come_and_go_are_followed_into_a_pushed_group",
            "okta_provisions::a_push_that_fails_is_said_with_the_reason",
            "okta_provisions::a_push_that_does_not_come_is_given_up_with_advice",
        ],
    ),
    (
        "confirm in Pendo that the group arrived",
        &["pendo_groups::groups_that_show_members_are_confirmed_one_by_one"],
    ),
    ("users missing from the group", &["pendo_groups::members_are_provisioned_first_or_listed"]),
];

const PEAKON_EMPLOYEES: &[Row] = &[
    (
        "OAuth bearer token, Test API credentials",
        &["connections::each_scim_program_tests_its_token_and_changes_nothing"],
    ),
    (
        "create users, update user attributes, deactivate",
        &[
            "peakon::who_leaves_is_switched_off_and_on_again",
            "peakon::with_no_setting_everybody_arrives",
        ],
    ),
    ("base attributes", &["peakon::base_attributes_and_managers_arrive"]),
    (
        "custom attributes such as department",
        &[
            "peakon::custom_attributes_are_typed_and_keep_their_names",
            "peakon::base_attributes_and_managers_arrive",
        ],
    ),
    (
        "custom attribute: display name",
        &["peakon::attributes_are_defined_in_okta_with_their_namespace"],
    ),
    (
        "mapping `user.department`",
        &[
            "peakon::attributes_are_defined_in_okta_with_their_namespace",
            "peakon::an_attribute_that_okta_does_not_have_is_refused",
        ],
    ),
    (
        "Okta allows no spaces",
        &[
            "peakon::attributes_are_defined_in_okta_with_their_namespace",
            "peakon::custom_attributes_are_typed_and_keep_their_names",
        ],
    ),
    ("groups are not supported", &["peakon::groups_are_refused_and_not_sent"]),
];

const PINGBOARD_PROFILES: &[Row] = &[
    ("bearer token", &["connections::each_scim_program_tests_its_token_and_changes_nothing"]),
    (
        "create users when the app is assigned",
        &[
            "pingboard::assignment_decides_who_gets_a_profile",
            "pingboard::an_app_decides_directly_and_through_groups",
        ],
    ),
    ("deactivate removes people", &["pingboard::assignment_decides_who_gets_a_profile"]),
    ("update overwrites manual edits", &["pingboard::each_field_is_written_as_the_mapping_says"]),
    ("mapping editor: per field", &["pingboard::each_field_is_written_as_the_mapping_says"]),
    (
        "send invite when someone is added",
        &[
            "pingboard::who_got_a_profile_is_listed_to_be_invited",
            "followed::who_gets_a_profile_is_listed_while_it_follows",
        ],
    ),
];

const OKTA_USER_ACTIONS: &[Row] = &[
    (
        "domain and API token, authenticate",
        &["actions::errors_are_one_json_object_with_code_and_cause"],
    ),
    (
        "add a user, fields mapped",
        &[
            "actions::a_user_is_added_with_typed_fields_once",
            "actions::a_profile_comes_as_json_and_without_login_the_address_is_it",
            "actions::fields_are_those_of_the_org_and_required_ones_are_marked",
        ],
    ),
    ("get user details by name", &["actions::a_user_is_found_by_id_by_login_and_by_name"]),
    (
        "deactivate a user that is not deprovisioned",
        &["actions::who_is_deactivated_already_is_reported_and_no_error"],
    ),
    ("test: the connector prints", &["actions::errors_are_one_json_object_with_code_and_cause"]),
    (
        "trigger: an event starts the action",
        &[
            "actions::one_process_answers_commands_as_json_lines",
            "actions_triggers::an_event_elsewhere_starts_an_action_by_http",
            "actions_triggers::an_action_is_done_on_a_schedule_until_it_is_told_to_end",
        ],
    ),
];

/// What all five have in common.
const COMMON: &[Row] = &[
    (
        "--plan",
        &[
            "options::a_plan_shows_values_and_sends_nothing",
            "runs::a_plan_is_shown_page_by_page_and_nothing_is_sent",
            "okta_provisions::a_plan_of_the_set_up_sets_nothing",
            "actions::a_plan_of_adding_changes_nothing",
        ],
    ),
    (
        "--check",
        &[
            "options::a_check_and_the_list_of_fields_change_nothing",
            "connections::each_scim_program_tests_its_token_and_changes_nothing",
        ],
    ),
    (
        "--limit",
        &[
            "options::a_limit_is_a_canary_of_the_first",
            "runs::a_canary_sends_so_many_and_not_one_more",
            "actions_triggers::only_the_first_lines_are_carried_out_as_a_canary",
        ],
    ),
    (
        "--every",
        &[
            "runs::a_schedule_runs_again_and_again",
            "runs::two_runs_never_share_a_store",
            "stopped::a_schedule_ends_between_two_runs_with_the_code_of_the_last",
        ],
    ),
    (
        "--follow",
        &[
            "runs::the_log_is_followed",
            "followed::what_does_not_go_with_following_is_refused_with_the_reason",
        ],
    ),
    (
        "ctrl-C",
        &[
            "stopped::a_run_that_is_stopped_finishes_what_is_under_way_and_the_next_goes_on",
            "stopped::a_second_signal_ends_at_once",
        ],
    ),
    ("progress", &["connections::progress_is_shown_while_it_works"]),
    (
        "--report",
        &[
            "report::it_lists_exactly_those_not_delivered_and_why",
            "runs::the_report_counts_and_names",
            "followed::a_report_is_written_after_each_full_run_and_at_the_end",
        ],
    ),
    (
        "exit codes",
        &[
            "wrong_use::wrong_options_are_exit_code_two",
            "runs::wrong_use_is_exit_code_two",
            "pendo::a_filter_typed_wrong_is_stopped_before_the_first_write",
        ],
    ),
    (
        "files of their owner",
        &[
            "report::its_owner_alone_can_read_it",
            "runs::what_was_delivered_is_remembered_without_being_asked",
        ],
    ),
];

fn programs() -> [(&'static str, &'static [Row]); 5] {
    [
        ("pendo_visitor_sync", PENDO_VISITOR_SYNC),
        ("pendo_scim", PENDO_SCIM),
        ("peakon_employees", PEAKON_EMPLOYEES),
        ("pingboard_profiles", PINGBOARD_PROFILES),
        ("okta_user_actions", OKTA_USER_ACTIONS),
    ]
}

#[test]
fn the_tests_that_are_named_are_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let rows = programs().into_iter().flat_map(|(_, rows)| rows).chain(COMMON);
    for (step, tests) in rows {
        assert!(!tests.is_empty(), "{step}");
        for test in *tests {
            let (file, name) = test.split_once("::").unwrap();
            let read =
                |place: &str| std::fs::read_to_string(folder.join(format!("{place}{file}.rs")));
            let text = read("").or_else(|_| read("scim_programs/")).unwrap();
            assert!(text.contains(&format!("#[test]\nfn {name}()")), "{step}: no test {test}");
        }
    }
}

#[test]
fn every_step_of_the_documents_has_a_test() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference/integrations.md");
    let Ok(text) = std::fs::read_to_string(&path) else {
        return skipped("no ../shared/reference/integrations.md");
    };
    for (program, rows) in programs() {
        let table =
            text.split("\n## ").find(|part| part.contains(&format!("`{program}`"))).unwrap();
        let cells = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
        let steps: Vec<&str> =
            cells.filter(|step| !step.starts_with("step") && !step.starts_with("---")).collect();
        for step in &steps {
            let known = rows.iter().filter(|(start, _)| step.starts_with(start)).count();
            assert_eq!(known, 1, "{program}: {step}");
        }
        assert_eq!(steps.len(), rows.len(), "{program}");
    }
}
