//! One provisioning script against servers that share no code with us.
//!
//! They are started by the scripts of `../shared/scim` beside the repository, or of the folder that
//! `SCIM_PEERS` names, and installed below the target folder, or `SCIM_PEERS_DIR`.

#![allow(missing_docs)]
// Helpers of tests may fail as tests do; clippy knows that of `#[test]` functions only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod plain;
mod script;
mod server;

use scim_client::Sent;

use script::Expected;
use server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn scim2_server() {
    let Some(server) = Server::start("scim2-server", &[]) else { return };
    script::run(&server, Expected::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scimmy() {
    let Some(server) = Server::start("scimmy", &[]) else { return };
    script::run(&server, Expected::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scimmy_with_ignored_filters() {
    let Some(server) = Server::start("scimmy", &[("SCIMMY_IGNORE_FILTERS", "1")]) else { return };
    script::run(&server, Expected::default()).await;
}

/// It has no place for titles, takes PATCH for few attributes, and removes members in Entra's way only.
#[tokio::test(flavor = "multi_thread")]
async fn django_scim2() {
    let Some(server) = Server::start("django-scim2", &[]) else { return };
    let expected = Expected { dropped: &["title"], update_sent: Sent::Put, removal_writes: 2 };
    script::run(&server, expected).await;
}
