//! Laws that hold for every filter, resource and PATCH.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use scim_types::filter::{Filter, Literal, attr};
use scim_types::patch::{Dialect, Operation, PatchOp, PatchPath, diff, diff_json};
use scim_types::schema::{Purpose, Schemas};
use scim_types::{AttributePath, Group, ListResponse, Mode, User};
use serde_json::{Map, Value, json};

const ENTERPRISE: &str = scim_types::urn::ENTERPRISE_USER;

fn name() -> impl Strategy<Value = String> {
    let plain = "[a-zA-Z][a-zA-Z0-9_-]{0,8}";
    let with_urn = (plain, plain).prop_map(|(urn, name)| format!("urn:x:{urn}:2.0:User:{name}"));
    prop_oneof![4 => plain.prop_map(String::from), 1 => with_urn]
        .prop_filter("`not` is a word of the grammar", |name| !name.eq_ignore_ascii_case("not"))
}

fn path() -> impl Strategy<Value = String> {
    (name(), option::of("[a-z]{1,6}")).prop_map(|(name, sub)| match sub {
        Some(sub) => format!("{name}.{sub}"),
        None => name,
    })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<String>().prop_map(Literal::from),
        any::<bool>().prop_map(Literal::from),
        any::<i64>().prop_map(Literal::from),
        any::<u64>().prop_map(Literal::from),
        any::<f64>().prop_map(Literal::from),
        Just(Literal::Null),
    ]
}

fn comparison() -> impl Strategy<Value = Filter> {
    (path(), 0..10, literal()).prop_map(|(path, operator, value)| {
        let attribute = attr(path);
        match operator {
            0 => attribute.eq(value),
            1 => attribute.ne(value),
            2 => attribute.contains(value),
            3 => attribute.starts_with(value),
            4 => attribute.ends_with(value),
            5 => attribute.gt(value),
            6 => attribute.ge(value),
            7 => attribute.lt(value),
            8 => attribute.le(value),
            _ => attribute.present(),
        }
    })
}

fn combined(leaf: impl Strategy<Value = Filter> + 'static) -> impl Strategy<Value = Filter> {
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.and(b)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.or(b)),
            inner.prop_map(Filter::not),
        ]
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let elements = (name(), combined(comparison())).prop_map(|(name, inner)| attr(name).any(inner));
    combined(prop_oneof![3 => comparison(), 1 => elements])
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![Just("a"), Just("B"), Just("b"), Just("\"q\\"), Just("é")].prop_map(Value::from)
}

fn object(
    members: Vec<(&'static str, BoxedStrategy<Option<Value>>)>,
) -> impl Strategy<Value = Value> {
    let (names, values): (Vec<_>, Vec<_>) = members.into_iter().unzip();
    values.prop_map(move |values| {
        let named = names.iter().zip(values);
        let given = named.filter_map(|(name, value)| Some((name.to_string(), value?)));
        Value::Object(given.collect())
    })
}

fn maybe(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Option<Value>> {
    option::of(prop_oneof![9 => value, 1 => Just(Value::Null)]).boxed()
}

fn multi() -> impl Strategy<Value = Value> {
    let kinds = prop_oneof![Just("work"), Just("home"), Just("Work")].prop_map(Value::from);
    let element = object(vec![
        ("value", maybe(text())),
        ("type", maybe(kinds)),
        ("display", maybe(text())),
        ("primary", maybe(Just(Value::Bool(false)))),
    ]);
    let elements = (vec(element, 0..4), 0..6usize);
    elements.prop_map(|(mut elements, primary)| {
        if let Some(element) = elements.get_mut(primary) {
            element["primary"] = true.into();
        }
        elements.into()
    })
}

fn user() -> impl Strategy<Value = Value> {
    let name = object(vec![("givenName", maybe(text())), ("familyName", maybe(text()))]);
    let manager = object(vec![("value", maybe(text())), ("$ref", maybe(text()))]);
    let enterprise = object(vec![
        ("department", maybe(text())),
        ("costCenter", maybe(text())),
        ("manager", maybe(manager)),
    ]);
    object(vec![
        ("id", Just(Some(json!("u-1"))).boxed()),
        ("userName", text().prop_map(Some).boxed()),
        ("displayName", maybe(text())),
        ("title", maybe(text())),
        ("active", maybe(any::<bool>().prop_map(Value::from))),
        ("name", maybe(name)),
        ("emails", maybe(multi())),
        ("phoneNumbers", maybe(multi())),
        (ENTERPRISE, maybe(enterprise)),
    ])
}

fn group() -> impl Strategy<Value = Value> {
    let members = vec((0..12u8, option::of(text()), option::of(Just("User"))), 0..10);
    let members = members.prop_map(|members| {
        let element = |(id, display, kind): (u8, Option<Value>, Option<&str>)| {
            let mut element = json!({"value": format!("u-{id}")});
            let parts = [("display", display), ("type", kind.map(Value::from))];
            for (name, value) in parts {
                if let Some(value) = value {
                    element[name] = value;
                }
            }
            element
        };
        members.into_iter().map(element).collect::<Vec<_>>().into()
    });
    object(vec![
        ("id", Just(Some(json!("g-1"))).boxed()),
        ("displayName", maybe(text())),
        ("members", maybe(members)),
    ])
}

// Without what stands for nothing, and with lists in one order.
fn assigned(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Array(elements) => {
            let mut found: Vec<Value> = elements.iter().filter_map(assigned).collect();
            found.sort_by_key(ToString::to_string);
            (!found.is_empty()).then_some(Value::Array(found))
        }
        Value::Object(object) => {
            let found: Map<_, _> =
                object.iter().filter_map(|(k, v)| Some((k.clone(), assigned(v)?))).collect();
            (!found.is_empty()).then_some(Value::Object(found))
        }
        other => Some(other.clone()),
    }
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.values().map(leaves).sum(),
        Value::Array(elements) => elements.iter().map(leaves).sum(),
        _ => 1,
    }
}

// Leaves that differ; of elements without a counterpart, all.
fn changed_leaves(old: Option<&Value>, new: Option<&Value>) -> usize {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
            names.into_iter().map(|name| changed_leaves(old.get(name), new.get(name))).sum()
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            let mut come: Vec<_> = new.iter().collect();
            let gone: Vec<_> = old
                .iter()
                .filter(|o| come.iter().position(|n| n == o).map(|at| come.remove(at)).is_none())
                .collect();
            let lost: usize = gone.into_iter().map(leaves).sum();
            lost + come.into_iter().map(leaves).sum::<usize>()
        }
        (Some(old), Some(new)) => usize::from(old != new),
        (one, other) => one.or(other).map_or(0, leaves),
    }
}

fn names_one_twice(group: &Value) -> bool {
    let members = group["members"].as_array().into_iter().flatten();
    let mut seen = std::collections::HashSet::new();
    !members.map(|member| member["value"].as_str()).all(|id| seen.insert(id))
}

const DIALECTS: [Dialect; 4] = [Dialect::Rfc, Dialect::Okta, Dialect::Entra, Dialect::EntraLegacy];

fn check_diff(before: &Value, after: &Value, schemas: &Schemas) -> Result<(), TestCaseError> {
    let changed = changed_leaves(assigned(before).as_ref(), assigned(after).as_ref());
    for dialect in DIALECTS {
        let patch = match diff_json(before, after, schemas, dialect) {
            // A group has a member once or not at all.
            Err(error) if names_one_twice(after) => {
                prop_assert!(error.to_string().contains("names an element twice"), "{}", error);
                continue;
            }
            patch => patch.unwrap(),
        };
        let sent = serde_json::to_value(&patch).unwrap();
        prop_assert!(
            patch.operations.len() <= changed,
            "{} > {} in {}",
            patch.operations.len(),
            changed,
            sent
        );
        let modes = match dialect {
            Dialect::EntraLegacy => &[Mode::Tolerant][..],
            _ => &[Mode::Strict, Mode::Tolerant],
        };
        for &mode in modes {
            let mut found = before.clone();
            let patch: PatchOp = serde_json::from_value(sent.clone()).unwrap();
            let done = patch.apply(&mut found, schemas, mode);
            prop_assert!(done.is_ok(), "{:?} {}", done, sent);
            prop_assert_eq!(assigned(&found), assigned(after), "{}", sent);
        }
        let again = diff_json(after, after, schemas, dialect).unwrap();
        prop_assert!(again.is_empty());
    }
    Ok(())
}

fn operation() -> impl Strategy<Value = Operation> {
    let paths = prop_oneof![
        Just("userName"),
        Just("displayName"),
        Just("name"),
        Just("name.givenName"),
        Just("emails"),
        Just("emails[type eq \"work\"]"),
        Just("emails[type eq \"work\"].value"),
        Just("emails.type"),
        Just("emails[value pr].primary"),
        Just("phoneNumbers[type eq \"home\" and value eq \"a\"].display"),
        Just("active"),
        Just("id"),
        Just("meta.created"),
        Just("groups"),
        Just("nosuch"),
        Just("schemas"),
        Just("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
        Just("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"),
        Just("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"),
    ];
    let value = prop_oneof![
        text(),
        multi(),
        user(),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!({"value": "x"})),
        Just(json!({"name.givenName": "N", "active": "True"})),
    ];
    (0..3usize, option::of(paths), option::of(value)).prop_map(|(kind, path, value)| {
        let op = ["add", "Remove", "replace"][kind];
        let mut wire = json!({"op": op});
        if let Some(path) = path {
            wire["path"] = path.into();
        }
        if let Some(value) = value {
            wire["value"] = value;
        }
        serde_json::from_value(wire).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_written_filter_is_read_back(filter in filter()) {
        filter.check().unwrap();
        let text = filter.to_string();
        prop_assert_eq!(Filter::parse(&text), Ok(filter.clone()), "{}", text);
        prop_assert_eq!(Filter::parse_tolerant(&text), Ok(filter), "{}", text);
    }

    #[test]
    fn a_user_diff_leads_from_one_to_the_other(before in user(), after in user()) {
        check_diff(&before, &after, Schemas::user())?;
    }

    #[test]
    fn a_group_diff_leads_from_one_to_the_other(before in group(), after in group()) {
        check_diff(&before, &after, Schemas::group())?;
    }

    #[test]
    fn a_typed_diff_is_the_same(before in user(), after in user()) {
        let typed = |user: &Value| serde_json::from_value::<User>(user.clone()).unwrap();
        let patch = diff(&typed(&before), &typed(&after), Schemas::user(), Dialect::Rfc).unwrap();
        let mut found = typed(&before);
        patch.apply_to(&mut found, Schemas::user(), Mode::Strict).unwrap();
        prop_assert_eq!(assigned(&serde_json::to_value(found).unwrap()), assigned(&after));
    }

    #[test]
    fn a_failing_patch_changes_nothing(
        resource in user(),
        operations in vec(operation(), 1..5),
        tolerant in any::<bool>(),
    ) {
        let mode = if tolerant { Mode::Tolerant } else { Mode::Strict };
        let mut patch = PatchOp::new(operations);
        let mut found = resource.clone();
        let failed = patch.apply(&mut found, Schemas::user(), mode).is_err();
        prop_assert!(!failed || found == resource, "{} {}", resource, found);
        patch.operations.push(Operation::remove("id"));
        let mut found = resource.clone();
        prop_assert!(patch.apply(&mut found, Schemas::user(), mode).is_err());
        prop_assert_eq!(found, resource);
    }

    #[test]
    fn resources_come_back_as_they_came(user in user(), group in group()) {
        prop_assert_eq!(&serde_json::to_value(serde_json::from_value::<User>(user.clone()).unwrap()).unwrap(), &user);
        prop_assert_eq!(&serde_json::to_value(serde_json::from_value::<Group>(group.clone()).unwrap()).unwrap(), &group);
    }

    #[test]
    fn typed_and_json_answer_alike(user in user(), filter in filter(), known in combined(known_comparison())) {
        let typed: User = serde_json::from_value(user.clone()).unwrap();
        for filter in [filter, known] {
            if let Ok(matcher) = filter.matcher(Schemas::user()) {
                prop_assert_eq!(matcher.matches(&user), matcher.matches(&typed), "{}", filter);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*", grammar in "[a-z \\[\\]().\"':$0-9eqand-]{0,40}") {
        for text in [text, grammar] {
            let _ = (Filter::parse(&text), Filter::parse_tolerant(&text), AttributePath::parse(&text));
            let _ = PatchPath::parse(&text, Schemas::user());
            let _ = serde_json::from_str::<ListResponse<User>>(&text);
        }
    }

    #[test]
    fn validation_takes_what_the_law_makes(user in user()) {
        let problems = Schemas::user().validate(&user, Purpose::Replace(&user), Mode::Strict);
        let wrong = |path: &str| path != "schemas";
        prop_assert!(!problems.iter().any(|problem| wrong(&problem.path)), "{:?}", problems);
    }
}

fn known_comparison() -> impl Strategy<Value = Filter> {
    let paths = prop_oneof![
        Just("userName"),
        Just("name.givenName"),
        Just("emails"),
        Just("emails.type"),
        Just("active"),
        Just("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value"),
        Just("title"),
    ];
    (paths, 0..6, text()).prop_map(|(path, operator, value)| {
        let value = value.as_str().unwrap_or_default();
        match operator {
            0 => attr(path).eq(value),
            1 => attr(path).ne(value),
            2 => attr(path).contains(value),
            3 => attr(path).starts_with(value),
            4 => attr(path).eq(()),
            _ => attr(path).present(),
        }
    })
}
