//! ServiceProviderConfig, ResourceTypes and Schemas, made of what the provider obeys.

use scim_types::schema::Schema;
use scim_types::{
    AuthenticationScheme, BulkSupport, Error, FilterSupport, Meta, PaginationSupport, ResourceType,
    SchemaExtension, ServiceProviderConfig, Supported, urn,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::ScimProvider;
use super::call::{Call, Outcome, Reply, Target, not_found};
use super::kind::Kind;

impl ScimProvider {
    pub(super) fn discover(&self, target: &Target<'_>, call: &Call) -> Outcome {
        if self.quirks().discovery_missing {
            return Err(not_found(&call.path));
        }
        if call.parameters.iter().any(|(name, _)| name.eq_ignore_ascii_case("filter")) {
            return Err(Error::new(403, "discovery takes no filter"));
        }
        let all = match target {
            Target::ResourceTypes(_) => self.resource_types(&call.base),
            Target::Schemas(_) => self.all_schemas(&call.base),
            _ => return Ok(Reply::new(200, self.config(&call.base))),
        };
        match target {
            Target::ResourceTypes(Some(id)) | Target::Schemas(Some(id)) => {
                let is_it = |found: &Value| {
                    found["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id))
                };
                let found = all.into_iter().find(is_it);
                found.map(|found| Reply::new(200, found)).ok_or_else(|| not_found(id))
            }
            Target::ResourceTypes(None) if self.quirks().resource_types_not_a_list => {
                Ok(Reply::new(200, Value::Array(all)))
            }
            _ => Ok(Reply::new(200, list(all))),
        }
    }

    /// The types that have an endpoint.
    pub(super) fn kinds(&self) -> &'static [Kind] {
        if self.options().groups { &[Kind::User, Kind::Group] } else { &[Kind::User] }
    }

    fn config(&self, base: &str) -> Value {
        let (options, quirks) = (self.options(), self.quirks());
        let is = |supported| Some(Supported { supported, ..Supported::default() });
        let pagination = PaginationSupport {
            cursor: Some(!quirks.no_cursors),
            index: Some(true),
            default_method: Some(if quirks.cursors_by_default { "cursor" } else { "index" }.into()),
            default_page_size: Some(options.default_page_size),
            max_page_size: Some(options.max_page_size),
            cursor_timeout: options.cursor_timeout.map(|timeout| timeout.as_secs()),
            ..PaginationSupport::default()
        };
        let config = ServiceProviderConfig {
            patch: is(!quirks.no_patch),
            bulk: Some(BulkSupport {
                supported: !quirks.bulk_unsupported,
                max_operations: Some(options.max_bulk_operations),
                max_payload_size: Some(options.max_bulk_bytes),
                ..BulkSupport::default()
            }),
            filter: Some(FilterSupport {
                supported: !quirks.filter_announced_unsupported,
                max_results: Some(options.max_page_size),
                ..FilterSupport::default()
            }),
            change_password: is(true),
            sort: is(true),
            etag: is(!quirks.etags_unsupported),
            pagination: (!quirks.pagination_unannounced).then_some(pagination),
            authentication_schemes: vec![bearer()],
            meta: Some(meta("ServiceProviderConfig", format!("{base}/ServiceProviderConfig"))),
            ..ServiceProviderConfig::new()
        };
        as_json(&config)
    }

    fn resource_types(&self, base: &str) -> Vec<Value> {
        let resource_type = |kind: &Kind| {
            let schemas = self.schemas().of(*kind);
            let extension = |schema: &Schema| SchemaExtension {
                schema: schema.id.clone(),
                required: false,
                ..SchemaExtension::default()
            };
            let location = format!("{base}/ResourceTypes/{}", kind.name());
            as_json(&ResourceType {
                description: schemas.base().description.clone(),
                schema_extensions: schemas.extensions().iter().map(extension).collect(),
                meta: Some(meta("ResourceType", location)),
                ..ResourceType::new(kind.name(), kind.endpoint(), &schemas.base().id)
            })
        };
        self.kinds().iter().map(resource_type).collect()
    }

    fn all_schemas(&self, base: &str) -> Vec<Value> {
        let of_kind = |kind: &Kind| {
            let schemas = self.schemas().of(*kind);
            std::iter::once(schemas.base()).chain(schemas.extensions())
        };
        let shown = |schema: &Schema| {
            let location = format!("{base}/Schemas/{}", schema.id);
            as_json(&Schema { meta: Some(meta("Schema", location)), ..schema.clone() })
        };
        self.kinds().iter().flat_map(of_kind).map(shown).collect()
    }
}

fn list(resources: Vec<Value>) -> Value {
    json!({
        "schemas": [urn::LIST_RESPONSE],
        "totalResults": resources.len(),
        "itemsPerPage": resources.len(),
        "startIndex": 1,
        "Resources": resources,
    })
}

fn meta(resource_type: &str, location: String) -> Meta {
    Meta {
        resource_type: Some(resource_type.to_owned()),
        location: Some(location),
        ..Meta::default()
    }
}

fn bearer() -> AuthenticationScheme {
    AuthenticationScheme {
        kind: Some("oauthbearertoken".to_owned()),
        name: Some("OAuth Bearer Token".to_owned()),
        description: Some("The token in the Authorization header, after `Bearer`".to_owned()),
        spec_uri: Some("https://www.rfc-editor.org/info/rfc6750".to_owned()),
        primary: Some(true),
        ..AuthenticationScheme::default()
    }
}

fn as_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
