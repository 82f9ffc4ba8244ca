use std::fmt;

use okta_client::search::{Expression, SearchError, check_user_search};

/// Which people of an org are meant.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Scope {
    /// Everybody.
    #[default]
    Everyone,
    /// Who meets a search expression. Okta's search ends at 50,000 users, which is an error, and lags
    /// behind changes by seconds.
    Search(Expression),
    /// The members of a group, by its id.
    Group(String),
    /// Who is assigned to an app, by its id: in person or through a group.
    App(String),
    /// Whom at least one of these means.
    Any(Vec<Scope>),
}

impl Scope {
    /// Who meets this search expression, such as `profile.department eq "Sales"`.
    ///
    /// # Errors
    /// When it is none, or Okta would refuse it.
    pub fn search(text: &str) -> Result<Self, SearchError> {
        let expression = Expression::parse(text)?;
        check_user_search(&expression)?;
        Ok(Self::Search(expression))
    }

    /// The members of a group.
    pub fn group(id: impl Into<String>) -> Self {
        Self::Group(id.into())
    }

    /// Who is assigned to an app.
    pub fn app(id: impl Into<String>) -> Self {
        Self::App(id.into())
    }

    /// These people, and those. Whoever is meant twice comes twice, which is one record.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everyone, _) | (_, Self::Everyone) => Self::Everyone,
            (first, other) => Self::Any(vec![first, other]),
        }
    }

    /// The scopes that this one is made of.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Any(scopes) => scopes.iter().flat_map(Self::parts).collect(),
            one => vec![one],
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => write!(f, "everyone"),
            Self::Search(expression) => write!(f, "search {expression}"),
            Self::Group(id) => write!(f, "group {id}"),
            Self::App(id) => write!(f, "app {id}"),
            Self::Any(scopes) => {
                let scopes: Vec<String> = scopes.iter().map(Self::to_string).collect();
                write!(f, "{}", scopes.join(" or "))
            }
        }
    }
}
