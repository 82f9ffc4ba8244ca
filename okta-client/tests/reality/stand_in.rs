//! A program of somebody else's, for the length of a test.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, Once, PoisonError, mpsc};
use std::time::Duration;

const TRIES: usize = 3;
// An installation reads a package registry.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// Ends with the value.
pub(crate) struct StandIn {
    pub(crate) url: String,
    child: Child,
}

impl StandIn {
    /// Installs and starts it; `None`, and a line that says so, where that cannot be done.
    pub(crate) fn start(name: &str) -> Option<Self> {
        // Tests share the installations.
        static STARTING: Mutex<()> = Mutex::new(());
        let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let script = shared()?.join(format!("start-{name}.sh"));
        if !has_node() {
            say(&format!("skipped: {name}: no node and npm here"));
            return None;
        }
        let folder = tools();
        std::fs::create_dir_all(&folder).unwrap();
        let log = folder.join(format!("{name}.stderr"));
        let started = (0..TRIES).find_map(|_| try_start(&script, &folder, &log));
        if started.is_none() {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            assert!(!is_installed(&folder, name), "{name} does not start:\n{said}");
            say(&format!("skipped: {name} could not be installed"));
        }
        started
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // The script ends its program when it is told to end; std can only kill outright.
        let group = format!("-{}", self.child.id());
        let told = Command::new("kill").args(["-TERM", "--", &group]).status();
        if !told.is_ok_and(|status| status.success()) {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}

fn try_start(script: &Path, folder: &Path, log: &Path) -> Option<StandIn> {
    let child = Command::new("bash")
        .arg(script)
        .arg(free_port().to_string())
        .env("OKTA_TOOLS_DIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(log).unwrap())
        .process_group(0)
        .spawn()
        .ok()?;
    let mut stand_in = StandIn { url: String::new(), child };
    let ready = first_line(&mut stand_in.child)?;
    let mut words = ready.split_whitespace();
    stand_in.url = words.find(|word| word.starts_with("http://"))?.to_owned();
    Some(stand_in)
}

/// The line that says that it is ready; `None` when it ends first, or takes too long.
fn first_line(child: &mut Child) -> Option<String> {
    let output = child.stdout.take()?;
    let (send, line) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        send.send(read.is_ok_and(|bytes| bytes > 0).then_some(line)).ok();
    });
    line.recv_timeout(READY_WITHIN).ok().flatten()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn has_node() -> bool {
    let answers = |program| {
        let asked = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    answers("node") && answers("npm")
}

/// What is known of Okta beside the repository, if anything is.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/okta");
    if !folder.is_dir() {
        static SAID: Once = Once::new();
        SAID.call_once(|| say("skipped: no ../shared/okta beside the repository"));
        return None;
    }
    Some(folder)
}

fn tools() -> PathBuf {
    let below_target = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("okta-tools");
    let named = std::env::var_os("OKTA_TOOLS_DIR").filter(|name| !name.is_empty());
    named.map_or_else(below_target, PathBuf::from)
}

/// What npm has put there when it has come to the end of an installation.
const PROGRAMS: [(&str, &str); 2] =
    [("prism", "node_modules/.bin/prism"), ("emulator", "node_modules/emulate/dist/index.js")];

fn is_installed(folder: &Path, name: &str) -> bool {
    let mut programs = PROGRAMS.iter().filter(|(of, _)| *of == name);
    let (_, program) = programs.next().unwrap();
    let mut folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    folders.any(|entry| entry.path().join(program).exists())
}

/// libtest captures `println!`; what was not tested has to be seen.
pub(crate) fn say(text: &str) {
    // In one piece: other tests write there too.
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}
