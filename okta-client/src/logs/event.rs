//! An event of the System Log: what the log lists, and what event hooks deliver.

use crate::attributes::Attributes;
use crate::model::model;
use crate::value::{DateTime, Lazy, LogEventId};

rest_core::open_enum! {
    /// How grave an event is.
    pub enum LogSeverity {
        /// For finding faults.
        Debug = "DEBUG",
        /// An ordinary event.
        Info = "INFO",
        /// Something to look at.
        Warn = "WARN",
        /// A failure.
        Error = "ERROR",
    }
}

rest_core::open_enum! {
    /// How an action ended.
    pub enum LogResult {
        /// It was done.
        Success = "SUCCESS",
        /// It was not done.
        Failure = "FAILURE",
        /// There was nothing to do.
        Skipped = "SKIPPED",
        /// A policy allowed it.
        Allow = "ALLOW",
        /// A policy refused it.
        Deny = "DENY",
        /// A policy asked for another factor.
        Challenge = "CHALLENGE",
        /// A limit was hit.
        RateLimit = "RATE_LIMIT",
        /// Put off.
        Deferred = "DEFERRED",
        /// Will be done later.
        Scheduled = "SCHEDULED",
        /// Given up.
        Abandoned = "ABANDONED",
        /// Nobody answered.
        Unanswered = "UNANSWERED",
    }
}

model! {
    /// An event of the System Log. Nearly everything may be absent or null; what this crate does not
    /// know is kept and written back. Parts that few programs read are text until they are asked for.
    ///
    /// Find whom it is about with [`targets_of`](LogEvent::targets_of), by type and never by position.
    /// The log is no copy of the profile: read the user after `user.account.update_profile`.
    ///
    /// <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/>
    pub struct LogEvent[uuid: LogEventId] {}
    read {
        /// When it happened; the log is ordered by when it was stored, which may differ.
        published: DateTime = "published",
        /// What happened, such as `user.lifecycle.create`; all types:
        /// <https://developer.okta.com/docs/reference/api/event-types/>.
        event_type: String = "eventType",
        /// The version of the event's format; text until asked for.
        version: Lazy<String> = "version",
        /// How grave it is.
        severity: LogSeverity = "severity",
        /// One line for people.
        display_message: String = "displayMessage",
        /// Who did it.
        actor: LogActor = "actor",
        /// What it was done to.
        target: Vec<LogTarget> = "target",
        /// How it ended.
        outcome: LogOutcome = "outcome",
        /// From where it was asked for; text until asked for.
        client: Lazy<LogClient> = "client",
        /// The registered device it was asked for from. Its names changed from `os_platform` to
        /// `osPlatform` and the like, so it is an open set.
        device: Attributes = "device",
        /// How the actor signed in; text until asked for.
        authentication_context: Lazy<LogAuthenticationContext> = "authenticationContext",
        /// What is known of the address; text until asked for.
        security_context: Lazy<LogSecurityContext> = "securityContext",
        /// The request or job it was part of; text until asked for.
        transaction: Lazy<LogTransaction> = "transaction",
        /// What depends on the event type; text until asked for.
        debug_context: Lazy<LogDebugContext> = "debugContext",
        /// The addresses it came through; text until asked for.
        request: Lazy<LogRequest> = "request",
        /// Its name in the Events API that Okta gave up.
        legacy_event_type: String = "legacyEventType",
        /// When it was stored; so far always null, and only in event hooks.
        insertion_timestamp: DateTime = "insertionTimestamp",
    }
}

impl LogEvent {
    /// The targets of a type: `User`, `UserGroup`, `AppInstance`, `AppUser` and others.
    pub fn targets_of<'e>(&'e self, kind: &'e str) -> impl Iterator<Item = &'e LogTarget> {
        let targets = self.target.iter().flatten();
        targets.filter(move |target| target.kind.as_deref() == Some(kind))
    }

    /// The id of the first user that is a target.
    pub fn user_id(&self) -> Option<&str> {
        self.id_of("User")
    }

    /// The id of the first group that is a target.
    pub fn group_id(&self) -> Option<&str> {
        self.id_of("UserGroup")
    }

    /// The id of the first app that is a target.
    pub fn app_id(&self) -> Option<&str> {
        self.id_of("AppInstance")
    }

    fn id_of(&self, kind: &str) -> Option<&str> {
        let mut targets = self.target.iter().flatten();
        let target = targets.find(|target| target.kind.as_deref() == Some(kind))?;
        target.id.as_deref()
    }

    /// Whether the outcome is success; deliveries from the preview screen write it `Success`.
    pub fn succeeded(&self) -> bool {
        let result = self.outcome.as_ref().and_then(|outcome| outcome.result.as_ref());
        result.is_some_and(|result| result.as_str().eq_ignore_ascii_case("SUCCESS"))
    }
}

model! {
    /// Who did something.
    pub struct LogActor {}
    read {
        /// The id.
        id: String = "id",
        /// Such as `User`, `SystemPrincipal` or `PublicClientApp`.
        kind: String = "type",
        /// The login, of a user.
        alternate_id: String = "alternateId",
        /// The name to show.
        display_name: String = "displayName",
        /// More, depending on the type.
        detail_entry: Attributes = "detailEntry",
        /// The same in old events.
        detail: Attributes = "detail",
    }
}

model! {
    /// What something was done to.
    pub struct LogTarget {}
    read {
        /// The id.
        id: String = "id",
        /// Such as `User`, `UserGroup`, `AppInstance`, `AppUser`.
        kind: String = "type",
        /// The login, of a user.
        alternate_id: String = "alternateId",
        /// The name to show.
        display_name: String = "displayName",
        /// More, depending on the type.
        detail_entry: Attributes = "detailEntry",
        /// What changed, in events that say so; text until asked for.
        change_details: Lazy<LogChangeDetails> = "changeDetails",
    }
}

model! {
    /// What changed of a target.
    pub struct LogChangeDetails {}
    read {
        /// What it was before.
        from: Attributes = "from",
        /// What it became.
        to: Attributes = "to",
    }
}

model! {
    /// How an action ended.
    pub struct LogOutcome {}
    read {
        /// In a word.
        result: LogResult = "result",
        /// Why.
        reason: String = "reason",
    }
}

model! {
    /// The program that asked for an action.
    pub struct LogClient {}
    read {
        /// Its browser and system.
        user_agent: LogUserAgent = "userAgent",
        /// Where it is.
        geographical_context: LogGeographicalContext = "geographicalContext",
        /// The network zone of its address; may be the text `null`.
        zone: String = "zone",
        /// Its address.
        ip_address: String = "ipAddress",
        /// Such as `Computer`.
        device: String = "device",
        /// The OAuth client, or the agent of an API token.
        id: String = "id",
        /// In event hooks: the addresses it came through.
        ip_chain: Vec<LogIpAddress> = "ipChain",
    }
}

model! {
    /// A browser and its system.
    pub struct LogUserAgent {}
    read {
        /// Such as `CHROME`.
        browser: String = "browser",
        /// Such as `Windows 10`.
        os: String = "os",
        /// The header as it was sent.
        raw_user_agent: String = "rawUserAgent",
    }
}

model! {
    /// A place on earth.
    pub struct LogGeographicalContext {}
    read {
        /// The city.
        city: String = "city",
        /// The state or province.
        state: String = "state",
        /// The country's full name.
        country: String = "country",
        /// The postal code.
        postal_code: String = "postalCode",
        /// The coordinates.
        geolocation: LogGeolocation = "geolocation",
    }
}

model! {
    /// Coordinates in degrees.
    pub struct LogGeolocation {}
    read {
        /// The latitude.
        lat: f64 = "lat",
        /// The longitude.
        lon: f64 = "lon",
    }
}

model! {
    /// The addresses a request came through.
    pub struct LogRequest {}
    read {
        /// The client first, then the proxies.
        ip_chain: Vec<LogIpAddress> = "ipChain",
    }
}

model! {
    /// An address a request came through.
    pub struct LogIpAddress {}
    read {
        /// The address.
        ip: String = "ip",
        /// `V4` or `V6`.
        version: String = "version",
        /// How it became known.
        source: String = "source",
        /// Where it is.
        geographical_context: LogGeographicalContext = "geographicalContext",
        /// Who runs it.
        ip_details: LogIpDetails = "ipDetails",
    }
}

model! {
    /// Who runs an address.
    pub struct LogIpDetails {}
    read {
        /// The autonomous system.
        as_number: i64 = "asNumber",
        /// Its organisation.
        as_org: String = "asOrg",
        /// The domain of the address.
        domain: String = "domain",
        /// The provider.
        isp: String = "isp",
        /// Which services hide behind it.
        ip_service_categories: Vec<LogIpService> = "ipServiceCategories",
    }
}

model! {
    /// A service that hides behind an address.
    pub struct LogIpService {}
    read {
        /// Such as `VPN` or `Tor`.
        kind: String = "type",
        /// Who offers it.
        operator: String = "operator",
        /// Whether it hides its users.
        is_anonymous: bool = "isAnonymous",
    }
}

model! {
    /// How the actor signed in.
    pub struct LogAuthenticationContext {}
    read {
        /// Such as `FEDERATION`.
        authentication_provider: String = "authenticationProvider",
        /// Such as `OKTA_CREDENTIAL_PROVIDER`.
        credential_provider: String = "credentialProvider",
        /// Such as `PASSWORD`.
        credential_type: String = "credentialType",
        /// Who issued the assertion or token.
        issuer: LogIssuer = "issuer",
        /// A third party's interface, such as that of Outlook.
        interface: String = "interface",
        /// Always 0.
        authentication_step: i64 = "authenticationStep",
        /// Stands for the session.
        external_session_id: String = "externalSessionId",
        /// Stands for the session that this one came from.
        root_session_id: String = "rootSessionId",
        /// So far always null, and only in event hooks.
        authenticator_context: Attributes = "authenticatorContext",
    }
}

model! {
    /// Who issued an assertion or token.
    pub struct LogIssuer {}
    read {
        /// The issuer.
        id: String = "id",
        /// Its kind.
        kind: String = "type",
    }
}

model! {
    /// What is known of the address of a request.
    pub struct LogSecurityContext {}
    read {
        /// The autonomous system.
        as_number: i64 = "asNumber",
        /// Its organisation.
        as_org: String = "asOrg",
        /// The provider.
        isp: String = "isp",
        /// The domain of the address.
        domain: String = "domain",
        /// Whether it is a known proxy.
        is_proxy: bool = "isProxy",
        /// Who runs the address.
        ip_details: LogIpDetails = "ipDetails",
        /// What Okta makes of the risk.
        risk: LogRisk = "risk",
        /// Whether a program seems to ask.
        bot_protection: LogBotProtection = "botProtection",
        /// What is new or unusual of the user.
        user_behaviors: Vec<LogUserBehavior> = "userBehaviors",
    }
}

model! {
    /// What Okta makes of a request's risk.
    pub struct LogRisk {}
    read {
        /// `LOW`, `MEDIUM` or `HIGH`.
        level: String = "level",
        /// What it was before.
        previous_level: String = "previousLevel",
        /// Why.
        reasons: Vec<String> = "reasons",
        /// Who found it.
        issuer: String = "issuer",
        /// What found it.
        detection_name: String = "detectionName",
    }
}

model! {
    /// Whether a program seems to ask.
    pub struct LogBotProtection {}
    read {
        /// `NONE`, `LOW`, `MEDIUM` or `HIGH`.
        level: String = "level",
    }
}

model! {
    /// What is new or unusual of a user.
    pub struct LogUserBehavior {}
    read {
        /// The detection's id.
        id: String = "id",
        /// Its name.
        name: String = "name",
        /// `POSITIVE`, `NEGATIVE`, `UNKNOWN` or `BAD_REQUEST`.
        result: String = "result",
    }
}

model! {
    /// The request or job an event was part of.
    pub struct LogTransaction {}
    read {
        /// `WEB` or `JOB`.
        kind: String = "type",
        /// The id that all its events share.
        id: String = "id",
        /// More, such as `requestApiTokenId`.
        detail: Attributes = "detail",
    }
}

model! {
    /// What depends on the event type.
    pub struct LogDebugContext {}
    read {
        /// Nearly always text, even when that holds JSON or a number: read it with
        /// [`text`](Attributes::text).
        debug_data: Attributes = "debugData",
    }
}
