//! Which call leads where.

use axum::Router;
use axum::middleware;
use axum::routing::{delete, get, post, put};

use super::error::OktaError;
use super::{
    OktaOrg, access, apps, credentials, groups, guard, hooks, lifecycle, linked, log, org, owners,
    roles, rules, schemas, types, unserved, users,
};

impl OktaOrg {
    /// The routes, to be served under `/`.
    pub fn router(&self) -> Router {
        people()
            .merge(directory())
            .merge(applications())
            .merge(provisioning())
            .merge(events())
            .merge(administration())
            .merge(unserved::routes())
            .route("/oauth2/v1/token", post(access::answer))
            .route("/.well-known/okta-organization", get(org::metadata))
            .fallback(async || OktaError::no_such_path())
            .method_not_allowed_fallback(async || OktaError::no_such_method())
            .layer(middleware::from_fn_with_state(self.clone(), guard::guard))
            .with_state(self.clone())
    }
}

fn people() -> Router<OktaOrg> {
    Router::new()
        .route("/api/v1/users", get(users::list).post(users::create))
        .route(
            "/api/v1/users/{id}",
            get(users::get).post(users::update).put(users::replace).delete(users::delete),
        )
        .route("/api/v1/users/{id}/groups", get(users::groups))
        .route("/api/v1/users/{id}/appLinks", get(apps::links_of_user))
        .route("/api/v1/users/{id}/blocks", get(users::blocks))
        .route("/api/v1/users/{id}/sessions", delete(users::end_sessions))
        .route("/api/v1/users/{id}/lifecycle/{action}", post(lifecycle::run))
        .route("/api/v1/users/{id}/credentials/{action}", post(credentials::run))
        .route("/api/v1/groups", get(groups::list).post(groups::create))
        .route("/api/v1/groups/{id}", get(groups::get).put(groups::replace).delete(groups::delete))
        .route("/api/v1/groups/{id}/users", get(groups::members))
        .route("/api/v1/groups/{id}/users/{user}", put(groups::add).delete(groups::remove))
        .route("/api/v1/groups/{id}/apps", get(apps::of_group))
        .route("/api/v1/groups/rules", get(rules::list).post(rules::create))
        .route(
            "/api/v1/groups/rules/{id}",
            get(rules::get).put(rules::replace).delete(rules::delete),
        )
        .route("/api/v1/groups/rules/{id}/lifecycle/{action}", post(rules::lifecycle))
}

fn directory() -> Router<OktaOrg> {
    Router::new()
        .route("/api/v1/meta/schemas/user/{id}", get(schemas::get).post(schemas::update))
        .route(
            "/api/v1/meta/schemas/group/default",
            get(schemas::get_of_groups).post(schemas::update_of_groups),
        )
        .route(
            "/api/v1/meta/schemas/apps/{id}/default",
            get(schemas::get_of_app).post(schemas::update_of_app),
        )
        .route("/api/v1/meta/types/user", get(types::list).post(types::create))
        .route(
            "/api/v1/meta/types/user/{id}",
            get(types::get).post(types::update).put(types::replace).delete(types::delete),
        )
        .route("/api/v1/org", get(org::settings).post(org::update).put(org::replace))
}

fn applications() -> Router<OktaOrg> {
    Router::new()
        .route("/api/v1/apps", get(apps::list).post(apps::create))
        .route("/api/v1/apps/{id}", get(apps::get).put(apps::replace).delete(apps::delete))
        .route("/api/v1/apps/{id}/lifecycle/{action}", post(apps::lifecycle))
        .route("/api/v1/apps/{id}/users", get(apps::list_users).post(apps::assign_user))
        .route(
            "/api/v1/apps/{id}/users/{user}",
            get(apps::get_user).post(apps::update_user).delete(apps::remove_user),
        )
        .route("/api/v1/apps/{id}/groups", get(apps::list_groups))
        .route(
            "/api/v1/apps/{id}/groups/{group}",
            get(apps::get_group)
                .put(apps::assign_group)
                .patch(apps::patch_group)
                .delete(apps::remove_group),
        )
}

fn provisioning() -> Router<OktaOrg> {
    const CONNECTION: &str = "/api/v1/apps/{id}/connections/default";
    const PUSHES: &str = "/api/v1/apps/{id}/group-push/mappings";
    Router::new()
        .route(CONNECTION, get(apps::connection).post(apps::set_connection))
        .route(&format!("{CONNECTION}/lifecycle/{{action}}"), post(apps::connection_lifecycle))
        .route("/api/v1/apps/{name}/{id}/oauth2/callback", post(apps::connection_consent))
        .route("/api/v1/apps/{id}/features", get(apps::features))
        .route("/api/v1/apps/{id}/features/{name}", get(apps::feature).put(apps::set_feature))
        .route(PUSHES, get(apps::list_pushes).post(apps::create_push))
        .route(
            &format!("{PUSHES}/{{mapping}}"),
            get(apps::get_push).patch(apps::update_push).delete(apps::delete_push),
        )
        .route("/api/v1/mappings", get(apps::list_mappings))
        .route("/api/v1/mappings/{id}", get(apps::get_mapping).post(apps::update_mapping))
}

fn events() -> Router<OktaOrg> {
    Router::new()
        .route("/api/v1/logs", get(log::list))
        .route("/api/v1/eventHooks", get(hooks::list).post(hooks::create))
        .route("/api/v1/eventHooks/{id}", get(hooks::get).put(hooks::replace).delete(hooks::delete))
        .route("/api/v1/eventHooks/{id}/lifecycle/{action}", post(hooks::lifecycle))
}

fn administration() -> Router<OktaOrg> {
    const RELATIONS: &str = "/api/v1/meta/schemas/user/linkedObjects";
    const RELATED: &str = "/api/v1/users/{id}/linkedObjects/{name}";
    let roles = |router: Router<OktaOrg>, of: &str| {
        let one = get(roles::get).delete(roles::unassign);
        router
            .route(&format!("/api/v1/{of}/{{id}}/roles"), get(roles::list).post(roles::assign))
            .route(&format!("/api/v1/{of}/{{id}}/roles/{{role}}"), one)
    };
    let router = Router::new()
        .route("/api/v1/groups/{id}/owners", get(owners::list).post(owners::assign))
        .route("/api/v1/groups/{id}/owners/{owner}", delete(owners::delete))
        .route(RELATIONS, get(linked::list).post(linked::create))
        .route(&format!("{RELATIONS}/{{name}}"), get(linked::get).delete(linked::delete))
        .route(RELATED, get(linked::of_user).delete(linked::unassign))
        .route(&format!("{RELATED}/{{primary}}"), put(linked::assign))
        .route("/api/v1/iam/assignees/users", get(roles::administrators));
    roles(roles(router, "users"), "groups")
}
