//! Types as they are read and written, and what is refused.
#![allow(clippy::unwrap_used, clippy::panic)]

use scim_types::filter::{Filter, FilterError, Limits, attr};
use scim_types::patch::{Dialect, DiffError, PatchOp, diff_json};
use scim_types::schema::{Attribute, AttributeKind, Mutability, Purpose, Schema, Schemas};
use scim_types::{
    BulkItem, BulkMethod, BulkRequest, BulkResponse, EnterpriseUser, Error, Extension, Group,
    ListResponse, Mode, Resource, ResourceType, ScimType, SearchRequest, ServiceProviderConfig,
    User, urn,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

fn same<T: DeserializeOwned + Serialize>(wire: Value) -> T {
    let read: T = serde_json::from_value(wire.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), wire);
    let again: T = serde_json::from_str(&wire.to_string()).unwrap();
    assert_eq!(serde_json::to_value(again).unwrap(), wire);
    read
}

#[test]
fn a_user_keeps_everything() {
    let user: User = same(json!({
        "schemas": [urn::USER, urn::ENTERPRISE_USER, "urn:x:peakon:2.0:User"],
        "id": "1", "userName": "ada", "title": null, "emails": [], "roles": null,
        "name": {"givenName": "Ada", "firstName": "Ada", "middleName": null},
        "addresses": [{"type": "lab", "geo": {"lat": 1.5}}],
        "phoneNumbers": [{"value": "1", "type": "satellite", "ext": 12345678901234567890u64}],
        "meta": {"created": "2024-02-29T10:00:00.123456+00:00", "secret": [1, null]},
        "urn:x:peakon:2.0:User": {"Business Unit": "North", "": null},
        (urn::ENTERPRISE_USER): {"department": "R&D", "manager": {"value": "9"}},
        "favourite colour": "blue",
    }));
    assert_eq!(user.title, None);
    assert_eq!(
        user.meta.as_ref().unwrap().created.as_ref().unwrap().instant().unwrap().as_second(),
        1709200800
    );
    let staff: EnterpriseUser = user.extension().unwrap().unwrap();
    assert_eq!(staff.manager.unwrap().value.as_deref(), Some("9"));
    assert_eq!(user.extension_value("URN:X:Peakon:2.0:user").unwrap()["Business Unit"], "North");
    assert_eq!(user.extension_urns().count(), 2);
}

#[test]
fn names_have_no_case_and_stand_once() {
    let user: User = serde_json::from_value(
        json!({"USERNAME": "a", "Emails": [{"VALUE": "x", "Primary": true}]}),
    )
    .unwrap();
    assert_eq!((user.user_name.as_deref(), user.email()), (Some("a"), Some("x")));
    for twice in [
        json!({"userName": "a", "USERNAME": "b"}),
        json!({"x": 1, "X": 2}),
        json!({"title": null, "Title": "t"}),
    ] {
        let error = serde_json::from_value::<User>(twice).unwrap_err();
        assert!(error.to_string().contains("given twice"), "{error}");
    }
}

#[test]
fn a_value_that_was_null_can_be_set() {
    let mut user: User =
        serde_json::from_value(json!({"userName": "a", "Title": null, "emails": []})).unwrap();
    user.title = Some("T".into());
    assert_eq!(
        serde_json::to_value(user).unwrap(),
        json!({"userName": "a", "title": "T", "emails": []})
    );
}

#[test]
fn dialects_are_read_for_what_they_mean() {
    let user: User = serde_json::from_value(json!({
        "userName": 7, "active": "False", "emails": {"value": "a@b.c"},
        (urn::ENTERPRISE_USER): {"manager": "9", "employeeNumber": 701984},
    }))
    .unwrap();
    let staff: EnterpriseUser = user.extension().unwrap().unwrap();
    assert_eq!((user.active, user.email()), (Some(false), Some("a@b.c")));
    assert_eq!(staff.manager.unwrap().value.as_deref(), Some("9"));
    assert_eq!(staff.employee_number.as_deref(), Some("701984"));
    assert!(serde_json::from_value::<User>(json!({"active": "sometimes"})).is_err());
}

#[test]
fn a_password_is_never_printed_nor_found() {
    let user: User = same(json!({"userName": "a", "password": "hunter2"}));
    assert!(!format!("{user:?}").contains("hunter2"));
    assert_eq!(user.password.as_ref().unwrap().expose(), "hunter2");
    assert!(
        !attr("password").starts_with("hunter").matcher(Schemas::user()).unwrap().matches(&user)
    );
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Staff {
    badge: u64,
}

impl Extension for Staff {
    const URN: &'static str = "urn:acme:1.0:User";
}

#[test]
fn an_extension_of_my_own() {
    let mut user = User::new("ada");
    assert_eq!(user.extension::<Staff>().unwrap(), None);
    user.set_extension(&Staff { badge: u64::MAX }).unwrap();
    user.set_extension(&Staff { badge: 7 }).unwrap();
    assert_eq!(user.schemas, [urn::USER, Staff::URN]);
    assert_eq!(user.extension::<Staff>().unwrap(), Some(Staff { badge: 7 }));
    user.remove_extension(Staff::URN);
    assert_eq!(user, User::new("ada"));
}

#[test]
fn pages_are_read_tolerantly() {
    let page: ListResponse<Value> =
        serde_json::from_value(json!({"totalresults": "3", "itemsPerPage": 0, "startIndex": -1}))
            .unwrap();
    assert_eq!((page.total_results, page.start_index, page.resources.len()), (Some(3), Some(0), 0));
    let page: ListResponse<Group> = serde_json::from_value(
        json!({"Resources": [{"displayName": "a"}], "nextCursor": "n", "totalResults": 1}),
    )
    .unwrap();
    assert_eq!((page.resources.len(), page.next_cursor.as_deref()), (1, Some("n")));
    assert!(
        serde_json::from_value::<ListResponse<User>>(json!({"id": "1", "userName": "a"})).is_err()
    );
    assert!(
        serde_json::from_value::<ListResponse<User>>(
            json!({"Resources": [], "totalResults": "many"})
        )
        .is_err()
    );
}

// As a client reads it, which decodes again after a failure to learn the path.
fn fault(resource: &Value) -> String {
    let fine = json!({"userName": "fine"});
    let page = json!({"totalResults": 4, "Resources": [fine, fine, fine, resource]}).to_string();
    let mut json = serde_json::Deserializer::from_str(&page);
    let read = serde_path_to_error::deserialize::<_, ListResponse<User>>(&mut json);
    let error = read.unwrap_err().to_string();
    error.split(" at line").next().unwrap_or_default().to_owned()
}

#[test]
fn a_page_says_which_resource_does_not_fit_and_where() {
    let faults = [
        (json!({"active": "yes"}), "Resources[3].active: `yes` is neither true nor false"),
        (
            json!({"active": 1}),
            "Resources[3].active: invalid type: integer `1`, expected true or false",
        ),
        (
            json!({"Emails": "x"}),
            "Resources[3].Emails: invalid type: string \"x\", expected a list",
        ),
        (json!({"title": {"a": 1}}), "Resources[3].title: invalid type: map, expected a string"),
        (
            json!({"emails": [{}, {"primary": "2"}]}),
            "Resources[3].emails[1].primary: `2` is neither true nor false",
        ),
        (
            json!({"name": {"givenName": []}}),
            "Resources[3].name.givenName: invalid type: sequence, expected a string",
        ),
        (json!({"meta": 7}), "Resources[3].meta: invalid type: integer `7`, expected an object"),
        (json!(null), "Resources[3]: invalid type: null, expected an object"),
        (
            json!({"TITLE": "a", "title": "b"}),
            "Resources[3]: the attribute `title` is given twice; names have no case",
        ),
    ];
    for (resource, expected) in faults {
        assert_eq!(fault(&resource), expected, "{resource}");
    }
}

#[test]
fn a_page_with_one_misshapen_resource_can_be_read_one_by_one() {
    let page = json!({"Resources": [{"userName": "a"}, {"active": "yes"}], "totalResults": 2});
    let page: ListResponse<Value> = serde_json::from_value(page).unwrap();
    let users: Vec<Result<User, _>> =
        page.resources.into_iter().map(serde_json::from_value).collect();
    assert!(users[0].is_ok() && users[1].is_err());
}

#[test]
fn absent_null_empty_and_unknown_all_decode() {
    let names =
        ["id", "userName", "active", "name", "emails", "addresses", "groups", "meta", "schemas"];
    for name in names {
        same::<User>(json!({name: null}));
    }
    for name in ["emails", "addresses", "groups", "roles", "schemas", "x509Certificates"] {
        same::<User>(json!({name: []}));
    }
    same::<User>(json!({"name": {}, "meta": {}, "title": "", "emails": [{"type": "satellite"}]}));
}

#[test]
fn errors_are_read_tolerantly() {
    let wire = json!({"schemas": [urn::ERROR], "status": "409", "scimType": "uniqueness", "detail": "taken"});
    let error: Error = same(wire);
    assert_eq!((error.status, error.scim_type.clone()), (Some(409), Some(ScimType::Uniqueness)));
    assert_eq!(error.to_string(), "409 uniqueness taken");
    let odd: Error =
        serde_json::from_value(json!({"Status": 400, "scimtype": "brandNew", "detail": null}))
            .unwrap();
    assert_eq!((odd.status, odd.scim_type.unwrap().as_str()), (Some(400), "brandNew"));
    assert_eq!(serde_json::from_value::<Error>(json!({})).unwrap().status, None);
    assert_eq!(
        Error::from(Filter::parse("x").unwrap_err()).scim_type,
        Some(ScimType::InvalidFilter)
    );
}

#[test]
fn messages_come_back_as_they_came() {
    same::<SearchRequest>(
        json!({"schemas": [urn::SEARCH_REQUEST], "filter": "a pr", "count": 10, "cursor": ""}),
    );
    let config: ServiceProviderConfig = same(json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG], "patch": {"supported": true},
        "bulk": {"supported": true, "maxOperations": 1000, "maxPayloadSize": 1048576},
        "filter": {"supported": false, "maxResults": 200}, "pagination": {"cursor": true, "index": false},
        "authenticationSchemes": [{"type": "oauthbearertoken", "name": "b", "x": 1}], "vendor": {"y": null},
    }));
    assert_eq!(config.pagination.unwrap().cursor, Some(true));
    same::<ResourceType>(json!({
        "schemas": [urn::RESOURCE_TYPE], "id": "User", "name": "User", "endpoint": "/Users", "schema": urn::USER,
        "schemaExtensions": [{"schema": urn::ENTERPRISE_USER, "required": false}],
    }));
    let request: BulkRequest = same(
        json!({"schemas": [urn::BULK_REQUEST], "failOnErrors": 1, "Operations": [
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"members": [{"value": "bulkId:u"}]}},
        ]}),
    );
    assert_eq!(request.operations[0].references(), ["u"]);
    let created = BulkItem::create("/Users", "u", json!({"userName": "a"}));
    assert_eq!((created.method, created.bulk_id.as_deref()), (Some(BulkMethod::Post), Some("u")));
    let response: BulkResponse = serde_json::from_value(json!({"operations": [
        {"method": "POST", "status": 409, "response": {"status": "409", "scimType": "uniqueness"}},
        {"method": "POST", "status": "201", "location": "/Users/1"},
    ]}))
    .unwrap();
    assert_eq!(response.operations[0].error().unwrap().scim_type, Some(ScimType::Uniqueness));
    assert_eq!(
        (response.operations[1].status_code(), response.operations[1].error()),
        (Some(201), None)
    );
    let patch: PatchOp = same(
        json!({"schemas": [urn::PATCH_OP], "Operations": [{"op": "Replace", "path": "x", "value": null}]}),
    );
    assert_eq!(patch.operations[0].given(), Some(&Value::Null));
}

#[test]
fn schemas_come_back_as_they_came() {
    for schema in [Schema::user(), Schema::group(), Schema::enterprise_user()] {
        assert_eq!(same::<Schema>(serde_json::to_value(&schema).unwrap()), schema);
    }
    let sparse: Attribute =
        serde_json::from_value(json!({"Name": "x", "type": "geo", "caseExact": null})).unwrap();
    assert_eq!((sparse.kind.as_str(), sparse.mutability), ("geo", Mutability::ReadWrite));
}

fn position(text: &str) -> (usize, String) {
    match Filter::parse(text).unwrap_err() {
        FilterError::Syntax { position, problem } => (position, problem),
        other => panic!("{other}"),
    }
}

#[test]
fn a_filter_error_names_the_character() {
    assert_eq!(position("é eq \"x\"").0, 1);
    assert_eq!(position("a eq \"é\" or b zz 1").0, 15);
    assert_eq!(position("a eq \"x"), (6, "this text has no closing quote".into()));
    assert_eq!(position("a eq 01").1, "`01` is not a JSON number");
    assert_eq!(position("a eq \"x\" and").0, 13);
    assert_eq!(position("x.y.z pr").1, "`y.z`: only one sub-attribute can follow");
}

#[test]
fn filters_are_bounded() {
    let deep = |n: usize| format!("{}a pr{}", "(".repeat(n), ")".repeat(n));
    assert!(Filter::parse(&deep(64)).is_ok());
    assert!(position(&deep(65)).1.contains("more than 64 parentheses"));
    assert!(Filter::parse(&deep(100_000)).is_err());
    let long = vec!["a pr"; 4097].join(" or ");
    assert!(position(&long).1.contains("more than 4096 comparisons"));
    let mut limits = Limits::default();
    limits.terms = 5000;
    assert!(Filter::parse_with(&long, Mode::Strict, limits).is_ok());
    assert!(position(&format!("a eq \"{}\"", "x".repeat(300_000))).1.contains("longer than"));
}

#[test]
fn values_without_order_are_not_ordered() {
    for text in [
        "active gt true",
        "x509Certificates.value lt \"a\"",
        "nosuch ge false",
        "emails[primary le true]",
    ] {
        let error = Filter::parse(text).unwrap().matcher(Schemas::user()).unwrap_err();
        assert!(error.to_string().contains("have no order"), "{error}");
    }
}

#[test]
fn numbers_compare_exactly() {
    let holds = |value: Value, filter: &str| {
        Filter::parse(filter)
            .unwrap()
            .matcher(Schemas::user())
            .unwrap()
            .matches(&json!({"x": value}))
    };
    assert!(!holds(json!(9007199254740993i64), "x eq 9007199254740992"));
    assert!(holds(json!(u64::MAX), "x gt 18446744073709551614"));
    assert!(holds(json!(-1), "x lt 18446744073709551615"));
    assert!(
        holds(json!(5), "x eq 5.0") && holds(json!(5), "x lt 5.5") && holds(json!(-5), "x gt -5.5")
    );
    assert!(!holds(json!("5"), "x eq 5") && holds(json!("5"), "x ne 5"));
}

#[test]
fn text_in_boolean_filters_counts_in_tolerant_mode() {
    let filter = Filter::parse("roles[primary eq \"True\"]").unwrap();
    let user = json!({"roles": [{"value": "a", "primary": true}]});
    assert!(!filter.matcher(Schemas::user()).unwrap().matches(&user));
    assert!(filter.matcher_with(Schemas::user(), Mode::Tolerant).unwrap().matches(&user));
}

#[test]
fn a_filter_that_cannot_be_read_back_is_found() {
    assert!(attr("Business Unit").eq("x").check().is_err());
    assert!(attr("a").any(attr("b").any(attr("c").present())).check().is_err());
    assert!(attr("a").any(attr("b").present()).check().is_ok());
}

#[test]
fn each_dialect_writes_its_own_shape() {
    let user = |active: bool, given: &str, primary: bool| {
        let email = json!({"value": "a@b.c", "type": "work", "primary": primary});
        json!({"userName": "a", "active": active, "name": {"givenName": given}, "emails": [email]})
    };
    let written = |dialect| {
        let (before, after) = (user(true, "A", false), user(false, "B", true));
        let patch = diff_json(&before, &after, Schemas::user(), dialect).unwrap();
        serde_json::to_value(patch.operations).unwrap()
    };
    let primary = "emails[type eq \"work\"].primary";
    let entra = |yes: Value, no: Value| {
        json!([
            {"op": "Replace", "path": "active", "value": no},
            {"op": "Replace", "path": primary, "value": yes},
            {"op": "Replace", "path": "name.givenName", "value": "B"},
        ])
    };
    assert_eq!(written(Dialect::Entra), entra(true.into(), false.into()));
    assert_eq!(written(Dialect::EntraLegacy), entra("True".into(), "False".into()));
    assert_eq!(
        written(Dialect::Okta),
        json!([
            {"op": "replace", "value": {"active": false, "name": {"givenName": "B"}}},
            {"op": "replace", "path": primary, "value": true},
        ])
    );
    let group = |ids: &[&str]| json!({"members": ids.iter().map(|id| json!({"value": id})).collect::<Vec<_>>()});
    let removal = |dialect| {
        let patch = diff_json(&group(&["1", "2", "3"]), &group(&["3"]), Schemas::group(), dialect);
        serde_json::to_value(patch.unwrap().operations).unwrap()
    };
    assert_eq!(
        removal(Dialect::EntraLegacy),
        json!([{"op": "Remove", "path": "members", "value": [{"value": "1"}, {"value": "2"}]}])
    );
    assert_eq!(
        removal(Dialect::Entra),
        json!([
            {"op": "Remove", "path": "members[value eq \"1\"]"},
            {"op": "Remove", "path": "members[value eq \"2\"]"},
        ])
    );
}

#[test]
fn what_patch_cannot_express_is_an_error() {
    let peakon =
        |unit: &str| json!({"userName": "a", "urn:x:peakon:2.0:User": {"Business Unit": unit}});
    for dialect in [Dialect::Rfc, Dialect::Okta, Dialect::Entra, Dialect::EntraLegacy] {
        let error = diff_json(&peakon("N"), &peakon("S"), Schemas::user(), dialect).unwrap_err();
        assert!(matches!(error, DiffError::NotExpressible { .. }));
        assert!(
            error.to_string().ends_with("replace the resource instead of patching it"),
            "{error}"
        );
    }
    assert!(
        diff_json(&peakon("N"), &peakon("N"), Schemas::user(), Dialect::Rfc).unwrap().is_empty()
    );
    assert!(
        diff_json(&json!({"userName": "a"}), &json!({}), Schemas::user(), Dialect::Rfc).is_err()
    );
    let group = |ids: &[&str]| {
        let members: Vec<Value> = ids.iter().map(|id| json!({"value": id})).collect();
        json!({"displayName": "g", "members": members})
    };
    let lead = |before: &[&str], after: &[&str]| {
        diff_json(&group(before), &group(after), Schemas::group(), Dialect::Rfc)
    };
    for before in [&[][..], &["u-1"], &["u-2"]] {
        let error = lead(before, &["u-1", "u-1"]).unwrap_err().to_string();
        assert!(error.contains("names an element twice"), "{error}");
    }
    // What a server has twice is left as it is.
    assert_eq!(lead(&["u-1", "u-1"], &["u-1", "u-1", "u-2"]).unwrap().operations.len(), 1);
}

#[test]
fn a_diff_reads_names_without_case() {
    let before = json!({"userName": "a", "emails": [
        {"Value": "a@x", "Type": "work", "Primary": true}, {"Value": "b@x", "Type": "home"},
    ]});
    let after = json!({"userName": "a", "emails": [
        {"value": "a@x", "type": "work"}, {"value": "c@x", "type": "home", "primary": true},
    ]});
    let patch = diff_json(&before, &after, Schemas::user(), Dialect::Rfc).unwrap();
    let paths = patch.operations.iter().filter_map(|operation| operation.path.as_deref());
    assert!(paths.clone().all(|path| path.starts_with("emails[type eq")), "{patch:?}");
    let mut found = before.clone();
    patch.apply(&mut found, Schemas::user(), Mode::Strict).unwrap();
    assert!(diff_json(&found, &after, Schemas::user(), Dialect::Rfc).unwrap().is_empty());
}

#[test]
fn a_large_group_is_changed_by_what_changed() {
    let member = |i: usize| json!({"value": format!("u-{i}")});
    let group = |ids: std::ops::Range<usize>| json!({"displayName": "g", "members": ids.map(member).collect::<Vec<_>>()});
    let (before, after) = (group(0..20_000), group(5..20_005));
    let counts = [
        (Dialect::Rfc, 2, Mode::Strict),
        (Dialect::Okta, 6, Mode::Strict),
        (Dialect::Entra, 6, Mode::Strict),
        (Dialect::EntraLegacy, 2, Mode::Tolerant),
    ];
    for (dialect, count, mode) in counts {
        let patch = diff_json(&before, &after, Schemas::group(), dialect).unwrap();
        assert_eq!(patch.operations.len(), count);
        assert!(serde_json::to_string(&patch).unwrap().len() < 1000);
        let mut found = before.clone();
        patch.apply(&mut found, Schemas::group(), mode).unwrap();
        assert_eq!(found, after);
    }
}

#[test]
fn validation_names_each_problem() {
    let check = |user: Value, purpose: Purpose<'_>| {
        let problems = Schemas::user().validate(&user, purpose, Mode::Strict);
        problems.into_iter().map(|p| (p.path, p.scim_type)).collect::<Vec<_>>()
    };
    let good = json!({"schemas": [urn::USER], "id": "ignored", "userName": "a", "meta": 7});
    assert_eq!(check(good, Purpose::Create), []);
    let bad = json!({
        "schemas": [urn::USER], "active": "True", "shoe": 1, "userName": "",
        "emails": [{"value": "a", "primary": true}, {"value": 1, "primary": true}], (urn::ENTERPRISE_USER): {},
    });
    let paths: Vec<String> =
        check(bad, Purpose::Create).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["schemas", "shoe", "userName", "active", "emails[1].value", "emails"]);
    let without_case = json!({
        "schemas": [urn::USER], "userName": "a", "name": {"givenName": "A", "GIVENNAME": "B"},
        "emails": [{"value": "a", "Primary": true}, {"value": "b", "primary": true}],
    });
    let paths: Vec<String> =
        check(without_case, Purpose::Create).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["name.givenName", "emails"]);
    let before = json!({"schemas": [urn::USER], "id": "1", "userName": "a"});
    let other_id = json!({"schemas": [urn::USER], "id": "2", "userName": "a"});
    assert_eq!(check(other_id.clone(), Purpose::Replace(&before)), []);
    assert_eq!(
        check(other_id, Purpose::Patched(&before)),
        [("id".to_owned(), ScimType::Mutability)]
    );
    let answer = json!({"schemas": [urn::USER], "userName": "a", "password": "p"});
    let paths: Vec<String> =
        check(answer, Purpose::Response).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["password", "id"]);
    let fixed =
        Schemas::new(Schema::user().with(
            Attribute::new("badge", AttributeKind::Integer).mutability(Mutability::Immutable),
        ));
    let badge = |n: i64| json!({"schemas": [urn::USER], "userName": "a", "badge": n});
    assert_eq!(fixed.validate(&badge(1), Purpose::Replace(&badge(1)), Mode::Strict), []);
    assert_eq!(
        fixed.validate(&badge(2), Purpose::Replace(&badge(1)), Mode::Strict)[0].scim_type,
        ScimType::Mutability
    );
}

#[test]
fn an_extension_as_a_whole_can_be_asked_for() {
    let filter = Filter::parse(&format!("{} pr", urn::ENTERPRISE_USER)).unwrap();
    let matcher = filter.matcher(Schemas::user()).unwrap();
    assert!(matcher.matches(&json!({(urn::ENTERPRISE_USER): {"department": "R&D"}})));
    assert!(!matcher.matches(&json!({(urn::ENTERPRISE_USER): {"department": null}})));
    assert!(!matcher.matches(&json!({"User": "x"})));
}

fn patched(before: Value, operation: Value, mode: Mode) -> Result<Value, ScimType> {
    let patch: PatchOp = serde_json::from_value(json!({"Operations": [operation]})).unwrap();
    let mut found = before;
    patch.apply(&mut found, Schemas::user(), mode).map_err(|error| error.scim_type)?;
    Ok(found)
}

#[test]
fn entra_dialects_are_applied() {
    let manager = format!("{}:manager", urn::ENTERPRISE_USER);
    let expected = json!({"userName": "a", (urn::ENTERPRISE_USER): {"manager": {"value": "9"}}});
    let user = || json!({"userName": "a"});
    let shapes = [
        json!({"op": "Add", "value": {(&manager): {"value": "9"}}}),
        json!({"op": "Add", "value": {(&manager): "9"}}),
        json!({"op": "Add", "path": manager, "value": "9"}),
        json!({"op": "Add", "path": manager, "value": {"value": "{\"value\":\"9\"}"}}),
        json!({"op": "Add", "path": format!("{manager}.value"), "value": [{"$ref": null, "value": "9"}]}),
    ];
    for shape in shapes {
        assert_eq!(patched(user(), shape.clone(), Mode::Tolerant), Ok(expected.clone()), "{shape}");
    }
    let created =
        json!({"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "admin"});
    let roles = json!({"userName": "a", "roles": [{"primary": true, "value": "admin"}]});
    assert_eq!(patched(user(), created.clone(), Mode::Tolerant), Ok(roles.clone()));
    assert_eq!(patched(roles.clone(), created, Mode::Tolerant), Ok(roles));
}

#[test]
fn a_patch_of_what_cannot_change_is_refused() {
    let user = json!({"id": "1", "userName": "a", "emails": [{"value": "x"}, {"value": "y"}]});
    let refused = [
        (json!({"op": "replace", "path": "meta.version", "value": "2"}), ScimType::Mutability),
        (json!({"op": "replace", "path": "userName", "value": null}), ScimType::Mutability),
        (json!({"op": "replace", "path": "name.nosuch", "value": "x"}), ScimType::InvalidPath),
        (
            json!({"op": "replace", "path": "userName[value eq 1]", "value": "x"}),
            ScimType::InvalidPath,
        ),
        (json!({"op": "replace", "path": "userName.x", "value": "x"}), ScimType::InvalidPath),
        (
            json!({"op": "replace", "path": "emails[primary gt true]", "value": {}}),
            ScimType::InvalidFilter,
        ),
        (json!({"op": "replace", "path": "emails.primary", "value": true}), ScimType::InvalidValue),
        (json!({"op": "replace", "path": "", "value": true}), ScimType::InvalidPath),
        (json!({"path": "title", "value": "x"}), ScimType::InvalidSyntax),
    ];
    for (operation, scim_type) in refused {
        assert_eq!(
            patched(user.clone(), operation.clone(), Mode::Strict),
            Err(scim_type),
            "{operation}"
        );
    }
}
