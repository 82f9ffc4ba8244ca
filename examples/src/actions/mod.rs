//! Adds, looks up, changes and deactivates people in Okta for another system: each action is one call,
//! is safe to repeat, and answers with what Okta holds afterwards.
//!
//! ```no_run
//! # async fn run(okta: okta_client::Okta) -> Result<(), examples::actions::ActionError> {
//! use examples::actions::{Action, Deactivate};
//! use futures::StreamExt;
//! use okta_client::jiff::Timestamp;
//!
//! // An event starts the action: who is suspended is deactivated.
//! let mut events = okta.logs().follow(Timestamp::now()).stream();
//! while let Some(Ok(event)) = events.next().await {
//!     if let (Some("user.lifecycle.suspend"), Some(id)) = (event.event_type.as_deref(), event.user_id()) {
//!         Action::Deactivate(Deactivate::new(id)).perform(&okta).await?;
//!     }
//! }
//! # Ok(()) }
//! ```

mod add;
mod assign;
mod command;
mod error;
mod fields;
mod find;
mod lifecycle;
mod listen;
mod serve;
mod tally;
mod update;

use std::fmt;

use okta_client::{GroupId, Okta, User};
use provisioning::plain;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use add::Add;
pub use assign::Assign;
pub use command::{Command, ProfileOptions, Stop};
pub use error::ActionError;
pub use fields::{profile_of, typed};
pub use find::Get;
pub use lifecycle::{Activate, Deactivate};
pub use listen::Listen;
pub use serve::{Served, Serving, lines_of_stdin, serve};
pub use tally::Tally;
pub use update::Update;

/// How often a call of unclear outcome is made, with a look at the user after each.
const TRIES: usize = 3;

/// What shall be done. As JSON: `{"action": "get", "user": "ada@acme.example"}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum Action {
    /// Shows the attributes that people have in this org.
    Fields(Fields),
    /// Creates a user, or reports the one with this login.
    Add(Add),
    /// Shows a user by id or login, or all whose names begin like this.
    Get(Get),
    /// Changes attributes.
    Update(Update),
    /// Brings a user into use.
    Activate(Activate),
    /// Takes a user out of use.
    Deactivate(Deactivate),
    /// Puts a user into a group or an app.
    Assign(Assign),
}

/// All attributes of the org's user schema.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {}

impl Action {
    /// Does it.
    ///
    /// # Errors
    /// When Okta refuses it, or the user is not there.
    pub async fn perform(&self, okta: &Okta) -> Result<Vec<Answer>, ActionError> {
        self.run(okta, false).await
    }

    /// Tells what would be done and changes nothing; outcomes then begin with `would_`.
    ///
    /// # Errors
    /// As [`perform`](Self::perform), as far as reading tells.
    pub async fn plan(&self, okta: &Okta) -> Result<Vec<Answer>, ActionError> {
        self.run(okta, true).await
    }

    async fn run(&self, okta: &Okta, plan: bool) -> Result<Vec<Answer>, ActionError> {
        let answer = match self {
            Self::Fields(_) => return fields::list(okta).await,
            Self::Get(get) => return get.run(okta).await,
            Self::Add(add) => add.run(okta, plan).await,
            Self::Update(update) => update.run(okta, plan).await,
            Self::Activate(activate) => activate.run(okta, plan).await,
            Self::Deactivate(deactivate) => deactivate.run(okta, plan).await,
            Self::Assign(assign) => assign.run(okta, plan).await,
        };
        answer.map(|answer| vec![answer])
    }
}

/// What an action ends with: a word, and the user as Okta shows it, or an attribute.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Such as `created`, `exists`, `found`, `already_deprovisioned`.
    pub outcome: &'static str,
    /// What Okta shows.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

impl Answer {
    fn new(outcome: &'static str, shown: &impl Serialize) -> Self {
        let members = match serde_json::to_value(shown) {
            Ok(Value::Object(members)) => members,
            // Only objects are shown, and they are JSON already.
            _ => Map::new(),
        };
        Self { outcome, members }
    }

    fn user(outcome: &'static str, user: &User) -> Self {
        let mut answer = Self::new(outcome, user);
        answer.members.retain(|name, _| !name.starts_with('_') && name != "credentials");
        answer
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    fn renamed(self, outcome: &'static str) -> Self {
        Self { outcome, ..self }
    }

    /// The groups that are joined, if there are any.
    fn in_groups(self, groups: &[GroupId]) -> Self {
        match groups {
            [] => self,
            _ => self.with("groups", groups.iter().map(GroupId::as_str).collect::<Vec<_>>()),
        }
    }

    fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// For people: an attribute on one line, a user with the profile below.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.outcome == "field" {
            return f.write_str(&plain(&fields::row(self)));
        }
        let who =
            ["id", "user"].map(|name| self.text(name)).into_iter().find(|who| !who.is_empty());
        let (who, status) = (plain(who.unwrap_or_default()), plain(self.text("status")));
        write!(f, "{}  {who}  {status}", self.outcome)?;
        for part in ["group", "app", "note"] {
            if !self.text(part).is_empty() {
                write!(f, "  {part} {}", plain(self.text(part)))?;
            }
        }
        let groups = self.members.get("groups").and_then(Value::as_array);
        for group in groups.into_iter().flatten().filter_map(Value::as_str) {
            write!(f, "  group {}", plain(group))?;
        }
        let profile = self.members.get("profile").and_then(Value::as_object);
        for (name, value) in profile.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            write!(f, "\n    {:<20} {}", plain(name), plain(&text))?;
        }
        Ok(())
    }
}
