//! What it should come to: a plain model, in memory.

use std::collections::BTreeMap;

use wallet_bff::entity::{order, wallet};

use super::ask::{Ask, IN_DOLLARS};

/// A wallet as the model sees it: units, version, status.
pub(super) type Wallets = BTreeMap<usize, (i64, i64, wallet::Status)>;

/// What a question comes to: a code (of each user, for a reward), and the wallets after it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) refusal: Option<&'static str>,
    pub(super) refused_users: Vec<(usize, &'static str)>,
    pub(super) wallets: Wallets,
}

#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) wallets: Wallets,
    /// User, units, status; `None` once deleted.
    pub(super) orders: Vec<Option<(usize, i64, order::Status)>>,
}

pub(super) type Refused = Result<(), &'static str>;

impl Model {
    pub(super) fn post(&mut self, user: usize, signed: i64, owed: bool) -> Refused {
        use wallet::Status::{Active, Closed};
        let (balance, version, status) = self.wallets.get_mut(&user).ok_or("WALLET_NOT_FOUND")?;
        let barred = if signed < 0 { *status != Active } else { *status == Closed && !owed };
        if barred {
            return Err("WALLET_NOT_ACTIVE");
        }
        let after = balance.checked_add(signed).ok_or("INVALID_AMOUNT")?;
        if after < 0 {
            return Err("INSUFFICIENT_FUNDS");
        }
        (*balance, *version) = (after, *version + 1);
        Ok(())
    }

    pub(super) fn apply(&mut self, ask: &Ask) -> Refused {
        match ask {
            Ask::Open(user) => {
                let new = (0, 0, wallet::Status::Active);
                self.wallets.entry(*user).or_insert(new);
                Ok(())
            }
            Ask::Deposit(user, units) => self.post(*user, *units, false),
            Ask::Withdraw(user, units) => self.post(*user, -units, false),
            Ask::Transfer(from, to, units) => {
                if from == to {
                    return Err("SAME_WALLET");
                }
                if !self.wallets.contains_key(from) || !self.wallets.contains_key(to) {
                    return Err("WALLET_NOT_FOUND");
                }
                if (*from == IN_DOLLARS) != (*to == IN_DOLLARS) {
                    return Err("CURRENCY_MISMATCH");
                }
                self.post(*from, -units, false)?;
                self.post(*to, *units, false)
            }
            Ask::Batch(items) => items.iter().try_for_each(|(add, user, units)| {
                self.post(*user, if *add { *units } else { -units }, false)
            }),
            Ask::Reward(_) => unreachable!("its users are refused one by one"),
            Ask::SetStatus(users, status) => users.iter().try_for_each(|user| {
                let wallet = self.wallets.get_mut(user).ok_or("WALLET_NOT_FOUND")?;
                if wallet.2 != *status {
                    (wallet.1, wallet.2) = (wallet.1 + 1, *status);
                }
                Ok(())
            }),
            Ask::CreateOrder(user, units) => {
                self.post(*user, -units, false)?;
                self.orders.push(Some((*user, *units, order::Status::Pending)));
                Ok(())
            }
            Ask::ChangeOrder(number, to) => self.change_order(*number, *to),
            Ask::DeleteOrder(number) => {
                use order::Status::{Paid, Pending};
                match self.orders[*number] {
                    None => Err("ORDER_NOT_FOUND"),
                    Some((_, _, Pending | Paid)) => Err("INVALID_TRANSITION"),
                    Some(_) => {
                        self.orders[*number] = None;
                        Ok(())
                    }
                }
            }
        }
    }

    pub(super) fn change_order(&mut self, number: usize, to: order::Status) -> Refused {
        use order::Status::{Cancelled, Completed, Expired, Paid, Pending};
        let (user, units, from) = self.orders[number].ok_or("ORDER_NOT_FOUND")?;
        match (from, to) {
            (Pending, Paid) | (Paid, Completed) => {}
            (Pending | Paid, Cancelled) | (Pending, Expired) => self.post(user, units, true)?,
            _ => return Err("INVALID_TRANSITION"),
        }
        self.orders[number] = Some((user, units, to));
        Ok(())
    }

    /// All or nothing, but for a reward: that is all or nothing for each user.
    pub(super) fn expect(&mut self, ask: &Ask) -> Expected {
        let (mut refusal, mut refused_users) = (None, vec![]);
        let mut after = self.clone();
        if let Ask::Reward(rewards) = ask {
            let mut users: Vec<usize> = vec![];
            users.extend(rewards.iter().map(|(user, _)| *user));
            let mut seen = std::collections::HashSet::new();
            users.retain(|user| seen.insert(*user));
            for user in users {
                let mut mine = rewards.iter().filter(|(whose, _)| *whose == user);
                let mut paid = after.clone();
                match mine.try_for_each(|(_, units)| paid.post(user, *units, false)) {
                    Ok(()) => after = paid,
                    Err(code) => refused_users.push((user, code)),
                }
            }
            *self = after;
        } else {
            match after.apply(ask) {
                Ok(()) => *self = after,
                Err(code) => refusal = Some(code),
            }
        }
        Expected { refusal, refused_users, wallets: self.wallets.clone() }
    }
}
