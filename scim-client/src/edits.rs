//! Changes of members as operations, and what to do when the server refuses some.

use scim_types::ScimType;
use scim_types::filter::attr;
use scim_types::patch::{Operation, PatchOp};
use serde_json::{Value, json};

use crate::change::{has_status, is_refusal};
use crate::error::Error;

// Members that are looked for one by one before a whole membership is given up.
const SUSPECTS: usize = 20;
// Ids that an error names; it says how many more there are.
const NAMED: usize = 20;

/// One member that comes or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Add(String),
    Remove(String),
}

/// How a PATCH names members that are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RemovalForm {
    /// By a condition in the path, one operation each: Okta's way, and the RFC's.
    Condition,
    /// In the value of one operation: Entra's way.
    Value,
}

impl RemovalForm {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Condition => Self::Value,
            Self::Value => Self::Condition,
        }
    }
}

/// What to do about edits that were refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WayOn {
    /// Nothing: they are as wanted.
    Done,
    /// Send them once more, divided so or in another form.
    Again(Vec<Vec<Edit>>),
    /// Go on without this one.
    Without(Edit),
    /// Send them once more with removed members named in the other form.
    InOtherForm(Vec<Edit>),
    /// PATCH will not do: see what is there, and replace it.
    Look,
    Fail,
}

impl Edit {
    pub(crate) fn id(&self) -> &String {
        match self {
            Self::Add(id) | Self::Remove(id) => id,
        }
    }

    pub(crate) fn into_id(self) -> String {
        match self {
            Self::Add(id) | Self::Remove(id) => id,
        }
    }

    fn is_add(&self) -> bool {
        matches!(self, Self::Add(_))
    }

    /// All of them as one PATCH.
    pub(crate) fn patch(edits: &[Self], form: RemovalForm) -> PatchOp {
        let values = |edits: &[&Self]| -> Value {
            edits.iter().map(|edit| json!({"value": edit.id()})).collect()
        };
        let (adds, removes): (Vec<&Self>, Vec<&Self>) = edits.iter().partition(|e| e.is_add());
        let mut operations = Vec::new();
        if !adds.is_empty() {
            operations.push(Operation::add("members", values(&adds)));
        }
        if form == RemovalForm::Value && !removes.is_empty() {
            let mut remove = Operation::remove("members");
            remove.value = Some(values(&removes));
            operations.push(remove);
        } else {
            let condition = |id| format!("members[{}]", attr("value").eq(id));
            let each = removes.iter().map(|edit| Operation::remove(condition(edit.id().as_str())));
            operations.extend(each);
        }
        PatchOp::new(operations)
    }
}

/// Decides from what was refused, how, and how many members have been refused one by one.
pub(crate) fn way_on(
    mut edits: Vec<Edit>,
    error: &Error,
    is_last_form: bool,
    suspects: usize,
) -> WayOn {
    if has_status(error, 413) && edits.len() > 1 {
        return halves(edits);
    }
    if !is_refusal(error) && !has_status(error, 409) {
        return WayOn::Fail;
    }
    if has_status(error, 405) {
        return WayOn::Look;
    }
    let (adds, removes): (Vec<Edit>, Vec<Edit>) = edits.iter().cloned().partition(Edit::is_add);
    if !adds.is_empty() && !removes.is_empty() {
        return WayOn::Again(vec![adds, removes]);
    }
    if !removes.is_empty() {
        return removal(removes, error, is_last_form);
    }
    if has_status(error, 501) || suspects >= SUSPECTS {
        return WayOn::Look;
    }
    match (edits.pop(), edits.is_empty()) {
        (Some(only), true) => WayOn::Without(only),
        (last, _) => {
            edits.extend(last);
            halves(edits)
        }
    }
}

fn removal(removes: Vec<Edit>, error: &Error, is_last_form: bool) -> WayOn {
    let said = error.body().and_then(|body| body.scim_type());
    match said == Some(&ScimType::NoTarget) {
        true if removes.len() == 1 => WayOn::Done,
        true => halves(removes),
        false if is_last_form => WayOn::Look,
        false => WayOn::InOtherForm(removes),
    }
}

fn halves(mut edits: Vec<Edit>) -> WayOn {
    let second = edits.split_off(edits.len().div_ceil(2));
    WayOn::Again(vec![edits, second])
}

/// How many of them add, and how many remove.
pub(crate) fn count(edits: &[Edit]) -> (usize, usize) {
    let added = edits.iter().filter(|edit| matches!(edit, Edit::Add(_))).count();
    (added, edits.len() - added)
}

pub(crate) fn not_there(left: &[Edit]) -> Error {
    let (missing, extra) = count(left);
    Error::not_done(format!(
        "/Groups/{{id}}: the server answered with success, but {missing} members are missing and \
        {extra} are there that should not be: {}",
        named(left.iter().map(Edit::id))
    ))
}

pub(crate) fn not_taken(ids: &[String], refusal: Option<Error>) -> Error {
    let error = Error::not_done(format!(
        "PATCH /Groups/{{id}}: the server does not take {} members, all others are as wanted: {}",
        ids.len(),
        named(ids.iter())
    ));
    match refusal {
        Some(refusal) => error.with_source(refusal),
        None => error,
    }
}

fn named<'a>(ids: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = ids.len().saturating_sub(NAMED);
    let named: Vec<&str> = ids.take(NAMED).map(String::as_str).collect();
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
