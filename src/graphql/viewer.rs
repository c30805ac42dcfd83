//! Who asks.

use async_graphql::{Context, Enum, Object, Result};

use super::{access::Permission, query, rendered::Rendered, scalars::DateTime, wallet::Wallet};
use crate::{auth, entity::Uid, loaders::Freshness};

/// What somebody may do. Each may do all that the one before may.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
#[graphql(remote = "auth::Role")]
pub enum Role {
    /// Sees and moves only their own.
    User,
    /// Acts on any wallet and order.
    Operator,
    /// Also looks after the cache, breaks locks, and sees the operation log and settings of plugins.
    Admin,
}

/// Who asks: what the token says.
pub struct Viewer(pub auth::Identity);

/// Who asks: what the token says, and what follows from it.
#[Object]
impl Viewer {
    /// The token's subject.
    async fn uid(&self) -> &Uid {
        &self.0.uid
    }

    /// The roles that they have.
    async fn roles(&self) -> Vec<Role> {
        let all = [auth::Role::User, auth::Role::Operator, auth::Role::Admin];
        all.into_iter().filter(|role| *role <= self.0.role).map(Into::into).collect()
    }

    /// What they may do, as `permission:own` for what is theirs and `permission:any` for
    /// everybody's.
    async fn permissions(&self) -> Vec<String> {
        let scopes = |permission: Permission| match permission.granted(self.0.role) {
            (_, true) => Some(format!("{}:any", permission.name())),
            (true, false) => Some(format!("{}:own", permission.name())),
            (false, false) => None,
        };
        Permission::ALL.into_iter().filter_map(scopes).collect()
    }

    /// When the token ends.
    async fn token_expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }

    /// Their own wallet; null when they have none.
    async fn wallet(&self, ctx: &Context<'_>) -> Option<Result<Rendered<Wallet>>> {
        let wallet = query::read_wallet(ctx, &self.0.uid, Freshness::Cached).await.transpose()?;
        Some(wallet.map(Rendered))
    }
}
