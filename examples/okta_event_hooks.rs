//! Receives an Okta event hook and prints its events.
//!
//! `OKTA_HOOK_SECRET=… okta_event_hooks [ADDRESS]` listens on 127.0.0.1:8080 unless another address is
//! given. Okta posts to `https` only: put a proxy with a certificate in front. Then create the hook with
//! the same secret as its `Authorization` header, and verify it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header::AUTHORIZATION};
use examples::arguments;
use okta_client::{HookCall, HookReceiver, LogEvent, OddEvent};
use tokio::net::TcpListener;

/// More than the receiver reads: it is the one to refuse what is too long.
const BODY_LIMIT: usize = 32 << 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = arguments("okta_event_hooks [ADDRESS]")?.into_iter().next();
    let secret = std::env::var("OKTA_HOOK_SECRET").unwrap_or_default();
    if secret.is_empty() {
        return Err("set OKTA_HOOK_SECRET to the value of the hook's Authorization header".into());
    }
    let address = address.unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let receiver = HookReceiver::new(AUTHORIZATION, secret);
    axum::serve(listener, Router::new().fallback(receive).with_state(receiver)).await?;
    Ok(())
}

async fn receive(State(receiver): State<HookReceiver>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return answer;
    };
    let answer = match receiver.receive(&Request::from_parts(head, body)) {
        HookCall::Answer(answer) => answer,
        HookCall::Delivery(pending) => {
            // Printing is quick and cannot fail; work that takes longer than Okta's 3 seconds belongs
            // in a queue that is filled here.
            pending.delivery().events().for_each(print);
            pending.accept()
        }
    };
    answer.map(Body::from)
}

fn print(event: Result<&LogEvent, &OddEvent>) {
    let event = match event {
        Ok(event) => event,
        // Nobody sends it again: say what it is, whole, so that somebody can look at it.
        Err(odd) => return eprintln!("{odd}; it came as {}", odd.json()),
    };
    let published = event.published.as_ref().map_or("", |time| time.as_str());
    let kind = event.event_type.as_deref().unwrap_or("an event without type");
    let message = event.display_message.as_deref().unwrap_or_default();
    println!("{published} {kind} user={} {message}", event.user_id().unwrap_or("-"));
}
