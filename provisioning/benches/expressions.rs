//! What one expression costs for one person.
#![allow(clippy::unwrap_used)]

use divan::{Bencher, black_box};
use provisioning::expression::{Context, Expression};
use serde_json::{Value, json};

const EXPRESSIONS: [&str; 5] = [
    "user.firstName",
    r#"user.firstName + " " + user.lastName"#,
    r#"String.toLowerCase(substringBefore(user.login, "@"))"#,
    r#"user.nick != "" AND user.nick != null ? user.nick : user.firstName"#,
    r#"user.login matches ".+@acme\..*""#,
];

fn ada() -> Value {
    json!({"firstName": "Ada", "lastName": "Lovelace", "login": "ada@acme.example", "age": 36})
}

#[divan::bench(args = EXPRESSIONS)]
fn evaluate(bencher: Bencher<'_, '_>, text: &str) {
    let expression = Expression::parse(text).unwrap();
    let context = Context::new().with("user", ada());
    bencher.bench(|| black_box(&expression).evaluate(&context).unwrap());
}

#[divan::bench]
fn clone_of_the_value(bencher: Bencher<'_, '_>) {
    let user = ada();
    bencher.bench(|| black_box(&user)["firstName"].clone());
}

#[divan::bench(args = EXPRESSIONS)]
fn parse(text: &str) -> Expression {
    Expression::parse(text).unwrap()
}

fn main() {
    divan::main();
}
