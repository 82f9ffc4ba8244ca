//! Users' factors.

use std::time::Duration;

use okta_client::{FactorProof, FactorProvider, FactorType, UserFactor};

use crate::drive::Drive;

const USER: &str = "00ub0oNGTSWTBKOLGLNR";
const FACTOR: &str = "sms2gt8gzgEBPUWBIFHN";

pub(crate) async fn drive(drive: &mut Drive) {
    let factors = drive.okta.users().factors(USER);
    drive.call("factors", factors.list()).await;
    drive.call("supported factors", factors.supported()).await;
    drive.call("security questions", factors.questions()).await;
    drive.call("a factor that may not exist", factors.try_get(FACTOR)).await;
    for factor in [
        UserFactor::sms("+15554151337"),
        UserFactor::call("+15554151337"),
        UserFactor::email("ada@acme.example"),
        UserFactor::question("disliked_food", "mayonnaise"),
        UserFactor::token(FactorProvider::Rsa, "ada@acme.example", "5275875498"),
        UserFactor::yubikey("cccccceukngdfgkukfctkcvfidnetljjiknckkcjulji"),
        UserFactor::hotp("fpr20l2mDyaUGWGCa0g4", "484f97be3213b117"),
        UserFactor::new(FactorType::Push, FactorProvider::Okta),
        UserFactor::new(FactorType::TokenSoftwareTotp, FactorProvider::Google),
        UserFactor::new(FactorType::Webauthn, FactorProvider::Fido),
    ] {
        drive.call("enrol a factor", factors.enroll(&factor)).await;
    }
    let phone = UserFactor::sms("+15554151337");
    let enroll = factors.enroll(&phone).update_phone(true).activate(true).template("cst1");
    drive.call("enrol with options", enroll.token_lifetime(60).language("fr")).await;
    if let Some(factor) = drive.call("a factor", factors.get(FACTOR)).await {
        drive.call("resend a code", factors.resend(&factor).template("cst1")).await;
    }
    let code = FactorProof::pass_code("123456");
    drive.call("activate a factor", factors.activate(FACTOR, code.clone())).await;
    drive.call("activate a push factor", factors.activate_push(FACTOR)).await;
    drive.call("verify a factor", factors.verify(FACTOR, code)).await;
    drive.call("verify an answer", factors.verify(FACTOR, FactorProof::answer("mayonnaise"))).await;
    drive.call("challenge a factor", factors.challenge(FACTOR).token_lifetime(60)).await;
    let challenge = factors.challenge(FACTOR).number_matching();
    drive.call("challenge with a number", challenge).await;
    drive.call("a transaction", factors.transaction(FACTOR, "v2mst.GldKV5VxTrifyeZmWSQguA")).await;
    let sent = serde_json::json!({"_links": {"poll": {"href": "https://x/transactions/v2mst.1"}}});
    let sent = serde_json::from_value(sent).unwrap();
    let wait = factors.wait(FACTOR, &sent).at_most(Duration::ZERO);
    drive.call("wait for a transaction", wait).await;
    drive.call("unenrol a factor", factors.unenroll(FACTOR)).await;
    drive.call("unenrol a phone", factors.unenroll(FACTOR).remove_recovery(true)).await;
}
