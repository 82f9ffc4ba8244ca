//! A stand-in Okta org, Pendo subscription and SCIM provider on loopback.
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use sandbox::{Fault, Faults, Sandbox};
//!
//! let sandbox = Sandbox::builder().people(500).faults(Faults::rate(0.05)).start().await?;
//! sandbox.faults().next("GET /api/v1/users", Fault::Status(503), 2);
//! println!("{} {}", sandbox.okta_url(), sandbox.okta_token());
//! println!("{} {:?}", sandbox.service_app().client_id, sandbox.service_app().scopes);
//! println!("{} {}", sandbox.pendo_url(), sandbox.pendo_key());
//! println!("{} {}", sandbox.scim_url(), sandbox.scim_token());
//! println!("{} changes, {} apps", sandbox.okta().event_count(), sandbox.okta().apps().len());
//! # Ok(())
//! # }
//! ```
//!
//! The Okta org logs every change as an event of its System Log, which event hooks are told of. Three apps
//! are there from the start: `SCIM with header` and `SCIM with token`, whose provisioning can be set up, and
//! `Custom SAML`, whose connection is `UNKNOWN` and whose features are not supported.
//!
//! Once a connection is set and activated and features are enabled, the org provisions by itself: users who
//! are assigned from then on and groups that are pushed get to the SCIM server that the connection names,
//! request by request as Okta does it. [`OktaOrg::provisioned`] waits until everything was sent.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadMe;

mod faults;
mod okta;
pub mod pendo;
mod people;
pub mod scim;
mod serve;

pub use faults::{Fault, FaultControl, Faults};
pub use okta::{
    Deliveries, Delivery, Nonces, OAuthOptions, OktaOptions, OktaOrg, ProvisioningOptions,
    ProvisioningRequest, RateLimits, SearchCap, ServiceApp,
};
pub use pendo::{Pendo, PendoOptions};
pub use people::People;
pub use scim::{Quirks, ScimOptions, ScimProvider};
pub use serve::{Sandbox, SandboxBuilder};
