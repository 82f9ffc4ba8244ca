//! Stands between our client and the validator, and notes what the validator says of each request.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde::Deserialize;

/// A request, and what the validator found wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) violations: Vec<String>,
}

/// Forwards every request as it came and every answer as it is.
pub(crate) struct Proxy {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Exchange>>>,
}

impl Proxy {
    pub(crate) fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = url.trim_start_matches("http://").to_owned();
        let seen = Arc::<Mutex<Vec<Exchange>>>::default();
        let notes = Arc::clone(&seen);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection that breaks fails the call that made it.
                let _ = forward(client, &server, &notes);
            }
        });
        Self { url: format!("http://{address}"), seen }
    }

    /// What has passed since this was last asked.
    pub(crate) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

fn forward(mut client: TcpStream, server: &str, seen: &Mutex<Vec<Exchange>>) -> io::Result<()> {
    let (head, body) = read_request(&client)?;
    let mut server = TcpStream::connect(server)?;
    // One exchange a connection, so that the answer ends where the connection does.
    server.write_all(head.trim_end_matches("\r\n").as_bytes())?;
    server.write_all(b"\r\nconnection: close\r\n\r\n")?;
    server.write_all(&body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    seen.lock().unwrap().push(exchange(&head, &answer));
    client.write_all(&answer)
}

fn read_request(client: &TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = header(&head, "content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}

fn header<'h>(head: &'h str, wanted: &str) -> Option<&'h str> {
    let pairs = head.lines().filter_map(|line| line.split_once(':'));
    let mut values = pairs.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
    values.next().map(|(_, value)| value.trim())
}

#[derive(Deserialize)]
struct Violation {
    location: Vec<String>,
    message: String,
}

fn exchange(request: &str, answer: &[u8]) -> Exchange {
    let answer = String::from_utf8_lossy(answer);
    let answer = answer.split("\r\n\r\n").next().unwrap_or_default();
    let mut first = request.split_whitespace().map(str::to_owned);
    let (method, target) = (first.next().unwrap(), first.next().unwrap());
    let status = answer.split_whitespace().nth(1).unwrap().parse().unwrap();
    let path = target.split('?').next().unwrap_or_default().to_owned();
    Exchange { method, path, status, violations: of_request(answer) }
}

/// What is wrong with the request; answers are the validator's own.
fn of_request(answer: &str) -> Vec<String> {
    let said = header(answer, "sl-violations").unwrap_or("[]");
    let all: Vec<Violation> = serde_json::from_str(said).unwrap();
    let of_request =
        all.into_iter().filter(|one| one.location.first().is_some_and(|at| at == "request"));
    of_request.map(|one| format!("{}: {}", one.location.join("."), one.message)).collect()
}

#[test]
fn violations_of_requests_are_noted() {
    let answer = b"HTTP/1.1 422 No\r\nSL-Violations: [{\"location\":[\"request\",\"body\",\"a\"],\"severity\":\"Error\",\
        \"code\":\"x\",\"message\":\"is missing\"},{\"location\":[\"response\"],\"message\":\"odd\"}]\r\n\r\nbody";
    let seen = exchange("POST /api/v1/users?activate=true HTTP/1.1\r\nhost: x\r\n\r\n", answer);
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/api/v1/users"));
    assert_eq!(
        (seen.status, seen.violations),
        (422, vec!["request.body.a: is missing".to_owned()])
    );
}
