//! `settings.signOn` of an app.

use crate::model::model;

model! {
    /// How people sign in to a SAML app, and to an `AUTO_LOGIN` app.
    pub struct SignOnSettings {
        /// `AUTO_LOGIN`: the app's login page.
        login_url: String = "loginUrl",
        /// `AUTO_LOGIN`: where people go when the app's login page is another.
        redirect_url: String = "redirectUrl",
        /// Where Okta posts assertions.
        sso_acs_url: String = "ssoAcsUrl",
        /// In place of a catalog app's own.
        sso_acs_url_override: String = "ssoAcsUrlOverride",
        /// Whom assertions are for.
        audience: String = "audience",
        /// In place of a catalog app's own.
        audience_override: String = "audienceOverride",
        /// Who receives assertions.
        recipient: String = "recipient",
        /// In place of a catalog app's own.
        recipient_override: String = "recipientOverride",
        /// Where responses are sent.
        destination: String = "destination",
        /// In place of a catalog app's own.
        destination_override: String = "destinationOverride",
        /// Where people come out when Okta began.
        default_relay_state: String = "defaultRelayState",
        /// Who Okta says it is.
        idp_issuer: String = "idpIssuer",
        /// Who the app says it is.
        sp_issuer: String = "spIssuer",
        /// The subject, an expression such as `${user.userName}`.
        subject_name_id_template: String = "subjectNameIdTemplate",
        /// A SAML name id format.
        subject_name_id_format: String = "subjectNameIdFormat",
        /// Whether responses are signed.
        response_signed: bool = "responseSigned",
        /// Whether assertions are signed.
        assertion_signed: bool = "assertionSigned",
        /// `RSA_SHA256` or `RSA_SHA1`.
        signature_algorithm: String = "signatureAlgorithm",
        /// `SHA256` or `SHA1`.
        digest_algorithm: String = "digestAlgorithm",
        /// Whether people sign in again when the app asks for it.
        honor_force_authn: bool = "honorForceAuthn",
        /// A SAML authentication context class.
        authn_context_class_ref: String = "authnContextClassRef",
        /// Whether requests are compressed.
        request_compressed: bool = "requestCompressed",
        /// Whether requests must be signed.
        saml_signed_request_enabled: bool = "samlSignedRequestEnabled",
        /// Seconds for which an assertion holds.
        assertion_lifetime_seconds: i64 = "samlAssertionLifetimeSeconds",
        /// Whether `acs_endpoints` are used.
        allow_multiple_acs_endpoints: bool = "allowMultipleAcsEndpoints",
        /// More places where Okta posts assertions.
        acs_endpoints: Vec<AcsEndpoint> = "acsEndpoints",
        /// What assertions say of people.
        attribute_statements: Vec<AttributeStatement> = "attributeStatements",
        /// What the catalog app's assertions say of people.
        configured_attribute_statements: Vec<AttributeStatement> = "configuredAttributeStatements",
        /// How assertions are encrypted.
        assertion_encryption: AssertionEncryption = "assertionEncryption",
        /// The app's certificate.
        sp_certificate: SpCertificate = "spCertificate",
        /// Where people sign out.
        slo: SingleLogout = "slo",
        /// Whether the app is told when people sign out.
        participate_slo: ParticipateSlo = "participateSlo",
        /// Hooks that change assertions.
        inline_hooks: Vec<InlineHookRef> = "inlineHooks",
    }
}

const FORMAT: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
const CONTEXT: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

impl SignOnSettings {
    /// SAML 2.0 with signed responses and assertions, and the Okta user name as subject.
    pub fn saml(acs_url: impl Into<String>, audience: impl Into<String>) -> Self {
        let acs_url = acs_url.into();
        Self::default()
            .sso_acs_url(acs_url.clone())
            .recipient(acs_url.clone())
            .destination(acs_url)
            .audience(audience)
            .idp_issuer("http://www.okta.com/${org.externalKey}")
            .subject_name_id_template("${user.userName}")
            .subject_name_id_format(FORMAT)
            .authn_context_class_ref(CONTEXT)
            .signature_algorithm("RSA_SHA256")
            .digest_algorithm("SHA256")
            .response_signed(true)
            .assertion_signed(true)
            .honor_force_authn(true)
            .request_compressed(false)
            .allow_multiple_acs_endpoints(false)
    }
}

model! {
    /// A place where Okta posts assertions.
    pub struct AcsEndpoint {
        /// Its address.
        url: String = "url",
        /// Its number.
        index: i64 = "index",
    }
}

model! {
    /// What assertions say of people: an expression's values, or the groups that match.
    pub struct AttributeStatement {
        /// `EXPRESSION` or `GROUP`.
        kind: String = "type",
        /// The attribute's name.
        name: String = "name",
        /// The attribute's name format.
        namespace: String = "namespace",
        /// `EXPRESSION`: the values.
        values: Vec<String> = "values",
        /// `GROUP`: `STARTS_WITH`, `EQUALS`, `CONTAINS` or `REGEX`.
        filter_type: String = "filterType",
        /// `GROUP`: what the names are compared with.
        filter_value: String = "filterValue",
    }
}

model! {
    /// How assertions are encrypted.
    pub struct AssertionEncryption {
        /// Whether they are.
        enabled: bool = "enabled",
        /// `AES128_CBC`, `AES256_CBC` or `AES256_GCM`.
        encryption_algorithm: String = "encryptionAlgorithm",
        /// `RSA_OAEP` or `RSA_15`.
        key_transport_algorithm: String = "keyTransportAlgorithm",
        /// The app's chain of certificates.
        x5c: Vec<String> = "x5c",
    }
}

model! {
    /// An app's certificate.
    pub struct SpCertificate {
        /// The chain.
        x5c: Vec<String> = "x5c",
    }
}

model! {
    /// Where people sign out.
    pub struct SingleLogout {
        /// Whether they can.
        enabled: bool = "enabled",
        /// Who the app says it is.
        issuer: String = "issuer",
        /// Where Okta sends them.
        logout_url: String = "logoutUrl",
    }
}

model! {
    /// Whether and how an app is told when people sign out elsewhere.
    pub struct ParticipateSlo {
        /// Whether it is.
        enabled: bool = "enabled",
        /// Where it is told.
        logout_request_url: String = "logoutRequestUrl",
        /// Whether the session is named.
        session_index_required: bool = "sessionIndexRequired",
        /// `POST` or `REDIRECT`.
        binding_type: String = "bindingType",
    }
}

model! {
    /// A hook that changes assertions.
    pub struct InlineHookRef {
        /// The hook's id.
        id: String = "id",
    }
}
