//! A user as Okta answers it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::model;
use crate::profile::Profile;
use crate::resource::resource;
use crate::value::{DateTime, Lazy, UserId, UserTypeId};

rest_core::open_enum! {
    /// Where a user stands in the life cycle.
    /// <https://developer.okta.com/docs/concepts/user-lifecycle/>
    pub enum UserStatus {
        /// Created, not activated.
        Staged = "STAGED",
        /// Activated, waits for the person to finish.
        Provisioned = "PROVISIONED",
        /// In use.
        Active = "ACTIVE",
        /// Resetting the password.
        Recovery = "RECOVERY",
        /// Must change the password at the next sign-in.
        PasswordExpired = "PASSWORD_EXPIRED",
        /// Too many failed sign-ins.
        LockedOut = "LOCKED_OUT",
        /// Suspended by an administrator; keeps its assignments.
        Suspended = "SUSPENDED",
        /// Deactivated: can be deleted, or activated again.
        Deprovisioned = "DEPROVISIONED",
        /// Being activated.
        Activating = "ACTIVATING",
    }
}

resource! {
    /// A user. `P` is the profile: open attributes by default, or a struct of your own.
    ///
    /// What is null or unknown to this crate is written back as it came.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/>
    pub struct User<P = Profile> {
        /// The user's id.
        id: UserId,
        /// The profile.
        profile: P,
        /// Where the user stands in the life cycle.
        status: UserStatus = "status",
        /// The status that a running activation or deactivation leads to.
        transitioning_to_status: UserStatus = "transitioningToStatus",
        /// When the user was created.
        created: DateTime = "created",
        /// When the activation began; null in Okta for users that never were activated.
        activated: DateTime = "activated",
        /// When the status last changed.
        status_changed: DateTime = "statusChanged",
        /// When the user last signed in.
        last_login: DateTime = "lastLogin",
        /// When the user last changed in any way.
        last_updated: DateTime = "lastUpdated",
        /// When the password last changed.
        password_changed: DateTime = "passwordChanged",
        /// The user's type.
        user_type: UserTypeRef = "type",
        /// The realm that the user lives in, in orgs with realms.
        realm_id: String = "realmId",
        /// How the user signs in; text until asked for.
        credentials: Lazy<Credentials> = "credentials",
        /// What can be done with the user now; complete only on a single user. Text until asked for.
        links: Lazy<Links> = "_links",
        /// What `expand` asked for; text until asked for.
        embedded: Lazy<serde_json::Value> = "_embedded",
    }
}

model! {
    /// Refers to a user type.
    pub struct UserTypeRef[id: UserTypeId] {}
}

/// Links by relation; one relation may have several.
pub type Links = BTreeMap<String, OneOrMany>;

/// One link, or a list of them: Okta gives either.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// A single link.
    One(Link),
    /// Several links of the relation.
    Many(Vec<Link>),
}

/// A link of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Link {
    /// Where it leads.
    pub href: String,
    /// The method to call it with, when that is not GET.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Tells links of one relation apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The media type behind it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

model! {
    /// How a user signs in, as Okta answers it: never a secret.
    pub struct Credentials {}
    read {
        /// Present when a password is set; always empty.
        password: serde_json::Map<String, serde_json::Value> = "password",
        /// The addresses of the account.
        emails: Vec<CredentialEmail> = "emails",
        /// The question for self-service recovery.
        recovery_question: RecoveryQuestion = "recovery_question",
        /// Who checks the password.
        provider: Provider = "provider",
    }
}

rest_core::open_enum! {
    /// Who checks a user's password.
    pub enum ProviderType {
        /// Okta.
        Okta = "OKTA",
        /// Active Directory.
        ActiveDirectory = "ACTIVE_DIRECTORY",
        /// LDAP.
        Ldap = "LDAP",
        /// An identity provider.
        Federation = "FEDERATION",
        /// A social account.
        Social = "SOCIAL",
        /// Imported with a hashed password.
        Import = "IMPORT",
    }
}

model! {
    /// Who checks a user's password.
    pub struct Provider {
        /// The kind of provider.
        kind: ProviderType = "type",
        /// Its name.
        name: String = "name",
    }
}

impl Provider {
    /// A provider by kind and name.
    pub fn new(kind: ProviderType, name: impl Into<String>) -> Self {
        Self::default().kind(kind).name(name)
    }
}

model! {
    /// An address of an account.
    pub struct CredentialEmail {}
    read {
        /// The address.
        value: String = "value",
        /// Such as `VERIFIED`.
        status: String = "status",
        /// `PRIMARY` or `SECONDARY`.
        kind: String = "type",
    }
}

model! {
    /// The question for self-service recovery; its answer is never given.
    pub struct RecoveryQuestion {}
    read {
        /// The question.
        question: String = "question",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn full() -> Value {
        json!({
            "id": "00u1", "status": "NEW_STATUS", "created": "2020-08-27T18:14:11.000Z", "activated": null,
            "statusChanged": null, "lastLogin": null, "lastUpdated": "2026-03-25T13:45:47Z",
            "passwordChanged": null, "type": {"id": "oty1", "new": [1]}, "realmId": "guo1",
            "profile": {"login": "ada@x", "badge": 7, "secondEmail": null, "tags": ["a"]},
            "credentials": {"password": {}, "provider": {"type": "NEW", "name": null, "new": 2},
                "recovery_question": {"question": "q", "new": 3}, "emails": [{"new": 4}], "new": 1},
            "_links": {"self": {"href": "https://x"}, "logo": [{"href": "a"}, {"href": "b"}]}
        })
    }

    #[test]
    fn keeps_unknown_values_nulls_and_custom_attributes() {
        let user: User = serde_json::from_value(full()).unwrap();
        assert_eq!(user.status, Some(UserStatus::Unknown("NEW_STATUS".into())));
        assert_eq!(user.profile.get::<u8>("badge").unwrap(), Some(7));
        assert_eq!(user.created.as_ref().unwrap().timestamp().unwrap().as_second(), 1_598_552_051);
        let credentials = user.credentials.as_ref().unwrap().get().unwrap();
        assert_eq!(serde_json::to_value(&credentials).unwrap(), full()["credentials"]);
        assert_eq!(credentials.provider.unwrap().kind, Some(ProviderType::from("NEW")));
        assert_eq!(user.links.as_ref().unwrap().get().unwrap().len(), 2);
        assert_eq!(serde_json::to_value(&user).unwrap(), full());
    }

    #[test]
    fn null_and_absent_decode_everywhere_but_in_the_id() {
        let mut nulls = full();
        for (name, value) in nulls.as_object_mut().unwrap() {
            if name != "id" {
                *value = Value::Null;
            }
        }
        for text in [json!({"id": "00u1"}), nulls] {
            let user: User = serde_json::from_value(text).unwrap();
            assert!(user.status.is_none() && user.profile.is_empty() && user.links.is_none());
        }
        assert!(serde_json::from_value::<User>(json!({"id": null})).is_err());
    }

    #[test]
    fn a_null_profile_stays_null_until_it_is_filled() {
        let came = json!({"id": "00u1", "profile": null});
        let mut user: User = serde_json::from_value(came.clone()).unwrap();
        assert_eq!(serde_json::to_value(&user).unwrap(), came);
        user.profile = user.profile.with("login", "ada");
        assert_eq!(serde_json::to_value(&user).unwrap()["profile"], json!({"login": "ada"}));
        let user: User<Value> = serde_json::from_value(came.clone()).unwrap();
        assert_eq!(serde_json::to_value(&user).unwrap(), came);
    }

    #[test]
    fn a_profile_struct_of_ones_own() {
        #[derive(Deserialize)]
        struct Staff {
            login: String,
            badge: Option<u32>,
        }
        let user: User<Staff> = serde_json::from_value(full()).unwrap();
        assert_eq!((user.profile.login.as_str(), user.profile.badge), ("ada@x", Some(7)));
        let user: User<Option<Staff>> = serde_json::from_value(json!({"id": "00u1"})).unwrap();
        assert!(user.profile.is_none());
    }
}
