//! One sequence on wallets of its own, held against the model.

use std::time::Duration;

use futures::future::join_all;
use proptest::prelude::*;
use ulid::Ulid;
use wallet_bff::{
    balance::{
        BatchItem, BatchKind, Command, Movement, NewOrder, OrderChange, Outcome, OutcomeState,
    },
    entity::{Amount, Money, OrderNo, Period, Uid, wallet},
    error::{Error, Refusal},
};

use super::{
    ask::{Ask, IN_DOLLARS, Step, USERS, WITHOUT},
    model::{Expected, Model, Wallets},
};
use crate::support::engine::{Engine, code};

/// One sequence on wallets of its own.
pub(super) struct Run<'a> {
    engine: &'a Engine,
    name: String,
    model: Model,
    orders: Vec<OrderNo>,
    /// What was asked under which key, and what it came to.
    past: Vec<(String, Ask, Expected)>,
}

pub(super) type Checked = Result<(), TestCaseError>;

impl Run<'_> {
    pub(super) fn uid(&self, user: usize) -> Uid {
        Uid::stored(format!("{}-{user}", self.name))
    }

    /// An order is named by number; what cannot be named yet is left out.
    pub(super) fn resolve(&self, ask: &Ask) -> Option<Ask> {
        let round = |number: usize| number.checked_rem(self.orders.len());
        Some(match ask {
            Ask::ChangeOrder(number, to) => Ask::ChangeOrder(round(*number)?, *to),
            Ask::DeleteOrder(number) => Ask::DeleteOrder(round(*number)?),
            other => other.clone(),
        })
    }

    pub(super) fn command(&self, ask: &Ask) -> Command {
        let amount = |units: i64| Amount::try_from(Money::from_units(units)).unwrap();
        let movement = |user: usize, units: i64| Movement {
            uid: self.uid(user),
            amount: amount(units),
            description: None,
        };
        match ask {
            Ask::Open(user) => {
                let currency = if *user == IN_DOLLARS { "USD" } else { "PHP" };
                Command::OpenWallet { uid: self.uid(*user), currency: currency.to_owned() }
            }
            Ask::Deposit(user, units) => Command::Deposit(movement(*user, *units)),
            Ask::Withdraw(user, units) => Command::Withdraw(movement(*user, *units)),
            Ask::Transfer(from, to, units) => Command::Transfer {
                from_uid: self.uid(*from),
                to_uid: self.uid(*to),
                amount: amount(*units),
                description: None,
            },
            Ask::Batch(items) => {
                let item = |(add, user, units): &(bool, usize, i64)| BatchItem {
                    kind: if *add { BatchKind::Add } else { BatchKind::Withdraw },
                    movement: movement(*user, *units),
                };
                Command::Batch { operations: items.iter().map(item).collect() }
            }
            Ask::Reward(rewards) => {
                let rewards = rewards.iter().map(|(user, units)| movement(*user, *units));
                Command::Reward { rewards: rewards.collect() }
            }
            Ask::SetStatus(users, status) => Command::SetWalletStatus {
                uids: users.iter().map(|user| self.uid(*user)).collect(),
                status: *status,
                reason: "because".to_owned(),
            },
            Ask::CreateOrder(user, units) => Command::CreateOrder(NewOrder {
                uid: self.uid(*user),
                period_number: Period::stored("20241201_001"),
                amount: amount(*units),
                lifetime: Duration::from_secs(3_600),
            }),
            Ask::ChangeOrder(number, to) => Command::ChangeOrder {
                owner: None,
                order_no: self.orders[*number].clone(),
                change: OrderChange::Status { to: *to, expected: None },
            },
            Ask::DeleteOrder(number) => Command::ChangeOrder {
                owner: None,
                order_no: self.orders[*number].clone(),
                change: OrderChange::Delete,
            },
        }
    }

    pub(super) async fn ask(&self, key: &str, ask: &Ask) -> Result<Outcome, Error> {
        self.engine.ask(key, self.command(ask)).await
    }

    pub(super) async fn step(&mut self, step: &Step) -> Checked {
        match step {
            Step::New(ask) => {
                let Some(ask) = self.resolve(ask) else { return Ok(()) };
                let key = format!("{}-{:04}", self.name, self.past.len());
                let outcome = self.ask(&key, &ask).await.map_err(unexpected)?;
                prop_assert!(!outcome.replayed, "{ask:?} was never asked before");
                self.take_in(key, ask, &outcome)
            }
            Step::Repeat(which) => {
                let Some(which) = which.checked_rem(self.past.len()) else { return Ok(()) };
                let (key, ask, expected) = &self.past[which];
                let outcome = self.ask(key, ask).await.map_err(unexpected)?;
                prop_assert!(outcome.replayed, "{ask:?} was asked before");
                self.compare(ask, expected, &outcome)
            }
            Step::Reuse(which, ask) => {
                let Some(which) = which.checked_rem(self.past.len()) else { return Ok(()) };
                let Some(ask) = self.resolve(ask) else { return Ok(()) };
                let (key, other, _) = &self.past[which];
                if *other == ask {
                    return Ok(());
                }
                let answer = self.ask(key, &ask).await;
                let taken = Err(Error::Refused(Refusal::IdempotencyKeyReused));
                prop_assert_eq!(format!("{answer:?}"), format!("{:?}", taken as Result<(), Error>));
                Ok(())
            }
        }
    }

    /// Asks several at once: what is asked earlier on a wallet is done earlier.
    pub(super) async fn burst(&mut self, asks: &[Ask]) -> Checked {
        let keyed = asks
            .iter()
            .enumerate()
            .map(|(n, ask)| (format!("{}-{:04}", self.name, self.past.len() + n), ask.clone()));
        let keyed: Vec<(String, Ask)> = keyed.collect();
        let outcomes = join_all(keyed.iter().map(|(key, ask)| self.ask(key, ask))).await;
        for ((key, ask), outcome) in keyed.into_iter().zip(outcomes) {
            self.take_in(key, ask, &outcome.map_err(unexpected)?)?;
        }
        Ok(())
    }

    pub(super) fn take_in(&mut self, key: String, ask: Ask, outcome: &Outcome) -> Checked {
        let expected = self.model.expect(&ask);
        self.compare(&ask, &expected, outcome)?;
        if matches!(ask, Ask::CreateOrder(..)) && expected.refusal.is_none() {
            let made = outcome.order.as_ref();
            self.orders.push(made.expect("compared").order_no.clone());
        }
        self.past.push((key, ask, expected));
        Ok(())
    }

    pub(super) fn compare(&self, ask: &Ask, expected: &Expected, outcome: &Outcome) -> Checked {
        let refusal = match &outcome.state {
            OutcomeState::Committed => None,
            OutcomeState::Refused(refusal) => Some(code(refusal)),
        };
        prop_assert_eq!(refusal.as_deref(), expected.refusal, "{:?}", ask);
        let refused: Vec<_> =
            outcome.refused.iter().map(|(uid, why)| (uid.clone(), code(why))).collect();
        let expected_users: Vec<_> = expected
            .refused_users
            .iter()
            .map(|(user, code)| (self.uid(*user), (*code).to_owned()))
            .collect();
        prop_assert_eq!(refused, expected_users, "users of {:?}", ask);
        prop_assert_eq!(
            outcome.order.is_some(),
            refusal.is_none()
                && matches!(ask, Ask::CreateOrder(..) | Ask::ChangeOrder(..) | Ask::DeleteOrder(_))
        );
        self.compare_wallets(&expected.wallets, &outcome.wallets, ask)
    }

    pub(super) fn compare_wallets(
        &self,
        expected: &Wallets,
        found: &[wallet::Model],
        what: &Ask,
    ) -> Checked {
        for wallet in found {
            let user = (0..USERS).find(|user| self.uid(*user) == wallet.uid).expect("ours");
            let seen = (wallet.balance.units(), wallet.version, wallet.status);
            prop_assert_eq!(Some(&seen), expected.get(&user), "user {} after {:?}", user, what);
        }
        Ok(())
    }

    pub(super) async fn compare_stored(&self, last: &Ask) -> Checked {
        let uids: Vec<Uid> = (0..USERS).map(|user| self.uid(user)).collect();
        let stored = self.engine.stored(&uids).await;
        prop_assert_eq!(stored.len(), self.model.wallets.len(), "wallets that are stored");
        self.compare_wallets(&self.model.wallets, &stored, last)
    }
}

pub(super) fn unexpected(error: Error) -> TestCaseError {
    TestCaseError::fail(format!("a fault: {error}"))
}

pub(super) async fn run<'a>(engine: &'a Engine) -> Run<'a> {
    let name = Ulid::new().to_string();
    let mut run = Run { engine, name, model: Model::default(), orders: vec![], past: vec![] };
    for user in (0..USERS).filter(|user| *user != WITHOUT) {
        run.step(&Step::New(Ask::Open(user))).await.expect("a wallet can be opened");
        run.step(&Step::New(Ask::Deposit(user, 500_000))).await.expect("it takes money");
    }
    run
}

pub(super) async fn one_by_one(engine: &Engine, steps: &[Step]) -> Checked {
    let mut run = run(engine).await;
    for step in steps {
        run.step(step).await?;
    }
    run.compare_stored(&Ask::Reward(vec![])).await
}

pub(super) async fn at_once(engine: &Engine, asks: &[Ask]) -> Checked {
    let mut run = run(engine).await;
    run.burst(asks).await?;
    run.compare_stored(&Ask::Reward(vec![])).await
}
