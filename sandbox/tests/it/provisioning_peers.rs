//! The org provisions into SCIM servers of others, which come from outside this repository.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::provisioning_support::{Connected, quick};
use crate::support::Org;

const TOKEN: &str = "peer-test-token";
const TRIES: usize = 3;

/// The test's own output is captured, and these lines must be seen.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

struct Peer {
    base_url: String,
    child: Child,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The script ends its server when it is told to end; std can only kill outright.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

impl Peer {
    /// Installs and starts it; none, and a line that says so, where that cannot be done.
    fn start(name: &str) -> Option<Self> {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/scim");
        let folder = std::env::var_os("SCIM_PEERS").map_or_else(|| beside.into(), PathBuf::from);
        if !folder.is_dir() {
            say(&format!("skipped: no ../shared/scim to start {name} from (or set SCIM_PEERS)"));
            return None;
        }
        let script = folder.join(format!("start-{name}.sh"));
        let started = (0..TRIES).find_map(|_| Self::try_start(name, &script));
        if started.is_none() {
            say(&format!("skipped: {name} could not be installed, or does not start"));
        }
        started
    }

    fn try_start(name: &str, script: &Path) -> Option<Self> {
        let installs = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("scim-peers");
        let installs = std::env::var_os("SCIM_PEERS_DIR").map_or_else(installs, PathBuf::from);
        std::fs::create_dir_all(&installs).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new("bash")
            .arg(script)
            .args([&port.to_string(), TOKEN])
            .env("SCIM_PEERS_DIR", &installs)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(installs.join(format!("{name}.provisioning.stderr"))).unwrap())
            .spawn()
            .ok()?;
        let mut ready = String::new();
        let out = child.stdout.take();
        let mut peer = Self { base_url: String::new(), child };
        BufReader::new(out?).read_line(&mut ready).ok()?;
        let base_url = ready.split_whitespace().find_map(|word| word.strip_prefix("base_url="))?;
        peer.base_url = base_url.to_owned();
        Some(peer)
    }
}

async fn resources(all: &Connected, url: &str, path: &str) -> Vec<Value> {
    let answer = all.org.http.get(format!("{url}{path}")).bearer_auth(TOKEN).send().await.unwrap();
    let mut list: Value = answer.json().await.unwrap();
    list["Resources"].take().as_array().cloned().unwrap_or_default()
}

async fn play(name: &str) {
    let Some(peer) = Peer::start(name) else {
        return;
    };
    let url = peer.base_url.as_str();
    let all = Connected::new(Org::start(quick()).await, "SCIM with token", url, TOKEN).await;
    for position in 0..4 {
        all.assign(position).await;
    }
    all.sent(all.set(0, "title", "Changed")).await;
    all.sent(all.unassign(1)).await;
    all.sent(all.unassign(2)).await;
    all.sent(all.assign(2)).await;
    let team = all.make_group("Team", &[0, 2, 3]).await;
    all.sent(all.push(&team, "Team")).await;
    let leaves = format!("/groups/{team}/users/{}", all.user_id(3));
    all.sent(all.org.delete(&leaves)).await;
    let crew = serde_json::json!({"profile": {"name": "Crew"}});
    all.sent(all.org.put(&format!("/groups/{team}"), crew)).await;
    let wrong: Vec<_> = all.verdicts().into_iter().filter(|(is_ok, _)| !is_ok).collect();
    assert_eq!((wrong, all.failures()), (vec![], vec![]), "{name}");

    let users = resources(&all, url, "/Users").await;
    let user = |position: u64| {
        let login = all.org.sandbox.people().email(position);
        users.iter().find(|user| user["userName"] == login).unwrap()
    };
    assert_eq!(user(0)["title"], "Changed", "{name}");
    assert_eq!([0, 1, 2, 3].map(|at| user(at)["active"] == true), [true, false, true, true]);
    assert_eq!(user(2)["externalId"], all.user_id(2), "{name}");
    let groups = resources(&all, url, "/Groups").await;
    let crew = groups.iter().find(|group| group["displayName"] == "Crew").unwrap();
    let mut members: Vec<&Value> =
        crew["members"].as_array().unwrap().iter().map(|member| &member["value"]).collect();
    members.sort_by_key(|id| id.to_string());
    let mut expected = vec![&user(0)["id"], &user(2)["id"]];
    expected.sort_by_key(|id| id.to_string());
    assert_eq!(members, expected, "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peer_scim2_server() {
    play("scim2-server").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peer_scimmy() {
    play("scimmy").await;
}
