//! One test per endpoint of apps, and what is made of an app.

use futures::TryStreamExt;
use okta_client::app::{AppCredentials, AppPassword, OAuthClient, OAuthCredentials};
use okta_client::search::attr;
use okta_client::{AppStatus, Application, ExposeSecret, Secret, SignOnMode};
use serde_json::{Value, json};

use crate::support::*;

fn app() -> Value {
    json!({
        "id": "0oa1", "orn": "orn:okta:idp:1", "name": "template_swa", "label": "Wiki",
        "status": "ACTIVE", "created": "2026-01-02T03:04:05.000Z",
        "lastUpdated": "2026-01-02T03:04:05.000Z",
        "accessibility": {"selfService": false, "errorRedirectUrl": null, "loginRedirectUrl": null},
        "visibility": {"autoLaunch": false, "autoSubmitToolbar": false,
            "hide": {"iOS": false, "web": true}, "appLinks": {"login": true}},
        "features": [], "signOnMode": "BROWSER_PLUGIN",
        "credentials": {"scheme": "SHARED_USERNAME_AND_PASSWORD", "userName": "all",
            "userNameTemplate": {"template": "${source.login}", "type": "BUILT_IN"},
            "password": {}, "revealPassword": false, "signing": {}},
        "universalLogout": null, "profile": {"team": ["a", 1], "none": null},
        "settings": {
            "app": {"url": "https://wiki.example", "loginUrlRegex": null, "secretKey": "s3cret"},
            "notes": {"admin": null, "enduser": "hi"}, "implicitAssignment": false,
            "notifications": {"vpn": {"network": {"connection": "DISABLED"}, "message": null}},
            "ofTomorrow": {"x": [1.10]}},
        "newer": {"than": "this"},
        "_links": {"users": {"href": "https://acme.okta.com/api/v1/apps/0oa1/users"}}
    })
}

#[tokio::test]
async fn list_by_everything() {
    let org = Org::answers(json!([app(), app()])).await;
    let list = org.okta.apps().list().q("Wi").filter(attr("status").eq("ACTIVE")).page_size(50);
    let list = list.expand("user/00u1").use_optimization(true).include_non_deleted(true);
    let list = list.always_include_vpn_settings(false).limit(1);
    let apps: Vec<_> = list.stream().try_collect().await.unwrap();
    let query = [
        ("limit", "50"),
        ("q", "Wi"),
        ("filter", "status eq \"ACTIVE\""),
        ("expand", "user/00u1"),
        ("useOptimization", "true"),
        ("includeNonDeleted", "true"),
        ("alwaysIncludeVpnSettings", "false"),
    ];
    org.saw("GET /api/v1/apps", &query, Value::Null).await;
    assert_eq!(apps.len(), 1);
    assert_eq!(apps[0].status, Some(AppStatus::Active));
    let org = Org::answers(json!([])).await;
    assert!(org.okta.apps().list().stream().try_collect::<Vec<_>>().await.unwrap().is_empty());
    org.saw("GET /api/v1/apps", &[("limit", "200")], Value::Null).await;
}

#[tokio::test]
async fn list_those_of_a_group() {
    let org = Org::answers(json!([app()])).await;
    let list = org.okta.groups().apps("00g1").page_size(100);
    let apps: Vec<_> = list.stream().try_collect().await.unwrap();
    assert_eq!(serde_json::to_value(&apps).unwrap(), json!([app()]));
    org.saw("GET /api/v1/groups/00g1/apps", &[("limit", "100")], Value::Null).await;
}

#[tokio::test]
async fn get_and_try_get() {
    let org = Org::answers(app()).await;
    let wiki = org.okta.apps().get("0oa1").await.unwrap();
    org.saw("GET /api/v1/apps/0oa1", &[], Value::Null).await;
    assert_eq!((wiki.id.as_str(), wiki.label.as_deref()), ("0oa1", Some("Wiki")));
    assert_eq!(wiki.sign_on_mode, Some(SignOnMode::BrowserPlugin));
    let options = wiki.settings.as_ref().and_then(|settings| settings.app.as_ref()).unwrap();
    assert_eq!(options.text("url"), Some("https://wiki.example"));
    let shown = wiki.visibility.as_ref().unwrap();
    assert_eq!(shown.app_links.as_ref().unwrap().get::<bool>("login").unwrap(), Some(true));
    assert_eq!(wiki.profile.as_ref().unwrap().text("none"), None);
    let org = Org::answers(app()).await;
    org.okta.apps().get("0oa1").expand("user/00u1").await.unwrap();
    org.saw("GET /api/v1/apps/0oa1", &[("expand", "user/00u1")], Value::Null).await;
    let org = Org::refuses(404, "E0000007").await;
    assert!(org.okta.apps().get("0oa1").await.unwrap_err().is_not_found());
    assert_eq!(org.okta.apps().try_get("0oa1").await.unwrap(), None);
}

#[tokio::test]
async fn what_nobody_knows_yet_decodes() {
    for (mode, known) in [(json!(null), None), (json!("HOLOGRAM"), Some("HOLOGRAM"))] {
        let strange = json!({"id": "0oa1", "name": "deelhr_2", "signOnMode": mode, "label": null});
        let org = Org::answers(strange.clone()).await;
        let app = org.okta.apps().get("0oa1").await.unwrap();
        assert_eq!(app.sign_on_mode.as_ref().map(SignOnMode::as_str), known);
        assert_eq!(serde_json::to_value(&app).unwrap(), strange);
    }
    let org = Org::answers(json!({"name": "x"})).await;
    let error = org.okta.apps().get("0oa1").await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("missing field `id`"), "{cause}");
}

#[tokio::test]
async fn create_is_sent_once() {
    let org = Org::answers(app()).await;
    let bookmark = Application::bookmark("Wiki", "https://wiki.example");
    let create = org.okta.apps().create(&bookmark).activate(false).access_gateway_agent("oag/1");
    assert_eq!(create.await.unwrap().id.as_str(), "0oa1");
    let body = json!({"name": "bookmark", "label": "Wiki", "signOnMode": "BOOKMARK",
        "settings": {"app": {"url": "https://wiki.example", "requestIntegration": false}}});
    let request = org.saw("POST /api/v1/apps", &[("activate", "false")], body).await;
    assert_eq!(header(&request, "oktaaccessgateway-agent").as_deref(), Some("oag/1"));
    let org = Org::refuses(503, "E0000010").await;
    let error = org.okta.apps().create(&bookmark).await.unwrap_err();
    assert!(error.is_unclear() && error.to_string().contains("by its label"), "{error}");
    assert_eq!(org.requests().await.len(), 1);
}

#[test]
fn the_common_kinds_are_short_to_write() {
    let scim = Application::catalog("scim2testapp", "Ours");
    assert_eq!(
        serde_json::to_value(&scim).unwrap(),
        json!({"name": "scim2testapp", "label": "Ours"})
    );
    let saml = Application::saml("Ours", "https://a.example/acs", "urn:ours");
    let saml = serde_json::to_value(&saml).unwrap();
    assert_eq!((&saml["signOnMode"], saml.get("name")), (&json!("SAML_2_0"), None));
    let sign_on = &saml["settings"]["signOn"];
    for place in ["ssoAcsUrl", "recipient", "destination"] {
        assert_eq!(sign_on[place], "https://a.example/acs", "{place}");
    }
    for (name, on) in [
        ("responseSigned", true),
        ("assertionSigned", true),
        ("honorForceAuthn", true),
        ("requestCompressed", false),
        ("allowMultipleAcsEndpoints", false),
    ] {
        assert_eq!(sign_on[name], on, "{name}");
    }
    let oidc = Application::oidc("Ours", OAuthClient::web(["https://a.example/back"]));
    let expected = json!({"name": "oidc_client", "label": "Ours", "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"token_endpoint_auth_method": "client_secret_basic"}},
        "settings": {"oauthClient": {"application_type": "web", "response_types": ["code"],
            "grant_types": ["authorization_code"], "redirect_uris": ["https://a.example/back"]}}});
    assert_eq!(serde_json::to_value(&oidc).unwrap(), expected);
    let service = serde_json::to_value(OAuthClient::service()).unwrap();
    assert_eq!(service["grant_types"], json!(["client_credentials"]));
}

#[tokio::test]
async fn replace_loses_nothing() {
    let org = Org::answers(app()).await;
    let mut wiki = org.okta.apps().get("0oa1").await.unwrap().label("Handbook");
    let options = wiki.settings.as_mut().and_then(|settings| settings.app.as_mut()).unwrap();
    options.set("url", "https://handbook.example").unwrap();
    let org = Org::answers(app()).await;
    org.okta.apps().replace(&wiki.id, &wiki).await.unwrap();
    let mut expected = app();
    expected["label"] = json!("Handbook");
    expected["settings"]["app"]["url"] = json!("https://handbook.example");
    org.saw("PUT /api/v1/apps/0oa1", &[], expected).await;
}

#[tokio::test]
async fn delete_wants_an_inactive_app_and_may_be_repeated() {
    let org = Org::says_nothing().await;
    org.okta.apps().delete("0oa1").await.unwrap();
    org.saw("DELETE /api/v1/apps/0oa1", &[], Value::Null).await;
    let org = Org::refuses(500, "E0000009").await;
    org.okta.apps().delete("0oa1").await.unwrap_err();
    assert!(org.requests().await.len() > 1);
    let org = Org::refuses(403, "E0000056").await;
    let error = org.okta.apps().delete("0oa1").await.unwrap_err();
    assert!(error.is_forbidden() && error.to_string().contains("deactivate"), "{error}");
    assert_eq!(org.requests().await.len(), 1);
}

#[tokio::test]
async fn activate_and_deactivate() {
    let org = Org::answers(json!({})).await;
    org.okta.apps().activate("0oa1").await.unwrap();
    org.saw("POST /api/v1/apps/0oa1/lifecycle/activate", &[], Value::Null).await;
    let org = Org::answers(json!({})).await;
    org.okta.apps().deactivate("0oa1").await.unwrap();
    org.saw("POST /api/v1/apps/0oa1/lifecycle/deactivate", &[], Value::Null).await;
}

#[test]
fn no_secret_of_an_app_is_shown() {
    let oauth = OAuthCredentials::default().client_secret("cl1ent").client_id("0oa1");
    let shared = AppPassword::default().value("passw0rd");
    let given = AppCredentials::default().oauth_client(oauth).password(shared);
    let wiki: Application = serde_json::from_value(app()).unwrap();
    let text = format!("{:?}", wiki.credentials(given.clone()));
    for secret in ["cl1ent", "passw0rd", "s3cret"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains("secretKey") && text.contains("0oa1"), "{text}");
    let sent = serde_json::to_value(&given).unwrap();
    assert_eq!(sent["oauthClient"]["client_secret"], "cl1ent");
    let back: AppCredentials = serde_json::from_value(sent).unwrap();
    let password = back.password.and_then(|password| password.value);
    assert_eq!(password.as_ref().map(Secret::expose_secret), Some("passw0rd"));
}

#[tokio::test]
async fn app_links() {
    let link = json!({"id": "00u1", "label": "Wiki", "linkUrl": "https://x.example/1",
        "logoUrl": "https://x.example/1.png", "appName": "wiki", "appInstanceId": "0oa1",
        "appAssignmentId": "0ua1", "credentialsSetup": false, "hidden": false, "sortOrder": 0});
    let org = Org::answers(json!([link])).await;
    let links = org.okta.users().app_links("00u1").await.unwrap();
    org.saw("GET /api/v1/users/00u1/appLinks", &[], Value::Null).await;
    assert_eq!(links[0].app_instance_id.as_ref().map(|id| id.as_str()), Some("0oa1"));
    assert_eq!(links[0].sort_order, Some(0));
}
