//! Who is assigned to an app.

use okta_client::AppUserScope;
use serde_json::json;

use crate::drive::Drive;

const APP: &str = "0oa1gjh63g214q0Hq0g4";
const GROUP: &str = "00g1emaKYZTWRYYRRTSK";
const USER: &str = "00ub0oNGTSWTBKOLGLNR";

pub(crate) async fn drive(drive: &mut Drive) {
    users(drive).await;
    groups(drive).await;
}

async fn users(drive: &mut Drive) {
    let users = drive.okta.apps().users(APP);
    drive.list("app users", users.list().stream()).await;
    let list = users.list().q("ada").expand("user").page_size(50).limit(5);
    drive.list("app users, by prefix", list.stream()).await;
    drive.call("an app user", users.get(USER)).await;
    drive.call("an app user, expanded", users.get(USER).expand("user")).await;
    drive.call("an app user who may not be", users.try_get(USER)).await;
    drive.call("assign a user", users.assign(USER)).await;
    let request = users.assign(USER).user_name("ada").password("s3cret").scope(AppUserScope::User);
    let request =
        request.set("role", "viewer").set("tags", json!(["a"])).set("manager", json!(null));
    drive.call("assign a user with all that goes", request).await;
    let request = users.update(USER).set("role", "editor").clear("manager");
    drive.call("update an app user's profile", request).await;
    let request = users.update(USER).user_name("ada").password("s3cret");
    drive.call("update an app user's credentials", request).await;
    drive.call("unassign a user", users.unassign(USER)).await;
    drive.call("unassign a user with mail", users.unassign(USER).send_email(true)).await;
}

async fn groups(drive: &mut Drive) {
    let groups = drive.okta.apps().groups(APP);
    drive.list("app groups", groups.list().stream()).await;
    let list = groups.list().q("Eng").expand("group").page_size(20);
    drive.list("app groups, by prefix", list.stream()).await;
    drive.call("an app group", groups.get(GROUP)).await;
    drive.call("an app group, expanded", groups.get(GROUP).expand("metadata")).await;
    drive.call("an app group that may not be", groups.try_get(GROUP)).await;
    drive.call("assign a group", groups.assign(GROUP)).await;
    let request = groups.assign(GROUP).priority(1).set("role", "viewer");
    drive.call("assign a group with all that goes", request).await;
    drive.call("remove from an app group", groups.update(GROUP).remove("manager")).await;
    let request = groups.update(GROUP).set("address", json!({"city": "London"}));
    drive.call("set an object of an app group", request).await;
    let request = groups.update(GROUP).priority(2).set("role", "editor");
    drive.call("set a text and a number of an app group", request).await;
    drive.call("unassign a group", groups.unassign(GROUP)).await;
}
