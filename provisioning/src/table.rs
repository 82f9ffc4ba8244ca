//! A plan as a table that a person can review, page by page.

use std::fmt;

use serde_json::Value;

use crate::plan::Plan;
use crate::record::{is_hidden, referred};
use crate::store::{Kind, Row, StoreError};
use crate::target::FieldChange;

/// Signs of a value, and of a key, that are shown.
const VALUE: usize = 40;
const KEY: usize = 48;
const PATH: usize = 48;
const NOTE: usize = 160;

/// Some rows of a plan, to be printed: key, what happens, and each field with its old and new value.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Row>,
}

impl Plan {
    /// Rows after the one with this `seq`, at most `count`, as a table. The page after it begins after
    /// [`Table::last`].
    ///
    /// ```no_run
    /// # fn show(plan: &provisioning::Plan) -> Result<(), provisioning::StoreError> {
    /// let mut page = plan.table(0, 50)?;
    /// while let Some(last) = page.last() {
    ///     print!("{page}");
    ///     page = plan.table(last, 50)?;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the store fails.
    pub fn table(&self, after: u64, count: usize) -> Result<Table, StoreError> {
        Ok(Table { rows: self.rows(after, count)? })
    }
}

impl Table {
    /// The `seq` of the last row; none when there are no rows.
    pub fn last(&self) -> Option<u64> {
        self.rows.last().map(|row| row.seq)
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| text.chars().count()).max().unwrap_or_default()
        };
        let keys = width(&mut self.rows.iter().map(|row| cut(&row.key, KEY)));
        let shown = |field: &&FieldChange, row: &Row| is_shown(field, row.kind);
        let fields = self
            .rows
            .iter()
            .flat_map(|row| row.fields.iter().filter(move |field| shown(field, row)));
        let paths = width(&mut fields.map(path));
        for row in &self.rows {
            let mut first = Some((cut(&row.key, KEY), row.kind.as_str()));
            for field in row.fields.iter().filter(|field| shown(field, row)) {
                let (key, kind) = first.take().unwrap_or_default();
                let change = change(field, row.kind);
                writeln!(f, "{key:keys$}  {kind:8}  {:paths$}  {change}", path(field))?;
            }
            if let Some((key, kind)) = first {
                let line = format!(
                    "{key:keys$}  {kind:8}  {}",
                    cut(row.note.as_deref().unwrap_or(""), NOTE)
                );
                writeln!(f, "{}", line.trim_end())?;
            }
        }
        Ok(())
    }
}

/// A creation clears what nobody may ever have set, and a change may have to make somebody anew: that
/// is for the target to know, and nothing to review.
fn is_shown(field: &FieldChange, kind: Kind) -> bool {
    match kind {
        Kind::Create => !field.new.is_null(),
        Kind::Update => !field.on_create,
        _ => true,
    }
}

/// The names of an extension are alike at their beginning: the end tells them apart.
fn path(field: &FieldChange) -> String {
    let length = field.path.chars().count();
    cut(&without_start(&field.path, if length > PATH { length + 1 - PATH } else { 0 }), PATH)
}

fn change(field: &FieldChange, kind: Kind) -> String {
    let (old, new) = (text(&field.old), text(&field.new));
    let once = if field.on_create && kind != Kind::Create {
        " (if it has to be made anew)"
    } else if field.on_create {
        " (once)"
    } else {
        ""
    };
    match kind {
        Kind::Create | Kind::Conflict => format!("{}{once}", cut(&new, VALUE)),
        _ => {
            let alike = start_alike(&old, &new);
            let shown = |text: &str| cut(&without_start(text, alike), VALUE);
            format!("{} -> {}{once}", shown(&old), shown(&new))
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        value if is_hidden(value) => "(not shown)".to_owned(),
        value => match (referred(value), value.as_str()) {
            (Some(key), _) => format!("record {key}"),
            (None, Some(text)) => format!("\"{text}\""),
            (None, None) => value.to_string(),
        },
    }
}

/// How many signs to leave out at the beginning of two values that differ only behind what is shown.
fn start_alike(old: &str, new: &str) -> usize {
    let alike = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    if alike + 1 < VALUE { 0 } else { alike - VALUE / 2 }
}

fn without_start(text: &str, signs: usize) -> String {
    match text.char_indices().nth(signs) {
        Some((at, _)) if at > 0 => format!("…{}", &text[at..]),
        _ => text.to_owned(),
    }
}

/// A text of a record on one line, fit for a terminal: signs that would act on it are replaced.
pub fn plain(text: &str) -> String {
    text.chars().map(shown_as).collect()
}

fn shown_as(sign: char) -> char {
    match sign {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() || is_unseen(c) => '\u{fffd}',
        c => c,
    }
}

/// On one line, at most so many signs: what is left out is an ellipsis. Signs that would act on a
/// terminal are replaced.
fn cut(text: &str, most: usize) -> String {
    let mut signs = text.chars().map(shown_as);
    let mut kept: String = signs.by_ref().take(most).collect();
    if signs.next().is_some() {
        kept.pop();
        kept.push('…');
    }
    kept
}

/// Signs that are not seen and change how what stands around them looks: the direction of writing, what
/// joins, and tags.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_apart_is_shown() {
        let long = |end: &str| format!("{}{end}", "0123456789".repeat(10));
        let field = |path: &str, old: &str, new: &str| FieldChange {
            path: path.to_owned(),
            old: old.into(),
            new: new.into(),
            on_create: false,
        };
        let employed = "urn:ietf:params:scim:schemas:extension:peakon:2.0:User:Employed_Since";
        let shown = path(&field(employed, "", ""));
        assert_eq!(shown, "…chemas:extension:peakon:2.0:User:Employed_Since");
        let shown = |old: &str, new: &str| change(&field("title", old, new), Kind::Update);
        let digits = "0123456789".repeat(4);
        assert_eq!(shown("a", &long("")), format!("\"a\" -> \"{}…", &digits[..38]));
        assert_eq!(
            shown(&long("old"), &long("new")),
            format!("…{0}old\" -> …{0}new\"", &digits[..20])
        );
    }

    #[test]
    fn signs_that_deceive_are_shown_as_such() {
        for (text, expected) in [
            ("ada\u{202e}gpj.exe", "ada\u{fffd}gpj.exe"),
            ("a\u{1b}[31m\u{7}\u{9b}", "a\u{fffd}[31m\u{fffd}\u{fffd}"),
            ("\u{2066}x\u{2069}\u{200b}\u{feff}", "\u{fffd}x\u{fffd}\u{fffd}\u{fffd}"),
            ("line\u{2028}two\nthree", "line\u{fffd}two three"),
            ("Zoë Ñandú 東京 שלום", "Zoë Ñandú 東京 שלום"),
        ] {
            assert_eq!(cut(text, 40), expected);
        }
    }
}
