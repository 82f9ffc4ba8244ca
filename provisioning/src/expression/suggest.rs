use super::error::{ErrorClass, Fault};

/// A name that stands alone: most often the object before it was forgotten.
pub(super) fn without_object(name: &str, mut known: impl FnMut(&str) -> bool) -> Fault {
    let meant = if known(name) { Some(name.to_owned()) } else { nearest(name, known) };
    let advice = match meant {
        Some(meant) => format!("did you mean `user.{meant}`?"),
        None => "name one, such as `user.login`".to_owned(),
    };
    let problem = format!("`{name}` stands there without an attribute: {advice}");
    Fault::new(ErrorClass::UnknownAttribute, problem)
}

/// A known name that is one slip away: another case, another word style, or one wrong letter.
pub(crate) fn nearest(name: &str, mut known: impl FnMut(&str) -> bool) -> Option<String> {
    // Longer names would cost too much, and are no slips.
    if name.len() > 64 || !name.is_ascii() {
        return None;
    }
    styles(name).into_iter().chain(slips(name)).find(|other| other != name && known(other))
}

// Of the last part, since a namespace may stand before it.
fn styles(name: &str) -> [String; 6] {
    let (before, last) = name.split_at(name.rfind('.').map_or(0, |dot| dot + 1));
    let first = |change: fn(&str) -> String| {
        let (head, tail) = last.split_at(usize::from(!last.is_empty()));
        change(head) + tail
    };
    let all = [
        first(str::to_ascii_lowercase),
        first(str::to_ascii_uppercase),
        last.to_ascii_lowercase(),
        camel(last),
        camel(&last.to_ascii_lowercase()),
        snake(last),
    ];
    all.map(|last| format!("{before}{last}"))
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_').filter(|part| !part.is_empty());
    let mut camel: String = parts.next().unwrap_or_default().into();
    for part in parts {
        camel.push_str(&part[..1].to_ascii_uppercase());
        camel.push_str(&part[1..]);
    }
    camel
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn slips(name: &str) -> impl Iterator<Item = String> + '_ {
    let letters =
        || (b'a'..=b'z').chain(b'A'..=b'Z').chain(b'0'..=b'9').chain([b'_', b'.']).map(char::from);
    let swapped = (1..name.len()).map(|n| {
        let (pair, after) = name[n - 1..].split_at(2);
        format!("{}{}{}{after}", &name[..n - 1], &pair[1..], &pair[..1])
    });
    let left_out = (0..name.len()).map(|n| format!("{}{}", &name[..n], &name[n + 1..]));
    let changed = (0..name.len()).flat_map(move |n| {
        letters().map(move |letter| format!("{}{letter}{}", &name[..n], &name[n + 1..]))
    });
    let added = (0..=name.len()).flat_map(move |n| {
        letters().map(move |letter| format!("{}{letter}{}", &name[..n], &name[n..]))
    });
    swapped.chain(left_out).chain(changed).chain(added)
}
