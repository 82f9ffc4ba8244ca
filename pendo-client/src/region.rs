//! Where a subscription lives.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// The data region of a Pendo subscription; an integration key belongs to exactly one.
///
/// The address bar of the Pendo UI shows the region's host.
///
/// ```
/// use pendo_client::Region;
///
/// assert_eq!("eu".parse::<Region>()?, Region::Eu);
/// assert_eq!(Region::Eu.base_url(), "https://app.eu.pendo.io");
/// # Ok::<(), pendo_client::UnknownRegion>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Region {
    /// United States, `app.pendo.io`.
    Us,
    /// The second one in the United States, `us1.app.pendo.io`.
    Us1,
    /// European Union, `app.eu.pendo.io`.
    Eu,
    /// Japan, `app.jpn.pendo.io`.
    Japan,
    /// Australia, `app.au.pendo.io`.
    Australia,
    /// Any other address: a host of your own, or a test server.
    Custom(Url),
}

impl Region {
    /// The address all routes start from.
    pub fn base_url(&self) -> &str {
        match self {
            Self::Us => "https://app.pendo.io",
            Self::Us1 => "https://us1.app.pendo.io",
            Self::Eu => "https://app.eu.pendo.io",
            Self::Japan => "https://app.jpn.pendo.io",
            Self::Australia => "https://app.au.pendo.io",
            Self::Custom(url) => url.as_str(),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Us => "us",
            Self::Us1 => "us1",
            Self::Eu => "eu",
            Self::Japan => "japan",
            Self::Australia => "australia",
            Self::Custom(url) => url.as_str(),
        })
    }
}

/// A text that names no region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a Pendo region: use us, us1, eu, japan, australia, or an address with https://"
)]
pub struct UnknownRegion(String);

impl FromStr for Region {
    type Err = UnknownRegion;

    /// Reads the names above, `jpn`, `jp` and `au`, in any case, and addresses.
    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "us" => Ok(Self::Us),
            "us1" => Ok(Self::Us1),
            "eu" => Ok(Self::Eu),
            "japan" | "jpn" | "jp" => Ok(Self::Japan),
            "australia" | "au" => Ok(Self::Australia),
            _ => match Url::parse(text) {
                Ok(url) if url.has_host() => Ok(Self::Custom(url)),
                _ => Err(UnknownRegion(text.to_owned())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_reads_back_what_it_prints() {
        let custom = Region::Custom(Url::parse("https://pendo.bank.example/").unwrap());
        let all = [Region::Us, Region::Us1, Region::Eu, Region::Japan, Region::Australia, custom];
        for region in all {
            assert_eq!(region.to_string().parse(), Ok(region.clone()));
        }
        assert_eq!(" JPN ".parse(), Ok(Region::Japan));
    }

    #[test]
    fn an_unknown_region_says_which_there_are() {
        for text in ["", "mars", "app.eu.pendo.io", "mailto:x"] {
            let message = text.parse::<Region>().unwrap_err().to_string();
            assert!(message.contains("us1, eu, japan"), "{message}");
        }
    }
}
