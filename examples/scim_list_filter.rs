//! Lists the active users whose user name starts with a text.
//!
//! `scim_list_filter [START]`, at `SCIM_BASE_URL` with `SCIM_TOKEN`, else in a sandbox; without `START`
//! those with an `a` at the beginning. Nothing is written.

use examples::{ScimTarget, arguments, say};
use futures::TryStreamExt;
use scim_types::filter::attr;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = arguments("scim_list_filter [START]")?.into_iter().next();
    let target = ScimTarget::connect().await?;
    let there = target.scim.verify().await?;
    let start = start.unwrap_or_else(|| "a".to_owned());
    let filter = attr("active").eq(true).and(attr("userName").starts_with(start));
    say!("{} users, of these {filter}:", there.users);

    let mut users = target.scim.users().list().filter(filter).page_size(50).stream();
    while let Some(user) = users.try_next().await? {
        say!("{}\t{}", user.id.unwrap_or_default(), user.user_name.unwrap_or_default());
    }
    Ok(())
}
