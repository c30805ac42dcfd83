//! Questions by chance.

use std::time::Duration;

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use wallet_bff::{
    balance::{BatchItem, BatchKind, Command, Movement, NewOrder, OrderChange},
    entity::{Amount, Money, Period, order},
};

use super::{Kind, Load};

impl Load {
    pub(super) fn command(&self, kind: Kind, rng: &mut StdRng) -> Command {
        let some = |rng: &mut StdRng| Movement {
            uid: self.uids.choose(rng).expect("some").clone(),
            amount: amount(rng),
            description: None,
        };
        let two = |rng: &mut StdRng| {
            let mut two = self.uids.choose_multiple(rng, 2).cloned();
            (two.next().expect("one"), two.next().expect("another"))
        };
        match kind {
            Kind::Deposit => Command::Deposit(some(rng)),
            Kind::Withdraw => Command::Withdraw(some(rng)),
            Kind::Transfer => {
                let (from_uid, to_uid) = two(rng);
                Command::Transfer { from_uid, to_uid, amount: amount(rng), description: None }
            }
            Kind::Batch => {
                let item = |rng: &mut StdRng| {
                    let add = rng.random_bool(0.5);
                    let kind = if add { BatchKind::Add } else { BatchKind::Withdraw };
                    BatchItem { kind, movement: some(rng) }
                };
                let count = rng.random_range(1..6);
                Command::Batch { operations: (0..count).map(|_| item(rng)).collect() }
            }
            Kind::Reward => {
                let count = rng.random_range(1..8);
                Command::Reward { rewards: (0..count).map(|_| some(rng)).collect() }
            }
            Kind::CreateOrder => Command::CreateOrder(self.order(rng)),
            Kind::ChangeOrder => {
                let known = self.orders.lock().choose(rng).cloned();
                let Some(order_no) = known else { return Command::CreateOrder(self.order(rng)) };
                let all = [order::Status::Paid, order::Status::Cancelled, order::Status::Completed];
                let to = *all.choose(rng).expect("some");
                Command::ChangeOrder {
                    owner: None,
                    order_no,
                    change: OrderChange::Status { to, expected: None },
                }
            }
        }
    }

    fn order(&self, rng: &mut StdRng) -> NewOrder {
        NewOrder {
            uid: self.uids.choose(rng).expect("some").clone(),
            period_number: Period::stored("20241201_001"),
            amount: amount(rng),
            lifetime: Duration::from_secs(3_600),
        }
    }
}

fn amount(rng: &mut StdRng) -> Amount {
    let units = rng.random_range(1..200_000);
    Amount::try_from(Money::from_units(units)).expect("it is positive")
}
