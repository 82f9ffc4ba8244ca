//! `Link` headers (RFC 8288): which page comes next.

use http::HeaderMap;

/// The target of the first link whose relations name `rel`, over all `Link` headers.
///
/// One header may hold several links, several headers may come, commas inside `<…>` or quoted
/// parameters are legal, and one link may name several relations.
pub(crate) fn target<'h>(headers: &'h HeaderMap, rel: &str) -> Option<&'h str> {
    headers
        .get_all(http::header::LINK)
        .iter()
        .filter_map(|value| std::str::from_utf8(value.as_bytes()).ok())
        .flat_map(links)
        .find(|link| relations(link.parameters).any(|name| name.eq_ignore_ascii_case(rel)))
        .map(|link| link.target)
}

struct Link<'h> {
    target: &'h str,
    parameters: &'h str,
}

fn links(header: &str) -> impl Iterator<Item = Link<'_>> {
    let mut rest = header;
    std::iter::from_fn(move || {
        let start = rest.find('<')? + 1;
        let end = start + rest[start..].find('>')?;
        let stop = end + 1 + unquoted(&rest[end + 1..], ',');
        let link = Link { target: rest[start..end].trim(), parameters: &rest[end + 1..stop] };
        rest = &rest[stop..];
        Some(link)
    })
}

fn relations(parameters: &str) -> impl Iterator<Item = &str> {
    let mut rest = parameters;
    std::iter::from_fn(move || {
        rest = rest.strip_prefix(';').unwrap_or(rest);
        if rest.is_empty() {
            return None;
        }
        let (one, after) = rest.split_at(unquoted(rest, ';'));
        rest = after;
        Some(one)
    })
    .filter_map(|one| one.split_once('='))
    .filter(|(name, _)| name.trim().eq_ignore_ascii_case("rel"))
    .flat_map(|(_, value)| value.trim().trim_matches('"').split_ascii_whitespace())
}

/// Where `stop` first stands outside a quoted string, or the end.
fn unquoted(text: &str, stop: char) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if c == stop && !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("link", value.parse().unwrap());
        }
        target(&headers, "next").map(str::to_owned)
    }

    #[test]
    fn finds_next_in_every_shape_servers_use() {
        let found = Some("https://x/u?after=2".to_owned());
        let (own, next_) = ("<https://x/u>; rel=\"self\"", "<https://x/u?after=2>; rel=\"next\"");
        assert_eq!(next(&[own, next_]), found);
        assert_eq!(next(&[next_, own]), found);
        assert_eq!(next(&[&format!("{own}, {next_}")]), found);
        assert_eq!(next(&[&format!("{next_},{own}")]), found);
        assert_eq!(next(&["<https://x/u?after=2>;rel=next"]), found);
        assert_eq!(
            next(&["<https://x/u?after=2>; title=\"a, b; rel=self\" ; REL = \"last Next\""]),
            found
        );
    }

    #[test]
    fn commas_and_semicolons_inside_a_target_are_part_of_it() {
        assert_eq!(
            next(&[
                "<https://x/u?q=a,b;c>; rel=\"self\", <https://x/u?q=a,b;c&after=1>; rel=\"next\""
            ]),
            Some("https://x/u?q=a,b;c&after=1".to_owned())
        );
    }

    #[test]
    fn no_next_is_none() {
        for header in [
            "",
            "<https://x>; rel=\"self\"",
            "<https://x",
            "rel=next",
            "<https://x>; rel=\"nextish\"",
        ] {
            assert_eq!(next(&[header]), None, "{header}");
        }
        assert_eq!(next(&[]), None);
        assert_eq!(next(&["<https://x>; title=\"rel=next\""]), None);
    }
}
