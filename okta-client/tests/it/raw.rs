//! Endpoints that have no call yet: one by one, page by page, and wrapped pages.

use futures::TryStreamExt;
use okta_client::{Cursor, Method};
use serde::Deserialize;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::*;

#[derive(Debug, PartialEq, Deserialize)]
struct Zone {
    id: u64,
}

fn number(request: &wiremock::Request, name: &str) -> Option<u64> {
    let mut pairs = request.url.query_pairs();
    pairs.find(|(n, _)| n == name).map(|(_, value)| value.parse().unwrap())
}

/// Seven zones, as many a page as asked for.
fn zones(request: &wiremock::Request) -> ResponseTemplate {
    let (from, size) =
        (number(request, "after").unwrap_or(0), number(request, "limit").unwrap_or(20));
    let items: Vec<_> =
        (from..7.min(from + size)).map(|id| json!({"id": id, "new": null})).collect();
    let own = format!("</api/v1/zones?limit={size}>; rel=\"self\"");
    let answer =
        ResponseTemplate::new(200).set_body_json(items).append_header("link", own.as_str());
    if from + size >= 7 {
        return answer;
    }
    let next = format!("/api/v1/zones?limit={size}&after={}", from + size);
    answer.append_header("link", format!("<{next}>; rel=\"next\"").as_str())
}

#[tokio::test]
async fn a_listing_is_paged_resumed_and_bounded() {
    let org = Org::with(zones).await;
    let list =
        || org.okta.request(Method::GET, "/api/v1/zones", []).list::<Zone>().query("limit", 3);
    let ids = |zones: Vec<Zone>| zones.into_iter().map(|zone| zone.id).collect::<Vec<_>>();
    let all: Vec<Zone> = list().stream().try_collect().await.unwrap();
    assert_eq!(ids(all), [0, 1, 2, 3, 4, 5, 6]);
    let lines: Vec<_> =
        org.requests().await.iter().map(|r| r.url.query().unwrap().to_owned()).collect();
    assert_eq!(lines, ["limit=3", "limit=3&after=3", "limit=3&after=6"]);
    let second = list().pages().try_next().await.unwrap().unwrap().next.unwrap();
    let saved: Cursor = serde_json::from_str(&serde_json::to_string(&second).unwrap()).unwrap();
    let rest: Vec<Zone> = list().resume(saved).limit(2).stream().try_collect().await.unwrap();
    assert_eq!(ids(rest), [3, 4]);
}

#[tokio::test]
async fn wrapped_pages_are_read_by_their_own_links() {
    let server = MockServer::start().await;
    let answer = |request: &wiremock::Request| {
        let from = number(request, "after").unwrap_or(0);
        let items: Vec<_> = (from..from + 2).map(|id| json!({"id": id})).collect();
        let mut body =
            json!({"roles": items, "_links": {"self": {"href": request.url.to_string()}}});
        if from < 4 {
            let next = format!("/api/v1/iam/roles?after={}&limit=2", from + 2);
            body["_links"]["next"] = json!({"href": next});
        }
        ResponseTemplate::new(200).set_body_json(body)
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let okta = builder(&server.uri()).build().unwrap();
    let list = okta.request(Method::GET, "/api/v1/iam/roles", []).list::<Zone>();
    let found: Vec<Zone> =
        list.items_in("roles").query("limit", 2).stream().try_collect().await.unwrap();
    let ids: Vec<_> = found.into_iter().map(|one| one.id).collect();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
}
