//! Settings from the environment and from files, by the names Okta's own SDKs use.

mod file;

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use rest_core::{RetryPolicy, reqwest};

use crate::auth::{ApiToken, Auth, BearerToken, ServiceApp, SigningKey};
use crate::config::file::SettingsFile;
use crate::error::{Error, Result};
use crate::okta::{Okta, OktaBuilder};

type Variable<'v> = &'v dyn Fn(&str) -> Option<String>;

const PRIVATE_KEY: &[&str] = &["client.privateKey", "client.jwk"];
const KEY_ID: &[&str] = &["client.privateKeyId", "client.kid"];
const DISABLE_HTTPS_CHECK: &[&str] =
    &["testing.disableHttpsCheck", "testing.testingDisableHttpsCheck"];

/// Where settings come from; what comes first wins, name by name.
struct Settings<'v> {
    variable: Variable<'v>,
    files: Vec<SettingsFile>,
}

/// A setting, and where it was found.
struct Found {
    text: String,
    place: String,
}

impl Found {
    fn wrong(&self, what: &str) -> Error {
        Error::request(format!("{} {what}", self.place))
    }

    fn number(&self) -> Result<u32> {
        self.text.parse().map_err(|_| self.wrong("is not a whole number"))
    }

    fn flag(&self) -> Result<bool> {
        match self.text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Ok(true),
            "false" | "0" | "no" => Ok(false),
            _ => Err(self.wrong("is neither true nor false")),
        }
    }
}

/// A client as this process is told to make one.
pub(crate) fn builder() -> Result<OktaBuilder> {
    let home = env::home_dir().map(|home| home.join(".okta").join("okta.yaml"));
    let paths = ["./okta.yaml", "./.okta.yaml"].map(PathBuf::from).into_iter().chain(home);
    let files = paths.filter_map(|path| SettingsFile::read(path).transpose());
    let files = files.collect::<Result<_>>()?;
    Settings { variable: &|name| env::var(name).ok(), files }.builder()
}

impl Settings<'_> {
    fn builder(&self) -> Result<OktaBuilder> {
        let org = "the org's address, such as https://acme.okta.com";
        let org = self.required(&["client.orgUrl"], org)?;
        let mut builder = Okta::builder(org.text, self.auth()?);
        let connect = self.seconds("client.connectionTimeout")?;
        if let Some(timeout) = connect {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(timeout) = self.seconds("client.requestTimeout")? {
            builder = builder.attempt_timeout(timeout).patience(Duration::ZERO);
        }
        if let Some(retries) = self.find(&["client.rateLimit.maxRetries"]) {
            let attempts = retries.number()?.saturating_add(1);
            builder = builder.retry(RetryPolicy::default().max_attempts(attempts));
        }
        if let Some(found) = self.find(DISABLE_HTTPS_CHECK) {
            builder = builder.allow_http(found.flag()?);
        }
        Ok(match self.proxy()? {
            Some(proxy) => builder.http_client(behind(proxy, connect)?),
            None => builder,
        })
    }

    fn auth(&self) -> Result<Auth> {
        let mode = self.find(&["client.authorizationMode"]);
        let token = || self.required(&["client.token"], "the token").map(|found| found.text);
        match mode.as_ref().map_or("ssws".into(), |mode| mode.text.to_ascii_lowercase()).as_str() {
            "ssws" => Ok(ApiToken::new(token()?).into()),
            "bearer" => Ok(BearerToken::new(token()?).into()),
            "privatekey" | "jwk" => self.service_app().map(Auth::from),
            _ => Err(mode.map_or_else(
                || Error::request("no authorization mode"),
                |mode| {
                    let text = &mode.text;
                    mode.wrong(&format!("is `{text}`; set it to SSWS, PrivateKey or Bearer"))
                },
            )),
        }
    }

    fn service_app(&self) -> Result<ServiceApp> {
        let id = self.required(&["client.clientId"], "the service app's client id")?;
        let scopes = self.required(&["client.scopes"], "scopes such as okta.users.read")?;
        let mut key = self.private_key()?;
        if let Some(key_id) = self.find(KEY_ID) {
            key = key.key_id(key_id.text);
        }
        let scopes = scopes.text.split([' ', ',', '\n']).filter(|scope| !scope.is_empty());
        let app = ServiceApp::builder(id.text, key).scopes(scopes);
        Ok(match self.find(&["client.dpopEnabled"]) {
            // Off is the default of those who have this name; an app that requires it works all the same.
            Some(found) if found.flag()? => app.dpop(true).build(),
            _ => app.build(),
        })
    }

    fn private_key(&self) -> Result<SigningKey> {
        let what = "the private key as PEM or JWK, or the path of its file";
        let found = self.required(PRIVATE_KEY, what)?;
        let is_key = found.text.starts_with('{') || found.text.contains("-----BEGIN");
        let text = match is_key {
            true => found.text.clone(),
            false => std::fs::read_to_string(&found.text).map_err(|error| {
                found.wrong(&format!("is neither PEM nor JWK nor a file that can be read: {error}"))
            })?,
        };
        SigningKey::parse(&text)
            .map_err(|error| Error::request(format!("{}: {error}", found.place)))
    }

    fn proxy(&self) -> Result<Option<reqwest::Proxy>> {
        let part = |name| self.find(&[name]);
        let Some(host) = part("client.proxy.host") else { return Ok(None) };
        let mut url = match host.text.contains("://") {
            true => host.text.clone(),
            false => format!("http://{}", host.text),
        };
        if let Some(port) = part("client.proxy.port") {
            url = format!("{url}:{}", port.number()?);
        }
        let proxy =
            reqwest::Proxy::all(url).map_err(|_| host.wrong("is not the name of a host"))?;
        Ok(Some(match (part("client.proxy.username"), part("client.proxy.password")) {
            (None, None) => proxy,
            (user, password) => {
                let text = |found: Option<Found>| found.map(|found| found.text).unwrap_or_default();
                proxy.basic_auth(&text(user), &text(password))
            }
        }))
    }

    /// Okta's SDKs write 0 for a limit that is not set.
    fn seconds(&self, key: &str) -> Result<Option<Duration>> {
        let seconds = self.find(&[key]).map(|found| found.number()).transpose()?;
        Ok(seconds.filter(|seconds| *seconds > 0).map(|s| Duration::from_secs(s.into())))
    }

    fn required(&self, keys: &[&str], what: &str) -> Result<Found> {
        self.find(keys).ok_or_else(|| {
            let [variable, _] = variables(keys[0]);
            let files: Vec<_> = self.files.iter().map(|f| f.path().display().to_string()).collect();
            Error::request(match files.is_empty() {
                true => format!("{variable} is not set; set it to {what}"),
                false => format!(
                    "{variable} is not set, nor is okta.{} in {}; set it to {what}",
                    keys[0],
                    files.join(" or ")
                ),
            })
        })
    }

    fn find(&self, keys: &[&str]) -> Option<Found> {
        let names = keys.iter().flat_map(|key| variables(key));
        let in_environment = |name: String| {
            let text = (self.variable)(&name)?;
            Some(Found { text, place: name })
        };
        let in_files = self.files.iter().flat_map(|file| {
            keys.iter().filter_map(|key| {
                let (text, place) = file.get(&format!("okta.{key}"))?;
                Some(Found { text: text.to_owned(), place })
            })
        });
        let found = names.filter_map(in_environment).chain(in_files);
        let mut trimmed = found.map(|found| Found { text: found.text.trim().to_owned(), ..found });
        trimmed.find(|found| !found.text.is_empty())
    }
}

/// The names of a key in the environment: Okta's SDKs differ in whether a capital begins a new word.
fn variables(key: &str) -> [String; 2] {
    let words = key.chars().flat_map(|c| {
        let new_word = c.is_ascii_uppercase().then_some('_');
        new_word.into_iter().chain([c])
    });
    [key.to_owned(), words.collect()]
        .map(|name| format!("OKTA_{}", name.replace('.', "_").to_ascii_uppercase()))
}

/// As a client is made that has no proxy.
fn behind(proxy: reqwest::Proxy, connect: Option<Duration>) -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .proxy(proxy)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(connect.unwrap_or(Duration::from_secs(5)))
        .pool_idle_timeout(Duration::from_secs(30))
        .build()
        .map_err(|error| Error::request("the HTTP client cannot start").with_source(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODE: &str = "OKTA_CLIENT_AUTHORIZATIONMODE";

    /// The client's settings as `Debug` shows them, or the error.
    fn made(variables: &[(&str, &str)], files: &[&str]) -> std::result::Result<String, String> {
        let variable =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let parse = |(nth, text): (usize, &&str)| {
            SettingsFile::parse(PathBuf::from(format!("{nth}.yaml")), text).unwrap()
        };
        let files = files.iter().enumerate().map(parse).collect();
        let settings = Settings { variable: &variable, files };
        let built = settings.builder().and_then(|builder| builder.build());
        built.map(|okta| format!("{okta:?}")).map_err(|error| error.to_string())
    }

    fn file(lines: &[&str]) -> String {
        format!("okta:\n  client:\n    {}\n", lines.join("\n    "))
    }

    fn jwk() -> String {
        let key = r#"{"kty":"EC","crv":"P-256","kid":"from-jwk",
            "d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
            "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;
        key.replace(['\n', ' '], "")
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let org = ("OKTA_CLIENT_ORGURL", "https://acme.okta.com");
        let private = [org, (MODE, "PrivateKey"), ("OKTA_CLIENT_CLIENTID", "0oa1")];
        let with = |name, value| [&private[..], &[(name, value)]].concat();
        let scopes = with("OKTA_CLIENT_SCOPES", "okta.users.read");
        for (variables, part) in [
            (vec![], "OKTA_CLIENT_ORGURL is not set; set it to the org's address"),
            (vec![org], "OKTA_CLIENT_TOKEN is not set"),
            (vec![org, ("OKTA_CLIENT_TOKEN", "  ")], "OKTA_CLIENT_TOKEN is not set"),
            (vec![org, (MODE, "Basic")], "OKTA_CLIENT_AUTHORIZATIONMODE is `Basic`"),
            (vec![org, (MODE, "PrivateKey")], "OKTA_CLIENT_CLIENTID is not set"),
            (private.to_vec(), "OKTA_CLIENT_SCOPES is not set"),
            (scopes.clone(), "OKTA_CLIENT_PRIVATEKEY is not set"),
            (
                [&scopes[..], &[("OKTA_CLIENT_PRIVATEKEY", "/nowhere/key.pem")]].concat(),
                "OKTA_CLIENT_PRIVATEKEY is neither",
            ),
            (
                [&scopes[..], &[("OKTA_CLIENT_JWK", "{\"kty\": \"oct\"}")]].concat(),
                "OKTA_CLIENT_JWK: the JWK's kty is `oct`",
            ),
        ] {
            let error = made(&variables, &[]).unwrap_err();
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn errors_name_the_file_the_key_and_the_line() {
        let org = "orgUrl: acme.okta.com";
        for (lines, error) in [
            (
                vec![org],
                "OKTA_CLIENT_TOKEN is not set, nor is okta.client.token in 0.yaml; set it to the token",
            ),
            (
                vec![org, "token: x", "connectionTimeout: soon"],
                "okta.client.connectionTimeout in 0.yaml, line 5 is not a whole number",
            ),
            (
                vec![org, "authorizationMode: Basic"],
                "okta.client.authorizationMode in 0.yaml, line 4 is `Basic`; set it to SSWS, PrivateKey \
                 or Bearer",
            ),
            (
                vec![org, "token: x", "proxy: {host: p.example, port: high}"],
                "okta.client.proxy.port in 0.yaml, line 5 is not a whole number",
            ),
        ] {
            assert_eq!(made(&[], &[&file(&lines)]).unwrap_err(), error);
        }
    }

    #[test]
    fn the_environment_comes_before_the_near_file_and_that_before_the_far_one() {
        let org = |url: &str| format!("orgUrl: {url}");
        let (near, far) =
            (file(&[&org("near.okta.com")]), file(&[&org("far.okta.com"), "token: t"]));
        let variable = [("OKTA_CLIENT_ORG_URL", "env.okta.com")];
        for (variables, files, host) in [
            (&variable[..], vec![&*near, &*far], "env.okta.com"),
            (&[], vec![&*near, &*far], "near.okta.com"),
            (&[], vec![&*far], "far.okta.com"),
        ] {
            let shown = made(variables, &files).unwrap();
            assert!(shown.contains(host), "{host}: {shown}");
        }
    }

    #[test]
    fn a_service_app_comes_from_a_file_as_well() {
        let key = format!("privateKey: '{}'", jwk());
        let lines = |more: &[&'static str]| -> Vec<String> {
            let common =
                ["orgUrl: acme.okta.com", "authorizationMode: PrivateKey", "clientId: 0oa1"];
            let more = common.iter().chain(more).map(|line| (*line).to_owned());
            more.chain([key.clone()]).collect()
        };
        for (more, parts) in [
            (
                &["scopes: [a, b]"][..],
                [r#"scopes: ["a", "b"]"#, r#"Some("from-jwk")"#, "WhenAsked"],
            ),
            (&["scopes: a b", "kid: k2"], [r#"scopes: ["a", "b"]"#, r#"Some("k2")"#, "WhenAsked"]),
            (
                &["scopes: 'a,b'", "privateKeyId: k3", "dpopEnabled: true"],
                [r#"scopes: ["a", "b"]"#, r#"Some("k3")"#, "Required"],
            ),
        ] {
            let lines = lines(more);
            let text = file(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            let shown = made(&[], &[&text]).unwrap();
            assert!(parts.iter().all(|part| shown.contains(part)), "{shown}");
            assert!(!shown.contains("870MB6"), "{shown}");
        }
    }

    #[test]
    fn http_is_taken_only_where_the_check_is_disabled() {
        let variables = [("OKTA_CLIENT_ORGURL", "http://okta.test"), ("OKTA_CLIENT_TOKEN", "t")];
        assert!(made(&variables, &[]).unwrap_err().contains("in the clear"));
        let disabled = [&variables[..], &[("OKTA_TESTING_DISABLE_HTTPS_CHECK", "true")]].concat();
        made(&disabled, &[]).unwrap();
        made(&variables, &["okta: {testing: {disableHttpsCheck: true}}"]).unwrap();
    }

    #[test]
    fn no_token_shows_in_debug() {
        let org = ("OKTA_CLIENT_ORGURL", "acme.okta.com");
        for mode in ["SSWS", "bearer"] {
            let shown = made(&[org, ("OKTA_CLIENT_TOKEN", "00secret"), (MODE, mode)], &[]).unwrap();
            assert!(!shown.contains("00secret"), "{shown}");
        }
    }
}
