//! The SCIM programs against servers that share no code with us.
//!
//! They are started by the scripts of `../shared/scim` beside the repository, or of the folder that
//! `SCIM_PEERS` names, and installed below the target folder, or `SCIM_PEERS_DIR`.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use futures::TryStreamExt;
use sandbox::ScimOptions;
use scim_client::{Bearer, Scim};
use scim_types::{Group, User};

use super::common::Rig;
use crate::support::skipped;

const TOKEN: &str = "program-test-token";
const TRIES: usize = 3;
const PEOPLE: u64 = 40;

/// Ends with the value.
struct Peer {
    base_url: String,
    child: Child,
}

impl Peer {
    fn start(name: &str) -> Option<Self> {
        // Tests share an installation.
        static STARTING: Mutex<()> = Mutex::new(());
        let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/scim");
        let scripts = std::env::var_os("SCIM_PEERS").map_or(beside, PathBuf::from);
        if !scripts.is_dir() {
            skipped("no ../shared/scim with SCIM servers (or set SCIM_PEERS)");
            return None;
        }
        let started = (0..TRIES).find_map(|_| start(&scripts.join(format!("start-{name}.sh"))));
        if started.is_none() {
            skipped(&format!("{name} could not be installed or started"));
        }
        started
    }

    fn scim(&self) -> Scim {
        Scim::new(&self.base_url, Bearer::new(TOKEN)).unwrap()
    }
}

fn start(script: &Path) -> Option<Peer> {
    let below_target = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("scim-peers");
    let folder = std::env::var_os("SCIM_PEERS_DIR").map_or_else(below_target, PathBuf::from);
    std::fs::create_dir_all(&folder).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("bash")
        .arg(script)
        .args([&port.to_string(), TOKEN])
        .env("SCIM_PEERS_DIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .ok()?;
    let mut peer = Peer { base_url: String::new(), child };
    let mut line = String::new();
    BufReader::new(peer.child.stdout.take()?).read_line(&mut line).ok()?;
    peer.base_url = line.split_whitespace().find_map(|word| word.strip_prefix("base_url="))?.into();
    Some(peer)
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The script ends its server when it is told to end.
        let group = format!("-{}", self.child.id());
        let told = Command::new("kill").args(["-TERM", "--", &group]).status();
        if !told.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn users(rig: &Rig, peer: &Peer) -> Vec<User> {
    let scim = peer.scim();
    rig.block_on(async { scim.users().list().stream().try_collect().await.unwrap() })
}

fn user(rig: &Rig, peer: &Peer, position: u64) -> User {
    let email = rig.email(position);
    let is_it = |user: &User| {
        user.user_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&email))
    };
    users(rig, peer).into_iter().find(is_it).unwrap_or_else(|| panic!("{email} is not there"))
}

/// People come, change, leave and come back, whatever the program.
fn through_the_year(program: &'static str, peer_name: &str) {
    let Some(peer) = Peer::start(peer_name) else { return };
    let rig = Rig::start(program, PEOPLE, ScimOptions::default());
    let group = rig.group("Everybody here", 0..PEOPLE);
    let before = users(&rig, &peer).len();
    let run = || rig.program_to(&peer.base_url, TOKEN, "--group").arg(&group).run();
    run().exits(0).says("40 created").says("0 failed");
    assert_eq!(users(&rig, &peer).len(), before + 40);
    run().exits(0).says("40 unchanged");
    rig.set(4, "firstName", "Changed");
    rig.deactivate(5);
    run().exits(0).says("1 updated").says("1 removed");
    let name = user(&rig, &peer, 4).name.and_then(|name| name.given_name);
    assert_eq!(name.as_deref(), Some("Changed"));
    let gone = user(&rig, &peer, 5);
    assert_eq!(gone.active, Some(false));
    rig.activate(5);
    let id = rig.id(5);
    rig.in_okta(async |okta| okta.groups().add_member(&group, id).await.unwrap());
    run().exits(0).says("1 restored");
    let back = user(&rig, &peer, 5);
    assert_eq!((back.active, back.id), (Some(true), gone.id));
    run().exits(0).says("40 unchanged");
    let program =
        || rig.program_to(&peer.base_url, TOKEN, "--basis target --group").arg(&group).run();
    program().exits(0).says("40 unchanged");
    assert_eq!(users(&rig, &peer).len(), before + 40);
}

#[test]
fn pendo_on_scim2_server() {
    through_the_year("pendo_scim", "scim2-server");
}

#[test]
fn pendo_on_scimmy() {
    through_the_year("pendo_scim", "scimmy");
}

#[test]
fn peakon_on_scim2_server() {
    through_the_year("peakon_employees", "scim2-server");
}

#[test]
fn peakon_on_scimmy() {
    through_the_year("peakon_employees", "scimmy");
}

#[test]
fn pingboard_on_scim2_server() {
    through_the_year("pingboard_profiles", "scim2-server");
}

#[test]
fn pingboard_on_scimmy() {
    through_the_year("pingboard_profiles", "scimmy");
}

#[test]
fn groups_are_pushed_to_both() {
    for name in ["scim2-server", "scimmy"] {
        let Some(peer) = Peer::start(name) else { continue };
        let rig = Rig::start("pendo_scim", PEOPLE, ScimOptions::default());
        let group = rig.group("Staff", 0..15);
        let run = || rig.program_to(&peer.base_url, TOKEN, "--push-groups").arg(&group).run();
        run().exits(0).says("Staff: Active, 15 members, all of them confirmed");
        let user = rig.id(3);
        rig.in_okta(async |okta| okta.groups().remove_member(&group, user).await.unwrap());
        run().exits(0).says("Staff: Active, 14 members, all of them confirmed");
        let scim = peer.scim();
        let found: Option<Group> =
            rig.block_on(async { scim.groups().find("displayName", "Staff").await.unwrap() });
        assert_eq!(found.unwrap().members.len(), 14);
        run().exits(0).says("groups    0 created, 0 updated");
    }
}

/// It has no place for some attributes, and makes others itself.
#[test]
fn what_django_scim2_does_not_keep_is_said_once() {
    let Some(peer) = Peer::start("django-scim2") else { return };
    let rig = Rig::start("peakon_employees", PEOPLE, ScimOptions::default());
    let group = rig.group("Everybody here", 0..PEOPLE);
    let before = users(&rig, &peer).len();
    let run = |args: &str| {
        let program = rig.program_to(&peer.base_url, TOKEN, args);
        program.arg("--group").arg(&group).run().exits(0)
    };
    let first = run("").says("40 created").says("0 failed");
    // Every address loses its type; who has no manager loses none.
    first
        .says("not kept  emails[type eq \"work\"].value, 40 times")
        .says(":manager.value, 39 times");
    for args in ["", "--basis target"] {
        run(args).says("40 unchanged").says("0 updated").never_says("not kept");
    }
    rig.set(4, "firstName", "Changed");
    run("").says("1 updated").says("0 failed");
    let name = user(&rig, &peer, 4).name.and_then(|name| name.given_name);
    assert_eq!(name.as_deref(), Some("Changed"));
    run("--basis target").says("40 unchanged").never_says("not kept");
    assert_eq!(users(&rig, &peer).len(), before + 40);
}
