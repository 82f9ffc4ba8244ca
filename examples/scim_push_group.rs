//! Pushes a group whose members are the users given, then says what that took.
//!
//! `scim_push_group NAME USER_NAME...`, at `SCIM_BASE_URL` with `SCIM_TOKEN`. These users become the
//! only members: whoever else was in the group is taken out. Where neither variable is set it runs in a
//! sandbox, and without arguments its first 20 users become the members of `Engineering`.

use examples::{ScimTarget, arguments, say};
use futures::{StreamExt, TryStreamExt, stream};
use scim_client::Scim;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = arguments("scim_push_group [NAME USER_NAME...]")?.into_iter();
    let name = args.next();
    let user_names: Vec<String> = args.collect();
    if ScimTarget::is_named() && (name.is_none() || user_names.is_empty()) {
        return Err("SCIM_BASE_URL or SCIM_TOKEN is set, so say which users are to be the only \
                    members of which group: scim_push_group NAME USER_NAME..."
            .into());
    }
    let target = ScimTarget::connect().await?;
    let name = name.unwrap_or_else(|| "Engineering".to_owned());
    let members = match user_names.is_empty() {
        true => first_users(&target.scim).await?,
        false => found_users(&target.scim, user_names).await?,
    };

    let pushed = target.scim.groups().push(&name, members).await?;
    let done = &pushed.members;
    say!("group {} {}", pushed.id, if pushed.created { "created" } else { "was there" });
    say!("{} added, {} removed, by {} writes", done.added, done.removed, done.writes);
    say!("{} members read, as wanted: {}", done.members_read, done.verified);
    Ok(())
}

async fn first_users(scim: &Scim) -> scim_client::Result<Vec<String>> {
    let users = scim.users().list().limit(20).stream();
    users.try_filter_map(async |user| Ok(user.id)).try_collect().await
}

async fn found_users(
    scim: &Scim,
    names: Vec<String>,
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let lookups = stream::iter(names).map(|name| async move {
        let found = scim.users().find("userName", &name).await?;
        let id = found.and_then(|user| user.id);
        id.ok_or_else(|| format!("there is no user {name}; create it first").into())
    });
    lookups.buffered(8).try_collect().await
}
