//! Arrays of items, some of which may be odd: the others are read all the same.

use std::borrow::Cow;

use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorBody, ErrorKind};
use crate::page::Cursor;
use crate::request::Request;
use crate::response::{self, Misfit, Response, shortened};
use crate::secrets::Secrets;

/// A JSON array that was read item by item where it had to be: see [`Request::array`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Array<A, T> {
    /// The items that fit, in the server's order.
    pub items: Vec<T>,
    /// An error for each item that does not; [`Error::item`] has its JSON.
    pub odd: Vec<Error<A>>,
    /// The answer's headers.
    pub headers: HeaderMap,
}

impl<A: ErrorBody> Request<A> {
    /// Sends it and decodes an answer that is an array. An item that does not fit is an error of its own
    /// in [`Array::odd`], and the others are read all the same.
    ///
    /// # Errors
    /// As [`json`](Self::json), when the answer is no array or no JSON.
    pub async fn array<T: DeserializeOwned>(&self) -> Result<Array<A, T>, Error<A>> {
        self.run(|response| {
            let taken = Taken::of(self, &response, response.body(), "", || response.json())?;
            let odd = taken.odd.into_iter().map(|odd| odd.error).collect();
            Ok(Array { items: taken.items, odd, headers: response.headers().clone() })
        })
        .await
    }
}

/// Reads one item that came by itself, such as in a posted batch. The error names the place in it of
/// what does not fit, and [`Error::item`] has its JSON.
///
/// # Errors
/// When it does not fit.
pub fn read_item<T: DeserializeOwned, A>(json: &str) -> Result<T, Error<A>> {
    decode(json.as_bytes()).map_err(|(path, misfit)| {
        let path = shortened(path.trim_start_matches('.').to_owned());
        Error::new(ErrorKind::Decode { path }).with_source(misfit).with_item(json.to_owned())
    })
}

/// The items of an array, and what does not fit of it.
pub(crate) struct Taken<A, T> {
    pub(crate) items: Vec<T>,
    pub(crate) odd: Vec<Odd<A>>,
}

/// An item that does not fit.
pub(crate) struct Odd<A> {
    position: usize,
    pub(crate) error: Error<A>,
}

impl<A: ErrorBody, T: DeserializeOwned> Taken<A, T> {
    /// What `whole` reads, or else what the array of `text`, which stands `at` some place of the
    /// answer, holds item by item.
    pub(crate) fn of(
        request: &Request<A>,
        response: &Response,
        text: &[u8],
        at: &str,
        whole: impl FnOnce() -> Result<Vec<T>, Error<A>>,
    ) -> Result<Self, Error<A>> {
        let error = match whole() {
            Ok(items) => return Ok(Self { items, odd: Vec::new() }),
            // It is asked for again, where that is safe.
            Err(error) if response::is_cut(&error) => return Err(error),
            Err(error) => error,
        };
        let text = Text::of(text);
        let each = match text.items() {
            Ok(each) => each,
            // Cut behind an odd item: it is asked for again all the same.
            Err(cut) if cut.is_eof() => return Err(error.with_source(Misfit::of(&cut))),
            Err(_) => return Err(error),
        };
        let mut taken = Self { items: Vec::with_capacity(each.len()), odd: Vec::new() };
        for (position, item) in each.iter().enumerate() {
            match decode(item) {
                Ok(item) => taken.items.push(item),
                Err((path, misfit)) => {
                    let path = shortened(format!("{at}[{position}]{path}"));
                    let error = Error::new(ErrorKind::Decode { path }).with_source(misfit);
                    let error = error.with_item(String::from_utf8_lossy(item).into_owned());
                    taken.odd.push(Odd { position, error });
                }
            }
        }
        taken.name(request, response);
        Ok(taken)
    }

    /// Says of each odd item where it came from, and that it is not the end.
    fn name(&mut self, request: &Request<A>, response: &Response) {
        let advice = format!(
            "the listing goes on without this item (odd in this page: {} of {})",
            self.odd.len(),
            self.count()
        );
        let secrets = Secrets::of(response.sent());
        let id = response.headers().get(A::REQUEST_ID).and_then(|id| id.to_str().ok());
        let id = id.map(|id| secrets.redact(id).into_owned());
        for odd in std::mem::take(&mut self.odd) {
            let error = odd.error.with_advice(advice.clone()).with_call(&request.call, 1);
            let error = error.with_request_id(id.clone()).redacted(&secrets);
            self.odd.push(Odd { error, ..odd });
        }
    }
}

impl<A, T> Taken<A, T> {
    pub(crate) fn count(&self) -> usize {
        self.items.len() + self.odd.len()
    }

    /// As items of the page at this cursor.
    pub(crate) fn at(mut self, cursor: &Cursor) -> Self {
        let odd = self.odd.into_iter();
        self.odd = odd.map(|odd| Odd { error: odd.error.with_cursor(cursor), ..odd }).collect();
        self
    }

    /// Only so many, in the server's order; how many there then are.
    pub(crate) fn keep(&mut self, count: u64) -> usize {
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(self.count());
        self.odd.retain(|odd| odd.position < count);
        self.items.truncate(count - self.odd.len());
        count
    }
}

/// An array's text, in which each byte that is no UTF-8 is replaced by another: what is valid of it
/// stands where it stood.
struct Text<'t> {
    original: &'t [u8],
    valid: Cow<'t, str>,
}

impl<'t> Text<'t> {
    fn of(original: &'t [u8]) -> Self {
        let valid = std::str::from_utf8(original).map_or_else(
            |_| {
                let chunks = original.utf8_chunks();
                Cow::Owned(
                    chunks
                        .flat_map(|chunk| {
                            [Cow::Borrowed(chunk.valid()), "?".repeat(chunk.invalid().len()).into()]
                        })
                        .collect(),
                )
            },
            Cow::Borrowed,
        );
        Self { original, valid }
    }

    /// The items as they came, if it is an array.
    fn items(&self) -> serde_json::Result<Vec<&'t [u8]>> {
        let each: Vec<&RawValue> = serde_json::from_str(&self.valid)?;
        let start = self.valid.as_ptr() as usize;
        let place = |item: &RawValue| {
            let from = item.get().as_ptr() as usize - start;
            &self.original[from..from + item.get().len()]
        };
        Ok(each.into_iter().map(place).collect())
    }
}

/// The item, or the path in it of what does not fit, as it goes on from the item's own.
fn decode<T: DeserializeOwned>(item: &[u8]) -> Result<T, (String, Misfit)> {
    response::decode(item).map_err(|error| {
        let again = &mut serde_json::Deserializer::from_slice(item);
        let path = match serde_path_to_error::deserialize::<_, T>(again) {
            Err(error) => below(error.path()),
            Ok(_) => String::new(),
        };
        (path, Misfit::of(&error))
    })
}

/// A path as it goes on below a member: `[3].id`, `.id`, or nothing for the member itself.
pub(crate) fn below(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    match path.iter().next() {
        None => String::new(),
        Some(Segment::Seq { .. }) => path.to_string(),
        Some(_) => format!(".{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stand_where_they_stood_whatever_is_not_utf8() {
        let text = b" [ {\"a\":\"\xff\xc3\"} ,\"\xe2\x82\xac\", [1,\n2],3 ]";
        let text = Text::of(text);
        let items = text.items().unwrap();
        let expected: [&[u8]; 4] = [b"{\"a\":\"\xff\xc3\"}", b"\"\xe2\x82\xac\"", b"[1,\n2]", b"3"];
        assert_eq!(items, expected);
        for other in ["{}", "null", "[1", "[1 2]", "", "[\\\u{0}]"] {
            assert!(Text::of(other.as_bytes()).items().is_err(), "{other}");
        }
        assert_eq!(Text::of(b"[]").items().unwrap().len(), 0);
    }

    #[test]
    fn one_item_says_where_it_is_odd_and_not_with_which_value() {
        let error = read_item::<Vec<(u8, u8)>, std::convert::Infallible>(r#"[[1,2],[3,"Ada"]]"#);
        let error = error.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Decode { path } if path == "[1][1]"));
        assert_eq!(error.item(), Some(r#"[[1,2],[3,"Ada"]]"#));
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("expected u8") && !source.contains("Ada"), "{source}");
        assert!(!format!("{error:?}").contains("Ada"), "{error:?}");
    }
}
