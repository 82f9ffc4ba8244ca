//! How much may be lost in a run: the option that means the same wherever something is remembered.

use clap::Args;
use provisioning::Guard;

use crate::MaxRemovals;

/// How much may be lost.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct LossOptions {
    /// At most so many may be taken out, lose the value of an attribute, get another key (five always may),
    /// or leave a group, as a share (of which five always may, unless it is 0%) or a number; what went in
    /// the last 24 hours counts [default: 20%, and 500]
    #[arg(long, value_name = "5%|N")]
    pub max_removals: Option<MaxRemovals>,
}

impl LossOptions {
    /// The rules that it sets.
    pub fn guards(self) -> impl Iterator<Item = Guard> + use<> {
        self.max_removals.map(MaxRemovals::guards).into_iter().flatten()
    }
}
