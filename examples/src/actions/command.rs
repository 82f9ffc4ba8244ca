//! The actions on the command line.

use std::io::{IsTerminal, Read};
use std::net::SocketAddr;

use clap::{ArgGroup, Args, Subcommand};
use okta_client::{Okta, SecretString};
use serde_json::Map;
use serde_json::Value;

use super::{
    Action, ActionError, Activate, Add, Assign, Deactivate, Fields, Get, Update, profile_of, typed,
};
use crate::{Failure, secret_of};

/// What is to be done, as it is said on the command line.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show which attributes people have in this org, and which are required
    Fields,
    /// Create a user, or report the one with this login
    Add {
        /// The attributes.
        #[command(flatten)]
        profile: ProfileOptions,
        /// Do not activate the user, who is then STAGED
        #[arg(long, overrides_with = "activate")]
        no_activate: bool,
        /// Activate the user, as is done by default: without a password Okta mails the person. With --update
        /// also who is there, and staged or deactivated
        #[arg(long)]
        activate: bool,
        /// A group to join, by id or name; may be repeated
        #[arg(long, value_name = "GROUP")]
        group: Vec<String>,
        /// The environment variable that holds the first password
        #[arg(long, value_name = "VARIABLE")]
        password_from: Option<String>,
        /// The person has to change that password
        #[arg(long, requires = "password_from")]
        change_password_at_login: bool,
        /// Bring a user who is there to these attributes and groups
        #[arg(long)]
        update: bool,
    },
    /// Show a user by id or login, or everybody whose first or last name, e-mail or login begins like this
    Get {
        /// An id, a login, or names
        #[arg(required = true)]
        user: Vec<String>,
    },
    /// Change attributes of a user; all others stay
    Update {
        /// Id or login
        user: String,
        /// The attributes.
        #[command(flatten)]
        profile: ProfileOptions,
    },
    /// Bring a user into use who is staged or deactivated
    Activate {
        /// Id or login
        user: String,
        /// Okta sends no mail
        #[arg(long)]
        no_email: bool,
    },
    /// Take a user out of use: all app assignments go
    Deactivate {
        /// Id or login
        user: String,
        /// Then delete the user for good; who is not there counts as gone already
        #[arg(long)]
        delete: bool,
        /// Okta tells the administrators by mail
        #[arg(long)]
        send_email: bool,
    },
    /// Put a user into a group or an app
    #[command(group = ArgGroup::new("into").required(true).args(["group", "app"]))]
    Assign {
        /// Id or login
        user: String,
        /// The group's id or name
        #[arg(long)]
        group: Option<String>,
        /// The app's id or label
        #[arg(long)]
        app: Option<String>,
    },
    /// Answer commands that come as JSON lines on standard input, one line for each, until it ends
    ///
    /// Such as {"action":"add","profile":{...},"id":"a1"}; actions: fields, add, get, update, activate,
    /// deactivate, assign. The answer has the same id. A command that fails stops nothing.
    #[command(alias = "batch")]
    Serve,
    /// Answer commands that come by HTTP, each as the JSON body of a POST, until ctrl-C: another system's
    /// events start actions
    ///
    /// Such as {"action":"deactivate","user":"ada@acme.example"} with the header Authorization: Bearer and the
    /// secret. Answers with status 200 done, 422 failed, 400 no command, 401 another secret.
    Listen {
        /// Address and port; with port 0 one that is free
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
        address: SocketAddr,
        /// The environment variable that holds the secret
        #[arg(long, value_name = "VARIABLE")]
        secret_from: String,
    },
}

/// The attributes of a user, as they are said on the command line.
#[derive(Args, Debug)]
pub struct ProfileOptions {
    /// Attributes, such as firstName=Ada skills=a,b badgeNumber=7; `title=` empties one
    #[arg(long, value_name = "NAME=VALUE", num_args = 1..)]
    set: Vec<String>,
    /// Read a JSON object of attributes from standard input too, as is done when nothing is set
    #[arg(long)]
    json: bool,
}

impl ProfileOptions {
    async fn read(&self, okta: &Okta) -> Result<Map<String, Value>, Stop> {
        let mut profile = Map::new();
        if self.json || self.set.is_empty() {
            if std::io::stdin().is_terminal() {
                return Err(wrong(
                    "give --set NAME=VALUE, or a JSON object on standard input".into(),
                ));
            }
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| wrong(format!("standard input: {error}")))?;
            profile =
                profile_of(&text).map_err(|error| wrong(format!("standard input: {error}")))?;
        }
        if !self.set.is_empty() {
            let schema = okta.schemas().user("default").await.map_err(ActionError::from)?;
            profile.extend(
                typed(&schema, &self.set).map_err(|error| wrong(format!("--set: {error}")))?,
            );
        }
        Ok(profile)
    }
}

/// Why it ends, and with which exit code.
#[derive(Debug)]
pub struct Stop {
    /// Why.
    pub error: ActionError,
    /// 1: it failed; 2: wrong use or settings.
    pub exit_code: u8,
}

impl From<ActionError> for Stop {
    fn from(error: ActionError) -> Self {
        Self { error, exit_code: 1 }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        let error = ActionError::new("settings", failure.to_string());
        Self { error, exit_code: failure.exit_code() }
    }
}

impl Stop {
    /// Wrong use or settings.
    pub fn wrong(error: impl Into<ActionError>) -> Self {
        Self { error: error.into(), exit_code: 2 }
    }
}

fn wrong(cause: String) -> Stop {
    Stop::wrong(ActionError::new("invalid", cause))
}

impl Command {
    /// The action; none for a process that reads commands.
    ///
    /// # Errors
    /// When the attributes, which may come on standard input, are none.
    pub async fn action(&self, okta: &Okta, limit: Option<u64>) -> Result<Option<Action>, Stop> {
        Ok(Some(match self {
            Command::Serve | Command::Listen { .. } => return Ok(None),
            Command::Fields => Action::Fields(Fields {}),
            Command::Get { user } => Action::Get(Get { user: user.join(" "), limit }),
            Command::Update { user, profile } => {
                Action::Update(Update { user: user.clone(), profile: profile.read(okta).await? })
            }
            Command::Activate { user, no_email } => {
                Action::Activate(Activate { user: user.clone(), no_email: *no_email })
            }
            Command::Deactivate { user, delete, send_email } => Action::Deactivate(Deactivate {
                user: user.clone(),
                delete: *delete,
                send_email: *send_email,
            }),
            Command::Assign { user, group, app } => Action::Assign(Assign {
                user: user.clone(),
                group: group.clone(),
                app: app.clone(),
                profile: Map::new(),
            }),
            Command::Add {
                profile,
                no_activate,
                activate,
                group,
                password_from,
                change_password_at_login,
                update,
                ..
            } => Action::Add(Add {
                profile: profile.read(okta).await?,
                activate: (*no_activate || *activate).then_some(*activate),
                groups: group.clone(),
                password: password(password_from.as_deref())?,
                change_password_at_login: *change_password_at_login,
                update: *update,
            }),
        }))
    }
}

fn password(variable: Option<&str>) -> Result<Option<SecretString>, Stop> {
    let password = variable.map(|variable| secret_of("--password-from", variable));
    password.transpose().map_err(|failure| wrong(failure.to_string()))
}
