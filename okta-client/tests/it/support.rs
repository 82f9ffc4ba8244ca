//! An org for the tests: it answers as told, and tells what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use okta_client::{ApiToken, Okta, OktaBuilder, RetryPolicy};
use sandbox::{Sandbox, SandboxBuilder};
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

pub(crate) const TOKEN: &str = "00-t0ken-of-the-tests";

/// Settings under which no test waits: what may be repeated is repeated at once.
pub(crate) fn builder(url: &str) -> OktaBuilder {
    let at_once = RetryPolicy::default().min_delay(Duration::ZERO).max_delay(Duration::ZERO);
    Okta::builder(url, ApiToken::new(TOKEN)).retry(at_once)
}

/// An org that gives every request the same answer.
pub(crate) struct Org {
    pub(crate) okta: Okta,
    pub(crate) server: MockServer,
}

impl Org {
    pub(crate) async fn with(answer: impl Respond + 'static) -> Self {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        Self { okta: builder(&server.uri()).build().unwrap(), server }
    }

    pub(crate) async fn answers(body: Value) -> Self {
        Self::with(ResponseTemplate::new(200).set_body_json(body)).await
    }

    pub(crate) async fn refuses(status: u16, code: &str) -> Self {
        Self::with(refusal(status, code)).await
    }

    pub(crate) async fn says_nothing() -> Self {
        Self::with(ResponseTemplate::new(204)).await
    }

    pub(crate) async fn requests(&self) -> Vec<wiremock::Request> {
        self.server.received_requests().await.unwrap()
    }

    /// Exactly one request came: this one, with this query and this body (null: none).
    pub(crate) async fn saw(
        &self,
        line: &str,
        query: &[(&str, &str)],
        body: Value,
    ) -> wiremock::Request {
        let mut requests = self.requests().await;
        assert_eq!(requests.len(), 1, "{requests:?}");
        let request = requests.remove(0);
        assert_eq!(format!("{} {}", request.method, request.url.path()), line);
        let mut pairs: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        let wanted = query.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let mut wanted: Vec<_> = wanted.collect();
        pairs.sort();
        wanted.sort();
        assert_eq!(pairs, wanted, "{line}");
        let sent = match request.body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&request.body).unwrap(),
        };
        assert_eq!(sent, body, "{line}");
        assert_eq!(header(&request, "authorization"), Some(format!("SSWS {TOKEN}")));
        request
    }
}

pub(crate) fn header(request: &wiremock::Request, name: &str) -> Option<String> {
    request.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

pub(crate) fn refusal(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({"errorCode": code, "errorSummary": "said no", "errorLink": code,
        "errorId": "oae1", "errorCauses": []});
    ResponseTemplate::new(status).set_body_json(body)
}

pub(crate) fn user() -> Value {
    json!({
        "id": "00u1", "status": "ACTIVE", "created": "2026-01-02T03:04:05.000Z",
        "activated": "2026-01-02T03:04:05.000Z", "statusChanged": null, "lastLogin": null,
        "lastUpdated": "2026-01-02T03:04:05.000Z", "passwordChanged": null,
        "type": {"id": "oty1"},
        "profile": {"login": "ada@acme.example", "email": "ada@acme.example", "firstName": "Ada",
            "lastName": "Lovelace", "mobilePhone": null, "secondEmail": null, "badge": 7,
            "skills": ["maths", "poetry"], "ratio": 1.25},
        "credentials": {"password": {}, "provider": {"type": "OKTA", "name": "OKTA"}},
        "_links": {"self": {"href": "https://acme.okta.com/api/v1/users/00u1"}}
    })
}

pub(crate) fn group() -> Value {
    json!({
        "id": "00g1", "created": "2026-01-02T03:04:05.000Z",
        "lastUpdated": "2026-01-02T03:04:05.000Z",
        "lastMembershipUpdated": "2026-01-02T03:04:05.000Z", "objectClass": ["okta:user_group"],
        "type": "OKTA_GROUP", "profile": {"name": "Engineering", "description": null, "floor": 3},
        "_links": {"logo": [{"name": "medium", "href": "https://x.example/a.png", "type": "image/png"}]}
    })
}

/// A sandbox, and a client of its org.
pub(crate) async fn sandbox(builder_of: SandboxBuilder) -> (Sandbox, Okta) {
    let sandbox = builder_of.start().await.unwrap();
    let at_once = RetryPolicy::default().min_delay(Duration::ZERO).max_delay(Duration::ZERO);
    let okta = Okta::builder(sandbox.okta_url(), ApiToken::new(sandbox.okta_token()))
        .retry(at_once.max_attempts(20))
        .build()
        .unwrap();
    (sandbox, okta)
}

/// A server that keeps every request's first line to the letter, where a URL type would tidy it up.
pub(crate) struct Wire {
    pub(crate) url: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Wire {
    /// Answers every request with this JSON.
    pub(crate) fn answering(body: Value) -> Self {
        Self::start(Some(body.to_string()))
    }

    /// Reads requests and never answers.
    pub(crate) fn silent() -> Self {
        Self::start(None)
    }

    fn start(body: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        std::thread::spawn(move || {
            let mut kept_open = Vec::new();
            for stream in listener.incoming().flatten() {
                let line = read_request(&stream);
                seen.lock().unwrap().push(line);
                match &body {
                    Some(body) => answer(stream, body),
                    None => kept_open.push(stream),
                }
            }
        });
        Self { url, lines }
    }

    /// Method and target of each request.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

fn read_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    first.trim_end().trim_end_matches(" HTTP/1.1").to_owned()
}

fn answer(mut stream: TcpStream, body: &str) {
    let length = body.len();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    // A client that has left does not want the answer.
    let _ = stream.write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes());
}

const ALONE: &str = "OKTA_CLIENT_TEST_RUNS_ALONE";

/// Whether this process is one that `run_alone` started.
pub(crate) fn is_alone() -> bool {
    std::env::var(ALONE).is_ok()
}

/// Runs one test in a process of its own, with these environment variables and no others of Okta's:
/// they, and what is logged to, belong to a process.
pub(crate) async fn run_alone(test: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OKTA_CLIENT_")) {
        command.env_remove(name);
    }
    command.env(ALONE, "1").envs(variables.iter().copied());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// What the log of this process said.
#[derive(Clone, Default)]
pub(crate) struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Sink {
    /// Takes all that this process logs from now on; for tests that run alone.
    pub(crate) fn of_everything() -> Self {
        let sink = Self::default();
        let writer = sink.clone();
        let all = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
        all.with_writer(move || writer.clone()).init();
        sink
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
