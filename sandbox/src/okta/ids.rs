//! Ids of 20 characters that lead back to a position without a table.

use std::iter::repeat_with;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const WIDTH: usize = 12;
const ENDING: &str = "SbX5d";

pub(crate) const USER: &str = "00u";
pub(crate) const GROUP: &str = "00g";
pub(crate) const APP: &str = "0oa";
pub(crate) const RULE: &str = "0pr";
pub(crate) const HOOK: &str = "who";
pub(crate) const MAPPING: &str = "prm";
pub(crate) const PUSH: &str = "gPm";
pub(crate) const TYPE: &str = "oty";
pub(crate) const SCHEMA: &str = "osc";

/// Ids sort like their positions.
pub(crate) fn id(prefix: &str, position: u64) -> String {
    let mut digits = [b'0'; WIDTH];
    let mut rest = position;
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    let digits: String = digits.iter().map(|&d| char::from(d)).collect();
    format!("{prefix}{digits}{ENDING}")
}

pub(crate) fn position(prefix: &str, id: &str) -> Option<u64> {
    let digits = id.strip_prefix(prefix)?.strip_suffix(ENDING)?;
    if digits.len() != WIDTH {
        return None;
    }
    digits.bytes().try_fold(0_u64, |sum, byte| {
        let digit = DIGITS.iter().position(|&d| d == byte)?;
        sum.checked_mul(62)?.checked_add(digit as u64)
    })
}

pub(crate) fn random_text(length: usize) -> String {
    repeat_with(fastrand::alphanumeric).take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_and_keep_the_order() {
        let positions = [0, 1, 9, 10, 61, 62, 999_999, 1 << 60];
        for &at in &positions {
            assert_eq!(position(USER, &id(USER, at)), Some(at));
            assert_eq!(id(USER, at).len(), 20);
            assert_eq!(position(GROUP, &id(USER, at)), None);
        }
        assert!(positions.windows(2).all(|p| id(USER, p[0]) < id(USER, p[1])));
        for stranger in ["", "00u", "00uSbX5d", "00u00000000000üSbX5d", "00uzzzzzzzzzzzzSbX5d"] {
            assert_eq!(position(USER, stranger), None, "{stranger}");
        }
    }
}
