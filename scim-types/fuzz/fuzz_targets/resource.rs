#![no_main]
//! What is decoded can be written, and is decoded again as the same.

use libfuzzer_sys::fuzz_target;
use scim_types::schema::{Purpose, Schema, Schemas};
use scim_types::{
    BulkRequest, Error, Group, ListResponse, Mode, SearchRequest, ServiceProviderConfig, User,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fuzz_target!(|text: &str| {
    again::<User>(text);
    again::<Group>(text);
    again::<Schema>(text);
    again::<Error>(text);
    again::<ListResponse<User>>(text);
    again::<BulkRequest>(text);
    again::<SearchRequest>(text);
    again::<ServiceProviderConfig>(text);
    if let Ok(value) = serde_json::from_str(text) {
        Schemas::user().validate(&value, Purpose::Create, Mode::Strict);
        Schemas::group().validate(&value, Purpose::Response, Mode::Tolerant);
    }
});

fn again<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(text: &str) {
    let Ok(read) = serde_json::from_str::<T>(text) else { return };
    let written = serde_json::to_string(&read).expect("what was read can be written");
    assert_eq!(serde_json::from_str::<T>(&written).expect("what was written can be read"), read);
}
