//! Large rewards: split into parts by user, each a posting of its own.
//!
//! The parts share the operation's id and the fingerprint of the whole. The first is recorded
//! under the caller's key, the others under that key, a space (which no caller's key holds) and
//! their number. So a repeat after a crash finds the parts that are done, and does the others.

use std::collections::HashMap;

use super::{
    Balance, Command, Known, Movement, Outcome, OutcomeState, Posting, Request, posting::Part,
};
use crate::{
    entity::{IdempotencyKey, Uid, operation, transaction},
    error::{Error, Result},
};

/// Users in a part. One transaction of 10,000 is a fifth faster than ten of 1,000, and holds its
/// row locks ten times as long.
const USERS_IN_A_PART: usize = 1_000;

/// Pays rewards, part by part. Goes on when the caller goes away.
pub async fn execute(balance: &Balance, request: Request, rewards: &[Movement]) -> Result<Outcome> {
    let whole = Command::Reward { rewards: rewards.to_vec() }.fingerprint();
    let parts = split(rewards);
    let balance = balance.clone();
    let paying = tokio::spawn(async move { pay(&balance, &request, whole, parts).await });
    paying.await.map_err(|error| Error::Internal(format!("a reward ended early: {error}")))?
}

async fn pay(
    balance: &Balance,
    request: &Request,
    whole: String,
    parts: Vec<Vec<Movement>>,
) -> Result<Outcome> {
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(parts.len());
    let count = parts.len();
    for (index, rewards) in parts.into_iter().enumerate() {
        let request = Request { key: part_key(&request.key, index), ..request.clone() };
        let command = Command::Reward { rewards };
        let (mut posting, reply) = Posting::new(request, command, whole.clone());
        posting.part = Some(Part { count });
        if let Some(first) = outcomes.first() {
            posting.operation_id.clone_from(&first.operation_id);
        }
        outcomes.push(balance.submit(posting, reply).await?);
    }
    join(outcomes).ok_or_else(|| Error::BadInput("at least one reward is needed".to_owned()))
}

/// What is known of a reward of `count` parts, all of whose lines are `lines`.
pub fn known(
    records: &[operation::Model],
    count: usize,
    lines: &[transaction::Model],
) -> Result<Option<Known>> {
    if records.len() < count {
        return Ok(Some(Known::InProgress));
    }
    let outcomes: Result<Vec<_>> =
        records.iter().map(|record| Outcome::from_record(record, lines)).collect();
    Ok(join(outcomes?).map(|outcome| Known::Ended(Box::new(outcome))))
}

/// The keys of all parts but the first.
pub fn further_keys(key: &IdempotencyKey, count: usize) -> Vec<IdempotencyKey> {
    (1..count).map(|index| part_key(key, index)).collect()
}

fn part_key(key: &IdempotencyKey, index: usize) -> IdempotencyKey {
    match index {
        0 => key.clone(),
        _ => IdempotencyKey::stored(format!("{key} {index:04}")),
    }
}

/// A user's rewards stay together, in the order of their first.
fn split(rewards: &[Movement]) -> Vec<Vec<Movement>> {
    let mut part_of: HashMap<&Uid, usize> = HashMap::new();
    let mut parts: Vec<Vec<Movement>> = Vec::new();
    for reward in rewards {
        let users = part_of.len();
        let part = *part_of.entry(&reward.uid).or_insert(users / USERS_IN_A_PART);
        if part == parts.len() {
            parts.push(Vec::new());
        }
        parts[part].push(reward.clone());
    }
    parts
}

fn join(outcomes: Vec<Outcome>) -> Option<Outcome> {
    outcomes.into_iter().reduce(|mut all, part| {
        all.replayed &= part.replayed;
        all.committed_at = all.committed_at.max(part.committed_at);
        all.wallets.extend(part.wallets);
        all.transactions.extend(part.transactions);
        all.refused.extend(part.refused);
        if all.state == OutcomeState::Committed {
            all.state = part.state;
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_rewards_stay_together_in_their_order() {
        let reward = |user: usize| Movement {
            uid: Uid::stored(format!("u{user}")),
            amount: "1".parse().unwrap(),
            description: None,
        };
        let rewards: Vec<_> = (0..2_500).chain([3, 2_499]).map(reward).collect();
        let parts = split(&rewards);
        let sizes: Vec<_> = parts.iter().map(Vec::len).collect();
        assert_eq!(sizes, [1_001, 1_000, 501]);
        assert_eq!(parts[0].last().unwrap().uid.as_str(), "u3");
        assert_eq!(parts[2].last().unwrap().uid.as_str(), "u2499");
    }

    #[test]
    fn the_keys_of_parts_are_none_that_a_caller_may_choose() {
        let key: IdempotencyKey = "reward-2024-12".parse().unwrap();
        for part in further_keys(&key, 12) {
            assert!(part.as_str().parse::<IdempotencyKey>().is_err(), "{part}");
        }
    }
}
