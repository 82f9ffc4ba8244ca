//! What an administrator reads when Okta refuses a call, for every refusal that was recorded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use okta_client::{ApiToken, Method, Okta, RetryPolicy};
use serde::Deserialize;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::stand_in::{say, shared};

#[derive(Deserialize)]
struct Exchange {
    status: u16,
    #[serde(default)]
    response_headers: BTreeMap<String, Value>,
    response_body: Value,
}

impl Exchange {
    fn answer(&self) -> ResponseTemplate {
        let answer = ResponseTemplate::new(self.status);
        let answer = match &self.response_body {
            Value::Null => answer,
            body => answer.set_body_json(body),
        };
        self.headers().fold(answer, |answer, (name, value)| answer.append_header(name, value))
    }

    /// Those that say something of the refusal.
    fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let telling = ["www-authenticate", "x-okta-request-id"];
        telling
            .into_iter()
            .filter_map(|name| Some((name, self.response_headers.get(name)?.as_str()?)))
    }

    /// All that the line has to hold.
    fn tells(&self) -> Vec<String> {
        let texts = ["errorCode", "errorSummary", "error", "error_description"];
        let texts = texts.iter().filter_map(|name| self.response_body[*name].as_str());
        let causes = self.response_body["errorCauses"].as_array().into_iter().flatten();
        let causes = causes.filter_map(|cause| cause["errorSummary"].as_str());
        let request = self.response_headers.get("x-okta-request-id").and_then(Value::as_str);
        let request = request.map(|id| format!("[request {id}]"));
        let one_line = |text: &str| text.replace(['\r', '\n'], " ");
        texts.chain(causes).map(one_line).chain(request).collect()
    }
}

fn refusals() -> Option<Vec<(String, Exchange)>> {
    let named = std::env::var_os("OKTA_EXCHANGES").filter(|name| !name.is_empty());
    let folder = named
        .map_or_else(|| shared().map(|shared| shared.join("exchanges")), |name| Some(name.into()));
    let folder: PathBuf = folder?;
    if !folder.is_dir() {
        say(&format!("skipped: refusals: {} is not there", folder.display()));
        return None;
    }
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    Some(files.flat_map(|path| refusals_in(&path)).collect())
}

fn refusals_in(path: &Path) -> Vec<(String, Exchange)> {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let lines = text.lines().enumerate();
    // Log events and hook bodies lie in such files too.
    let read =
        lines.filter_map(|(at, line)| Some((at, serde_json::from_str::<Exchange>(line).ok()?)));
    let refused = read.filter(|(_, exchange)| exchange.status >= 400);
    refused.map(|(at, exchange)| (format!("{name}:{}", at + 1), exchange)).collect()
}

#[tokio::test]
async fn every_recorded_refusal_reads_as_one_telling_line() {
    let Some(refusals) = refusals() else { return };
    let server = MockServer::start().await;
    let once = RetryPolicy::default().max_attempts(1);
    let okta = Okta::builder(server.uri(), ApiToken::new("t")).retry(once).build().unwrap();
    for (place, exchange) in &refusals {
        server.reset().await;
        Mock::given(any()).respond_with(exchange.answer()).mount(&server).await;
        let call = okta.request(Method::GET, "/api/v1/users/{id}", ["00u1"]);
        let line = call.json::<Value>().await.unwrap_err().to_string();
        let begin = format!("GET /api/v1/users/{{id}}: {}", exchange.status);
        assert!(line.starts_with(&begin), "{place}: {line}");
        assert_eq!(line.lines().count(), 1, "{place}: {line}");
        for part in exchange.tells() {
            assert!(line.contains(&part), "{place}: lacks {part:?}: {line}");
        }
    }
    say(&format!("refusals: {} recorded ones read as one line", refusals.len()));
}
