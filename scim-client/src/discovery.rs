//! What the server says of itself: read once, and never needed.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use http::Method;
use rest_core::{Client, ErrorKind, Request};
use scim_types::schema::{Schema, Schemas};
use scim_types::{ListResponse, ResourceType, ServiceProviderConfig};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::endpoint::Endpoint;
use crate::error::{Error, Result, ScimError};
use crate::scim::{Scim, request};

const CONFIG: &str = "/ServiceProviderConfig";
const SCHEMAS: &str = "/Schemas";
const RESOURCE_TYPES: &str = "/ResourceTypes";

/// The answers, once they were read; a failure is not kept.
#[derive(Debug)]
pub(crate) struct Discovery {
    client: Client<ScimError>,
    config: OnceCell<ServiceProviderConfig>,
    schemas: OnceCell<Vec<Schema>>,
    resource_types: OnceCell<Vec<ResourceType>>,
    /// The server has no configuration to show; it is not asked again unless the caller insists.
    silent: AtomicBool,
}

impl Scim {
    /// Reads what the server can do; once for this client and its clones.
    ///
    /// RFC 7644 section 4. Take it as a hint: servers say that they cannot what they can, and the other
    /// way round. No call of this crate needs it.
    ///
    /// # Errors
    /// 404 where the server does not say it. A failure is not kept: the next call asks again.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let config = scim.service_provider_config().await?;
    /// println!("PATCH: {:?}", config.patch.as_ref().map(|patch| patch.supported));
    /// # Ok(()) }
    /// ```
    pub async fn service_provider_config(&self) -> Result<&ServiceProviderConfig> {
        self.discovery().read_config(&[501]).await
    }

    /// Reads the schemas the server knows; once for this client and its clones.
    ///
    /// RFC 7644 section 4. A bare array, or a single schema, is read as well.
    ///
    /// # Errors
    /// 404 where the server does not say it. A failure is not kept: the next call asks again.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// for schema in scim.schemas().await? {
    ///     println!("{}: {} attributes", schema.id, schema.attributes.len());
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn schemas(&self) -> Result<&[Schema]> {
        let discovery = self.discovery();
        let read = async || {
            let Several(mut schemas) = discovery.request(SCHEMAS).json().await?;
            schemas.retain(|schema: &Schema| !schema.id.is_empty());
            some_of(SCHEMAS, schemas)
        };
        discovery.schemas.get_or_try_init(read).await.map(Vec::as_slice)
    }

    /// Reads the types of resources the server has; once for this client and its clones.
    ///
    /// RFC 7644 section 4. A bare array, or a single type, is read as well.
    ///
    /// # Errors
    /// 404 where the server does not say it. A failure is not kept: the next call asks again.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// for kind in scim.resource_types().await? {
    ///     println!("{} at {}", kind.name, kind.endpoint);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn resource_types(&self) -> Result<&[ResourceType]> {
        let discovery = self.discovery();
        let read = async || {
            let Several(mut types) = discovery.request(RESOURCE_TYPES).json().await?;
            types.retain(|kind: &ResourceType| !kind.name.is_empty());
            some_of(RESOURCE_TYPES, types)
        };
        discovery.resource_types.get_or_try_init(read).await.map(Vec::as_slice)
    }

    /// The server's own schemas of one type, base and extensions, to validate or compare with.
    ///
    /// Where the server does not describe the base schema, it is that of RFC 7643.
    ///
    /// # Errors
    /// As [`schemas`](Self::schemas) and [`resource_types`](Self::resource_types).
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// use scim_types::{Mode, User, schema::Purpose};
    ///
    /// let schemas = scim.schemas_of::<User>().await?;
    /// let hire = serde_json::json!({"userName": "ada@acme.example"});
    /// for problem in schemas.validate(&hire, Purpose::Create, Mode::Tolerant) {
    ///     println!("{problem}");
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn schemas_of<R: Endpoint>(&self) -> Result<Schemas> {
        let (described, types) = (self.schemas().await?, self.resource_types().await?);
        let named = |urn: &str| described.iter().find(|schema| schema.id.eq_ignore_ascii_case(urn));
        let kind = types.iter().find(|kind| kind.name.eq_ignore_ascii_case(R::NAME));
        let known = R::type_schemas();
        let base = kind.map_or(known.base().id.as_str(), |kind| &kind.schema);
        let schemas = Schemas::new(named(base).unwrap_or(known.base()).clone());
        let extensions = kind.map_or(&[][..], |kind| &kind.schema_extensions);
        let extensions = extensions.iter().filter_map(|extension| {
            named(&extension.schema).or_else(|| known.schema(&extension.schema))
        });
        Ok(extensions.fold(schemas, |schemas, extension| schemas.extension(extension.clone())))
    }
}

impl Discovery {
    pub(crate) fn new(client: Client<ScimError>) -> Self {
        Self {
            client,
            config: OnceCell::new(),
            schemas: OnceCell::new(),
            resource_types: OnceCell::new(),
            silent: AtomicBool::new(false),
        }
    }

    /// What the server says it can do, if it says anything. Nothing waits for a server that does not.
    pub(crate) async fn config(&self) -> Option<&ServiceProviderConfig> {
        if self.silent.load(Relaxed) {
            return self.config.get();
        }
        let read = self.read_config(&[500, 501, 502, 503, 504]).await;
        let answered = |kind: &ErrorKind<ScimError>| !matches!(kind, ErrorKind::Transport(_));
        if read.as_ref().is_err_and(|error| answered(error.kind())) {
            self.silent.store(true, Relaxed);
        }
        read.ok()
    }

    /// What the server said it can do, if it was asked already.
    pub(crate) fn known_config(&self) -> Option<&ServiceProviderConfig> {
        self.config.get()
    }

    async fn read_config(&self, is_final: &'static [u16]) -> Result<&ServiceProviderConfig> {
        let read = async || {
            let Several(configs) = self.request(CONFIG).final_on(is_final).json().await?;
            some_of(CONFIG, configs).map(|mut configs: Vec<_>| configs.swap_remove(0))
        };
        self.config.get_or_try_init(read).await
    }

    fn request(&self, route: &'static str) -> Request<ScimError> {
        request(&self.client, Method::GET, route, [])
    }
}

fn some_of<T>(route: &str, found: Vec<T>) -> Result<Vec<T>> {
    match found.is_empty() {
        true => Err(Error::not_done(format!("GET {route} was answered without any of them"))),
        false => Ok(found),
    }
}

/// A `ListResponse`, a bare array, or a single object.
struct Several<T>(Vec<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        let is_list = |object: &serde_json::Map<String, Value>| {
            object.keys().any(|key| key.eq_ignore_ascii_case("Resources"))
        };
        let found = match value {
            Value::Object(object) if is_list(&object) => {
                ListResponse::try_from(Value::Object(object)).map(|page| page.resources)
            }
            Value::Object(object) => {
                serde_json::from_value(Value::Object(object)).map(|one| vec![one])
            }
            other => serde_json::from_value(other),
        };
        found.map(Several).map_err(D::Error::custom)
    }
}
