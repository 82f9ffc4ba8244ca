//! The integration key.

use std::fmt;

use rest_core::SecretString;

use crate::region::Region;

/// A Pendo integration key; it never shows in `Debug`, logs or errors.
///
/// A subscription admin creates it under Settings > Integrations > Integration Keys, with "Allow
/// Write Access" for anything but reading. It covers the whole subscription and does not expire.
///
/// ```
/// let key = pendo_client::IntegrationKey::new("0a1b2c3d.eu");
/// assert_eq!(format!("{key:?}"), "IntegrationKey(..)");
/// ```
#[derive(Clone)]
pub struct IntegrationKey {
    pub(crate) secret: SecretString,
    suffix: Option<&'static str>,
}

impl IntegrationKey {
    /// Takes the key as Pendo showed it.
    pub fn new(key: impl Into<String>) -> Self {
        let key = key.into();
        let suffix = key.trim().rsplit_once('.').and_then(|(_, end)| {
            ["us", "us1", "eu", "jpn", "au"].into_iter().find(|region| *region == end)
        });
        Self { secret: SecretString::from(key), suffix }
    }

    /// The region that the key's ending speaks of. Only a hint: most keys have no such ending.
    pub fn region_hint(&self) -> Option<Region> {
        self.suffix?.parse().ok()
    }
}

impl fmt::Debug for IntegrationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IntegrationKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_is_a_hint() {
        assert_eq!(IntegrationKey::new("abc.eu").region_hint(), Some(Region::Eu));
        assert_eq!(IntegrationKey::new("abc.jpn\n").region_hint(), Some(Region::Japan));
        assert_eq!(IntegrationKey::new("abc").region_hint(), None);
        assert_eq!(IntegrationKey::new("abc.secret").region_hint(), None);
    }
}
