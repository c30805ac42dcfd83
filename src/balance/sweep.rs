//! Makes good what an instance left undone that ended without a goodbye: changes that it
//! committed, and did not get to tell caches and subscribers of.
//!
//! Every instance says in Redis that it lives. Another that misses it tells again of all
//! operations since shortly before it was last heard of. Caches keep the newer of two values and
//! subscribers drop what they were sent, so that it does not matter how often that is done, or
//! by how many.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::sleep;

use super::{Context, Outcome, aftermath, books::Changes};
use crate::{
    entity::{clock, id, operation},
    error::Result,
    lock::Missed,
    store::{self, OperationFilter, Page},
};

/// How often an instance says that it lives, and looks who does not.
const BEAT: Duration = Duration::from_millis(500);
/// Silence after which an instance is missed. With the beat and the work itself: what it left
/// undone is done within 3 s.
const SILENCE: TimeDelta = TimeDelta::milliseconds(1_500);
/// How long before it was last heard of its operations may have begun: they are named when they
/// are put on the queue, and may wait there for as long as a policy allows.
const MARGIN: TimeDelta = TimeDelta::seconds(20);
/// Operations that are read together: few, because one may have a thousand lines.
const PAGE: u64 = 200;

/// How long an instance is missed before it is forgotten. One that lost only its way to Redis
/// goes on committing, and is looked after until then.
const MOURNING: TimeDelta = TimeDelta::minutes(1);
/// How often the work of one that is missed is looked at again.
const AGAIN: TimeDelta = TimeDelta::seconds(2);

/// Goes on until it is dropped.
pub async fn run(context: &Context) {
    // Until when the work of each that is missed was made good.
    let mut swept: HashMap<String, DateTime<Utc>> = HashMap::new();
    loop {
        sleep(BEAT).await;
        let missed = context.locks.beat(SILENCE).await;
        swept.retain(|instance, _| missed.iter().any(|missed| missed.instance == *instance));
        for missed in missed {
            look_after(context, &mut swept, missed).await;
        }
    }
}

async fn look_after(context: &Context, swept: &mut HashMap<String, DateTime<Utc>>, missed: Missed) {
    let Missed { instance, heard } = missed;
    let now = clock::now();
    let since = swept.get(&instance).copied().unwrap_or(heard);
    if swept.contains_key(&instance) && now - since < AGAIN {
        return;
    }
    let operations = match sweep(context, since - MARGIN).await {
        Ok(operations) => operations,
        Err(error) => {
            // It is missed, and looked after, again at the next beat.
            return tracing::warn!(%error, %instance, "its work is not made good yet");
        }
    };
    if swept.insert(instance.clone(), now).is_none() {
        tracing::warn!(%instance, %heard, operations, "an instance is missed: what it may have left undone is told again");
    }
    if now - heard > MOURNING {
        context.locks.forget(&instance).await;
    }
}

/// Tells again of every operation since; answers how many these were.
async fn sweep(context: &Context, since: DateTime<Utc>) -> Result<usize> {
    let reader = context.database.reader();
    let (all, mut told) = (OperationFilter::default(), 0);
    // The list is newest first, and this walks it from its end.
    let mut page = Page {
        after: None,
        before: Some(id::first_operation_id(since)),
        limit: PAGE,
        from_end: true,
    };
    loop {
        let records = store::operations::page(reader, &all, &page).await?;
        let Some(newest) = records.first() else { return Ok(told) };
        page.before = Some(newest.operation_id.clone());
        let ids: Vec<String> = records.iter().map(|record| record.operation_id.clone()).collect();
        let mut changes = changes_of(&records)?;
        changes.lines = store::transactions::by_operations(reader, &ids).await?;
        Box::pin(aftermath::outdate_cache(&context.cache, &changes)).await;
        aftermath::publish(&context.events, changes);
        told += records.len();
    }
}

/// What the operations left, oldest first.
fn changes_of(records: &[operation::Model]) -> Result<Changes> {
    let mut changes = Changes::default();
    for record in records.iter().rev() {
        let outcome = Outcome::from_record(record, &[])?;
        changes.changed.extend(outcome.wallets);
        match outcome.order {
            Some(order) if record.kind == "delete_order" => changes.deleted_orders.push(order),
            order => changes.changed_orders.extend(order),
        }
    }
    Ok(changes)
}
