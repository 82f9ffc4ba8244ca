//! Lists every user of an org and sums their employee numbers: a small program to time.
//!
//! `list_users [URL] [--read-all]` prints `{"count": …, "sum": …, "read": …}`; `--read-all` reads every
//! attribute of every user. It lists the org that the environment names, or a sandbox's; with a URL the
//! server there, which has to take any token.

use examples::{SandboxOptions, arguments, connect_okta};
use futures::TryStreamExt;
use okta_client::{BearerToken, Okta};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = arguments("list_users [URL] [--read-all]")?;
    let read_all = args.iter().any(|arg| arg == "--read-all");
    args.retain(|arg| arg != "--read-all");
    let (okta, _sandbox) = match args.first() {
        Some(url) => (Okta::new(url, BearerToken::new("timing"))?, None),
        None => connect_okta(&SandboxOptions::default()).await?,
    };
    let mut users = okta.users().list().stream();
    let (mut count, mut sum, mut read) = (0_u64, 0_u64, 0_usize);
    while let Some(user) = users.try_next().await? {
        count += 1;
        sum += user.profile.employee_number().and_then(|n| n.parse().ok()).unwrap_or(0_u64);
        if read_all {
            read += user
                .profile
                .iter()
                .map(|(name, value)| name.len() + value.to_value().to_string().len())
                .sum::<usize>();
        }
    }
    println!(r#"{{"count":{count},"sum":{sum},"read":{read}}}"#);
    Ok(())
}
