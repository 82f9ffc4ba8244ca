//! Deliveries of an Okta event hook: who changed is put into the store, and then the delivery is accepted.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, Response};
use clap::Args;
use okta_client::{Delivery, HookCall, HookReceiver, LogEvent};
use provisioning::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::{Failure, say, secret_of, serve, whole_request};

const HOOKED: &str = "visitors.hooked";

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

/// Receives deliveries until it is dropped with the program.
#[derive(Debug)]
pub struct HookListener {
    arrived: Arc<Notify>,
}

#[derive(Clone)]
struct Desk {
    receiver: HookReceiver,
    store: Arc<Mutex<dyn Store>>,
    arrived: Arc<Notify>,
}

impl HookListener {
    /// Begins to listen, where that is asked for.
    ///
    /// # Errors
    /// When the address cannot be had, or the secret is not there.
    pub async fn start(
        options: &HookOptions,
        store: Arc<Mutex<dyn Store>>,
    ) -> Result<Option<Self>, Failure> {
        let (Some(address), Some(variable)) = (options.listen, &options.hook_secret_from) else {
            return Ok(None);
        };
        let secret = secret_of("--hook-secret-from", variable)?;
        let listener = TcpListener::bind(address).await;
        let listener =
            listener.map_err(|error| Failure::Settings(format!("--listen {address}: {error}")))?;
        let address = listener.local_addr().map_err(Failure::settings)?;
        let arrived = Arc::new(Notify::new());
        let receiver = HookReceiver::new(options.hook_header.clone(), secret);
        let desk = Desk { receiver, store, arrived: Arc::clone(&arrived) };
        let router = Router::new().fallback(receive).with_state(desk);
        tokio::spawn(serve(listener, router, std::future::pending()));
        say!("listens http://{address} for the deliveries of an event hook");
        Ok(Some(Self { arrived }))
    }

    /// Ends when something was delivered.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }
}

async fn receive(State(desk): State<Desk>, request: Request) -> Response<Body> {
    let request = match whole_request(&desk.receiver, request).await {
        Ok(request) => request,
        Err(answer) => return answer,
    };
    let answer = match desk.receiver.receive(&request) {
        HookCall::Answer(answer) => answer,
        HookCall::Delivery(pending) => match desk.put(&readable(pending.delivery())) {
            Ok(()) => {
                desk.arrived.notify_one();
                pending.accept()
            }
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

impl Desk {
    /// Who changed is safe once this is done.
    fn put(&self, events: &[LogEvent]) -> Result<(), StoreError> {
        let events = events.iter().filter(|event| changes_people(event));
        let people = events.flat_map(|event| event.targets_of("User"));
        let mut ids: BTreeSet<String> = people.filter_map(|user| user.id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        ids.extend(hooked(&mut *store)?);
        note(&mut *store, &ids)
    }
}

/// The same events as are asked of the log.
fn changes_people(event: &LogEvent) -> bool {
    let kind = event.event_type.as_deref().unwrap_or_default();
    kind.starts_with("user.lifecycle.") || kind.starts_with("user.account.")
}

/// Who was delivered and is not taken yet.
pub(crate) fn hooked(store: &mut dyn Store) -> Result<BTreeSet<String>, StoreError> {
    let text = store.note(HOOKED)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

fn note(store: &mut dyn Store, ids: &BTreeSet<String>) -> Result<(), StoreError> {
    let text = serde_json::to_string(ids).map_err(|error| StoreError::caused(HOOKED, error))?;
    store.set_note(HOOKED, Some(&text))
}

/// They are taken: somebody else remembers them now.
pub(crate) fn clear_hooked(store: &mut dyn Store) -> Result<(), StoreError> {
    store.set_note(HOOKED, None)
}
