//! Calls on resources of one type.

use std::marker::PhantomData;

use futures::future::BoxFuture;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{Method, StatusCode};
use rest_core::Request;
use scim_types::patch::PatchOp;
use serde::Serialize;

use crate::answer::{id_in_location, read, shown};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result, ScimError};
use crate::scim::Scim;

const MEDIA_TYPE: &str = "application/scim+json";
pub(crate) const CREATED_MAYBE: &str =
    "the resource may have been created: look it up before creating it again";
const PATCHED_MAYBE: &str = "the change may have been made: read the resource before repeating it";

/// Users, groups or another type of resource; see [`Scim::users`], [`Scim::groups`].
#[derive(Clone, Debug)]
pub struct Resources<R> {
    scim: Scim,
    resource: PhantomData<fn() -> R>,
}

/// A resource that is read in part; see [`Resources::read`].
#[derive(Clone, Debug)]
#[must_use = "it is read when it is awaited"]
pub struct ReadResource<R> {
    request: Request<ScimError>,
    resource: PhantomData<fn() -> R>,
}

impl<R: Endpoint> ReadResource<R> {
    /// With no other attributes than these and those the server always shows.
    pub fn attributes<A: AsRef<str>>(mut self, names: impl IntoIterator<Item = A>) -> Self {
        self.request = self.request.query("attributes", joined(names));
        self
    }

    /// Without these attributes.
    pub fn excluded_attributes<A: AsRef<str>>(
        mut self,
        names: impl IntoIterator<Item = A>,
    ) -> Self {
        self.request = self.request.query("excludedAttributes", joined(names));
        self
    }
}

impl<R: Endpoint> IntoFuture for ReadResource<R> {
    type Output = Result<R>;
    type IntoFuture = BoxFuture<'static, Result<R>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.request.json().await })
    }
}

fn joined<A: AsRef<str>>(names: impl IntoIterator<Item = A>) -> String {
    let names: Vec<A> = names.into_iter().collect();
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
}

impl<R: Endpoint> Resources<R> {
    pub(crate) fn new(scim: Scim) -> Self {
        Self { scim, resource: PhantomData }
    }

    pub(crate) fn scim(&self) -> &Scim {
        &self.scim
    }

    pub(crate) fn all(&self, method: Method) -> Request<ScimError> {
        self.scim.request(method, R::ALL, [])
    }

    pub(crate) fn one(&self, method: Method, id: &str) -> Request<ScimError> {
        self.scim.request(method, R::ONE, [id])
    }

    /// Gets one resource with all that is shown by default.
    ///
    /// RFC 7644 section 3.4.1.
    ///
    /// # Errors
    /// 404 when there is none; [`try_get`](Self::try_get) gives `None` instead. `NotDone` when the
    /// answer is a success and does not show the resource of this id.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let ada = scim.users().get("2819c223").await?;
    /// println!("{:?}", ada.user_name);
    /// # Ok(()) }
    /// ```
    pub async fn get(&self, id: impl AsRef<str>) -> Result<R> {
        let id = id.as_ref();
        self.one(Method::GET, id).read(|answer| read(&answer, id)).await
    }

    /// Gets one resource with the attributes you name: a group without its members, say.
    ///
    /// RFC 7644 section 3.9. Await it.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let team = scim.groups().read("e9e30dba").excluded_attributes(["members"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn read(&self, id: impl AsRef<str>) -> ReadResource<R> {
        ReadResource { request: self.one(Method::GET, id.as_ref()), resource: PhantomData }
    }

    /// As [`get`](Self::get), with `None` when there is no such resource.
    ///
    /// # Errors
    /// Everything but the 404.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let known = scim.users().try_get("2819c223").await?.is_some();
    /// # Ok(()) }
    /// ```
    pub async fn try_get(&self, id: impl AsRef<str>) -> Result<Option<R>> {
        match self.get(id).await {
            Ok(resource) => Ok(Some(resource)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gets one resource unless it still has this version; `None` when it has.
    ///
    /// RFC 7644 section 3.14. A server without ETags always answers with the resource.
    ///
    /// # Errors
    /// 404 when there is none.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let changed = scim.users().get_if_changed("2819c223", "W/\"3\"").await?;
    /// # Ok(()) }
    /// ```
    pub async fn get_if_changed(
        &self,
        id: impl AsRef<str>,
        version: impl AsRef<str>,
    ) -> Result<Option<R>> {
        let id = id.as_ref();
        let request = self.one(Method::GET, id).header(IF_NONE_MATCH, version);
        match request.read(|answer| read(&answer, id)).await {
            Ok(resource) => Ok(Some(resource)),
            Err(error) if error.status() == Some(StatusCode::NOT_MODIFIED) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates a resource and returns it as the server keeps it.
    ///
    /// RFC 7644 section 3.3. Not repeated when it is unclear whether the server has created it.
    ///
    /// # Errors
    /// 409 `uniqueness` when a unique value is taken; 400 `invalidValue` when one is missing or wrong.
    /// `NotDone`, and of unclear outcome, when the answer is a success and shows no new resource.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// use scim_types::User;
    ///
    /// let ada = scim.users().create(&User::new("ada@acme.example")).await?;
    /// println!("{:?}", ada.id);
    /// # Ok(()) }
    /// ```
    pub async fn create(&self, resource: &R) -> Result<R> {
        let request = with_body(self.all(Method::POST), resource).if_unclear(CREATED_MAYBE);
        let seen = request
            .read(|answer| Ok((shown(&answer, None)?, id_in_location::<R>(answer.headers()))));
        let unseen = || {
            let fault =
                "was answered with success, but with no new resource and no Location of one";
            Error::not_done(format!("POST {} {fault}", R::ALL)).with_unclear(CREATED_MAYBE)
        };
        match seen.await? {
            (Some(created), _) => Ok(created),
            (None, None) => Err(unseen()),
            (None, Some(id)) => self.get(id).await.map_err(|error| unseen().with_source(error)),
        }
    }

    /// Puts this in place of the resource that has its id, and returns it as the server keeps it.
    ///
    /// RFC 7644 section 3.5.1: what is left out may be cleared. With `version`, only if the resource
    /// still has it.
    ///
    /// # Errors
    /// A resource without id is not sent; 404 when it is gone; 412 when its version is another.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let mut ada = scim.users().get("2819c223").await?;
    /// ada.title = Some("Countess".into());
    /// let version = ada.meta.as_ref().and_then(|meta| meta.version.clone());
    /// scim.users().replace(&ada, version.as_deref()).await?;
    /// # Ok(()) }
    /// ```
    pub async fn replace(&self, resource: &R, version: Option<&str>) -> Result<R> {
        let id = resource.id().ok_or_else(|| {
            Error::request(format!("PUT {}: the resource has no id; read or create it", R::ONE))
        })?;
        match self.put(id, resource, version).await? {
            Some(shown) => Ok(shown),
            None => self.get(id).await,
        }
    }

    /// Replaces it; the resource, if the answer shows it.
    pub(crate) async fn put(
        &self,
        id: &str,
        resource: &R,
        version: Option<&str>,
    ) -> Result<Option<R>> {
        let request = with_body(self.one(Method::PUT, id), resource);
        if_version(request, version).read(|answer| shown(&answer, Some(id))).await
    }

    /// Changes part of a resource; returns it if the server's answer shows it, `None` if not.
    ///
    /// RFC 7644 section 3.5.2. With `version`, only if the resource still has it. Not repeated when it
    /// is unclear whether it was carried out. To bring a resource from one state to another, whatever
    /// the server can do, use [`update`](Self::update).
    ///
    /// # Errors
    /// 400 `noTarget`, `mutability`, `invalidPath`, `invalidValue`; 404; 412; 501 without PATCH.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// use scim_types::patch::{Operation, PatchOp};
    /// use serde_json::json;
    ///
    /// let patch = PatchOp::new(vec![Operation::replace_all(json!({"active": false}))]);
    /// scim.users().patch("2819c223", &patch, None).await?;
    /// # Ok(()) }
    /// ```
    pub async fn patch(
        &self,
        id: impl AsRef<str>,
        patch: &PatchOp,
        version: Option<&str>,
    ) -> Result<Option<R>> {
        self.patch_without(&[], id.as_ref(), patch, version).await
    }

    /// As [`patch`](Self::patch), answered without these attributes.
    pub(crate) async fn patch_without(
        &self,
        excluded: &[&str],
        id: &str,
        patch: &PatchOp,
        version: Option<&str>,
    ) -> Result<Option<R>> {
        let excluded = (!excluded.is_empty()).then(|| excluded.join(","));
        let request = self.one(Method::PATCH, id).query_opt("excludedAttributes", excluded);
        let request = with_body(request.if_unclear(PATCHED_MAYBE), patch);
        if_version(request, version).read(|answer| shown(&answer, Some(id))).await
    }

    /// Deletes a resource. Products rarely want it for users: see `deactivate`.
    ///
    /// RFC 7644 section 3.6. With `version`, only if the resource still has it.
    ///
    /// # Errors
    /// 404 when there is none; 412 when its version is another.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// scim.groups().delete("e9e30dba", None).await?;
    /// # Ok(()) }
    /// ```
    pub async fn delete(&self, id: impl AsRef<str>, version: Option<&str>) -> Result<()> {
        let request = self.one(Method::DELETE, id.as_ref()).safe_to_repeat();
        match if_version(request, version).done().await {
            Ok(()) => Ok(()),
            // An earlier attempt, whose answer was lost, has deleted it.
            Err(error) if error.is_not_found() && error.attempts() > 1 => Ok(()),
            Err(error) => Err(error),
        }
    }
}

pub(crate) fn with_body(request: Request<ScimError>, body: &impl Serialize) -> Request<ScimError> {
    match serde_json::to_vec(body) {
        Ok(bytes) => request.raw_body(MEDIA_TYPE, bytes),
        Err(error) => request.invalid(format!("the body cannot be written as JSON: {error}")),
    }
}

fn if_version(request: Request<ScimError>, version: Option<&str>) -> Request<ScimError> {
    match version {
        Some(version) => request.header(IF_MATCH, version),
        None => request,
    }
}
