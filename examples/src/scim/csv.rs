//! Comma-separated values as RFC 4180 has them.

use std::io::{self, Write};

/// Writes one line; a field that needs it is quoted.
pub(crate) fn write<S: AsRef<str>>(out: &mut impl Write, fields: &[S]) -> io::Result<()> {
    for (at, field) in fields.iter().enumerate() {
        let (field, comma) = (field.as_ref(), if at == 0 { "" } else { "," });
        match field.contains([',', '"', '\n', '\r']) {
            true => write!(out, "{comma}\"{}\"", field.replace('"', "\"\""))?,
            false => write!(out, "{comma}{field}")?,
        }
    }
    out.write_all(b"\r\n")
}

/// All lines of a text, as fields.
pub(crate) fn read(text: &str) -> Vec<Vec<String>> {
    let mut lines = vec![vec![String::new()]];
    let (mut quoted, mut signs) = (false, text.chars().peekable());
    while let Some(sign) = signs.next() {
        let Some(line) = lines.last_mut() else { break };
        let Some(field) = line.last_mut() else { break };
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => field.extend(signs.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => line.push(String::new()),
            '\r' if !quoted && signs.peek() == Some(&'\n') => {}
            '\n' if !quoted => lines.push(vec![String::new()]),
            sign => field.push(sign),
        }
    }
    lines.retain(|line| line.iter().any(|field| !field.is_empty()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let lines =
            [vec!["a", "b,c", "d\"e\""], vec!["", "two\nlines", "x"], vec!["\r\n", "\"", ","]];
        let mut out = Vec::new();
        lines.iter().for_each(|line| write(&mut out, line).unwrap());
        assert_eq!(read(&String::from_utf8(out).unwrap()), lines);
    }
}
