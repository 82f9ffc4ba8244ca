//! The devices of users.

use http::Method;
use rest_core::List;

use crate::error::OktaError;
use crate::model::model;
use crate::user::Links;
use crate::users::Users;
use crate::value::{DateTime, DeviceId, Lazy};

rest_core::open_enum! {
    /// Whether a device may be used.
    pub enum DeviceStatus {
        /// It may.
        Active = "ACTIVE",
        /// It lost its users.
        Deactivated = "DEACTIVATED",
        /// It may not, for now.
        Suspended = "SUSPENDED",
        /// It may again.
        Unsuspended = "UNSUSPENDED",
    }
}

rest_core::open_enum! {
    /// The system of a device.
    pub enum DevicePlatform {
        /// Android.
        Android = "ANDROID",
        /// iOS.
        Ios = "IOS",
        /// macOS.
        MacOs = "MACOS",
        /// Windows.
        Windows = "WINDOWS",
    }
}

rest_core::open_enum! {
    /// How a device's disk is encrypted.
    pub enum DiskEncryption {
        /// It is not.
        None = "NONE",
        /// Wholly; on iOS and Android.
        Full = "FULL",
        /// By a key of the user or profile; on Android.
        User = "USER",
        /// All internal disks; on Windows and macOS.
        AllInternalVolumes = "ALL_INTERNAL_VOLUMES",
        /// The system's disk; on Windows and macOS.
        SystemVolume = "SYSTEM_VOLUME",
    }
}

model! {
    /// A device that a user has enrolled.
    pub struct UserDevice {}
    read {
        /// The link between the user and the device.
        device_user_id: String = "deviceUserId",
        /// When the link was made.
        created: DateTime = "created",
        /// The device.
        device: Device = "device",
    }
}

model! {
    /// A device.
    pub struct Device[id: DeviceId] {}
    read {
        /// Whether it may be used.
        status: DeviceStatus = "status",
        /// What is known of it.
        profile: DeviceProfile = "profile",
        /// When it was registered.
        created: DateTime = "created",
        /// When it last changed, or its signals were last read.
        last_updated: DateTime = "lastUpdated",
        /// `UDDevice`.
        resource_type: String = "resourceType",
        /// The id again.
        resource_id: String = "resourceId",
        /// The name to show.
        resource_display_name: DeviceName = "resourceDisplayName",
        /// Null.
        resource_alternate_id: String = "resourceAlternateId",
        /// What can be done with it. Text until asked for.
        links: Lazy<Links> = "_links",
    }
}

model! {
    /// The name of a device.
    pub struct DeviceName {}
    read {
        /// The name.
        value: String = "value",
        /// Whether it is personal and to be masked.
        sensitive: bool = "sensitive",
    }
}

model! {
    /// What is known of a device.
    pub struct DeviceProfile {}
    read {
        /// The name to show.
        display_name: String = "displayName",
        /// Its system.
        platform: DevicePlatform = "platform",
        /// The version of its system.
        os_version: String = "osVersion",
        /// Its maker.
        manufacturer: String = "manufacturer",
        /// Its model.
        model: String = "model",
        /// Its serial number.
        serial_number: String = "serialNumber",
        /// Its IMEI.
        imei: String = "imei",
        /// Its MEID.
        meid: String = "meid",
        /// Its UDID; on macOS.
        udid: String = "udid",
        /// Its security identifier; on Windows.
        sid: String = "sid",
        /// The hash of its TPM's public key; on Windows.
        tpm_public_key_hash: String = "tpmPublicKeyHash",
        /// Whether it is registered at Okta.
        registered: bool = "registered",
        /// Whether device management manages it.
        managed: bool = "managed",
        /// Whether it has hardware that keeps keys.
        secure_hardware_present: bool = "secureHardwarePresent",
        /// Whether it is jailbroken or rooted; on iOS and Android.
        integrity_jailbreak: bool = "integrityJailbreak",
        /// How its disk is encrypted.
        disk_encryption_type: DiskEncryption = "diskEncryptionType",
    }
}

impl<P> Users<P> {
    /// Lists the devices that a user has enrolled.
    ///
    /// Scope `okta.users.read`. Okta chooses the size of the pages.
    /// Okta: [`listUserDevices`](https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserResources/#tag/UserResources/operation/listUserDevices).
    ///
    /// # Errors
    /// 404 `E0000007` when there is no such user.
    ///
    /// ```no_run
    /// # async fn run(okta: okta_client::Okta) -> okta_client::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut devices = okta.users().devices("00u1").stream();
    /// while let Some(enrolled) = devices.try_next().await? {
    ///     println!("{:?}", enrolled.device.and_then(|device| device.profile));
    /// }
    /// # Ok(()) }
    /// ```
    pub fn devices(&self, user: impl AsRef<str>) -> List<OktaError, UserDevice> {
        self.user(Method::GET, "/api/v1/users/{userId}/devices", user.as_ref()).list()
    }
}
