//! One test per endpoint of log-stream schemas.

use okta_client::LogStreamType;
use serde_json::{Value, json};

use crate::support::*;

fn splunk() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://acme.okta.com/api/v1/meta/schemas/logStream/splunk_cloud_logstreaming",
        "title": "Splunk Cloud", "type": "object",
        "properties": {
            "name": {"title": "Name", "type": "string", "writeOnce": false, "pattern": "^.{1,100}$"},
            "settings": {"type": "object", "description": "Settings",
                "properties": {"edition": {"title": "Edition", "type": "string", "writeOnce": true,
                    "oneOf": [{"title": "AWS", "const": "aws"}]}},
                "required": ["edition"],
                "errorMessage": {"properties": {"edition": "Choose one."}}}},
        "required": ["name", "settings"], "errorMessage": {"properties": {"name": "Too long."}},
        "_links": {}
    })
}

#[tokio::test]
async fn schemas_of_log_streams_are_listed_and_read() {
    let org = Org::answers(json!([splunk()])).await;
    let schemas = org.okta.schemas().log_streams().await.unwrap();
    org.saw("GET /api/v1/meta/schemas/logStream", &[], Value::Null).await;
    assert_eq!(serde_json::to_value(&schemas).unwrap(), json!([splunk()]));
    let org = Org::answers(splunk()).await;
    let schema = org.okta.schemas().log_stream(LogStreamType::SplunkCloud).await.unwrap();
    let line = "GET /api/v1/meta/schemas/logStream/splunk_cloud_logstreaming";
    org.saw(line, &[], Value::Null).await;
    assert_eq!(schema, schemas[0]);
    assert_eq!(schema.required.as_ref().unwrap(), &["name", "settings"]);
    let messages = schema.error_message.unwrap().properties.unwrap();
    assert_eq!(messages.get::<String>("name").unwrap().as_deref(), Some("Too long."));
    let settings = &schema.properties.as_ref().unwrap()["settings"];
    let edition = &settings.properties.as_ref().unwrap()["edition"];
    assert_eq!((edition.kind.as_deref(), edition.write_once), (Some("string"), Some(true)));
    let choices = edition.choices.as_ref().unwrap();
    assert_eq!(choices[0].title.as_deref(), Some("AWS"));
    assert_eq!(choices[0].value, Some(json!("aws")));
}
