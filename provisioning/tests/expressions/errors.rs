//! What is wrong is told: the class of the error, where it is, and what to do.

use provisioning::expression::{ErrorClass, Expression};

use super::*;

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
        ("'é' = 1", "expression, character 5: found `=`, expected `==`: nothing can be assigned"),
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
    let of_groups = "user.getGroups({'group.type': {'x'}, 'a': user.b}).?[name == 'b'].![name][0]";
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
        assert!(error.ends_with(" is not part of the language and is never evaluated"), "{error}");
    }
    let expression =
        Expression::parse("user.a + appuser.b + user.a + (source).c.d + {org}").unwrap();
    let references: Vec<_> = expression.references().collect();
    assert_eq!(references, [("user", "a"), ("appuser", "b"), ("source", "c")]);
    assert_eq!(expression.roots().collect::<Vec<_>>(), ["user", "appuser", "source", "org"]);
}
