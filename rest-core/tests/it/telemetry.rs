//! What the traces say.

use std::time::Duration;

use rest_core::Method;

use crate::support::*;

#[tokio::test]
async fn each_call_has_a_span_with_the_usual_names_and_each_wait_an_event_with_its_reason() {
    let server = Server::start(|nth, _| match nth {
        0 => answer(503, &[("retry-after", "7")], &refusal("BUSY")),
        1 => Then::Close,
        _ => answer(201, &[("x-request-id", "r3")], "{}"),
    })
    .await;
    let log = Log::capture();
    let put = client(&server.url).request(Method::PUT, "/users/{id}", ["1"]);
    let (sent, _) = skip_logged_waits(&log, &server, Duration::ZERO, put.send()).await;
    sent.unwrap();
    let text = log.text();
    let closed: Vec<_> = text
        .lines()
        .filter(|line| line.ends_with(": close") || line.contains("close time"))
        .collect();
    assert_eq!(closed.len(), 1, "one span for all three attempts:\n{text}");
    for field in [
        "http.request.method=PUT",
        "url.template=\"/users/{id}\"",
        "server.address=\"127.0.0.1\"",
        "http.response.status_code=201",
        "http.request.resend_count=2",
        "request_id=\"r3\"",
    ] {
        assert!(closed[0].contains(field), "{field} in {}", closed[0]);
    }
    let waits: Vec<_> = text.lines().filter(|line| line.contains("delay_ms=")).collect();
    assert_eq!(waits.len(), 2);
    assert!(
        waits[0].contains("WARN") && waits[0].contains("delay_ms=7000 reason=503 BUSY said no"),
        "{}",
        waits[0]
    );
    assert!(
        waits[1].contains("reason=the connection ended before the answer was complete"),
        "{}",
        waits[1]
    );
}
