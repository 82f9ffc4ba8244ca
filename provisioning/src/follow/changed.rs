//! What an event says of who changed. Kinds:
//! <https://developer.okta.com/docs/reference/api/event-types/>

use okta_client::LogEvent;

use crate::source::Scope;

/// The events that may change somebody: all that is asked of the log.
pub(super) const FILTER: &str = concat!(
    r#"eventType sw "user.lifecycle." or eventType sw "user.account." or "#,
    r#"eventType sw "group.user_membership." or eventType sw "group.application_assignment." or "#,
    r#"eventType eq "group.lifecycle.delete" or eventType eq "group.profile.update" or "#,
    r#"eventType sw "application.user_membership." or eventType eq "application.lifecycle.delete" or "#,
    r#"eventType sw "application.provision.user.import""#,
);

#[derive(Debug, PartialEq)]
pub(super) enum Changed<'e> {
    Nobody,
    People(Vec<&'e str>),
    Members(&'e str),
    Everybody,
}

/// Who is in scope, or looks, otherwise by an event. What cannot make a difference is nobody's change:
/// such as a group that the scope is not made of, where no expression asks for groups.
pub(super) fn changed<'e>(event: &'e LogEvent, scope: &Scope, with_groups: bool) -> Changed<'e> {
    let kind = event.event_type.as_deref().unwrap_or_default();
    let by_app = scope.parts().iter().any(|scope| matches!(scope, Scope::App(_)));
    let (area, action) = kind.rsplit_once('.').unwrap_or((kind, ""));
    match area {
        _ if kind.starts_with("user.lifecycle.") || kind.starts_with("user.account.") => {
            people(event)
        }
        _ if kind.starts_with("application.provision.user.import") => people(event),
        _ if kind.starts_with("group.user_membership.") => {
            let counts = with_groups || by_app || is_of_group(event, scope);
            if counts { people(event) } else { Changed::Nobody }
        }
        "application.user_membership" if is_of_app(event, scope) => people(event),
        "group.application_assignment" if is_of_app(event, scope) => {
            event.group_id().map_or(Changed::Everybody, Changed::Members)
        }
        "group.lifecycle" if action == "delete" => {
            everybody(with_groups || by_app || is_of_group(event, scope))
        }
        "group.profile" if action == "update" => everybody(with_groups),
        "application.lifecycle" if action == "delete" => everybody(is_of_app(event, scope)),
        _ => Changed::Nobody,
    }
}

fn everybody(counts: bool) -> Changed<'static> {
    if counts { Changed::Everybody } else { Changed::Nobody }
}

fn people(event: &LogEvent) -> Changed<'_> {
    Changed::People(event.targets_of("User").filter_map(|user| user.id.as_deref()).collect())
}

/// An event that does not say which app counts as well.
fn is_of_app(event: &LogEvent, scope: &Scope) -> bool {
    let is_of = |scope: &Scope| matches!(scope, Scope::App(id) if event.app_id().is_none_or(|app| app == id));
    scope.parts().into_iter().any(is_of)
}

fn is_of_group(event: &LogEvent, scope: &Scope) -> bool {
    let is_of = |scope: &Scope| matches!(scope, Scope::Group(id) if event.group_id().is_none_or(|group| group == id));
    scope.parts().into_iter().any(is_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str) -> LogEvent {
        let target = |kind: &str, id: &str| json!({"type": kind, "id": id});
        serde_json::from_value(json!({
            "uuid": "1", "eventType": kind, "target": [
                target("AppUser", "0ua1"), target("UserGroup", "00g1"), target("AppInstance", "0oa1"),
                target("User", "00u1"), target("User", "00u2"),
            ]
        }))
        .unwrap()
    }

    #[test]
    fn events_count_where_they_can_make_a_difference() {
        let both = || Changed::People(vec!["00u1", "00u2"]);
        let (everyone, group, app) = (Scope::Everyone, Scope::group("00g1"), Scope::app("0oa1"));
        let (other_group, other_app) = (Scope::group("00g2"), Scope::app("0oa2"));
        let one_of = Scope::group("00g2").or(Scope::group("00g1"));
        let neither = Scope::group("00g2").or(Scope::group("00g3"));
        for (kind, scope, with_groups, expected) in [
            ("user.lifecycle.suspend", &everyone, false, both()),
            ("user.lifecycle.delete.initiated", &other_app, false, both()),
            ("user.account.update_profile", &group, false, both()),
            ("application.provision.user.import_profile", &everyone, false, both()),
            ("user.session.start", &everyone, true, Changed::Nobody),
            ("user.lifecycles", &everyone, true, Changed::Nobody),
            ("group.user_membership.add", &everyone, false, Changed::Nobody),
            ("group.user_membership.add", &everyone, true, both()),
            ("group.user_membership.remove", &group, false, both()),
            ("group.user_membership.remove", &other_group, false, Changed::Nobody),
            ("group.user_membership.remove", &one_of, false, both()),
            ("group.user_membership.remove", &neither, false, Changed::Nobody),
            ("group.lifecycle.delete", &one_of, false, Changed::Everybody),
            ("group.user_membership.rule.add_exclusion", &app, false, both()),
            ("application.user_membership.remove", &app, false, both()),
            ("application.user_membership.remove", &other_app, false, Changed::Nobody),
            ("application.user_membership.remove", &everyone, true, Changed::Nobody),
            ("group.application_assignment.remove", &app, false, Changed::Members("00g1")),
            ("group.application_assignment.remove", &other_app, false, Changed::Nobody),
            ("group.lifecycle.delete", &everyone, false, Changed::Nobody),
            ("group.lifecycle.delete", &everyone, true, Changed::Everybody),
            ("group.lifecycle.delete", &other_app, false, Changed::Everybody),
            ("group.lifecycle.create", &app, true, Changed::Nobody),
            ("group.profile.update", &app, false, Changed::Nobody),
            ("group.profile.update", &everyone, true, Changed::Everybody),
            ("application.lifecycle.delete", &app, false, Changed::Everybody),
            ("application.lifecycle.delete", &other_app, false, Changed::Nobody),
            ("something.new", &app, true, Changed::Nobody),
        ] {
            assert_eq!(changed(&event(kind), scope, with_groups), expected, "{kind} {scope:?}");
        }
    }

    #[test]
    fn what_an_event_leaves_open_counts() {
        let bare: LogEvent = serde_json::from_value(json!({"uuid": "1", "target": null})).unwrap();
        assert_eq!(changed(&bare, &Scope::Everyone, true), Changed::Nobody);
        let assigned = json!({"uuid": "1", "eventType": "group.application_assignment.add"});
        let assigned: LogEvent = serde_json::from_value(assigned).unwrap();
        assert_eq!(changed(&assigned, &Scope::app("0oa1"), false), Changed::Everybody);
    }

    #[test]
    fn the_filter_lets_through_what_is_looked_at() {
        let filter = okta_client::search::Expression::parse(FILTER).unwrap();
        for (kind, passes) in [
            ("user.lifecycle.delete.completed", true),
            ("user.account.lock", true),
            ("group.user_membership.rule.add_exclusion", true),
            ("group.application_assignment.update", true),
            ("group.lifecycle.delete", true),
            ("group.profile.update", true),
            ("application.user_membership.change_username", true),
            ("application.lifecycle.delete", true),
            ("application.provision.user.import", true),
            ("user.session.start", false),
            ("application.lifecycle.create", false),
        ] {
            assert_eq!(filter.matches(&json!({"eventType": kind})), passes, "{kind}");
        }
    }
}
