//! What is cached is never a lie, whatever breaks.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use sea_orm::EntityTrait;
use serde_json::json;
use tokio::time::sleep;
use wallet_bff::entity::{Uid, transaction, wallet};

use crate::support::{
    Backend, Client,
    awake::Awake,
    engine::Ground,
    load::seconds,
    process::Program,
    witness::{Door, Witness},
};

/// How many write and read at once.
const HANDS: u64 = 16;
const UIDS: [&str; 6] = ["ann", "bob", "cat", "dan", "eve", "fay"];
/// How long two instances may take to show the same again.
const HEALING: Duration = Duration::from_secs(5);

async fn program(ground: &Ground) -> Program {
    let flags = ground.flags();
    Program::serve(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await
}

fn door(program: &Program, life: u32) -> Door {
    Door { client: Client::clone(program), life }
}

/// Sixteen write and read through two instances, while Redis hangs, dies and is flushed, and
/// instances are killed: nobody reads what is older than what they were told or have seen with
/// `minVersion`, on the same instance also without it; nobody reads what never was; and afterwards
/// everything cached is what is stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_shown_what_is_old_or_never_was() {
    let mut ground = Ground::on(Backend::PostgresRedis).await;
    let uids = UIDS.map(Uid::stored);
    ground.engine().await.given_wallets(&uids, "1").await;
    let (first, mut second) = tokio::join!(program(&ground), program(&ground));
    let mut life = 1;
    let witness = Arc::new(Witness::new(&UIDS, vec![door(&first, 0), door(&second, life)]));
    let hands: Vec<_> = (0..HANDS)
        .map(|seed| {
            let witness = witness.clone();
            tokio::spawn(async move { witness.write_and_read(seed).await })
        })
        .collect();

    let until = Instant::now() + seconds();
    let step = Duration::from_millis(500);
    while Instant::now() < until {
        sleep(step).await;
        ground.redis().pause();
        sleep(step).await;
        ground.redis().resume();
        sleep(step).await;
        ground.redis().flush();
        sleep(step).await;
        second.signal("KILL");
        second = program(&ground).await;
        life += 1;
        witness.replace(1, door(&second, life));
        sleep(step).await;
        ground.redis().kill();
        sleep(step).await;
        ground.redis().restart();
        sleep(step).await;
        ground.redis().cut_clients();
        sleep(step).await;
    }
    for hand in &hands {
        hand.abort();
    }
    for hand in hands {
        if let Err(ended) = hand.await
            && ended.is_panic()
        {
            std::panic::resume_unwind(ended.into_panic());
        }
    }

    assert_healed(&ground, &witness, &uids).await;
    witness.assert_truthful(&ledger(&ground).await);
}

/// The balance that each version of each wallet left.
async fn ledger(ground: &Ground) -> HashMap<(String, i64), String> {
    let lines = transaction::Entity::find().all(ground.database()).await;
    let lines = lines.expect("the database answers");
    let left = |line: &transaction::Model| {
        ((line.uid.as_str().to_owned(), line.version), line.balance_after.to_string())
    };
    lines.iter().map(left).collect()
}

/// Every instance, and Redis itself, shows what is stored.
async fn assert_healed(ground: &Ground, witness: &Witness, uids: &[Uid]) {
    let engine = ground.engine().await;
    engine.assert_cache_catches_up(uids).await;
    let shown =
        |w: &wallet::Model| json!({ "version": w.version, "balance": w.balance.to_string() });
    let document = "query($uids: [ID!]!) { walletsByUid(uids: $uids) { version balance } }";
    let started = Awake::since_now();
    for door in witness.doors() {
        loop {
            // What was asked for last may still be done, though nobody waits for it.
            let stored = engine.stored(uids).await;
            let stored = json!(stored.iter().map(shown).collect::<Vec<_>>());
            let reply = door.client.query(document, json!({ "uids": uids })).await;
            if *reply.data("/walletsByUid") == stored {
                break;
            }
            assert!(started.elapsed() < HEALING, "stored is {stored:#}, shown is {reply}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}
