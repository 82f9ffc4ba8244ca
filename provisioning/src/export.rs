//! Plans as JSON lines, to be looked through elsewhere and applied later.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::plan::{Basis, GROUP, Plan, generation, identity, open};
use crate::store::{Row, StoreError};
use crate::sum::Sum;
use crate::summary::Summary;

pub(crate) const VERSION: u32 = 1;

/// The first line of an export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    /// The version of the format.
    pub(crate) plan: u32,
    pub(crate) target: String,
    pub(crate) basis: Basis,
    /// The store that it was made with, and how often something had been delivered.
    pub(crate) store: String,
    pub(crate) generation: u64,
    pub(crate) rows: u64,
    pub(crate) summary: Summary,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) partial: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) made_with: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) selection: Option<String>,
    /// The attributes that are compared with the target.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) paths: BTreeSet<String>,
    /// Of all rows, and of this line without it.
    pub(crate) sum: String,
}

impl Header {
    /// The sum of a whole file, by that of its rows.
    pub(crate) fn sum(&self, mut rows: Sum) -> Result<String, serde_json::Error> {
        let header = Self { sum: String::new(), ..self.clone() };
        rows.add(&serde_json::to_string(&header)?);
        Ok(rows.text())
    }
}

/// Why a plan could not be written out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The file cannot be written.
    #[error("the plan cannot be written")]
    Write(#[from] io::Error),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Plan {
    /// Writes the plan as JSON lines: a header, and a line for each row. It holds people: write it into
    /// a [`private_file`](crate::private_file).
    ///
    /// # Errors
    /// When it cannot be written, or the store fails.
    pub fn export(&self, mut to: impl Write) -> Result<(), ExportError> {
        let (mut rows, mut sum, mut paths) = (0, Sum::new(), BTreeSet::new());
        self.each_row(|row| {
            rows += 1;
            sum.add(&line(row)?);
            paths.extend(compared(row).cloned());
            Ok(())
        })?;
        let (store, generation) = {
            let mut store = open(&self.store);
            (identity(&mut *store)?, generation(&mut *store)?)
        };
        let mut header = Header {
            plan: VERSION,
            target: self.target.name().to_owned(),
            basis: self.head.basis,
            store,
            generation,
            rows,
            summary: self.head.summary.clone(),
            partial: self.head.is_partial,
            made_with: self.head.made_with.clone(),
            selection: self.head.selection.clone(),
            paths,
            sum: String::new(),
        };
        header.sum = header.sum(sum).map_err(io::Error::from)?;
        writeln!(to, "{}", line(&header)?)?;
        self.each_row(|row| Ok(writeln!(to, "{}", line(row)?)?))?;
        Ok(to.flush()?)
    }

    fn each_row(
        &self,
        mut visit: impl FnMut(&Row) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let mut after = 0;
        loop {
            let rows = self.rows(after, GROUP as usize)?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.seq;
            rows.iter().try_for_each(&mut visit)?;
        }
    }
}

fn line<T: Serialize>(value: &T) -> io::Result<String> {
    serde_json::to_string(value).map_err(io::Error::from)
}

/// The attributes that have to be in the target as the row says.
fn compared(row: &Row) -> impl Iterator<Item = &String> {
    row.fields.iter().map(|field| &field.path).chain(row.held.keys())
}
