//! A stand-in Okta org, Pendo subscription and SCIM provider on loopback.
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use sandbox::{Fault, Faults, Sandbox};
//!
//! let sandbox = Sandbox::builder().people(500).faults(Faults::rate(0.05)).start().await?;
//! sandbox.faults().next("GET /api/v1/users", Fault::Status(503), 2);
//! println!("{} {}", sandbox.okta_url(), sandbox.okta_token());
//! println!("{} {}", sandbox.pendo_url(), sandbox.pendo_key());
//! println!("{} {}", sandbox.scim_url(), sandbox.scim_token());
//! # Ok(())
//! # }
//! ```

mod faults;
mod okta;
pub mod pendo;
mod people;
pub mod scim;
mod serve;

pub use faults::{Fault, FaultControl, Faults};
pub use okta::{OktaOptions, OktaOrg, RateLimits, SearchCap};
pub use pendo::{Pendo, PendoOptions};
pub use people::People;
pub use scim::{Quirks, ScimOptions, ScimProvider};
pub use serve::{Sandbox, SandboxBuilder};
