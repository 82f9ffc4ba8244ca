//! The parts of log events and deliveries that are decoded on demand.

use okta_client::{Delivery, Lazy, LogActor, LogEvent, LogTarget};
use serde::de::DeserializeOwned;

use super::modelled::{Checked, same_types};

fn get<T: DeserializeOwned>(part: &Option<Lazy<T>>) -> Result<Option<T>, serde_json::Error> {
    part.as_ref().map(Lazy::get).transpose()
}

/// Everything of a log event that is read on demand.
pub(crate) fn log_event_parts(came: &LogEvent, changed: &LogEvent) -> Checked {
    get(&changed.version)?;
    get(&changed.client)?;
    get(&changed.authentication_context)?;
    get(&changed.security_context)?;
    get(&changed.request)?;
    same_types(came.device.as_ref(), changed.device.as_ref())?;
    let details = |event: &LogEvent| Ok(get(&event.transaction)?.and_then(|one| one.detail));
    same_types(details(came)?.as_ref(), details(changed)?.as_ref())?;
    let debug = |event: &LogEvent| Ok(get(&event.debug_context)?.and_then(|one| one.debug_data));
    same_types(debug(came)?.as_ref(), debug(changed)?.as_ref())?;
    if let (Some(came), Some(changed)) = (&came.actor, &changed.actor) {
        actor_parts(came, changed)?;
    }
    let mut targets = came.target.iter().flatten().zip(changed.target.iter().flatten());
    targets.try_for_each(|(came, changed)| target_parts(came, changed))
}

fn actor_parts(came: &LogActor, changed: &LogActor) -> Checked {
    same_types(came.detail.as_ref(), changed.detail.as_ref())?;
    same_types(came.detail_entry.as_ref(), changed.detail_entry.as_ref())
}

fn target_parts(came: &LogTarget, changed: &LogTarget) -> Checked {
    same_types(came.detail_entry.as_ref(), changed.detail_entry.as_ref())?;
    if let (Some(came), Some(changed)) = (get(&came.change_details)?, get(&changed.change_details)?)
    {
        same_types(came.from.as_ref(), changed.from.as_ref())?;
        same_types(came.to.as_ref(), changed.to.as_ref())?;
    }
    Ok(())
}

/// The events of a delivery.
pub(crate) fn delivery_parts(came: &Delivery, changed: &Delivery) -> Checked {
    let mut events = came.events().zip(changed.events());
    events.try_for_each(|(came, changed)| match (came, changed) {
        (Ok(came), Ok(changed)) => log_event_parts(came, changed),
        (_, Err(odd)) | (Err(odd), _) => Err(serde::de::Error::custom(odd)),
    })
}
