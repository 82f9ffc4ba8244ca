//! Items that do not fit: each is an error of its own, and nothing else is lost, repeated or miscounted.

use futures::{StreamExt, TryStreamExt};
use rest_core::{Array, ErrorKind, List, Method};
use serde::Deserialize;

use crate::paging::{after, stored};
use crate::support::*;

const SIZE: usize = 4;
const TOTAL: usize = 12;

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Person {
    id: usize,
    #[serde(default)]
    profile: Profile,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
struct Profile {
    #[serde(default)]
    email: String,
}

/// What a server may give in place of a person, and where it is odd.
const ODD: [(&str, &str); 7] = [
    (r#"{"id":"Ada"}"#, ".id"),
    (r#"{"id":1,"profile":{"email":["Ada"]}}"#, ".profile.email"),
    (r#"{"profile":{}}"#, ""),
    ("null", ""),
    (r#""Ada""#, ""),
    (r#"{"id":1,"profile":{"email":"\ud800"}}"#, ".profile.email"),
    (r#"{"id":1e999}"#, ".id"),
];

fn person(n: usize, odd: &[usize]) -> String {
    match odd.contains(&n) {
        true => ODD[n % ODD.len()].0.to_owned(),
        false => format!(r#"{{"id":{n}}}"#),
    }
}

async fn server(odd: &'static [usize], member: bool) -> Server {
    Server::start(move |_, request| {
        let start = after(request);
        let end = (start + SIZE).min(TOTAL);
        let items: Vec<_> = (start..end).map(|n| person(n, odd)).collect();
        let items = format!("[{}]", items.join(" , "));
        let next = format!("<?after={end}>; rel=next");
        let links: Vec<_> = [("link", &*next)].into_iter().filter(|_| end < TOTAL).collect();
        let id = [("x-request-id", "r7")];
        let headers: Vec<_> = links.into_iter().chain(id).collect();
        match member {
            true => answer(200, &headers, &format!(r#"{{"value":{items}}}"#)),
            false => answer(200, &headers, &items),
        }
    })
    .await
}

fn listing(server: &Server, member: bool) -> List<Refusal, Person> {
    let list = client(&server.url).request(Method::GET, "/users", []).list();
    if member { list.items_in("value") } else { list }
}

/// Where items are odd: at the ends of pages, in the middle, whole pages, everywhere, nowhere.
const PLACES: [&[usize]; 8] = [
    &[0],
    &[3],
    &[4, 7],
    &[5, 6],
    &[11],
    &[4, 5, 6, 7],
    &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    &[],
];

fn path(error: &Error) -> &str {
    match error.kind() {
        ErrorKind::Decode { path, .. } => path,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_odd_item_costs_nothing_but_itself() {
    for odd in PLACES {
        for (member, prefetch) in [(false, false), (false, true), (true, false), (true, true)] {
            let server = server(odd, member).await;
            let mut items = listing(&server, member).prefetch(prefetch).stream();
            let (mut found, mut errors) = (Vec::new(), Vec::new());
            while let Some(item) = items.next().await {
                match item {
                    Ok(person) => found.push(person.id),
                    Err(error) => errors.push(error),
                }
            }
            let expected: Vec<_> = (0..TOTAL).filter(|n| !odd.contains(n)).collect();
            assert_eq!(found, expected, "{odd:?} {member} {prefetch}");
            assert_eq!(errors.len(), odd.len());
            assert_eq!(server.count(), 3, "nothing is asked for twice");
            for (error, n) in errors.iter().zip(odd) {
                let (json, below) = ODD[n % ODD.len()];
                let at = if member { "value" } else { "" };
                assert_eq!(path(error), format!("{at}[{}]{below}", n % SIZE), "{json}");
                assert_eq!(error.item(), Some(json));
                assert_eq!(error.cursor().unwrap().items_before() as usize, n / SIZE * SIZE);
                let mates = odd.iter().filter(|other| *other / SIZE == n / SIZE).count();
                let line = error.to_string();
                let says = format!(
                    "the listing goes on without this item (odd in this page: {mates} of 4)"
                );
                assert!(line.starts_with("GET /users: ") && line.contains(&says), "{line}");
                assert!(line.ends_with("[request r7]"), "{line}");
                let source = std::error::Error::source(error).unwrap();
                for shown in [line, format!("{error:?}"), source.to_string()] {
                    assert!(!shown.contains("Ada"), "{shown}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_page_comes_first_then_its_odd_items_then_the_next_page() {
    let server = server(&[1, 5, 6], false).await;
    let mut pages = listing(&server, false).pages();
    let mut order = Vec::new();
    let mut cursors = Vec::new();
    while let Some(page) = pages.next().await {
        order.push(match page {
            Ok(page) => {
                cursors.push(page.cursor.clone());
                format!("{}+{}", page.items.len(), page.odd)
            }
            Err(error) => path(&error).to_owned(),
        });
    }
    assert_eq!(order, ["3+1", "[1].profile.email", "2+2", "[1].profile.email", "[2].id", "4+0"]);
    let before: Vec<_> = cursors.iter().map(|cursor| cursor.items_before()).collect();
    assert_eq!(before, [0, 4, 8], "an odd item is an item");
    let rest = listing(&server, false).resume(stored(&cursors[2])).stream();
    assert_eq!(rest.try_collect::<Vec<_>>().await.unwrap().len(), 4);
}

#[tokio::test]
async fn who_stops_at_the_first_error_is_told_the_place() {
    let server = server(&[5], false).await;
    let error = listing(&server, false).stream().try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /users: the answer is not what this endpoint is known to give, at `[1].profile.email`, \
        reading the page at after=4; the listing goes on without this item (odd in this page: 1 of 4) \
        [request r7]"
    );
}

#[tokio::test]
async fn a_limit_counts_odd_items_in_the_servers_order() {
    for (limit, good, odd) in
        [(0, 0, 0), (1, 1, 0), (2, 1, 1), (3, 2, 1), (4, 3, 1), (6, 4, 2), (7, 4, 3)]
    {
        let server = server(&[1, 5, 6], false).await;
        for prefetch in [false, true] {
            let list = listing(&server, false).limit(limit).prefetch(prefetch);
            let all: Vec<_> = list.stream().collect().await;
            let fine = all.iter().filter(|item| item.is_ok()).count();
            assert_eq!((fine, all.len() - fine), (good, odd), "{limit}");
        }
    }
}

#[tokio::test]
async fn a_cap_counts_odd_items_and_is_told_after_them() {
    let server = server(&[11], false).await;
    let list = listing(&server, false).query("search", "x").capped("search", 12, "list without it");
    let mut errors = Vec::new();
    let mut items = list.stream();
    while let Some(item) = items.next().await {
        errors.extend(item.err());
    }
    assert_eq!(errors.len(), 2);
    assert!(errors[0].item().is_some() && errors[1].item().is_none(), "{errors:?}");
    assert!(errors[1].to_string().contains("list without it"));
}

#[tokio::test]
async fn what_is_no_array_of_items_is_the_end() {
    for body in [r#"{"id":1}"#, "null", "7", r#"[{"id":1} {"id":2}]"#, r#"[{"id":"x"}] 7"#, "[{]"] {
        let server = Server::start(move |_, _| json(body)).await;
        let mut items = listing(&server, false).stream();
        let error = items.next().await.unwrap().unwrap_err();
        assert!(error.item().is_none(), "{body}");
        assert!(items.next().await.is_none(), "{body}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_make_one_item_odd() {
    let server = Server::start(|_, _| {
        let body = b"[{\"id\":1},{\"id\":2,\"profile\":{\"email\":\"\xff\xfe\"}},{\"id\":3}]";
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        Then::Say([head.as_bytes(), body].concat())
    })
    .await;
    let all: Vec<_> = listing(&server, false).stream().collect().await;
    let ids: Vec<_> = all.iter().flatten().map(|person| person.id).collect();
    assert_eq!((ids, all.len()), (vec![1, 3], 3));
    let error = all[2].as_ref().unwrap_err();
    assert_eq!(path(error), "[1].profile.email");
    assert!(error.item().unwrap().contains('\u{fffd}'));
}

#[tokio::test]
async fn an_answer_that_was_cut_in_an_odd_item_is_asked_for_again() {
    let server = Server::start(|nth, _| match nth {
        0 => json(r#"[{"id":1},{"id":"x"},{"id""#),
        _ => json(r#"[{"id":1},{"id":2}]"#),
    })
    .await;
    let all: Vec<_> = listing(&server, false).stream().try_collect().await.unwrap();
    assert_eq!((all.len(), server.count()), (2, 2));
}

#[tokio::test]
async fn an_array_by_itself_is_read_item_by_item_too() {
    let server = server(&[2], false).await;
    let request = client(&server.url).request(Method::GET, "/users", []);
    let array: Array<Refusal, Person> = request.array().await.unwrap();
    assert_eq!((array.items.len(), array.odd.len()), (3, 1));
    assert_eq!((path(&array.odd[0]), array.odd[0].item()), ("[2]", Some(ODD[2].0)));
    assert_eq!(array.headers["x-request-id"], "r7");
}

#[tokio::test]
async fn a_credential_that_an_item_quotes_is_taken_out() {
    let server = Server::start(|_, _| json(&format!(r#"[{{"id":"{KEY}","{KEY}":{{}}}}]"#))).await;
    let error = listing(&server, false).stream().try_next().await.unwrap_err();
    let item = error.item().unwrap();
    assert!(item.starts_with(r#"{"id":"#) && !item.contains(KEY), "{item}");
    assert!(!format!("{error} {error:?}").contains(KEY));
}
