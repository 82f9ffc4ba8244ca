//! Deliveries of an Okta event hook: each is put into the store, and then accepted.

use std::io::Write;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, Response};
use clap::Args;
use okta_client::{Delivery, HookCall, HookReceiver, LogEvent};
use provisioning::Follow;
use tokio::net::TcpListener;

use crate::{Failure, say, secret_of, serve, whole_request};

/// Whether and where deliveries are received.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Event hook (Okta posts changes, besides the log)")]
pub struct HookOptions {
    /// With --follow: receive the deliveries of an Okta event hook at this address and port, such as
    /// 127.0.0.1:8080. Okta posts to https only: put a proxy with a certificate in front
    #[arg(long, value_name = "ADDRESS", requires_all = ["follow", "hook_secret_from"])]
    pub listen: Option<SocketAddr>,
    /// The environment variable that holds the secret which the hook sends
    #[arg(long, value_name = "VARIABLE", requires = "listen")]
    pub hook_secret_from: Option<String>,
    /// The header in which it sends it
    #[arg(long, value_name = "NAME", default_value = "authorization", requires = "listen")]
    pub hook_header: HeaderName,
}

#[derive(Clone)]
struct Desk {
    receiver: HookReceiver,
    follow: Follow,
}

impl HookOptions {
    /// Begins to listen, where that is asked for, for whoever follows.
    ///
    /// # Errors
    /// When the address cannot be had, or the secret is not there.
    pub async fn listen(&self, follow: &Follow) -> Result<(), Failure> {
        let (Some(address), Some(variable)) = (self.listen, &self.hook_secret_from) else {
            return Ok(());
        };
        let secret = secret_of("--hook-secret-from", variable)?;
        let listener = TcpListener::bind(address).await;
        let listener =
            listener.map_err(|error| Failure::Settings(format!("--listen {address}: {error}")))?;
        let address = listener.local_addr().map_err(Failure::settings)?;
        let receiver = HookReceiver::new(self.hook_header.clone(), secret);
        let router = Router::new().fallback(receive);
        let router = router.with_state(Desk { receiver, follow: follow.clone() });
        tokio::spawn(serve(listener, router, std::future::pending()));
        say!("listens http://{address} for the deliveries of an event hook");
        Ok(())
    }
}

async fn receive(State(desk): State<Desk>, request: Request) -> Response<Body> {
    let request = match whole_request(&desk.receiver, request).await {
        Ok(request) => request,
        Err(answer) => return answer,
    };
    let answer = match desk.receiver.receive(&request) {
        HookCall::Answer(answer) => answer,
        HookCall::Delivery(pending) => match desk.follow.deliver(&readable(pending.delivery())) {
            Ok(()) => pending.accept(),
            // Okta comes again.
            Err(_) => pending.fail(),
        },
    };
    answer.map(Body::from)
}

/// The events, of odd ones what they tell of whom they are about: the log brings the others, too.
fn readable(delivery: &Delivery) -> Vec<LogEvent> {
    let (mut events, odd) = delivery.sorted();
    for odd in odd {
        let _ = writeln!(std::io::stderr(), "an event could not be read: {odd}");
        events.extend(LogEvent::outline(odd.json()));
    }
    events
}
