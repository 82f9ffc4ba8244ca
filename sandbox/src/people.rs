//! People who are computed from a seed and a position, so that a million of them cost no memory.

use serde::Serialize;
use serde_json::{Map, Value};

// As shown in a profile, and as written in an address.
const FIRST_NAMES: [(&str, &str); 24] = [
    ("Ada", "ada"),
    ("Zoë", "zoe"),
    ("Grace", "grace"),
    ("Jürgen", "juergen"),
    ("Łukasz", "lukasz"),
    ("Siân", "sian"),
    ("José", "jose"),
    ("Анна", "anna"),
    ("美咲", "misaki"),
    ("نور", "noor"),
    ("Linus", "linus"),
    ("Margaret", "margaret"),
    ("D'Arcy", "darcy"),
    ("William \"Bill\"", "bill"),
    ("J\\R", "jr"),
    ("Ng", "ng"),
    ("Katherine", "katherine"),
    ("Dorothy", "dorothy"),
    ("Søren", "soren"),
    ("Chloé", "chloe"),
    ("Mei-Ling", "mei-ling"),
    ("Yusuf", "yusuf"),
    ("Priya", "priya"),
    ("Tom", "tom"),
];
const LAST_NAMES: [(&str, &str); 22] = [
    ("Lovelace", "lovelace"),
    ("Hopper", "hopper"),
    ("O'Neil", "oneil"),
    ("Müller", "mueller"),
    ("García Márquez", "garcia-marquez"),
    ("Nguyễn", "nguyen"),
    ("Иванова", "ivanova"),
    ("佐藤", "sato"),
    ("van der Berg", "vanderberg"),
    ("Smith, Jr.", "smith"),
    ("\"Ace\" Brown", "ace-brown"),
    ("Back\\Slash", "backslash"),
    ("Hamilton", "hamilton"),
    ("Ångström", "angstrom"),
    ("Johnson", "johnson"),
    ("Kowalski", "kowalski"),
    ("Li", "li"),
    ("Okafor", "okafor"),
    ("Haddad", "haddad"),
    ("Singh", "singh"),
    ("Dubois", "dubois"),
    ("Vaughan", "vaughan"),
];
/// Departments of seeded people; each is also the name of a seeded group.
pub(crate) const DEPARTMENTS: [&str; 10] = [
    "Sales",
    "Engineering",
    "R&D \"North\"",
    "Büro",
    "Ops, Field",
    "Finance",
    "People",
    "Legal",
    "Продажи",
    "العربية",
];
const TITLES: [&str; 8] = [
    "Engineer",
    "Account Executive",
    "Director, EMEA",
    "Analyst",
    "Designer",
    "VP \"Growth\"",
    "Chef d'équipe",
    "Intern",
];
const PLACES: [(&str, &str); 8] = [
    ("London", "GB"),
    ("Zürich", "CH"),
    ("São Paulo", "BR"),
    ("Tokyo", "JP"),
    ("Raleigh", "US"),
    ("Kraków", "PL"),
    ("Bengaluru", "IN"),
    ("Paris", "FR"),
];
const SKILLS: [&str; 7] = ["rust", "sql", "négociation", "x,y", "\"quoted\"", "cad", "日本語"];
const DOMAIN: &str = "people.example";
// One leaver for this many people.
const PEOPLE_PER_LEAVER: u64 = 50;

/// The seeded people of a sandbox, each computed from the seed and a position when asked for.
#[derive(Clone, Debug)]
pub struct People {
    seed: u64,
    count: u64,
}

/// What one person's Okta profile holds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SeededProfile {
    first_name: &'static str,
    last_name: &'static str,
    // Okta always answers these two, null when unset; other unset attributes are absent.
    mobile_phone: Option<&'static str>,
    second_email: Option<&'static str>,
    login: String,
    email: String,
    display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<&'static str>,
    title: &'static str,
    employee_number: String,
    cost_center: &'static str,
    city: &'static str,
    country_code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manager_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge_number: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_contractor: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hire_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skills: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
}

impl SeededProfile {
    /// Login and primary email are one.
    pub(crate) fn email(&self) -> &str {
        &self.email
    }

    pub(crate) fn first_name(&self) -> &str {
        self.first_name
    }

    pub(crate) fn last_name(&self) -> &str {
        self.last_name
    }

    /// Takes a custom attribute away, as the schema did.
    pub(crate) fn forget(&mut self, attribute: &str) {
        match attribute {
            "badgeNumber" => self.badge_number = None,
            "isContractor" => self.is_contractor = None,
            "hireDate" => self.hire_date = None,
            "skills" => self.skills = None,
            "score" => self.score = None,
            _ => {}
        }
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        }
    }
}

impl People {
    /// The custom attributes that seeded profiles have.
    pub(crate) const ATTRIBUTES: [&str; 5] =
        ["badgeNumber", "isContractor", "hireDate", "skills", "score"];

    /// `count` people who are not deactivated, and a few leavers after them; same seed, same people.
    pub fn new(seed: u64, count: u64) -> Self {
        Self { seed, count }
    }

    /// How many people a plain listing gives: positions `0..count()`.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many there are with the deactivated leavers, who follow at positions `count()..total()`.
    pub fn total(&self) -> u64 {
        self.count + self.count / PEOPLE_PER_LEAVER
    }

    /// The address of the person at a position: both login and primary email.
    pub fn email(&self, index: u64) -> String {
        let (first, last) = self.names(index);
        format!("{}.{}.{index}@{DOMAIN}", first.1, last.1)
    }

    /// The position of the person with this address, in any case of letters.
    pub fn index_of_email(&self, address: &str) -> Option<u64> {
        let (local, domain) = address.rsplit_once('@')?;
        domain.eq_ignore_ascii_case(DOMAIN).then(|| self.index_of_local_part(local)).flatten()
    }

    /// The position of the person whose address starts with this before the `@`.
    pub(crate) fn index_of_local_part(&self, local: &str) -> Option<u64> {
        let index: u64 = local.rsplit_once('.')?.1.parse().ok()?;
        if index >= self.total() {
            return None;
        }
        let email = self.email(index);
        let expected = email.rsplit_once('@').map(|(expected, _)| expected)?;
        expected.eq_ignore_ascii_case(local).then_some(index)
    }

    /// The Okta profile of the person at a position, custom attributes included.
    pub fn profile(&self, index: u64) -> Map<String, Value> {
        self.computed(index).into_map()
    }

    pub(crate) fn is_leaver(&self, index: u64) -> bool {
        index >= self.count
    }

    pub(crate) fn department(&self, index: u64) -> Option<usize> {
        let pick = self.roll(index, 3) as usize % (DEPARTMENTS.len() + 1);
        (pick < DEPARTMENTS.len()).then_some(pick)
    }

    pub(crate) fn computed(&self, index: u64) -> SeededProfile {
        let (first, last) = self.names(index);
        let (city, country_code) = self.place(index);
        let email = self.email(index);
        let manager = self.manager(index);
        SeededProfile {
            first_name: first.0,
            last_name: last.0,
            mobile_phone: None,
            second_email: None,
            login: email.clone(),
            email,
            display_name: format!("{} {}", first.0, last.0),
            department: self.department(index).map(|d| DEPARTMENTS[d]),
            title: self.title(index),
            employee_number: employee_number(index),
            cost_center: self.cost_center(index),
            city,
            country_code,
            manager: manager.map(|m| self.email(m)),
            manager_id: manager.map(employee_number),
            badge_number: self.badge_number(index),
            is_contractor: Some(self.is_contractor(index)),
            hire_date: Some(self.date(index, 10)),
            skills: Some(self.skills(index)),
            score: Some(self.score(index)),
        }
    }

    /// One attribute of [`computed`](Self::computed), without the others; null where there is none.
    pub(crate) fn attribute(&self, index: u64, name: &str) -> Value {
        match name {
            "firstName" => self.names(index).0.0.into(),
            "lastName" => self.names(index).1.0.into(),
            "login" | "email" => self.email(index).into(),
            "displayName" => {
                let (first, last) = self.names(index);
                format!("{} {}", first.0, last.0).into()
            }
            "department" => self.department(index).map(|d| DEPARTMENTS[d]).into(),
            "title" => self.title(index).into(),
            "employeeNumber" => employee_number(index).into(),
            "costCenter" => self.cost_center(index).into(),
            "city" => self.place(index).0.into(),
            "countryCode" => self.place(index).1.into(),
            "manager" => self.manager(index).map(|m| self.email(m)).into(),
            "managerId" => self.manager(index).map(employee_number).into(),
            "badgeNumber" => self.badge_number(index).flatten().into(),
            "isContractor" => self.is_contractor(index).into(),
            "hireDate" => self.date(index, 10).into(),
            "skills" => self.skills(index).into(),
            "score" => self.score(index).into(),
            _ => Value::Null,
        }
    }

    /// A day between 2015 and 2024, as `YYYY-MM-DD`.
    pub(crate) fn date(&self, index: u64, salt: u64) -> String {
        let day = self.roll(index, salt);
        format!("{}-{:02}-{:02}", 2015 + day % 10, 1 + day / 10 % 12, 1 + day / 120 % 28)
    }

    /// A number that depends on the seed, the position and `salt` only.
    pub(crate) fn roll(&self, index: u64, salt: u64) -> u64 {
        mix(mix(self.seed ^ mix(salt)).wrapping_add(index))
    }

    fn names(&self, index: u64) -> ((&'static str, &'static str), (&'static str, &'static str)) {
        (pick(&FIRST_NAMES, self.roll(index, 1)), pick(&LAST_NAMES, self.roll(index, 2)))
    }

    fn place(&self, index: u64) -> (&'static str, &'static str) {
        pick(&PLACES, self.roll(index, 4))
    }

    fn manager(&self, index: u64) -> Option<u64> {
        (index > 0).then(|| self.roll(index, 5) % index)
    }

    fn title(&self, index: u64) -> &'static str {
        pick(&TITLES, self.roll(index, 6))
    }

    fn cost_center(&self, index: u64) -> &'static str {
        pick(&["CC-100", "CC-200", "CC-300"], self.roll(index, 7))
    }

    fn is_contractor(&self, index: u64) -> bool {
        self.roll(index, 9).is_multiple_of(4)
    }

    fn score(&self, index: u64) -> f64 {
        (self.roll(index, 12) % 800) as f64 / 8.0
    }

    fn badge_number(&self, index: u64) -> Option<Option<u64>> {
        match self.roll(index, 8) % 10 {
            0 => None,
            1 => Some(None),
            _ => Some(Some(10_000 + index)),
        }
    }

    fn skills(&self, index: u64) -> Vec<&'static str> {
        let roll = self.roll(index, 11);
        let how_many = roll % 4;
        (0..how_many).map(|n| pick(&SKILLS, roll / 4 + n)).collect()
    }
}

fn employee_number(index: u64) -> String {
    (100_000 + index).to_string()
}

fn pick<T: Copy>(from: &[T], roll: u64) -> T {
    from[(roll % from.len() as u64) as usize]
}

// SplitMix64's finalizer: cheap, and every bit of the input moves every bit of the result.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_back_to_its_position() {
        let people = People::new(7, 5_000);
        for index in 0..people.total() {
            assert_eq!(people.index_of_email(&people.email(index)), Some(index));
        }
        assert_eq!(people.index_of_email(&people.email(3).to_uppercase()), Some(3));
        for stranger in
            ["", "@", "x", "ada.lovelace.3@elsewhere.example", "no.body.999999@people.example"]
        {
            assert_eq!(people.index_of_email(stranger), None, "{stranger}");
        }
        // Right number, wrong name.
        assert_eq!(people.index_of_email("nobody.3@people.example"), None);
    }

    #[test]
    fn one_attribute_is_that_of_the_profile() {
        let people = People::new(7, 500);
        for index in 0..people.total() {
            let mut profile = people.computed(index);
            let map = profile.clone().into_map();
            for (name, value) in &map {
                assert_eq!(people.attribute(index, name), *value, "{name} of {index}");
            }
            let absent = ["department", "manager", "managerId", "badgeNumber", "nickName"];
            for name in absent.into_iter().filter(|name| !map.contains_key(*name)) {
                assert_eq!(people.attribute(index, name), Value::Null, "{name} of {index}");
            }
            People::ATTRIBUTES.into_iter().for_each(|name| profile.forget(name));
            let left = profile.into_map();
            assert!(People::ATTRIBUTES.iter().all(|name| !left.contains_key(*name)));
        }
    }

    #[test]
    fn the_seed_decides() {
        let profiles = |seed| (0..50).map(|i| People::new(seed, 50).profile(i)).collect::<Vec<_>>();
        assert_eq!(profiles(7), profiles(7));
        assert_ne!(profiles(7), profiles(8));
    }

    #[test]
    fn every_kind_of_value_occurs() {
        let people = People::new(1, 2_000);
        let all: Vec<_> = (0..people.count()).map(|i| people.profile(i)).collect();
        let badge =
            |check: fn(Option<&Value>) -> bool| all.iter().any(|p| check(p.get("badgeNumber")));
        assert!(badge(|b| b.is_none()));
        assert!(badge(|b| b.is_some_and(Value::is_null)));
        assert!(badge(|b| b.is_some_and(Value::is_u64)));
        assert!(all.iter().any(|p| p["skills"] == serde_json::json!([])));
        assert!(all.iter().any(|p| p.get("department").is_none()));
        assert!(all.iter().any(|p| p["isContractor"] == true));
        assert!(all.iter().all(|p| p["mobilePhone"].is_null()));
    }
}
