//! Passwords and recovery questions of users.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use serde_json::{Map, Value};

use super::call::{Call, object};
use super::error::{Answer, OktaError};
use super::lifecycle::reset_link;
use super::user::{Password, Recovery, Status, User};
use super::users::{check_password, taken};
use super::{OktaOrg, now};

pub(crate) async fn run(
    Shared(org): Shared<OktaOrg>,
    Path((name, what)): Path<(String, String)>,
    call: Call,
    body: Bytes,
) -> Answer {
    let mut change = org.change(&call);
    let mut user = taken(&change, &name)?;
    match what.as_str() {
        "forgot_password" => return forgot_password(&user, &call),
        "change_password" => change_password(&mut user, &object(&body)?)?,
        "change_recovery_question" => change_question(&mut user, &object(&body)?)?,
        "forgot_password_recovery_question" => answer_question(&mut user, &object(&body)?)?,
        _ => return Err(OktaError::no_such_path()),
    }
    user.last_updated = now();
    let answer = Json(user.credentials.alone()).into_response();
    let kind = match what.as_str() {
        "change_recovery_question" => "user.account.update_profile",
        _ => "user.account.update_password",
    };
    change.save_user(user, kind);
    Ok(answer)
}

fn forgot_password(user: &User, call: &Call) -> Answer {
    if user.status != Status::Active {
        let summary = "Forgot password not allowed on specified user.";
        return Err(OktaError::new(403, "E0000034", summary));
    }
    Ok(reset_link(call, true))
}

fn change_password(user: &mut User, body: &Map<String, Value>) -> Result<(), OktaError> {
    if !has_status_for_change(user) {
        return Err(OktaError::wrong_status());
    }
    confirm(user, value(body, "oldPassword"), "Old Password is not correct")?;
    set_password(user, value(body, "newPassword"))?;
    user.status = Status::Active;
    Ok(())
}

fn has_status_for_change(user: &User) -> bool {
    use Status::{Active, PasswordExpired, Provisioned, Recovery, Staged};
    matches!(user.status, Staged | Provisioned | Active | PasswordExpired | Recovery)
}

fn change_question(user: &mut User, body: &Map<String, Value>) -> Result<(), OktaError> {
    confirm(user, value(body, "password"), "Password is not correct")?;
    let asked = body.get("recovery_question");
    let text = |name: &str| asked.and_then(|asked| asked[name].as_str()).unwrap_or_default();
    let (question, answer) = (text("question"), text("answer"));
    if question.is_empty() || answer.is_empty() {
        let cause = "recovery_question: The field cannot be left blank";
        return Err(OktaError::validation("recovery_question", cause));
    }
    let recovery = Recovery { question: question.to_owned(), answer: answer.to_owned() };
    user.credentials.recovery = Some(recovery);
    Ok(())
}

fn answer_question(user: &mut User, body: &Map<String, Value>) -> Result<(), OktaError> {
    let given = body.get("recovery_question").and_then(|asked| asked["answer"].as_str());
    let expected = user.credentials.recovery.as_ref().map(|recovery| recovery.answer.as_str());
    if expected.is_none() || given != expected {
        return Err(update_failed("The recovery question answer did not match our records."));
    }
    set_password(user, value(body, "password"))
}

fn value<'a>(body: &'a Map<String, Value>, name: &str) -> &'a str {
    body.get(name).and_then(|password| password["value"].as_str()).unwrap_or_default()
}

fn confirm(user: &User, given: &str, problem: &str) -> Result<(), OktaError> {
    match &user.credentials.password {
        Password::Known(known) if known == given => Ok(()),
        _ => Err(update_failed(problem)),
    }
}

fn set_password(user: &mut User, password: &str) -> Result<(), OktaError> {
    check_password(password)?;
    user.credentials.password = Password::Known(password.to_owned());
    user.password_changed = Some(now());
    Ok(())
}

fn update_failed(cause: &str) -> OktaError {
    OktaError::new(403, "E0000014", "Update of credentials failed").because(cause)
}
