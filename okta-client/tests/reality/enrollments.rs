//! Authenticator enrolments and YubiKeys.

use okta_client::YubikeySeed;

use crate::access::first_page;
use crate::drive::Drive;

const USER: &str = "00ub0oNGTSWTBKOLGLNR";
const PHONE: &str = "sms8evhwh0Ne35iPR0g7";

pub(crate) async fn drive(drive: &mut Drive) {
    let enrollments = drive.okta.users().authenticator_enrollments(USER);
    drive.call("enrolments", enrollments.list()).await;
    drive.call("enrolments, disclosed", enrollments.list().disclose_phones()).await;
    drive.call("an enrolment", enrollments.get(PHONE)).await;
    drive.call("an enrolment, disclosed", enrollments.get(PHONE).disclose_phones()).await;
    let phone = enrollments.create_phone("aut5l4ttFyGEWdy6V0k7", "+14086673418");
    drive.call("enrol a phone", phone).await;
    let code = enrollments.create_access_code("autnmtl4xbt8RQVzA0g4");
    drive.call("make an access code", code.clone()).await;
    drive.call("make an access code with options", code.minutes(60).multi_use(true)).await;
    drive.call("delete an enrolment", enrollments.delete(PHONE)).await;
    let keys = drive.okta.yubikeys();
    drive.call("keys", first_page(keys.list().stream())).await;
    let list = keys.list().with_users().filter("status").sort_by("created", true).page_size(20);
    drive.call("keys, some", first_page(list.stream())).await;
    drive.call("a key", keys.get("ykkxdtCA1fKVxyu6R0g3")).await;
    let seed = YubikeySeed::new("7886622", "ccccccijgibu", "b74be6169486", "1fcc6d8ce39bf160");
    drive.call("upload a seed", keys.upload(&seed)).await;
}
