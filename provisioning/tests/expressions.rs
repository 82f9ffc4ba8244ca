//! Okta's expression language: shared vectors, own cases, laws.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// A module of this name, so that `cargo test -p provisioning expressions` runs all of it.
mod expressions {
    use std::fmt::Display;
    use std::io::Write;
    use std::path::PathBuf;

    use provisioning::expression::{
        Context, ErrorClass, Expression, ExpressionError, Group, Template,
    };
    use serde_json::{Value, json};

    mod errors;
    mod laws;
    mod values;

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

    fn class_of(text: &str) -> ErrorClass {
        match evaluated(text, &ada()) {
            Ok(value) => panic!("{text}: {value}"),
            Err(error) => error.class(),
        }
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
}
