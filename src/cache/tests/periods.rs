//! Orders by period.

use super::*;

on_each_backend! {
    a_partial_hash_is_no_period,
    a_filled_period_is_complete_and_stays_so,
    an_empty_period_can_be_complete,
    an_order_newer_than_the_snapshot_survives,
    a_deleted_order_does_not_come_back,
    what_the_snapshot_lacks_is_gone,
    an_unreadable_order_is_replaced,
    a_doubt_in_between_keeps_it_partial,
    an_order_that_was_put_back_is_shown_as_it_is,
    a_long_period_is_filled_in_parts,
}

async fn now(cache: &Cache) -> PeriodOrders {
    cache.periods(&[period()]).await.remove(0)
}

/// Versions by number, and whether they are all.
async fn versions(cache: &Cache) -> (Vec<i64>, bool) {
    let period = now(cache).await;
    (period.orders.iter().map(|order| order.version).collect(), period.complete)
}

async fn a_partial_hash_is_no_period(cache: Cache) {
    assert_eq!(versions(&cache).await, (vec![], false));
    cache.put_orders(&[order(1, 1)]).await;
    assert_eq!(versions(&cache).await, (vec![1], false));
}

async fn a_filled_period_is_complete_and_stays_so(cache: Cache) {
    let before = now(&cache).await;
    cache.put_period(&period(), &before, &[order(1, 1), order(2, 1)]).await;
    assert_eq!(versions(&cache).await, (vec![1, 1], true));
    cache.put_orders(&[order(2, 2), order(3, 1)]).await;
    cache.put_orders(&[order(2, 1)]).await;
    assert_eq!(versions(&cache).await, (vec![1, 2, 1], true));
    assert_eq!(now(&cache).await.orders[1], order(2, 2));
    cache.remove_orders(&[order(3, 1)]).await;
    assert_eq!(versions(&cache).await, (vec![1, 2], true));
}

async fn an_empty_period_can_be_complete(cache: Cache) {
    cache.put_period(&period(), &PeriodOrders::default(), &[]).await;
    assert_eq!(versions(&cache).await, (vec![], true));
}

async fn an_order_newer_than_the_snapshot_survives(cache: Cache) {
    let before = now(&cache).await;
    // Between the SELECT and the fill others write.
    cache.put_orders(&[order(1, 2), order(9, 1)]).await;
    cache.put_period(&period(), &before, &[order(1, 1), order(2, 1)]).await;
    assert_eq!(versions(&cache).await, (vec![2, 1, 1], true));
}

async fn a_deleted_order_does_not_come_back(cache: Cache) {
    let before = now(&cache).await;
    cache.remove_orders(&[order(1, 3)]).await;
    cache.put_period(&period(), &before, &[order(1, 3), order(2, 1)]).await;
    cache.put_orders(&[order(1, 2)]).await;
    assert_eq!(versions(&cache).await, (vec![1], true));
}

async fn what_the_snapshot_lacks_is_gone(cache: Cache) {
    cache.put_orders(&[order(1, 1), order(2, 1)]).await;
    let before = now(&cache).await;
    cache.put_orders(&[order(2, 2)]).await;
    // Both were deleted behind our back, says the snapshot; but one changed since.
    cache.put_period(&period(), &before, &[]).await;
    assert_eq!(versions(&cache).await, (vec![2], true));
}

async fn an_unreadable_order_is_replaced(cache: Cache) {
    cache.put_period(&period(), &PeriodOrders::default(), &[order(1, 1)]).await;
    let garbage = |number| (format!("ORDER_{number:05}"), Entry::row(5, "{\"version\":5".into()));
    let write = hash::PeriodWrite {
        key: Keyspace::Orders.key(&period()),
        ttl: Keyspace::Orders.ttl(),
        entries: vec![garbage(1), garbage(7)],
        ..hash::PeriodWrite::default()
    };
    cache.0.backend.put_periods(vec![write]).await;
    let before = now(&cache).await;
    assert_eq!((before.orders.len(), before.complete), (0, false));
    cache.put_period(&period(), &before, &[order(1, 1)]).await;
    assert_eq!(versions(&cache).await, (vec![1], true));
}

async fn a_doubt_in_between_keeps_it_partial(cache: Cache) {
    let outdated = |number: usize, version| hash::PeriodWrite {
        key: Keyspace::Orders.key(&period()),
        ttl: Keyspace::Orders.ttl(),
        entries: vec![(format!("ORDER_{number:05}"), Entry::outdated(version))],
        ..hash::PeriodWrite::default()
    };
    let before = now(&cache).await;
    // An order that the snapshot does not know could not be written, and is made up for.
    cache.0.backend.put_periods(vec![outdated(5, 1)]).await;
    cache.put_period(&period(), &before, &[order(1, 1)]).await;
    assert_eq!(versions(&cache).await, (vec![], false));
    // The next fill has it.
    let before = now(&cache).await;
    cache.put_period(&period(), &before, &[order(1, 1), order(5, 1)]).await;
    assert_eq!(versions(&cache).await, (vec![1, 1], true));
    cache.0.backend.put_periods(vec![outdated(1, 2)]).await;
    assert_eq!(versions(&cache).await, (vec![1], false), "an order became unknown");
}

/// Newer, deleted, or unknown is what stands there; and then it is put back as it once was.
async fn an_order_that_was_put_back_is_shown_as_it_is(cache: Cache) {
    let stored = [order(1, 1), order(2, 2), order(3, 1)];
    cache.put_orders(&[order(1, 3), order(2, 2), order(3, 2)]).await;
    cache.remove_orders(&[order(2, 2)]).await;
    cache.invalidate_orders(&[(period(), order(3, 1).order_no, 3)]).await;
    for _ in 0..2 {
        let before = now(&cache).await;
        cache.put_period(&period(), &before, &stored).await;
    }
    let period = now(&cache).await;
    assert!(period.complete && *period.orders == stored, "{period:#?}");
}

async fn a_long_period_is_filled_in_parts(cache: Cache) {
    let orders: Vec<order::Model> = (0..1_234).map(|number| order(number, 1)).collect();
    cache.put_period(&period(), &PeriodOrders::default(), &orders).await;
    let period = now(&cache).await;
    assert!(period.complete && *period.orders == orders);
}
