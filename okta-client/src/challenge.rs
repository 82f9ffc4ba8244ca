//! Reads `WWW-Authenticate`: one line may hold several challenges, each a scheme and its parameters.

use std::iter::Peekable;
use std::str::Chars;

/// A scheme's parameters, such as those of `Bearer error="insufficient_scope", scope="a b"`.
#[derive(Debug, Default)]
pub(crate) struct Challenge {
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The first parameter of this name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.parameters.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }
}

/// All challenges of a line. A word that no `=` follows begins one; commas may lack, and what is in
/// no challenge's form is passed over.
pub(crate) fn challenges(line: &str) -> Vec<Challenge> {
    let mut rest = line.chars().peekable();
    let mut found = vec![Challenge::default()];
    while rest.peek().is_some() {
        skip(&mut rest, is_gap);
        let name = word(&mut rest, |c| is_gap(c) || matches!(c, '=' | '"'));
        skip(&mut rest, is_blank);
        if rest.next_if_eq(&'=').is_some() {
            skip(&mut rest, is_blank);
            let value = quoted(&mut rest).unwrap_or_else(|| word(&mut rest, is_gap));
            if let Some(challenge) = found.last_mut() {
                challenge.parameters.push((name, value));
            }
        } else if !name.is_empty() {
            found.push(Challenge::default());
        } else if quoted(&mut rest).is_none() {
            rest.next();
        }
    }
    found
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn is_gap(c: char) -> bool {
    is_blank(c) || c == ','
}

fn skip(rest: &mut Peekable<Chars<'_>>, skipped: impl Fn(char) -> bool) {
    while rest.next_if(|c| skipped(*c)).is_some() {}
}

fn word(rest: &mut Peekable<Chars<'_>>, ends: impl Fn(char) -> bool) -> String {
    let mut word = String::new();
    while let Some(c) = rest.next_if(|c| !ends(*c)) {
        word.push(c);
    }
    word
}

/// A quoted text without its quotes and escapes; one that does not end reaches to the line's end.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    rest.next_if_eq(&'"')?;
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => text.extend(rest.next()),
            c => text.push(c),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A value that may stand without quotes does so if `bare`.
    fn written((name, value, bare): &(String, String, bool)) -> String {
        let is_word = !value.is_empty() && !value.contains([' ', '\t', ',', '"']);
        match *bare && is_word {
            true => format!("{name} = {value}"),
            false => format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }

    fn parameters() -> impl Strategy<Value = Vec<(String, String, bool)>> {
        prop::collection::vec(("[a-z_*!-]{1,8}", "[ -~\té✓]{0,12}", any::<bool>()), 1..4)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            all in prop::collection::vec(("[A-Za-z0-9-]{1,8}", parameters()), 1..4),
            gap in ",|, | ,\t",
        ) {
            let lines = all.iter().map(|(scheme, parameters)| {
                let parameters: Vec<String> = parameters.iter().map(written).collect();
                format!("{scheme} {}", parameters.join(&gap))
            });
            let line = lines.collect::<Vec<_>>().join(&gap);
            let read: Vec<Challenge> = challenges(&line);
            let read: Vec<Vec<(String, String)>> =
                read.into_iter().map(|c| c.parameters).filter(|p| !p.is_empty()).collect();
            let meant: Vec<Vec<(String, String)>> = all
                .into_iter()
                .map(|(_, p)| p.into_iter().map(|(name, value, _)| (name, value)).collect())
                .collect();
            prop_assert_eq!(read, meant, "{}", line);
        }

        #[test]
        fn any_line_can_be_read(line in "\\PC*|[=,\"\\\\ \ta-b]*") {
            let _ = challenges(&line);
        }
    }

    #[test]
    fn a_name_has_no_case_and_the_first_of_two_counts() {
        let read = challenges(r#"Bearer ERROR="a", error=b"#);
        assert_eq!(read.iter().find_map(|c| c.parameter("Error")), Some("a"));
    }
}
