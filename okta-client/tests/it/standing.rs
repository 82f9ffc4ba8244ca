//! One test per endpoint of users' risk and classification.

use okta_client::RiskLevel;
use serde_json::{Value, json};

use crate::support::*;

fn risk() -> Value {
    json!({"riskLevel": "HIGH", "reason": "Admin override risk",
        "_links": {"user": {"href": "https://acme.okta.com/api/v1/users/00u1"}}})
}

#[tokio::test]
async fn a_risk_is_read() {
    let org = Org::answers(risk()).await;
    let found = org.okta.users().risk("00u1").await.unwrap();
    org.saw("GET /api/v1/users/00u1/risk", &[], Value::Null).await;
    assert_eq!(found.level, Some(RiskLevel::High));
    assert_eq!(found.reason.as_deref(), Some("Admin override risk"));
    assert_eq!(serde_json::to_value(&found).unwrap(), risk());
}

#[tokio::test]
async fn a_risk_is_set() {
    let org = Org::answers(risk()).await;
    let set = org.okta.users().set_risk("00u1", RiskLevel::Low).reason("Cleared").await.unwrap();
    let body = json!({"riskLevel": "LOW", "riskReason": "Cleared"});
    org.saw("PUT /api/v1/users/00u1/risk", &[], body).await;
    assert_eq!(serde_json::to_value(&set).unwrap(), risk());
}
