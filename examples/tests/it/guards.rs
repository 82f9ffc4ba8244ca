//! What stops a push of visitors before it begins: nobody there, nobody with an id, too much that would be lost.

use serde_json::{Value, json};

use crate::support::{Folder, Held, report_at};

#[test]
fn an_empty_source_stops_it_with_and_without_a_store() {
    let (held, folder) = (Held::people(30), Folder::new());
    let (store, file) = (folder.file("store.sqlite"), folder.file("report.json"));
    for more in [&[][..], &["--store", store.to_str().unwrap()]] {
        let search = ["--create-missing", "--search", "profile.department eq \"None\""];
        let program = search.iter().chain(more).fold(held.program(), |p, arg| p.arg(arg));
        let planned = program.clone().arg("--plan").run().exits(3);
        assert!(planned.complaint().contains("the source is empty"), "{planned}");
        assert!(planned.complaint().contains("--search says who is"), "{planned}");
        let ended = program.arg("--report").arg(file.to_str().unwrap()).run().exits(3);
        assert!(ended.complaint().contains("before anything was sent: the source is empty"));
        assert_eq!(report_at(&file)["complete"], false);
        held.assert_untouched();
    }
    let others = Held::people(300);
    let gone = others.program().arg("--store").arg(store.to_str().unwrap());
    let gone = gone.arg("--search").arg("status eq \"DEPROVISIONED\"").run().exits(3);
    assert!(gone.complaint().contains("all 6 people are deprovisioned; --include-"), "{gone}");
    held.program().args("--limit 0").run().refused(&["--limit"]);
}

#[test]
fn a_visitor_id_that_nobody_has_stops_it() {
    let (held, folder) = (Held::people(30), Folder::new());
    let store = folder.file("store.sqlite");
    for args in ["", "--plan", "--check"] {
        let ended = held.program().args("--visitor-id isContractor").args(args).run().exits(3);
        for part in ["30 of the first 30 people", "`isContractor`", "at most 6", "--visitor-id"] {
            assert!(ended.complaint().contains(part), "no {part} in {ended}");
        }
        held.assert_untouched();
    }
    // The attribute can still be looked up.
    held.program().args("--visitor-id isContractor --list-fields").run().exits(0);
    for args in ["--plan", ""] {
        let stored = held.program().args("--visitor-id isContractor").args(args).arg("--store");
        let ended = stored.arg(store.to_str().unwrap()).run().exits(3);
        assert!(ended.complaint().contains("30 of 30 people have no text"), "{ended}");
    }
    assert_eq!(held.sandbox.pendo().stats().records, 0);
}

#[test]
fn a_fifth_may_be_without_a_visitor_id() {
    for (without, code) in [(6, 0), (7, 3)] {
        let (held, folder) = (Held::people(30), Folder::new());
        for position in 0..without {
            let id = held.sandbox.okta().user_id(position);
            held.sandbox.okta().set_profile(&id, [("employeeNumber", Value::Null)]);
        }
        for position in without..30 {
            let id = held.sandbox.okta().user_id(position);
            let number = format!("E{position}");
            held.sandbox.okta().set_profile(&id, [("employeeNumber", json!(number))]);
        }
        let store = folder.file("store.sqlite");
        let program = held.program().args("--create-missing --visitor-id employeeNumber");
        program.clone().run().exits(code);
        program.arg("--store").arg(store.to_str().unwrap()).run().exits(code);
    }
}

#[test]
fn values_that_many_would_lose_stop_it_until_that_is_allowed() {
    let (held, folder) = (Held::people(40), Folder::new());
    let store = folder.file("store.sqlite");
    let run =
        |args: &str| held.program().args(args).arg("--store").arg(store.to_str().unwrap()).run();
    let okta = held.sandbox.okta();
    for position in 0..40 {
        okta.set_profile(&okta.user_id(position), [("title", json!("Dr"))]);
    }
    run("--create-missing").exits(0).says("updated 40\n");
    for position in 0..9 {
        okta.set_profile(&okta.user_id(position), [("title", Value::Null)]);
    }
    for args in ["", "--plan", "--max-removals 8", "--max-removals 10%"] {
        let ended = run(args).exits(3);
        for part in ["9 of 40 records would lose the value of `okta_title`", "--max-removals"] {
            assert!(ended.complaint().contains(part), "no {part} in {ended}");
        }
    }
    assert_eq!(held.custom(&held.sandbox.people().email(3))["okta_title"], "Dr");
    run("--max-removals 25%").exits(0).says("updated 9\n");
    assert!(held.custom(&held.sandbox.people().email(3)).get("okta_title").is_none());
    // Without a store nobody knows what was there.
    held.program().args("--max-removals 9").run().refused(&["--store"]);
    run("--max-removals x").refused(&["neither a share such as 5%"]);
}
