//! The two types of resources.

use scim_types::schema::{Attribute, Schema, Schemas};

use super::ScimOptions;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    User,
    Group,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    pub(super) fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    /// The type that a member's `type` names.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::User, Self::Group].into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

/// The schemas of both types, as discovery shows them and as everything else obeys them.
#[derive(Debug)]
pub(super) struct TypeSchemas {
    user: Schemas,
    group: Schemas,
}

impl TypeSchemas {
    pub(super) fn new(options: &ScimOptions) -> Self {
        let user = Schemas::new(user_schema(options)).extension(Schema::enterprise_user());
        let user = options.user_extensions.iter().cloned().fold(user, Schemas::extension);
        let group = Schemas::new(group_schema());
        let group = options.group_extensions.iter().cloned().fold(group, Schemas::extension);
        match options.keep_unknown {
            true => Self { user: user.open(), group: group.open() },
            false => Self { user, group },
        }
    }

    pub(super) fn of(&self, kind: Kind) -> &Schemas {
        match kind {
            Kind::User => &self.user,
            Kind::Group => &self.group,
        }
    }
}

fn user_schema(options: &ScimOptions) -> Schema {
    let mut schema = Schema::user();
    for attribute in &mut schema.attributes {
        if options.require_names && attribute.name == "name" {
            attribute.required = true;
            let needed = |sub: &&mut Attribute| sub.name == "givenName" || sub.name == "familyName";
            attribute.sub_attributes.iter_mut().filter(needed).for_each(|sub| sub.required = true);
        }
    }
    schema
}

// RFC 7643 section 4.2 requires the name, though its published schema does not.
fn group_schema() -> Schema {
    let mut schema = Schema::group();
    let name = schema.attributes.iter_mut().find(|attribute| attribute.name == "displayName");
    if let Some(name) = name {
        name.required = true;
    }
    schema
}
