//! What holds of every expression.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use provisioning::expression::{Context, Expression, Template};
use serde_json::{Value, json};

use super::*;

// Texts of expressions, most of which mean something.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z]{1,3}(\\.[a-zA-Z_]{1,4}){0,2}",
        "user\\.(firstName|tags|age|none|manager|login)",
        any::<i32>().prop_map(|n| n.unsigned_abs().min(i32::MAX as u32).to_string()),
        (0.0..1e12_f64).prop_map(|n| format!("{n:?}")),
        "[^\"]{0,6}".prop_map(|text| format!("\"{text}\"")),
        "[^']{0,6}".prop_map(|text| format!("'{text}'")),
        prop::sample::select(vec!["true", "FALSE", "null", "{}", "''''", "Time.now()"])
            .prop_map(String::from),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let signs = vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "and", "OR", "&&", "||", "?:",
            "matches", "mod", "+ -", "- -",
        ];
        let functions = vec![
            "String.len",
            "String.substring",
            "toLowerCase",
            "Arrays.add",
            "Arrays.flatten",
            "Convert.toInt",
            "user.getLinkedObject",
            "Time.fromUnixToIso8601",
            "Time.fromStringToIso8601",
            "String.stringSwitch",
        ];
        let pair = (inner.clone(), prop::sample::select(signs), inner.clone());
        let call = (prop::sample::select(functions), vec(inner.clone(), 0..4));
        prop_oneof![
            pair.clone().prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
            pair.prop_map(|(left, sign, right)| format!("({left}) {sign} ({right})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("{a} ? {b} : {c}")),
            call.prop_map(|(name, arguments)| format!("{name}({})", arguments.join(", "))),
            vec(inner.clone(), 0..3).prop_map(|elements| format!("{{{}}}", elements.join(","))),
            (inner.clone(), inner.clone()).prop_map(|(list, index)| format!("({list})[{index}]")),
            inner.clone().prop_map(|inner| format!("({inner}).name")),
            (prop::sample::select(vec!["!", "-", "+", "not "]), inner)
                .prop_map(|(sign, inner)| format!("{sign}({inner})")),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let map = btree_map("[a-z]{1,3}", inner.clone(), 0..3);
        prop_oneof![
            vec(inner, 0..3).prop_map(Value::from),
            map.prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    // No file of failures in the tree.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_the_same(text in expression()) {
        if let Ok(expression) = Expression::parse(&text) {
            let written = expression.to_string();
            prop_assert_eq!(Expression::parse(&written).map_err(|e| format!("{written}: {e}")), Ok(expression));
        }
    }

    #[test]
    fn nothing_panics(text in prop_oneof![expression(), any::<String>(), "[ -~]{0,40}"], user in value(), a in value()) {
        let context = Context::new().with("user", user).with("a", a).groups([]);
        if let Ok(expression) = Expression::parse(&text) {
            let _ = expression.evaluate(&context);
            let _ = expression.check(|_, name| name.len() > 3);
        }
        let _ = Template::parse(&text).map(|template| template.evaluate(&context));
        let _ = Template::parse(&format!("${{{text}}}${{fn:{text}}}")).map(|template| template.evaluate(&context));
    }

    #[test]
    fn functions_take_any_value(function in 0..FUNCTIONS.len(), user in vec(value(), 3)) {
        let context = Context::new().with("u", json!({"a": user[0], "b": user[1], "c": user[2]}));
        for arguments in ["u.a", "u.a, u.b", "u.a, u.b, u.c", "u.a, u.b, u.c, u.a"] {
            let _ = evaluated(&format!("{}({arguments})", FUNCTIONS[function]), &context);
        }
    }

    #[test]
    fn patterns_of_dates_read_what_they_wrote(seconds in -2_000_000_000_i64..4_000_000_000, pattern in prop::sample::select(PATTERNS.to_vec())) {
        let context = Context::new().with("u", json!({"ms": (seconds * 1000).to_string(), "pattern": pattern}));
        let iso = evaluated("Time.fromUnixToIso8601(u.ms)", &context).unwrap();
        let round = "Time.fromStringToIso8601(Time.fromIso8601ToString(Time.fromUnixToIso8601(u.ms), u.pattern), u.pattern)";
        prop_assert_eq!(evaluated(round, &context).unwrap(), iso);
    }

    #[test]
    fn any_date_pattern_is_answered(pattern in "[GCYxweEyDMdaKhHkmsSZz'. -]{0,8}", text in "[0-9A-Za-z+: -]{0,12}") {
        let context = Context::new().with("u", json!({"text": text, "pattern": pattern}));
        let _ = evaluated("Time.fromStringToIso8601(u.text, u.pattern)", &context);
        let _ = evaluated("Time.fromIso8601ToString('2021-01-01', u.pattern)", &context);
    }

    #[test]
    fn any_regular_expression_is_answered(pattern in any::<String>(), short in "[ab()\\[\\]\\\\dQE+*?{}1,|^$~&-]{0,10}") {
        for pattern in [pattern, short] {
            let _ = evaluated("'abc' matches u.p", &Context::new().with("u", json!({"p": pattern})));
        }
    }
}

const PATTERNS: [&str; 5] = [
    "yyyy-MM-dd HH:mm:ss",
    "d MMMM YYYY, h:m:s a",
    "yyyyDDDHHmmss",
    "EEE d/MMM/yyyy kk.mm.ss ZZ",
    "xxxx'W'ww-e K:mm:ssaZ",
];

const FUNCTIONS: [&str; 36] = [
    "String.append",
    "String.join",
    "String.len",
    "String.removeSpaces",
    "String.replace",
    "String.replaceFirst",
    "String.startsWith",
    "String.stringContains",
    "String.stringSwitch",
    "String.substring",
    "String.substringAfter",
    "String.substringBefore",
    "String.toUpperCase",
    "String.toLowerCase",
    "Arrays.add",
    "Arrays.remove",
    "Arrays.clear",
    "Arrays.get",
    "Arrays.flatten",
    "Arrays.contains",
    "Arrays.size",
    "Arrays.isEmpty",
    "Arrays.toCsvString",
    "Convert.toInt",
    "Convert.toNum",
    "Iso3166Convert.toAlpha2",
    "Iso3166Convert.toAlpha3",
    "Iso3166Convert.toNumeric",
    "Iso3166Convert.toName",
    "Time.fromWindowsToIso8601",
    "Time.fromUnixToIso8601",
    "Time.fromIso8601ToUnix",
    "Time.fromIso8601ToWindows",
    "Time.fromStringToIso8601",
    "Time.fromIso8601ToString",
    "Time.now",
];
