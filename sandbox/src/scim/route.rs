//! Which call does what.

use http::Method;
use scim_types::Error;

use super::Session;
use super::call::{Call, Outcome, Reply, Target, no_resource, not_found};
use super::kind::Kind;
use super::query::Query;
use super::render::{self, Viewer};
use super::write::has_tag;

impl Session<'_> {
    /// Does what a call asks for.
    pub(super) fn route(&mut self, call: &mut Call) -> Outcome {
        let path = call.path.clone();
        let Some(target) = Target::of(&path).filter(|target| self.is_there(target)) else {
            return Err(not_found(&path));
        };
        let allowed = target.allowed();
        if !allowed.split(", ").any(|verb| verb == call.method.as_str()) {
            let quirks = self.provider.quirks();
            if target.is_discovery() && quirks.wrong_verbs_answer_404 {
                return Err(not_found(&path));
            }
            let error = Error::new(405, format!("{path} takes {allowed}"));
            return Ok(Reply { allow: Some(allowed), ..Reply::error(&error) });
        }
        match target {
            Target::Root => self.get(self.provider.kinds(), call),
            Target::Search(None) => self.search(self.provider.kinds(), call),
            Target::Search(Some(kind)) => self.search(&[kind], call),
            Target::Resources(kind) if call.method == Method::POST => self.create(kind, call),
            Target::Resources(kind) => self.get(&[kind], call),
            Target::Resource(kind, id) => self.resource(kind, id, call),
            Target::Bulk => self.bulk(call),
            Target::Me if self.provider.quirks().me_answers_404 => Err(not_found("Resource")),
            Target::Me => Err(Error::new(501, "/Me is not implemented: the token is no user")),
            Target::Config | Target::ResourceTypes(_) | Target::Schemas(_) => {
                self.provider.discover(&target, call)
            }
        }
    }

    fn is_there(&self, target: &Target<'_>) -> bool {
        match target {
            Target::Search(Some(Kind::Group))
            | Target::Resources(Kind::Group)
            | Target::Resource(Kind::Group, _) => self.provider.options().groups,
            _ => true,
        }
    }

    fn resource(&mut self, kind: Kind, id: &str, call: &mut Call) -> Outcome {
        match call.method {
            Method::PUT => self.replace(kind, id, call),
            Method::PATCH => self.patch(kind, id, call),
            Method::DELETE => self.delete(kind, id, call),
            _ => self.read(kind, id, call),
        }
    }

    fn read(&self, kind: Kind, id: &str, call: &Call) -> Outcome {
        let (key, entry) = self.state.entry(kind, id).ok_or_else(|| no_resource(kind, id))?;
        let version = render::version(entry);
        let known = call.if_none_match.as_deref().filter(|tags| has_tag(tags, &version));
        if known.is_some() && !self.provider.quirks().etags_unsupported {
            return Ok(Reply { version: Some(version), ..Reply::empty(304) });
        }
        self.answer(200, kind, key, call)
    }

    /// One resource as an answer.
    pub(super) fn answer(&self, status: u16, kind: Kind, key: u64, call: &Call) -> Outcome {
        let quirks = self.provider.quirks();
        let Some(entry) = self.state.table(kind).get(key) else {
            return Err(no_resource(kind, ""));
        };
        let mut projection = Query::of(&call.parameters, quirks)?.projection;
        projection.hides_schemas = quirks.projection_hides_schemas;
        let viewer = self.viewer(&call.base);
        let body = viewer.show(kind, entry, &projection);
        self.provider.counters().show(std::slice::from_ref(&body));
        Ok(Reply {
            location: Some(viewer.location(kind, &entry.id)),
            version: (!quirks.etags_unsupported).then(|| render::version(entry)),
            ..Reply::new(status, body)
        })
    }

    pub(super) fn viewer<'b>(&'b self, base: &'b str) -> Viewer<'b> {
        let (schemas, options) = (self.provider.schemas(), self.provider.options());
        Viewer { state: &self.state, schemas, options, base }
    }
}
