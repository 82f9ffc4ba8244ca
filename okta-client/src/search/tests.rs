use proptest::prelude::*;
use serde_json::json;

use super::*;

fn parsed(text: &str) -> Expression {
    Expression::parse(text).unwrap()
}

fn problem(text: &str) -> String {
    Expression::parse(text).unwrap_err().to_string()
}

#[test]
fn writes_what_okta_reads() {
    let cases = [
        (attr("status").eq("ACTIVE"), r#"status eq "ACTIVE""#),
        (attr("profile.badge").ge(12), "profile.badge ge 12"),
        (attr("profile.score").lt(1.5), "profile.score lt 1.5"),
        (attr("profile.isContractor").eq(true), "profile.isContractor eq true"),
        (attr("profile.title").pr(), "profile.title pr"),
        (attr("a").ne("V"), r#"a lt "V" or a gt "V""#),
        (attr("b").pr().and(attr("a").ne("V")), r#"b pr and (a lt "V" or a gt "V")"#),
        (attr("a").pr().and(attr("b").pr()).or(attr("c").pr()), "a pr and b pr or c pr"),
        (attr("a").eq("q\"b\\c\n\u{1}ü"), "a eq \"q\\\"b\\\\c\\n\\u0001ü\""),
    ];
    for (expression, text) in cases {
        assert_eq!(expression.to_string(), text);
        assert_eq!(parsed(text), expression);
        assert_eq!(expression.check(), Ok(()));
    }
}

#[test]
fn reads_any_case_of_operators_and_any_spacing() {
    let same = parsed(r#"a eq "x" and (b pr or c gt 1)"#);
    assert_eq!(parsed("  a EQ \"x\"AND(b Pr OR c\tgT 1 )"), same);
    assert_ne!(parsed(r#"A eq "x" and (b pr or c gt 1)"#), same);
    assert_eq!(parsed("((a pr))"), attr("a").pr());
}

#[test]
fn and_binds_tighter_than_or() {
    let expected = attr("a").pr().or(attr("b").pr().and(attr("c").pr()));
    assert_eq!(parsed("a pr or b pr and c pr"), expected);
    assert_ne!(parsed("(a pr or b pr) and c pr"), expected);
}

#[test]
fn errors_name_the_place_and_what_to_write() {
    let cases = [
        ("", "character 1: the end, expected an attribute or `(`"),
        ("a", "character 2: the end, expected one of eq, sw, co"),
        ("a eq", "expected a value"),
        ("a eq x", "character 6: found `x`, expected a value"),
        ("a eq null", "there is no `null`"),
        (r#"a ne "x""#, r#"character 3: there is no `ne`: write `(a lt "V" or a gt "V")`"#),
        (r#"a ew "x""#, "there is no `ew`"),
        ("not (a pr)", "there is no `not`"),
        (r#"a eq "x"#, "character 6: this text has no closing double quote"),
        (r#"a eq "\q""#, "is not a JSON string"),
        ("a pr b pr", "character 6: found `b`, expected `and`, `or` or the end"),
        ("(a pr", "expected `)`"),
        ("a pr)", "found `)`"),
        ("a..b pr", "`a..b` is not an attribute name"),
        ("ü pr", "character 1: found `ü`"),
        ("\"é\" eq 1", "character 1: found a quoted text"),
        ("a eq 1x", "`1x` is not a number"),
        ("a eq 'x'", "found `'`"),
        ("é", "character 1"),
    ];
    for (text, expected) in cases {
        let found = problem(text);
        assert!(found.contains(expected), "{text}: {found}");
    }
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |n: usize| format!("{}a pr{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(parsed(&nested(100)), attr("a").pr());
    assert!(problem(&nested(101)).contains("more than 100 parentheses"));
    assert!(problem(&nested(30_000)).contains("more than 100 parentheses"));
    assert!(problem(&" ".repeat(70_000)).contains("longer than"));
    // A long chain is not a deep tree.
    let chain = vec!["a pr"; 5_000].join(" or ");
    assert_eq!(parsed(&chain).to_string(), chain);
}

#[test]
fn a_hostile_name_is_caught_and_never_sent() {
    for name in ["", "a b", r#"id eq "x" or id"#, "a.", ".a", "a..b", "(a", "ü", "a\n", "1a", "-a"]
    {
        let error = attr(name).eq("x").check().unwrap_err();
        assert_eq!(error, SearchError::AttributeName { name: name.to_owned() });
        assert!(attr("ok").pr().and(attr(name).pr()).check().is_err());
    }
    assert!(attr("a").eq(f64::NAN).check().is_err());
}

fn ada() -> serde_json::Value {
    json!({
        "id": "00u1", "status": "ACTIVE", "created": "2024-03-01T10:00:00.000Z", "activated": null,
        "type": {"id": "oty1"},
        "profile": {"firstName": "Ada", "lastName": "Ångström", "badge": 12, "score": 1.5, "nickName": "",
                    "isContractor": true, "skills": ["rust", "SQL"], "none": [], "big": 9007199254740993_i64}
    })
}

#[test]
fn evaluates_as_search_does() {
    let hits = [
        r#"status eq "active""#,
        r#"type.id eq "oty1""#,
        r#"profile.firstName sw "aD""#,
        r#"profile.lastName co "ngström""#,
        r#"profile.lastName eq "ÅNGSTRÖM""#,
        "profile.badge eq 12",
        "profile.badge eq 12.0",
        "profile.badge gt 11 and profile.badge le 12",
        "profile.score ge 1.5 and profile.score lt 2",
        "profile.isContractor eq true",
        r#"profile.skills eq "sql""#,
        "profile.skills pr",
        "profile.big eq 9007199254740993",
        r#"created eq "2024-03-01T12:00:00+02:00""#,
        r#"created gt "2024-03-01T09:59:59.999Z" and created lt "2024-03-01T10:00:00.001Z""#,
        r#"status eq "X" or profile.firstName pr"#,
    ];
    let misses = [
        r#"profile.lastName eq "Angstrom""#,
        "profile.big eq 9007199254740992",
        "profile.badge gt 12",
        r#"profile.badge eq "12""#,
        "profile.isContractor gt false",
        "profile.none pr",
        "profile.nickName pr",
        "activated pr",
        "profile.missing pr",
        r#"Status eq "ACTIVE""#,
        r#"profile.missing lt "z" or profile.missing gt "a""#,
        "status eq \"ACTIVE\" and profile.badge eq 1",
    ];
    for text in hits {
        assert!(parsed(text).matches(&ada()), "{text}");
    }
    for text in misses {
        assert!(!parsed(text).matches(&ada()), "{text}");
    }
}

#[test]
fn only_what_decides_is_asked_for() {
    let ada = ada();
    let asked = std::cell::RefCell::new(Vec::new());
    let value_of = |path: &str| {
        asked.borrow_mut().push(path.to_owned());
        let value = path.split('.').fold(&ada, |value, name| &value[name]);
        std::borrow::Cow::Borrowed(value)
    };
    let decided = |text: &str, expected: bool| {
        asked.borrow_mut().clear();
        assert_eq!(parsed(text).matches_by(Letters::IgnoreCase, value_of), expected, "{text}");
        assert_eq!(parsed(text).matches(&ada), expected, "{text}");
        asked.borrow().join(" ")
    };
    assert_eq!(decided(r#"status eq "active" or id pr"#, true), "status");
    assert_eq!(decided(r#"status eq "STAGED" and id pr"#, false), "status");
    assert_eq!(decided("nobody pr or id pr", true), "nobody id");
}

#[test]
fn an_index_narrows_what_has_to_be_looked_at() {
    let index = |path: &str, value: &Literal| match (path, value) {
        ("id", Literal::Text(id)) => Some(vec![id.clone()]),
        _ => None,
    };
    let narrowed = |text: &str| parsed(text).narrowed_by(index).map(|ids| ids.join(" "));
    for (text, expected) in [
        (r#"id eq "1""#, Some("1")),
        (r#"status eq "ACTIVE" and id eq "1""#, Some("1")),
        (r#"id eq "1" or id eq "2""#, Some("1 2")),
        (r#"(id eq "1" or id eq "2") and a pr"#, Some("1 2")),
        (r#"id eq "1" or status eq "ACTIVE""#, None),
        (r#"id gt "1""#, None),
        ("id pr", None),
    ] {
        assert_eq!(narrowed(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn filter_minds_the_case_of_letters() {
    let upper = parsed(r#"status eq "ACTIVE""#);
    let lower = parsed(r#"status eq "active""#);
    assert!(upper.matches_with(&ada(), Letters::Exact));
    assert!(!lower.matches_with(&ada(), Letters::Exact));
}

#[test]
fn rules_say_what_okta_takes_where() {
    type Check = fn(&Expression) -> Result<(), SearchError>;
    let cases: [(Check, &[&str], &[&str]); 4] = [
        (
            check_user_search,
            &["profile.custom pr", r#"profile.email co "x""#, r#"status sw "A""#, "type.id pr"],
            &[
                r#"profile.title co "x""#,
                "lastLogin pr",
                "profile pr",
                "credentials.provider.type pr",
            ],
        ),
        (
            check_user_filter,
            &[
                r#"status eq "A""#,
                r#"lastUpdated gt "2020-01-01T00:00:00Z""#,
                r#"profile.login eq "a""#,
            ],
            &[r#"status sw "A""#, r#"profile.department eq "x""#, "id pr", r#"created gt "x""#],
        ),
        (
            check_group_search,
            &[
                r#"profile.name co "x""#,
                r#"type eq "BUILT_IN""#,
                "source.id pr",
                "profile.custom pr",
            ],
            &[r#"type co "x""#, r#"status eq "x""#],
        ),
        (
            check_group_filter,
            &[r#"type eq "APP_GROUP""#, r#"lastMembershipUpdated ge "2020-01-01T00:00:00Z""#],
            &[r#"profile.name eq "x""#, r#"type sw "A""#, "id pr"],
        ),
    ];
    for (check, allowed, refused) in cases {
        for text in allowed {
            assert_eq!(check(&parsed(text)), Ok(()), "{text}");
        }
        for text in refused {
            assert!(check(&parsed(text)).is_err(), "{text}");
        }
    }
    let error = check_user_search(&attr("profile.title").co("x")).unwrap_err().to_string();
    assert!(
        error.starts_with("search of users does not take `profile.title co`: it takes"),
        "{error}"
    );
}

fn any_literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<String>().prop_map(Literal::Text),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(Literal::Integer),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Literal::Float),
    ]
}

fn any_leaf() -> impl Strategy<Value = Expression> {
    let name = || "[A-Za-z_][A-Za-z0-9_-]{0,4}(\\.[A-Za-z0-9_-]{1,4}){0,2}";
    let ordinary = (name(), any_literal(), 0..9_usize).prop_map(|(name, value, n)| {
        let attribute = attr(name);
        match n {
            0 => attribute.eq(value),
            1 => attribute.ne(value),
            2 => attribute.sw(value),
            3 => attribute.co(value),
            4 => attribute.gt(value),
            5 => attribute.ge(value),
            6 => attribute.lt(value),
            7 => attribute.le(value),
            _ => attribute.pr(),
        }
    });
    // `not` at the start of a term is refused, so it is the one word that cannot be a name.
    ordinary.prop_filter("not a keyword", |e| !e.to_string().to_lowercase().starts_with("not "))
}

fn any_expression() -> impl Strategy<Value = Expression> {
    any_leaf().prop_recursive(6, 40, 2, |inner| {
        (inner.clone(), inner, any::<bool>())
            .prop_map(|(a, b, and)| if and { a.and(b) } else { a.or(b) })
    })
}

proptest! {
    #[test]
    fn parse_undoes_display(expression in any_expression()) {
        prop_assert_eq!(Expression::parse(&expression.to_string()).unwrap(), expression);
    }

    #[test]
    fn parse_never_panics(text in "[a-z\"\\\\() .0-9é-]{0,40}|.{0,40}") {
        let _ = Expression::parse(&text);
    }

    #[test]
    fn a_value_never_changes_the_meaning(value in any::<String>()) {
        let expression = attr("id").eq(value.as_str()).and(attr("status").eq("ACTIVE"));
        prop_assert_eq!(Expression::parse(&expression.to_string()).unwrap(), expression);
    }
}
