//! The state machine: which call is legal from which status, and what it leads to.

use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::call::Call;
use super::error::{Answer, OktaError};
use super::user::{Password, Status, User};
use super::users::{nothing, taken};
use super::{OktaOrg, ids, now};

pub(crate) async fn run(
    Shared(org): Shared<OktaOrg>,
    Path((name, what)): Path<(String, String)>,
    call: Call,
) -> Answer {
    let mut change = org.change(&call);
    let mut user = taken(&change, &name)?;
    let answer = match what.as_str() {
        "activate" => activate(&mut user, &call),
        "reactivate" => reactivate(&user, &call),
        "suspend" => suspend(&mut user),
        "unsuspend" => unsuspend(&mut user),
        "unlock" => unlock(&mut user),
        "deactivate" => deactivate(&mut user),
        "reset_password" => reset_password(&mut user, &call),
        "expire_password" => expire_password(&mut user, &call),
        "expire_password_with_temp_password" => expire_with_temporary(&mut user),
        "reset_factors" => reset_factors(&user),
        _ => Err(OktaError::no_such_path()),
    }?;
    change.save_user(user, event_of(&what));
    Ok(answer)
}

fn event_of(what: &str) -> &'static str {
    match what {
        "activate" => "user.lifecycle.activate",
        "reactivate" => "user.lifecycle.reactivate",
        "suspend" => "user.lifecycle.suspend",
        "unsuspend" => "user.lifecycle.unsuspend",
        "unlock" => "user.account.unlock",
        "reset_password" => "user.account.reset_password",
        "expire_password" | "expire_password_with_temp_password" => "user.account.expire_password",
        "reset_factors" => "user.mfa.factor.reset_all",
        _ => "user.lifecycle.deactivate",
    }
}

fn activate(user: &mut User, call: &Call) -> Answer {
    if !matches!(user.status, Status::Staged | Status::Deprovisioned) {
        let summary = "Activation failed because the user is already active.";
        return Err(OktaError::new(403, "E0000016", summary));
    }
    let has_password = user.credentials.password.is_set();
    enter(user, if has_password { Status::Active } else { Status::Provisioned });
    user.activated = Some(user.last_updated.clone());
    Ok(activation(call, true))
}

fn reactivate(user: &User, call: &Call) -> Answer {
    match user.status {
        Status::Provisioned | Status::Recovery => Ok(activation(call, false)),
        _ => Err(OktaError::wrong_status()),
    }
}

// A new token in the answer where no mail is sent.
fn activation(call: &Call, mails_by_default: bool) -> Response {
    if call.flag("sendEmail", mails_by_default) {
        return nothing();
    }
    let token = ids::random_text(20);
    let url = format!("{}/welcome/{token}", call.origin);
    Json(json!({"activationUrl": url, "activationToken": token})).into_response()
}

fn suspend(user: &mut User) -> Answer {
    if user.status != Status::Active {
        return Err(OktaError::validation("user", "Cannot suspend a user that is not active"));
    }
    enter(user, Status::Suspended);
    Ok(nothing())
}

fn unsuspend(user: &mut User) -> Answer {
    if user.status != Status::Suspended {
        return Err(OktaError::validation("user", "Cannot unsuspend a user that is not suspended"));
    }
    enter(user, Status::Active);
    Ok(nothing())
}

fn unlock(user: &mut User) -> Answer {
    if user.status != Status::LockedOut {
        let error = OktaError::new(403, "E0000032", "Unlock is not allowed for this user.");
        return Err(error.because("The user is not locked out."));
    }
    enter(user, Status::Active);
    Ok(nothing())
}

fn deactivate(user: &mut User) -> Answer {
    if user.status == Status::Deprovisioned {
        return Err(OktaError::wrong_status());
    }
    deprovision(user);
    Ok(nothing())
}

pub(crate) fn deprovision(user: &mut User) {
    enter(user, Status::Deprovisioned);
    user.credentials.password = Password::NotSet;
    user.password_changed = None;
}

fn reset_password(user: &mut User, call: &Call) -> Answer {
    if call.get("sendEmail").is_none() {
        return Err(OktaError::missing_parameter("sendEmail"));
    }
    if matches!(user.status, Status::Staged | Status::Suspended | Status::Deprovisioned) {
        return Err(OktaError::wrong_status());
    }
    enter(user, Status::Recovery);
    Ok(reset_link(call, true))
}

pub(crate) fn reset_link(call: &Call, mails_by_default: bool) -> Response {
    if call.flag("sendEmail", mails_by_default) {
        return nothing();
    }
    let url = format!("{}/reset_password/{}", call.origin, ids::random_text(20));
    Json(json!({"resetPasswordUrl": url})).into_response()
}

fn expire_password(user: &mut User, call: &Call) -> Answer {
    expire(user)?;
    Ok(Json(user.alone(&call.origin)).into_response())
}

fn expire_with_temporary(user: &mut User) -> Answer {
    expire(user)?;
    let temporary = ids::random_text(10);
    user.credentials.password = Password::Known(temporary.clone());
    user.password_changed = Some(now());
    Ok(Json(json!({"tempPassword": temporary})).into_response())
}

fn expire(user: &mut User) -> Result<(), OktaError> {
    match user.status {
        Status::Active | Status::PasswordExpired => {
            enter(user, Status::PasswordExpired);
            Ok(())
        }
        _ => Err(OktaError::wrong_status()),
    }
}

fn reset_factors(user: &User) -> Answer {
    match user.status {
        Status::Active => Ok(nothing()),
        _ => Err(OktaError::wrong_status()),
    }
}

fn enter(user: &mut User, status: Status) {
    let now = now();
    if user.status != status {
        user.status = status;
        user.status_changed = Some(now.clone());
    }
    user.last_updated = now;
}
