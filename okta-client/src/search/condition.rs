use rest_core::{ErrorBody, List};

use super::{Expression, SearchError};

/// What `search` and `filter` take: an [`Expression`], which is checked, or its text, which goes as
/// it is.
#[derive(Clone, Debug)]
pub struct Condition(Result<String, SearchError>);

impl Condition {
    /// Its text too.
    pub(crate) fn checked(self, check: impl Fn(&str) -> Result<(), SearchError>) -> Self {
        Self(self.0.and_then(|text| check(&text).map(|()| text)))
    }

    /// Sets it as a query parameter; one that must not be sent makes the listing fail.
    pub(crate) fn on<A: ErrorBody, T>(self, list: List<A, T>, parameter: &str) -> List<A, T> {
        match self.0 {
            Ok(text) => list.query(parameter, text),
            Err(error) => list.invalid(format!("{parameter}: {error}")),
        }
    }
}

impl From<&Expression> for Condition {
    fn from(expression: &Expression) -> Self {
        Self(expression.check().map(|()| expression.to_string()))
    }
}

impl From<Expression> for Condition {
    fn from(expression: Expression) -> Self {
        Self::from(&expression)
    }
}

impl From<&str> for Condition {
    fn from(text: &str) -> Self {
        Self(Ok(text.to_owned()))
    }
}

impl From<&String> for Condition {
    fn from(text: &String) -> Self {
        Self(Ok(text.clone()))
    }
}

impl From<String> for Condition {
    fn from(text: String) -> Self {
        Self(Ok(text))
    }
}
