open_enum! {
    /// What an attribute holds, RFC 7643 section 2.3.
    #[derive(Default)]
    pub enum AttributeKind {
        /// Text.
        #[default]
        Text = "string",
        /// `true` or `false`.
        Boolean = "boolean",
        /// A number with a fraction.
        Decimal = "decimal",
        /// A whole number.
        Integer = "integer",
        /// A date and time.
        DateTime = "dateTime",
        /// Bytes as base64.
        Binary = "binary",
        /// A URI, or the id of another resource.
        Reference = "reference",
        /// An object with sub-attributes.
        Complex = "complex",
    }
}

open_enum! {
    /// Who may change an attribute, RFC 7643 section 7.
    #[derive(Default)]
    pub enum Mutability {
        /// Only the server.
        ReadOnly = "readOnly",
        /// Client and server.
        #[default]
        ReadWrite = "readWrite",
        /// The client, once.
        Immutable = "immutable",
        /// The client; the server never shows it.
        WriteOnly = "writeOnly",
    }
}

open_enum! {
    /// When an attribute is part of an answer, RFC 7643 section 7.
    #[derive(Default)]
    pub enum Returned {
        /// In every answer.
        Always = "always",
        /// In no answer.
        Never = "never",
        /// Unless the request leaves it out.
        #[default]
        Default = "default",
        /// When the request asks for it.
        Request = "request",
    }
}

open_enum! {
    /// Within what a value is unique, RFC 7643 section 7.
    #[derive(Default)]
    pub enum Uniqueness {
        /// Nowhere.
        #[default]
        None = "none",
        /// Among the resources of the server.
        Server = "server",
        /// Everywhere.
        Global = "global",
    }
}

always!(AttributeKind, Mutability, Returned, Uniqueness);

object! {
    /// An attribute with its characteristics, RFC 7643 sections 2.2 and 7.
    pub struct Attribute {
        /// Its name; names have no case.
        name: String = "name",
        /// What it holds.
        kind: AttributeKind = "type",
        /// Its sub-attributes, if it is complex.
        sub_attributes: Vec<Attribute> = "subAttributes",
        /// Whether it is a list.
        multi_valued: bool = "multiValued",
        /// What it means, for people.
        description: Option<String> = "description",
        /// Whether a resource must have it.
        required: bool = "required",
        /// Suggested values; others are legal unless the server says otherwise.
        canonical_values: Vec<String> = "canonicalValues",
        /// Whether texts compare with regard to case.
        case_exact: bool = "caseExact",
        /// Who may change it.
        mutability: Mutability = "mutability",
        /// When it is part of an answer.
        returned: Returned = "returned",
        /// Within what a value is unique.
        uniqueness: Uniqueness = "uniqueness",
        /// What a reference may point at.
        reference_types: Vec<String> = "referenceTypes",
    }
}

impl Attribute {
    /// An attribute with the characteristics that RFC 7643 section 2.2 gives by default.
    pub fn new(name: impl Into<String>, kind: AttributeKind) -> Self {
        Self { name: name.into(), kind, ..Self::default() }
    }

    /// A complex attribute.
    pub fn complex(name: impl Into<String>, sub_attributes: impl Into<Vec<Attribute>>) -> Self {
        let sub_attributes = sub_attributes.into();
        Self { sub_attributes, ..Self::new(name, AttributeKind::Complex) }
    }

    /// The sub-attribute of this name.
    pub fn sub_attribute(&self, name: &str) -> Option<&Attribute> {
        self.sub_attributes.iter().find(|sub| sub.name.eq_ignore_ascii_case(name))
    }

    /// The same as a list.
    pub fn list(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    /// The same, but required.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, but compared with regard to case.
    pub fn case_exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    /// The same with another mutability.
    pub fn mutability(mut self, mutability: Mutability) -> Self {
        self.mutability = mutability;
        self
    }

    /// The same with another rule for answers.
    pub fn returned(mut self, returned: Returned) -> Self {
        self.returned = returned;
        self
    }

    /// The same with another uniqueness.
    pub fn unique(mut self, uniqueness: Uniqueness) -> Self {
        self.uniqueness = uniqueness;
        self
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.mutability == Mutability::ReadOnly
    }

    pub(crate) fn is_immutable(&self) -> bool {
        self.mutability == Mutability::Immutable
    }

    pub(crate) fn is_complex(&self) -> bool {
        self.kind == AttributeKind::Complex
    }
}
