//! Okta's expression language: shared vectors, own cases, laws.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// A module of this name, so that `cargo test -p provisioning expressions` runs all of it.
mod expressions {
    use std::fmt::Display;
    use std::io::Write;
    use std::path::PathBuf;

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use provisioning::expression::{
        Context, ErrorClass, Expression, ExpressionError, Group, Template,
    };
    use serde_json::{Value, json};

    const SHARED: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/okta/expression-vectors.json");

    // Past the capture of the test harness.
    fn say(line: impl Display) {
        writeln!(std::io::stderr(), "{line}").expect("stderr can be written");
    }

    fn context_of(roots: &Value) -> Context {
        let roots = roots.as_object().expect("a context is an object");
        roots.iter().fold(Context::new(), |context, (root, object)| {
            context.with(root.clone(), object.clone())
        })
    }

    fn evaluated(text: &str, context: &Context) -> Result<Value, ExpressionError> {
        Expression::parse(text)?.evaluate(context)
    }

    fn same(found: &Value, expected: &Value) -> bool {
        match (found, expected) {
            (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (a, b) => a == b,
        }
    }

    fn difference(found: &Result<Value, ExpressionError>, case: &Value) -> Option<String> {
        match (found, case["error"].as_str()) {
            (Ok(value), None) if same(value, &case["result"]) => None,
            (Err(error), Some(class)) if error.class().as_str() == class => None,
            (Ok(value), _) => Some(format!("gave {value}")),
            (Err(error), _) => Some(format!("gave {}: {error}", error.class())),
        }
    }

    #[test]
    fn expressions_of_the_vectors() {
        let path =
            std::env::var_os("OKTA_EXPRESSIONS").map_or(PathBuf::from(SHARED), PathBuf::from);
        let Ok(text) = std::fs::read_to_string(&path) else {
            return say(format_args!("skipped: no expression vectors at {}", path.display()));
        };
        let vectors: Value = serde_json::from_str(&text).expect("vectors are JSON");
        let list = |name: &str| vectors[name].as_array().cloned().unwrap_or_default();
        let cases = list("cases").into_iter().map(|case| (case, false));
        let templates = list("templates").into_iter().map(|case| (case, true));
        let (mut passed, mut failed) = (0, Vec::new());
        for (case, is_template) in cases.chain(templates) {
            let (text, context) =
                (case["expression"].as_str().unwrap(), context_of(&case["context"]));
            let found = match is_template {
                true => Template::parse(text).and_then(|t| t.evaluate(&context)).map(Value::from),
                false => evaluated(text, &context),
            };
            let Some(difference) = difference(&found, &case) else {
                passed += 1;
                continue;
            };
            let line = format!(
                "{} `{text}` {difference}, expected {} {}",
                case["id"], case["result"], case["error"]
            );
            if case["certainty"] == "inferred" {
                say(format_args!(
                    "expressions |   differs, and is only inferred there ({}): {line}",
                    case["why"]
                ));
            } else {
                failed.push(line);
            }
        }
        say(format_args!("expressions | {passed} vectors passed, {} failed", failed.len()));
        failed.iter().for_each(|line| say(format_args!("expressions |   FAILED {line}")));
        assert!(passed > 0 && failed.is_empty(), "{failed:#?}");
    }

    fn ada() -> Context {
        let user = json!({
            "firstName": "Ada", "lastName": "Lovelace", "login": "ada@acme.example", "empty": "", "none": null,
            "age": 36, "rate": 2.50, "active": true, "tags": ["red", "green"], "numbers": [3, 1.5], "csv": "a, b ,c",
            "big": 9_007_199_254_740_993_i64, "manager": {"name": "Charles", "team": {"lead": "Mary"}},
            "emoji": "a😀b", "street": "Straße", "androidId": "x", "orbit": 1,
        });
        Context::new()
            .with("user", user)
            .without("appuser")
            .now("2024-02-29T23:30:05.678Z".parse().unwrap())
    }

    fn check_table(rows: &[(&str, Value)]) {
        for (text, expected) in rows {
            let found = evaluated(text, &ada());
            let found = found.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(same(&found, expected), "{text}: {found}, not {expected}");
        }
    }

    #[test]
    fn operators() {
        check_table(&[
            ("1 + 2 * 3 - 4", json!(3)),
            ("(1 + 2) * 3", json!(9)),
            ("7 / 2", json!(3)),
            ("-7 / 2", json!(-3)),
            ("-7 % 3", json!(-1)),
            ("7 div 2 mod 2", json!(1)),
            ("7.0 / 2", json!(3.5)),
            ("10 - 3 - 2", json!(5)),
            ("- - 5", json!(5)),
            ("+5 - -5", json!(10)),
            ("2e3 + 1.5E-1", json!(2000.15)),
            ("user.big + 1", json!(9_007_199_254_740_994_i64)),
            ("user.big == 9007199254740992.0", json!(false)),
            ("3 == 3.0", json!(true)),
            ("'3' == 3", json!(false)),
            ("null == false", json!(false)),
            ("user.none == user.missing", json!(true)),
            ("{1, 'a'} == {1.0, 'a'}", json!(true)),
            ("'a' < 'b' and 'B' < 'a'", json!(true)),
            ("null < 3 && null <= null && 3 > null", json!(true)),
            ("3 < null", json!(false)),
            ("1 lt 2 AND 2 LE 2 And 3 gt 2 aNd 3 ge 3 and 1 ne 2 and 1 eq 1", json!(true)),
            ("not true || !false", json!(true)),
            ("!user.active OR user.age > 30", json!(true)),
            ("false AND (1 / 0 == 1)", json!(false)),
            ("true OR user.firstName.x", json!(true)),
            ("user.orbit == 1 and user.androidId == 'x'", json!(true)),
            ("user.rate + ''", json!("2.5")),
            ("2.0 + ''", json!("2.0")),
            ("100000000000000000000.0 + ''", json!("100000000000000000000.0")),
            ("'' + user.active + null + user.tags", json!("truenullred,green")),
            ("{} + ''", json!("")),
        ]);
    }

    #[test]
    fn choices() {
        check_table(&[
            ("user.age > 30\n\t? 'a'\r\n : 'b'", json!("a")),
            ("false ? 1 : true ? 2 : 1 / 0", json!(2)),
            ("true ? 1 : user.firstName - 1", json!(1)),
            ("user.empty ?: user.none ?: 'x'", json!("x")),
            ("user.none ?: 'a' + 'b'", json!("ab")),
            ("user.none ?: true ? 1 : 2", json!(1)),
            ("false ? 1 : null ?: 3", json!(3)),
            ("0 ?: 1", json!(0)),
            ("false ?: 1", json!(false)),
            ("' ' ?: 1", json!(" ")),
            ("'a' + 'b' == 'ab' ? 'yes' : 'no'", json!("yes")),
            ("appuser == null ? user.firstName : appuser.name", json!("Ada")),
        ]);
    }

    #[test]
    fn literals_and_references() {
        check_table(&[
            (r#"'it''s "so" \n'"#, json!(r#"it's "so" \n"#)),
            (r#""""""#, json!("\"")),
            ("''", json!("")),
            ("TRUE == true and Null == null", json!(true)),
            ("2147483647", json!(2_147_483_647)),
            ("{ {1}, 'a', null, {} }", json!([[1], "a", null, []])),
            ("user.manager.team.lead", json!("Mary")),
            ("user.manager.team.missing", json!(null)),
            ("(user).firstName", json!("Ada")),
            ("user . tags [ 1 ]", json!("green")),
            ("user.tags[String.len('a')]", json!("green")),
            ("{'a', 'b'}[2 - 1]", json!("b")),
            ("'${source.login}'", json!("${source.login}")),
            ("\"ünïcödé “quotes”\"", json!("ünïcödé “quotes”")),
        ]);
    }

    #[test]
    fn regular_expressions() {
        check_table(&[
            (r#"'Engineer' matches "Eng|Engineer""#, json!(true)),
            (r#"'xEng' matches "Eng""#, json!(false)),
            (r#"'42' matches "\d+""#, json!(true)),
            (r#"'٤٢' matches "\d+""#, json!(false)),
            (r#"'a_1' matches "[\w-]+""#, json!(true)),
            (r#"'a b' MATCHES "[^\d]\s\S""#, json!(true)),
            (r#"'a.b' matches "\Qa.b\E""#, json!(true)),
            (r#"'axb' matches "\Qa.b\E""#, json!(false)),
            (r#"'<a>' matches "\<a\>""#, json!(true)),
            (r#"'aa' matches "a{2}?""#, json!(true)),
            (r#"'b' matches "[a-z&&[^aeiou]]""#, json!(true)),
            (r#"'e' matches "[a-z&&[^aeiou]]""#, json!(false)),
            (r#"'~' matches "[a~~b]""#, json!(true)),
            (r#"'a-b--c' matches "[a-z-]+--c""#, json!(true)),
            (r#"',' matches "[+-\-]""#, json!(true)),
            (r#"user.login matches ".+@" + "acme\.example""#, json!(true)),
        ]);
    }

    #[test]
    fn strings() {
        check_table(&[
            ("String.append(null, 'x')", json!("x")),
            ("String.join(',', 'a', '', 'b')", json!("a,,b")),
            ("String.join('-')", json!("")),
            ("String.join('-', user.tags)", json!("red-green")),
            ("String.len(user.emoji)", json!(4)),
            ("String.len(12345)", json!(5)),
            ("String.removeSpaces(' a b ')", json!("ab")),
            ("String.removeSpaces(null)", json!(null)),
            ("String.replace('a+b+c', '+', '$1')", json!("a$1b$1c")),
            ("String.replace('aaa', 'aa', 'b')", json!("ba")),
            ("String.replace('abc', '', '-')", json!("abc")),
            ("String.replaceFirst('a.b.c', '.', '')", json!("ab.c")),
            ("String.startsWith('Ada', null)", json!(false)),
            ("String.stringContains(null, 'a')", json!(false)),
            (
                "String.stringSwitch('Sales West', 'd', 'East', '1', 'West', '2', 'Sales', '3')",
                json!("2"),
            ),
            ("String.stringSwitch(null, 'd', 'a', 'b')", json!("d")),
            ("String.stringSwitch('SALES', 'd', 'sales', 'b')", json!("d")),
            ("String.substring('abc', 5, 9)", json!("")),
            ("String.substring('abc', 2, 1)", json!("")),
            ("String.substring('abc', 1 - 20, 2)", json!("ab")),
            ("String.substring(user.emoji, 1, 3)", json!("😀")),
            ("String.substring(null, 0, 1)", json!(null)),
            ("String.substringAfter('a@b@c', '@')", json!("b@c")),
            ("String.substringBefore('a@b@c', '@')", json!("a")),
            ("String.substringBefore(null, '@')", json!(null)),
            ("substring(toLowerCase(user.lastName), 0, 2)", json!("lo")),
            ("toUpperCase(user.street)", json!("STRASSE")),
        ]);
    }

    #[test]
    fn arrays() {
        check_table(&[
            ("Arrays.add(null, 'a')", json!(["a"])),
            ("Arrays.add('a,b', 'c')", json!(["a", "b", "c"])),
            ("Arrays.add('', 1)", json!([1])),
            ("Arrays.remove({1, 2.0, 1}, 1.0)", json!([2])),
            ("Arrays.remove(user.tags, 'blue')", json!(["red", "green"])),
            ("Arrays.clear(user.tags)", json!([])),
            ("Arrays.get('x, y', 1)", json!("y")),
            ("Arrays.flatten('10, 20', 30, {40, {50}})", json!(["10", "20", 30, 40, 50])),
            ("Arrays.flatten(user.none != null ? user.none : {}, 'a')", json!(["a"])),
            ("Arrays.contains(user.csv, 'b')", json!(true)),
            ("Arrays.contains('1,2', 1)", json!(false)),
            ("Arrays.contains(user.numbers, 3.0)", json!(true)),
            ("Arrays.contains(null, null)", json!(false)),
            ("Arrays.size(user.missing) + Arrays.size(user.csv)", json!(3)),
            ("Arrays.isEmpty('') AND Arrays.isEmpty({}) AND !Arrays.isEmpty({null})", json!(true)),
            ("Arrays.toCsvString({1, 2.5, true, ' x '})", json!("1,2.5,true, x ")),
            ("Arrays.toCsvString({})", json!("")),
        ]);
    }

    #[test]
    fn conversions() {
        check_table(&[
            ("Convert.toInt(-1.6)", json!(-2)),
            ("Convert.toInt(-1.5)", json!(-1)),
            ("Convert.toInt(2.5)", json!(3)),
            ("Convert.toInt('-007')", json!(-7)),
            ("Convert.toInt(0.49999999999999994)", json!(0)),
            ("Convert.toNum('-2.5e2')", json!(-250)),
            ("Convert.toNum('5') + ''", json!("5.0")),
            ("Iso3166Convert.toAlpha2('356')", json!("IN")),
            ("Iso3166Convert.toAlpha3('fr')", json!("FRA")),
            ("Iso3166Convert.toNumeric('AF')", json!("004")),
            ("Iso3166Convert.toName('4')", json!("Afghanistan")),
            ("Iso3166Convert.toName(null)", json!(null)),
        ]);
    }

    #[test]
    fn times() {
        check_table(&[
            ("Time.fromWindowsToIso8601('0')", json!("1601-01-01T00:00:00.000Z")),
            ("Time.fromUnixToIso8601('-1')", json!("1969-12-31T23:59:59.999Z")),
            ("Time.fromIso8601ToWindows('2015-07-31T17:18:37.979Z')", json!("130828367179790000")),
            ("Time.fromIso8601ToUnix('2021-09-20')", json!("1632096000000")),
            ("Time.fromIso8601ToUnix('2021-09-20T02:00:00+02:00')", json!("1632096000000")),
            ("Time.fromIso8601ToUnix('2021-09-20T00:00')", json!("1632096000000")),
            ("Time.fromStringToIso8601('3/4/2021', 'd/M/yyyy')", json!("2021-04-03T00:00:00.000Z")),
            (
                "Time.fromStringToIso8601('20210403170506', 'yyyyMMddHHmmss')",
                json!("2021-04-03T17:05:06.000Z"),
            ),
            (
                "Time.fromStringToIso8601('3 apr 99 05:06 pm', 'd MMM yy hh:mm a')",
                json!("1999-04-03T17:06:00.000Z"),
            ),
            ("Time.fromStringToIso8601('1/2/30', 'd/M/yy')", json!("2030-02-01T00:00:00.000Z")),
            (
                "Time.fromStringToIso8601('2021-04-03T17:05:06.7+0200', \"yyyy-MM-dd'T'HH:mm:ss.SSSZ\")",
                json!("2021-04-03T15:05:06.700Z"),
            ),
            (
                "Time.fromStringToIso8601('2020-W53-5', \"xxxx-'W'ww-e\")",
                json!("2021-01-01T00:00:00.000Z"),
            ),
            ("Time.fromStringToIso8601('2024 060', 'yyyy DDD')", json!("2024-02-29T00:00:00.000Z")),
            (
                "Time.fromStringToIso8601('April 3, 2021', 'MMMM d, YYYY')",
                json!("2021-04-03T00:00:00.000Z"),
            ),
            ("Time.fromStringToIso8601('24:07', 'kk:mm')", json!("1970-01-01T00:07:00.000Z")),
            (
                "Time.fromIso8601ToString('2021-01-01T00:05:06.078Z', \"EEEE, d MMM yy h:m:s.SSSSS a 'o''clock'\")",
                json!("Friday, 1 Jan 21 12:5:6.07800 AM o'clock"),
            ),
            (
                "Time.fromIso8601ToString('2021-01-01T13:05:06Z', 'G CC xxxx-ww-e EEE DDD K kk ZZ Z')",
                json!("AD 20 2020-53-5 Fri 001 1 13 +00:00 +0000"),
            ),
            (
                "Time.fromIso8601ToString('2021-01-01T00:00:00+02:00', 'yyyyMMdd')",
                json!("20201231"),
            ),
            ("Time.now()", json!("2024-02-29T23:30:05.678Z")),
            ("Time.now('Europe/Paris')", json!("2024-03-01T00:30:05.678+01:00")),
            (
                "Time.now('US/Eastern', 'YYYY-MM-dd HH:mm:ss ZZZ')",
                json!("2024-02-29 18:30:05 US/Eastern"),
            ),
        ]);
    }

    fn class_of(text: &str) -> ErrorClass {
        match evaluated(text, &ada()) {
            Ok(value) => panic!("{text}: {value}"),
            Err(error) => error.class(),
        }
    }

    #[test]
    fn classes_of_errors() {
        let syntax = [
            "",
            "  ",
            "1 2",
            "user.",
            ".5",
            "1.",
            "1..2",
            "12abc",
            "2147483648",
            "1e999",
            "a = b",
            "a === b",
            "a <> b",
            "a; b",
            "a & b",
            "`a`",
            "‘a’",
            "1 < 2 < 3",
            "1 == 2 == 3",
            "{1,}",
            "{1 2}",
            "f(1,)",
            "f(1 2)",
            "? 1 : 2",
            "true ? 1",
            "x ?:",
            "AND true",
            "user.x AND",
            "not",
            "()",
            "[1]",
            "user[",
            "user[]",
            "\"a",
            "'a'b",
            "é",
            "user.naïve",
            "T(a",
            "new a.b",
            "a 'b'",
            "/* x */ 1",
            "1 ++ 2",
            "a ? b : c : d",
            "${user.x}",
            "!= 1",
        ];
        let unknown = [
            "trim(user.x)",
            "user.x.contains('a')",
            "user.contains('a')",
            "'a'.length()",
            "string.len('a')",
            "len('a')",
            "true ? 1 : nope()",
            "nope() + T(x)",
            "zendesk.nope() + user.firstName - 1",
            "DateTime.now()",
            "replace('a','b','c')",
        ];
        let unsupported = [
            "T(java.lang.Runtime).getRuntime().exec('x')",
            "T(String[]).x",
            "new java.io.File('x')",
            "@bean.call()",
            "#root",
            "user.x++",
            "--user.x",
            "user?.x",
            "{a: 'b'}",
            "user.getGroups({'group.id': {'x'}}).![name]",
            "1 between {1, 2}",
            "'a' instanceof T(String)",
            "zendesk.x",
            "x",
            "session.amr",
            "zendesk.hasWorkdayUser()",
            "Groups.contains('a', 'b', 1)",
            "user.firstName - 1 + zendesk.x",
            "true ? 1 : zendesk.x",
            "'a' matches '(?=a)a'",
            "'a' matches \"(a)\\1\"",
            "'a' matches 'a++'",
            "',' matches '[+--]'",
            "'a' matches '[a-z--[m]]'",
            "'a' matches '[[:alpha:]]'",
            "'a' matches \"\\p{javaLowerCase}\"",
            "isMemberOfGroup('x')",
            "user.getInternalProperty('id')",
            "Time.now('UTC', 'z')",
            "Time.fromStringToIso8601('x', 'CC')",
            "String.len",
        ];
        let kind = [
            "user.age + null",
            "null + null",
            "true + 1",
            "'a' * 2",
            "-'a'",
            "!null",
            "!'true'",
            "1 ? 2 : 3",
            "'true' ? 1 : 2",
            "null AND true",
            "1 OR true",
            "1 / 0",
            "1 % 0",
            "1.0 / 0",
            "'a' < 1",
            "{1} < {2}",
            "true < false",
            "user.none.x",
            "user.firstName.x",
            "appuser.name",
            "user.none[0]",
            "user.tags[2]",
            "user.tags[-1]",
            "user.tags['a']",
            "user.tags[0.5]",
            "user + 'x'",
            "String.len('a', 'b')",
            "String.stringSwitch('a', 'b', 'c')",
            "String.len(user.tags)",
            "String.substring('a', 0, 0.5)",
            "String.substring('a', null, 1)",
            "Arrays.get({1}, 1)",
            "Arrays.get(null, 0)",
            "Arrays.size(5)",
            "Arrays.flatten()",
            "Arrays.flatten('')",
            "Convert.toInt('')",
            "Convert.toInt('12x')",
            "Convert.toInt(1e10)",
            "Convert.toInt(null)",
            "Convert.toInt('2147483648')",
            "Convert.toNum('3.1x')",
            "Convert.toNum('inf')",
            "Convert.toNum('')",
            "Iso3166Convert.toAlpha2('XX')",
            "Iso3166Convert.toAlpha2('India')",
            "Time.fromUnixToIso8601('')",
            "Time.fromUnixToIso8601(null)",
            "Time.fromWindowsToIso8601('9223372036854775807')",
            "Time.fromIso8601ToUnix('yesterday')",
            "Time.fromStringToIso8601('2021-02-30', 'yyyy-MM-dd')",
            "Time.fromStringToIso8601('2021-02-03x', 'yyyy-MM-dd')",
            "Time.fromIso8601ToString('2021-01-01', 'yyyy-MM-ddTHH')",
            "Time.now('Mars/Olympus')",
            "null matches 'a'",
            "'a' matches '('",
            "'a' matches 'a)(b'",
            "'a' matches null",
        ];
        let tables: [(ErrorClass, &[&str]); 4] = [
            (ErrorClass::Syntax, &syntax),
            (ErrorClass::UnknownFunction, &unknown),
            (ErrorClass::Unsupported, &unsupported),
            (ErrorClass::Type, &kind),
        ];
        for (class, texts) in tables {
            texts.iter().for_each(|text| assert_eq!(class_of(text), class, "{text}"));
        }
    }

    #[test]
    fn errors_say_where_what_and_what_to_do() {
        for (text, expected) in [
            ("user.firstName +", "expression, character 17: found the end, expected a value"),
            ("'é' + (1", "expression, character 9: found the end, expected `)`"),
            (
                "'é' = 1",
                "expression, character 5: found `=`, expected `==`: nothing can be assigned",
            ),
            (
                "String.ToUpperCase(1)",
                "expression, character 1: unknown function `String.ToUpperCase`: did you mean `String.toUpperCase`?",
            ),
            ("1 + zendesk.x", "expression, character 5: `zendesk` is not supplied"),
            (
                "user.tags - 1",
                "expression, character 11: found an array and a number, expected two numbers for `-`",
            ),
            (
                "Time.now('UTC', 'QQ')",
                "expression, character 1: `Q` means nothing in a date pattern; quote text as 'text'",
            ),
            (
                "findDirectoryUser().x",
                "expression, character 1: only Okta can answer `findDirectoryUser`: it needs the person's other app profiles",
            ),
        ] {
            assert_eq!(evaluated(text, &ada()).unwrap_err().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn names_are_checked_before_a_run() {
        let known =
            |root: &str, name: &str| root == "user" && ["firstName", "given_name"].contains(&name);
        for (text, expected) in [
            ("user.firstName + user.given_name", None),
            (
                "true ? 1 : user.firstname",
                Some("character 12: unknown attribute `user.firstname`: did you mean `firstName`?"),
            ),
            (
                "user.first_name",
                Some("character 1: unknown attribute `user.first_name`: did you mean `firstName`?"),
            ),
            (
                "user.fistName",
                Some("character 1: unknown attribute `user.fistName`: did you mean `firstName`?"),
            ),
            (
                "user.givenName",
                Some("character 1: unknown attribute `user.givenName`: did you mean `given_name`?"),
            ),
            ("user.shoeSize", Some("character 1: unknown attribute `user.shoeSize`")),
            ("appuser.firstName", Some("character 1: unknown attribute `appuser.firstName`")),
            (
                "user.x ?: String.len()",
                Some("character 11: found 0 arguments for `String.len`, expected 1"),
            ),
            (
                "user.x matches '('",
                Some("character 8: found a text that is no regular expression: unclosed group"),
            ),
        ] {
            let found =
                Expression::parse(text).unwrap().check(known).err().map(|error| error.to_string());
            let expected = expected.map(|expected| format!("expression, {expected}"));
            assert_eq!(found, expected, "{text}");
        }
        let of_groups =
            "user.getGroups({'group.type': {'x'}, 'a': user.b}).?[name == 'b'].![name][0]";
        let parsed = Expression::parse(of_groups).unwrap();
        assert_eq!(Expression::parse(&parsed.to_string()).unwrap(), parsed);
        assert_eq!(parsed.roots().collect::<Vec<_>>(), ["user"]);
        let error = parsed.check(|_, _| true).unwrap_err().to_string();
        assert!(error.contains("only Okta can answer `getGroups`"), "{error}");
        for refused in [
            "user.firstName.![name]",
            "String.len({'a': 1})",
            "user.getGroups(String.len({'a': 1}))",
            "user.getGroups({'a': T(x)})",
            "user.getGroups({'a': 1, 'b'})",
        ] {
            let error = Expression::parse(refused).unwrap_err().to_string();
            assert!(
                error.ends_with(" is not part of the language and is never evaluated"),
                "{error}"
            );
        }
        let expression =
            Expression::parse("user.a + appuser.b + user.a + (source).c.d + {org}").unwrap();
        let references: Vec<_> = expression.references().collect();
        assert_eq!(references, [("user", "a"), ("appuser", "b"), ("source", "c")]);
        assert_eq!(expression.roots().collect::<Vec<_>>(), ["user", "appuser", "source", "org"]);
    }

    #[test]
    fn okta_s_answers_can_be_handed_in() {
        let groups = [Group::new("00g1", "Sales West"), Group::new("00g2", "Everyone")];
        let context = ada().groups(groups).internal_property("id", "00u1");
        for (text, expected) in [
            ("isMemberOfGroup('00g1')", json!(true)),
            ("isMemberOfAnyGroup('00g9', '00g2')", json!(true)),
            ("isMemberOfGroupName('Sales')", json!(false)),
            ("isMemberOfGroupNameStartsWith('Sales')", json!(true)),
            ("isMemberOfGroupNameContains('west')", json!(false)),
            ("isMemberOfGroupNameRegex('.*West')", json!(true)),
            ("user.getInternalProperty('id') + '!'", json!("00u1!")),
        ] {
            assert_eq!(evaluated(text, &context).unwrap(), expected, "{text}");
        }
        let strict = ada().refuse_null_in_text();
        assert_eq!(evaluated("'a' + user.none", &strict).unwrap_err().class(), ErrorClass::Type);
        assert_eq!(evaluated("user.none + 'a'", &ada()).unwrap(), "nulla");
    }

    #[test]
    fn templates() {
        let user = json!({"login": "Ada@Acme.example", "none": null, "age": 36});
        let context = Context::new().with("source", user).with("app", json!({"suffix": "}x"}));
        for (text, expected) in [
            ("plain } $ {text", "plain } $ {text"),
            ("", ""),
            ("a${ source.login }b${source.age}", "aAda@Acme.exampleb36"),
            ("${fn:substringAfter(source.login, '@')}", "Acme.example"),
            ("${fn:replace(source.login, \"}\", '')}", "Ada@Acme.example"),
            (
                "${f:substring(source.login, 0, 3)}${fn:toUpperCase(source.login)}",
                "AdaADA@ACME.EXAMPLE",
            ),
            ("[${source.none}${source.missing}]", "[]"),
            ("é${app.suffix}", "é}x"),
        ] {
            let template = Template::parse(text).unwrap();
            assert_eq!(template.evaluate(&context).unwrap(), expected, "{text}");
            assert_eq!(Template::parse(&template.to_string()).unwrap(), template, "{text}");
        }
        for (text, class, position) in [
            ("é${source.login", ErrorClass::Syntax, 2),
            ("${}", ErrorClass::Syntax, 3),
            ("${'a'}", ErrorClass::Syntax, 3),
            ("${source.a + 'b'}", ErrorClass::Syntax, 3),
            ("ab${source.}", ErrorClass::Syntax, 12),
            ("${fn:toLowerCase('a')}", ErrorClass::Syntax, 6),
            ("${fn:toLowerCase(source.a, source.b)}", ErrorClass::Syntax, 6),
            ("${fn:len(source.a)}", ErrorClass::UnknownFunction, 6),
            ("${toLowerCase(source.a)}", ErrorClass::Syntax, 3),
            ("${role}", ErrorClass::Unsupported, 1),
        ] {
            let error =
                Template::parse(text).and_then(|template| template.evaluate(&context)).unwrap_err();
            assert_eq!((error.class(), error.position()), (class, position), "{text}: {error}");
        }
    }

    #[test]
    fn it_is_written_as_its_text() {
        let text = "user.a == 'x' && !(user.b) ? -(-1) : (1 + 2) * {3}[0]";
        let expression: Expression = serde_json::from_value(json!(text)).unwrap();
        assert_eq!(
            expression.to_string(),
            r#"user.a == "x" AND !user.b ? - -1 : (1 + 2) * {3}[0]"#
        );
        assert_eq!(serde_json::to_value(&expression).unwrap(), expression.to_string());
        let error = serde_json::from_value::<Expression>(json!("1 +")).unwrap_err();
        assert_eq!(error.to_string(), "expression, character 4: found the end, expected a value");
    }

    #[test]
    fn bounds_hold_without_exhausting_the_stack() {
        let nested =
            |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
        for (open, close) in [
            ("(", ")"),
            ("{", "}"),
            ("!", ""),
            ("- ", ""),
            ("String.len(", ")"),
            ("true ? ", " : 2"),
            ("a[", "]"),
        ] {
            for n in [1, 20, 60, 64, 65, 100, 2_000] {
                let parsed = Expression::parse(&nested(open, close, n));
                assert_eq!(parsed.is_ok(), n < 64, "{n} of {open:?}");
                if let Ok(expression) = parsed {
                    let _ = expression.evaluate(&ada());
                    assert_eq!(Expression::parse(&expression.to_string()).unwrap(), expression);
                }
            }
        }
        let long = |part: &str, n: usize| format!("1{}", part.repeat(n));
        for (part, n) in [(" + 1", 8_000), (" ?: 1", 6_000), (".x", 16_000), ("[0]", 10_000)] {
            let expression = Expression::parse(&long(part, n)).unwrap();
            let _ = expression.evaluate(&ada());
            assert_eq!(expression.clone(), expression);
        }
        assert_eq!(
            Expression::parse(&long(" + 1", 9_000)).unwrap_err().class(),
            ErrorClass::Syntax
        );
        let step = |text: String| format!("String.replace({text}, 'a', '{}')", "a".repeat(400));
        let growing = (0..40).fold("'a'".to_string(), |text, _| step(text));
        assert_eq!(class_of(&growing), ErrorClass::Type);
        // A separator is repeated too, and so are the elements of an array.
        let step = |text: String| format!("String.join({text}{})", ",''".repeat(10));
        let growing = (0..11).fold("'xxxxxxxxxx'".to_string(), |text, _| step(text));
        assert_eq!(class_of(&growing), ErrorClass::Type);
        let step = |list: String| format!("String.join({list}, Arrays.flatten({list}))");
        let growing = (0..6).fold("',,,,,,,,'".to_string(), |text, _| step(text));
        assert_eq!(class_of(&growing), ErrorClass::Type);
        let pattern = (0..4).fold("'\\pL\\pL'".to_string(), |text, _| {
            format!("String.replace({text}, 'L', 'L{}')", "\\pL".repeat(15))
        });
        assert_eq!(class_of(&format!("'a' matches {pattern}")), ErrorClass::Unsupported);
        let most = format!("String.len(String.join('{0}', '{0}', '{0}'))", "x".repeat(9_000));
        assert_eq!(evaluated(&most, &ada()).unwrap(), 27_000);
    }

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
                (inner.clone(), inner.clone())
                    .prop_map(|(list, index)| format!("({list})[{index}]")),
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
}
