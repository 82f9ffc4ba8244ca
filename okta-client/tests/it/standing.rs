//! One test per endpoint of users' risk and classification.

use okta_client::{ClassificationType, RiskLevel};
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

#[tokio::test]
async fn a_classification_is_read_and_set() {
    let answer = json!({"type": "LITE", "lastUpdated": "2026-01-02T03:04:05.000Z", "new": [1]});
    let org = Org::answers(answer.clone()).await;
    let found = org.okta.users().classification("00u1").await.unwrap();
    org.saw("GET /api/v1/users/00u1/classification", &[], Value::Null).await;
    assert_eq!(found.kind, Some(ClassificationType::Lite));
    assert_eq!(serde_json::to_value(&found).unwrap(), answer);
    let org = Org::answers(answer).await;
    let kind = ClassificationType::Standard;
    assert_eq!(org.okta.users().set_classification("00u1", kind).await.unwrap(), found);
    let body = json!({"type": "STANDARD"});
    org.saw("PUT /api/v1/users/00u1/classification", &[], body).await;
}
