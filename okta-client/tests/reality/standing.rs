//! Users' risk and classification.

use okta_client::{ClassificationType, RiskLevel};

use crate::drive::Drive;

const USER: &str = "00ub0oNGTSWTBKOLGLNR";

pub(crate) async fn drive(drive: &mut Drive) {
    let users = drive.okta.users();
    drive.call("a risk", users.risk(USER)).await;
    drive.call("a classification", users.classification(USER)).await;
    for kind in [ClassificationType::Lite, ClassificationType::Standard] {
        let call = format!("set a classification: {kind}");
        drive.call(call, users.set_classification(USER, kind)).await;
    }
    for level in [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High] {
        drive.call(format!("set a risk: {level}"), users.set_risk(USER, level)).await;
    }
    let request = users.set_risk(USER, RiskLevel::High).reason("Phished, 2026-01-02.");
    drive.call("set a risk with its reason", request).await;
}
