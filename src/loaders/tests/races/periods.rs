//! Orders by period.

use super::*;
use crate::{
    cache::PeriodQuery,
    entity::{OrderNo, Period, order},
    store::{orders, testing::order as any_order},
};

in_every_world! {
    a_loader_of_a_period_is_overtaken,
    a_warm_up_of_a_period_is_overtaken,
    a_refresh_of_a_complete_period_is_overtaken,
    a_fill_of_a_long_period_is_overtaken,
    a_refresh_of_one_order_is_overtaken,
}

/// What happens to an order while somebody is about to cache its period as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Update,
    UpdateAndFlush,
    Delete,
    DeleteAndFlush,
    Add,
    AddAndFlush,
}

impl Change {
    const ALL: [Self; 6] = [
        Self::Update,
        Self::UpdateAndFlush,
        Self::Delete,
        Self::DeleteAndFlush,
        Self::Add,
        Self::AddAndFlush,
    ];
}

async fn a_loader_of_a_period_is_overtaken(world: &World) {
    race(world, async |period| read(&world.ours, &period).await).await;
}

async fn a_warm_up_of_a_period_is_overtaken(world: &World) {
    race(world, async |period| look_after(world, period, CacheAction::Warm).await).await;
}

async fn a_refresh_of_a_complete_period_is_overtaken(world: &World) {
    race(world, async |period| {
        read(&world.ours, &period).await;
        look_after(world, period, CacheAction::Refresh).await;
    })
    .await;
}

async fn a_fill_of_a_long_period_is_overtaken(world: &World) {
    race(world, async |period| {
        let fill = world.ours.cache().begin_fill(&period, false).await.unwrap();
        long::fill(&world.ours, fill.expect("nobody else is at it")).await.unwrap();
    })
    .await;
}

async fn a_refresh_of_one_order_is_overtaken(world: &World) {
    race(world, async |period| {
        read(&world.ours, &period).await;
        let target = CacheTarget::Order(number(period.as_str(), 1));
        world.ours.look_after(&target, CacheAction::Refresh).await.unwrap();
    })
    .await;
}

async fn read(sources: &Sources, period: &Period) {
    Loaders::new(sources).period_count(period, None).await.unwrap();
}

async fn look_after(world: &World, period: Period, action: CacheAction) {
    world.ours.look_after(&CacheTarget::Period(period), action).await.unwrap();
}

async fn race(world: &World, work: impl AsyncFn(Period)) {
    for (index, change) in Change::ALL.into_iter().enumerate() {
        at_each_step(
            world,
            &format!("2024120{index}_"),
            async |name| {
                let given = [1, 2, 3].map(|number| any(name, number));
                orders::insert(world.database.writer(), &given).await.unwrap();
            },
            async |name| work(Period::stored(name)).await,
            async |name| make(world, name, change).await,
            async |name| assert_as_stored(world, name, change).await,
        )
        .await;
    }
}

fn number(period: &str, number: usize) -> OrderNo {
    OrderNo::stored(format!("ORDER_{period}_{number}"))
}

fn any(period: &str, index: usize) -> order::Model {
    order::Model { version: 1, ..any_order(period, number(period, index).as_str()) }
}

/// As the write path of another instance does it.
async fn make(world: &World, period: &str, change: Change) {
    let (writer, theirs) = (world.database.writer(), &world.theirs);
    match change {
        Change::Update | Change::UpdateAndFlush => {
            let paid = [order::Model { status: order::Status::Paid, version: 2, ..any(period, 1) }];
            orders::update(writer, &paid).await.unwrap();
            theirs.put_orders(&paid).await;
        }
        Change::Delete | Change::DeleteAndFlush => {
            orders::delete(writer, &[number(period, 1)]).await.unwrap();
            theirs.remove_orders(&[any(period, 1)]).await;
        }
        Change::Add | Change::AddAndFlush => {
            orders::insert(writer, &[any(period, 4)]).await.unwrap();
            theirs.put_orders(&[any(period, 4)]).await;
        }
    }
    if matches!(change, Change::UpdateAndFlush | Change::DeleteAndFlush | Change::AddAndFlush) {
        world.flush().await;
    }
}

/// What passes for the whole period, at once or by the page, is what is stored.
async fn assert_as_stored(world: &World, name: &str, change: Change) {
    let period = Period::stored(name);
    let stored = long::part(&world.ours, &period, None, 10).await.unwrap();
    for cache in [world.ours.cache(), &world.theirs] {
        if let Some(near) = cache.near_period(&period) {
            assert_eq!(*near, stored, "near, {change:?} at {name}");
        }
        let cached = cache.periods(std::slice::from_ref(&period)).await.remove(0);
        assert!(
            !cached.complete || *cached.orders == stored,
            "{change:?} at {name}: {:#?} passes for {stored:#?}",
            cached.orders
        );
        let page = PeriodQuery { limit: 10, ..PeriodQuery::total(&period, None) };
        let page = cache.period_pages(&[page]).await.remove(0);
        let is_right = page.as_ref().is_none_or(|page| page.orders == stored);
        assert!(is_right, "{change:?} at {name}: {page:#?} passes for {stored:#?}");
    }
}
