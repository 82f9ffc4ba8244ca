use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::object::Open;
use crate::read::Readable;
use crate::schema::Schemas;
use crate::{Group, Meta, User, urn};

/// A type that stands for an extension: the object under its URN.
pub trait Extension: Serialize + DeserializeOwned {
    /// The URN of the extension's schema.
    const URN: &'static str;
}

/// A resource: [`User`], [`Group`], or a type of your own.
pub trait Resource: Serialize + DeserializeOwned + Readable {
    /// The schemas of the resource type as RFC 7643 defines them.
    fn type_schemas() -> &'static Schemas;
    /// The id, if the server gave one.
    fn id(&self) -> Option<&str>;
    /// The client's own key.
    fn external_id(&self) -> Option<&str>;
    /// What the server says about the resource.
    fn meta(&self) -> Option<&Meta>;
    /// The URNs in `schemas`.
    fn schemas_mut(&mut self) -> &mut Vec<String>;
    /// What the fields do not name.
    fn open(&self) -> &Open;
    /// What the fields do not name.
    fn open_mut(&mut self) -> &mut Open;

    /// The extension of this type; `Ok(None)` when the resource has none.
    ///
    /// # Errors
    /// When it is there but does not decode.
    fn extension<E: Extension>(&self) -> Result<Option<E>, serde_json::Error> {
        self.open().decode(E::URN)
    }

    /// Sets the extension and lists it in `schemas`.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    fn set_extension<E: Extension>(&mut self, extension: &E) -> Result<(), serde_json::Error> {
        self.set_extension_value(E::URN, serde_json::to_value(extension)?);
        Ok(())
    }

    /// The object under a URN known only at run time; its keys may be any text.
    fn extension_value(&self, urn: &str) -> Option<&Value> {
        self.open().get(urn).filter(|value| value.is_object())
    }

    /// Sets the object under a URN known only at run time, and lists it in `schemas`.
    fn set_extension_value(&mut self, urn: &str, value: Value) {
        self.open_mut().set(urn, value);
        let listed = self.schemas_mut();
        if !listed.iter().any(|schema| schema.eq_ignore_ascii_case(urn)) {
            listed.push(urn.to_owned());
        }
    }

    /// Takes an extension out, and off `schemas`.
    fn remove_extension(&mut self, urn: &str) -> Option<Value> {
        self.schemas_mut().retain(|schema| !schema.eq_ignore_ascii_case(urn));
        self.open_mut().remove(urn)
    }

    /// The URNs of the extensions that are present.
    fn extension_urns(&self) -> impl Iterator<Item = &str> {
        let is_extension = |(name, value): &(&str, &Value)| urn::is_urn(name) && value.is_object();
        self.open().iter().filter(is_extension).map(|(name, _)| name)
    }
}

macro_rules! resource {
    ($name:ident, $schemas:expr) => {
        impl Resource for $name {
            fn type_schemas() -> &'static Schemas {
                $schemas
            }

            fn id(&self) -> Option<&str> {
                self.id.as_deref()
            }

            fn external_id(&self) -> Option<&str> {
                self.external_id.as_deref()
            }

            fn meta(&self) -> Option<&Meta> {
                self.meta.as_ref()
            }

            fn schemas_mut(&mut self) -> &mut Vec<String> {
                &mut self.schemas
            }

            fn open(&self) -> &Open {
                &self.open
            }

            fn open_mut(&mut self) -> &mut Open {
                &mut self.open
            }
        }
    };
}
resource!(User, Schemas::user());
resource!(Group, Schemas::group());
