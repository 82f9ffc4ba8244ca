//! Groups, their members and apps, and group rules.

use okta_client::search::attr;
use okta_client::{GroupProfile, GroupRule};
use serde_json::json;

use crate::drive::Drive;

const GROUP: &str = "00g1emaKYZTWRYYRRTSK";
const USER: &str = "00ub0oNGTSWTBKOLGLNR";

pub(crate) async fn drive(drive: &mut Drive) {
    groups(drive).await;
    rules(drive).await;
}

async fn groups(drive: &mut Drive) {
    let groups = drive.okta.groups();
    let profile =
        GroupProfile::new().with("name", "Engineering").with("description", "All of them");
    drive.list("groups", groups.list().stream()).await;
    let list = groups.list().search(attr("profile.name").sw("Eng")).expand("stats");
    drive.list("groups, searched", list.sort_by("profile.name", false).stream()).await;
    let list = groups.list().filter(attr("type").eq("OKTA_GROUP")).page_size(50).limit(10);
    drive.list("groups, filtered", list.stream()).await;
    drive.list("groups, by prefix", groups.list().q("Eng").stream()).await;
    drive.call("a group", groups.get(GROUP)).await;
    drive.call("a group that may not exist", groups.try_get(GROUP)).await;
    drive.call("create a group", groups.create(&profile)).await;
    let with_custom = profile.clone().with("floor", 3).with("tags", json!(["a"]));
    drive.call("create a group with custom attributes", groups.create(&with_custom)).await;
    drive.call("replace a group", groups.replace(GROUP, &profile)).await;
    drive.call("delete a group", groups.delete(GROUP)).await;
    drive.list("members", groups.members(GROUP).stream()).await;
    drive.call("add a member", groups.add_member(GROUP, USER)).await;
    drive.call("remove a member", groups.remove_member(GROUP, USER)).await;
    drive.list("apps of a group", groups.apps(GROUP).page_size(50).stream()).await;
}

async fn rules(drive: &mut Drive) {
    let rules = drive.okta.group_rules();
    let rule = GroupRule::new("Sales", "user.department==\"Sales\"", ["00g1", "00g2"]);
    drive.list("rules", rules.list().stream()).await;
    let list = rules.list().search("Sales").with_names().page_size(200);
    drive.list("rules, searched, with names", list.stream()).await;
    drive.call("a rule", rules.get("0pr1")).await;
    drive.call("a rule that may not exist", rules.try_get("0pr1")).await;
    drive.call("a rule with names", rules.get_with_names("0pr1")).await;
    drive.call("create a rule", rules.create(&rule)).await;
    let excluding = rule.clone().exclude_users(["00u1"]);
    drive.call("create a rule with exceptions", rules.create(&excluding)).await;
    drive.call("replace a rule", rules.replace("0pr1", &rule)).await;
    if let Some(read) = drive.call("read a rule to write it back", rules.get("0pr1")).await {
        drive.call("replace a rule by what was read", rules.replace("0pr1", &read)).await;
    }
    drive.call("delete a rule", rules.delete("0pr1")).await;
    drive.call("delete a rule and its members", rules.delete("0pr1").remove_users(true)).await;
    drive.call("activate a rule", rules.activate("0pr1")).await;
    drive.call("deactivate a rule", rules.deactivate("0pr1")).await;
}
