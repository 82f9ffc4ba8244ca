//! Serving whoever reaches the address: nobody may hold it up, or fill the memory.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use okta_client::HookReceiver;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// Connections at once; who comes then has to wait for one to end.
const AT_ONCE: usize = 64;
/// How long the head of a request may take, and then its body: Okta waits 3 seconds for the whole.
const LONGEST: Duration = Duration::from_secs(5);
/// More than the receiver of an event hook reads: it is the one to refuse what is too long.
const BODY_LIMIT: usize = 32 << 20;
/// What is read of who does not know the secret, so that the answer arrives.
const STRANGERS_LIMIT: usize = 16 << 10;

/// Serves until `end`, one request for each connection; requests under way are still answered.
pub async fn serve(listener: TcpListener, router: Router, end: impl Future<Output = ()>) {
    tokio::select! {
        () = accept(listener, router) => {}
        () = end => {}
    }
}

async fn accept(listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many files are open, say.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(LONGEST).keep_alive(false);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            // Who breaks it off is told nothing.
            let _ = connection.await;
            drop(place);
        });
    }
}

/// The whole body, if it is no longer than this and comes in time.
///
/// # Errors
/// The status that says so.
pub async fn whole_body(body: Body, limit: usize) -> Result<Bytes, StatusCode> {
    if body.size_hint().lower() > limit as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match timeout(LONGEST, to_bytes(body, limit)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

/// The whole request, for the receiver of an event hook: of who does not know the secret, next to nothing
/// is read, since the receiver refuses that by its head.
///
/// # Errors
/// The answer to a body that is too long or does not come.
pub async fn whole_request(
    receiver: &HookReceiver,
    request: Request,
) -> Result<Request<Bytes>, Response<Body>> {
    let (head, body) = request.into_parts();
    let body = match receiver.admits(&head.headers) {
        true => whole_body(body, BODY_LIMIT).await.map_err(|status| {
            let mut answer = Response::new(Body::empty());
            *answer.status_mut() = status;
            answer
        })?,
        false => whole_body(body, STRANGERS_LIMIT).await.unwrap_or_default(),
    };
    Ok(Request::from_parts(head, body))
}
