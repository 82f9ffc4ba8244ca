//! Where an attribute is in a SCIM resource: Okta's external name, such as `name.givenName` or
//! `emails.^[type=='work'].value`, below the external namespace.

use serde_json::{Map, Value, json};

pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Name(String),
    /// The element of a list that has this.
    Element(String, Value),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// The extension that it belongs to.
    pub(super) extension: Option<String>,
    steps: Vec<Step>,
}

impl Place {
    /// The place of an attribute of an app's schema.
    pub(super) fn of(name: &str, definition: &Value) -> Self {
        let text = |member: &str| definition[member].as_str().filter(|text| !text.is_empty());
        let extension = text("externalNamespace").filter(|namespace| *namespace != USER);
        let mut steps = steps(text("externalName").unwrap_or(name));
        if let Some(extension) = extension {
            steps.insert(0, Step::Name(extension.to_owned()));
        }
        Self { extension: extension.map(str::to_owned), steps }
    }

    pub(super) fn set(&self, resource: &mut Value, value: &Value) {
        put(resource, &self.steps, value);
    }

    pub(super) fn remove(&self, resource: &mut Value) {
        take(resource, &self.steps);
    }

    pub(super) fn get<'a>(&self, resource: &'a Value) -> Option<&'a Value> {
        self.steps.iter().try_fold(resource, |at, step| match step {
            Step::Name(name) => at.get(name),
            Step::Element(key, value) => {
                let list = at.as_array()?;
                position(list, key, value).and_then(|found| list.get(found))
            }
        })
    }
}

fn steps(external: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = external;
    while !rest.is_empty() {
        let bracket = rest.strip_prefix("^[").and_then(|inner| inner.split_once(']'));
        rest = match bracket {
            Some((condition, behind)) => {
                steps.push(element(condition));
                behind.strip_prefix('.').unwrap_or(behind)
            }
            None => {
                let (name, behind) = rest.split_once('.').unwrap_or((rest, ""));
                steps.push(Step::Name(name.to_owned()));
                behind
            }
        };
    }
    steps
}

fn element(condition: &str) -> Step {
    let (key, value) = condition.split_once("==").unwrap_or((condition, "true"));
    let value = match value.trim() {
        "true" => true.into(),
        "false" => false.into(),
        text => text.trim_matches(['\'', '"']).into(),
    };
    Step::Element(key.trim().to_owned(), value)
}

// A server that does not keep which one is primary has at most one.
fn position(list: &[Value], key: &str, value: &Value) -> Option<usize> {
    let found = list.iter().position(|element| element[key] == *value);
    found.or((key == "primary" && list.len() == 1).then_some(0))
}

fn put(at: &mut Value, steps: &[Step], value: &Value) {
    match steps {
        [] => *at = value.clone(),
        [Step::Name(name), rest @ ..] => {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            put(&mut at[name.as_str()], rest, value);
        }
        [Step::Element(key, wanted), rest @ ..] => {
            if !at.is_array() {
                *at = json!([]);
            }
            let Some(list) = at.as_array_mut() else {
                return;
            };
            let found = position(list, key, wanted).unwrap_or_else(|| {
                // Okta's one address is the one at work.
                let is_primary = key == "primary";
                list.push(if is_primary { json!({"type": "work"}) } else { json!({}) });
                list.len() - 1
            });
            list[found][key.as_str()] = wanted.clone();
            put(&mut list[found], rest, value);
        }
    }
}

fn take(at: &mut Value, steps: &[Step]) {
    match steps {
        [] => {}
        [Step::Name(last)] => {
            at.as_object_mut().map(|members| members.remove(last));
        }
        [Step::Name(name), rest @ ..] => {
            let Some(inner) = at.get_mut(name) else {
                return;
            };
            take(inner, rest);
            if is_empty(inner) {
                at.as_object_mut().map(|members| members.remove(name));
            }
        }
        [Step::Element(key, wanted), rest @ ..] => {
            let Some(list) = at.as_array_mut() else {
                return;
            };
            let Some(found) = position(list, key, wanted) else {
                return;
            };
            take(&mut list[found], rest);
            // What is left without its value says nothing.
            if list[found].get("value").is_none() {
                list.remove(found);
            }
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(external: &str, namespace: &str) -> Place {
        Place::of("x", &json!({"externalName": external, "externalNamespace": namespace}))
    }

    #[test]
    fn values_are_set_read_and_removed_where_they_belong() {
        let peakon = "urn:peakon:2.0:User";
        for (external, namespace, made) in [
            ("title", USER, json!({"title": "v"})),
            ("name.givenName", USER, json!({"name": {"givenName": "v"}})),
            (
                "emails.^[primary==true].value",
                USER,
                json!({"emails": [{"primary": true, "type": "work", "value": "v"}]}),
            ),
            (
                "phoneNumbers.^[type=='mobile'].value",
                "",
                json!({"phoneNumbers": [{"type": "mobile", "value": "v"}]}),
            ),
            ("Business Unit", peakon, json!({(peakon): {"Business Unit": "v"}})),
            ("manager.value", peakon, json!({(peakon): {"manager": {"value": "v"}}})),
        ] {
            let place = place(external, namespace);
            let mut resource = json!({});
            place.set(&mut resource, &json!("v"));
            assert_eq!(resource, made, "{external}");
            assert_eq!(place.get(&resource), Some(&json!("v")), "{external}");
            place.remove(&mut resource);
            assert_eq!(resource, json!({}), "{external}");
        }
    }

    #[test]
    fn what_is_beside_it_stays() {
        let work = place("emails.^[type=='work'].value", USER);
        let mut resource = json!({"emails": [{"type": "home", "value": "h"},
                                             {"type": "work", "value": "w", "display": "d"}]});
        work.set(&mut resource, &json!("new"));
        assert_eq!(
            resource["emails"],
            json!([{"type": "home", "value": "h"}, {"type": "work", "value": "new", "display": "d"}])
        );
        work.remove(&mut resource);
        assert_eq!(resource["emails"], json!([{"type": "home", "value": "h"}]));
        let primary = place("emails.^[primary==true].value", USER);
        primary.set(&mut resource, &json!("p"));
        assert_eq!(resource["emails"], json!([{"type": "home", "value": "p", "primary": true}]));
    }
}
