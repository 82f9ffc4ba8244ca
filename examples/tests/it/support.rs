//! Runs a program, and the systems it talks to.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use sandbox::{Sandbox, SandboxBuilder};
use serde_json::Value;
use tokio::runtime::Runtime;

const LONGEST_RUN: Duration = Duration::from_secs(300);
const LONGEST_START: Duration = Duration::from_secs(60);

/// The program with its options and its environment, which is empty otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    name: &'static str,
    input: Option<String>,
    open: bool,
    args: Vec<String>,
    env: Vec<(String, String)>,
    folder: Option<PathBuf>,
    longest: Duration,
}

/// The program on a sandbox of its own.
pub(crate) fn program() -> Program {
    program_named("pendo_visitor_sync")
}

/// Another program, on a sandbox of its own.
pub(crate) fn program_named(name: &'static str) -> Program {
    Program {
        name,
        input: None,
        open: false,
        args: Vec::new(),
        env: Vec::new(),
        folder: None,
        longest: LONGEST_RUN,
    }
}

impl Program {
    /// Options, separated by blanks.
    pub(crate) fn args(self, args: &str) -> Self {
        args.split_whitespace().fold(self, Self::arg)
    }

    pub(crate) fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// What it reads from standard input.
    pub(crate) fn input(self, text: impl Into<String>) -> Self {
        Self { input: Some(text.into()), ..self }
    }

    /// The same, and more may come.
    pub(crate) fn held_open(self, text: impl Into<String>) -> Self {
        Self { open: true, ..self.input(text) }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What its relative paths begin at.
    pub(crate) fn within(self, folder: &Folder) -> Self {
        Self { folder: Some(folder.file("")), ..self }
    }

    pub(crate) fn without_env(mut self, prefix: &str) -> Self {
        self.env.retain(|(name, _)| !name.starts_with(prefix));
        self
    }

    pub(crate) fn longest(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    pub(crate) fn run(&self) -> Finished {
        self.run_watched(|_| ())
    }

    /// Runs to the end; `watch` is called with the process id several times a second.
    pub(crate) fn run_watched(&self, mut watch: impl FnMut(u32)) -> Finished {
        let started = Instant::now();
        let mut child = Killed(self.spawn());
        let out = read_all(child.0.stdout.take().unwrap());
        let err = read_all(child.0.stderr.take().unwrap());
        let mut text = |from: &Receiver<String>| loop {
            match from.recv_timeout(Duration::from_millis(100)) {
                Ok(text) => return text,
                Err(RecvTimeoutError::Disconnected) => panic!("output that is not text"),
                Err(RecvTimeoutError::Timeout) => watch(child.0.id()),
            }
            assert!(started.elapsed() < self.longest, "{self:?} does not end");
        };
        let (out, err) = (text(&out), text(&err));
        // Both ends of its output are closed, so it has ended or is about to.
        let code = child.0.wait().unwrap().code();
        let finished = Finished { code, out, err };
        for (name, secret) in &self.env {
            let is_secret = name.ends_with("TOKEN") || name.ends_with("KEY");
            let shows = is_secret && !secret.trim().is_empty() && finished.shows(secret);
            assert!(!shows, "{name} shows: {finished}");
        }
        finished
    }

    /// Starts it and reads what it prints as it comes.
    pub(crate) fn start(&self) -> Running {
        Running::new(self.spawn())
    }

    pub(crate) fn spawn(&self) -> Child {
        let path = built(&format!("examples/{}", self.name));
        let mut command = Command::new(path);
        command.args(&self.args).env_clear().envs(self.env.iter().cloned());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Some(input) = self.input.clone() else { return command.spawn().unwrap() };
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // It may end without having read everything.
        let open = self.open;
        std::thread::spawn(move || {
            let _ = stdin.write_all(input.as_bytes());
            if open {
                // The process that reads it ends, and with it the test: nobody ends this side before.
                std::mem::forget(stdin);
            }
        });
        child
    }
}

/// A file of the build that this test belongs to.
pub(crate) fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is not built; `cargo test -p examples` builds it", path.display());
    path
}

/// A process that ends with its owner.
#[derive(Debug)]
pub(crate) struct Killed(pub(crate) Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read_all(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        if from.read_to_string(&mut text).is_ok() {
            let _ = send.send(text);
        }
    });
    receive
}

fn lines_of(from: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(from).lines().map_while(Result::ok);
        lines.map(|line| send.send(line)).find(Result::is_err)
    });
    receive
}

/// A program that goes on; it ends with its owner.
#[derive(Debug)]
pub(crate) struct Running {
    process: Killed,
    lines: Receiver<String>,
    out: Vec<String>,
    warnings: Receiver<String>,
    err: Vec<String>,
}

impl Running {
    fn new(mut child: Child) -> Self {
        let lines = lines_of(child.stdout.take().unwrap());
        let warnings = lines_of(child.stderr.take().unwrap());
        Self { process: Killed(child), lines, out: Vec::new(), warnings, err: Vec::new() }
    }

    /// The next line on standard error that has this.
    #[track_caller]
    pub(crate) fn warns(&mut self, part: &str) {
        loop {
            let Ok(line) = self.warnings.recv_timeout(LONGEST_START) else {
                panic!("it does not warn `{part}`: {:#?} {:#?}", self.err, self.out)
            };
            let found = line.contains(part);
            self.err.push(line);
            if found {
                return;
            }
        }
    }

    /// The next line that begins like this.
    #[track_caller]
    pub(crate) fn says(&mut self, start: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(LONGEST_START) else {
                panic!("it does not say `{start}`: {:#?}", self.out)
            };
            self.out.push(line.clone());
            if line.starts_with(start) {
                return line;
            }
        }
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.0.try_wait().unwrap().is_none()
    }

    /// Waits for what the program does.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, mut is_so: impl FnMut() -> bool) {
        let started = Instant::now();
        while !is_so() {
            assert!(self.is_alive(), "it ended before {what}");
            assert!(started.elapsed() < LONGEST_RUN, "it never comes that {what}");
            std::thread::yield_now();
        }
    }

    /// As ctrl-C or SIGTERM do.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.0.id().to_string();
        let told = Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap();
        assert!(told.success());
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Finished {
        while let Ok(line) = self.lines.recv_timeout(LONGEST_RUN) {
            self.out.push(line);
        }
        while let Ok(line) = self.warnings.recv_timeout(LONGEST_RUN) {
            self.err.push(line);
        }
        let code = self.process.0.wait().unwrap().code();
        let text = |lines: Vec<String>| lines.iter().map(|line| format!("{line}\n")).collect();
        Finished { code, out: text(self.out), err: text(self.err) }
    }
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {:?}\n{}\n--- standard error\n{}", self.code, self.out, self.err)
    }
}

impl Finished {
    fn shows(&self, text: &str) -> bool {
        self.out.contains(text) || self.err.contains(text)
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, line: &str) -> Self {
        assert!(self.out.contains(line), "no `{line}` in {self}");
        self
    }

    #[track_caller]
    pub(crate) fn never_says(self, line: &str) -> Self {
        assert!(!self.out.contains(line), "`{line}` in {self}");
        self
    }

    /// The one line on standard error, but for progress.
    #[track_caller]
    pub(crate) fn complaint(&self) -> &str {
        let is_aside = |l: &&str| l.ends_with(" people done") || l.starts_with("stopping: ");
        let lines: Vec<_> = self.err.lines().filter(|l| !is_aside(l)).collect();
        assert_eq!(lines.len(), 1, "one line on standard error, in {self}");
        lines[0]
    }

    /// Wrong use or settings: exit code 2 and one line with all of these in it.
    #[track_caller]
    pub(crate) fn refused(self, advice: &[&str]) -> Self {
        let finished = self.exits(2);
        let line = finished.complaint();
        for part in advice {
            assert!(line.contains(part), "no `{part}` in `{line}`");
        }
        finished
    }
}

/// A sandbox in this process, so that a test can look into it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) sandbox: Sandbox,
    runtime: Runtime,
}

impl Held {
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn start(build: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> Self {
        let runtime = Runtime::new().unwrap();
        let sandbox = runtime.block_on(build(Sandbox::builder()).start()).unwrap();
        Self { sandbox, runtime }
    }

    pub(crate) fn people(count: u64) -> Self {
        Self::start(|sandbox| sandbox.people(count))
    }

    /// The program against this sandbox.
    pub(crate) fn program(&self) -> Program {
        program()
            .env("OKTA_CLIENT_ORGURL", self.sandbox.okta_url())
            .env("OKTA_CLIENT_TOKEN", self.sandbox.okta_token())
            .env("PENDO_BASE_URL", self.sandbox.pendo_url())
            .env("PENDO_INTEGRATION_KEY", self.sandbox.pendo_key())
    }

    /// The custom metadata of a visitor, names in lower case; null if there is none.
    pub(crate) fn custom(&self, id: &str) -> Value {
        self.sandbox.pendo().visitor(id).map(|groups| groups["custom"].clone()).unwrap_or_default()
    }

    /// The seeded people's addresses that Pendo does not know from the start.
    pub(crate) fn unknown(&self) -> Vec<String> {
        let people = self.sandbox.people();
        let all = (0..people.count()).map(|index| people.email(index));
        all.filter(|email| self.sandbox.pendo().visitor(email).is_none()).collect()
    }

    #[track_caller]
    pub(crate) fn assert_untouched(&self) {
        let pendo = self.sandbox.pendo();
        assert_eq!(pendo.stats().calls, 0, "something was pushed");
        assert_eq!(pendo.schema("visitor").unwrap().get("custom"), None, "fields were made");
    }
}

/// The servers that share no code with the workspace.
#[derive(Debug)]
pub(crate) struct Foreign {
    _process: Killed,
    pub(crate) url: String,
}

impl Foreign {
    /// Starts it; `None`, after a line that says so, where it or Python is not there.
    pub(crate) fn start(args: &str) -> Option<Self> {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/servers/okta_pendo.py");
        let path = std::env::var("OKTA_PENDO_SERVER").unwrap_or_else(|_| own.to_owned());
        if !Path::new(&path).exists() {
            skipped(&format!("no {path}; OKTA_PENDO_SERVER names another place"));
            return None;
        }
        let mut command = Command::new("python3");
        command.arg(path).args(args.split_whitespace());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = match command.spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                skipped("no python3");
                return None;
            }
            started => Killed(started.unwrap()),
        };
        let ready = first_line(&mut process, "ready ");
        Some(Self { _process: process, url: ready })
    }

    /// The program against this server.
    pub(crate) fn program(&self) -> Program {
        program()
            .env("OKTA_CLIENT_ORGURL", &self.url)
            .env("OKTA_CLIENT_TOKEN", "okta-token")
            .env("PENDO_BASE_URL", &self.url)
            .env("PENDO_INTEGRATION_KEY", "pendo-key")
    }

    /// What the server counted.
    pub(crate) fn report(&self) -> Value {
        let mut connection = TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        connection.set_read_timeout(Some(LONGEST_START)).unwrap();
        let request = "GET /__report HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n";
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// Everybody is there, nobody else is, and every expected value is right.
    #[track_caller]
    pub(crate) fn assert_all_arrived(&self, people: u64) -> Value {
        let report = self.report();
        for nothing in ["missing", "foreign", "wrong_values", "absent_values"] {
            assert_eq!(report[nothing], 0, "{nothing}: {report:#}");
        }
        assert_eq!(report["people"], people, "{report:#}");
        assert_eq!(report["visitors"], people, "{report:#}");
        report
    }
}

/// What follows `start` in the first line of its output that starts like this.
pub(crate) fn first_line(process: &mut Killed, start: &'static str) -> String {
    lines_until(process, start).pop().unwrap()[start.len()..].to_owned()
}

/// Its output up to the first line that starts like this.
pub(crate) fn lines_until(process: &mut Killed, start: &'static str) -> Vec<String> {
    let out = BufReader::new(process.0.stdout.take().unwrap());
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut lines = Vec::new();
        for line in out.lines().map_while(Result::ok) {
            lines.push(line);
            if lines.last().is_some_and(|line| line.starts_with(start)) {
                let _ = send.send(lines);
                return;
            }
        }
    });
    receive.recv_timeout(LONGEST_START).unwrap_or_else(|_| panic!("it does not say `{start}`"))
}

/// One line that is seen although the test passes, however many tests are skipped for this reason.
pub(crate) fn skipped(why: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if SAID.lock().unwrap().insert(why.to_owned()) {
        // In one piece, so that lines of tests that run at once do not mix.
        let _ = std::io::stderr().write_all(format!("skipped: {why}\n").as_bytes());
    }
}

/// Runs the work for each item, a few at once.
pub(crate) fn a_few_at_once<T: Send>(items: impl IntoIterator<Item = T>, work: impl Fn(T) + Sync) {
    const AT_ONCE: usize = 5;
    let items: Vec<T> = items.into_iter().collect();
    let waiting = Mutex::new(items.into_iter());
    let next = || waiting.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(item) = next() {
                    work(item);
                }
            });
        }
    });
}

/// A new folder that goes away with its owner.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("visitor-sync-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A report file, read.
#[track_caller]
pub(crate) fn report_at(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The ids of a report's undelivered records with this outcome, sorted.
pub(crate) fn undelivered(report: &Value, outcome: &str) -> Vec<String> {
    let all = report["not_delivered"].as_array().unwrap().iter();
    let mut ids: Vec<_> = all
        .filter(|entry| entry["outcome"] == outcome)
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

/// A loopback address at which nobody listens.
pub(crate) fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
