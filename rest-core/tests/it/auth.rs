//! The credential: asked for every attempt, renewed once, never taken elsewhere.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use futures::future::join_all;
use rest_core::{
    Anonymous, AuthError, Authorize, Client, HeaderKey, HeaderMap, Method, SecretString, Turn,
    reqwest,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wiremock::matchers::{header as has, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::*;

/// Numbers its tokens: each attempt gets `token-<asked>-<renewed>`.
#[derive(Debug, Default)]
struct Numbered {
    asked: AtomicU32,
    renewed: AtomicU32,
}

#[async_trait::async_trait]
impl Authorize for Numbered {
    async fn authorize(&self, request: &mut reqwest::Request) -> Result<(), AuthError> {
        let asked = self.asked.fetch_add(1, SeqCst) + 1;
        let token = format!("token-{asked}-{}", self.renewed.load(SeqCst));
        request.headers_mut().insert("x-key", token.parse().unwrap());
        Ok(())
    }

    async fn renew(&self, sent: &HeaderMap, refused: &HeaderMap, again: bool) -> bool {
        let last = format!("token-{}-", self.asked.load(SeqCst));
        assert!(sent["x-key"].to_str().unwrap().starts_with(&last), "what was refused is told");
        self.renewed.fetch_add(1, SeqCst);
        refused.contains_key("www-authenticate") && !again
    }
}

fn numbered(url: &str) -> (Arc<Numbered>, Client<Refusal>) {
    let auth = Arc::new(Numbered::default());
    let client = Client::builder(url, Arc::clone(&auth)).retry(at_once());
    (auth, client.build().unwrap())
}

fn tokens(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let tokens = requests.iter().map(|r| header(r, "x-key").unwrap());
    tokens.map(str::to_owned).collect()
}

const CHALLENGE: (&str, &str) = ("www-authenticate", "Bearer");

#[tokio::test]
async fn the_credential_is_asked_anew_for_each_attempt() {
    let server = Server::start(|nth, _| match nth {
        0 => Then::Close,
        1 => answer(503, &[], ""),
        _ => json("{}"),
    })
    .await;
    let (_, client) = numbered(&server.url);
    client.request(Method::GET, "/users", []).send().await.unwrap();
    assert_eq!(tokens(&server), ["token-1-0", "token-2-0", "token-3-0"]);
}

#[tokio::test]
async fn a_401_is_answered_with_a_new_credential_once_and_only_once() {
    let server = Server::start(|nth, _| match nth {
        0 => answer(401, &[CHALLENGE], &refusal("BAD_TOKEN")),
        _ => json("{}"),
    })
    .await;
    let (_, client) = numbered(&server.url);
    client.request(Method::POST, "/users", []).send().await.unwrap();
    assert_eq!(tokens(&server), ["token-1-0", "token-2-1"]);

    let server = Server::start(|_, _| answer(401, &[CHALLENGE], &refusal("BAD_TOKEN"))).await;
    let (auth, client) = numbered(&server.url);
    let error = client.request(Method::GET, "/users", []).send().await.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_unclear());
    assert_eq!((server.count(), error.attempts()), (2, 2));
    assert_eq!(auth.renewed.load(SeqCst), 2, "the second refusal is told, and nothing explains it");
}

#[tokio::test]
async fn a_401_in_a_foreign_shape_is_taken_to_be_about_the_credential() {
    let server = Server::start(|nth, _| match nth {
        0 => answer(401, &[CHALLENGE], "<html>"),
        _ => json("{}"),
    })
    .await;
    let (_, client) = numbered(&server.url);
    client.request(Method::GET, "/users", []).send().await.unwrap();
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_401_that_blames_something_else_renews_nothing() {
    let server = Server::start(|_, _| answer(401, &[CHALLENGE], &refusal("WRONG_PASSWORD"))).await;
    let (auth, client) = numbered(&server.url);
    let error = client.request(Method::POST, "/password", []).send().await.unwrap_err();
    assert_eq!((server.count(), auth.renewed.load(SeqCst)), (1, 0));
    assert_eq!(error.body().unwrap().code, "WRONG_PASSWORD");
}

#[tokio::test]
async fn a_credential_that_cannot_be_renewed_is_not_sent_again() {
    let server = Server::start(|_, _| answer(401, &[], &refusal("BAD_TOKEN"))).await;
    let (auth, numbered) = numbered(&server.url);
    for (client, renewals) in [(numbered, 1), (client(&server.url), 1)] {
        let before = server.count();
        let sent = client.request(Method::GET, "/users", []).send().await;
        assert!(sent.unwrap_err().is_unauthorized());
        assert_eq!(server.count(), before + 1);
        assert_eq!(auth.renewed.load(SeqCst), renewals);
    }
}

#[tokio::test]
async fn a_403_renews_nothing() {
    let server = Server::start(|_, _| answer(403, &[CHALLENGE], &refusal("BAD_TOKEN"))).await;
    let (auth, client) = numbered(&server.url);
    let error = client.request(Method::GET, "/users", []).send().await.unwrap_err();
    assert!(error.is_forbidden());
    assert_eq!(auth.renewed.load(SeqCst), 0);
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_refused_before_anything_is_sent() {
    let server = Server::start(|_, _| json("{}")).await;
    for bad in ["", "  ", "two\nlines", "nul\0"] {
        let name = rest_core::HeaderName::from_static("x-key");
        let key = HeaderKey::new(name, "Key ", &SecretString::from(bad));
        let client: Client<Refusal> = Client::builder(&server.url, key).build().unwrap();
        let error = client.request(Method::GET, "/users", []).send().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "GET /users: the key is empty or holds characters that no header may carry; copy it again"
        );
        assert_eq!((server.count(), error.attempts()), (0, 0));
    }
}

#[tokio::test]
async fn white_space_around_a_copied_key_does_not_matter() {
    let server = MockServer::start().await;
    let mock = Mock::given(method("GET")).and(path("/users")).and(has("x-key", "Key copied"));
    mock.respond_with(ResponseTemplate::new(204)).expect(1).mount(&server).await;
    let name = rest_core::HeaderName::from_static("x-key");
    let key = HeaderKey::new(name, "Key ", &SecretString::from(" copied\n"));
    let client: Client<Refusal> = Client::builder(server.uri(), key).build().unwrap();
    client.request(Method::GET, "/users", []).send().await.unwrap();
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = MockServer::start().await;
    for status in [301, 302, 303, 307, 308] {
        let server = MockServer::start().await;
        let to = format!("{}/users", elsewhere.uri());
        let redirect = ResponseTemplate::new(status).insert_header("location", to);
        Mock::given(method("GET")).respond_with(redirect).expect(1).mount(&server).await;
        let get = client(&server.uri()).request(Method::GET, "/users", []);
        let error = get.send().await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(error.attempts(), 1);
    }
    let reached = elsewhere.received_requests().await.unwrap();
    assert!(reached.is_empty(), "the key must not travel: {reached:?}");
}

#[tokio::test]
async fn without_a_credential_none_is_sent() {
    let server = Server::start(|_, _| json("{}")).await;
    let client: Client<Refusal> = Client::builder(&server.url, Anonymous).build().unwrap();
    client.request(Method::GET, "/.well-known/keys", []).send().await.unwrap();
    let sent = server.requests().pop().unwrap();
    assert_eq!((header(&sent, "x-key"), header(&sent, "authorization")), (None, None));
}

/// Sends what the last answer's `x-nonce` was, one attempt at a time.
#[derive(Debug)]
struct Echo {
    newest: Mutex<String>,
    lane: Arc<Semaphore>,
    renewed: AtomicU32,
}

#[async_trait::async_trait]
impl Authorize for Echo {
    async fn authorize(&self, request: &mut reqwest::Request) -> Result<(), AuthError> {
        let nonce = self.newest.lock().unwrap().clone();
        request.headers_mut().insert("x-key", nonce.parse().unwrap());
        Ok(())
    }

    async fn turn(&self, last: Turn) -> Turn {
        if let Some(kept) = last.into_held::<OwnedSemaphorePermit>() {
            return Turn::held(kept);
        }
        Turn::held(Arc::clone(&self.lane).acquire_owned().await.unwrap())
    }

    fn answered(&self, sent: &HeaderMap, answer: &HeaderMap) {
        assert_eq!(sent["x-key"].to_str().unwrap(), *self.newest.lock().unwrap(), "its turn lasts");
        *self.newest.lock().unwrap() = answer["x-nonce"].to_str().unwrap().to_owned();
    }

    fn proves_again(&self, sent: &HeaderMap, refused: &HeaderMap, asked: bool) -> bool {
        asked && sent["x-key"] != refused["x-nonce"]
    }

    async fn renew(&self, _: &HeaderMap, _: &HeaderMap, _: bool) -> bool {
        self.renewed.fetch_add(1, SeqCst);
        true
    }
}

fn echo(url: &str) -> (Arc<Echo>, Client<Refusal>) {
    let auth = Arc::new(Echo {
        newest: Mutex::new("none".into()),
        lane: Arc::new(Semaphore::new(1)),
        renewed: AtomicU32::new(0),
    });
    let client = Client::builder(url, Arc::clone(&auth)).retry(at_once().max_attempts(1));
    (auth, client.build().unwrap())
}

fn saying(status: u16, code: &str, nonce: &str) -> Then {
    match status {
        200 => answer(200, &[("x-nonce", nonce)], "{}"),
        _ => answer(status, &[("x-nonce", nonce)], &refusal(code)),
    }
}

#[tokio::test]
async fn another_proof_uses_up_neither_the_renewal_nor_the_attempts() {
    let server = Server::start(|nth, _| match nth {
        0 => saying(401, "PROVE_IT", "a"),
        1 => saying(400, "PROVE_IT", "b"),
        2 => saying(401, "BAD_TOKEN", "c"),
        3 => saying(401, "PROVE_IT", "d"),
        _ => saying(200, "", "e"),
    })
    .await;
    let (auth, client) = echo(&server.url);
    client.request(Method::POST, "/users", []).send().await.unwrap();
    assert_eq!(tokens(&server), ["none", "a", "b", "c", "d"]);
    assert_eq!(auth.renewed.load(SeqCst), 1);
    assert_eq!(*auth.newest.lock().unwrap(), "e", "told of a success too");
}

#[tokio::test]
async fn a_proof_that_is_never_good_enough_is_an_error() {
    let server = Server::start(|nth, _| saying(401, "PROVE_IT", &format!("n{nth}"))).await;
    let (auth, client) = echo(&server.url);
    let error = client.request(Method::GET, "/users", []).send().await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert_eq!((error.attempts(), auth.renewed.load(SeqCst)), (31, 0));

    let server = Server::start(|_, _| saying(401, "PROVE_IT", "none")).await;
    let (_, client) = echo(&server.url);
    client.request(Method::GET, "/users", []).send().await.unwrap_err();
    assert_eq!(server.count(), 1, "it would prove the same again");

    let (_, plain) = numbered(&server.url);
    plain.request(Method::GET, "/users", []).send().await.unwrap_err();
    assert_eq!(
        server.count(),
        2,
        "this credential proves nothing, and a new one was not asked for"
    );
}

#[tokio::test]
async fn attempts_wait_for_their_turn_and_give_it_back() {
    let server = Server::start(|nth, _| match nth % 3 {
        0 => saying(401, "PROVE_IT", &format!("n{nth}")),
        _ => saying(200, "", &format!("n{nth}")),
    })
    .await;
    let (_, client) = echo(&server.url);
    let calls = (0..10).map(|_| async { client.request(Method::GET, "/users", []).send().await });
    for sent in join_all(calls).await {
        sent.unwrap();
    }

    let (auth, client) = echo("http://127.0.0.1:1");
    let lost = client.request(Method::GET, "/users", []).send().await;
    assert!(lost.unwrap_err().is_connect());
    assert_eq!(auth.lane.available_permits(), 1, "nothing is held after a failure");
}
