use reqwest::Method;
use sandbox::{RateLimits, Sandbox};

use crate::support::{Answer, Org};

#[tokio::test]
async fn credentials_are_checked() {
    let org = Org::with(3).await;
    let url = format!("{}/api/v1/users", org.sandbox.okta_url());
    let with =
        async |header: &str| Answer::of(org.http.get(&url).header("Authorization", header)).await;
    let token = org.sandbox.okta_token();
    assert_eq!(with(&format!("SSWS {token}")).await.status, 200);
    assert_eq!(with(&format!("Bearer {token}")).await.status, 200);
    assert_eq!(with("SSWS wrong").await.code(), (401, "E0000011"));
    assert_eq!(with("Basic x").await.code(), (401, "E0000004"));
    let missing = Answer::of(org.http.get(&url)).await;
    assert_eq!(missing.code(), (401, "E0000004"));
    assert!(!missing.header("x-okta-request-id").is_empty());
}

#[tokio::test]
async fn what_does_not_exist_is_said_in_okta_s_words() {
    let org = Org::with(3).await;
    assert_eq!(org.get("/nope").await.code(), (404, "E0000008"));
    let patched = Answer::of(org.request(Method::PATCH, "/users")).await;
    assert_eq!(patched.code(), (405, "E0000022"));
    let broken = org.request(Method::POST, "/users").header("Content-Type", "application/json");
    assert_eq!(Answer::of(broken.body("{")).await.code(), (400, "E0000003"));
    let text = org.request(Method::POST, "/users").header("Content-Type", "text/plain");
    assert_eq!(Answer::of(text.body("{}")).await.code(), (400, "E0000021"));
    let without_length = org.request(Method::POST, "/users/me/lifecycle/suspend");
    assert_eq!(Answer::of(without_length).await.status, 411);
    let error = org.get("/nope").await.body;
    assert_eq!(error["errorLink"], error["errorCode"]);
    assert!(error["errorId"].as_str().unwrap().starts_with("oae"));
}

fn limits(answer: &Answer) -> (u64, u64, i64) {
    let number = |name: &str| answer.header(name).parse::<i64>().unwrap();
    let reset = number("x-rate-limit-reset");
    (number("x-rate-limit-limit") as u64, number("x-rate-limit-remaining") as u64, reset)
}

#[tokio::test]
async fn each_bucket_counts_for_itself() {
    let limited = RateLimits::per_window(3).bucket("GET /api/v1/users/{id}", 1);
    let org = Org::start(Sandbox::builder().people(3).rate_limits(limited)).await;
    let user = |n| format!("/users/{}", org.sandbox.okta().user_id(n));
    for left in [2, 1, 0] {
        let answer = org.get("/users").await;
        assert_eq!((answer.status, limits(&answer).0, limits(&answer).1), (200, 3, left));
    }
    let refused = org.get("/users").await;
    assert_eq!(refused.code(), (429, "E0000047"));
    let (limit, remaining, reset) = limits(&refused);
    let date: std::time::SystemTime = httpdate::parse_http_date(refused.header("date")).unwrap();
    let date = date.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    assert_eq!((limit, remaining), (3, 0));
    assert!((0..=60).contains(&(reset - date)), "{reset} - {date}");
    // One template is one bucket, whatever the id; another method is another one.
    assert_eq!(org.get(&user(0)).await.status, 200);
    assert_eq!(org.get(&user(1)).await.status, 429);
    assert_eq!(org.delete(&user(1)).await.status, 204);
    assert_eq!(org.get("/groups").await.status, 200);
}

#[tokio::test]
async fn the_concurrency_limit_says_zero_of_zero() {
    let none = RateLimits::default().concurrent(0);
    let org = Org::start(Sandbox::builder().people(3).rate_limits(none)).await;
    let refused = org.get("/users").await;
    assert_eq!(refused.code(), (429, "E0000047"));
    assert_eq!((limits(&refused).0, limits(&refused).1), (0, 0));
}

#[tokio::test]
async fn calls_that_ended_do_not_count_as_running() {
    let one = RateLimits::default().concurrent(1);
    let org = Org::start(Sandbox::builder().people(3).rate_limits(one)).await;
    for path in ["/users", "/nope", "/users/nobody", "/users"] {
        assert_ne!(org.get(path).await.status, 429, "{path}");
    }
}
