//! The SCIM programs while one in twenty answers of Okta and of the product fails.

use std::collections::BTreeSet;

use sandbox::{Faults, ScimOptions};
use serde_json::Value;

use super::common::Rig;
use super::pendo_groups::{ids, members};
use crate::support::{Finished, a_few_at_once};

const PEOPLE: u64 = 120;

struct Faulty {
    rig: Rig,
    groups: bool,
    of: &'static str,
    seed: u64,
}

impl Faulty {
    fn start(name: &'static str, product: ScimOptions, seed: u64) -> Self {
        let groups = name == "pendo_scim";
        let of = if name == "pingboard_profiles" { "--group Assigned" } else { "" };
        Self { rig: Rig::start(name, PEOPLE, product), groups, of, seed }
    }

    fn program(&self, args: &str) -> Finished {
        let program = self.rig.program(args);
        program
            .args(if self.groups { "--push-groups Staff --push-groups Field" } else { self.of })
            .run()
    }

    /// With faults everywhere: what the first run leaves behind the second brings.
    fn runs_twice(&self, round: u64) {
        let faults = self.rig.sandbox.faults();
        faults.set(Faults::rate(0.05).seed(self.seed * 10 + round));
        let first = self.program("");
        assert!([Some(0), Some(1)].contains(&first.code), "seed {}: {first}", self.seed);
        let second = self.program("");
        assert_eq!(second.code, Some(0), "seed {}: {second} after {first}", self.seed);
        faults.set(Faults::none());
    }

    /// By what was delivered, and by what the product holds.
    fn has_nothing_left_to_do(&self) {
        let writes = self.rig.writes();
        for basis in ["delivered", "target"] {
            let plan = self.program(&format!("--plan --basis {basis}")).exits(0);
            plan.says("plan      0 to create, 0 to update, 0 to restore, 0 to remove");
            let run = self.program(&format!("--basis {basis}")).exits(0);
            let parts = if self.groups { 2 } else { 1 };
            let nothing = " 0 created, 0 updated, 0 restored, 0 removed";
            assert_eq!(run.out.matches(nothing).count(), parts, "seed {}: {run}", self.seed);
        }
        assert_eq!(self.rig.writes(), writes, "seed {}", self.seed);
    }

    /// Nobody and no group is there twice, and all are who they should be.
    fn holds(&self, active: impl Iterator<Item = u64> + Clone, there: usize) {
        let users = self.rig.sandbox.scim().users();
        let names = users.iter().filter_map(|user| user["userName"].as_str());
        let names: BTreeSet<String> = names.map(str::to_lowercase).collect();
        assert_eq!((users.len(), names.len()), (there, there), "seed {}", self.seed);
        let on = users.iter().filter(|user| user["active"] != Value::Bool(false)).count();
        assert_eq!(on, active.clone().count(), "seed {}", self.seed);
        for position in active.clone() {
            assert_eq!(self.rig.user(&self.rig.email(position))["active"], true, "{position}");
        }
        if !self.groups {
            return;
        }
        assert_eq!(self.rig.sandbox.scim().groups().len(), 2, "seed {}", self.seed);
        for (name, of) in [("Staff", 0..50), ("Field", 40..90)] {
            let should = ids(&self.rig, active.clone().filter(|position| of.contains(position)));
            assert_eq!(members(&self.rig, name), should, "seed {}: {name}", self.seed);
        }
    }
}

fn through_faults(name: &'static str, product: ScimOptions, removes: bool, seed: u64) {
    let faulty = Faulty::start(name, product, seed);
    let rig = &faulty.rig;
    if faulty.groups {
        rig.group("Staff", 0..50);
        rig.group("Field", 40..90);
    }
    if !faulty.of.is_empty() {
        rig.group("Assigned", 0..PEOPLE);
    }
    faulty.runs_twice(1);
    faulty.holds(0..PEOPLE, PEOPLE as usize);
    faulty.has_nothing_left_to_do();

    // Some change, some leave, and a manager, of some of these too, gets another name in the product.
    let leaves = |position: &u64| (60..66).contains(position) || (80..86).contains(position);
    (10..30).for_each(|position| rig.set(position, "firstName", "Changed"));
    (0..PEOPLE).filter(leaves).for_each(|position| rig.deactivate(position));
    let email = rig.email(45);
    rig.set(45, "email", "renamed@acme.example");
    faulty.runs_twice(2);
    let stayed = (0..PEOPLE).filter(|position| !leaves(position));
    assert!(rig.user(&email).is_null() && rig.user("renamed@acme.example")["active"] == true);
    assert!((10..30).all(|at| rig.user(&rig.email(at))["name"]["givenName"] == "Changed"));
    rig.sandbox.okta().set_profile(&rig.id(45), [("email", email.into())]);
    faulty.runs_twice(3);
    faulty.holds(stayed, if removes { 108 } else { 120 });
    faulty.has_nothing_left_to_do();
    let met = rig.sandbox.faults().total();
    assert!(met > 10, "seed {seed}: only {met} faults");
}

#[test]
fn people_and_groups_arrive_at_pendo_once() {
    a_few_at_once(1..=2, |seed| through_faults("pendo_scim", ScimOptions::pendo(), false, seed));
}

#[test]
fn people_and_groups_arrive_once_where_members_are_shown() {
    a_few_at_once(3..=4, |seed| through_faults("pendo_scim", ScimOptions::default(), false, seed));
}

#[test]
fn people_arrive_at_peakon_and_pingboard_once() {
    a_few_at_once(5..=6, |seed| {
        through_faults("peakon_employees", ScimOptions::peakon(), false, seed);
        through_faults("pingboard_profiles", ScimOptions::pingboard(), true, seed);
    });
}
