//! Every operation of Okta's that the client's list names is answered: played, or refused by name.

use std::collections::BTreeSet;

use reqwest::Method;

use crate::support::{Answer, Org};

/// The operations, as the client's list has them: name, method and path.
fn operations() -> Vec<(String, Method, String)> {
    let list = include_str!("../../../okta-client/OPERATIONS.md");
    let cell = |text: &str| text.split('`').nth(1).map(str::to_owned);
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| [")?.split(" | ");
        let (name, call) = (cell(cells.next()?)?, cell(cells.next()?)?);
        let (method, path) = call.split_once(' ')?;
        Some((name, method.parse().ok()?, path.to_owned()))
    };
    list.lines().filter_map(row).collect()
}

#[tokio::test]
async fn each_is_played_or_refused_by_name() {
    let org = Org::with(1).await;
    let operations = operations();
    assert!(operations.len() > 150, "{}", operations.len());
    let mut refused = BTreeSet::new();
    for (name, method, path) in operations {
        let segments =
            path.split('/').map(|part| if part.starts_with('{') { "nothing" } else { part });
        let path = segments.collect::<Vec<_>>().join("/");
        let url = format!("{}{path}", org.sandbox.okta_url());
        let answer = Answer::of(org.request(method, &url).json(&serde_json::json!({}))).await;
        let (status, code) = answer.code();
        assert!(
            !["E0000008", "E0000022"].contains(&code),
            "{name} is not there: {:?}",
            answer.body
        );
        if status == 501 {
            assert_eq!(code, "E0000060");
            assert!(
                answer.cause().starts_with("The sandbox has no such route: "),
                "{}",
                answer.cause()
            );
            refused.insert(name);
        }
    }
    // The list in the README.
    let told = include_str!("../../README.md");
    let missing: Vec<_> =
        refused.iter().filter(|name| !told.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "the README does not say that these are refused: {missing:?}");
}

#[tokio::test]
async fn who_is_locked_out_is_blocked() {
    let org = Org::with(600).await;
    let locked = org.in_status("LOCKED_OUT").await;
    let blocks = org.get(&format!("/users/{locked}/blocks")).await;
    assert_eq!(blocks.items()[0]["appliesTo"], "ANY_DEVICES");
    assert!(org.get("/users/me/blocks").await.items().is_empty());
}
