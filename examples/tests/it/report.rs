//! The report file.

use serde_json::Value;

use crate::support::{Folder, Held, report_at, undelivered};

#[test]
fn it_lists_exactly_those_not_delivered_and_why() {
    let held = Held::people(900);
    let people = held.sandbox.people();
    // Past the first, whose list is used to find out whether lists are taken.
    let mut bad = vec![people.email(450), people.email(451), people.email(700), people.email(17)];
    held.sandbox.pendo().poison(&bad[0]);
    held.sandbox.pendo().poison(&bad[2]);
    held.sandbox.pendo().refuse(&bad[1]);
    held.sandbox.pendo().refuse(&bad[3]);
    let (folder, mut unknown) = (Folder::new(), held.unknown());
    let file = folder.file("report.json");
    let finished = held.program().arg("--report").arg(file.to_str().unwrap()).run().exits(1);
    assert!(finished.complaint().contains("not everything was delivered"), "{finished}");
    bad.iter()
        .for_each(|id| assert!(finished.out.contains(&format!("{id}: ")), "{id}: {finished}"));
    finished.says("updated 894\n").says("failed  4\n").says("unknown 2 to Pendo");

    let report = report_at(&file);
    bad.sort();
    unknown.sort();
    assert_eq!(undelivered(&report, "failed"), bad);
    assert_eq!(undelivered(&report, "missing"), unknown);
    assert_eq!(report["not_delivered"].as_array().unwrap().len(), 6);
    let failed =
        report["not_delivered"].as_array().unwrap().iter().filter(|e| e["outcome"] == "failed");
    assert!(
        failed.into_iter().all(|e| e["reason"].as_str().is_some_and(|r| !r.is_empty())),
        "{report:#}"
    );
    for (member, count) in
        [("read", 900), ("updated", 894), ("missing", 2), ("failed", 4), ("superseded", 0)]
    {
        assert_eq!(report[member], count, "{member}");
    }
    assert_eq!((&report["complete"], &report["stopped"]), (&Value::Bool(false), &Value::Null));
    assert!(bad.iter().all(|id| held.custom(id).is_null()));
    assert_eq!(held.sandbox.pendo().written_count(), 894);
}

#[test]
fn a_run_without_failures_is_valid_json_too() {
    let (held, folder) = (Held::people(20), Folder::new());
    let file = folder.file("report.json");
    held.program().args("--create-missing --report").arg(file.to_str().unwrap()).run().exits(0);
    let report = report_at(&file);
    assert_eq!(report["not_delivered"], serde_json::json!([]));
    assert_eq!((&report["read"], &report["updated"]), (&20.into(), &20.into()));
}

#[cfg(unix)]
#[test]
fn its_owner_alone_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let (held, folder) = (Held::people(5), Folder::new());
    let (new, old) = (folder.file("new.json"), folder.file("old.json"));
    std::fs::write(&old, "x".repeat(100_000)).unwrap();
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o644)).unwrap();
    for file in [new, old] {
        held.program().args("--report").arg(file.to_str().unwrap()).run().exits(0);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(report_at(&file)["read"], 5);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_pushed() {
    let (held, folder) = (Held::people(5), Folder::new());
    let file = folder.file("no-such-folder/report.json");
    held.program()
        .args("--create-missing --report")
        .arg(file.to_str().unwrap())
        .run()
        .refused(&["--report"]);
    held.assert_untouched();
}

#[test]
fn a_canary_that_leaves_people_for_later_is_not_complete() {
    let (held, folder) = (Held::people(250), Folder::new());
    let file = folder.file("report.json");
    for store in [false, true] {
        for (limit, others_wait) in [(10, true), (249, true), (250, false), (251, false)] {
            let program = held.program().args("--create-missing --report");
            let program = program.arg(file.to_str().unwrap()).args(&format!("--limit {limit}"));
            let program = match store {
                true => program.arg("--store").arg(folder.file("s").to_str().unwrap()),
                false => program,
            };
            let ended = program.run().exits(0);
            let report = report_at(&file);
            assert_eq!(report["read"], limit.min(250), "{report:#}");
            assert_eq!(report["others_wait"], others_wait, "{limit}: {report:#}");
            assert_eq!(report["complete"], !others_wait, "{limit}: {report:#}");
            let said = ended.out.contains("they wait for a run without --limit");
            assert_eq!(said, others_wait, "{limit}: {ended}");
        }
    }
}

#[test]
fn a_canary_that_leaves_a_list_out_is_not_complete() {
    let (held, folder) = (Held::people(250), Folder::new());
    let (okta, file) = (held.sandbox.okta(), folder.file("report.json"));
    for position in 0..250 {
        okta.set_profile(&okta.user_id(position), [("skills", serde_json::json!([]))]);
    }
    for (limit, untried) in [("--limit 250", true), ("", false)] {
        let program = held.program().args("--create-missing --report").arg(file.to_str().unwrap());
        program.args(limit).run().exits(0).says("not tried okta_skills");
        let report = report_at(&file);
        assert_eq!(report["complete"], !untried, "{report:#}");
        assert_eq!(report["not_tried"].as_array().unwrap().len(), usize::from(untried));
    }
}
