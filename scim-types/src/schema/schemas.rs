use std::sync::LazyLock;

use super::{Attribute, builtin};
use crate::{AttributePath, Meta, urn};

object! {
    /// A schema: the URN that names it, and its attributes. RFC 7643 section 7.
    pub struct Schema {
        /// Always the URN of schemas.
        schemas: Vec<String> = "schemas",
        /// The URN of this schema.
        id: String = "id",
        /// Its name, for people.
        name: Option<String> = "name",
        /// What it is for.
        description: Option<String> = "description",
        /// Its attributes.
        attributes: Vec<Attribute> = "attributes",
        /// Type and place of the resource.
        meta: Option<Meta> = "meta",
    }
}

/// The schemas of one resource type: its base schema and its extensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Schemas {
    base: Schema,
    extensions: Vec<Schema>,
    open: bool,
}

impl Schema {
    /// A schema without attributes.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            schemas: vec![urn::SCHEMA.to_owned()],
            id: id.into(),
            name: Some(name.into()),
            ..Self::default()
        }
    }

    /// The same with one more attribute.
    pub fn with(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        find(&self.attributes, name)
    }

    /// The user of RFC 7643 section 8.7.1.
    pub fn user() -> Self {
        builtin::user()
    }

    /// The group of RFC 7643 section 8.7.1.
    pub fn group() -> Self {
        builtin::group()
    }

    /// The enterprise extension of RFC 7643 section 8.7.1.
    pub fn enterprise_user() -> Self {
        builtin::enterprise_user()
    }
}

static USER: LazyLock<Schemas> =
    LazyLock::new(|| Schemas::new(Schema::user()).extension(Schema::enterprise_user()));
static GROUP: LazyLock<Schemas> = LazyLock::new(|| Schemas::new(Schema::group()));
static COMMON: LazyLock<Vec<Attribute>> = LazyLock::new(builtin::common);

impl Schemas {
    /// A resource type with this base schema.
    pub fn new(base: Schema) -> Self {
        Self { base, extensions: Vec::new(), open: false }
    }

    /// Users with the enterprise extension.
    pub fn user() -> &'static Self {
        &USER
    }

    /// Groups.
    pub fn group() -> &'static Self {
        &GROUP
    }

    /// The same with one more extension.
    pub fn extension(mut self, schema: Schema) -> Self {
        self.extensions.push(schema);
        self
    }

    /// The same, but PATCH also takes attributes that no schema describes.
    pub fn open(mut self) -> Self {
        self.open = true;
        self
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// The base schema.
    pub fn base(&self) -> &Schema {
        &self.base
    }

    /// The extensions.
    pub fn extensions(&self) -> &[Schema] {
        &self.extensions
    }

    /// The base schema or extension of this URN, which has no case.
    pub fn schema(&self, urn: &str) -> Option<&Schema> {
        let named = |schema: &&Schema| schema.id.eq_ignore_ascii_case(urn);
        Some(&self.base).filter(named).or_else(|| self.extensions.iter().find(named))
    }

    /// The attribute that the path names: the sub-attribute, if it has one.
    pub fn attribute(&self, path: &AttributePath) -> Option<&Attribute> {
        let attribute = self.whole(path.schema(), path.name())?;
        match path.sub() {
            None => Some(attribute),
            Some(sub) => attribute.sub_attribute(sub),
        }
    }

    pub(crate) fn whole(&self, schema: Option<&str>, name: &str) -> Option<&Attribute> {
        match schema {
            Some(urn) if !self.is_base(urn) => self.schema(urn)?.attribute(name),
            _ => self.base.attribute(name).or_else(|| find(&COMMON, name)),
        }
    }

    /// Whether attributes with this URN stand at the top level.
    pub(crate) fn is_base(&self, urn: &str) -> bool {
        self.base.id.eq_ignore_ascii_case(urn) || urn::is_core(urn) && self.schema(urn).is_none()
    }

    /// The member of the resource in which the attribute stands, if not at the top.
    pub(crate) fn extension_of<'a>(&'a self, path: &'a AttributePath) -> Option<&'a str> {
        let urn = path.schema().filter(|urn| !self.is_base(urn))?;
        Some(self.schema(urn).map_or(urn, |schema| &schema.id))
    }

    /// Name and sub-attribute as the schema spells them.
    pub(crate) fn names<'a>(&'a self, path: &'a AttributePath) -> (&'a str, Option<&'a str>) {
        let Some(whole) = self.whole(path.schema(), path.name()) else {
            return (path.name(), path.sub());
        };
        let sub = path.sub().map(|sub| whole.sub_attribute(sub).map_or(sub, |found| &found.name));
        (&whole.name, sub)
    }

    pub(crate) fn top_level(&self) -> impl Iterator<Item = &Attribute> {
        let common = COMMON.iter().filter(|common| self.base.attribute(&common.name).is_none());
        self.base.attributes.iter().chain(common)
    }
}

fn find<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
