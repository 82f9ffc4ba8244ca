use serde_json::Value;

use super::compare::{Comparison, Texts};
use super::name::Name;
use super::{Filter, FilterError, Literal, Operator};
use crate::read::{Node, Readable, any_of};
use crate::schema::{Attribute, AttributeKind, Returned, Schema, Schemas};
use crate::{AttributePath, Mode};

/// A filter made ready for the resources of one type: names looked up, literals prepared.
///
/// Make it once and ask it for every resource.
#[derive(Clone, Debug)]
pub struct Matcher {
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Present(Place),
    Compare(Place, Comparison),
    Elements(Place, Box<Test>),
}

/// Where the values stand: in an extension or at the top, and under which names.
#[derive(Clone, Debug)]
struct Place {
    extension: Option<Name>,
    name: Name,
    sub: Option<Name>,
    /// Never returned, as passwords are: a filter must not find out either.
    hidden: bool,
}

impl Filter {
    /// Makes the filter ready for resources of this type.
    ///
    /// Texts compare by the attribute's `caseExact`, dates as instants, 64-bit integers exactly. An
    /// attribute that no schema describes compares by its JSON type, without case.
    ///
    /// # Errors
    /// When values that have no order are compared with `gt`, `ge`, `lt` or `le`.
    pub fn matcher(&self, schemas: &Schemas) -> Result<Matcher, FilterError> {
        self.matcher_with(schemas, Mode::Strict)
    }

    /// As [`matcher`](Self::matcher); tolerant mode reads `"True"` as a boolean where one is meant.
    ///
    /// # Errors
    /// When values that have no order are compared with `gt`, `ge`, `lt` or `le`.
    pub fn matcher_with(&self, schemas: &Schemas, mode: Mode) -> Result<Matcher, FilterError> {
        Compiler { schemas, element: None, mode }.test(self).map(|test| Matcher { test })
    }

    // For the elements of one list.
    pub(crate) fn element_matcher(
        &self,
        schemas: &Schemas,
        element: Option<&Attribute>,
        mode: Mode,
    ) -> Result<Matcher, FilterError> {
        let inside = Some(element.map_or(&[][..], |list| &list.sub_attributes));
        Compiler { schemas, element: inside, mode }.test(self).map(|test| Matcher { test })
    }
}

impl Matcher {
    /// Whether the filter holds for this resource.
    pub fn matches(&self, resource: &dyn Readable) -> bool {
        self.test.holds(resource)
    }

    pub(crate) fn matches_element(&self, element: &Value) -> bool {
        // `members[value eq ".."]` over a large group, without a closure for each step.
        if let (Test::Compare(place, comparison), Value::Object(object)) = (&self.test, element)
            && comparison.operator == Operator::Equal
            && place.sub.is_none()
            && let Some(Value::String(text)) = place.name.member(object)
        {
            return comparison.holds(Node::Text(text));
        }
        any_of(element, &mut |node| self.test.holds_for(node))
    }
}

impl Test {
    fn holds(&self, resource: &dyn Readable) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.holds(resource)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(resource)),
            Self::Not(test) => !test.holds(resource),
            Self::Present(place) => place.any(resource, &mut |node| node.is_assigned()),
            Self::Compare(place, comparison) => compare(place, comparison, resource),
            Self::Elements(place, test) => place.any(resource, &mut |node| test.holds_for(node)),
        }
    }

    fn holds_for(&self, element: Node<'_>) -> bool {
        match element {
            Node::Object(object) => self.holds(object),
            simple => self.holds(&Simple(simple)),
        }
    }
}

fn compare(place: &Place, comparison: &Comparison, resource: &dyn Readable) -> bool {
    let mut found = false;
    let mut test = |node: Node<'_>| {
        found = true;
        comparison.holds(node)
    };
    let holds = place.any(resource, &mut |node| match node {
        Node::Object(complex) => complex.any("value", &mut test),
        simple => test(simple),
    });
    match (comparison.operator, comparison.is_with_null()) {
        (Operator::Equal, true) => !place.any(resource, &mut |_| true),
        (Operator::NotEqual, true) => place.any(resource, &mut |_| true),
        (Operator::NotEqual, false) => holds || !found,
        _ => holds,
    }
}

/// An element that is no object has itself as its `value`.
struct Simple<'a>(Node<'a>);

impl Readable for Simple<'_> {
    fn any(&self, name: &str, test: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
        name.eq_ignore_ascii_case("value") && test(self.0)
    }

    fn is_assigned(&self) -> bool {
        self.0.is_assigned()
    }
}

impl Place {
    fn any<F>(&self, resource: &dyn Readable, test: &mut F) -> bool
    where
        F: FnMut(Node<'_>) -> bool,
    {
        match &self.extension {
            _ if self.hidden => false,
            None => self.any_here(resource, test),
            Some(urn) => urn.any(resource, &mut |node| match node {
                Node::Object(extension) => self.any_here(extension, test),
                _ => false,
            }),
        }
    }

    fn any_here<F>(&self, object: &dyn Readable, test: &mut F) -> bool
    where
        F: FnMut(Node<'_>) -> bool,
    {
        match &self.sub {
            None => self.name.any(object, test),
            Some(sub) => self.name.any(object, &mut |node| match node {
                Node::Object(complex) => sub.any(complex, test),
                _ => false,
            }),
        }
    }
}

struct Compiler<'a> {
    schemas: &'a Schemas,
    /// The sub-attributes that the names stand for, inside a value path.
    element: Option<&'a [Attribute]>,
    mode: Mode,
}

impl Compiler<'_> {
    fn test(&self, filter: &Filter) -> Result<Test, FilterError> {
        let all = |parts: &[Filter]| -> Result<Vec<Test>, FilterError> {
            parts.iter().map(|part| self.test(part)).collect()
        };
        Ok(match filter {
            Filter::And(parts) => Test::All(all(parts)?),
            Filter::Or(parts) => Test::Any(all(parts)?),
            Filter::Not(inner) => Test::Not(Box::new(self.test(inner)?)),
            Filter::Present(path) => Test::Present(self.place(path)),
            Filter::Compare(path, operator, value) => self.comparison(path, *operator, value)?,
            Filter::Elements(path, inner) => {
                let subs = self.attribute(path).map_or(&[][..], |list| &list.sub_attributes);
                let inside = Compiler { element: Some(subs), ..*self };
                Test::Elements(self.place(path), Box::new(inside.test(inner)?))
            }
        })
    }

    fn comparison(
        &self,
        path: &AttributePath,
        operator: Operator,
        value: &Literal,
    ) -> Result<Test, FilterError> {
        // A complex attribute stands for its `value`.
        let attribute =
            self.attribute(path).map(|found| found.sub_attribute("value").unwrap_or(found));
        let kind = attribute.map(|attribute| &attribute.kind);
        let as_bool = match (kind, value) {
            (Some(AttributeKind::Boolean), Literal::Text(text)) if self.mode == Mode::Tolerant => {
                text.to_ascii_lowercase().parse().ok().map(Literal::Bool)
            }
            _ => None,
        };
        let value = as_bool.as_ref().unwrap_or(value);
        if let Some(kind) = without_order(kind, value).filter(|_| operator.is_order()) {
            return Err(FilterError::NoOrder { attribute: path.to_string(), operator, kind });
        }
        let texts = match (kind, attribute) {
            (Some(AttributeKind::DateTime), _) => Texts::Instants,
            (_, Some(attribute)) if attribute.case_exact => Texts::Exact,
            _ => Texts::AnyCase,
        };
        Ok(Test::Compare(self.place(path), Comparison::new(operator, value, texts)))
    }

    fn attribute(&self, path: &AttributePath) -> Option<&Attribute> {
        let named = |found: &&Attribute| found.name.eq_ignore_ascii_case(path.name());
        match self.element {
            None => self.schemas.attribute(path),
            Some(subs) => subs.iter().find(named),
        }
    }

    // In the schema's spelling, under which a lookup is quickest.
    fn place(&self, path: &AttributePath) -> Place {
        let found = self.attribute(path);
        let hidden = found.is_some_and(|attribute| attribute.returned == Returned::Never);
        if self.element.is_some() {
            let name = found.map_or(path.name(), |attribute| &attribute.name).into();
            return Place { extension: None, name, sub: path.sub().map(Into::into), hidden };
        }
        // `urn:..:enterprise:2.0:User pr`: the whole extension.
        let is_extension = |schema: &Schema| !self.schemas.is_base(&schema.id);
        if self.schemas.schema(path.as_str()).is_some_and(is_extension) {
            return Place { extension: None, name: path.as_str().into(), sub: None, hidden };
        }
        let (whole, part) = self.schemas.names(path);
        let extension = self.schemas.extension_of(path).map(Into::into);
        Place { extension, name: whole.into(), sub: part.map(Into::into), hidden }
    }
}

fn without_order(kind: Option<&AttributeKind>, value: &Literal) -> Option<&'static str> {
    match (kind, value) {
        (Some(AttributeKind::Boolean), _) | (_, Literal::Bool(_)) => Some("boolean"),
        (Some(AttributeKind::Binary), _) => Some("binary"),
        (_, Literal::Null) => Some("null"),
        _ => None,
    }
}
