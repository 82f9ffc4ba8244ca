//! Users' risk and classification.

use crate::drive::Drive;

const USER: &str = "00ub0oNGTSWTBKOLGLNR";

pub(crate) async fn drive(drive: &mut Drive) {
    let users = drive.okta.users();
    drive.call("a risk", users.risk(USER)).await;
}
