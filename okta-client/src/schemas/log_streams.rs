//! Schemas of log streams: which settings a kind of log stream has.

use std::collections::BTreeMap;

use http::Method;

use super::Schemas;
use super::write::NamedChoice;
use crate::attributes::Attributes;
use crate::error::Result;
use crate::model::model;
use crate::user::Links;
use crate::value::Lazy;

rest_core::open_enum! {
    /// Where a log stream leads.
    pub enum LogStreamType {
        /// Amazon EventBridge.
        AwsEventBridge = "aws_eventbridge",
        /// Splunk Cloud.
        SplunkCloud = "splunk_cloud_logstreaming",
    }
}

model! {
    /// The schema of a kind of log stream: JSON Schema.
    pub struct LogStreamSchema {}
    read {
        /// The schema's address.
        uri: String = "$id",
        /// The schema's address, as Okta writes it elsewhere.
        id: String = "id",
        /// The version of JSON Schema.
        dialect: String = "$schema",
        /// The kind's name.
        title: String = "title",
        /// Always `object`.
        kind: String = "type",
        /// The settings by name.
        properties: BTreeMap<String, LogStreamSetting> = "properties",
        /// The settings that must be given.
        required: Vec<String> = "required",
        /// What to say of a setting that does not fit.
        error_message: LogStreamMessages = "errorMessage",
        /// The expression that text must match.
        pattern: String = "pattern",
        /// The only values there are, by name.
        choices: Vec<NamedChoice> = "oneOf",
        /// Itself. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// One setting, which may hold further ones.
    pub struct LogStreamSetting {}
    read {
        /// The name to show.
        title: String = "title",
        /// What it is for.
        description: String = "description",
        /// Its type, such as `string` or `object`.
        kind: String = "type",
        /// Whether it cannot be changed once the stream is there.
        write_once: bool = "writeOnce",
        /// The expression that text must match.
        pattern: String = "pattern",
        /// The only values it may have, by name.
        choices: Vec<NamedChoice> = "oneOf",
        /// The settings within it, by name.
        properties: BTreeMap<String, LogStreamSetting> = "properties",
        /// Which of these must be given.
        required: Vec<String> = "required",
        /// What to say of one of these that does not fit.
        error_message: LogStreamMessages = "errorMessage",
    }
}

model! {
    /// What to say of settings that do not fit.
    pub struct LogStreamMessages {}
    read {
        /// The text for each setting.
        properties: Attributes = "properties",
    }
}

impl Schemas {
    /// Gives the schemas of all kinds of log streams, in one answer.
    ///
    /// Scope `okta.logStreams.read`.
    /// Okta: [`listLogStreamSchemas`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/#tag/Schema/operation/listLogStreamSchemas).
    ///
    /// # Errors
    /// 403 when the credential may not read them.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// for schema in okta.schemas().log_streams().await? {
    ///     println!("{:?} needs {:?}", schema.title, schema.required);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn log_streams(&self) -> Result<Vec<LogStreamSchema>> {
        self.client.request(Method::GET, "/api/v1/meta/schemas/logStream", []).json().await
    }

    /// The schema of one kind of log streams.
    ///
    /// Scope `okta.logStreams.read`.
    /// Okta: [`getLogStreamSchema`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Schema/#tag/Schema/operation/getLogStreamSchema).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such kind.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use okta_client::LogStreamType;
    ///
    /// let schema = okta.schemas().log_stream(LogStreamType::SplunkCloud).await?;
    /// # Ok(()) }
    /// ```
    pub async fn log_stream(&self, kind: LogStreamType) -> Result<LogStreamSchema> {
        let template = "/api/v1/meta/schemas/logStream/{logStreamType}";
        self.client.request(Method::GET, template, [kind.as_str()]).json().await
    }
}
