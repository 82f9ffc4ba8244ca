//! Commands by HTTP: an event in another system starts an action.

use std::net::SocketAddr;
use std::pin::pin;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, Response, StatusCode, header};
use futures::{StreamExt, stream};
use okta_client::{ExposeSecret, Okta, SecretString};
use provisioning::Stop;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::serve::{LONGEST, Served, answer, mark};
use super::{ActionError, Tally};
use crate::{Failure, serve, whole_body};

/// Where commands come in, and what is to be done with them.
#[derive(Debug)]
pub struct Listen {
    /// Where they are carried out.
    pub okta: Okta,
    /// Nothing is changed.
    pub plan: bool,
    /// The org is a sandbox's: answers say so.
    pub sandbox: bool,
    /// The address; port 0 is any that is free.
    pub address: SocketAddr,
    /// What callers send as bearer token.
    pub secret: SecretString,
}

/// Actions under way at once.
const AT_ONCE: usize = 8;

type Command = (Vec<u8>, oneshot::Sender<Value>);

#[derive(Clone)]
struct Desk {
    secret: SecretString,
    commands: mpsc::Sender<Command>,
}

impl Listen {
    /// Takes commands such as `{"action": "get", "user": "ada@acme.example"}` as the body of a POST with
    /// `Authorization: Bearer` and the secret, until it is told to end; those under way are finished.
    ///
    /// Answers are those of [`serve`](super::serve): 200 done, 422 failed, 400 no command, 401 another
    /// secret, 405 another method, 408 not whole within 5 seconds, 413 longer than 1 MiB.
    ///
    /// # Errors
    /// When the address cannot be had, or the report not be written.
    pub async fn run(
        self,
        stop: &Stop,
        mut report: Tally,
        ready: impl FnOnce(SocketAddr),
    ) -> Result<(Served, Tally), Failure> {
        let wrong = |error| Failure::Settings(format!("--address {}: {error}", self.address));
        let listener = TcpListener::bind(self.address).await.map_err(wrong)?;
        ready(listener.local_addr().map_err(wrong)?);
        let (commands, mut waiting) = mpsc::channel(AT_ONCE);
        let desk = Desk { secret: self.secret, commands };
        let router = Router::new().fallback(receive).with_state(desk);
        let stopped = stop.clone();
        tokio::spawn(async move { serve(listener, router, stopped.stopped()).await });
        let waiting = stream::poll_fn(move |context| waiting.poll_recv(context));
        let (okta, plan) = (&self.okta, self.plan);
        let answers = waiting
            .map(async |(command, reply): Command| (answer(okta, plan, &command).await, reply));
        let mut answers = pin!(answers.buffer_unordered(AT_ONCE));
        let mut served = Served::default();
        while let Some((mut answer, reply)) = answers.next().await {
            mark(&mut answer, self.sandbox);
            served.count(&answer);
            report.add(&answer).map_err(Failure::running)?;
            // Who asked may have gone away; it is done all the same.
            let _ = reply.send(answer);
        }
        Ok((served, report))
    }
}

async fn receive(State(desk): State<Desk>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return refusal(StatusCode::METHOD_NOT_ALLOWED, "commands come by POST");
    }
    let token = head.headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    // The name of the scheme is the same in any case.
    let token = token.and_then(|value| value.split_at_checked(b"Bearer ".len()));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer "));
    let token = token.map(|(_, token)| token);
    if !token.is_some_and(|token| is_same(token, desk.secret.expose_secret().as_bytes())) {
        return refusal(
            StatusCode::UNAUTHORIZED,
            "the bearer token is not the secret of this program",
        );
    }
    let body = match whole_body(body, LONGEST as usize).await {
        Ok(body) => body,
        Err(status @ StatusCode::PAYLOAD_TOO_LARGE) => {
            return refusal(status, "this command is longer than 1 MiB");
        }
        Err(status) => return refusal(status, "the end of this command did not come in time"),
    };
    let (reply, answered) = oneshot::channel();
    let is_taken = desk.commands.send((body.to_vec(), reply)).await.is_ok();
    let (true, Ok(answer)) = (is_taken, answered.await) else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "this program ends");
    };
    let status = match (&answer["ok"], &answer["error"]["code"]) {
        (Value::Bool(true), _) => StatusCode::OK,
        (_, Value::String(code)) if code == "bad_command" => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    json_of(status, &answer)
}

/// Takes as long wherever they differ.
fn is_same(given: &[u8], secret: &[u8]) -> bool {
    let differs = |(one, other): (&u8, &u8)| one ^ other;
    given.len() == secret.len() && given.iter().zip(secret).map(differs).fold(0, |a, b| a | b) == 0
}

fn refusal(status: StatusCode, why: &str) -> Response<Body> {
    json_of(status, &json!({"ok": false, "error": ActionError::new("refused", why)}))
}

fn json_of(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
