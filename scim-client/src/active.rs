//! Deactivates and reactivates users; who may no longer use a product is never deleted from it.

use scim_types::User;
use serde_json::json;

use crate::change::Change;
use crate::error::Result;
use crate::resources::Resources;
use crate::update::gone;

impl Resources<User> {
    /// Deactivates a user; returns it as it is then, or `None` where the server no longer shows who
    /// is inactive (their id answers 404 afterwards).
    ///
    /// RFC 7644 section 3.5.2, as Okta does: a PATCH of `active` alone, or a PUT of the user as the
    /// server holds it with `active` changed, where PATCH is refused. That it is so is seen in the
    /// answer or read back. Never deletes.
    ///
    /// # Errors
    /// 404 when there is no such user to begin with; `NotDone` when the user stays active.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// match scim.users().deactivate("2819c223").await? {
    ///     Some(_) => println!("inactive"),
    ///     None => println!("inactive, and not shown any more"),
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn deactivate(&self, id: impl AsRef<str>) -> Result<Option<User>> {
        self.set_active(id.as_ref(), false).await
    }

    /// Activates a user again, in the same way; returns it as it is then.
    ///
    /// RFC 7644 section 3.5.2.
    ///
    /// # Errors
    /// 404 when there is no such user, as where deactivated users are gone: [`ensure`](Self::ensure)
    /// makes them anew. `NotDone` when the user stays inactive.
    ///
    /// ```no_run
    /// # async fn run(scim: scim_client::Scim) -> scim_client::Result<()> {
    /// let user = scim.users().reactivate("2819c223").await?;
    /// assert_eq!(user.active, Some(true));
    /// # Ok(()) }
    /// ```
    pub async fn reactivate(&self, id: impl AsRef<str>) -> Result<User> {
        self.set_active(id.as_ref(), true).await?.ok_or_else(gone::<User>)
    }

    async fn set_active(&self, id: &str, active: bool) -> Result<Option<User>> {
        let change = Change::of::<User>(json!({"active": !active}), json!({"active": active}));
        Ok(self.carry_out(id, &change).await?.map(|updated| updated.resource))
    }
}
