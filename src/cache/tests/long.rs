//! Long periods, read by the page.

use super::*;

on_each_backend! {
    a_long_period_is_told_from_a_short_one,
    pages_are_cut_from_both_ends,
    orders_change_their_status_and_go,
    a_fill_takes_out_what_is_gone,
    a_doubt_ends_a_fill,
    one_fills_at_a_time,
    a_forgotten_period_is_not_completed_by_who_was_at_it,
}

fn paid(number: usize, version: i64) -> order::Model {
    order::Model { status: order::Status::Paid, ..order(number, version) }
}

fn query(limit: usize) -> PeriodQuery {
    let (period, status, from_end) = (period(), None, false);
    PeriodQuery { period, status, after: None, before: None, limit, from_end }
}

fn number(number: usize) -> Option<OrderNo> {
    Some(order(number, 1).order_no)
}

async fn page(cache: &Cache, query: PeriodQuery) -> Option<PeriodPage> {
    cache.period_pages(&[query]).await.remove(0)
}

/// Numbers, and how many there are in all.
async fn read_page(cache: &Cache, query: PeriodQuery) -> (Vec<usize>, u64) {
    let PeriodPage { total, orders } = page(cache, query).await.expect("it is complete");
    let number = |order: &order::Model| order.order_no.as_str()[6..].parse().unwrap();
    (orders.iter().map(number).collect(), total)
}

async fn fill(cache: &Cache, orders: &[order::Model]) {
    let fill = cache.begin_fill(&period(), true).await.unwrap().unwrap();
    let fields = cache.fields_before(&fill).await.unwrap();
    for orders in orders.chunks(1_000) {
        cache.fill_part(&fill, orders).await;
    }
    let is_gone = |(name, _): &(String, i64)| !orders.iter().any(|o| o.order_no.as_str() == name);
    let gone = fields.into_iter().filter(is_gone).collect();
    cache.end_fill(fill, gone).await;
}

async fn a_long_period_is_told_from_a_short_one(cache: Cache) {
    let orders: Vec<order::Model> = (0..2_100).map(|number| order(number, 1)).collect();
    cache.put_orders(&orders).await;
    assert!(cache.periods(&[period()]).await[0].long);
    assert_eq!(page(&cache, query(5)).await, None, "nobody said that these are all");
    fill(&cache, &orders).await;
    assert_eq!(read_page(&cache, query(2)).await, (vec![0, 1], 2_100));
    let read = cache.periods(&[period()]).await.remove(0);
    assert!(read.long && read.orders.is_empty());
}

async fn pages_are_cut_from_both_ends(cache: Cache) {
    let mut orders: Vec<order::Model> = (1..=9).map(|number| order(number, 1)).collect();
    orders[2] = paid(3, 1);
    orders[6] = paid(7, 1);
    fill(&cache, &orders).await;
    assert_eq!(read_page(&cache, query(3)).await, (vec![1, 2, 3], 9));
    let after = PeriodQuery { after: number(3), ..query(3) };
    assert_eq!(read_page(&cache, after).await, (vec![4, 5, 6], 9));
    let last = PeriodQuery { from_end: true, ..query(3) };
    assert_eq!(read_page(&cache, last.clone()).await, (vec![7, 8, 9], 9));
    let before = PeriodQuery { before: number(8), after: number(5), ..last };
    assert_eq!(read_page(&cache, before.clone()).await, (vec![6, 7], 9));
    let empty = PeriodQuery { before: number(3), ..before };
    assert_eq!(read_page(&cache, empty).await, (vec![], 9));
    let wanted = PeriodQuery { status: Some(order::Status::Paid), ..query(9) };
    assert_eq!(read_page(&cache, wanted.clone()).await, (vec![3, 7], 2));
    assert_eq!(read_page(&cache, PeriodQuery { limit: 0, ..wanted }).await, (vec![], 2));
}

async fn orders_change_their_status_and_go(cache: Cache) {
    fill(&cache, &[order(1, 1), order(2, 1), order(3, 1)]).await;
    cache.put_orders(&[paid(2, 2), order(4, 1)]).await;
    cache.put_orders(&[order(2, 1)]).await;
    cache.remove_orders(&[order(3, 1)]).await;
    assert_eq!(read_page(&cache, query(9)).await, (vec![1, 2, 4], 3));
    let pending = PeriodQuery { status: Some(order::Status::Pending), ..query(9) };
    assert_eq!(read_page(&cache, pending).await, (vec![1, 4], 2));
    let paid = PeriodQuery { status: Some(order::Status::Paid), ..query(9) };
    assert_eq!(read_page(&cache, paid).await, (vec![2], 1));
}

async fn a_fill_takes_out_what_is_gone(cache: Cache) {
    cache.put_orders(&[order(1, 1), order(2, 1), order(5, 1)]).await;
    cache.remove_orders(&[order(4, 1)]).await;
    let begun = cache.begin_fill(&period(), false).await.unwrap().unwrap();
    let mut before = cache.fields_before(&begun).await.unwrap();
    before.sort();
    assert_eq!(before.len(), 4, "{before:?}");
    // One of them changes meanwhile, and one is made.
    cache.put_orders(&[order(5, 2), order(6, 1)]).await;
    cache.fill_part(&begun, &[order(1, 1), order(4, 1)]).await;
    before.retain(|(name, _)| name != "ORDER_00001" && name != "ORDER_00004");
    cache.end_fill(begun, before).await;
    assert_eq!(read_page(&cache, query(9)).await, (vec![1, 5, 6], 3));
}

fn eviction(number: usize, seen: Option<i64>) -> Eviction<(Period, OrderNo)> {
    Eviction { id: (period(), order(number, 2).order_no), seen, stored: Some(2) }
}

async fn a_doubt_ends_a_fill(cache: Cache) {
    let begun = cache.begin_fill(&period(), false).await.unwrap().unwrap();
    cache.fill_part(&begun, &[order(1, 1)]).await;
    cache.evict_orders(&[eviction(1, None)]).await;
    cache.end_fill(begun, Vec::new()).await;
    assert_eq!(page(&cache, query(9)).await, None, "an order became unknown");
    fill(&cache, &[order(1, 2)]).await;
    assert_eq!(read_page(&cache, query(9)).await, (vec![1], 1));
    cache.evict_orders(&[eviction(1, Some(2))]).await;
    assert_eq!(page(&cache, query(9)).await, None);
}

async fn one_fills_at_a_time(cache: Cache) {
    let first = cache.begin_fill(&period(), false).await.unwrap().unwrap();
    assert!(cache.begin_fill(&period(), false).await.unwrap().is_none());
    let second = cache.begin_fill(&period(), true).await.unwrap().unwrap();
    cache.end_fill(first, Vec::new()).await;
    assert_eq!(page(&cache, query(9)).await, None, "it was taken from the first");
    cache.end_fill(second, Vec::new()).await;
    assert_eq!(read_page(&cache, query(9)).await, (vec![], 0));
}

async fn a_forgotten_period_is_not_completed_by_who_was_at_it(cache: Cache) {
    fill(&cache, &[order(1, 1)]).await;
    let begun = cache.begin_fill(&period(), true).await.unwrap().unwrap();
    let short = cache.periods(&[period()]).await.remove(0);
    cache.forget_period(&period()).await.unwrap();
    cache.end_fill(begun, Vec::new()).await;
    cache.put_period(&period(), &short, &[order(1, 1)]).await;
    assert_eq!(page(&cache, query(9)).await, None);
    assert!(!cache.periods(&[period()]).await[0].complete);
}

/// What another service writes past the index, or takes away, is noticed.
#[tokio::test]
async fn writes_past_the_index_are_noticed() {
    let server = RedisServer::start();
    let cache = cache_in(&server.connect().await).await;
    let orders = [order(1, 1), order(2, 1)];
    let json = |order: &order::Model| serde_json::to_string(order).unwrap();
    let key = "fataMorgana_20241201_001";
    for change in [
        vec!["hset", key, "ORDER_00003", &json(&order(3, 1))],
        vec!["hdel", key, "ORDER_00001"],
        vec!["del", key],
        vec!["del", "{fataMorgana_20241201_001}:index"],
    ] {
        fill(&cache, &orders).await;
        assert_eq!(read_page(&cache, query(9)).await, (vec![1, 2], 2));
        server.cli(&change);
        assert_eq!(page(&cache, query(9)).await, None, "after {change:?}");
    }
    fill(&cache, &orders).await;
    // Its status says one thing in the hash, and another in the index.
    server.cli(&["hset", key, "ORDER_00001", &json(&paid(1, 1))]);
    let pending = PeriodQuery { status: Some(order::Status::Pending), ..query(9) };
    assert_eq!(page(&cache, pending).await, None);
    assert_eq!(page(&cache, query(9)).await, None, "it is to be filled anew");
}
