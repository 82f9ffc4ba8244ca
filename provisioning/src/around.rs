use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::Value;

use crate::target::{Change, Done, Observed, Target, TargetError};

/// A target around another one: it decides about the changes, all else is the other's. Whatever
/// implements this is a [`Target`].
///
/// ```
/// use async_trait::async_trait;
/// use provisioning::{Around, Change, Done, Kind, Target, TargetError};
///
/// /// Creates nobody.
/// #[derive(Debug)]
/// struct Frozen<T>(T);
///
/// #[async_trait]
/// impl<T: Target> Around for Frozen<T> {
///     fn inner(&self) -> &dyn Target {
///         &self.0
///     }
///
///     async fn bring(&self, change: &Change) -> Result<Done, TargetError> {
///         match change.kind {
///             Kind::Create => Ok(Done::left_out("nobody is created this week")),
///             _ => self.inner().bring(change).await,
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait Around: std::fmt::Debug + Send + Sync + 'static {
    /// The other one.
    fn inner(&self) -> &dyn Target;

    /// Brings about one change, or does not.
    async fn bring(&self, change: &Change) -> Result<Done, TargetError>;
}

#[async_trait]
impl<A: Around> Target for A {
    fn name(&self) -> &str {
        self.inner().name()
    }

    fn key(&self, key: &str) -> String {
        self.inner().key(key)
    }

    fn key_path(&self) -> Option<&str> {
        self.inner().key_path()
    }

    // One at a time, so that one that is left out stands in nobody's way.
    fn batch(&self) -> usize {
        1
    }

    fn removes(&self) -> bool {
        self.inner().removes()
    }

    async fn check(&self) -> Result<(), TargetError> {
        self.inner().check().await
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Done, TargetError>> {
        let mut results = Vec::with_capacity(changes.len());
        for change in changes {
            results.push(Around::bring(self, change).await);
        }
        results
    }

    fn observe(&self, paths: &[String]) -> Option<BoxStream<'_, Result<Observed, TargetError>>> {
        self.inner().observe(paths)
    }

    async fn look_up(
        &self,
        keys: &[String],
        paths: &[String],
    ) -> Option<Result<Vec<Observed>, TargetError>> {
        self.inner().look_up(keys, paths).await
    }

    fn was_removed(&self, member: &str) -> bool {
        self.inner().was_removed(member)
    }

    fn reference(&self, key: &str, remote_id: Option<&str>) -> Option<Value> {
        self.inner().reference(key, remote_id)
    }
}

impl dyn Target {
    /// Brings about one change.
    ///
    /// # Errors
    /// Why it did not.
    pub async fn bring(&self, change: &Change) -> Result<Done, TargetError> {
        let results = self.apply(std::slice::from_ref(change)).await;
        results.into_iter().next().unwrap_or_else(|| Err(TargetError::no_result()))
    }
}
