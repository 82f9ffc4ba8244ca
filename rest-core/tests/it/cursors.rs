//! Cursors: whose listing they stand in, and where they can lead.

use futures::{StreamExt, TryStreamExt};
use rest_core::{Cursor, Method};

use crate::paging::{after, collect, listing, stored, well_behaved};
use crate::support::*;

/// As `well_behaved`, with or without the query in the next links.
async fn naming(query: bool) -> Server {
    Server::start(move |_, request| {
        let (path, asked) = target(request).split_once('?').unwrap();
        let next =
            if query { format!("{path}?{asked}&after=2") } else { format!("{path}?after=2") };
        match after(request) {
            0 => answer(200, &[("link", &format!("<{next}>; rel=next"))], "[0,1]"),
            _ => json("[2]"),
        }
    })
    .await
}

#[tokio::test]
async fn a_cursor_goes_on_with_its_own_query_and_refuses_another() {
    for query in [true, false] {
        let server = naming(query).await;
        let plain = listing(&client(&server.url)).query("limit", 2);
        let list = |search| plain.clone().query("search", search);
        let pages: Vec<_> = list("a b&c").pages().try_collect().await.unwrap();
        let cursor = stored(&pages[1].cursor);
        for same in [list("a b&c"), list("a b&c").query("limit", 50), plain.clone()] {
            assert_eq!(collect(same.resume(cursor.clone())).await.unwrap(), [2], "{query}");
        }
        let pages: Vec<_> = plain.clone().pages().try_collect().await.unwrap();
        let before = server.count();
        for (other, cursor) in [
            (list("A"), cursor.clone()),
            (list("a b&c").query("sortBy", "name"), cursor),
            (list("a b&c"), stored(&pages[1].cursor)),
        ] {
            let error = collect(other.resume(cursor)).await.unwrap_err().to_string();
            assert!(
                error.contains("cursor is of another listing; resume it with the call"),
                "{error}"
            );
        }
        assert_eq!(server.count(), before, "nothing was sent");
    }
}

#[tokio::test]
async fn a_page_named_by_another_path_is_followed_and_resumed() {
    let server = Server::start(|_, request| match after(request) {
        0 => answer(200, &[("link", "</users/00u1/groups?after=1>; rel=next")], "[0]"),
        _ => json(if target(request).starts_with("/users/00u1/groups?") { "[1]" } else { "[9]" }),
    })
    .await;
    let by_login = client(&server.url).request(Method::GET, "/users/{id}/groups", ["ada@acme"]);
    let list = by_login.list::<u32>();
    let pages: Vec<_> = list.clone().pages().try_collect().await.unwrap();
    assert_eq!(pages[1].items, [1]);
    let rest: Vec<u32> =
        list.resume(stored(&pages[1].cursor)).stream().try_collect().await.unwrap();
    assert_eq!(rest, [1]);
}

#[tokio::test]
async fn a_cursor_of_another_listing_is_refused_before_anything_is_sent() {
    let server = well_behaved(2, 6).await;
    let client = client(&server.url);
    let pages: Vec<_> = listing(&client).pages().try_collect().await.unwrap();
    let before = server.count();
    let groups = client.request(Method::GET, "/groups", []).list::<u32>();
    let mut groups = groups.resume(pages[1].cursor.clone()).stream();
    let error = groups.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("cursor is of another listing"), "{error}");
    assert_eq!(server.count(), before);
    assert!(groups.next().await.is_none());
}

#[tokio::test]
async fn a_forged_cursor_never_leads_to_another_host() {
    let evil = Server::start(|_, _| json("[666]")).await;
    let server = Server::start(|_, _| json("[1]")).await;
    let client = client(&server.url);
    let genuine = listing(&client).pages().try_next().await.unwrap().unwrap().cursor;
    let to = format!("127.0.0.1:{}", evil.port);
    for page in [
        format!("//{to}/users"),
        format!("http://{to}/users"),
        format!("\\\\{to}\\users"),
        format!("@{to}/users"),
        format!(":80@{to}/users"),
        format!("/..//{to}/users"),
        format!("?next=http://{to}/"),
        "/other".to_owned(),
        String::new(),
    ] {
        let mut forged = serde_json::to_value(&genuine).unwrap();
        forged["page"] = page.clone().into();
        let cursor: Cursor = serde_json::from_value(forged).unwrap();
        let before = server.count();
        let found = collect(listing(&client).resume(cursor)).await;
        assert!(found.is_err() || server.count() == before + 1, "{page}");
    }
    assert_eq!(evil.count(), 0, "the credential stayed at home");
}
