use super::SearchError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    /// An attribute path, an operator, `and`, `or`, `true`, `false`: told apart by where it stands.
    Word(String),
    Text(String),
    Number(String),
}

/// A token and the character it starts at, counted from 1.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) position: usize,
}

impl Token {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::Word(word) | Self::Number(word) => format!("`{word}`"),
            Self::Text(_) => "a quoted text".to_owned(),
        }
    }
}

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, SearchError> {
    let mut found = Vec::new();
    // Everything up to this byte belongs to the token before.
    let mut taken = 0;
    for (count, (start, character)) in text.char_indices().enumerate() {
        if start < taken || character.is_whitespace() {
            continue;
        }
        let position = count + 1;
        let (token, length) = token_at(&text[start..], character, position)?;
        taken = start + length;
        found.push(Placed { token, position });
    }
    Ok(found)
}

// The token at the start of `text`, and its length in bytes.
fn token_at(text: &str, first: char, position: usize) -> Result<(Token, usize), SearchError> {
    match first {
        '(' => Ok((Token::Open, 1)),
        ')' => Ok((Token::Close, 1)),
        '"' => quoted(text, position),
        '-' | '0'..='9' => {
            let length = run_length(text, |c| c.is_ascii_alphanumeric() || "+-.".contains(c));
            Ok((Token::Number(text[..length].to_owned()), length))
        }
        c if c.is_ascii_alphabetic() || c == '_' => {
            let length = run_length(text, |c| c.is_ascii_alphanumeric() || "_-.".contains(c));
            Ok((Token::Word(text[..length].to_owned()), length))
        }
        other => {
            let shown = match other.is_control() {
                true => other.escape_unicode().to_string(),
                false => other.to_string(),
            };
            let problem = format!("found `{shown}`, expected an attribute, a quoted value or `(`");
            Err(SearchError::syntax(position, problem))
        }
    }
}

fn quoted(text: &str, position: usize) -> Result<(Token, usize), SearchError> {
    let mut escaped = false;
    let end = text.bytes().enumerate().skip(1).find(|(_, byte)| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    });
    let Some((end, _)) = end else {
        return Err(SearchError::syntax(position, "this text has no closing double quote"));
    };
    let value = serde_json::from_str(&text[..=end]).map_err(|_| {
        SearchError::syntax(
            position,
            "this text is not a JSON string: write `\\\"` for a quote, `\\\\` for a backslash",
        )
    })?;
    Ok((Token::Text(value), end + 1))
}

fn run_length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}
