//! The files that options name: nothing is written over that is not the program's own.

use std::path::{Path, PathBuf};

use sandbox::Fault;
use serde_json::Value;

use crate::support::{Folder, Held, Program, program_named, report_at, undelivered};

fn written(folder: &Folder, name: &str, text: &str) -> PathBuf {
    let path = folder.file(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn with(program: Program, options: &[(&str, &Path)]) -> Program {
    options
        .iter()
        .fold(program, |program, (option, path)| program.arg(option).arg(path.to_str().unwrap()))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
fn open_to_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o644)).unwrap();
}

#[cfg(unix)]
#[test]
fn what_is_no_file_of_the_program_stays_as_it_is() {
    let (held, folder) = (Held::people(5), Folder::new());
    let text = written(&folder, "own.txt", "hostname\n");
    let pipe = folder.file("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let nowhere = folder.file("nowhere");
    std::os::unix::fs::symlink(folder.file("missing"), &nowhere).unwrap();
    [&text, &pipe].into_iter().for_each(|path| open_to_others(path));
    for (options, advice) in [
        (&[("--store", &*text)][..], "is no store"),
        (&[("--store", &pipe)], "a device or a pipe"),
        (&[("--report", &pipe)], "a device or a pipe"),
        (&[("--report", &nowhere)], "a link that leads nowhere"),
        (&[("--report", &pipe), ("--follow --store", &folder.file("s"))], "a device or a pipe"),
    ] {
        let program = held.program().args("--create-missing");
        let program = options.iter().fold(program, |program, (option, path)| {
            program.args(option).arg(path.to_str().unwrap())
        });
        let path = options[0].1.to_str().unwrap();
        program.run().refused(&[advice, path]);
        held.assert_untouched();
    }
    assert_eq!((read(&text), mode(&text), mode(&pipe)), ("hostname\n".into(), 0o644, 0o644));
}

#[test]
fn files_beside_a_report_stay_as_they_are() {
    let (held, folder) = (Held::people(5), Folder::new());
    let others = ["sync.new", "sync.json.new"].map(|name| written(&folder, name, "mine"));
    let (report, store) = (folder.file("sync.json"), folder.file("s"));
    let program = || {
        with(held.program().args("--create-missing"), &[("--report", &report), ("--store", &store)])
    };
    let mut running = program().arg("--follow").start();
    running.until("it is written", || report.exists() && report_at(&report)["complete"] == true);
    drop(running);
    program().run().exits(0);
    others.iter().for_each(|path| assert_eq!(read(path), "mine"));
    let part = written(&folder, "sync.json.part", "mine");
    let before = read(&report);
    program().run().refused(&["--report", "sync.json.part is in the way"]);
    assert_eq!((read(&part), read(&report)), ("mine".into(), before));
    // What a run left that was cut off is not in the way.
    written(&folder, "sync.json.part", "{\"not_delivered\":[\n{\"id\"");
    program().run().exits(0);
    assert!(!part.exists() && report_at(&report)["complete"] == true);
}

#[cfg(unix)]
#[test]
fn a_report_goes_where_a_link_leads() {
    let (held, folder) = (Held::people(5), Folder::new());
    let (real, link) = (written(&folder, "real", "old"), folder.file("link"));
    open_to_others(&real);
    std::os::unix::fs::symlink(&real, &link).unwrap();
    with(held.program(), &[("--report", &link)]).run().exits(0);
    assert!(link.is_symlink());
    assert_eq!((report_at(&real)["read"].as_u64(), mode(&real)), (Some(5), 0o600));
}

#[test]
fn a_run_that_is_cut_off_leaves_a_report_that_says_so() {
    let (held, folder) = (Held::people(5), Folder::new());
    let report = written(&folder, "report.json", "{\"complete\": true}");
    let slow = Fault::Slow(std::time::Duration::from_secs(600));
    held.sandbox.faults().next("GET /api/v1/users", slow, 1);
    let program = with(held.program().args("--create-missing"), &[("--report", &report)]);
    let mut running = program.start();
    running.until("it reads people", || held.sandbox.faults().total() > 0);
    drop(running);
    assert!(report_at(&report)["error"].as_str().unwrap().contains("not ended"));
    program.run().exits(0);
    assert_eq!(report_at(&report)["complete"], true);
}

#[test]
fn one_file_for_two_options_is_refused() {
    let (held, folder) = (Held::people(5), Folder::new());
    let file = written(&folder, "file", "precious");
    let same = folder.file(".").join("file");
    let visitors = [("--store", &*file), ("--report", &*same)];
    with(held.program(), &visitors).run().refused(&["--store and --report are the same file"]);
    #[cfg(unix)]
    {
        let hard = folder.file("hard");
        std::fs::hard_link(&file, &hard).unwrap();
        let visitors = [("--store", &*file), ("--report", &*hard)];
        with(held.program(), &visitors).run().refused(&["--store and --report are the same file"]);
    }
    // Not there yet.
    let (new, also) = (folder.file("new"), folder.file(".").join("new"));
    let visitors = [("--store", &*new), ("--report", &*also)];
    with(held.program(), &visitors).run().refused(&["the same file"]);
    held.assert_untouched();
    for (name, one, other) in [
        ("pendo_scim", "--mapping", "--report"),
        ("pendo_scim", "--apply-plan", "--report"),
        ("pendo_scim", "--undo", "--report"),
        ("pendo_scim", "--store", "--backup"),
        ("pingboard_profiles", "--report", "--invite"),
        ("peakon_employees", "--store", "--export-plan"),
    ] {
        let program = with(program_named(name), &[(one, &file), (other, &same)]);
        let line = program.run().exits(2);
        let line = line.complaint();
        assert!(line.contains(one) && line.contains(other) && line.contains("same file"), "{line}");
        assert_eq!(read(&file), "precious");
    }
    assert!(!new.exists());
}

#[test]
fn files_that_a_store_has_beside_it_are_refused() {
    let folder = Folder::new();
    let store = folder.file("s");
    let named = |name, option, end: &str| {
        let file = folder.file(&format!("s{end}"));
        let program = with(program_named(name), &[("--store", &store), (option, &file)]);
        program.run().refused(&[option, "is a file of the --store"]);
    };
    for end in ["-lock", "-wal", "-shm", "-journal", ".groups", ".groups-lock"] {
        named("pendo_visitor_sync", "--report", end);
        for option in ["--report", "--backup", "--export-plan"] {
            named("pendo_scim", option, end);
        }
    }
    named("pingboard_profiles", "--invite", "-lock");
    assert_eq!(std::fs::read_dir(store.parent().unwrap()).unwrap().count(), 0);
    // By another name of the store, and one that is not named.
    with(program_named("pendo_scim"), &[("--store", &store)]).run().exits(0);
    #[cfg(unix)]
    {
        let link = folder.file("link");
        std::os::unix::fs::symlink(&store, &link).unwrap();
        let lock = folder.file("s-lock");
        let program = with(program_named("pendo_scim"), &[("--store", &link), ("--report", &lock)]);
        program.run().refused(&["is a file of the --store"]);
    }
    for store in [&store, &folder.file("s.groups")] {
        let before = std::fs::read(store).unwrap();
        with(program_named("pendo_scim"), &[("--report", store)]).run().refused(&["it is a store"]);
        assert_eq!(std::fs::read(store).unwrap(), before);
    }
}

#[test]
fn a_store_that_is_refused_leaves_nothing_behind() {
    let folder = Folder::new();
    let text = written(&folder, "own.txt", "hostname\n");
    let program = with(program_named("pendo_scim"), &[("--store", &text)]);
    program.run().refused(&["own.txt is no store"]);
    assert_eq!(std::fs::read_dir(text.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn options_that_would_not_be_heeded_are_refused() {
    let folder = Folder::new();
    let file = folder.file("file");
    for (args, option) in
        [("--check", "--apply-plan"), ("--check", "--undo"), ("--check", "--export-plan")]
    {
        let program = with(program_named("pendo_scim").args(args), &[(option, &file)]);
        program.run().refused(&[args, option, "cannot be used with"]);
        assert!(!file.exists());
    }
    // A command of every day is tested by one word more.
    for name in [
        "pendo_visitor_sync",
        "pendo_scim",
        "peakon_employees",
        "pingboard_profiles",
        "okta_user_actions",
    ] {
        let program = with(program_named(name).args("--check"), &[("--report", &file)]);
        program.run().exits(0);
        assert!(!file.exists(), "{name}");
    }
    // A backup is of what a run is about to change.
    for args in ["--check", "--plan"] {
        let program = with(program_named("pendo_scim").args(args), &[("--backup", &file)]);
        program.run().exits(0);
        assert!(!file.exists(), "{args}");
    }
}

#[test]
fn options_without_effect_are_refused() {
    for (name, args, said) in [
        ("pendo_visitor_sync", "--poll 3s", "--follow"),
        ("pendo_visitor_sync", "--hook-header x", "--listen"),
        ("pendo_visitor_sync", "--batch-size 5 --store x", "--batch-size"),
        ("pendo_visitor_sync", "--check --plan", "--plan"),
        ("pendo_visitor_sync", "--list-fields --report x", "--report"),
        ("pendo_visitor_sync", "--list-fields --check", "--check"),
        ("pendo_visitor_sync", "--poll 3s --plan", "--poll"),
        ("peakon_employees", "--poll 3s", "--follow"),
        ("peakon_employees", "--poll 3s --plan", "--poll"),
        ("peakon_employees", "--check --plan", "--plan"),
        ("peakon_employees", "--define a=string --app x --store y", "--store"),
        ("pingboard_profiles", "--poll 3s", "--follow"),
        ("pendo_scim", "--wait 3m", "--okta-provisions"),
        ("pendo_scim", "--wait 3m --limit 3 --app x", "--wait"),
        ("pendo_scim", "--delete --no-deactivate", "--no-deactivate"),
        ("pendo_scim", "--undo x --search y", "--search"),
        ("pendo_scim", "--undo x --group y", "--group"),
        ("pendo_scim", "--undo x --admins y", "--admins"),
        ("pendo_scim", "--undo x --unlink empty", "--unlink"),
        ("pendo_scim", "--undo x --basis target", "--basis"),
    ] {
        let folder = Folder::new();
        let inside = folder.file("inside");
        std::fs::create_dir(&inside).unwrap();
        let program = program_named(name).within(&inside).args(args).args("--people 5");
        program.run().refused(&[said, "--help"]);
        assert_eq!(std::fs::read_dir(&inside).unwrap().count(), 0, "{name} {args}");
    }
}

#[test]
fn people_without_visitor_id_are_named() {
    let (held, folder) = (Held::people(20), Folder::new());
    let report = folder.file("report.json");
    for store in ["", "--store"] {
        let program = held.program().args("--create-missing --visitor-id badgeNumber");
        let program = with(program, &[("--report", &report)]);
        let program = match store {
            "" => program,
            option => with(program, &[(option, &folder.file("s"))]),
        };
        program.run().exits(0).says("(named in --report)");
        let people = held.sandbox.people();
        let nobody = |i: &u64| people.profile(*i).get("badgeNumber").is_none_or(Value::is_null);
        let mut ids: Vec<_> =
            (0..20).filter(nobody).map(|i| held.sandbox.okta().user_id(i)).collect();
        ids.sort();
        let written = report_at(&report);
        assert!(!ids.is_empty());
        assert_eq!(undelivered(&written, "left_out"), ids, "{written}");
        assert_eq!(written["left_out"]["without_id"], ids.len());
        assert_eq!(written["complete"], true);
    }
}

/// Okta tells nobody what stands in its log.
fn refuse_log(held: &Held) {
    held.sandbox.faults().next("GET /api/v1/logs", Fault::Status(403), usize::MAX);
}

#[test]
fn without_the_right_to_read_the_log_nobody_is_pushed() {
    let (held, folder) = (Held::people(5), Folder::new());
    let program = || {
        with(held.program().args("--create-missing --follow"), &[("--store", &folder.file("s"))])
    };
    program().arg("--check").run().exits(0).says("check   ");
    refuse_log(&held);
    for args in ["--check", ""] {
        program().args(args).run().refused(&["--follow", "System Log", "403", "okta.logs.read"]);
    }
    held.assert_untouched();
}

#[test]
fn the_report_of_following_says_what_ended_it() {
    let (held, folder) = (Held::people(5), Folder::new());
    let (report, store) = (folder.file("report.json"), folder.file("s"));
    let program = held.program().args("--create-missing --follow --poll 1s");
    let program = with(program, &[("--store", &store), ("--report", &report)]);
    let slow = Fault::Slow(std::time::Duration::from_secs(600));
    held.sandbox.faults().next("GET /api/v1/users", slow, 1);
    let mut running = program.start();
    running.until("it reads people", || held.sandbox.faults().total() > 0);
    assert_eq!(report_at(&report)["complete"], false, "nothing was read");
    drop(running);
    let complete = || report.exists() && report_at(&report)["complete"] == true;
    let mut running = program.start();
    running.until("all are there", complete);
    drop(running);
    // It goes on where that one ended, and nothing is to be read in full.
    std::fs::remove_file(&report).unwrap();
    let mut running = program.start();
    running.until("the report is there", complete);
    assert!(report_at(&report)["left_out"].is_object(), "{}", report_at(&report));
    refuse_log(&held);
    running.end().refused(&["403"]);
    let ended = report_at(&report);
    assert_eq!(ended["complete"], false, "{ended}");
    assert!(ended["error"].as_str().unwrap().contains("403"), "{ended}");
}

#[test]
fn a_report_that_cannot_be_written_is_named() {
    let (held, folder) = (Held::people(5), Folder::new());
    let report = folder.file("no-such-folder/report.json");
    let path = report.to_str().unwrap().to_owned();
    let follow = held.program().args("--create-missing --follow");
    let follow = with(follow, &[("--store", &folder.file("s")), ("--report", &report)]);
    follow.run().refused(&["--report", &path]);
    let get = held.program().named("okta_user_actions").args("get a");
    with(get, &[("--report", &report)]).run().exits(2);
    let get = held.program().named("okta_user_actions").args("get a");
    let line = with(get, &[("--report", &report)]).run();
    assert!(line.err.contains(&path), "{line}");
    held.assert_untouched();
}

#[test]
fn a_report_of_actions_that_failed_is_not_complete() {
    let (held, folder) = (Held::people(5), Folder::new());
    let report = folder.file("report.json");
    let actions = |args: &str| {
        let program = held.program().named("okta_user_actions").args(args);
        with(program, &[("--report", &report)])
    };
    let email = held.sandbox.people().email(0);
    actions("get").arg(&email).run().exits(0);
    assert_eq!(report_at(&report)["complete"], true);
    actions("deactivate nobody@acme.example").run().exits(1);
    let written = report_at(&report);
    assert_eq!((&written["complete"], &written["failed"]), (&false.into(), &1.into()));
}
