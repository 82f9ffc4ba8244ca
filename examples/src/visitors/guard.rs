//! Guards of a push of visitors, besides those of the engine: a slip such as another visitor id stops it.

use okta_client::User;

use crate::visitors::fields::{LeftOut, Scope};
use crate::{Failure, Read, thousands};

/// So few people without a visitor id are no slip, unless they are all.
const FEW: u64 = 5;

/// What the first people say before anything is sent: that there is nobody, and, where the push streams and
/// nothing else is known beforehand, that hardly anybody has a visitor id. `came` counts those who cannot
/// be read, too.
///
/// # Errors
/// Says what is wrong.
pub(super) fn judge_first(
    (first, came): (&[User], usize),
    scope: &Scope,
    streams: bool,
) -> Result<(), Failure> {
    if came == 0 {
        let why = "the source is empty: nobody would be pushed; --search says who is, and the Okta credential \
                   has to be able to read them";
        return Err(Failure::Guard(format!("stopped before anything was sent: {why}")));
    }
    let left_out = |rule| first.iter().filter(|user| scope.judge(user) == Err(rule)).count() as u64;
    let without = left_out(LeftOut::WithoutId);
    let all = first.len() as u64 - left_out(LeftOut::Deprovisioned);
    match enough_have_ids(all, without, "the first ", &scope.visitor_id) {
        Err(why) if streams => {
            Err(Failure::Guard(format!("stopped before anything was sent: {why}")))
        }
        _ => Ok(()),
    }
}

impl Read {
    /// Whether enough of those who were read have a visitor id.
    ///
    /// # Errors
    /// When too many have none.
    pub fn judged(&self, visitor_id: &str) -> Result<(), Failure> {
        let (without, deprovisioned) = (self.without_id(), self.deprovisioned());
        let all = self.people() - deprovisioned - self.failed();
        if all == 0 && deprovisioned > 0 {
            let count = thousands(deprovisioned);
            let why =
                format!("all {count} people are deprovisioned; --include-deprovisioned adds them");
            return Err(Failure::Guard(format!("stopped before the push: {why}")));
        }
        enough_have_ids(all, without, "", visitor_id)
            .map_err(|why| Failure::Guard(format!("stopped before the push: {why}")))
    }
}

/// At most a fifth may be without, as with the key of other targets.
fn enough_have_ids(all: u64, without: u64, first: &str, name: &str) -> Result<(), String> {
    let limit = (all / 5).max(FEW).min(all.saturating_sub(1));
    match without <= limit {
        true => Ok(()),
        false => Err(format!(
            "{} of {first}{} people have no text or number in `{name}`, the visitor id; at most {} may be \
             without; choose another --visitor-id, or with --search those who have it",
            thousands(without),
            thousands(all),
            thousands(limit)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::enough_have_ids;

    #[test]
    fn a_fifth_may_be_without_and_a_few_if_they_are_not_all() {
        for (all, without, passes) in [
            (0, 0, true),
            (1, 0, true),
            (1, 1, false),
            (3, 2, true),
            (6, 5, true),
            (6, 6, false),
            (60, 12, true),
            (60, 13, false),
            (10_000, 2_000, true),
            (10_000, 2_001, false),
        ] {
            let judged = enough_have_ids(all, without, "", "email");
            assert_eq!(judged.is_ok(), passes, "{without} of {all}");
        }
    }
}
