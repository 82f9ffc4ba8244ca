//! What a push of visitors would send.

use std::sync::Arc;

use futures::TryStreamExt;
use serde_json::Value;

use crate::visitors::source::records;
use crate::{Failure, FieldMap, Incremental, Listing, Read, Visitors, say, thousands};

/// How many people are shown.
const SHOWN: u64 = 3;

/// Prints the first few and how many there are: of everybody, or of those who changed since they were
/// delivered as the store says.
///
/// # Errors
/// When the listing fails, or a guard stops it.
pub async fn show_visitors(
    visitors: &Visitors,
    prepared: (FieldMap, Listing),
    store: Option<&Incremental>,
) -> Result<(), Failure> {
    let (read, visitor_id) = (Arc::new(Read::default()), &visitors.who.visitor_id);
    let Some(store) = store else {
        let (map, people) = prepared;
        let mut records = records(people, map, visitors.who.scope(), Arc::clone(&read));
        let mut count = 0_u64;
        while let Some((_, record)) = records.try_next().await.map_err(Failure::running)? {
            count += 1;
            if count <= SHOWN {
                show(record.id(), record.values().iter());
            }
        }
        read.print(visitor_id);
        say!("plan    {} people would be pushed; nothing was sent", thousands(count));
        return Ok(());
    };
    let plan = store.plan(visitors.all(prepared, &read)).await?;
    for row in plan.rows(0, SHOWN as usize).map_err(Failure::running)? {
        show(&row.key, row.fields.iter().map(|field| (&field.path, &field.new)));
    }
    read.print(visitor_id);
    let (changes, same) = (plan.summary().changes(), plan.summary().unchanged);
    let (changes, same) = (thousands(changes), thousands(same));
    say!(
        "plan    {changes} people would be pushed, {same} are as they were delivered; nothing was sent"
    );
    Ok(())
}

fn show<'a>(id: &str, values: impl Iterator<Item = (&'a String, &'a Value)>) {
    say!("\n{id}");
    for (field, value) in values {
        say!("    {field:<28} {value}");
    }
}
