//! Random load on a few wallets, from many hands, through whatever happens to the instances; and
//! what must hold of it afterwards.

mod door;
mod draw;
mod verdict;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::{Mutex, RwLock};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tokio::time::{sleep, timeout};
use wallet_bff::{
    balance::Command,
    entity::{OrderNo, Uid},
};

pub use self::door::{Answer, Door, Kind};
use super::{engine::Ground, steps::fresh_key};

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
}
