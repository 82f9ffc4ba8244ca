//! What a person sees of their apps: the links of their dashboard.

use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::App;
use crate::okta::call::Call;
use crate::okta::error::{Answer, OktaError};
use crate::okta::{OktaOrg, ids, users};

impl App {
    // An app that is off, or hidden, has no place there.
    fn is_shown(&self) -> bool {
        self.is_active && self.parts["visibility"]["hide"]["web"] != true
    }

    fn app_link(&self, index: u64, place: usize, origin: &str) -> Value {
        let id = self.id();
        json!({
            "id": users::id(index),
            "label": self.label,
            "linkUrl": format!("{origin}/home/{}/{id}/2557", self.name),
            "logoUrl": format!("{origin}/assets/img/logos/default.png"),
            "appName": self.name,
            "appInstanceId": id,
            "appAssignmentId": ids::id("0ua", self.position << 40 | index),
            "credentialsSetup": false,
            "hidden": false,
            "sortOrder": place,
        })
    }
}

pub(crate) async fn of_user(
    Shared(org): Shared<OktaOrg>,
    Path(name): Path<String>,
    call: Call,
) -> Answer {
    let state = org.read();
    let index = state.find(&name).ok_or_else(|| OktaError::not_found(&name, "User"))?;
    let mine = state.apps.values().filter(|app| app.is_shown() && app.has_user(&state, index));
    let links = mine.enumerate().map(|(place, app)| app.app_link(index, place, &call.origin));
    Ok(Json(links.collect::<Vec<_>>()).into_response())
}
