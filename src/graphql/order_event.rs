//! What `orderUpdated` yields.

use async_graphql::Object;

use super::{connection::Cursor, order::Order};
use crate::{entity::order, events, loaders::Sourced};

/// A change of an order, or its current state.
pub struct OrderEvent {
    order: Order,
    snapshot: bool,
    deleted: bool,
}

impl OrderEvent {
    /// An order as it stands.
    pub const fn of_state(order: Sourced<order::Model>) -> Self {
        Self { order: Order(order), snapshot: true, deleted: false }
    }

    /// An order as a change left it.
    pub fn of_change(change: &events::OrderEvent) -> Self {
        let order = change.order.clone();
        let committed_at = order.updated_at;
        let order = Order(Sourced::stored(order.into(), committed_at));
        Self { order, snapshot: false, deleted: change.deleted }
    }
}

/// A change of an order, or, where `snapshot` says so, its current state.
#[Object]
impl OrderEvent {
    /// Its place in the order's changes.
    async fn cursor(&self) -> String {
        self.order.0.version.encode()
    }

    /// The order as the change left it.
    async fn order(&self) -> &Order {
        &self.order
    }

    /// True for the current state: at the beginning, and after a gap.
    async fn snapshot(&self) -> bool {
        self.snapshot
    }

    /// The order is gone; `order` shows it as it was.
    async fn deleted(&self) -> bool {
        self.deleted
    }
}
