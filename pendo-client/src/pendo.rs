//! The client: region, key, and how its calls are sent.

use http::{HeaderName, Method};
use rest_core::{Client, ClientBuilder, HeaderKey, RateLimit, Request};
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use crate::accounts::Accounts;
use crate::error::{Error, PendoError};
use crate::key::IntegrationKey;
use crate::metadata::{Group, Kind, Metadata};
use crate::model;
use crate::region::Region;
use crate::schema::SchemaCalls;
use crate::visitors::Visitors;

const VERIFY: &str = "/api/v1/token/verify";
const KEY_HEADER: HeaderName = HeaderName::from_static("x-pendo-integration-key");

/// A Pendo subscription behind an integration key; cheap to clone.
///
/// ```no_run
/// use pendo_client::{IntegrationKey, Pendo, Region};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let pendo = Pendo::new(Region::Eu, IntegrationKey::new("0a1b2c3d"))?;
/// assert!(pendo.verify().await?.write_access);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Pendo {
    client: Client<PendoError>,
    region: Region,
    key_hint: Option<Region>,
}

impl Pendo {
    /// A client with default settings; nothing is sent yet.
    ///
    /// # Errors
    /// When a custom region's address is `http` on a host that is not loopback.
    pub fn new(region: Region, key: IntegrationKey) -> Result<Self, Error> {
        Self::builder(region, key).build()
    }

    /// Starts a client whose retries, pacing, timeouts or HTTP client you set.
    pub fn builder(region: Region, key: IntegrationKey) -> PendoBuilder {
        let agent = concat!("pendo-client/", env!("CARGO_PKG_VERSION"));
        let auth = HeaderKey::new(KEY_HEADER, "", &key.secret);
        let settings = Client::builder(region.base_url(), auth).user_agent(agent);
        PendoBuilder { settings, key_hint: key.region_hint(), region }
    }

    /// A client as the environment says: `PENDO_INTEGRATION_KEY`, and either `PENDO_REGION` or
    /// `PENDO_BASE_URL`, which wins.
    ///
    /// # Errors
    /// Names the variable that is absent or wrong, and what belongs there.
    pub fn from_env() -> Result<Self, Error> {
        PendoBuilder::from_env()?.build()
    }

    /// Asks Pendo whether it accepts the key, and whether it may write. Do this before a push.
    ///
    /// [`GET /api/v1/token/verify`](https://engageapi.pendo.io/). Needs any key.
    ///
    /// # Errors
    /// A wrong key, and a key of another region, which Pendo does not tell apart (401, 403, or
    /// `valid: false`): an error of kind `Auth` that says so, with Pendo's answer as its cause.
    ///
    /// ```no_run
    /// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
    /// if !pendo.verify().await?.write_access {
    ///     return Err("this key may only read: make one with Allow Write Access".into());
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn verify(&self) -> Result<Access, Error> {
        let answer = match self.request(Method::GET, VERIFY, []).json::<Access>().await {
            Ok(access) if access.valid => return Ok(access),
            Ok(_) => "200 OK, valid: false".to_owned(),
            Err(error) if error.is_unauthorized() => refusal("401 Unauthorized", &error),
            Err(error) if error.is_forbidden() => refusal("403 Forbidden", &error),
            Err(error) if error.is_not_found() => {
                return Err(error.with_advice(format!(
                    "{} is not where Pendo's API is: PENDO_BASE_URL is the address without a path such as /api/v1",
                    self.region.base_url()
                )));
            }
            Err(error) => return Err(error),
        };
        Err(Error::auth(self.refused_key()).with_source(format!("GET {VERIFY}: {answer}")))
    }

    fn refused_key(&self) -> String {
        let region = &self.region;
        let hint = match &self.key_hint {
            Some(hint) if hint != region => {
                format!("the key ends like one of region {hint}: try that region first")
            }
            _ => "check the key under Settings > Integrations > Integration Keys, and that the region is \
                  the one in the address of your Pendo"
                .to_owned(),
        };
        format!(
            "Pendo does not accept the integration key: wrong key, or a key of another region than {region}; {hint}"
        )
    }

    /// Metadata of one kind in one group: bulk push, and single values.
    pub fn metadata(&self, kind: Kind, group: Group) -> Metadata {
        Metadata::new(self.clone(), kind, group)
    }

    /// The metadata fields of one kind: read them, create typed ones.
    pub fn schema(&self, kind: Kind) -> SchemaCalls {
        SchemaCalls::new(self.clone(), kind)
    }

    /// Single visitors.
    pub fn visitors(&self) -> Visitors {
        Visitors::new(self.clone())
    }

    /// Single accounts.
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.clone())
    }

    /// What the last answers said about each rate limit; empty as long as Pendo names none.
    pub fn rate_limits(&self) -> Vec<RateLimit> {
        self.client.rate_limits()
    }

    /// The region this client talks to.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// A request to an endpoint that this crate has no call for; its own calls are written with it.
    ///
    /// ```no_run
    /// use pendo_client::Method;
    ///
    /// # async fn run(pendo: pendo_client::Pendo) -> Result<(), Box<dyn std::error::Error>> {
    /// let guides: serde_json::Value = pendo.request(Method::GET, "/api/v1/guide", []).json().await?;
    /// # Ok(()) }
    /// ```
    pub fn request<const N: usize>(
        &self,
        method: Method,
        template: &'static str,
        args: [&str; N],
    ) -> Request<PendoError> {
        self.client.request(method, template, args)
    }
}

/// What an integration key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Access {
    /// Pendo accepts the key; so does an answer that does not speak of it.
    #[serde(default = "accepted", deserialize_with = "null_is_accepted")]
    pub valid: bool,
    /// The key may write.
    #[serde(default, deserialize_with = "model::null_is_default")]
    pub write_access: bool,
}

fn refusal(status: &str, error: &Error) -> String {
    let said = error.body().and_then(PendoError::said);
    said.map_or_else(|| status.to_owned(), |said| format!("{status}, {said}"))
}

fn accepted() -> bool {
    true
}

fn null_is_accepted<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_else(accepted))
}

/// Settings of a [`Pendo`] client; every one has a good default.
#[derive(Debug, Clone)]
#[must_use]
pub struct PendoBuilder {
    settings: ClientBuilder<PendoError>,
    region: Region,
    key_hint: Option<Region>,
}

rest_core::client_settings!(PendoBuilder);

impl PendoBuilder {
    /// Starts from the environment, as [`Pendo::from_env`] does.
    ///
    /// # Errors
    /// Names the variable that is absent or wrong, and what belongs there.
    pub fn from_env() -> Result<Self, Error> {
        from_variables(|name| std::env::var(name).ok())
    }

    /// Checks the settings and makes the client; nothing is sent.
    ///
    /// # Errors
    /// When the address is not one, or is `http` on a host that is not loopback.
    pub fn build(self) -> Result<Pendo, Error> {
        Ok(Pendo { client: self.settings.build()?, region: self.region, key_hint: self.key_hint })
    }
}

fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<PendoBuilder, Error> {
    let set = |name| variable(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
    let key = set("PENDO_INTEGRATION_KEY").ok_or_else(|| {
        Error::request(
            "PENDO_INTEGRATION_KEY is not set: put a key from Settings > Integrations > Integration Keys there",
        )
    })?;
    let key = IntegrationKey::new(key);
    let region = match (set("PENDO_BASE_URL"), set("PENDO_REGION")) {
        (Some(address), _) => Region::Custom(Url::parse(&address).map_err(|error| {
            Error::request(format!(
                "PENDO_BASE_URL is not an address ({error}): write it with https://"
            ))
        })?),
        (None, Some(name)) => {
            name.parse().map_err(|error| Error::request(format!("PENDO_REGION: {error}")))?
        }
        (None, None) => return Err(no_region(&key)),
    };
    Ok(Pendo::builder(region, key))
}

fn no_region(key: &IntegrationKey) -> Error {
    let hint = key.region_hint().map(|hint| format!(" (your key ends like one of {hint})"));
    Error::request(format!(
        "PENDO_REGION is not set: put us, us1, eu, japan or australia there{}",
        hint.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(set: &[(&str, &str)]) -> Result<Pendo, Error> {
        let set: Vec<(String, String)> =
            set.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        from_variables(|name| set.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()))?.build()
    }

    #[test]
    fn the_environment_names_the_region_or_the_address() {
        let eu = build(&[("PENDO_INTEGRATION_KEY", "k"), ("PENDO_REGION", "EU")]).unwrap();
        assert_eq!(eu.region(), &Region::Eu);
        let address = ("PENDO_BASE_URL", "http://127.0.0.1:9");
        let own =
            build(&[("PENDO_INTEGRATION_KEY", "k"), ("PENDO_REGION", "eu"), address]).unwrap();
        assert_eq!(own.region().base_url(), "http://127.0.0.1:9/");
    }

    #[test]
    fn what_is_missing_in_the_environment_is_named() {
        let key = ("PENDO_INTEGRATION_KEY", "s3cret.eu");
        for (set, expected) in [
            (&[][..], "PENDO_INTEGRATION_KEY is not set"),
            (&[("PENDO_INTEGRATION_KEY", " ")][..], "PENDO_INTEGRATION_KEY is not set"),
            (
                &[key][..],
                "PENDO_REGION is not set: put us, us1, eu, japan or australia there (your key ends like one of eu)",
            ),
            (&[key, ("PENDO_REGION", "mars")][..], "PENDO_REGION: `mars` is not a Pendo region"),
            (&[key, ("PENDO_BASE_URL", "pendo")][..], "PENDO_BASE_URL is not an address"),
            (&[key, ("PENDO_BASE_URL", "http://pendo.example")][..], "in the clear"),
        ] {
            let message = build(set).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
    }
}
