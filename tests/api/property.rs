//! Random sequences of commands, against a plain model of what they should come to.

use std::{collections::BTreeMap, time::Duration};

use futures::future::join_all;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::runtime::Runtime;
use ulid::Ulid;
use wallet_bff::{
    balance::{
        BatchItem, BatchKind, Command, Movement, NewOrder, OrderChange, Outcome, OutcomeState,
    },
    entity::{Amount, Money, OrderNo, Period, Uid, order, wallet},
    error::{Error, Refusal},
};

use crate::support::{
    Backend,
    engine::{Engine, Ground, code},
};

/// Three wallets in one currency, one in another, and one user without any.
const USERS: usize = 5;
const IN_DOLLARS: usize = 3;
const WITHOUT: usize = 4;

/// One thing that is asked; users and orders by number.
#[derive(Clone, Debug, PartialEq)]
enum Ask {
    Open(usize),
    Deposit(usize, i64),
    Withdraw(usize, i64),
    Transfer(usize, usize, i64),
    Batch(Vec<(bool, usize, i64)>),
    Reward(Vec<(usize, i64)>),
    SetStatus(Vec<usize>, wallet::Status),
    CreateOrder(usize, i64),
    /// The order that the n-th `CreateOrder` made, counted round.
    ChangeOrder(usize, order::Status),
    DeleteOrder(usize),
}

#[derive(Clone, Debug)]
enum Step {
    /// Under a new key.
    New(Ask),
    /// An earlier step (counted round) again.
    Repeat(usize),
    /// Something else under the key of an earlier one.
    Reuse(usize, Ask),
}

fn user() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 0..IN_DOLLARS, 1 => Just(IN_DOLLARS), 1 => Just(WITHOUT)]
}

fn units() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 1..300_000_i64, 1 => Just(1), 1 => Just(i64::MAX)]
}

fn order_status() -> impl Strategy<Value = order::Status> {
    use order::Status::{Cancelled, Completed, Expired, Paid, Pending};
    prop::sample::select(vec![Pending, Paid, Paid, Completed, Cancelled, Cancelled, Expired])
}

fn ask() -> impl Strategy<Value = Ask> {
    use wallet::Status::{Active, Closed, Frozen};
    let status = prop::sample::select(vec![Active, Active, Active, Frozen, Closed]);
    prop_oneof![
        1 => user().prop_map(Ask::Open),
        4 => (user(), units()).prop_map(|(u, n)| Ask::Deposit(u, n)),
        4 => (user(), units()).prop_map(|(u, n)| Ask::Withdraw(u, n)),
        4 => (user(), user(), units()).prop_map(|(u, v, n)| Ask::Transfer(u, v, n)),
        3 => prop::collection::vec((any::<bool>(), user(), units()), 1..5).prop_map(Ask::Batch),
        3 => prop::collection::vec((user(), units()), 1..5).prop_map(Ask::Reward),
        2 => (prop::collection::vec(user(), 1..3), status).prop_map(|(u, s)| Ask::SetStatus(u, s)),
        3 => (user(), units()).prop_map(|(u, n)| Ask::CreateOrder(u, n)),
        3 => (0..9_usize, order_status()).prop_map(|(n, s)| Ask::ChangeOrder(n, s)),
        1 => (0..9_usize).prop_map(Ask::DeleteOrder),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => ask().prop_map(Step::New),
        1 => (0..40_usize).prop_map(Step::Repeat),
        1 => (0..40_usize, ask()).prop_map(|(n, ask)| Step::Reuse(n, ask)),
    ]
}

/// A wallet as the model sees it: units, version, status.
type Wallets = BTreeMap<usize, (i64, i64, wallet::Status)>;

/// What a question comes to: a code (of each user, for a reward), and the wallets after it.
#[derive(Clone, Debug, PartialEq)]
struct Expected {
    refusal: Option<&'static str>,
    refused_users: Vec<(usize, &'static str)>,
    wallets: Wallets,
}

#[derive(Clone, Default)]
struct Model {
    wallets: Wallets,
    /// User, units, status; `None` once deleted.
    orders: Vec<Option<(usize, i64, order::Status)>>,
}

type Refused = Result<(), &'static str>;

impl Model {
    fn post(&mut self, user: usize, signed: i64, owed: bool) -> Refused {
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

    fn apply(&mut self, ask: &Ask) -> Refused {
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

    fn change_order(&mut self, number: usize, to: order::Status) -> Refused {
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
    fn expect(&mut self, ask: &Ask) -> Expected {
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

/// One sequence on wallets of its own.
struct Run<'a> {
    engine: &'a Engine,
    name: String,
    model: Model,
    orders: Vec<OrderNo>,
    /// What was asked under which key, and what it came to.
    past: Vec<(String, Ask, Expected)>,
}

type Checked = Result<(), TestCaseError>;

impl Run<'_> {
    fn uid(&self, user: usize) -> Uid {
        Uid::stored(format!("{}-{user}", self.name))
    }

    /// An order is named by number; what cannot be named yet is left out.
    fn resolve(&self, ask: &Ask) -> Option<Ask> {
        let round = |number: usize| number.checked_rem(self.orders.len());
        Some(match ask {
            Ask::ChangeOrder(number, to) => Ask::ChangeOrder(round(*number)?, *to),
            Ask::DeleteOrder(number) => Ask::DeleteOrder(round(*number)?),
            other => other.clone(),
        })
    }

    fn command(&self, ask: &Ask) -> Command {
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

    async fn ask(&self, key: &str, ask: &Ask) -> Result<Outcome, Error> {
        self.engine.ask(key, self.command(ask)).await
    }

    async fn step(&mut self, step: &Step) -> Checked {
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
    async fn burst(&mut self, asks: &[Ask]) -> Checked {
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

    fn take_in(&mut self, key: String, ask: Ask, outcome: &Outcome) -> Checked {
        let expected = self.model.expect(&ask);
        self.compare(&ask, &expected, outcome)?;
        if matches!(ask, Ask::CreateOrder(..)) && expected.refusal.is_none() {
            let made = outcome.order.as_ref();
            self.orders.push(made.expect("compared").order_no.clone());
        }
        self.past.push((key, ask, expected));
        Ok(())
    }

    fn compare(&self, ask: &Ask, expected: &Expected, outcome: &Outcome) -> Checked {
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

    fn compare_wallets(&self, expected: &Wallets, found: &[wallet::Model], what: &Ask) -> Checked {
        for wallet in found {
            let user = (0..USERS).find(|user| self.uid(*user) == wallet.uid).expect("ours");
            let seen = (wallet.balance.units(), wallet.version, wallet.status);
            prop_assert_eq!(Some(&seen), expected.get(&user), "user {} after {:?}", user, what);
        }
        Ok(())
    }

    async fn compare_stored(&self, last: &Ask) -> Checked {
        let uids: Vec<Uid> = (0..USERS).map(|user| self.uid(user)).collect();
        let stored = self.engine.stored(&uids).await;
        prop_assert_eq!(stored.len(), self.model.wallets.len(), "wallets that are stored");
        self.compare_wallets(&self.model.wallets, &stored, last)
    }
}

fn unexpected(error: Error) -> TestCaseError {
    TestCaseError::fail(format!("a fault: {error}"))
}

async fn run<'a>(engine: &'a Engine) -> Run<'a> {
    let name = Ulid::new().to_string();
    let mut run = Run { engine, name, model: Model::default(), orders: vec![], past: vec![] };
    for user in (0..USERS).filter(|user| *user != WITHOUT) {
        run.step(&Step::New(Ask::Open(user))).await.expect("a wallet can be opened");
        run.step(&Step::New(Ask::Deposit(user, 500_000))).await.expect("it takes money");
    }
    run
}

async fn one_by_one(engine: &Engine, steps: &[Step]) -> Checked {
    let mut run = run(engine).await;
    for step in steps {
        run.step(step).await?;
    }
    run.compare_stored(&Ask::Reward(vec![])).await
}

async fn at_once(engine: &Engine, asks: &[Ask]) -> Checked {
    let mut run = run(engine).await;
    run.burst(asks).await?;
    run.compare_stored(&Ask::Reward(vec![])).await
}

/// Runs random cases until one fails, which is then made as small as it can be.
fn check<S: Strategy>(
    backend: Backend,
    cases: u32,
    strategy: &S,
    holds: impl Fn(&Runtime, &Engine, S::Value) -> Checked,
) {
    let runtime = Runtime::new().unwrap();
    let (_ground, engine) = runtime.block_on(async {
        let ground = Ground::on(backend).await;
        let engine = ground.engine().await;
        (ground, engine)
    });
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(cases);
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let outcome = TestRunner::new(config).run(strategy, |value| holds(&runtime, &engine, value));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    runtime.block_on(engine.assert_audit_clean());
}

fn sequences(backend: Backend) {
    let steps = prop::collection::vec(step(), 1..60);
    check(backend, 40, &steps, |runtime, engine, steps| {
        runtime.block_on(one_by_one(engine, &steps))
    });
}

/// Orders are looked up before they are queued, so they are left out here; so is opening.
fn bursts(backend: Backend) {
    let queued = |ask: &Ask| {
        !matches!(ask, Ask::Open(_) | Ask::ChangeOrder(..) | Ask::DeleteOrder(_) | Ask::Reward(_))
    };
    let asks = prop::collection::vec(ask().prop_filter("queued at once", queued), 1..60);
    check(backend, 60, &asks, |runtime, engine, asks| runtime.block_on(at_once(engine, &asks)));
}

/// A sequence, one after another, comes to what the model says: balances, versions, statuses,
/// codes; repeats are answered as before.
#[test]
fn sequences_come_to_what_the_model_says_on_sqlite() {
    sequences(Backend::Embedded);
}

#[test]
fn sequences_come_to_what_the_model_says_on_postgres() {
    sequences(Backend::PostgresRedis);
}

/// So does one that is asked all at once, and is done in batches.
#[test]
fn bursts_come_to_what_the_model_says_on_sqlite() {
    bursts(Backend::Embedded);
}

#[test]
fn bursts_come_to_what_the_model_says_on_postgres() {
    bursts(Backend::PostgresRedis);
}
