//! A request: a route template filled with checked arguments, and what may be done with it.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::client::Client;
use crate::error::{Call, Error, ErrorBody};
use crate::list::List;
use crate::response::Response;

/// Whether an attempt that may have acted may be made again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Repeat {
    Safe,
    /// The text tells what may have happened and how to find out.
    Unsafe(&'static str),
}

const UNCLEAR: &str = "it may have been carried out: read before repeating it";

/// A request that has not been sent; end it with [`json`](Self::json), [`done`](Self::done),
/// [`send`](Self::send), [`optional`](Self::optional) or [`list`](Self::list).
///
/// `GET`, `HEAD` and `PUT` are taken to be safe to repeat after an unclear failure, everything else is not,
/// unless [`safe_to_repeat`](Self::safe_to_repeat) or [`if_unclear`](Self::if_unclear) says otherwise.
#[must_use = "a request does nothing until it is sent"]
pub struct Request<A> {
    pub(crate) client: Client<A>,
    pub(crate) call: Call,
    pub(crate) url: Result<Url, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    pub(crate) repeat: Repeat,
    pub(crate) timeout: Option<Duration>,
    pub(crate) final_statuses: &'static [u16],
}

impl<A: ErrorBody> Request<A> {
    pub(crate) fn new(
        client: Client<A>,
        method: Method,
        template: &'static str,
        args: &[&str],
    ) -> Self {
        let safe = matches!(method, Method::GET | Method::HEAD | Method::PUT);
        Self {
            url: fill(client.base_url(), template, args),
            client,
            call: Call { method, template },
            headers: HeaderMap::new(),
            body: None,
            repeat: if safe { Repeat::Safe } else { Repeat::Unsafe(UNCLEAR) },
            timeout: None,
            final_statuses: &[],
        }
    }

    /// Sets a query parameter, replacing an earlier one of that name.
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        if let Ok(url) = &mut self.url {
            let others: Vec<(String, String)> = url
                .query_pairs()
                .filter(|(n, _)| n != name)
                .map(|(n, v)| (n.into(), v.into()))
                .collect();
            url.query_pairs_mut()
                .clear()
                .extend_pairs(others)
                .append_pair(name, &value.to_string());
        }
        self
    }

    /// Sets a query parameter if there is a value.
    pub fn query_opt(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sets a header, replacing an earlier one of that name.
    pub fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        match HeaderValue::from_str(value.as_ref()) {
            Ok(value) => drop(self.headers.insert(name, value)),
            Err(_) => return self.invalid(format!("the header `{name}` cannot carry this value")),
        }
        self
    }

    /// Makes this request fail with `message`, without being sent: for a value that cannot be written
    /// without changing what it means.
    pub fn invalid(mut self, message: impl Into<String>) -> Self {
        self.url = self.url.and_then(|_| Err(message.into()));
        self
    }

    /// Sends `body` as JSON.
    pub fn body(self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.raw_body("application/json", bytes),
            Err(error) => self.invalid(format!("the body cannot be written as JSON: {error}")),
        }
    }

    /// Sends these bytes as they are.
    pub fn raw_body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = Some(body.into());
        self
    }

    /// Carrying this out twice ends where carrying it out once ends: repeat it after a time-out, a
    /// cut connection or a 5xx.
    pub fn safe_to_repeat(mut self) -> Self {
        self.repeat = Repeat::Safe;
        self
    }

    /// Never repeats this when it may have acted; the error then says `hint`, which tells what may
    /// have happened and how to find out.
    pub fn if_unclear(mut self, hint: &'static str) -> Self {
        self.repeat = Repeat::Unsafe(hint);
        self
    }

    /// Answers with these statuses are not repeated, because the caller has a better way on, such as
    /// sending less at once.
    pub fn final_on(mut self, statuses: &'static [u16]) -> Self {
        self.final_statuses = statuses;
        self
    }

    /// The time one attempt may take, when the endpoint is known to need longer than the client's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends it and returns the successful answer, whatever is in it.
    ///
    /// # Errors
    /// Everything that is not a 2xx, after what may be repeated has been.
    pub async fn send(&self) -> Result<Response, Error<A>> {
        self.run(Ok).await
    }

    /// Sends it for what it does, not for its answer, which is empty or JSON that nobody reads.
    ///
    /// # Errors
    /// As [`send`](Self::send), and a success with anything else, such as the page of a proxy.
    pub async fn done(&self) -> Result<(), Error<A>> {
        self.run(|response| response.done()).await
    }

    /// Sends it and lets `accept` read the successful answer: what it refuses is an error of this call,
    /// and of unclear outcome when the request is not safe to repeat.
    ///
    /// # Errors
    /// As [`send`](Self::send), and what `accept` says.
    pub async fn read<T>(
        &self,
        accept: impl Fn(Response) -> Result<T, Error<A>>,
    ) -> Result<T, Error<A>> {
        self.run(accept).await
    }

    /// Sends it and decodes the answer's JSON. An answer that ends too early counts as cut.
    ///
    /// # Errors
    /// As [`send`](Self::send), and an answer that does not decode.
    pub async fn json<T: DeserializeOwned>(&self) -> Result<T, Error<A>> {
        self.run(|response| response.json()).await
    }

    /// As [`json`](Self::json), with the answer's headers.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub async fn json_with_headers<T: DeserializeOwned>(&self) -> Result<(T, HeaderMap), Error<A>> {
        self.run(|response| Ok((response.json()?, response.headers().clone()))).await
    }

    /// As [`json`](Self::json), with the default for an answer without a body.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub async fn json_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Error<A>> {
        let decode = |response: Response| match response.body().trim_ascii().is_empty() {
            true => Ok(T::default()),
            false => response.json(),
        };
        self.run(decode).await
    }

    /// As [`json`](Self::json), with `None` for a 404.
    ///
    /// # Errors
    /// As [`json`](Self::json), but for the 404.
    pub async fn optional<T: DeserializeOwned>(&self) -> Result<Option<T>, Error<A>> {
        match self.json().await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads it as a listing: a JSON array a page, the next page named by a `Link` header.
    pub fn list<T>(self) -> List<A, T> {
        List::new(self)
    }
}

impl<A> Clone for Request<A> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            call: self.call.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            repeat: self.repeat,
            timeout: self.timeout,
            final_statuses: self.final_statuses,
        }
    }
}

impl<A> fmt::Debug for Request<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("call", &self.call).finish_non_exhaustive()
    }
}

/// Fills a template below the base address. Arguments that would leave their segment are refused.
fn fill(base: &Url, template: &'static str, args: &[&str]) -> Result<Url, String> {
    if !template.starts_with('/') {
        return Err("the route template must start with `/`".into());
    }
    let mut path = base.path().trim_end_matches('/').to_owned();
    let mut args = args.iter();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("the route template lacks a `}`")?;
        let arg = args.next().ok_or_else(|| format!("no value for `{name}` was given"))?;
        path.push_str(before);
        push_segment(&mut path, name, arg)?;
        rest = after;
    }
    if args.next().is_some() {
        return Err("more values were given than the route template has places".into());
    }
    path.push_str(rest);
    let mut url = base.clone();
    url.set_path(&path);
    Ok(url)
}

fn push_segment(path: &mut String, name: &str, arg: &str) -> Result<(), String> {
    if matches!(arg, "" | "." | "..") {
        return Err(format!("`{arg}` cannot be the {name}: it would address something else"));
    }
    for byte in arg.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                path.push(byte.into());
            }
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(base: &str, args: &[&str]) -> Result<String, String> {
        let base = Url::parse(base).unwrap();
        fill(&base, "/api/v1/users/{id}/groups", args).map(|url| url.to_string())
    }

    #[test]
    fn arguments_stay_one_segment() {
        let users = "https://acme.okta.com/api/v1/users";
        for (arg, segment) in [
            ("00u1", "00u1"),
            ("ada@acme.example", "ada%40acme.example"),
            ("a/../b", "a%2F..%2Fb"),
            ("%2e%2e", "%252e%252e"),
            ("a b?c#d", "a%20b%3Fc%23d"),
            ("a\r\nX: y", "a%0D%0AX%3A%20y"),
            ("Zoë\\", "Zo%C3%AB%5C"),
            ("...", "..."),
        ] {
            assert_eq!(
                filled("https://acme.okta.com", &[arg]),
                Ok(format!("{users}/{segment}/groups"))
            );
        }
    }

    #[test]
    fn arguments_that_would_address_something_else_are_refused() {
        for arg in ["", ".", ".."] {
            assert!(
                filled("https://acme.okta.com", &[arg]).unwrap_err().contains("cannot be the id")
            );
        }
        assert!(filled("https://acme.okta.com", &[]).is_err());
        assert!(filled("https://acme.okta.com", &["a", "b"]).is_err());
    }

    #[test]
    fn the_base_path_is_a_prefix() {
        assert_eq!(
            filled("https://x.example/proxy/", &["1"]),
            Ok("https://x.example/proxy/api/v1/users/1/groups".into())
        );
    }

    proptest! {
        #[test]
        fn whatever_the_argument_the_route_stays(arg in "\\PC*|[./%\\\\\r\n\t ]*") {
            if let Ok(url) = filled("https://acme.okta.com", &[&arg]) {
                let url = Url::parse(&url).unwrap();
                let segments: Vec<&str> = url.path_segments().unwrap().collect();
                prop_assert_eq!(segments.len(), 5);
                prop_assert_eq!((segments[2], segments[4]), ("users", "groups"));
                prop_assert!(url.query().is_none() && url.fragment().is_none());
                prop_assert_eq!(url.host_str(), Some("acme.okta.com"));
            }
        }
    }
}
