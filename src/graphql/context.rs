//! What a field can reach: the service's parts, and who asks.

use std::{sync::Arc, time::Duration};

use async_graphql::{Context, Result};

use super::access::{Denied, Permission};
use crate::{
    auth::Identity,
    balance::Balance,
    entity::Uid,
    events::Events,
    loaders::{Loaders, Sources},
    refresh::Refresh,
};

/// The parts of the service that fields use; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// Where rows are read.
    pub sources: Sources,
    /// The one door for money.
    pub balance: Balance,
    /// Balance changes as they happen.
    pub events: Events,
    /// How hot data is kept fresh.
    pub refresh: Refresh,
    /// Bounds on arguments.
    pub bounds: Bounds,
    /// How long a new order may stay pending.
    pub order_lifetime: Duration,
}

/// How much may be asked for, and told.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Largest page of a connection.
    pub max_page_size: u32,
    /// Longest list of an argument.
    pub max_list_argument: u32,
    /// Errors name fields that are similar to one that is not there.
    pub suggestions: bool,
    /// Most rewards in one call.
    pub max_rewards: u32,
}

/// What belongs to one request.
pub(super) struct Session {
    pub identity: Option<Identity>,
    pub request_id: Arc<str>,
    pub loaders: Arc<Loaders>,
}

/// Typed access to what a field can reach.
///
/// [`super::prepare`] gives each request its session and [`super::build`] the schema its state,
/// so neither can be missing.
pub(super) trait ContextExt<'a> {
    fn state(&self) -> &'a State;
    fn session(&self) -> &'a Session;

    fn loaders(&self) -> &'a Loaders {
        &self.session().loaders
    }

    fn balance(&self) -> &'a Balance {
        &self.state().balance
    }

    fn bounds(&self) -> Bounds {
        self.state().bounds
    }

    /// Who asks, or UNAUTHENTICATED.
    fn identity(&self) -> Result<&'a Identity, Denied> {
        self.session().identity.as_ref().ok_or(Denied::Unauthenticated)
    }

    /// Who asks, if they may do this to anyone's; or UNAUTHENTICATED, or FORBIDDEN.
    fn require(&self, permission: Permission) -> Result<&'a Identity, Denied> {
        let identity = self.identity()?;
        permission.check(identity, None)?;
        Ok(identity)
    }

    /// Who asks, if they may do this to what belongs to `owner`.
    fn require_for(&self, permission: Permission, owner: &Uid) -> Result<&'a Identity, Denied> {
        let identity = self.identity()?;
        permission.check(identity, Some(owner))?;
        Ok(identity)
    }

    /// Whether who asks may see what belongs to `owner`.
    fn may_see(&self, owner: &Uid) -> bool {
        self.require_for(Permission::Read, owner).is_ok()
    }
}

impl<'a> ContextExt<'a> for Context<'a> {
    fn state(&self) -> &'a State {
        self.data_unchecked()
    }

    fn session(&self) -> &'a Session {
        self.data_unchecked()
    }
}
