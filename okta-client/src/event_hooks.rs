//! Event hooks: where Okta posts events to, as they happen.
//! <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/>

use http::Method;
use rest_core::{Client, List, Request};
use serde_json::Value;

use crate::error::{Error, OktaError, Result};
use crate::model::model;
use crate::secret::Secret;
use crate::user::Links;
use crate::value::{DateTime, EventHookId, Lazy};

rest_core::open_enum! {
    /// Whether a hook is in use.
    pub enum EventHookStatus {
        /// It gets events, once it is verified.
        Active = "ACTIVE",
        /// It gets none, and may be deleted.
        Inactive = "INACTIVE",
    }
}

rest_core::open_enum! {
    /// Whether the receiver has shown that it expects a hook.
    pub enum EventHookVerification {
        /// It has not, and gets no events.
        Unverified = "UNVERIFIED",
        /// It has.
        Verified = "VERIFIED",
    }
}

model! {
    /// An event hook: which events Okta posts where. Make one with [`EventHook::new`].
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/>
    pub struct EventHook[id: EventHookId] {
        /// The name to show.
        name: String = "name",
        /// What it is for.
        description: String = "description",
        /// Which events are posted: 300 types at most.
        events: EventHookEvents = "events",
        /// Where they are posted. A change asks for a new verification.
        channel: EventHookChannel = "channel",
    }
    read {
        /// Whether it is in use.
        status: EventHookStatus = "status",
        /// Whether its receiver has been verified.
        verification_status: EventHookVerification = "verificationStatus",
        /// When it was made.
        created: DateTime = "created",
        /// The id of the user who made it.
        created_by: String = "createdBy",
        /// When it last changed.
        last_updated: DateTime = "lastUpdated",
        /// What can be done with it now; text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// Which events are posted.
    pub struct EventHookEvents {
        /// Always `EVENT_TYPE`.
        kind: String = "type",
        /// The event types, such as `user.lifecycle.create`.
        items: Vec<String> = "items",
        /// Which of those events.
        filter: EventHookFilter = "filter",
    }
}

model! {
    /// Which events of their type are posted, where the org has turned such filters on.
    pub struct EventHookFilter {
        /// Always `EXPRESSION_LANGUAGE`.
        kind: String = "type",
        /// A condition for each event type that has one.
        event_filter_map: Vec<EventHookFilterEntry> = "eventFilterMap",
    }
}

model! {
    /// The condition of one event type.
    pub struct EventHookFilterEntry {
        /// The event type.
        event: String = "event",
        /// What must hold of the event.
        condition: EventHookCondition = "condition",
    }
}

model! {
    /// What must hold of an event.
    pub struct EventHookCondition {
        /// In Okta's expression language.
        expression: String = "expression",
    }
    read {
        /// Okta's own.
        version: String = "version",
    }
}

model! {
    /// Where events are posted.
    pub struct EventHookChannel {
        /// Always `HTTP`.
        kind: String = "type",
        /// Always `1.0.0`.
        version: String = "version",
        /// The address and its headers.
        config: EventHookConfig = "config",
    }
}

model! {
    /// The address of a receiver, and the headers it gets.
    pub struct EventHookConfig {
        /// The address; `https` only.
        uri: String = "uri",
        /// Headers of each request.
        headers: Vec<EventHookHeader> = "headers",
        /// The header by which the receiver knows Okta.
        auth_scheme: EventHookAuthScheme = "authScheme",
    }
    read {
        /// Always `POST`.
        method: String = "method",
    }
}

model! {
    /// A header of each request to a receiver.
    pub struct EventHookHeader {
        /// The name.
        key: String = "key",
        /// The value; it may be a secret, so it is not shown.
        value: Secret = "value",
    }
}

model! {
    /// The header by which a receiver knows Okta.
    pub struct EventHookAuthScheme {
        /// Always `HEADER`.
        kind: String = "type",
        /// The name, such as `Authorization`.
        key: String = "key",
        /// The secret. Okta takes it and never gives it back.
        value: Secret = "value",
    }
}

impl EventHook {
    /// A hook that posts events of these types to an address.
    pub fn new(
        name: impl Into<String>,
        uri: impl Into<String>,
        event_types: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let types: Vec<String> = event_types.into_iter().map(Into::into).collect();
        let config = EventHookConfig::default().uri(uri);
        Self::default()
            .name(name)
            .events(EventHookEvents::default().kind("EVENT_TYPE").items(types))
            .channel(EventHookChannel::default().kind("HTTP").version("1.0.0").config(config))
    }

    /// Lets Okta name itself to the receiver by this header, such as `Authorization`. Okta never gives
    /// the value back: say it again before a hook that was read is replaced.
    #[must_use]
    pub fn auth_header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        let scheme = EventHookAuthScheme::default().kind("HEADER").key(name).value(value);
        self.config_mut().auth_scheme = Some(scheme);
        self
    }

    /// Adds a header to each request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        let header = EventHookHeader::default().key(name).value(value);
        self.config_mut().headers.get_or_insert_default().push(header);
        self
    }

    fn config_mut(&mut self) -> &mut EventHookConfig {
        self.channel.get_or_insert_default().config.get_or_insert_default()
    }

    /// The hook without what only Okta writes.
    fn to_send(&self) -> Result<Value> {
        let mut body = serde_json::to_value(self).map_err(|error| {
            Error::request("the event hook cannot be written as JSON").with_source(error)
        })?;
        let read_only = ["id", "status", "verificationStatus", "created", "createdBy"];
        if let Some(members) = body.as_object_mut() {
            members.retain(|name, _| !read_only.contains(&name.as_str()));
            members.remove("lastUpdated");
            members.remove("_links");
        }
        let config = body.pointer_mut("/channel/config").and_then(Value::as_object_mut);
        config.and_then(|config| config.remove("method"));
        Ok(body)
    }
}

const CREATED_MAYBE: &str =
    "the event hook may have been created: look through the list before creating it again";
const DELETED_MAYBE: &str = "the event hook may have been deleted: read it before repeating it";

/// The event hooks of an org: 25 active and verified ones at most. What receives their posts is
/// [`HookReceiver`](crate::HookReceiver).
///
/// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/>
#[derive(Clone, Debug)]
pub struct EventHooks {
    client: Client<OktaError>,
}

impl EventHooks {
    pub(crate) fn new(client: Client<OktaError>) -> Self {
        Self { client }
    }

    fn all(&self, method: Method) -> Request<OktaError> {
        self.client.request(method, "/api/v1/eventHooks", [])
    }

    fn hook(&self, method: Method, id: &str) -> Request<OktaError> {
        self.client.request(method, "/api/v1/eventHooks/{eventHookId}", [id])
    }

    /// Lists the event hooks, all in one page.
    ///
    /// Scope `okta.eventHooks.read`.
    /// Okta: [`listEventHooks`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/#tag/EventHook/operation/listEventHooks).
    ///
    /// # Errors
    /// 403 `E0000006` when the caller has no role that may see them.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let hooks: Vec<_> = okta.event_hooks().list().stream().try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> List<OktaError, EventHook> {
        self.all(Method::GET).list()
    }

    /// Gets one event hook.
    ///
    /// Scope `okta.eventHooks.read`.
    /// Okta: [`getEventHook`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/#tag/EventHook/operation/getEventHook).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none; [`try_get`](Self::try_get) gives `None` instead.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let hook = okta.event_hooks().get("who8vt36qfNpCGz9H1e6").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: impl AsRef<str>) -> Result<EventHook> {
        self.hook(Method::GET, id.as_ref()).json().await
    }

    /// As [`get`](Self::get), with `None` when there is no such hook.
    ///
    /// Scope `okta.eventHooks.read`.
    /// Okta: [`getEventHook`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/#tag/EventHook/operation/getEventHook).
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let is_there = okta.event_hooks().try_get("who8vt36qfNpCGz9H1e6").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, id: impl AsRef<str>) -> Result<Option<EventHook>> {
        self.hook(Method::GET, id.as_ref()).optional().await
    }

    /// Creates an event hook. It is active at once, and gets events once it is
    /// [verified](Self::verify), which may take some minutes.
    ///
    /// Scope `okta.eventHooks.manage`. Not repeated when it is unclear whether Okta has created it.
    /// Okta: [`createEventHook`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/#tag/EventHook/operation/createEventHook).
    ///
    /// # Errors
    /// 400 `E0000001` when the address is not `https` or a type is not eligible for event hooks.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta, secret: String) -> okta_client::Result<()> {
    /// use okta_client::EventHook;
    ///
    /// let types = ["user.lifecycle.create", "user.lifecycle.deactivate"];
    /// let hook = EventHook::new("Joiners and leavers", "https://hooks.example.com/okta", types)
    ///     .auth_header("Authorization", secret);
    /// let hook = okta.event_hooks().create(&hook).await?;
    /// okta.event_hooks().verify(&hook.id).await?;
    /// # Ok(()) }
    /// ```
    pub async fn create(&self, hook: &EventHook) -> Result<EventHook> {
        let request = self.all(Method::POST).if_unclear(CREATED_MAYBE);
        request.body(&hook.to_send()?).json().await
    }

    /// Replaces an event hook. A change of its channel asks for a new verification.
    ///
    /// Scope `okta.eventHooks.manage`. Okta does not give the secret of the auth header back: set it
    /// again with [`auth_header`](EventHook::auth_header) before replacing a hook that was read.
    /// Okta: [`replaceEventHook`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/#tag/EventHook/operation/replaceEventHook).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such hook; 400 as when creating.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta, secret: String) -> okta_client::Result<()> {
    /// let hook = okta.event_hooks().get("who8vt36qfNpCGz9H1e6").await?;
    /// let hook = hook.description("For the directory").auth_header("Authorization", secret);
    /// okta.event_hooks().replace(&hook.id, &hook).await?;
    /// # Ok(()) }
    /// ```
    pub async fn replace(&self, id: impl AsRef<str>, hook: &EventHook) -> Result<EventHook> {
        self.hook(Method::PUT, id.as_ref()).body(&hook.to_send()?).json().await
    }

    /// Deletes an event hook, which must be inactive.
    ///
    /// Scope `okta.eventHooks.manage`.
    /// Okta: [`deleteEventHook`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/#tag/EventHook/operation/deleteEventHook).
    ///
    /// # Errors
    /// 404 `E0000007` when it is gone; 403 when it is active.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// okta.event_hooks().deactivate("who8vt36qfNpCGz9H1e6").await?;
    /// okta.event_hooks().delete("who8vt36qfNpCGz9H1e6").await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete(&self, id: impl AsRef<str>) -> Result<()> {
        self.hook(Method::DELETE, id.as_ref()).if_unclear(DELETED_MAYBE).done().await
    }

    /// Activates an event hook.
    ///
    /// Scope `okta.eventHooks.manage`.
    /// Okta: [`activateEventHook`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/#tag/EventHook/operation/activateEventHook).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let hook = okta.event_hooks().activate("who8vt36qfNpCGz9H1e6").await?;
    /// # Ok(()) }
    /// ```
    pub async fn activate(&self, id: impl AsRef<str>) -> Result<EventHook> {
        self.act("/api/v1/eventHooks/{eventHookId}/lifecycle/activate", id.as_ref()).await
    }

    /// Deactivates an event hook; it gets no more events.
    ///
    /// Scope `okta.eventHooks.manage`.
    /// Okta: [`deactivateEventHook`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/#tag/EventHook/operation/deactivateEventHook).
    ///
    /// # Errors
    /// 404 `E0000007` when there is none.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let hook = okta.event_hooks().deactivate("who8vt36qfNpCGz9H1e6").await?;
    /// # Ok(()) }
    /// ```
    pub async fn deactivate(&self, id: impl AsRef<str>) -> Result<EventHook> {
        self.act("/api/v1/eventHooks/{eventHookId}/lifecycle/deactivate", id.as_ref()).await
    }

    /// Lets Okta verify the receiver: it sends one GET, which
    /// [`HookReceiver`](crate::HookReceiver) answers, and waits 3 seconds, twice at most.
    ///
    /// Scope `okta.eventHooks.manage`.
    /// Okta: [`verifyEventHook`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/EventHook/#tag/EventHook/operation/verifyEventHook).
    ///
    /// # Errors
    /// 400 when the receiver did not answer as it should; 404 `E0000007` when there is no such hook.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// let hook = okta.event_hooks().verify("who8vt36qfNpCGz9H1e6").await?;
    /// println!("{:?}", hook.verification_status);
    /// # Ok(()) }
    /// ```
    pub async fn verify(&self, id: impl AsRef<str>) -> Result<EventHook> {
        self.act("/api/v1/eventHooks/{eventHookId}/lifecycle/verify", id.as_ref()).await
    }

    /// Doing any of these twice ends like doing it once.
    async fn act(&self, template: &'static str, id: &str) -> Result<EventHook> {
        self.client.request(Method::POST, template, [id]).safe_to_repeat().json().await
    }
}
