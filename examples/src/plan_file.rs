//! Plans on the screen and in files.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use provisioning::{Guard, Import, ImportError, Plan, PlanError, Target};

use crate::own_file::OwnFile;
use crate::run::unplanned;
use crate::{Failure, SharedStore, say};

/// Rows on a page.
const PAGE: usize = 50;

/// Prints the plan page by page.
pub(crate) fn show(plan: &Plan) -> Result<(), Failure> {
    let mut page = plan.table(0, PAGE).map_err(Failure::running)?;
    let mut number = 1;
    while let Some(last) = page.last() {
        say!("\npage {number}\n{page}");
        page = plan.table(last, PAGE).map_err(Failure::running)?;
        number += 1;
    }
    Ok(())
}

pub(crate) fn write(plan: &Plan, path: &Path) -> Result<(), Failure> {
    let fail = |error| format!("--export-plan {}: {error}", path.display());
    let file = OwnFile::create(path, "{\"plan\":");
    let mut file = file.map_err(|error| Failure::Settings(fail(error)))?;
    plan.export(&mut file).map_err(Failure::running)?;
    file.put().map_err(|error| Failure::Running(fail(error)))?;
    say!(
        "{:<10}{} holds the plan and personal data, readable by its owner only; --apply-plan brings it about",
        "exported",
        path.display()
    );
    Ok(())
}

pub(crate) async fn read(
    path: &Path,
    target: &Arc<dyn Target>,
    store: &SharedStore,
    mapping: &str,
    guards: impl IntoIterator<Item = Guard>,
) -> Result<Plan, Failure> {
    let fail =
        |problem: String| Failure::Settings(format!("--apply-plan {}: {problem}", path.display()));
    let file = File::open(path).map_err(|error| fail(error.to_string()))?;
    let (file, target, store) = (BufReader::new(file), Arc::clone(target), Arc::clone(store));
    let import = Plan::import(file, target, store).made_with(mapping);
    let plan = guards.into_iter().fold(import, Import::guard).await;
    plan.map_err(|error| match error {
        ImportError::Plan(error @ PlanError::Guard { .. }) => unplanned(error, true),
        error => match Failure::settings(error) {
            Failure::Settings(line) => fail(line),
            other => other,
        },
    })
}
