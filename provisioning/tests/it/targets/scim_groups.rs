//! SCIM groups.

use std::sync::Arc;

use futures::{StreamExt, stream};
use provisioning::targets::{ScimGroups, ScimUsers, member_ids};
use provisioning::{Basis, Plan, Record, Report, Target};
use sandbox::{Quirks, Sandbox, ScimOptions};
use serde_json::{Value, json};

use super::scim_people::{name, people};
use super::support::{BOTH, Bringing, no_faults, scim, some_faults, with_scim};

fn group(key: &str, name: &str, members: &[String]) -> Record {
    Record::new(key).source_id(key).set("displayName", name).set("members", json!(members))
}

/// People who are there, and their ids.
async fn users(sandbox: &Sandbox, count: usize) -> Vec<String> {
    let users = Bringing::into(ScimUsers::new(scim(sandbox)));
    users.run(&people(count), Basis::Delivered).await;
    let keys: Vec<String> = (0..count).map(name).chain(["nobody".to_owned()]).collect();
    let (ids, unresolved) = member_ids(&users.store, &*users.target, &keys).unwrap();
    assert_eq!(unresolved, ["nobody"]);
    ids
}

fn members(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let groups = sandbox.scim().groups();
    let named: Vec<&Value> = groups.iter().filter(|group| group["displayName"] == name).collect();
    assert_eq!(named.len(), 1, "{name}: {groups:?}");
    let mut members = sandbox.scim().members(named[0]["id"].as_str().unwrap()).unwrap();
    members.sort_unstable();
    members
}

fn sorted(ids: &[String]) -> Vec<String> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids
}

fn servers() -> [(&'static str, ScimOptions); 5] {
    let quirky = |quirks| ScimOptions::default().quirks(quirks);
    [
        ("generic", ScimOptions::default()),
        ("pendo", ScimOptions::pendo()),
        ("pingboard", ScimOptions::pingboard()),
        ("scim2_server", quirky(Quirks::scim2_server())),
        ("scimmy", quirky(Quirks::scimmy())),
    ]
}

#[tokio::test]
async fn groups_come_change_and_are_renamed() {
    for (server, options) in servers() {
        let sandbox = with_scim(options).await;
        let ids = users(&sandbox, 6).await;
        let bringing = Bringing::into(ScimGroups::new(scim(&sandbox)));
        let wanted = [group("00gA", "North", &ids[..4]), group("00ga", "South", &[])];
        let report = bringing.run(&wanted, Basis::Delivered).await;
        assert_eq!(report.created, 2, "{server}");
        assert_eq!(members(&sandbox, "North"), sorted(&ids[..4]), "{server}");
        bringing.assert_done(&wanted, &BOTH).await;

        let wanted = [group("00gA", "North", &ids[2..]), group("00ga", "East", &[])];
        let report = bringing.run(&wanted, Basis::Target).await;
        assert_eq!(report.updated, 2, "{server}");
        assert_eq!(members(&sandbox, "North"), sorted(&ids[2..]), "{server}");
        assert_eq!(members(&sandbox, "East"), [""; 0], "{server}");
        assert_eq!(sandbox.scim().groups().len(), 2);
        bringing.assert_done(&wanted, &BOTH).await;
        // Whoever left is left alone.
        let plan = bringing.plan(&wanted[..1], Basis::Target).await.unwrap();
        assert_eq!(plan.summary().changes(), 0);
    }
}

#[tokio::test]
async fn members_that_are_not_shown_are_not_taken_for_none() {
    let sandbox = with_scim(ScimOptions::pendo()).await;
    let ids = users(&sandbox, 3).await;
    let bringing = Bringing::into(ScimGroups::new(scim(&sandbox)));
    let wanted = [group("00g1", "North", &ids)];
    let report = bringing.run(&wanted, Basis::Target).await;
    assert!(report.notes[0].1.contains("does not show members"), "{:?}", report.notes);
    bringing.assert_done(&wanted, &BOTH).await;
    // Only what changed in the source is sent.
    let wanted = [group("00g1", "North", &ids[1..])];
    let rows = bringing.plan(&wanted, Basis::Target).await.unwrap().rows(0, 9).unwrap();
    assert_eq!(rows[0].fields.len(), 1);
    bringing.run(&wanted, Basis::Target).await;
    assert_eq!(members(&sandbox, "North"), sorted(&ids[1..]));
    // A new name sends no members.
    let writes = sandbox.scim().stats().member_operations;
    let wanted = [group("00g1", "South", &ids[1..])];
    bringing.run(&wanted, Basis::Target).await;
    assert_eq!(members(&sandbox, "South"), sorted(&ids[1..]));
    assert_eq!(sandbox.scim().stats().member_operations, writes);
}

#[tokio::test]
async fn what_is_edited_downstream_is_put_back_and_members_may_be_left_alone() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let ids = users(&sandbox, 4).await;
    let bringing = Bringing::into(ScimGroups::new(scim(&sandbox)));
    let bare = Record::new("00g2").source_id("00g2").set("displayName", "South");
    let wanted = [group("00g1", "North", &ids[..2]), bare];
    bringing.run(&wanted, Basis::Target).await;
    for group in sandbox.scim().groups() {
        let groups = scim(&sandbox).groups();
        groups.set_members(group["id"].as_str().unwrap(), &ids[2..]).await.unwrap();
    }
    let report = bringing.run(&wanted, Basis::Target).await;
    assert_eq!(report.updated, 1);
    assert_eq!(members(&sandbox, "North"), sorted(&ids[..2]));
    assert_eq!(members(&sandbox, "South"), sorted(&ids[2..]));
    let bare = Record::new("00g2").source_id("00g2").set("displayName", "East");
    let wanted = [wanted[0].clone(), bare];
    bringing.run(&wanted, Basis::Target).await;
    assert_eq!(members(&sandbox, "East"), sorted(&ids[2..]));
    bringing.assert_done(&wanted, &BOTH).await;
}

#[tokio::test]
async fn a_group_of_the_name_is_taken_over_and_names_can_be_keys() {
    for by_name in [false, true] {
        let sandbox = with_scim(ScimOptions::default()).await;
        let ids = users(&sandbox, 3).await;
        let group_there = json!({"schemas": [scim_types::urn::GROUP], "displayName": "North"});
        sandbox.scim().insert_group(group_there).unwrap();
        let target = ScimGroups::new(scim(&sandbox));
        let target = if by_name { target.key_is_name() } else { target };
        let bringing = Bringing::into(target);
        let wanted = [group(if by_name { "north" } else { "00g1" }, "North", &ids)];
        bringing.run(&wanted, Basis::Target).await;
        assert_eq!(members(&sandbox, "North"), sorted(&ids));
        assert_eq!(sandbox.scim().groups()[0]["externalId"].is_null(), by_name);
        bringing.assert_done(&wanted, &BOTH).await;
    }
}

#[tokio::test]
async fn members_that_are_refused_are_named_and_the_others_are_there() {
    let options = ScimOptions { check_members: true, ..ScimOptions::default() };
    let sandbox = with_scim(options).await;
    let ids = users(&sandbox, 3).await;
    let bringing = Bringing::into(ScimGroups::new(scim(&sandbox)));
    let some: Vec<String> = ids.iter().cloned().chain(["no-such-user".to_owned()]).collect();
    let wanted = [group("00g1", "North", &some)];
    let report = bringing.run(&wanted, Basis::Target).await;
    assert_eq!(report.not_kept.get("members"), Some(&1));
    assert_eq!(
        report.notes,
        [("00g1".to_owned(), "1 of 4 members were not taken: no-such-user".into())]
    );
    assert_eq!(members(&sandbox, "North"), sorted(&ids));
    bringing.assert_done(&wanted, &BOTH).await;
    for basis in BOTH {
        let report = bringing.run(&wanted, basis).await;
        assert!(report.not_kept.is_empty() && report.notes.is_empty(), "reported once: {report:?}");
    }
}

#[tokio::test]
async fn what_is_written_once_and_names_that_are_not_managed_stay() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let ids = users(&sandbox, 4).await;
    let once = |members: &[String]| {
        let record = Record::new("00g1").source_id("00g1").set("members", json!(members));
        record.set_on_create("displayName", "North")
    };
    let bringing = Bringing::into(ScimGroups::new(scim(&sandbox)));
    bringing.run(&[once(&ids[..1])], Basis::Delivered).await;
    assert_eq!(members(&sandbox, "North"), ids[..1]);
    let id = sandbox.scim().groups()[0]["id"].as_str().unwrap().to_owned();
    scim(&sandbox).groups().rename(&id, "Edited").await.unwrap();
    for (basis, count) in [(Basis::Delivered, 2), (Basis::Target, 3)] {
        assert_eq!(bringing.run(&[once(&ids[..count])], basis).await.updated, 1);
        assert_eq!(members(&sandbox, "Edited"), sorted(&ids[..count]));
    }
    let bare = Record::new("00g1").source_id("00g1").set("members", json!(ids[..1]));
    bringing.run(&[bare], Basis::Delivered).await;
    assert_eq!(members(&sandbox, "Edited"), ids[..1]);
}

#[tokio::test]
async fn a_large_group_changes_by_the_difference() {
    let count = if std::env::var_os("LONG").is_some() { 100_000 } else { 10_000 };
    let sandbox = with_scim(ScimOptions::default()).await;
    let all: Vec<String> = (0..count + 10).map(|n| format!("user-{n:06}")).collect();
    let bringing = Bringing::into(ScimGroups::new(scim(&sandbox)));
    bringing.run(&[group("00g1", "Everybody", &all[..count])], Basis::Delivered).await;
    let wanted = [group("00g1", "Everybody", &all[10..])];
    let before = sandbox.scim().stats().member_operations;
    assert_eq!(bringing.run(&wanted, Basis::Delivered).await.updated, 1);
    let operations = sandbox.scim().stats().member_operations - before;
    assert!((1..=20).contains(&operations), "{operations}");
    bringing.assert_done(&wanted, &BOTH).await;
    assert_eq!(members(&sandbox, "Everybody"), all[10..]);
}

#[tokio::test]
async fn groups_are_deleted_where_that_is_said() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let bringing = Bringing::into(ScimGroups::new(scim(&sandbox)).delete_departed());
    let wanted = [group("00g1", "North", &[]), group("00g2", "South", &[])];
    bringing.run(&wanted, Basis::Delivered).await;
    let report = bringing.run(&wanted[..1], Basis::Delivered).await;
    assert_eq!((report.removed, sandbox.scim().groups().len()), (1, 1));
    bringing.assert_done(&wanted[..1], &BOTH).await;
    bringing.run(&wanted, Basis::Delivered).await;
    assert_eq!(sandbox.scim().groups().len(), 2);
    bringing.assert_done(&wanted, &BOTH).await;
}

#[tokio::test]
async fn a_product_without_groups_says_so() {
    let sandbox = with_scim(ScimOptions::peakon()).await;
    let target = Arc::new(ScimGroups::new(scim(&sandbox)));
    let said = target.check().await.unwrap_err().to_string();
    assert!(said.contains("has no groups") && said.contains(sandbox.scim_url()), "{said}");
    let bringing = Bringing::into(ScimGroups::new(scim(&sandbox)));
    let report = bringing.once(&[group("00g1", "North", &[])], Basis::Delivered).await;
    assert_eq!(report.undelivered[0].reason, said);
    let sandbox = with_scim(ScimOptions::pendo()).await;
    ScimGroups::new(scim(&sandbox)).check().await.unwrap();
    let other = Record::new("00g1").set("description", "x");
    let report =
        Bringing::into(ScimGroups::new(scim(&sandbox))).once(&[other], Basis::Delivered).await;
    assert!(report.undelivered[0].reason.contains("no `description`"), "{report:?}");
}

#[tokio::test]
async fn the_law_holds_when_calls_fail() {
    for (seed, (server, options)) in servers().into_iter().enumerate() {
        let sandbox = with_scim(options).await;
        let ids = users(&sandbox, 20).await;
        some_faults(&sandbox, seed as u64);
        let bringing = Bringing::into(ScimGroups::new(scim(&sandbox)));
        let wanted = |round: usize| -> Vec<Record> {
            let of = |n: usize| {
                let from = (n + 3 * round) % 15;
                group(&format!("00g{n}"), &format!("Group {n}-{}", round / 2), &ids[from..from + 5])
            };
            (0..25).map(of).collect()
        };
        for (round, basis) in [Basis::Delivered, Basis::Target, Basis::Delivered, Basis::Target]
            .into_iter()
            .enumerate()
        {
            bringing.until_done(&wanted(round), basis).await;
        }
        no_faults(&sandbox);
        let wanted = wanted(3);
        bringing.assert_done(&wanted, &BOTH).await;
        assert_eq!(sandbox.scim().groups().len(), 25, "{server}");
        for n in 0..25 {
            let from = (n + 9) % 15;
            let there = members(&sandbox, &format!("Group {n}-1"));
            assert_eq!(there, sorted(&ids[from..from + 5]), "{server} {n}");
        }
    }
}

#[tokio::test]
async fn who_left_the_product_altogether_is_no_loss_of_a_group() {
    let sandbox = with_scim(ScimOptions::default()).await;
    let users = Bringing::into(ScimUsers::new(scim(&sandbox)));
    users.run(&people(30), Basis::Delivered).await;
    let keys: Vec<String> = (0..30).map(name).collect();
    let (ids, _) = member_ids(&users.store, &*users.target, &keys).unwrap();
    let groups = ScimGroups::new(scim(&sandbox));
    let told = Bringing::into(groups.users(users.store.clone()));
    let untold = Arc::new(ScimGroups::new(scim(&sandbox)));
    let push = async |ids: &[String], target: Arc<dyn Target>| {
        let source = stream::iter([Ok::<_, String>(group("00g1", "North", ids))]);
        let plan = Plan::compute(source, target).store(told.store.clone()).await;
        let plan = plan.map_err(|error| error.to_string())?;
        Ok::<Report, String>(plan.apply().stream().collect().await)
    };
    push(&ids, told.target.clone()).await.unwrap();
    users.run(&people(30)[15..], Basis::Delivered).await;
    let tripped = push(&ids[15..], untold).await.unwrap_err();
    assert!(tripped.contains("15 would leave, at most 6 may"), "{tripped}");
    push(&ids[15..], told.target.clone()).await.unwrap();
    assert_eq!(members(&sandbox, "North"), sorted(&ids[15..]));
    // Who leaves the group alone counts, now and later.
    let tripped = push(&ids[21..], told.target.clone()).await.unwrap_err();
    assert!(tripped.contains("from 15 to 9 members: 6 would leave, at most 5 may"), "{tripped}");
    push(&ids[20..], told.target.clone()).await.unwrap();
    assert!(
        push(&ids[21..], told.target.clone()).await.unwrap_err().contains("5 have in the last")
    );
}
