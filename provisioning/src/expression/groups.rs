//! `isMemberOf…`, answered from the groups that were handed in.

use serde_json::Value;

use super::error::Fault;
use super::functions::Arguments;
use super::pattern::Pattern;
use super::scope::Group;

pub(super) fn by_id(arguments: &Arguments<'_>, groups: &[Group]) -> Result<Value, Fault> {
    for n in 0..arguments.len() {
        let id = arguments.required_text(n)?;
        if groups.iter().any(|group| group.id == id) {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

pub(super) fn by_name(arguments: &Arguments<'_>, groups: &[Group]) -> Result<Value, Fault> {
    let name = arguments.required_text(0)?;
    Ok(groups.iter().any(|group| group.name == name).into())
}

pub(super) fn by_start(arguments: &Arguments<'_>, groups: &[Group]) -> Result<Value, Fault> {
    let start = arguments.required_text(0)?;
    Ok(groups.iter().any(|group| group.name.starts_with(&*start)).into())
}

pub(super) fn by_part(arguments: &Arguments<'_>, groups: &[Group]) -> Result<Value, Fault> {
    let part = arguments.required_text(0)?;
    Ok(groups.iter().any(|group| group.name.contains(&*part)).into())
}

pub(super) fn by_pattern(arguments: &Arguments<'_>, groups: &[Group]) -> Result<Value, Fault> {
    let pattern = Pattern::new(&arguments.required_text(0)?)?;
    Ok(groups.iter().any(|group| pattern.matches(&group.name)).into())
}
