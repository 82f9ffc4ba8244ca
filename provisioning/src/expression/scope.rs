use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// What an expression can see: objects by name, such as `user` and `appuser`, and their attributes.
///
/// [`Context`] is the ready one. An own one saves building maps where people come in another shape.
pub trait Scope {
    /// The whole object of this name, null if there is none in this case; nothing if it is never supplied.
    fn root(&self, name: &str) -> Option<Cow<'_, Value>>;

    /// Whether an object of this name is supplied.
    fn supplies(&self, root: &str) -> bool {
        self.root(root).is_some()
    }

    /// One attribute of an object, nothing if it has none of this name.
    fn attribute(&self, root: &str, name: &str) -> Option<Cow<'_, Value>> {
        match self.root(root)? {
            Cow::Borrowed(object) => object.get(name).map(Cow::Borrowed),
            Cow::Owned(mut object) => object.get_mut(name).map(|value| Cow::Owned(value.take())),
        }
    }

    /// The person's groups, for `isMemberOfGroup` and its kin; nothing if they are not known.
    fn groups(&self) -> Option<&[Group]> {
        None
    }

    /// What `user.getInternalProperty` gives for this name: Okta has `id` and `status`.
    fn internal_property(&self, _name: &str) -> Option<Value> {
        None
    }

    /// The time for `Time.now`.
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Whether null prints as `null` when it is added to a text, as in SpEL; if not, that is an error.
    fn prints_null(&self) -> bool {
        true
    }
}

/// A group that a person is in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Group {
    /// Okta's id.
    pub id: String,
    /// The name in its profile.
    pub name: String,
}

impl Group {
    /// A group by its id and name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into() }
    }
}

/// A [`Scope`] of maps.
///
/// ```
/// use provisioning::expression::{Context, Expression};
/// use serde_json::json;
///
/// let ada = json!({"firstName": "Ada", "lastName": "Lovelace"});
/// let context = Context::new().with("user", ada).without("appuser");
/// let name = Expression::parse("appuser == null ? user.firstName : appuser.given_name")?;
/// assert_eq!(name.evaluate(&context)?, "Ada");
/// # Ok::<(), provisioning::expression::ExpressionError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Context {
    roots: Vec<(Cow<'static, str>, Value)>,
    groups: Option<Vec<Group>>,
    internal: Map<String, Value>,
    now: Option<Timestamp>,
    refuses_null: bool,
}

impl Context {
    /// A context that supplies nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Supplies an object: a map, or a JSON object.
    pub fn with(mut self, root: impl Into<Cow<'static, str>>, object: impl Into<Value>) -> Self {
        self.set(root, object);
        self
    }

    /// Supplies null: there could be such an object, but this person has none.
    pub fn without(self, root: impl Into<Cow<'static, str>>) -> Self {
        self.with(root, Value::Null)
    }

    /// Supplies an object in place of the one before, so that a context can be used again for the next person.
    pub fn set(&mut self, root: impl Into<Cow<'static, str>>, object: impl Into<Value>) {
        let (root, object) = (root.into(), object.into());
        match self.roots.iter_mut().find(|(name, _)| *name == root) {
            Some((_, old)) => *old = object,
            None => self.roots.push((root, object)),
        }
    }

    /// Supplies the person's groups.
    pub fn groups(mut self, groups: impl IntoIterator<Item = Group>) -> Self {
        self.groups = Some(groups.into_iter().collect());
        self
    }

    /// Supplies what `user.getInternalProperty` gives for a name, such as `id`.
    pub fn internal_property(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.internal.insert(name.into(), value.into());
        self
    }

    /// Fixes the time for `Time.now`; without it, the clock's.
    pub fn now(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// Makes it an error to add null to a text, where otherwise the text `null` would come out.
    pub fn refuse_null_in_text(mut self) -> Self {
        self.refuses_null = true;
        self
    }
}

impl Scope for Context {
    fn root(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.roots.iter().find(|(root, _)| root == name).map(|(_, object)| Cow::Borrowed(object))
    }

    fn groups(&self) -> Option<&[Group]> {
        self.groups.as_deref()
    }

    fn internal_property(&self, name: &str) -> Option<Value> {
        self.internal.get(name).cloned()
    }

    fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    fn prints_null(&self) -> bool {
        !self.refuses_null
    }
}
