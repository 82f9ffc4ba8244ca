//! Service apps against an org that checks every claim: DPoP, short tokens, many tasks.

use std::time::Duration;

use futures::TryStreamExt;
use futures::future::{join_all, try_join_all};
use okta_client::{Algorithm, Okta, Result, User};

use crate::support::{Sink, is_alone, run_alone};
use crate::token_server::{Nonces, Rules, TokenServer, key};

const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
];

const BOUND: Rules = Rules {
    lifetime: (Duration::from_secs(3600), Duration::from_secs(3600)),
    dpop: true,
    nonces: Nonces::Every(1),
    clock_ahead: 0,
    users: 3,
    delay: Duration::ZERO,
};

async fn list(okta: &Okta, page_size: u16) -> Result<Vec<User>> {
    okta.users().list().page_size(page_size).stream().try_collect().await
}

/// So many tasks list everybody at once, each on its own: whether each saw each user once, in order.
async fn list_by(okta: &Okta, tasks: usize, page_size: u16, users: usize) {
    let task = |_| {
        let okta = okta.clone();
        tokio::spawn(async move { list(&okta, page_size).await })
    };
    for listed in try_join_all((0..tasks).map(task)).await.unwrap() {
        let listed = listed.unwrap();
        assert_eq!(listed.len(), users);
        let in_order = |(nth, user): (usize, &User)| user.id.as_str() == format!("00u{nth}");
        assert!(listed.iter().enumerate().all(in_order));
    }
}

#[tokio::test]
async fn all_six_algorithms_sign_assertions_and_proofs() {
    for (nth, algorithm) in ALGORITHMS.into_iter().enumerate() {
        let server = TokenServer::with_key(BOUND, algorithm).await;
        let (proof_key, public) = key(ALGORITHMS[5 - nth]);
        let okta = server.okta_of(server.app().dpop_key(proof_key).build());
        list(&okta, 1).await.unwrap();
        server.assert_content();
        assert_eq!(server.seen().proof_key, public, "{algorithm}: the given key, its public half");
    }
}

#[tokio::test]
async fn an_app_that_requires_dpop_works_without_a_word() {
    let server = TokenServer::start(BOUND).await;
    let okta = server.okta();
    list(&okta, 1).await.unwrap();
    server.assert_content();
    // Without a proof; without a nonce; right. Then the calls: without a nonce; right, three times.
    assert_eq!(server.counts(), (3, 4, 2));
    server.seen().revoke();
    list(&okta, 1).await.unwrap();
    server.assert_content();
    // One is refused and sent again, with a token asked for once: the newest nonce was always known.
    assert_eq!(server.counts(), (4, 8, 2));
}

#[tokio::test]
async fn dpop_true_saves_a_request_and_insists() {
    let server = TokenServer::start(BOUND).await;
    list(&server.okta_of(server.app().dpop(true).build()), 3).await.unwrap();
    server.assert_content();
    assert_eq!(server.seen().token_requests, 2);

    let lax = Rules { nonces: Nonces::None, ..BOUND };
    let server = TokenServer::start(lax).await;
    list(&server.okta_of(server.app().dpop(true).build()), 3).await.unwrap();
    server.assert_content();
    assert_eq!(server.counts(), (1, 1, 0));
}

#[tokio::test]
async fn the_apps_own_key_makes_no_proofs() {
    let server = TokenServer::start(BOUND).await;
    let app = server.app().dpop_key(server.key.clone().key_id("another")).build();
    let error = Okta::new("https://acme.okta.com", app).unwrap_err().to_string();
    assert!(error.contains("the DPoP key is the app's own key"), "{error}");
    let (first, second) = (server.okta(), server.okta());
    list(&first, 3).await.unwrap();
    let key = server.seen().proof_key.clone();
    list(&second, 3).await.unwrap();
    assert_ne!(server.seen().proof_key, key, "each client makes one of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_tasks_get_along_with_nonces_that_change_with_every_answer() {
    let lives = [Nonces::Lives(3000), Nonces::Lives(100)];
    let other = [Nonces::Every(1), Nonces::Every(7), Nonces::Single, Nonces::Once];
    for nonces in lives.into_iter().chain(other) {
        for delay in [Duration::ZERO, Duration::from_millis(2)] {
            let server = TokenServer::start(Rules { nonces, delay, ..BOUND }).await;
            list_by(&server.okta(), 50, 1, 3).await;
            server.assert_content();
            assert_eq!(server.seen().tokens_issued(), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_clients_that_use_up_each_others_nonces_get_along() {
    let server = TokenServer::start(BOUND).await;
    let clients = [server.okta(), server.okta()];
    join_all(clients.iter().map(|okta| list_by(okta, 5, 1, 3))).await;
    server.assert_content();
    assert_eq!(server.seen().tokens_issued(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_of_three_seconds_last_while_fifty_tasks_list_three_thousand_users() {
    let lifetime = (Duration::from_secs(3), Duration::from_secs(3));
    let delay = Duration::from_millis(300);
    let rules = Rules { lifetime, delay, users: 3000, ..Rules::default() };
    let server = TokenServer::start(rules).await;
    list_by(&server.okta(), 50, 200, 3000).await;
    server.assert_content();
    let seen = server.seen();
    assert!(seen.tokens_issued() >= 2, "the listing outlived a token");
    assert_eq!(seen.token_requests, seen.tokens_issued(), "one request for each token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_that_end_before_they_said_are_replaced_once_each() {
    let lifetime = (Duration::from_secs(3), Duration::from_secs(1));
    let delay = Duration::from_millis(100);
    let rules = Rules { lifetime, delay, users: 3000, ..Rules::default() };
    let server = TokenServer::start(rules).await;
    list_by(&server.okta(), 50, 100, 3000).await;
    server.assert_content();
    let seen = server.seen();
    assert!(seen.tokens_issued() >= 3, "{}", seen.tokens_issued());
    assert_eq!(seen.token_requests, seen.tokens_issued());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn short_tokens_and_rotating_nonces_together_fail_no_call() {
    for lifetime in [(3, 3), (3, 1)] {
        let lifetime = (Duration::from_secs(lifetime.0), Duration::from_secs(lifetime.1));
        let rules = Rules { lifetime, users: 3000, ..BOUND };
        let server = TokenServer::start(rules).await;
        list_by(&server.okta(), 50, 100, 3000).await;
        server.assert_content();
        let seen = server.seen();
        // The first token took a request without a proof and one without a nonce.
        assert_eq!(seen.token_requests, seen.tokens_issued() + 2);
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_set_by_the_servers() {
    for clock_ahead in [-7200, 900, 40] {
        for dpop in [false, true] {
            let rules = Rules { clock_ahead, dpop, ..Rules::default() };
            let server = TokenServer::start(rules).await;
            list(&server.okta(), 1).await.unwrap();
            server.assert_content();
            let expected = 1 + usize::from(clock_ahead != 40) + usize::from(dpop);
            assert_eq!(server.seen().token_requests, expected, "{clock_ahead}");
        }
    }
}

#[tokio::test]
async fn no_token_assertion_or_proof_is_shown() {
    if !is_alone() {
        let child = run_alone("dpop::no_token_assertion_or_proof_is_shown", &[]).await;
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        return;
    }
    let sink = Sink::of_everything();
    let server = TokenServer::start(BOUND).await;
    let (proof_key, _) = key(Algorithm::Es256);
    let app = server.app().dpop_key(proof_key);
    let okta = server.okta_of(app.clone().build());
    list(&okta, 1).await.unwrap();
    server.seen().revoke();
    let groups = okta.groups().list().stream();
    let error = groups.try_collect::<Vec<_>>().await.unwrap_err();
    let shown = format!("{}{app:?}{okta:?}{error}{error:?}", sink.text());
    assert!(shown.contains("/oauth2/v1/token"), "the subscriber was told of the calls");

    let mut secrets = Vec::new();
    for request in server.server.received_requests().await.unwrap() {
        let header = |name| request.headers.get(name).map(|value| value.to_str().unwrap());
        let authorization = header("authorization").and_then(|sent| sent.split(' ').nth(1));
        let form = url::form_urlencoded::parse(&request.body).into_owned();
        secrets.extend(form.filter(|(name, _)| name == "client_assertion").map(|(_, value)| value));
        secrets.extend([authorization, header("dpop")].into_iter().flatten().map(str::to_owned));
    }
    assert!(secrets.len() > 10);
    for secret in secrets.iter().flat_map(|secret| secret.split('.')) {
        assert!(!shown.contains(secret), "{secret} is shown in {shown}");
    }
}
