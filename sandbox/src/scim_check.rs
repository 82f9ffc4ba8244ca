//! Provisions once into a SCIM server, through the API of the sandbox's Okta org as an administrator does,
//! and prints each request that Okta makes of it.

use std::io::{Error, Write};
use std::process::ExitCode;

use sandbox::Sandbox;
use serde_json::{Value, json};

use crate::Options;

/// The event of a connection's test.
const TEST: &str = "application.provision.integration.call_api";

/// Which kind of app provisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    Token,
    Header,
    Basic,
    Custom,
}

/// A check under way.
pub(crate) struct Check<'a> {
    sandbox: &'a Sandbox,
    options: &'a Options,
    url: &'a str,
    token: &'a str,
    http: reqwest::Client,
    app: String,
    // Number of the last request that was printed.
    printed: u64,
    wrong: u64,
    // What is being played.
    step: String,
    // What the org did not do for its administrator.
    refused: Vec<String>,
}

impl<'a> Check<'a> {
    pub(crate) fn new(
        sandbox: &'a Sandbox,
        options: &'a Options,
        url: &'a str,
        token: &'a str,
    ) -> Self {
        let (http, app, step) = (reqwest::Client::new(), String::new(), String::new());
        let refused = Vec::new();
        Self { sandbox, options, url, token, http, app, printed: 0, wrong: 0, step, refused }
    }

    /// Plays everything; fails with exit code 1 if an answer was bad.
    pub(crate) async fn run(mut self) -> Result<ExitCode, Error> {
        self.connect().await?;
        if self.failures().iter().any(|event| text(event, "eventType") == TEST) {
            let why = "Okta saves no connection whose test failed";
            writeln!(std::io::stdout(), "\nskipped: everything else, because {why}")?;
            return self.summary(&[]);
        }
        let people = self.people().await?;
        let played = self.play_people(&people).await;
        self.note(played);
        if !self.options.no_group_push {
            let played = self.play_group(&people).await;
            self.note(played);
        }
        self.summary(&people)
    }

    // The org may refuse its administrator because of what the server did before.
    fn note(&mut self, played: Result<(), Error>) {
        let step = &self.step;
        self.refused.extend(played.err().map(|error| format!("{step}: {error}")));
    }

    async fn connect(&mut self) -> Result<(), Error> {
        self.title("connect, and test the credentials")?;
        self.app = self.make_app().await?;
        let connection = json!({"baseUrl": self.url,
                                "profile": {"authScheme": "TOKEN", "token": self.token}});
        let path = format!("/apps/{}/connections/default?activate=true", self.app);
        self.call("POST", &path, connection).await?;
        self.print().await?;
        let enabled = json!({"status": "ENABLED"});
        let features = json!({
            "create": {"lifecycleCreate": enabled},
            "update": {"profile": enabled, "lifecycleDeactivate": enabled},
        });
        let path = format!("/apps/{}/features/USER_PROVISIONING", self.app);
        self.call("PUT", &path, features).await.map(drop)
    }

    async fn make_app(&self) -> Result<String, Error> {
        let name = match self.options.scim_app {
            Kind::Token => "scim2testapp",
            Kind::Header => "scim2headerauth",
            Kind::Basic => "scim2testapp_basic",
            Kind::Custom => "",
        };
        let app = match name {
            "" => json!({"label": "Checked", "signOnMode": "SAML_2_0"}),
            name => json!({"label": "Checked", "signOnMode": "AUTO_LOGIN", "name": name}),
        };
        let id = text(&self.call("POST", "/apps", app).await?, "id");
        if self.options.scim_app == Kind::Custom {
            self.sandbox.okta().enable_scim(&id);
        }
        Ok(id)
    }

    async fn people(&self) -> Result<Vec<String>, Error> {
        let path = format!("/users?limit={}", self.options.provision_people.min(200));
        let listed = self.call("GET", &path, Value::Null).await?;
        let mut ids: Vec<String> =
            listed.as_array().into_iter().flatten().map(|user| text(user, "id")).collect();
        // More than a page: positions are as good.
        let more = ids.len() as u64..self.options.provision_people;
        ids.extend(more.map(|position| self.sandbox.okta().user_id(position)));
        Ok(ids)
    }

    async fn play_people(&mut self, people: &[String]) -> Result<(), Error> {
        self.title(&format!("assign {} people: create or link", people.len()))?;
        for user in people {
            self.assign(user).await?;
        }
        self.print().await?;
        let first = &people[0];
        self.title("update a profile")?;
        let profile =
            json!({"profile": {"title": "Checked by the sandbox", "lastName": "Updated"}});
        self.call("POST", &format!("/users/{first}"), profile).await?;
        self.print().await?;
        self.title("deactivate")?;
        self.call("POST", &format!("/users/{first}/lifecycle/deactivate"), Value::Null).await?;
        self.print().await?;
        self.title("reactivate, and assign again: the same account")?;
        let path = format!("/users/{first}/lifecycle/activate?sendEmail=false");
        self.call("POST", &path, Value::Null).await?;
        self.assign(first).await?;
        self.print().await
    }

    async fn assign(&self, user: &str) -> Result<(), Error> {
        let path = format!("/apps/{}/users", self.app);
        self.call("POST", &path, json!({"id": user, "scope": "USER"})).await.map(drop)
    }

    async fn play_group(&mut self, people: &[String]) -> Result<(), Error> {
        self.title("push a group")?;
        let name = |name: &str| json!({"profile": {"name": name}});
        let group = text(&self.call("POST", "/groups", name("Sandbox check")).await?, "id");
        let path = format!("/groups/{group}");
        let last = people.len() - 1;
        for user in &people[..last] {
            self.call("PUT", &format!("{path}/users/{user}"), Value::Null).await?;
        }
        let mapping = json!({"sourceGroupId": group, "targetGroupName": "Sandbox check"});
        self.call("POST", &format!("/apps/{}/group-push/mappings", self.app), mapping).await?;
        self.print().await?;
        self.title("rename the group")?;
        self.call("PUT", &path, name("Sandbox check, renamed")).await?;
        self.print().await?;
        self.title("change its members: one goes, one comes")?;
        self.call("DELETE", &format!("{path}/users/{}", people[0]), Value::Null).await?;
        self.call("PUT", &format!("{path}/users/{}", people[last]), Value::Null).await?;
        self.print().await?;
        self.title("rename it back")?;
        self.call("PUT", &path, name("Sandbox check")).await?;
        self.print().await
    }

    fn title(&mut self, text: &str) -> Result<(), Error> {
        self.step = text.to_owned();
        writeln!(std::io::stdout(), "\n# {text}")
    }

    // Each request as soon as it was answered, until there is nothing left to do.
    async fn print(&mut self) -> Result<(), Error> {
        while let Some(sent) = self.sandbox.okta().next_provisioning_request(self.printed).await {
            writeln!(std::io::stdout(), "{sent}")?;
            self.printed = sent.number;
            self.wrong += u64::from(!sent.is_ok);
        }
        Ok(())
    }

    // A job that ended without a request counts too, such as one for an address that is none.
    fn failures(&self) -> Vec<Value> {
        let failures = self.sandbox.okta().events().into_iter().filter(|event| {
            let is_ours = text(event, "eventType").starts_with("application.provision.");
            is_ours && event["outcome"]["result"] == "FAILURE"
        });
        failures.collect()
    }

    fn summary(&self, people: &[String]) -> Result<ExitCode, Error> {
        let (okta, failures) = (self.sandbox.okta(), self.failures());
        let mut out = std::io::stdout().lock();
        writeln!(out)?;
        for event in &failures {
            let about = event["target"].as_array().and_then(|targets| targets.last());
            let about = about.map(|target| text(target, "displayName")).unwrap_or_default();
            let (kind, why) = (text(event, "eventType"), text(&event["outcome"], "reason"));
            writeln!(out, "failed: {kind}, {about}: {why}")?;
        }
        for refused in &self.refused {
            writeln!(out, "failed: {refused}")?;
        }
        let in_line = |user: &&String| {
            let user = okta.app_user(&self.app, user);
            user.is_some_and(|user| user["syncState"] == "SYNCHRONIZED")
        };
        writeln!(
            out,
            "{} requests, {} wrong; {} of {} people in line, {} jobs failed",
            self.printed,
            self.wrong,
            people.iter().filter(in_line).count(),
            people.len(),
            failures.len()
        )?;
        let is_good = self.wrong == 0 && failures.is_empty() && self.refused.is_empty();
        Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Result<Value, Error> {
        let url = format!("{}/api/v1{path}", self.sandbox.okta_url());
        let method = method.parse().map_err(Error::other)?;
        let request = self.http.request(method, url).bearer_auth(self.sandbox.okta_token());
        let response = request.json(&body).send().await.map_err(Error::other)?;
        let status = response.status();
        let text = response.text().await.map_err(Error::other)?;
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        let why = answer["errorSummary"].as_str().unwrap_or(&text);
        Err(Error::other(format!("{path} of the sandbox's org answered {status}: {why}")))
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}
