//! The script: what a provisioning run does, and the state it has to leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures::{StreamExt, stream};
use scim_client::reqwest::Request;
use scim_client::{AuthError, Authorize, Bearer, Outcome, Scim, Sent};
use scim_types::{MultiValue, Name, User};

use crate::plain::{Plain, members, text};
use crate::server::{Server, TOKEN, say};

const PEOPLE: usize = 300;
const AT_ONCE: usize = 8;

/// Where a server differs from what all the others do.
pub(crate) struct Expected {
    /// Attributes that it drops without a word.
    pub(crate) dropped: &'static [&'static str],
    /// How the update of a name and a title goes through.
    pub(crate) update_sent: Sent,
    /// Requests that it takes to remove members, the refused form included.
    pub(crate) removal_writes: usize,
}

impl Default for Expected {
    fn default() -> Self {
        Self { dropped: &[], update_sent: Sent::Patch, removal_writes: 1 }
    }
}

/// Counts requests: every attempt is authorised once.
#[derive(Clone, Debug)]
struct Counting(Bearer, Arc<AtomicUsize>);

#[async_trait::async_trait]
impl Authorize for Counting {
    async fn authorize(&self, request: &mut Request) -> Result<(), AuthError> {
        self.1.fetch_add(1, SeqCst);
        self.0.authorize(request).await
    }
}

/// What each step came to, printed at the end, and when a step fails.
struct Table {
    title: String,
    rows: Vec<(&'static str, String, usize)>,
    requests: Arc<AtomicUsize>,
}

impl Table {
    fn row(&mut self, step: &'static str, verdict: impl Into<String>) {
        self.rows.push((step, verdict.into(), self.requests.swap(0, SeqCst)));
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        let rows = self.rows.iter();
        let rows =
            rows.map(|(step, verdict, n)| format!("  {step:<16} {verdict:<44} {n:>5} requests"));
        let ended = if std::thread::panicking() { "  (failed here)" } else { "" };
        say(&format!("{}\n{}{ended}", self.title, rows.collect::<Vec<_>>().join("\n")));
    }
}

/// Runs all steps and checks the state that the server is left in.
pub(crate) async fn run(server: &Server, expected: Expected) {
    let requests = Arc::new(AtomicUsize::new(0));
    let auth = Counting(Bearer::new(TOKEN), Arc::clone(&requests));
    let scim = Scim::new(&server.base_url, auth).unwrap();
    let mut table = Table { title: server.name.to_owned(), rows: Vec::new(), requests };

    let there = scim.verify().await.unwrap();
    assert_eq!((there.users, there.groups), (0, Some(0)));
    table.row("verify", "accepted, nobody there");

    let ids = ensure_all(&scim, &expected, &mut table).await;
    update(&scim, &ids[0], &expected, &mut table).await;
    states(&scim, &ids, &mut table).await;
    let group_id = group(&scim, &ids, &expected, &mut table).await;
    check(server, &ids, &group_id, &expected).await;
}

fn person(n: usize) -> User {
    let user_name = format!("person-{n:03}@acme.example");
    let mut user = User::new(&user_name);
    user.name = Some(Name {
        given_name: Some(format!("Given{n}")),
        family_name: Some(format!("Family{n}")),
        ..Name::default()
    });
    user.emails.push(MultiValue::work(&user_name).primary());
    user.title = Some("Engineer".to_owned());
    user.active = Some(true);
    user.external_id = Some(format!("00u{n:03}"));
    user
}

async fn ensure_all(scim: &Scim, expected: &Expected, table: &mut Table) -> Vec<String> {
    let ensured = ensure(scim, 0..PEOPLE).await;
    assert!(ensured.iter().all(|(outcome, ..)| *outcome == Outcome::Created));
    for (_, _, not_kept) in &ensured {
        let dropped = not_kept.iter().filter(|path| !path.starts_with("emails"));
        assert_eq!(dropped.collect::<Vec<_>>(), expected.dropped);
    }
    table.row("ensure 300", format!("300 created, not kept: {:?}", ensured[0].2));
    // Once more: everybody is found, and nothing is created twice.
    let again = ensure(scim, 0..AT_ONCE).await;
    for ((outcome, id, _), (_, first, _)) in again.iter().zip(&ensured) {
        assert_eq!((outcome, id), (&Outcome::Unchanged, first));
    }
    table.row("ensure 8 again", "8 unchanged");
    ensured.into_iter().map(|(_, id, _)| id).collect()
}

async fn ensure(
    scim: &Scim,
    people: std::ops::Range<usize>,
) -> Vec<(Outcome, String, Vec<String>)> {
    let calls = stream::iter(people).map(|n| async move {
        let ensured = scim.users().ensure(&person(n)).await.unwrap();
        (n, (ensured.outcome, ensured.user.id.unwrap(), ensured.not_kept))
    });
    let mut done: Vec<_> = calls.buffer_unordered(AT_ONCE).collect().await;
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, ensured)| ensured).collect()
}

async fn update(scim: &Scim, id: &str, expected: &Expected, table: &mut Table) {
    let updated = scim
        .users()
        .modify(id, |user| {
            user.name.get_or_insert_default().family_name = Some("Lovelace".to_owned());
            user.title = Some("Countess".to_owned());
        })
        .await
        .unwrap();
    assert_eq!(updated.not_kept, expected.dropped);
    assert_eq!(updated.sent, expected.update_sent);
    table.row("update", format!("{:?}, not kept: {:?}", updated.sent, updated.not_kept));
}

async fn states(scim: &Scim, ids: &[String], table: &mut Table) {
    for id in &ids[1..3] {
        let user = scim.users().deactivate(id).await.unwrap().unwrap();
        assert_eq!(user.active, Some(false));
    }
    table.row("deactivate 2", "inactive");
    let user = scim.users().reactivate(&ids[1]).await.unwrap();
    assert_eq!(user.active, Some(true));
    table.row("reactivate 1", "active");
    let nobody = scim.users().deactivate("999999").await.unwrap_err();
    assert!(nobody.is_not_found(), "{nobody}");
    table.row("deactivate ?", nobody.to_string());
}

async fn group(scim: &Scim, ids: &[String], expected: &Expected, table: &mut Table) -> String {
    let groups = scim.groups();
    let pushed = groups.push("Engineering", ids).await.unwrap();
    assert!(pushed.created && pushed.members.verified, "{pushed:?}");
    assert_eq!((pushed.members.added, pushed.members.removed), (ids.len(), 0));
    table.row("push 300", "created, 300 added, verified");

    let renamed = groups.rename(&pushed.id, "Research").await.unwrap();
    assert_eq!(renamed.display_name.as_deref(), Some("Research"));
    table.row("rename", "renamed");

    let half = groups.push("Research", &ids[..PEOPLE / 2]).await.unwrap();
    assert!(!half.created && half.members.verified && half.id == pushed.id, "{half:?}");
    assert_eq!((half.members.added, half.members.removed), (0, PEOPLE / 2));
    assert_eq!(half.members.writes, expected.removal_writes);
    table.row("remove half", format!("150 removed, verified, {} writes", half.members.writes));

    let again = groups.push("Research", &ids[..PEOPLE / 2]).await.unwrap();
    assert_eq!(again.members.writes, 0);
    table
        .row("push again", format!("nothing written, {} members read", again.members.members_read));

    pushed.id
}

/// The end state, as the server shows it to anybody.
async fn check(server: &Server, ids: &[String], group_id: &str, expected: &Expected) {
    let plain = Plain::new(server);
    assert_eq!((plain.count("/Users").await, plain.count("/Groups").await), (PEOPLE, 1));
    for (n, id) in ids.iter().enumerate() {
        let user = plain.one(&format!("/Users/{id}")).await;
        assert_eq!(text(&user["id"]), *id);
        assert_eq!(user["userName"], format!("person-{n:03}@acme.example"));
        assert_eq!(user["active"], n != 2, "{user}");
        assert_eq!(user["name"]["givenName"], format!("Given{n}"));
        let family_name = if n == 0 { "Lovelace".to_owned() } else { format!("Family{n}") };
        assert_eq!(user["name"]["familyName"], family_name);
        assert_eq!(user["emails"][0]["value"], format!("person-{n:03}@acme.example"));
        assert_eq!(user["externalId"], format!("00u{n:03}"));
        if !expected.dropped.contains(&"title") {
            assert_eq!(user["title"], if n == 0 { "Countess" } else { "Engineer" });
        }
    }
    let group = plain.one(&format!("/Groups/{group_id}")).await;
    assert_eq!(group["displayName"], "Research");
    let mut half: Vec<String> = ids[..PEOPLE / 2].to_vec();
    half.sort();
    assert_eq!(members(&group), half);
}
