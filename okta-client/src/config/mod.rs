//! Settings from the environment and from files, by the names Okta's own SDKs use.

mod file;

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use rest_core::{RetryPolicy, reqwest};

use crate::auth::{ApiToken, Auth, BearerToken, ServiceApp, SigningKey};
use crate::config::file::{SettingsFile, canonical};
use crate::error::{Error, Result};
use crate::okta::{Okta, OktaBuilder, misaddressed};

// The first of each is how most of Okta's SDKs name it, then what others of them say.
const ORG: &[&str] = &["client.orgUrl", "client.oktaDomain"];
const TOKEN: &[&str] = &["client.token", "client.apiToken"];
const ACCESS_TOKEN: &[&str] = &["client.token", "client.accessToken", "client.oauth2.accessToken"];
const PRIVATE_KEY: &[&str] = &["client.privateKey", "client.jwk"];
const KEY_ID: &[&str] = &["client.privateKeyId", "client.kid", "client.keyId"];
const RETRIES: &[&str] = &["client.rateLimit.maxRetries", "client.maxRetries"];
const DISABLE_HTTPS_CHECK: &[&str] =
    &["testing.disableHttpsCheck", "testing.testingDisableHttpsCheck", "client.disableHttpsCheck"];

/// The longest time limit that makes sense, in seconds. Milliseconds are more than that.
const LONGEST: f64 = 3600.0;

/// Where settings come from; what comes first wins, name by name.
struct Settings {
    /// Sorted, so that of two spellings always the same one wins.
    variables: Vec<(String, String)>,
    files: Vec<SettingsFile>,
}

/// A setting, and where it was found.
struct Found {
    text: String,
    place: String,
    /// None for a variable.
    file: Option<PathBuf>,
}

impl Found {
    fn wrong(&self, what: &str) -> Error {
        Error::request(format!("{} {what}", self.place))
    }

    fn number(&self) -> Result<u32> {
        self.text.parse().map_err(|_| self.wrong("is not a whole number"))
    }

    fn port(&self) -> Result<u16> {
        let port = self.text.parse().ok().filter(|port| *port > 0);
        port.ok_or_else(|| self.wrong("is not a port: write a number from 1 to 65535"))
    }

    /// Okta's SDKs write 0 for a limit that is not set.
    fn seconds(&self) -> Result<Option<Duration>> {
        let seconds: Option<f64> =
            self.text.parse().ok().filter(|s: &f64| s.is_finite() && *s >= 0.0);
        let seconds = seconds.ok_or_else(|| self.wrong("is not a number of seconds"))?;
        if seconds > LONGEST {
            return Err(self.wrong(&format!(
                "is {seconds}, which would be more than an hour: time limits are in seconds, as most of \
                 Okta's SDKs read them; if these are the milliseconds of the one for .NET, write {}",
                seconds / 1000.0
            )));
        }
        Ok(Some(Duration::from_secs_f64(seconds)).filter(|limit| !limit.is_zero()))
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
    settings()?.builder()
}

/// The file that says which org, unless a variable does; without either the first one there is.
pub(crate) fn file() -> Result<Option<PathBuf>> {
    let settings = settings()?;
    Ok(match settings.find(ORG) {
        Some(found) => found.file,
        None => settings.files.first().map(|file| file.path().to_owned()),
    })
}

fn settings() -> Result<Settings> {
    let home = env::home_dir().map(|home| home.join(".okta").join("okta.yaml"));
    let paths = ["./okta.yaml", "./.okta.yaml"].map(PathBuf::from).into_iter().chain(home);
    let files = paths.filter_map(|path| SettingsFile::read(path).transpose());
    let files = files.collect::<Result<_>>()?;
    let variables =
        env::vars_os().filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?)));
    Ok(Settings::new(variables, files))
}

impl Settings {
    fn new(variables: impl Iterator<Item = (String, String)>, files: Vec<SettingsFile>) -> Self {
        let ours =
            |name: &str| name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("okta"));
        let mut variables: Vec<_> = variables.filter(|(name, _)| ours(name)).collect();
        variables.sort();
        Self { variables, files }
    }

    fn builder(&self) -> Result<OktaBuilder> {
        let mut builder = Okta::builder(self.org()?, self.auth()?);
        let connect = self.seconds("client.connectionTimeout")?;
        if let Some(timeout) = connect {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(timeout) = self.seconds("client.requestTimeout")? {
            builder = builder.attempt_timeout(timeout).patience(Duration::ZERO);
        }
        if let Some(retries) = self.find(RETRIES) {
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

    fn org(&self) -> Result<String> {
        let org = self.own(ORG, "the org's address, such as https://acme.okta.com")?;
        // Whether http is taken is settled when the client is built.
        match rest_core::base_url(&org.text, true).map(|url| misaddressed(&url)) {
            Ok(None) => Ok(org.text),
            Ok(Some(problem)) | Err(problem) => Err(org.wrong(&format!("is of no use: {problem}"))),
        }
    }

    fn auth(&self) -> Result<Auth> {
        let mode = self.find(&["client.authorizationMode"]);
        let token = |names| self.own(names, "the token").map(|found| found.text);
        match mode.as_ref().map_or("ssws".into(), |mode| mode.text.to_ascii_lowercase()).as_str() {
            "ssws" => Ok(ApiToken::new(token(TOKEN)?).into()),
            "bearer" | "bearertoken" => Ok(BearerToken::new(token(ACCESS_TOKEN)?).into()),
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
        let id = self.own(&["client.clientId"], "the service app's client id")?;
        let scopes = self.own(&["client.scopes"], "scopes such as okta.users.read")?;
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
            false => std::fs::read_to_string(from_home(&found.text)).map_err(|error| {
                found.wrong(&format!("is neither PEM nor JWK nor a file that can be read: {error}"))
            })?,
        };
        SigningKey::parse(&text)
            .map_err(|error| Error::request(format!("{}: {error}", found.place)))
    }

    fn proxy(&self) -> Result<Option<reqwest::Proxy>> {
        let part = |name| self.find(&[name]);
        let Some(host) = part("client.proxy.host") else {
            return match part("client.proxy.port") {
                Some(port) => {
                    Err(port.wrong("is set without a host: set client.proxy.host as well"))
                }
                None => Ok(None),
            };
        };
        let mut url = match host.text.contains("://") {
            true => host.text.clone(),
            false => format!("http://{}", host.text),
        };
        if let Some(port) = part("client.proxy.port") {
            url = format!("{}:{}", url.trim_end_matches('/'), port.port()?);
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

    fn seconds(&self, key: &str) -> Result<Option<Duration>> {
        self.find(&[key]).map_or(Ok(None), |found| found.seconds())
    }

    /// A setting that only the org can give: what a template left in its place is none.
    fn own(&self, keys: &[&str], what: &str) -> Result<Found> {
        let found = self.required(keys, what)?;
        match is_placeholder(&found.text) {
            true => Err(found.wrong(&format!("still holds a placeholder; set it to {what}"))),
            false => Ok(found),
        }
    }

    fn required(&self, keys: &[&str], what: &str) -> Result<Found> {
        self.find(keys).ok_or_else(|| {
            let variable = format!("OKTA_{}", keys[0].replace('.', "_").to_ascii_uppercase());
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
        let in_environment = keys.iter().flat_map(|key| {
            let wanted = canonical(&format!("okta.{key}"));
            let variables =
                self.variables.iter().filter(move |(name, _)| canonical(name) == wanted);
            variables.map(|(name, text)| Found {
                text: text.clone(),
                place: name.clone(),
                file: None,
            })
        });
        let in_files = self.files.iter().flat_map(|file| {
            keys.iter().filter_map(|key| {
                let (text, place) = file.get(&format!("okta.{key}"))?;
                Some(Found { text, place, file: Some(file.path().to_owned()) })
            })
        });
        let found = in_environment.chain(in_files);
        let mut trimmed = found.map(|found| Found { text: found.text.trim().to_owned(), ..found });
        trimmed.find(|found| !found.text.is_empty())
    }
}

/// What templates and READMEs show in place of a value.
fn is_placeholder(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let bare = text.trim_start_matches("https://").trim_start_matches("http://");
    let starts =
        ["your_", "your-okta", "yourokta", "your-api", "your-client", "replace_me", "changeme"];
    text.contains(['{', '}', '<', '>']) || starts.iter().any(|start| bare.starts_with(start))
}

/// `~/` at the start is the home directory, as in a shell.
fn from_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// As a client is made that has no proxy.
fn behind(proxy: reqwest::Proxy, connect: Option<Duration>) -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .proxy(proxy)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(connect.unwrap_or(Duration::from_secs(5)))
        .pool_idle_timeout(Duration::from_secs(4))
        .build()
        .map_err(|error| Error::request("the HTTP client cannot start").with_source(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODE: &str = "OKTA_CLIENT_AUTHORIZATIONMODE";

    /// The client's settings as `Debug` shows them, or the error.
    fn made(variables: &[(&str, &str)], files: &[&str]) -> std::result::Result<String, String> {
        let variables = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let parse = |(nth, text): (usize, &&str)| {
            SettingsFile::parse(PathBuf::from(format!("{nth}.yaml")), text).unwrap()
        };
        let files = files.iter().enumerate().map(parse).collect();
        let settings = Settings::new(variables, files);
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
                "okta.client.connectionTimeout in 0.yaml, line 5 is not a number of seconds",
            ),
            (
                vec![org, "authorizationMode: Basic"],
                "okta.client.authorizationMode in 0.yaml, line 4 is `Basic`; set it to SSWS, PrivateKey \
                 or Bearer",
            ),
            (
                vec![org, "token: x", "proxy: {host: p.example, port: high}"],
                "okta.client.proxy.port in 0.yaml, line 5 is not a port: write a number from 1 to 65535",
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

    #[test]
    fn names_are_read_as_each_of_oktas_sdks_writes_them() {
        for (variables, file) in [
            (
                &[("OKTA_CLIENT_OKTADOMAIN", "https://a.okta.com/"), ("OKTA_CLIENT_TOKEN", "t")][..],
                "",
            ),
            (&[("okta__client__OktaDomain", "a.okta.com"), ("OKTA_CLIENT_APITOKEN", "t")], ""),
            (&[], "okta: {client: {OktaDomain: 'https://a.okta.com', Token: t}}"),
            (&[], "Okta: {Client: {ORGURL: a.okta.com, token: t, unknown: {x: [1]}}}"),
            (&[], "x: &x {token: t}\nokta: {client: {<<: *x, org_url: a.okta.com}}"),
            (
                &[(MODE, "BearerToken")],
                "okta: {client: {orgUrl: a.okta.com, oauth2: {accessToken: t}}}",
            ),
        ] {
            let shown = made(variables, &[file]).unwrap();
            assert!(shown.contains("https://a.okta.com/"), "{shown}");
        }
    }

    #[test]
    fn a_template_that_nobody_filled_in_is_refused() {
        let place = "okta.client.orgUrl in 0.yaml, line 3 still holds a placeholder; set it to the \
                     org's address, such as https://acme.okta.com";
        for org in [
            "'{yourOktaDomain}'",
            "{yourOktaDomain}",
            "https://{yourOktaDomain}",
            "'https://{{yourOktaDomain}}'",
            "https://yourOktaDomain.okta.com",
            "https://<your-org>.okta.com",
        ] {
            let text = file(&[&format!("orgUrl: {org}"), "token: t"]);
            assert_eq!(made(&[], &[&text]).unwrap_err(), place, "{org}");
        }
        for token in ["'{apiToken}'", "YOUR_API_TOKEN", "'${TOKEN}'", "your-api-token"] {
            let text = file(&["orgUrl: a.okta.com", &format!("token: {token}")]);
            assert_eq!(
                made(&[], &[&text]).unwrap_err(),
                "okta.client.token in 0.yaml, line 4 still holds a placeholder; set it to the token"
            );
        }
    }

    #[test]
    fn an_address_that_is_not_the_apis_is_named_with_its_place() {
        for (org, part) in [
            (
                "https://acme-admin.okta.com",
                "line 3 is of no use: the -admin address is the console",
            ),
            (
                "https://acme.okta.com/api/v1",
                "line 3 is of no use: the calls add /api/v1 themselves",
            ),
            (
                "https://acme.okta.com/oauth2/default",
                "line 3 is of no use: an org's address has no path",
            ),
            ("acme.okta.com.com", "line 3 is of no use: the address ends in .com.com"),
            ("https://a b", "line 3 is of no use: the base address is not a URL"),
        ] {
            let error = made(&[], &[&file(&[&format!("orgUrl: {org}"), "token: t"])]).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn time_limits_are_seconds() {
        let with = |limit: &str| {
            let limit = format!("connectionTimeout: {limit}");
            made(&[], &[&file(&["orgUrl: a.okta.com", "token: t", &limit, "requestTimeout: 1.5"])])
        };
        for limit in ["30", "30.5", "0", "3600", "'30'"] {
            with(limit).unwrap();
        }
        assert_eq!(
            with("30000").unwrap_err(),
            "okta.client.connectionTimeout in 0.yaml, line 5 is 30000, which would be more than an hour: \
             time limits are in seconds, as most of Okta's SDKs read them; if these are the milliseconds \
             of the one for .NET, write 30"
        );
        for limit in ["-1", "nan", "inf", "1e400", "30s"] {
            assert!(with(limit).unwrap_err().ends_with("is not a number of seconds"), "{limit}");
        }
    }

    #[test]
    fn a_key_is_a_mapping_a_text_or_a_file() {
        let directory = env::temp_dir().join(format!("okta-config-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("key.json");
        std::fs::write(&path, jwk()).unwrap();
        let mapping =
            jwk().replace(['"', '{', '}'], "").replace(':', ": ").replace(',', "\n      ");
        for key in [
            format!("privateKey:\n      {mapping}"),
            format!("PrivateKey: {}", jwk().replace("\":", "\": ")),
            format!("privateKey: '{}'", jwk()),
            format!("privateKey: {}", path.display()),
        ] {
            let common = ["orgUrl: a.okta.com", "authorizationMode: PrivateKey", "clientId: 0oa1"];
            let text = file(&[&common[..], &["scopes: [a]", &key]].concat());
            let shown = made(&[], &[&text]).unwrap();
            assert!(shown.contains(r#"Some("from-jwk")"#), "{shown}");
        }
        std::fs::remove_dir_all(directory).unwrap();
        let home = env::home_dir().unwrap();
        assert_eq!(from_home("~/key.pem"), home.join("key.pem"));
        assert_eq!(from_home("/a/~/key.pem"), PathBuf::from("/a/~/key.pem"));
    }

    #[test]
    fn a_proxy_is_checked() {
        let with = |proxy: &str| made(&[], &[&file(&["orgUrl: a.okta.com", "token: t", proxy])]);
        with("proxy: {host: 'http://p.example/', port: 8080, username: u, password: hush}")
            .unwrap();
        for (proxy, part) in [
            ("proxy: {port: 8080}", "port in 0.yaml, line 5 is set without a host"),
            ("proxy: {host: p, port: 99999}", "is not a port"),
            ("proxy: {host: p, port: 0}", "is not a port"),
        ] {
            let error = with(proxy).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
