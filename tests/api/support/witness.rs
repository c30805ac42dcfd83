//! What readers are shown, held against what they know and against what was ever so.

use std::collections::{BTreeMap, HashMap};

use parking_lot::{Mutex, RwLock};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{Client, Reply, steps::fresh_key};

const READ: &str = "query($uid: ID!, $least: Int) { wallet(uid: $uid, minVersion: $least) {
    version balance source transactions(first: 2) { edges { node { walletVersion balanceAfter } } } } }";
const DEPOSIT: &str = "mutation($input: DepositInput!) { deposit(input: $input) {
    wallet { version balance } errors { code } } }";

/// An instance, and which of its lives it lives.
#[derive(Clone)]
pub struct Door {
    /// Asks it.
    pub client: Client,
    /// A restart forgets what the life before was told.
    pub life: u32,
}

/// Several who write and read through several instances.
pub struct Witness {
    uids: Vec<String>,
    doors: RwLock<Vec<Door>>,
    /// Every balance that anybody was shown, by wallet and version.
    shown: Mutex<BTreeMap<(String, i64), String>>,
    wrong: Mutex<Vec<String>>,
    /// Answers by where they came from.
    sources: Mutex<BTreeMap<String, u32>>,
}

/// What one of them knows of each wallet: the newest version that it was told of, or has seen in
/// an answer to `minVersion`; from anybody, and from each life of each instance.
#[derive(Default)]
struct Knowledge {
    of: HashMap<String, i64>,
    from: HashMap<(u32, String), i64>,
}

impl Knowledge {
    fn learn(&mut self, life: u32, uid: &str, version: i64) {
        for known in [
            self.of.entry(uid.to_owned()).or_insert(version),
            self.from.entry((life, uid.to_owned())).or_insert(version),
        ] {
            *known = version.max(*known);
        }
    }
}

impl Witness {
    /// Of these wallets, through these instances.
    pub fn new(uids: &[&str], doors: Vec<Door>) -> Self {
        Self {
            uids: uids.iter().map(|&uid| uid.to_owned()).collect(),
            doors: RwLock::new(doors),
            shown: Mutex::default(),
            wrong: Mutex::default(),
            sources: Mutex::default(),
        }
    }

    /// An instance was started again.
    pub fn replace(&self, index: usize, door: Door) {
        self.doors.write()[index] = door;
    }

    /// The instances.
    pub fn doors(&self) -> Vec<Door> {
        self.doors.read().clone()
    }

    /// One of them, until it is dropped.
    pub async fn write_and_read(&self, seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut knowledge = Knowledge::default();
        loop {
            let uid = &self.uids[rng.random_range(0..self.uids.len())];
            let door = {
                let doors = self.doors.read();
                doors[rng.random_range(0..doors.len())].clone()
            };
            match rng.random_range(0..10) {
                0..2 => self.deposit(&door, uid, &mut knowledge).await,
                2..5 => self.read(&door, uid, &mut knowledge, true).await,
                _ => self.read(&door, uid, &mut knowledge, false).await,
            }
        }
    }

    async fn deposit(&self, door: &Door, uid: &str, knowledge: &mut Knowledge) {
        let input = json!({ "idempotencyKey": fresh_key(), "uid": uid, "amount": "0.01" });
        // Who gets no answer was told nothing.
        let Ok(reply) = door.client.try_query(DEPOSIT, json!({ "input": input })).await else {
            return;
        };
        let wallet = &reply.body["data"]["deposit"]["wallet"];
        if let Some(version) = wallet["version"].as_i64() {
            knowledge.learn(door.life, uid, version);
            self.note(uid, version, &wallet["balance"], &reply);
        }
    }

    async fn read(&self, door: &Door, uid: &str, knowledge: &mut Knowledge, fresh: bool) {
        let known = if fresh {
            knowledge.of.get(uid).copied()
        } else {
            knowledge.from.get(&(door.life, uid.to_owned())).copied()
        };
        let least = if fresh { known } else { None };
        let variables = json!({ "uid": uid, "least": least });
        let Ok(reply) = door.client.try_query(READ, variables).await else { return };
        let wallet = &reply.body["data"]["wallet"];
        let Some(version) = wallet["version"].as_i64() else {
            return self.blame(&format!("no wallet was shown: {reply}"));
        };
        if known.is_some_and(|known| version < known) {
            self.blame(&format!("older than version {known:?}, which the reader knows: {reply}"));
        }
        if fresh {
            knowledge.learn(door.life, uid, version);
        }
        self.note(uid, version, &wallet["balance"], &reply);
        let lines = wallet["transactions"]["edges"].as_array();
        let lines: Vec<&Value> = lines.into_iter().flatten().map(|edge| &edge["node"]).collect();
        if lines.first().is_none_or(|newest| newest["walletVersion"].as_i64() < Some(version)) {
            self.blame(&format!("a ledger that is older than its wallet: {reply}"));
        }
        for line in lines {
            let version = line["walletVersion"].as_i64().unwrap_or(-1);
            self.note(uid, version, &line["balanceAfter"], &reply);
        }
        let source = wallet["source"].as_str().unwrap_or_default().to_owned();
        *self.sources.lock().entry(source).or_default() += 1;
    }

    fn note(&self, uid: &str, version: i64, balance: &Value, reply: &Reply) {
        let balance = balance.as_str().unwrap_or_default();
        let mut shown = self.shown.lock();
        let first = shown.entry((uid.to_owned(), version)).or_insert_with(|| balance.to_owned());
        if first != balance {
            let text = format!("version {version} of {uid} was {first} before: {reply}");
            drop(shown);
            self.blame(&text);
        }
    }

    fn blame(&self, text: &str) {
        self.wrong.lock().push(text.to_owned());
    }

    /// Nobody was shown what they knew to be old, nor anything that the ledger does not have:
    /// `ledger` says the balance that each version of each wallet left.
    pub fn assert_truthful(&self, ledger: &HashMap<(String, i64), String>) {
        let wrong = self.wrong.lock();
        assert!(wrong.is_empty(), "{} wrong answers, the first: {}", wrong.len(), wrong[0]);
        let shown = self.shown.lock();
        for (place, balance) in &*shown {
            assert_eq!(ledger.get(place), Some(balance), "{place:?} was shown");
        }
        let sources = self.sources.lock();
        super::load::tell(&format!("{} balances, read from {sources:?}", shown.len()));
        let reads: u32 = sources.values().sum();
        assert!(reads > 200 && shown.len() > 20, "hardly anything was read: {sources:?}");
        assert!(sources.contains_key("CACHE"), "nothing was read from the cache: {sources:?}");
    }
}
