//! Plans that are written out, looked through, and applied later.

use std::sync::Arc;

use futures::StreamExt;
use provisioning::{Basis, ImportError, MemoryTarget, Plan, Report, private_file};
use serde_json::{Value, json};

use crate::support::{Flaky, People, Shared, apply, memory, plan, source, there};

const BOTH: [Basis; 2] = [Basis::Delivered, Basis::Target];

/// Twenty people are there; one changed, one left, one is new, one came back.
async fn world(basis: Basis) -> (Arc<Flaky>, Shared, People) {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let mut people: People = (0..20).map(|n| (format!("p{n:02}"), json!(n))).collect();
    apply(&plan(&people, &target, &store, basis).await).await;
    people.remove("p07");
    apply(&plan(&people, &target, &store, basis).await).await;
    people.insert("p07".into(), json!("back"));
    people.insert("p03".into(), json!("changed"));
    people.insert("new".into(), json!("new"));
    people.remove("p05");
    (target, store, people)
}

fn exported(plan: &Plan) -> String {
    let mut text = Vec::new();
    plan.export(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

async fn import(text: &str, target: &Arc<Flaky>, store: &Shared) -> Result<Plan, ImportError> {
    Plan::import(text.as_bytes(), target.clone(), store.clone()).await
}

async fn refused(text: &str, target: &Arc<Flaky>, store: &Shared) -> String {
    let stored = || {
        let plan = Plan::unfinished(store.clone(), target.clone()).unwrap();
        plan.map(|plan| (plan.summary().clone(), plan.rows(0, 100).unwrap()))
    };
    let before = (there(target), stored());
    let error = import(text, target, store).await.unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    assert_eq!((there(target), stored()), before, "{error}");
    error
}

#[tokio::test]
async fn what_was_exported_is_what_is_applied() {
    for basis in BOTH {
        let (target, store, people) = world(basis).await;
        let planned = plan(&people, &target, &store, basis).await;
        let text = exported(&planned);
        assert_eq!(text.lines().count(), 1 + 4, "{text}");
        let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!((&header["target"], &header["rows"]), (&json!("flaky"), &json!(4)));
        let rows = planned.rows(0, 100).unwrap();
        let taken = import(&text, &target, &store).await.unwrap();
        assert_eq!(taken.rows(0, 100).unwrap(), rows);
        assert_eq!(taken.summary(), planned.summary());
        let report = apply(&taken).await;
        assert_eq!((report.created, report.updated, report.restored, report.removed), (1, 1, 1, 1));
        assert_eq!(there(&target), people);
        assert_eq!(plan(&people, &target, &store, basis).await.summary().changes(), 0);
    }
}

#[tokio::test]
async fn a_plan_is_refused_once_something_was_delivered() {
    for basis in BOTH {
        let (target, store, people) = world(basis).await;
        let planned = plan(&people, &target, &store, basis).await;
        let text = exported(&planned);
        let some: Report = planned.apply().limit(1).stream().collect().await;
        assert_eq!(some.failed, 0);
        let error = refused(&text, &target, &store).await;
        assert!(error.contains("something was delivered since"), "{error}");
        let text = exported(&plan(&people, &target, &store, basis).await);
        assert!(refused(&text, &target, &memory()).await.contains("out of date"));
    }
}

#[tokio::test]
async fn to_look_at_another_plan_voids_none() {
    for basis in BOTH {
        let (target, store, people) = world(basis).await;
        let text = exported(&plan(&people, &target, &store, basis).await);
        plan(&people, &target, &store, basis).await;
        let looked = plan(&People::from([("x".into(), json!(1))]), &target, &store, basis).await;
        assert_eq!(looked.summary().remove, 19);
        apply(&import(&text, &target, &store).await.unwrap()).await.into_result().unwrap();
        assert_eq!(there(&target), people);
    }
}

/// A file whose sum fits what it says: the sum tells slips, not forgeries.
fn forged(text: &str, rows: &[String], changes: &[(&str, &str)]) -> String {
    let header = text.lines().next().unwrap();
    let (before, _) = header.split_once("\"sum\":").unwrap();
    let count = format!("\"rows\":{}", rows.len());
    let mut header = format!("{before}\"sum\":\"\"}}").replace("\"rows\":4", &count);
    for (from, to) in changes {
        assert!(header.contains(from), "{from}: {header}");
        header = header.replace(from, to);
    }
    let bytes = rows.iter().chain([&header]).flat_map(|text| text.bytes());
    let sum = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let header = header.replace("\"sum\":\"\"", &format!("\"sum\":\"{sum:016x}\""));
    [vec![header], rows.to_vec()].concat().join("\n") + "\n"
}

#[tokio::test]
async fn what_a_file_would_do_is_counted_and_judged_by_what_is_known_here() {
    let (target, store, people) = world(Basis::Delivered).await;
    let text = exported(&plan(&people, &target, &store, Basis::Delivered).await);
    let removal = |key: &str| {
        let known = store.lock().unwrap().known(key).unwrap().unwrap_or_default();
        let id = json!(known.remote_id);
        format!(
            "{{\"seq\":9,\"kind\":\"remove\",\"key\":\"{key}\",\"remote_id\":{id},\"state\":\"pending\"}}"
        )
    };
    let six: Vec<String> = (8..14).map(|n| removal(&format!("p{n:02}"))).collect();
    let error = refused(&forged(&text, &six, &[]), &target, &store).await;
    assert!(
        error.contains("1 to remove and 0 in conflict, and its rows are 0 to create"),
        "{error}"
    );
    assert!(error.contains("6 to remove"), "{error}");
    let none = [
        ("\"create\":1", "\"create\":0"),
        ("\"update\":1", "\"update\":0"),
        ("\"restore\":1", "\"restore\":0"),
    ];
    // What the file says of who is there is not believed.
    let six_said = [("\"remove\":1", "\"remove\":6"), ("\"known\":19", "\"known\":40000")];
    let changes: Vec<_> = none.into_iter().chain(six_said).collect();
    let error = refused(&forged(&text, &six, &changes), &target, &store).await;
    assert!(error.contains("6 of 19 records would be removed, at most 5 may be"), "{error}");
    let error = refused(&forged(&text, &[removal("p99")], &none), &target, &store).await;
    assert!(error.contains("p99 (remove) is not there"), "{error}");
}

#[tokio::test]
async fn an_edit_in_the_target_is_not_overwritten_unseen() {
    let (target, store, people) = world(Basis::Target).await;
    let text = exported(&plan(&people, &target, &store, Basis::Target).await);
    target.inner.edit("p03", "title", "edited since");
    let error = refused(&text, &target, &store).await;
    assert!(error.contains("`title` of p03 is not what it was"), "{error}");
    assert!(!error.contains("edited since"), "{error}");
}

#[tokio::test]
async fn what_is_known_must_be_what_the_plan_was_made_of() {
    for (key, change, expected) in [
        ("p03", "sent", "`title` of p03 is not what it was"),
        ("p03", "removed", ""),
        ("p03", "id", "p03 (update) is another record now"),
        ("p05", "removed", "p05 (remove) is out of use"),
        ("p05", "gone", "p05 (remove) is not there any more"),
        ("p07", "back", "p07 (restore) is there, in use"),
        ("new", "there", "new (create) is there, in use"),
    ] {
        let (target, store, people) = world(Basis::Delivered).await;
        let text = exported(&plan(&people, &target, &store, Basis::Delivered).await);
        {
            let mut store = store.lock().unwrap();
            let mut known = store.known(key).unwrap().unwrap_or_default();
            match change {
                "sent" => drop(known.sent.insert("title".into(), json!("other"))),
                "id" => known.remote_id = Some("other".into()),
                "removed" => known.removed = true,
                "back" => known.removed = false,
                _ => {}
            }
            store.remember(key, &known).unwrap();
            if change == "gone" {
                store.forget(key).unwrap();
            }
        }
        match expected {
            "" => drop(import(&text, &target, &store).await.unwrap()),
            expected => {
                let error = refused(&text, &target, &store).await;
                assert!(error.contains(expected), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_file_that_is_no_whole_plan_is_refused() {
    let (target, store, people) = world(Basis::Delivered).await;
    let text = exported(&plan(&people, &target, &store, Basis::Delivered).await);
    let lines: Vec<&str> = text.lines().collect();
    for (text, expected) in [
        (String::new(), "line 1: it is empty"),
        ("no json".to_owned(), "line 1:"),
        (text.replacen("\"plan\":1", "\"plan\":9", 1), "it is of version 9, not 1"),
        (text.replacen("flaky", "other", 1), "this plan is for other, not for flaky"),
    ] {
        let error = import(&text, &target, &store).await.unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        let kept = Plan::unfinished(store.clone(), target.clone()).unwrap();
        assert!(kept.is_some(), "the plan in the store is still there");
    }
    let cut = lines[..3].join("\n");
    assert!(refused(&cut, &target, &store).await.contains("it holds 2 of 4 rows"));
    let (target, store, people) = world(Basis::Delivered).await;
    let text = exported(&plan(&people, &target, &store, Basis::Delivered).await);
    let torn = &text[..text.len() - 20];
    assert!(refused(torn, &target, &store).await.contains("line 5:"));
}

#[tokio::test]
async fn a_file_that_was_edited_is_refused() {
    for basis in BOTH {
        let (target, store, people) = world(basis).await;
        let text = exported(&plan(&people, &target, &store, basis).await);
        let lines: Vec<&str> = text.lines().collect();
        let without = |left_out: usize| {
            let lines = lines.iter().enumerate().filter(|(line, _)| *line != left_out);
            lines.map(|(_, line)| format!("{line}\n")).collect::<String>()
        };
        for edited in [
            text.replacen("\"changed\"", "\"tampered\"", 1),
            text.replacen("\"old\":3", "\"old\":4", 1),
            text.replacen("\"remove\":1", "\"remove\":0", 1),
            text.replacen("\"kind\":\"remove\"", "\"kind\":\"relink\"", 1),
            text.replacen("\"state\":\"pending\"", "\"state\":\"done\"", 1),
            without(2).replacen("\"rows\":4", "\"rows\":3", 1),
        ] {
            assert_ne!(edited, text);
            let error = refused(&edited, &target, &store).await;
            assert!(error.contains("was changed since it was exported"), "{error}");
        }
        // Lines may end as they do on another system.
        import(&text.replace('\n', "\r\n"), &target, &store).await.unwrap();
    }
}

#[tokio::test]
async fn a_plan_of_another_store_or_mapping_is_refused() {
    // Two stores of which each has seen the same.
    let (target, store, people) = world(Basis::Delivered).await;
    let (other_target, other, _) = world(Basis::Delivered).await;
    let text = exported(&plan(&people, &target, &store, Basis::Delivered).await);
    plan(&people, &other_target, &other, Basis::Delivered).await;
    let error = refused(&text, &other_target, &other).await;
    assert!(error.contains("it was made with another store"), "{error}");

    let compute = Plan::compute(source(&people), target.clone()).store(store.clone());
    let text = exported(&compute.made_with("key = \"user.login\"").await.unwrap());
    let import = |mapping: &'static str| {
        Plan::import(text.as_bytes(), target.clone(), store.clone()).made_with(mapping)
    };
    let error = import("key = \"user.email\"").await.unwrap_err().to_string();
    assert!(error.contains("it was made with another mapping"), "{error}");
    let taken = import("key = \"user.login\"").await.unwrap();
    // What is taken in and exported once more says so still.
    let text = exported(&taken);
    let error = Plan::import(text.as_bytes(), target, store).made_with("").await.unwrap_err();
    assert!(error.to_string().contains("another mapping"), "{error}");
}

#[tokio::test]
async fn a_plan_of_many_pages_comes_over() {
    let (target, store) = (Flaky::new(1, 0.0), memory());
    let people: People = (0..2_500).map(|n| (format!("p{n}"), json!(n))).collect();
    let text = exported(&plan(&people, &target, &store, Basis::Delivered).await);
    assert_eq!(text.lines().count(), 2_501);
    let taken = import(&text, &target, &store).await.unwrap();
    assert_eq!(apply(&taken).await.created, 2_500);
    assert_eq!(there(&target), people);
}

#[tokio::test]
async fn a_table_shows_old_and_new_page_by_page() {
    let (target, store, mut people) = world(Basis::Delivered).await;
    people.insert("p09".into(), Value::Null);
    people.insert("p10".into(), json!("wide ".repeat(30)));
    people.insert("p11".into(), json!("two\nlines\u{1b}[2J"));
    let plan = plan(&people, &target, &store, Basis::Delivered).await;
    let (mut text, mut page, mut pages) = (String::new(), plan.table(0, 3).unwrap(), 0);
    while let Some(last) = page.last() {
        assert!(page.len() <= 3 && !page.is_empty());
        text.push_str(&page.to_string());
        page = plan.table(last, 3).unwrap();
        pages += 1;
    }
    assert_eq!(pages, 3);
    let squeezed: Vec<String> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "p03 update title 3 -> \"changed\"",
        "p09 update title 9 -> (none)",
        "new create title \"new\"",
        "p05 remove",
        "p07 restore title 7 -> \"back\"",
        "team (none) -> \"North\" (if it has to be made anew)",
    ] {
        assert!(squeezed.iter().any(|one| one == line), "{line}\n{text}");
    }
    assert!(squeezed.iter().any(|line| line.starts_with("p10") && line.ends_with('…')), "{text}");
    assert!(!text.contains('\u{1b}') && text.lines().all(|line| line.chars().count() < 160));
}

#[tokio::test]
async fn another_target_of_the_same_store_is_refused() {
    let (target, store, people) = world(Basis::Delivered).await;
    let text = exported(&plan(&people, &target, &store, Basis::Delivered).await);
    let other = Arc::new(MemoryTarget::new());
    let error = Plan::import(text.as_bytes(), other, store).await.unwrap_err().to_string();
    assert_eq!(error, "this plan is for flaky, not for memory: apply it there");
}

#[cfg(unix)]
#[test]
fn private_files_are_private_even_if_they_were_not() {
    use std::os::unix::fs::PermissionsExt;
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("private");
    std::fs::write(&path, "older and longer").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    std::io::Write::write_all(&mut private_file(&path).unwrap(), b"new").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn private_files_are_nothing_but_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let pipe = folder.join(format!("pipe-{}", std::process::id()));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::set_permissions(&pipe, PermissionsExt::from_mode(0o644)).unwrap();
    let said = private_file(&pipe).unwrap_err().to_string();
    assert!(said.contains("a device or a pipe"), "{said}");
    assert_eq!(std::fs::metadata(&pipe).unwrap().permissions().mode() & 0o777, 0o644);
    assert!(private_file(folder).is_err());
    std::fs::remove_file(pipe).unwrap();
}

#[tokio::test]
async fn after_a_canary_the_same_file_brings_the_rest() {
    for basis in BOTH {
        let (target, store, people) = world(basis).await;
        let text = exported(&plan(&people, &target, &store, basis).await);
        for left in (1..=4).rev() {
            let taken = import(&text, &target, &store).await.unwrap();
            assert_eq!(taken.summary().changes(), left, "{basis:?}");
            let report: Report = taken.apply().limit(1).stream().collect().await;
            assert_eq!((report.delivered(), report.failed), (1, 0), "{report:?}");
        }
        assert_eq!(there(&target), people);
        // Nothing is left of it.
        let error = refused(&text, &target, &store).await;
        assert!(error.contains("something was delivered since"), "{error}");
    }
}

#[tokio::test]
async fn the_rest_of_a_file_is_refused_like_all_of_it() {
    for basis in BOTH {
        let (target, store, people) = world(basis).await;
        let text = exported(&plan(&people, &target, &store, basis).await);
        let some = import(&text, &target, &store).await.unwrap();
        let report: Report = some.apply().limit(1).stream().collect().await;
        assert_eq!(report.delivered(), 1);
        // Changed in the file, which is not the one that was begun any more.
        let error =
            refused(&text.replacen("\"new\":\"back\"", "\"new\":\"bad\"", 1), &target, &store)
                .await;
        assert!(error.contains("changed since it was exported"), "{error}");
        if basis == Basis::Target {
            target.inner.edit("p03", "title", json!("edited there"));
            assert!(refused(&text, &target, &store).await.contains("`title` of p03"));
        }
        // Another plan came in between.
        plan(&people, &target, &store, basis).await;
        assert!(refused(&text, &target, &store).await.contains("something was delivered since"));
    }
}
