use crate::{Meta, urn};

object! {
    /// Whether a server can do something.
    pub struct Supported {
        /// Whether it can.
        supported: bool = "supported",
    }
}

object! {
    /// Bulk requests, and their limits.
    pub struct BulkSupport {
        /// Whether the server takes them.
        supported: bool = "supported",
        /// Most requests in one.
        max_operations: Option<u64> = "maxOperations",
        /// Most bytes in one.
        max_payload_size: Option<u64> = "maxPayloadSize",
    }
}

object! {
    /// Filters, and their limits.
    pub struct FilterSupport {
        /// Whether the server evaluates them; some that say no take `eq` all the same.
        supported: bool = "supported",
        /// Most resources in one answer.
        max_results: Option<u64> = "maxResults",
    }
}

object! {
    /// How listings are paged, RFC 9865 section 4. Silence does not mean that cursors are unsupported.
    pub struct PaginationSupport {
        /// By cursor.
        cursor: Option<bool> = "cursor",
        /// By index.
        index: Option<bool> = "index",
        /// `cursor` or `index`.
        default_method: Option<String> = "defaultPaginationMethod",
        /// The page size where the request names none.
        default_page_size: Option<u64> = "defaultPageSize",
        /// The largest page.
        max_page_size: Option<u64> = "maxPageSize",
        /// How long a cursor is good, in seconds.
        cursor_timeout: Option<u64> = "cursorTimeout",
    }
}

object! {
    /// A way to authenticate.
    pub struct AuthenticationScheme {
        /// `oauth`, `oauth2`, `oauthbearertoken`, `httpbasic`, `httpdigest` or another.
        kind: Option<String> = "type",
        /// Its name, for people.
        name: Option<String> = "name",
        /// What it is, for people.
        description: Option<String> = "description",
        /// Where it is specified.
        spec_uri: Option<String> = "specUri",
        /// Where it is documented.
        documentation_uri: Option<String> = "documentationUri",
        /// Whether it is the preferred one.
        primary: Option<bool> = "primary",
    }
}

object! {
    /// What a server can do, RFC 7643 section 5.
    pub struct ServiceProviderConfig {
        /// The URN of this resource.
        schemas: Vec<String> = "schemas",
        /// Documentation for people.
        documentation_uri: Option<String> = "documentationUri",
        /// PATCH.
        patch: Option<Supported> = "patch",
        /// Bulk requests.
        bulk: Option<BulkSupport> = "bulk",
        /// Filters.
        filter: Option<FilterSupport> = "filter",
        /// Changing a password.
        change_password: Option<Supported> = "changePassword",
        /// Sorting.
        sort: Option<Supported> = "sort",
        /// Versions.
        etag: Option<Supported> = "etag",
        /// Paging.
        pagination: Option<PaginationSupport> = "pagination",
        /// Ways to authenticate.
        authentication_schemes: Vec<AuthenticationScheme> = "authenticationSchemes",
        /// Type and place of the resource.
        meta: Option<Meta> = "meta",
    }
}

object! {
    /// An extension that a resource type can have.
    pub struct SchemaExtension {
        /// The URN of the extension's schema.
        schema: String = "schema",
        /// Whether every resource must have it.
        required: bool = "required",
    }
}

object! {
    /// A type of resource that a server has, RFC 7643 section 6.
    pub struct ResourceType {
        /// The URN of this resource.
        schemas: Vec<String> = "schemas",
        /// The id, often the name.
        id: Option<String> = "id",
        /// The name, as in `meta.resourceType`.
        name: String = "name",
        /// What it is, for people.
        description: Option<String> = "description",
        /// The path, such as `/Users`.
        endpoint: String = "endpoint",
        /// The URN of the base schema.
        schema: String = "schema",
        /// The extensions.
        schema_extensions: Vec<SchemaExtension> = "schemaExtensions",
        /// Type and place of the resource.
        meta: Option<Meta> = "meta",
    }
}

impl ServiceProviderConfig {
    /// A server that can do nothing yet.
    pub fn new() -> Self {
        Self { schemas: vec![urn::SERVICE_PROVIDER_CONFIG.to_owned()], ..Self::default() }
    }
}

impl ResourceType {
    /// A resource type without extensions.
    pub fn new(name: &str, endpoint: &str, schema: &str) -> Self {
        Self {
            schemas: vec![urn::RESOURCE_TYPE.to_owned()],
            id: Some(name.to_owned()),
            name: name.to_owned(),
            endpoint: endpoint.to_owned(),
            schema: schema.to_owned(),
            ..Self::default()
        }
    }
}
