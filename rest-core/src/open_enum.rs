//! Enumerations that grow at the vendor's pace.

/// Declares an enum of known string values that keeps every other value and writes it back unchanged.
///
/// ```
/// rest_core::open_enum! {
///     /// How the thing is.
///     pub enum Status {
///         /// In use.
///         Active = "ACTIVE",
///     }
/// }
/// assert_eq!(Status::from("ACTIVE"), Status::Active);
/// assert_eq!(Status::from("BRAND_NEW").as_str(), "BRAND_NEW");
/// ```
#[macro_export]
macro_rules! open_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        ///
        /// Expect values that are newer than this crate: they arrive as `Unknown`.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $($(#[$variant_meta])* $variant,)+
            /// A value that this crate does not know, as it came.
            Unknown(Box<str>),
        }

        impl $name {
            /// The value as the vendor writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Unknown(other.into()),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, to: S) -> ::std::result::Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(from: D) -> ::std::result::Result<Self, D::Error> {
                struct Text;
                impl $crate::serde::de::Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E: $crate::serde::de::Error>(self, text: &str) -> ::std::result::Result<$name, E> {
                        Ok($name::from(text))
                    }
                }
                from.deserialize_str(Text)
            }
        }
    };
}
