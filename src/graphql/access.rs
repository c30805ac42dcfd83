//! Who may do what. One table; each field that needs a permission asks for it in its first
//! line, and root types refuse everything to the unknown.

use async_graphql::{Context, Result};

use super::context::ContextExt;
use crate::{
    auth::{Identity, Role},
    entity::Uid,
};

/// Something that can be done to a wallet, an order, or the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See wallets, transactions, orders, live changes and hot data.
    Read,
    /// Take money out of wallets: withdraw and transfer.
    Spend,
    /// Put money into wallets, which a user may not make for themselves.
    Deposit,
    /// Open wallets.
    OpenWallet,
    /// Freeze, close and reopen wallets.
    SetWalletStatus,
    /// Make orders, and call them off.
    Order,
    /// Give orders any status, and delete them.
    ManageOrders,
    /// See who holds a wallet's lock.
    InspectLock,
    /// Break locks, and see how they do.
    ManageLocks,
    /// See what everybody did.
    ReadLog,
    /// See how the cache does.
    InspectCache,
    /// See the settings of plugins.
    ReadSettings,
    /// Fill the cache, and remove what it holds.
    ManageCache,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Read,
        Self::Spend,
        Self::Deposit,
        Self::OpenWallet,
        Self::SetWalletStatus,
        Self::Order,
        Self::ManageOrders,
        Self::InspectLock,
        Self::ManageLocks,
        Self::ReadLog,
        Self::InspectCache,
        Self::ReadSettings,
        Self::ManageCache,
    ];

    /// Its name, in `Viewer.permissions`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Spend => "spend",
            Self::Deposit => "deposit",
            Self::OpenWallet => "open-wallet",
            Self::SetWalletStatus => "set-wallet-status",
            Self::Order => "order",
            Self::ManageOrders => "manage-orders",
            Self::InspectLock => "inspect-lock",
            Self::ManageLocks => "manage-locks",
            Self::ReadLog => "read-log",
            Self::InspectCache => "inspect-cache",
            Self::ReadSettings => "read-settings",
            Self::ManageCache => "manage-cache",
        }
    }

    /// The role that may do it to what is their own, and the one that may do it to anyone's.
    const fn roles(self) -> (Role, Role) {
        match self {
            Self::Read | Self::Spend | Self::Order => (Role::User, Role::Operator),
            Self::Deposit
            | Self::OpenWallet
            | Self::SetWalletStatus
            | Self::ManageOrders
            | Self::InspectLock => (Role::Operator, Role::Operator),
            Self::ManageLocks
            | Self::ReadLog
            | Self::InspectCache
            | Self::ReadSettings
            | Self::ManageCache => (Role::Admin, Role::Admin),
        }
    }

    /// Whether `role` has it for their own, and for anyone's.
    pub fn granted(self, role: Role) -> (bool, bool) {
        let (own, any) = self.roles();
        (role >= own, role >= any)
    }

    /// Whether `identity` may do this to what belongs to `owner`; without one, to anyone's.
    pub(super) fn check(self, identity: &Identity, owner: Option<&Uid>) -> Result<(), Denied> {
        let (own, any) = self.granted(identity.role);
        if any || (own && owner == Some(&identity.uid)) { Ok(()) } else { Err(Denied::Forbidden) }
    }
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody knows who asks.
    #[error("a token is needed")]
    Unauthenticated,
    /// It is known who asks, and that they may not.
    #[error("your role does not allow this")]
    Forbidden,
}

/// The guard of the root types: whoever has no token gets nothing but `__typename` and, where
/// it is on, introspection. A new field cannot forget it.
pub(super) fn known(ctx: &Context<'_>) -> Result<()> {
    ctx.identity()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::clock;

    fn check(role: Role, permission: Permission, owner: Option<&str>) -> bool {
        let uid = Uid::stored("ann");
        let identity = Identity { uid, role, expires_at: clock::now(), key: None };
        permission.check(&identity, owner.map(Uid::stored).as_ref()).is_ok()
    }

    #[test]
    fn users_have_their_own_only() {
        assert!(check(Role::User, Permission::Read, Some("ann")));
        assert!(!check(Role::User, Permission::Read, Some("bob")));
        assert!(!check(Role::User, Permission::Read, None));
        assert!(check(Role::User, Permission::Spend, Some("ann")));
        assert!(!check(Role::User, Permission::Spend, Some("bob")));
        assert!(!check(Role::User, Permission::Deposit, Some("ann")));
    }

    #[test]
    fn operators_have_anyones_and_admins_the_service_too() {
        assert!(check(Role::Operator, Permission::Deposit, Some("bob")));
        assert!(check(Role::Operator, Permission::Read, None));
        assert!(!check(Role::Operator, Permission::InspectCache, None));
        assert!(check(Role::Admin, Permission::InspectCache, None));
    }
}
