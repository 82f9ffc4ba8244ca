//! What each part of the language gives.

use serde_json::json;

use super::*;

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
        ("Time.fromIso8601ToString('2021-01-01T00:00:00+02:00', 'yyyyMMdd')", json!("20201231")),
        ("Time.now()", json!("2024-02-29T23:30:05.678Z")),
        ("Time.now('Europe/Paris')", json!("2024-03-01T00:30:05.678+01:00")),
        (
            "Time.now('US/Eastern', 'YYYY-MM-dd HH:mm:ss ZZZ')",
            json!("2024-02-29 18:30:05 US/Eastern"),
        ),
    ]);
}
