//! Apps of every kind.

use okta_client::app::{
    Accessibility, AcsEndpoint, AppCredentials, AppOptions, AppPassword, AppSettings,
    AttributeStatement, CredentialScheme, EndpointAuth, Hide, IdpInitiatedLogin, JsonWebKey,
    JsonWebKeySet, Licensing, Network, Notes, Notifications, OAuthClient, OAuthCredentials,
    ParticipateSlo, RefreshToken, SignOnSettings, SingleLogout, SpCertificate, UniversalLogout,
    UserNameTemplate, Visibility, Vpn,
};
use okta_client::search::attr;
use okta_client::{Application, Attributes, SignOnMode};

use crate::drive::Drive;

const APP: &str = "0oa1gjh63g214q0Hq0g4";

pub(crate) async fn drive(drive: &mut Drive) {
    listings(drive).await;
    let apps = drive.okta.apps();
    for (kind, app) in kinds() {
        drive.call(format!("create an app: {kind}"), apps.create(&app)).await;
        // Okta chooses the mode when it creates the app; one that is replaced has it.
        if app.sign_on_mode.is_some() {
            drive.call(format!("replace an app: {kind}"), apps.replace(APP, &app)).await;
        }
    }
    let bookmark = Application::bookmark("Wiki", "https://wiki.example");
    let request = apps.create(&bookmark).activate(false).access_gateway_agent("agent 1");
    drive.call("create an inactive app", request).await;
    if let Some(read) = drive.call("read an app to write it back", apps.get(APP)).await {
        let changed = read.label("Our product");
        drive.call("replace an app by what was read", apps.replace(APP, &changed)).await;
    }
    drive.call("activate an app", apps.activate(APP)).await;
    drive.call("deactivate an app", apps.deactivate(APP)).await;
    drive.call("delete an app", apps.delete(APP)).await;
}

async fn listings(drive: &mut Drive) {
    let apps = drive.okta.apps();
    drive.list("apps", apps.list().stream()).await;
    let list = apps.list().filter(attr("user.id").eq("00u1")).expand("user/00u1").page_size(50);
    drive.list("apps of a user", list.stream()).await;
    let list = apps.list().q("Sales").use_optimization(true).include_non_deleted(true);
    let list = list.always_include_vpn_settings(true).limit(5);
    drive.list("apps, by prefix, in short", list.stream()).await;
    drive.call("an app", apps.get(APP)).await;
    drive.call("an app, expanded", apps.get(APP).expand("user/00u1")).await;
    drive.call("an app that may not exist", apps.try_get(APP)).await;
}

fn kinds() -> Vec<(&'static str, Application)> {
    let org2org = AppOptions::new().with("baseUrl", "https://hub.okta.com");
    let org2org = AppSettings::default().app(org2org);
    vec![
        ("bookmark", Application::bookmark("Wiki", "https://wiki.example")),
        ("catalog", Application::catalog("scim2testapp", "Product (SCIM)")),
        ("catalog with options", Application::catalog("okta_org2org", "Hub").settings(org2org)),
        ("SAML", Application::saml("Portal", "https://sp.example/acs", "urn:sp")),
        ("SAML with all that goes", saml()),
        ("OpenID Connect", Application::oidc("Portal", web())),
        ("OpenID Connect, service", service()),
        ("OpenID Connect, in a browser", browser()),
        ("by the browser plugin", plugin()),
        ("login page of its own", own_login_page()),
        ("by form post", of_mode("template_sps", SignOnMode::SecurePasswordStore, "url")),
        ("basic authentication", of_mode("template_basic_auth", SignOnMode::BasicAuth, "authURL")),
        ("WS-Federation", of_mode("template_wsfed", SignOnMode::WsFederation, "siteURL")),
        ("SAML 1.1", of_mode("template_saml_1_1", SignOnMode::Saml11, "url")),
        ("with what every kind has", common()),
    ]
}

fn of_mode(name: &str, mode: SignOnMode, option: &str) -> Application {
    let options = AppOptions::new().with(option, "https://app.example/login");
    let settings = AppSettings::default().app(options);
    Application::catalog(name, "App").sign_on_mode(mode).settings(settings)
}

fn saml() -> Application {
    let statement = AttributeStatement::default().kind("EXPRESSION").name("mail");
    let statement = statement.namespace("urn:oasis:names:tc:SAML:2.0:attrname-format:basic");
    let statement = statement.values(["user.email".to_owned()]);
    let groups = AttributeStatement::default().kind("GROUP").name("groups");
    let groups = groups.filter_type("STARTS_WITH").filter_value("Eng");
    let certificate = || SpCertificate::default().x5c(["MIIB".to_owned()]);
    let logout = SingleLogout::default().enabled(true).issuer("urn:sp");
    let take_part = ParticipateSlo::default().enabled(true).session_index_required(true);
    let sign_on = SignOnSettings::saml("https://sp.example/acs", "urn:sp")
        .default_relay_state("home")
        .allow_multiple_acs_endpoints(true)
        .acs_endpoints([AcsEndpoint::default().url("https://sp.example/acs").index(0)])
        .attribute_statements([statement, groups])
        .sp_certificate(certificate())
        .slo(logout.logout_url("https://sp.example/logout"))
        .participate_slo(
            take_part.logout_request_url("https://sp.example/out").binding_type("POST"),
        )
        .assertion_lifetime_seconds(300);
    Application::default()
        .label("Portal")
        .sign_on_mode(SignOnMode::Saml20)
        .settings(AppSettings::default().sign_on(sign_on))
}

fn web() -> OAuthClient {
    let start = IdpInitiatedLogin::default().mode("SPEC").default_scope(["openid".to_owned()]);
    OAuthClient::web(["https://portal.example/callback"])
        .post_logout_redirect_uris(["https://portal.example/bye".to_owned()])
        .initiate_login_uri("https://portal.example/login")
        .idp_initiated_login(start)
        .refresh_token(RefreshToken::default().rotation_type("ROTATE").leeway(30))
        .consent_method("TRUSTED")
        .issuer_mode("DYNAMIC")
        .wildcard_redirect("DISABLED")
        .dpop_bound_access_tokens(true)
        .network(Network::default().connection("ANYWHERE"))
}

fn service() -> Application {
    let key = JsonWebKey::default().kty("RSA").kid("k1").e("AQAB").n("AQAB").usage("sig");
    let client = OAuthClient::service().jwks(JsonWebKeySet::default().keys([key.alg("RS256")]));
    let oauth = OAuthCredentials::default().endpoint_auth(EndpointAuth::PrivateKeyJwt);
    let credentials = AppCredentials::default().oauth_client(oauth);
    Application::oidc("Sync", client).credentials(credentials)
}

fn browser() -> Application {
    let client = OAuthClient::web(["https://app.example/callback"]);
    let client = client.application_type(okta_client::app::ApplicationType::Browser);
    let oauth = OAuthCredentials::default().endpoint_auth(EndpointAuth::None).pkce_required(true);
    let credentials = AppCredentials::default().oauth_client(oauth.client_id("client"));
    Application::oidc("App", client).credentials(credentials)
}

fn plugin() -> Application {
    let options = AppOptions::new()
        .with("buttonField", "login")
        .with("passwordField", "password")
        .with("usernameField", "user")
        .with("url", "https://app.example/login");
    let shared = AppPassword::default().value("s3cret");
    let credentials = AppCredentials::default()
        .scheme(CredentialScheme::Shared)
        .user_name("shared")
        .password(shared)
        .reveal_password(false);
    Application::catalog("template_swa", "App")
        .sign_on_mode(SignOnMode::BrowserPlugin)
        .credentials(credentials)
        .settings(AppSettings::default().app(options))
}

fn own_login_page() -> Application {
    let sign_on = SignOnSettings::default()
        .login_url("https://app.example/login")
        .redirect_url("https://app.example/other");
    let template = UserNameTemplate::default().template("${source.login}").kind("BUILT_IN");
    let credentials = AppCredentials::default().scheme(CredentialScheme::EditBoth);
    Application::default()
        .label("App")
        .sign_on_mode(SignOnMode::AutoLogin)
        .credentials(credentials.user_name_template(template))
        .settings(AppSettings::default().sign_on(sign_on))
}

fn common() -> Application {
    let network = Network::default().connection("ZONE").include(["nzo1".to_owned()]);
    let vpn =
        Vpn::default().network(network).message("Turn it on").help_url("https://help.example");
    let settings = AppSettings::default()
        .notes(Notes::default().admin("ours").enduser("yours"))
        .notifications(Notifications::default().vpn(vpn))
        .implicit_assignment(false)
        .manual_provisioning(false);
    let mut links = Attributes::new();
    links.set("login", true).unwrap();
    let mut profile = Attributes::new();
    profile.set("owner", "it").unwrap();
    let visibility = Visibility::default().app_links(links).auto_launch(false);
    let access = Accessibility::default().self_service(true);
    Application::bookmark("Wiki", "https://wiki.example")
        .settings(settings.app(AppOptions::new().with("url", "https://wiki.example")))
        .accessibility(access.error_redirect_url("https://acme.example/no"))
        .visibility(visibility.hide(Hide::default().ios(false).web(false)))
        .licensing(Licensing::default().seat_count(10))
        .universal_logout(UniversalLogout::default().status("DISABLED"))
        .profile(profile)
}
