//! Settings from the environment, by the names Okta's own SDKs use.

use crate::auth::{ApiToken, Auth, BearerToken, ServiceApp, SigningKey};
use crate::error::{Error, Result};

type Read<'r> = &'r dyn Fn(&str) -> Option<String>;

pub(crate) fn org(read: Read<'_>) -> Result<String> {
    required(read, "OKTA_CLIENT_ORGURL", "the org's address, such as https://acme.okta.com")
}

pub(crate) fn auth(read: Read<'_>) -> Result<Auth> {
    let mode = value(read, "OKTA_CLIENT_AUTHORIZATIONMODE").unwrap_or_else(|| "SSWS".into());
    let token = || required(read, "OKTA_CLIENT_TOKEN", "the token");
    match mode.to_ascii_lowercase().as_str() {
        "ssws" => Ok(ApiToken::new(token()?).into()),
        "bearer" => Ok(BearerToken::new(token()?).into()),
        "privatekey" => service_app(read).map(Auth::from),
        _ => Err(Error::request(format!(
            "OKTA_CLIENT_AUTHORIZATIONMODE is `{mode}`; set it to SSWS, PrivateKey or Bearer"
        ))),
    }
}

fn service_app(read: Read<'_>) -> Result<ServiceApp> {
    let id = required(read, "OKTA_CLIENT_CLIENTID", "the service app's client id")?;
    let scopes = required(read, "OKTA_CLIENT_SCOPES", "scopes such as okta.users.read")?;
    let mut key = private_key(read)?;
    if let Some(key_id) = value(read, "OKTA_CLIENT_PRIVATEKEYID") {
        key = key.key_id(key_id);
    }
    let scopes = scopes.split([' ', ',']).filter(|scope| !scope.is_empty());
    Ok(ServiceApp::builder(id, key).scopes(scopes).build())
}

fn private_key(read: Read<'_>) -> Result<SigningKey> {
    const NAME: &str = "OKTA_CLIENT_PRIVATEKEY";
    let text = required(read, NAME, "the private key as PEM or JWK, or the path of its file")?;
    let text = match text.trim_start().starts_with(['-', '{']) {
        true => text,
        false => std::fs::read_to_string(&text).map_err(|error| {
            Error::request(format!(
                "{NAME} is neither PEM nor JWK nor a file that can be read: {error}"
            ))
        })?,
    };
    SigningKey::parse(&text).map_err(|error| Error::request(format!("{NAME}: {error}")))
}

fn required(read: Read<'_>, name: &str, what: &str) -> Result<String> {
    value(read, name).ok_or_else(|| Error::request(format!("{name} is not set; set it to {what}")))
}

fn value(read: Read<'_>, name: &str) -> Option<String> {
    read(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth_of(pairs: &[(&str, &str)]) -> std::result::Result<String, String> {
        let read = |name: &str| {
            pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        match auth(&read) {
            Ok(auth) => Ok(format!("{auth:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let mode = "OKTA_CLIENT_AUTHORIZATIONMODE";
        for (pairs, name) in [
            (&[][..], "OKTA_CLIENT_TOKEN is not set"),
            (&[("OKTA_CLIENT_TOKEN", "  ")], "OKTA_CLIENT_TOKEN is not set"),
            (&[(mode, "Basic")], "OKTA_CLIENT_AUTHORIZATIONMODE is `Basic`"),
            (&[(mode, "PrivateKey")], "OKTA_CLIENT_CLIENTID is not set"),
            (
                &[(mode, "PrivateKey"), ("OKTA_CLIENT_CLIENTID", "0oa1")],
                "OKTA_CLIENT_SCOPES is not set",
            ),
            (
                &[
                    (mode, "PrivateKey"),
                    ("OKTA_CLIENT_CLIENTID", "0oa1"),
                    ("OKTA_CLIENT_SCOPES", "okta.users.read"),
                    ("OKTA_CLIENT_PRIVATEKEY", "/nowhere/key.pem"),
                ],
                "OKTA_CLIENT_PRIVATEKEY is neither",
            ),
        ] {
            assert!(auth_of(pairs).unwrap_err().contains(name), "{name}: {:?}", auth_of(pairs));
        }
    }

    #[test]
    fn no_token_shows_in_debug() {
        let shown = auth_of(&[("OKTA_CLIENT_TOKEN", "00secret")]).unwrap();
        assert!(!shown.contains("00secret"), "{shown}");
        assert!(
            auth_of(&[("OKTA_CLIENT_TOKEN", "x"), ("OKTA_CLIENT_AUTHORIZATIONMODE", "bearer")])
                .is_ok()
        );
    }
}
