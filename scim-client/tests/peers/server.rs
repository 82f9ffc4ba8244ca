//! A server of somebody else's, for the length of a test.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, Once, PoisonError, mpsc};
use std::time::Duration;

pub(crate) const TOKEN: &str = "peer-test-token";
const TRIES: usize = 3;
// An installation reads a package registry.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// Ends with the value.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) base_url: String,
    child: Child,
}

impl Server {
    /// Installs and starts it; `None`, and a line that says so, where that cannot be done.
    pub(crate) fn start(name: &'static str, env: &[(&str, &str)]) -> Option<Self> {
        // Two tests share an installation.
        static STARTING: Mutex<()> = Mutex::new(());
        let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let script = scripts()?.join(format!("start-{name}.sh"));
        let folder = folder();
        std::fs::create_dir_all(&folder).unwrap();
        let log = folder.join(format!("{name}.stderr"));
        let started = (0..TRIES).find_map(|_| try_start(name, &script, &folder, &log, env));
        if started.is_none() {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            assert!(!is_installed(&folder.join(name)), "{name} does not start:\n{said}");
            say(&format!("skipped: {name} could not be installed"));
        }
        started
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The script ends its server when it is told to end; std can only kill outright.
        let group = format!("-{}", self.child.id());
        let told = Command::new("kill").args(["-TERM", "--", &group]).status();
        if !told.is_ok_and(|status| status.success()) {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}

fn try_start(
    name: &'static str,
    script: &Path,
    folder: &Path,
    log: &Path,
    env: &[(&str, &str)],
) -> Option<Server> {
    let child = Command::new("bash")
        .arg(script)
        .args([&free_port().to_string(), TOKEN])
        .env("SCIM_PEERS_DIR", folder)
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(log).unwrap())
        .process_group(0)
        .spawn()
        .ok()?;
    let mut server = Server { name, base_url: String::new(), child };
    let ready = first_line(&mut server.child)?;
    let mut words = ready.split_whitespace();
    server.base_url = words.find_map(|word| word.strip_prefix("base_url="))?.to_owned();
    Some(server)
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

/// Where the scripts are, if they are anywhere.
fn scripts() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/scim");
    let folder = std::env::var_os("SCIM_PEERS").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        static SAID: Once = Once::new();
        SAID.call_once(|| say("skipped: no ../shared/scim with SCIM servers (or set SCIM_PEERS)"));
        return None;
    }
    Some(folder)
}

fn folder() -> PathBuf {
    let below_target = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("scim-peers");
    std::env::var_os("SCIM_PEERS_DIR").map_or_else(below_target, PathBuf::from)
}

/// The scripts leave a stamp when an installation is complete.
fn is_installed(folder: &Path) -> bool {
    let stamped = |name: &str| name.starts_with(".py-") || name.starts_with(".npm-");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| stamped(&entry.file_name().to_string_lossy()))
}

/// libtest captures `println!`; what was not tested has to be seen.
pub(crate) fn say(text: &str) {
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{text}").unwrap();
}
