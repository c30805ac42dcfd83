//! Random load on a few wallets, from many hands, through whatever happens to the instances; and
//! what must hold of it afterwards.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use parking_lot::{Mutex, RwLock};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use wallet_bff::{
    balance::{
        BatchItem, BatchKind, Command, Movement, NewOrder, OrderChange, Outcome, OutcomeState,
    },
    entity::{Amount, Money, OrderNo, Period, Uid, operation, order},
    error::{Error, Refusal},
};

use super::{
    Client,
    engine::{Engine, Ground, code},
    servers::postgres,
    steps::fresh_key,
};

/// What each wallet holds at first.
const FUNDS: &str = "1000";
/// How long a question may be asked again before somebody is to blame.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long tests under load take: a few seconds, or what `CHAOS_SECONDS` says.
pub fn seconds() -> Duration {
    let wanted = std::env::var("CHAOS_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(wanted.unwrap_or(6))
}

/// Shown with a test that fails, or with `--nocapture`.
#[allow(clippy::print_stdout)]
pub fn tell(text: &str) {
    println!("{text}");
}

/// What one question was answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It was done; the id of the operation.
    Done(String, Option<(OrderNo, Money)>),
    /// It was refused, for good; the code.
    Refused(String),
    /// It was not done, and may be asked again: SYSTEM_BUSY.
    Busy,
    /// It may have been done, and may be asked again: a fault that says so, or no answer.
    Unknown(String),
    /// What nobody should be told.
    Wrong(String),
}

/// Where questions are asked.
pub trait Door: Send + Sync {
    /// Asks once.
    fn ask<'a>(&'a self, key: &'a str, command: &'a Command) -> BoxFuture<'a, Answer>;
    /// What it can be asked.
    fn kinds(&self) -> &'static [Kind];
    /// How long an answer is waited for.
    fn limit(&self) -> Duration;
}

/// What can be asked.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `deposit`
    Deposit,
    /// `withdraw`
    Withdraw,
    /// `transfer`
    Transfer,
    /// `batchBalanceOperation`
    Batch,
    /// `batchReward`
    Reward,
    /// `createOrder`
    CreateOrder,
    /// `updateOrderStatus`, of an order that this load made
    ChangeOrder,
}

impl Door for Engine {
    fn ask<'a>(&'a self, key: &'a str, command: &'a Command) -> BoxFuture<'a, Answer> {
        self.ask(key, command.clone()).map(answer).boxed()
    }

    fn kinds(&self) -> &'static [Kind] {
        use Kind::*;
        &[Deposit, Withdraw, Transfer, Transfer, Batch, Reward, CreateOrder, ChangeOrder]
    }

    /// Longer than the most patient command waits for its locks.
    fn limit(&self) -> Duration {
        Duration::from_secs(25)
    }
}

fn answer(result: Result<Outcome, Error>) -> Answer {
    match result {
        Ok(outcome) => match outcome.state {
            OutcomeState::Committed if !outcome.refused.is_empty() => {
                Answer::Wrong(format!("a reward was refused: {:?}", outcome.refused))
            }
            OutcomeState::Committed => {
                let order = outcome.order.map(|order| (order.order_no, order.amount));
                Answer::Done(outcome.operation_id, order)
            }
            OutcomeState::Refused(refusal) => Answer::Refused(code(&refusal)),
        },
        Err(Error::Refused(Refusal::SystemBusy { .. })) => Answer::Busy,
        Err(error @ (Error::Unavailable(_) | Error::Timeout)) => Answer::Unknown(error.to_string()),
        Err(error) if error.is_outage() => Answer::Unknown(error.to_string()),
        Err(error) => Answer::Wrong(error.to_string()),
    }
}

impl Door for Client {
    fn ask<'a>(&'a self, key: &'a str, command: &'a Command) -> BoxFuture<'a, Answer> {
        async move {
            let (name, kind, input) = input(key, command);
            let document = format!(
                "mutation($input: {kind}!) {{ {name}(input: $input) {{
                    operation {{ state transactions {{ operationId }} }} errors {{ code message }} }} }}"
            );
            let reply = match self.try_query(&document, json!({ "input": input })).await {
                Ok(reply) => reply,
                Err(lost) => return Answer::Unknown(lost),
            };
            match reply.error_code() {
                Some("SERVICE_UNAVAILABLE" | "REQUEST_TIMEOUT") => {
                    return Answer::Unknown(reply.error_message().to_owned());
                }
                Some(_) => return Answer::Wrong(reply.to_string()),
                None => {}
            }
            let payload = &reply.body["data"][name];
            match payload["errors"][0]["code"].as_str() {
                Some("SYSTEM_BUSY") => Answer::Busy,
                Some(code) => Answer::Refused(code.to_owned()),
                None => match payload["operation"]["transactions"][0]["operationId"].as_str() {
                    Some(id) => Answer::Done(id.to_owned(), None),
                    None => Answer::Wrong(reply.to_string()),
                },
            }
        }
        .boxed()
    }

    fn kinds(&self) -> &'static [Kind] {
        use Kind::*;
        &[Deposit, Withdraw, Transfer, Transfer]
    }

    /// Its process may be stopped.
    fn limit(&self) -> Duration {
        Duration::from_secs(3)
    }
}

fn input(key: &str, command: &Command) -> (&'static str, &'static str, Value) {
    let movement = |m: &Movement| json!({ "idempotencyKey": key, "uid": m.uid, "amount": m.amount.to_string() });
    match command {
        Command::Deposit(m) => ("deposit", "DepositInput", movement(m)),
        Command::Withdraw(m) => ("withdraw", "WithdrawInput", movement(m)),
        Command::Transfer { from_uid, to_uid, amount, .. } => {
            let input = json!({ "idempotencyKey": key, "fromUid": from_uid, "toUid": to_uid,
                "amount": amount.to_string() });
            ("transfer", "TransferInput", input)
        }
        other => unreachable!("a client is not asked for {other:?}"),
    }
}

/// One question, and what came of it in the end.
#[derive(Debug)]
struct Record {
    key: String,
    command: Command,
    answer: Answer,
    at: Instant,
}

/// Load, as it goes on.
pub struct Load {
    uids: Vec<Uid>,
    /// Who is asked now; the test puts others in the place of those that are gone.
    doors: RwLock<Vec<Arc<dyn Door>>>,
    records: Mutex<Vec<Record>>,
    wrong: Mutex<Vec<String>>,
    /// How often a question was asked again, because it had to be.
    again: Mutex<HashMap<String, u32>>,
    orders: Mutex<Vec<OrderNo>>,
    started: Instant,
}

impl Load {
    /// On eight wallets with enough in them; nothing goes on yet.
    pub async fn prepare(ground: &Ground, doors: Vec<Arc<dyn Door>>) -> Arc<Self> {
        let uids: Vec<Uid> = (0..8).map(|number| Uid::stored(format!("u{number}"))).collect();
        let engine = ground.engine().await;
        engine.given_wallets(&uids, FUNDS).await;
        engine.balance.shutdown().await;
        Arc::new(Self {
            uids,
            doors: RwLock::new(doors),
            records: Mutex::default(),
            wrong: Mutex::default(),
            again: Mutex::default(),
            orders: Mutex::default(),
            started: Instant::now(),
        })
    }

    /// Whose wallets.
    pub fn uids(&self) -> &[Uid] {
        &self.uids
    }

    /// Who is asked from now on.
    pub fn set_doors(&self, doors: Vec<Arc<dyn Door>>) {
        *self.doors.write() = doors;
    }

    /// Asks, with this many hands, for this long, and until everything is answered.
    pub async fn run(self: &Arc<Self>, hands: usize, time: Duration) {
        let until = Instant::now() + time;
        let hand = |number| {
            let load = self.clone();
            tokio::spawn(async move { load.hand(number, until).await })
        };
        for ended in futures::future::join_all((0..hands).map(hand)).await {
            ended.expect("a hand does not panic");
        }
    }

    async fn hand(&self, number: usize, until: Instant) {
        let mut rng = StdRng::seed_from_u64(number as u64 ^ u64::from(std::process::id()) << 16);
        while Instant::now() < until && self.wrong.lock().is_empty() {
            let kinds = self.door(number).kinds();
            let kind = *kinds.choose(&mut rng).expect("some");
            let command = self.command(kind, &mut rng);
            let (key, may_give_up) = (fresh_key(), rng.random_bool(0.5));
            let answer = self.see_through(number, &key, &command, may_give_up).await;
            if let Answer::Done(_, Some((order_no, _))) = &answer {
                self.orders.lock().push(order_no.clone());
            }
            if matches!(answer, Answer::Done(..) | Answer::Refused(_)) && rng.random_bool(0.1) {
                self.assert_repeat(number + 1, &key, &command, &answer).await;
            }
            self.records.lock().push(Record { key, command, answer, at: Instant::now() });
        }
    }

    /// Asks this one, until it is done, and counts it in.
    pub async fn see_done(&self, door: &dyn Door, command: Command) {
        let (key, started) = (fresh_key(), Instant::now());
        let answer = loop {
            match door.ask(&key, &command).await {
                Answer::Busy | Answer::Unknown(_) if started.elapsed() < PATIENCE => {}
                answer => break answer,
            }
            sleep(Duration::from_millis(20)).await;
        };
        assert!(matches!(answer, Answer::Done(..)), "{command:?}: {answer:?}");
        self.records.lock().push(Record { key, command, answer, at: Instant::now() });
    }

    fn door(&self, number: usize) -> Arc<dyn Door> {
        let doors = self.doors.read();
        doors[number % doors.len()].clone()
    }

    /// Asks until there is an answer that stays. Who was told `Busy` and nothing else may also
    /// give up, and count on nothing having been done.
    async fn see_through(
        &self,
        number: usize,
        key: &str,
        command: &Command,
        may_give_up: bool,
    ) -> Answer {
        let (started, mut only_busy, mut turn) = (Instant::now(), true, number);
        loop {
            let door = self.door(turn);
            let asked = timeout(door.limit(), door.ask(key, command)).await;
            let answer = asked.unwrap_or_else(|_| Answer::Unknown("no answer in time".to_owned()));
            let again = match answer {
                Answer::Busy if only_busy && may_give_up => return Answer::Busy,
                Answer::Busy => "busy".to_owned(),
                Answer::Unknown(why) => {
                    only_busy = false;
                    why
                }
                Answer::Done(..) | Answer::Refused(_) => return answer,
                Answer::Wrong(ref what) => {
                    self.blame(format!("{key} {command:?}: {what}"));
                    return answer;
                }
            };
            if started.elapsed() > PATIENCE {
                self.blame(format!("{key} {command:?}: still {again:?} after {PATIENCE:?}"));
                return Answer::Unknown(again);
            }
            *self.again.lock().entry(again).or_default() += 1;
            turn += 1;
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn assert_repeat(&self, number: usize, key: &str, command: &Command, first: &Answer) {
        let again = self.see_through(number, key, command, false).await;
        if again != *first {
            self.blame(format!("{key} {command:?} was first {first:?}, and repeated {again:?}"));
        }
    }

    fn blame(&self, what: String) {
        self.wrong.lock().push(format!("after {:?}: {what}", self.started.elapsed()));
    }

    fn command(&self, kind: Kind, rng: &mut StdRng) -> Command {
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

    /// How many were done or refused since `moment`, on how many wallets.
    pub fn answered_since(&self, moment: Instant) -> (usize, usize) {
        let records = self.records.lock();
        let answered: Vec<_> = records.iter().filter(|record| record.at > moment).collect();
        let mut uids: Vec<_> = answered.iter().flat_map(|record| record.command.uids()).collect();
        uids.sort_unstable();
        uids.dedup();
        (answered.len(), uids.len())
    }

    /// How often somebody was left without knowing.
    pub fn doubts(&self) -> u32 {
        let again = self.again.lock();
        again.iter().filter(|(why, _)| *why != "busy").map(|(_, count)| count).sum()
    }

    /// Nobody was left without knowing: where only a cache or a lock broke, there is no cause to.
    pub fn assert_never_in_doubt(&self) {
        let again = self.again.lock();
        let doubts: Vec<_> = again.keys().filter(|why| *why != "busy").collect();
        assert!(doubts.is_empty(), "asked again without need: {again:?}");
    }

    /// All that must hold: nobody was told what is not so, no money came or went but by what was
    /// answered, and the ledger agrees with itself.
    pub async fn assert_sound(&self, ground: &Ground) {
        let records = self.records.lock().drain(..).collect::<Vec<_>>();
        let count =
            |wanted: fn(&Answer) -> bool| records.iter().filter(|r| wanted(&r.answer)).count();
        let (done, refused) =
            (count(|a| matches!(a, Answer::Done(..))), count(|a| matches!(a, Answer::Refused(_))));
        let busy = count(|a| matches!(a, Answer::Busy));
        let again = self.again.lock().clone();
        tell(&format!(
            "{done} done, {refused} refused, {busy} given up as busy; asked again: {again:#?}"
        ));
        let wrong = self.wrong.lock().clone();
        assert!(
            wrong.is_empty(),
            "{} wrong answers: {:#?}",
            wrong.len(),
            &wrong[..wrong.len().min(5)]
        );
        assert!(done > 50, "hardly anything was done: {done}");
        assert_answers_are_so(ground, &records).await;
        let engine = ground.engine().await;
        let stored = engine.stored(&self.uids).await;
        let held: i64 = stored.iter().map(|wallet| wallet.balance.units()).sum();
        let funds = FUNDS.parse::<Money>().expect("an amount").units() * self.uids.len() as i64;
        let moved: i64 = records.iter().map(net).sum();
        assert_eq!(held, funds + moved, "what the wallets hold, and what was answered");
        engine.assert_audit_clean().await;
        let log = postgres::log().await;
        let deadlock = log.find("deadlock detected");
        assert_eq!(deadlock, None, "in PostgreSQL's log: {}", &log[deadlock.unwrap_or(0)..]);
    }
}

/// Each answer stands in the operations as it was given, and nothing else does.
async fn assert_answers_are_so(ground: &Ground, records: &[Record]) {
    let rows = operation::Entity::find()
        .filter(operation::Column::Kind.ne("open_wallet"))
        .all(ground.database());
    let rows = rows.await.expect("the database answers");
    let rows: HashMap<&str, &operation::Model> =
        rows.iter().map(|row| (row.idempotency_key.as_str(), row)).collect();
    for record in records {
        let row = rows.get(&*record.key);
        let stored = row.map(|row| (row.state, row.operation_id.as_str()));
        let so = match (&record.answer, stored) {
            (Answer::Done(id, _), Some((operation::State::Committed, stored))) => id == stored,
            (Answer::Refused(_), Some((operation::State::Refused, _))) => true,
            (Answer::Busy, None) => true,
            _ => false,
        };
        assert!(so, "answered: {record:?}\nstored: {row:?}");
    }
}

/// What the question brought into all wallets together.
fn net(record: &Record) -> i64 {
    let Answer::Done(_, order) = &record.answer else { return 0 };
    let units = |amount: &Amount| amount.money().units();
    match &record.command {
        Command::Deposit(m) => units(&m.amount),
        Command::Withdraw(m) => -units(&m.amount),
        Command::Transfer { .. } => 0,
        Command::Batch { operations } => {
            let sign = |kind| if kind == BatchKind::Add { 1 } else { -1 };
            operations.iter().map(|o| sign(o.kind) * units(&o.movement.amount)).sum()
        }
        Command::Reward { rewards } => rewards.iter().map(|reward| units(&reward.amount)).sum(),
        Command::CreateOrder(new) => -units(&new.amount),
        Command::ChangeOrder { change, .. } => match (change, order) {
            (OrderChange::Status { to: order::Status::Cancelled, .. }, Some((_, amount))) => {
                amount.units()
            }
            _ => 0,
        },
        other => unreachable!("not asked: {other:?}"),
    }
}

fn amount(rng: &mut StdRng) -> Amount {
    let units = rng.random_range(1..200_000);
    Amount::try_from(Money::from_units(units)).expect("it is positive")
}
