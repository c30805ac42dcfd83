//! How much to seed, and which wallet gets what of it.

use std::ops::Range;

/// How much data to seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Wallets, each with its user.
    pub wallets: u64,
    /// Ledger lines, spread evenly over the wallets. There are more when a wallet would not get
    /// one to hold its money, and one for each order it paid.
    pub transactions: u64,
    /// Periods that have orders.
    pub periods: u64,
    /// Orders, spread evenly over periods and wallets.
    pub orders: u64,
}

impl Plan {
    /// What a page with something to see needs.
    pub const DEMO: Self = Self { wallets: 1_000, transactions: 5_000, periods: 10, orders: 500 };

    /// The indexes of the orders of a wallet.
    pub(super) fn orders_of(&self, wallet: u64) -> impl Iterator<Item = u64> {
        (wallet..self.orders).step_by(usize::try_from(self.wallets).unwrap_or(usize::MAX))
    }

    /// The lines that a wallet gets, unless it has more orders to pay.
    pub(super) fn lines_of(&self, wallet: u64) -> u64 {
        share(self.transactions, self.wallets, wallet)
    }

    /// The period and the run in it of an order, both from 1.
    pub(super) fn place_of(&self, order: u64) -> (u64, u64) {
        let periods = self.periods.max(1);
        (order % periods + 1, order / periods + 1)
    }

    /// The wallets in ranges that have about so many lines and orders each.
    pub(super) fn chunks(&self, rows: usize) -> impl Iterator<Item = Range<u64>> + use<> {
        let wallets = self.wallets;
        let rows_of_one = 1 + (self.transactions + self.orders) / wallets.max(1);
        let size = (rows as u64 / rows_of_one).max(1);
        (0..wallets.div_ceil(size)).map(move |i| i * size..wallets.min((i + 1) * size))
    }
}

/// The part of `total` that falls to one of `count`, when it is dealt out in turn.
fn share(total: u64, count: u64, index: u64) -> u64 {
    total / count + u64::from(index < total % count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_dealt_out_once() {
        let plan = Plan { wallets: 7, transactions: 40, periods: 3, orders: 20 };
        assert_eq!((0..7).map(|wallet| plan.lines_of(wallet)).sum::<u64>(), 40);
        let mut orders: Vec<_> = (0..7).flat_map(|wallet| plan.orders_of(wallet)).collect();
        orders.sort_unstable();
        assert_eq!(orders, Vec::from_iter(0..20));
        for rows in [1, 20, 1_000] {
            assert!(plan.chunks(rows).flatten().eq(0..7), "{rows}");
        }
        assert_eq!(Plan { wallets: 0, ..plan }.chunks(5).count(), 0);
    }
}
