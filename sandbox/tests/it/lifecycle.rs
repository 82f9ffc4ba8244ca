use serde_json::{Value, json};

use crate::support::{Answer, Org};

const STATUSES: [&str; 8] = [
    "STAGED",
    "PROVISIONED",
    "ACTIVE",
    "RECOVERY",
    "PASSWORD_EXPIRED",
    "LOCKED_OUT",
    "SUSPENDED",
    "DEPROVISIONED",
];
const SAME: &str = "";

struct Row {
    call: &'static str,
    legal_from: &'static [&'static str],
    leads_to: &'static str,
    otherwise: (u16, &'static str),
}

const TABLE: [Row; 11] = [
    // Seeded people in these statuses have no password, so they have to set one.
    Row {
        call: "activate",
        legal_from: &["STAGED", "DEPROVISIONED"],
        leads_to: "PROVISIONED",
        otherwise: (403, "E0000016"),
    },
    Row {
        call: "activate?sendEmail=false",
        legal_from: &["STAGED", "DEPROVISIONED"],
        leads_to: "PROVISIONED",
        otherwise: (403, "E0000016"),
    },
    Row {
        call: "reactivate",
        legal_from: &["PROVISIONED", "RECOVERY"],
        leads_to: SAME,
        otherwise: (403, "E0000038"),
    },
    Row {
        call: "suspend",
        legal_from: &["ACTIVE"],
        leads_to: "SUSPENDED",
        otherwise: (400, "E0000001"),
    },
    Row {
        call: "unsuspend",
        legal_from: &["SUSPENDED"],
        leads_to: "ACTIVE",
        otherwise: (400, "E0000001"),
    },
    Row {
        call: "unlock",
        legal_from: &["LOCKED_OUT"],
        leads_to: "ACTIVE",
        otherwise: (403, "E0000032"),
    },
    Row {
        call: "reset_password?sendEmail=false",
        legal_from: &["PROVISIONED", "ACTIVE", "RECOVERY", "PASSWORD_EXPIRED", "LOCKED_OUT"],
        leads_to: "RECOVERY",
        otherwise: (403, "E0000038"),
    },
    Row {
        call: "expire_password",
        legal_from: &["ACTIVE", "PASSWORD_EXPIRED"],
        leads_to: "PASSWORD_EXPIRED",
        otherwise: (403, "E0000038"),
    },
    Row {
        call: "expire_password_with_temp_password",
        legal_from: &["ACTIVE", "PASSWORD_EXPIRED"],
        leads_to: "PASSWORD_EXPIRED",
        otherwise: (403, "E0000038"),
    },
    Row {
        call: "reset_factors",
        legal_from: &["ACTIVE"],
        leads_to: SAME,
        otherwise: (403, "E0000038"),
    },
    Row {
        call: "deactivate",
        legal_from: &[
            "STAGED",
            "PROVISIONED",
            "ACTIVE",
            "RECOVERY",
            "PASSWORD_EXPIRED",
            "LOCKED_OUT",
            "SUSPENDED",
        ],
        leads_to: "DEPROVISIONED",
        otherwise: (403, "E0000038"),
    },
];

#[tokio::test]
async fn every_call_from_every_status() {
    for row in TABLE {
        let org = Org::with(600).await;
        for status in STATUSES {
            let id = org.in_status(status).await;
            let answer = org.run(&format!("/users/{id}/lifecycle/{}", row.call)).await;
            let told = format!("{} from {status}: {:?}", row.call, answer.body);
            let legal = row.legal_from.contains(&status);
            let expected = if legal { (200, "") } else { row.otherwise };
            assert_eq!(answer.code(), expected, "{told}");
            let now = if legal && row.leads_to != SAME { row.leads_to } else { status };
            assert_eq!(org.status_of(&id).await, now, "{told}");
        }
    }
}

#[tokio::test]
async fn what_the_calls_answer() {
    let org = Org::with(600).await;
    let call = async |status: &str, what: &str| {
        let id = org.in_status(status).await;
        org.run(&format!("/users/{id}/lifecycle/{what}")).await
    };
    let members =
        |answer: &Answer| answer.body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(call("STAGED", "activate").await.body, json!({}));
    let told = call("STAGED", "activate?sendEmail=false").await;
    assert_eq!(members(&told), ["activationToken", "activationUrl"]);
    assert_eq!(call("PROVISIONED", "reactivate?sendEmail=true").await.body, json!({}));
    assert_eq!(
        members(&call("PROVISIONED", "reactivate").await),
        ["activationToken", "activationUrl"]
    );
    assert_eq!(call("ACTIVE", "reset_password?sendEmail=true").await.body, json!({}));
    assert_eq!(
        members(&call("ACTIVE", "reset_password?sendEmail=false").await),
        ["resetPasswordUrl"]
    );
    assert_eq!(call("ACTIVE", "reset_password").await.code(), (400, "E0000028"));
    assert_eq!(call("ACTIVE", "expire_password").await.body["status"], "PASSWORD_EXPIRED");
    assert_eq!(
        members(&call("ACTIVE", "expire_password_with_temp_password").await),
        ["tempPassword"]
    );
    assert_eq!(call("ACTIVE", "suspend").await.body, json!({}));
    let locked = call("ACTIVE", "unlock").await;
    assert_eq!(locked.cause(), "The user is not locked out.");
    assert_eq!(call("ACTIVE", "explode").await.code(), (404, "E0000008"));
    let nobody = org.run("/users/00u000/lifecycle/suspend").await;
    assert_eq!(nobody.code(), (404, "E0000007"));
}

async fn created(org: &Org, query: &str, credentials: Value) -> Answer {
    let login = format!("made.{}@x.example", org.sandbox.okta().user_count());
    let profile = json!({"login": login, "email": login, "firstName": "Made", "lastName": "Up"});
    let mut body = json!({"profile": profile});
    if !credentials.is_null() {
        body["credentials"] = credentials;
    }
    org.post(&format!("/users{query}"), body).await
}

#[tokio::test]
async fn creation_decides_the_first_status() {
    let org = Org::with(0).await;
    let password = || json!({"password": {"value": "long enough"}});
    let hash = json!({"password": {"hash": {"algorithm": "BCRYPT", "workFactor": 10, "salt": "s", "value": "v"}}});
    let cases = [
        ("?activate=false", Value::Null, "STAGED"),
        ("?activate=false", password(), "STAGED"),
        ("", Value::Null, "PROVISIONED"),
        ("?activate=true", json!({"password": {}}), "PROVISIONED"),
        ("", password(), "ACTIVE"),
        ("?activate=true", hash, "ACTIVE"),
        ("?nextLogin=changePassword", password(), "PASSWORD_EXPIRED"),
        (
            "?provider=true",
            json!({"provider": {"type": "FEDERATION", "name": "FEDERATION"}}),
            "ACTIVE",
        ),
    ];
    for (query, credentials, status) in cases {
        let has_password = credentials["password"].get("value").is_some()
            || credentials["password"].get("hash").is_some();
        let answer = created(&org, query, credentials).await;
        assert_eq!((answer.status, &answer.body["status"]), (200, &json!(status)), "{query}");
        assert_eq!(answer.body["credentials"].get("password").is_some(), has_password, "{query}");
        assert_eq!(answer.body["activated"].is_null(), status == "STAGED");
        assert_eq!(org.status_of(answer.id()).await, status);
    }
    let no_password = created(&org, "?nextLogin=changePassword", Value::Null).await;
    assert_eq!(no_password.code(), (400, "E0000124"));
    let short = created(&org, "", json!({"password": {"value": "short"}})).await;
    assert_eq!(short.code(), (400, "E0000001"));
}

#[tokio::test]
async fn recorded_chains() {
    let org = Org::with(0).await;
    let id = created(&org, "?activate=false", Value::Null).await.id().to_owned();
    assert_eq!(org.delete(&format!("/users/{id}")).await.status, 204);
    assert_eq!(org.status_of(&id).await, "DEPROVISIONED");
    assert_eq!(org.delete(&format!("/users/{id}")).await.status, 204);
    assert_eq!(org.get(&format!("/users/{id}")).await.code(), (404, "E0000007"));
    assert_eq!(org.delete(&format!("/users/{id}")).await.code(), (404, "E0000007"));

    let with_password = json!({"password": {"value": "long enough"}});
    let id = created(&org, "?activate=false", with_password).await.id().to_owned();
    for (call, status) in
        [("activate", "ACTIVE"), ("suspend", "SUSPENDED"), ("unsuspend", "ACTIVE")]
    {
        assert_eq!(org.run(&format!("/users/{id}/lifecycle/{call}")).await.status, 200);
        assert_eq!(org.status_of(&id).await, status);
    }
    // Deactivation throws the password away, so an activated user has to set a new one.
    org.run(&format!("/users/{id}/lifecycle/deactivate")).await;
    org.run(&format!("/users/{id}/lifecycle/activate")).await;
    assert_eq!(org.status_of(&id).await, "PROVISIONED");
}

#[tokio::test]
async fn passwords_and_recovery_questions() {
    let org = Org::with(0).await;
    let id =
        created(&org, "", json!({"password": {"value": "first password"}})).await.id().to_owned();
    let call = async |what: &str, body: Value| {
        org.post(&format!("/users/{id}/credentials/{what}"), body).await
    };
    let change = |old: &str| json!({"oldPassword": {"value": old}, "newPassword": {"value": "second password"}});
    let wrong = call("change_password", change("guess")).await;
    assert_eq!((wrong.code(), wrong.cause()), ((403, "E0000014"), "Old Password is not correct"));
    let changed = call("change_password", change("first password")).await;
    assert_eq!(changed.body["password"], json!({}));
    let question = json!({"question": "Pet?", "answer": "Cat"});
    let body = json!({"password": {"value": "second password"}, "recovery_question": question});
    let answer = call("change_recovery_question", body).await;
    assert_eq!(answer.body["recovery_question"], json!({"question": "Pet?"}));
    let recover = |answer: &str| json!({"password": {"value": "third password"}, "recovery_question": {"answer": answer}});
    assert_eq!(
        call("forgot_password_recovery_question", recover("Dog")).await.code(),
        (403, "E0000014")
    );
    assert_eq!(call("forgot_password_recovery_question", recover("Cat")).await.status, 200);
    assert_eq!(call("change_password", change("third password")).await.status, 200);
    let told = org.run(&format!("/users/{id}/credentials/forgot_password?sendEmail=false")).await;
    assert!(told.body["resetPasswordUrl"].is_string());
    assert_eq!(org.run(&format!("/users/{id}/credentials/forgot_password")).await.body, json!({}));
}
