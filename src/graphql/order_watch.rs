//! What one subscriber of `orderUpdated` is sent, and when.
//!
//! A period may have a hundred thousand orders, and most have come to their end. So the present
//! is those that may still change, page by page: a page is read when the one before was taken.

use std::{collections::HashMap, sync::Arc};

use async_graphql::Result;
use async_stream::try_stream;
use chrono::{DateTime, TimeDelta, Utc};
use futures::Stream;

use super::{live::Live, order_event::OrderEvent};
use crate::{
    entity::{OrderNo, clock},
    error::Error,
    events::{self, Delivery},
    loaders::{Loaders, OpenOrders},
};

/// Orders that are read together.
const PAGE: u64 = 500;
/// Most orders whose version is remembered; beyond, some are sent again after a gap.
const MAX_SENT: usize = 10_000;
/// How much older than its commit an order's time may be: a batch's longest attempt, and clocks
/// that differ.
const MARGIN: TimeDelta = TimeDelta::seconds(30);

/// What one subscriber was sent.
pub struct OrderWatch {
    loaders: Arc<Loaders>,
    changes: events::Subscription<events::OrderEvent>,
    /// What is read: first of all, and after a gap with what ended meanwhile.
    orders: OpenOrders,
    sent: HashMap<OrderNo, i64>,
    live: Live,
}

impl OrderWatch {
    /// Somebody who was sent nothing yet. To be attached before any state is read, so that
    /// nothing falls between the two.
    pub fn new(
        loaders: Arc<Loaders>,
        changes: events::Subscription<events::OrderEvent>,
        orders: OpenOrders,
    ) -> Self {
        let live = Live::start("orderUpdated");
        Self { loaders, changes, orders, sent: HashMap::new(), live }
    }

    /// Everything that is sent: the orders that may still change, then every change.
    pub fn events(mut self) -> impl Stream<Item = Result<OrderEvent>> {
        try_stream! {
            let mut read_at = clock::now();
            let mut next = Some(None);
            loop {
                while let Some(after) = next {
                    let (events, last) = self.page(after).await?;
                    for event in events {
                        yield event;
                    }
                    next = last.map(Some);
                }
                let Some(delivery) = self.changes.next().await else { break };
                match delivery {
                    Delivery::Event(change) => {
                        if let Some(event) = self.change(&change) {
                            yield event;
                        }
                    }
                    Delivery::Gap => {
                        self.live.resync();
                        next = self.again(&mut read_at);
                    }
                }
            }
        }
    }

    /// From the start, with what changed since it was read last.
    fn again(&mut self, read_at: &mut DateTime<Utc>) -> Option<Option<OrderNo>> {
        self.orders.or_changed_since = Some(*read_at - MARGIN);
        *read_at = clock::now();
        Some(None)
    }

    /// Orders that were not sent as they stand, and where the next page begins.
    async fn page(
        &mut self,
        after: Option<OrderNo>,
    ) -> Result<(Vec<OrderEvent>, Option<OrderNo>), Error> {
        let rows = self.loaders.open_orders(&self.orders, after.as_ref(), PAGE).await?;
        let full = rows.len() as u64 == PAGE;
        let last = rows.last().filter(|_| full).map(|order| order.order_no.clone());
        let mut events = Vec::with_capacity(rows.len());
        for order in rows {
            self.changes.covered(&order.order_no, order.version);
            if self.note(&order.order_no, order.version) {
                events.push(OrderEvent::of_state(order));
            }
        }
        Ok((events, last))
    }

    /// An event for a change, unless it was sent.
    fn change(&mut self, change: &events::OrderEvent) -> Option<OrderEvent> {
        if !self.note(&change.order.order_no, change.order.version) {
            return None;
        }
        self.live.told(change.order.updated_at);
        Some(OrderEvent::of_change(change))
    }

    /// Whether this version is news; it is none any more.
    fn note(&mut self, number: &OrderNo, version: i64) -> bool {
        if self.sent.get(number).is_some_and(|sent| *sent >= version) {
            return false;
        }
        if self.sent.len() >= MAX_SENT {
            self.sent.clear();
        }
        self.sent.insert(number.clone(), version);
        true
    }
}
