use crate::resource::Extension;
use crate::urn;

object! {
    /// The enterprise extension of a user, RFC 7643 section 4.3.
    pub struct EnterpriseUser {
        /// Employee number.
        employee_number: Option<String> = "employeeNumber",
        /// Cost center.
        cost_center: Option<String> = "costCenter",
        /// Organization.
        organization: Option<String> = "organization",
        /// Division.
        division: Option<String> = "division",
        /// Department.
        department: Option<String> = "department",
        /// The manager.
        manager: Option<Manager> = "manager",
    }
}

object! {
    /// A user's manager; also read from a bare id, as Entra sends it.
    pub struct Manager from value {
        /// The id of the manager's user; some products want the email address here.
        value: Option<String> = "value",
        /// The URL of the manager's user.
        reference: Option<String> = "$ref",
        /// The manager's name: read only.
        display_name: Option<String> = "displayName",
    }
}

impl Extension for EnterpriseUser {
    const URN: &'static str = urn::ENTERPRISE_USER;
}
