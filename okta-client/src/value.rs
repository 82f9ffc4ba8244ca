//! Small values: ids, points in time, parts that stay text until they are asked for.

use std::fmt;
use std::marker::PhantomData;

use compact_str::CompactString;
use serde::de::{DeserializeOwned, Deserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

macro_rules! text_value {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(CompactString);

        impl $name {
            /// The text as Okta writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }
    )+};
}

text_value! {
    /// A user's id, such as `00ub0oNGTSWTBKOLGLNR`. Where a call takes an id, a login works as well.
    UserId,
    /// A group's id, such as `00g1emaKYZTWRYYRRTSK`.
    GroupId,
    /// A user type's id, such as `oty162QAr8hJjTaABCD1`.
    UserTypeId,
    /// A group rule's id, such as `0pr3f7zMZZHPgUoWO0g4`.
    GroupRuleId,
    /// A profile mapping's id, such as `prm1k47ghydIQOTBW0g4`.
    MappingId,
    /// An event's id in the System Log: `uuid`.
    LogEventId,
    /// An event hook's id, such as `who8vt36qfNpCGz9H1e6`.
    EventHookId,
    /// An app's id, such as `0oa1gjh63g214q0Hq0g4`.
    AppId,
    /// A group push mapping's id, such as `gPm00000000000000000`.
    PushMappingId,
    /// The id of a group's owner: a user's, or a group's.
    GroupOwnerId,
    /// A role assignment's id: of any length, such as `IFIFAX2BIRGUSTQ` or `ra1b8anIk7rx7em7L0g4`.
    RoleAssignmentId,
    /// An OAuth 2.0 client's id, which is the app's in general, such as `0oabskvc6442nkvQO0h7`.
    ClientId,
    /// The id of a consent, such as `oag3ih1zrm1cBFOiq0h6`.
    GrantId,
    /// A refresh token's id, such as `oar579Mcp7OUsNTlo0g3`; not the token.
    RefreshTokenId,
    /// A device's id, such as `guo8jx5vVoxfvJeLb0w4`.
    DeviceId,
    /// An authenticator enrolment's id, such as `sms8evhwh0Ne35iPR0g7`.
    EnrollmentId,
    /// A YubiKey's id, such as `ykkxdtCA1fKVxyu6R0g3`.
    YubikeyId,
    /// A factor's id, such as `sms2gt8gzgEBPUWBIFHN`.
    FactorId,
    /// A point in time as Okta writes it, such as `2013-06-24T16:39:18.000Z`: kept to the letter.
    DateTime,
}

impl DateTime {
    /// The instant. Owners and governance have times in two other notations, both in UTC:
    /// `2026-03-04 10:08:01.0` and `Wed Mar 04 10:08:01 UTC 2026`.
    ///
    /// # Errors
    /// When the text is neither RFC 3339 nor one of these.
    pub fn timestamp(&self) -> Result<jiff::Timestamp, jiff::Error> {
        let text = self.as_str();
        text.parse().or_else(|error| in_utc(text).ok_or(error))
    }
}

fn in_utc(text: &str) -> Option<jiff::Timestamp> {
    let plain = || text.parse::<jiff::civil::DateTime>().ok();
    let java = jiff::civil::DateTime::strptime("%a %b %d %H:%M:%S UTC %Y", text).ok();
    java.or_else(plain)?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|time| time.timestamp())
}

/// A part of an answer that stays JSON text until it is asked for, and is written back as it came.
pub struct Lazy<T>(Box<RawValue>, PhantomData<fn() -> T>);

impl<T: DeserializeOwned> Lazy<T> {
    /// Decodes the part.
    ///
    /// # Errors
    /// When it does not have the documented shape.
    pub fn get(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.json())
    }
}

impl<T> Lazy<T> {
    /// The JSON text.
    pub fn json(&self) -> &str {
        self.0.get()
    }
}

impl<T> Clone for Lazy<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<T> fmt::Debug for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json())
    }
}

impl<T> PartialEq for Lazy<T> {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl<T> Serialize for Lazy<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de, T> Deserialize<'de> for Lazy<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(from).map(|raw| Self(raw, PhantomData))
    }
}
