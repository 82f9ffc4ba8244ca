//! Receives an Okta event hook and prints its events.
//!
//! `OKTA_HOOK_SECRET=… okta_event_hooks [ADDRESS]` listens on 127.0.0.1:8080 unless another address is
//! given. Okta posts to `https` only: put a proxy with a certificate in front. Then create the hook with
//! the same secret as its `Authorization` header, and verify it.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, header::AUTHORIZATION};
use examples::{arguments, serve, whole_request};
use okta_client::{HookCall, HookReceiver, LogEvent, OddEvent};
use tokio::net::TcpListener;

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
    let router = Router::new().fallback(receive).with_state(receiver);
    serve(listener, router, std::future::pending()).await;
    Ok(())
}

async fn receive(State(receiver): State<HookReceiver>, request: Request) -> Response<Body> {
    // In time, and nothing of who does not know the secret.
    let request = match whole_request(&receiver, request).await {
        Ok(request) => request,
        Err(answer) => return answer,
    };
    let answer = match receiver.receive(&request) {
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
