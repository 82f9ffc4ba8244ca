//! A vendor for the tests: its error shape, a server that answers byte by byte as told, a clock that
//! skips announced waits, and a capture of all that is logged.

use std::fmt;
use std::future::Future;
use std::io::Write;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use rest_core::{
    Client, ClientBuilder, ErrorBody, HeaderKey, HeaderMap, RetryPolicy, SecretString, StatusCode,
};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const KEY: &str = "k3y-of-the-vault";

/// What this vendor says when it refuses.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    summary: String,
    #[serde(default)]
    later: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.summary)
    }
}

impl ErrorBody for Refusal {
    const RETRY_HEADERS: Option<(&'static str, &'static str)> =
        Some(("x-retry-for", "x-retry-count"));

    fn decode(_: StatusCode, _: &HeaderMap, body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    fn is_refused_for_now(&self, _: StatusCode) -> bool {
        self.later
    }

    fn blames_credential(&self) -> bool {
        self.code == "BAD_TOKEN"
    }

    fn asks_for_proof(&self) -> bool {
        self.code == "PROVE_IT"
    }
}

pub(crate) type Error = rest_core::Error<Refusal>;

pub(crate) fn refusal(code: &str) -> String {
    format!(r#"{{"code":"{code}","summary":"said no"}}"#)
}

pub(crate) fn key() -> HeaderKey {
    let name = rest_core::HeaderName::from_static("x-key");
    HeaderKey::new(name, "Key ", &SecretString::from(KEY))
}

pub(crate) fn at_once() -> RetryPolicy {
    RetryPolicy::default().min_delay(Duration::ZERO).max_delay(Duration::ZERO)
}

pub(crate) fn builder(url: &str) -> ClientBuilder<Refusal> {
    Client::builder(url, key()).retry(at_once())
}

pub(crate) fn client(url: &str) -> Client<Refusal> {
    builder(url).build().unwrap()
}

/// What the server does with a request it has read.
pub(crate) enum Then {
    /// Writes these bytes and closes.
    Say(Vec<u8>),
    /// Writes them when everything else that could happen has happened.
    Late(Box<Then>),
    /// Closes without a byte.
    Close,
    /// Keeps the connection and never answers.
    Silence,
}

pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Then {
    announced(status, headers, body, body.len())
}

pub(crate) fn json(body: &str) -> Then {
    answer(200, &[], body)
}

/// An answer that announces `length` bytes of body, whatever it then sends.
pub(crate) fn announced(status: u16, headers: &[(&str, &str)], body: &str, length: usize) -> Then {
    let mut text = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    Then::Say(format!("{text}connection: close\r\n\r\n{body}").into_bytes())
}

type Script = Box<dyn FnMut(usize, &str) -> Then + Send>;

/// A server on loopback that reads one request a connection, in full, and asks its script what to do.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) port: u16,
    state: Arc<State>,
    accepting: tokio::task::JoinHandle<()>,
}

struct State {
    script: Mutex<Script>,
    requests: Mutex<Vec<String>>,
    silences: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Server {
    /// `script` gets the number of the request, from 0, and its bytes.
    pub(crate) async fn start(script: impl FnMut(usize, &str) -> Then + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            script: Mutex::new(Box::new(script)),
            requests: Mutex::default(),
            silences: AtomicUsize::default(),
            open: AtomicUsize::default(),
            most_open: AtomicUsize::default(),
        });
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        let url = format!("http://127.0.0.1:{port}");
        Self { url, port, state, accepting }
    }

    /// From here on nobody listens.
    pub(crate) async fn stop(self) {
        self.accepting.abort();
        let _ = self.accepting.await;
    }

    /// All requests as they came, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.requests().len()
    }

    fn silences(&self) -> usize {
        self.state.silences.load(SeqCst)
    }

    /// The most requests that were open at once since this was last asked.
    pub(crate) fn most_open(&self) -> usize {
        self.state.most_open.swap(0, SeqCst)
    }
}

/// A port where nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    let open = state.open.fetch_add(1, SeqCst) + 1;
    state.most_open.fetch_max(open, SeqCst);
    let then = {
        let mut requests = state.requests.lock().unwrap();
        requests.push(request.clone());
        (state.script.lock().unwrap())(requests.len() - 1, &request)
    };
    act(stream, then, &state).await;
}

async fn act(mut stream: TcpStream, then: Then, state: &State) {
    let then = match then {
        Then::Late(then) => {
            all_else().await;
            *then
        }
        then => then,
    };
    state.open.fetch_sub(1, SeqCst);
    match then {
        Then::Say(bytes) => {
            // The client may have left: that is its right.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Then::Silence => {
            state.silences.fetch_add(1, SeqCst);
            let _ = stream.read(&mut [0; 1]).await;
        }
        Then::Close | Then::Late(_) => {}
    }
}

/// Lets every other task of this thread go as far as it can.
pub(crate) async fn all_else() {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= header(head, "content-length").map_or(0, |n| n.parse().unwrap())
        {
            return Some(text.into_owned());
        }
    }
}

/// A header of a raw request.
pub(crate) fn header<'r>(request: &'r str, name: &str) -> Option<&'r str> {
    let head = request.split("\r\n\r\n").next()?;
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = lines.filter(|(n, _)| n.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim())
}

/// Path and query of a raw request.
pub(crate) fn target(request: &str) -> &str {
    request.split(' ').nth(1).unwrap()
}

/// One value of a raw request's query.
pub(crate) fn parameter<'r>(request: &'r str, name: &str) -> Option<&'r str> {
    let (_, query) = target(request).split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(n, _)| *n == name).map(|(_, value)| value).next()
}

/// Runs `call` with a stopped clock: each wait it announces is noted and skipped, and for every
/// request that the server leaves unanswered `patience` passes.
///
/// The loop is never idle, so the runtime does not move the clock itself and no time-out fires while
/// bytes are on their way.
pub(crate) async fn skip_waits<F: Future>(
    server: &Server,
    patience: Duration,
    call: F,
) -> (F::Output, Vec<Duration>) {
    skip_logged_waits(&Log::capture(), server, patience, call).await
}

/// As [`skip_waits`], for a test that reads the log as well.
pub(crate) async fn skip_logged_waits<F: Future>(
    log: &Log,
    server: &Server,
    patience: Duration,
    call: F,
) -> (F::Output, Vec<Duration>) {
    tokio::time::pause();
    let mut call = pin!(call);
    let earlier = log.waits().len();
    let (mut waits, mut silences) = (log.waits(), server.silences());
    loop {
        if let Poll::Ready(output) = futures::poll!(&mut call) {
            tokio::time::resume();
            return (output, waits.split_off(earlier));
        }
        let announced = log.waits();
        for &wait in &announced[waits.len()..] {
            tokio::time::advance(wait + Duration::from_millis(5)).await;
        }
        waits = announced;
        if server.silences() > silences {
            silences += 1;
            tokio::time::advance(patience).await;
        }
        tokio::task::yield_now().await;
    }
}

/// Everything this thread logs, at the finest level, while this value lives.
pub(crate) struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

#[derive(Clone)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(crate) fn capture() -> Self {
        let text = Arc::new(Mutex::default());
        let sink = Sink(Arc::clone(&text));
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_ansi(false)
            .without_time()
            .with_writer(move || sink.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        Self { text, _guard }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }

    fn waits(&self) -> Vec<Duration> {
        let text = self.text();
        let announced = text.split("delay_ms=").skip(1);
        let digits = announced.map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
        digits.map(|ms| Duration::from_millis(ms.unwrap().parse().unwrap())).collect()
    }
}
