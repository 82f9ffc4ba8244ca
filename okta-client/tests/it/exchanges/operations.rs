//! Which of our calls reads which recorded operation.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use okta_client::{Activation, Group, OktaError, PasswordReset, Schema, TemporaryPassword, User};
use rest_core::ErrorBody;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::leaves::{Leaves, leaves};
use super::typed::{self, Typed};

/// What became of a body: what is written again, and what accessors give.
#[derive(Default)]
pub(crate) struct Read {
    pub(crate) kept: Leaves,
    pub(crate) typed: Leaves,
}

pub(crate) type Decode = fn(&str) -> Result<Read, serde_json::Error>;

/// How our call for this operation reads its answer; none if there is no call yet.
pub(crate) fn call_for(operation: &str) -> Option<Decode> {
    Some(match operation {
        "createUser" | "getUser" | "updateUser" | "replaceUser" | "expirePassword" => {
            |json| one::<User>(json, typed::user)
        }
        "listUsers" | "listGroupUsers" => |json| many::<User>(json, typed::user),
        "addGroup" | "getGroup" | "replaceGroup" => |json| one::<Group>(json, typed::group),
        "listGroups" | "listUserGroups" => |json| many::<Group>(json, typed::group),
        "getUserSchema" | "getGroupSchema" => |json| one::<Schema>(json, typed::schema),
        "activateUser" | "reactivateUser" => |json| secret::<Activation>(json, typed::activation),
        "resetPassword" => |json| secret::<PasswordReset>(json, typed::password_reset),
        "expirePasswordWithTempPassword" => {
            |json| secret::<TemporaryPassword>(json, typed::temporary_password)
        }
        // These give nothing, whatever Okta answers.
        "deactivateUser"
        | "deleteUser"
        | "suspendUser"
        | "unsuspendUser"
        | "unlockUser"
        | "resetFactors"
        | "deleteGroup"
        | "assignUserToGroup"
        | "unassignUserFromGroup" => |_| Ok(Read::default()),
        _ => return None,
    })
}

fn one<T: DeserializeOwned + Serialize>(
    json: &str,
    accessors: fn(&T, &mut Typed),
) -> Result<Read, serde_json::Error> {
    let value: T = serde_json::from_str(json)?;
    let mut typed = Typed::default();
    accessors(&value, &mut typed);
    Ok(Read { kept: leaves(&serde_json::to_string(&value)?), typed: typed.leaves })
}

fn many<T: DeserializeOwned + Serialize>(
    json: &str,
    accessors: fn(&T, &mut Typed),
) -> Result<Read, serde_json::Error> {
    let values: Vec<T> = serde_json::from_str(json)?;
    let mut typed = Typed::default();
    for (at, value) in values.iter().enumerate() {
        typed.at = format!("/{at}");
        accessors(value, &mut typed);
    }
    Ok(Read { kept: leaves(&serde_json::to_string(&values)?), typed: typed.leaves })
}

/// What holds a secret cannot be written again, on purpose: what the accessors give is what is kept.
fn secret<T: DeserializeOwned>(
    json: &str,
    accessors: fn(&T, &mut Typed),
) -> Result<Read, serde_json::Error> {
    let mut typed = Typed::default();
    accessors(&serde_json::from_str(json)?, &mut typed);
    Ok(Read { kept: typed.leaves.clone(), typed: typed.leaves })
}

/// An error answer, read as the client does. A body that is no JSON object is kept as text by the
/// client, and has no leaves.
pub(crate) fn error(status: u16, headers: &[(String, String)], json: &str) -> Option<Read> {
    let pairs = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    });
    let headers = HeaderMap::from_iter(pairs);
    let decoded = OktaError::decode(StatusCode::from_u16(status).ok()?, &headers, json.as_bytes());
    let Some(error) = decoded else {
        return (!json.trim_start().starts_with('{')).then(Read::default);
    };
    let mut typed = Typed::default();
    typed::error(&error, &mut typed);
    let mut kept = leaves(&serde_json::to_string(&error).ok()?);
    if leaves(json).contains_key("/error") {
        kept = typed.leaves.clone();
        kept.retain(|path, _| path == "/error" || path == "/error_description");
    }
    Some(Read { kept, typed: typed.leaves })
}
