//! Folds a batch of postings over locked rows, one after another, in memory.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{
    Outcome, OutcomeState, Posting,
    books::{Books, Changes},
    rules::NotDone,
};
use crate::{
    entity::{IdempotencyKey, operation},
    error::Result,
};

/// What a batch comes to: one verdict a posting, and what to write.
#[derive(Debug)]
pub struct Folded {
    /// In the postings' order.
    pub verdicts: Vec<Verdict>,
    /// Rows to write.
    pub changes: Changes,
    /// Operations to write.
    pub records: Vec<operation::Model>,
}

/// What is to be answered to one posting.
#[derive(Debug)]
pub enum Verdict {
    /// This, once the batch is committed.
    Now(Box<Outcome>),
    /// What this row says was answered earlier.
    Earlier(operation::Model),
    /// That its key was used for another input.
    KeyReused,
}

/// The names of operations: who asked, under which key.
type Name<'a> = (&'a str, &'a IdempotencyKey);

/// Folds `postings` over `books`. `earlier` are the operations that their keys already name.
///
/// # Errors
/// `Internal` only: a refusal is a verdict.
pub fn fold(
    postings: &[Posting],
    mut books: Books,
    earlier: Vec<operation::Model>,
    now: DateTime<Utc>,
) -> Result<Folded> {
    let mut known: HashMap<Name<'_>, &operation::Model> = HashMap::with_capacity(earlier.len());
    for record in &earlier {
        known.insert((&record.caller, &record.idempotency_key), record);
    }
    let mut first: HashMap<Name<'_>, usize> = HashMap::with_capacity(postings.len());
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(postings.len());
    let mut records = Vec::with_capacity(postings.len());
    for (index, posting) in postings.iter().enumerate() {
        let name = (posting.request.caller.as_str(), &posting.request.key);
        let verdict = if let Some(record) = known.get(&name) {
            books.look_at(posting);
            repeat_of(posting, &record.fingerprint, || Verdict::Earlier((*record).clone()))
        } else if let Some(&twin) = first.get(&name) {
            repeat_of(posting, &postings[twin].fingerprint, || repeat_verdict(&verdicts[twin]))
        } else {
            first.insert(name, index);
            let outcome = apply(posting, &mut books, now);
            let fingerprint = posting.fingerprint.clone();
            let parts = posting.part.map(|part| part.count);
            records.push(outcome.to_record(&posting.request, fingerprint, parts)?);
            Verdict::Now(Box::new(outcome))
        };
        verdicts.push(verdict);
    }
    // Two instances that use the same keys for different wallets would otherwise insert them
    // crosswise, and wait for each other.
    records.sort_unstable_by(|a, b| {
        (&a.caller, &a.idempotency_key).cmp(&(&b.caller, &b.idempotency_key))
    });
    Ok(Folded { verdicts, changes: books.into_changes(), records })
}

fn repeat_of(posting: &Posting, fingerprint: &str, same: impl FnOnce() -> Verdict) -> Verdict {
    if posting.fingerprint == fingerprint { same() } else { Verdict::KeyReused }
}

fn repeat_verdict(verdict: &Verdict) -> Verdict {
    match verdict {
        Verdict::Now(outcome) => Verdict::Now(Box::new(outcome.repeated())),
        Verdict::Earlier(record) => Verdict::Earlier(record.clone()),
        Verdict::KeyReused => Verdict::KeyReused,
    }
}

/// Does one posting, or takes back whatever it began.
fn apply(posting: &Posting, books: &mut Books, now: DateTime<Utc>) -> Outcome {
    let mut draft = books.draft(&posting.operation_id, now);
    let start = draft.mark();
    let (state, refused, refused_at) = match posting.command.apply(&mut draft) {
        Ok(refused) => (OutcomeState::Committed, refused, None),
        Err(NotDone { refusal, at }) => {
            draft.undo_to(start);
            (OutcomeState::Refused(refusal), vec![], at)
        }
    };
    let work = draft.finish();
    Outcome {
        operation_id: posting.operation_id.clone(),
        kind: posting.command.kind().to_owned(),
        request_id: posting.request.request_id.clone(),
        key: posting.request.key.clone(),
        state,
        replayed: false,
        committed_at: now,
        wallets: posting.uids.iter().filter_map(|uid| books.wallet(uid)).cloned().collect(),
        transactions: work.lines,
        order: work.order,
        status_changes: work.status_changes,
        refused,
        refused_at,
        released: None,
    }
}

#[cfg(test)]
mod tests {
    //! Random sequences against a plain model: a map from uid to balance.

    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        balance::{BatchItem, BatchKind, Command, Movement, Request, testing::wallet},
        entity::{Amount, Money, Uid},
        error::Error,
    };

    const USERS: [&str; 3] = ["ann", "bob", "cid"];

    type Model = BTreeMap<String, i64>;

    fn uid() -> impl Strategy<Value = Uid> {
        prop::sample::select(&USERS[..]).prop_map(Uid::stored)
    }

    fn amount() -> impl Strategy<Value = Amount> {
        (1_i64..200_000).prop_map(|units| Amount::try_from(Money::from_units(units)).unwrap())
    }

    fn movement() -> impl Strategy<Value = Movement> {
        (uid(), amount()).prop_map(|(uid, amount)| Movement { uid, amount, description: None })
    }

    fn item() -> impl Strategy<Value = BatchItem> {
        (any::<bool>(), movement()).prop_map(|(add, movement)| BatchItem {
            kind: if add { BatchKind::Add } else { BatchKind::Withdraw },
            movement,
        })
    }

    fn command() -> impl Strategy<Value = Command> {
        prop_oneof![
            movement().prop_map(Command::Deposit),
            movement().prop_map(Command::Withdraw),
            (uid(), uid(), amount()).prop_map(|(from_uid, to_uid, amount)| Command::Transfer {
                from_uid,
                to_uid,
                amount,
                description: None,
            }),
            prop::collection::vec(item(), 1..4)
                .prop_map(|operations| Command::Batch { operations }),
            prop::collection::vec(movement(), 1..4).prop_map(|rewards| Command::Reward { rewards }),
        ]
    }

    fn posting(index: usize, command: Command) -> Posting {
        let request = Request {
            caller: "test".to_owned(),
            key: IdempotencyKey::stored(format!("key-{index:04}")),
            request_id: String::new(),
        };
        let fingerprint = command.fingerprint();
        Posting::new(request, command, fingerprint).0
    }

    fn take(model: &mut Model, uid: &Uid, units: i64) -> bool {
        let balance = model.get_mut(uid.as_str()).unwrap();
        let enough = *balance + units >= 0;
        if enough {
            *balance += units;
        }
        enough
    }

    /// What the command does to the model, and whether it is done at all.
    fn model_apply(model: &mut Model, command: &Command) -> bool {
        let mut after = model.clone();
        let units = |movement: &Movement| movement.amount.money().units();
        let done = match command {
            Command::Deposit(m) => take(&mut after, &m.uid, units(m)),
            Command::Withdraw(m) => take(&mut after, &m.uid, -units(m)),
            Command::Transfer { from_uid, to_uid, amount, .. } => {
                from_uid != to_uid
                    && take(&mut after, from_uid, -amount.money().units())
                    && take(&mut after, to_uid, amount.money().units())
            }
            Command::Batch { operations } => operations.iter().all(|o| {
                let sign = if o.kind == BatchKind::Add { 1 } else { -1 };
                take(&mut after, &o.movement.uid, sign * units(&o.movement))
            }),
            Command::Reward { rewards } => {
                rewards.iter().all(|m| take(&mut after, &m.uid, units(m)))
            }
            _ => unreachable!("not generated"),
        };
        if done {
            *model = after;
        }
        done
    }

    proptest! {
        #[test]
        fn folds_as_one_after_another(commands in prop::collection::vec(command(), 1..40)) {
            let mut model: Model = USERS.iter().map(|uid| ((*uid).to_owned(), 100_000)).collect();
            let books = Books::new(USERS.iter().map(|uid| wallet(uid, "10")).collect(), vec![]);
            let postings: Vec<_> = commands.into_iter().enumerate().map(|(i, c)| posting(i, c)).collect();
            let now = crate::entity::clock::now();
            let folded = fold(&postings, books, vec![], now).unwrap();

            for (posting, verdict) in postings.iter().zip(&folded.verdicts) {
                let done = model_apply(&mut model, &posting.command);
                let Verdict::Now(outcome) = verdict else { panic!("{verdict:?}") };
                prop_assert_eq!(outcome.state == OutcomeState::Committed, done, "{:?}", posting.command);
                for wallet in &outcome.wallets {
                    prop_assert_eq!(wallet.balance.units(), model[wallet.uid.as_str()]);
                }
            }
            check_chains(&folded.changes)?;
        }
    }

    /// Lines of a wallet are dense in version, each finds the balance that the last one left,
    /// and the last one leaves what is written.
    fn check_chains(changes: &Changes) -> Result<(), TestCaseError> {
        for wallet in &changes.changed {
            let (mut version, mut balance) = (0, Money::from_units(100_000));
            for line in changes.lines.iter().filter(|line| line.uid == wallet.uid) {
                prop_assert_eq!(line.version, version + 1);
                prop_assert_eq!(line.balance_before, balance);
                prop_assert_eq!(line.signed_amount().abs(), line.amount);
                (version, balance) = (line.version, line.balance_after);
            }
            prop_assert_eq!((wallet.version, wallet.balance), (version, balance));
        }
        for line in &changes.lines {
            prop_assert!(changes.changed.iter().any(|wallet| wallet.uid == line.uid));
        }
        Ok(())
    }

    fn deposit(key: usize, amount: &str) -> Posting {
        let movement = Movement {
            uid: Uid::stored("ann"),
            amount: amount.parse().unwrap(),
            description: None,
        };
        posting(key, Command::Deposit(movement))
    }

    #[test]
    fn a_key_twice_in_a_batch_is_done_once() {
        let postings = [deposit(1, "5"), deposit(1, "5"), deposit(1, "6")];
        let books = Books::new(vec![wallet("ann", "10")], vec![]);
        let folded = fold(&postings, books, vec![], crate::entity::clock::now()).unwrap();
        let [Verdict::Now(first), Verdict::Now(second), Verdict::KeyReused] = &folded.verdicts[..]
        else {
            panic!("{:?}", folded.verdicts)
        };
        assert_eq!(first.transactions, second.transactions);
        assert!(second.replayed && !first.replayed);
        assert_eq!((folded.changes.lines.len(), folded.records.len()), (1, 1));
    }

    #[test]
    fn a_recorded_outcome_is_answered_as_it_was() {
        let first = deposit(1, "5");
        let books = Books::new(vec![wallet("ann", "10")], vec![]);
        let now = crate::entity::clock::now();
        let folded = fold(std::slice::from_ref(&first), books, vec![], now).unwrap();
        let Verdict::Now(outcome) = &folded.verdicts[0] else { panic!("{:?}", folded.verdicts) };
        let read = Outcome::from_record(&folded.records[0], &outcome.transactions);
        assert_eq!(read.map_err(|error: Error| error.to_string()), Ok(outcome.repeated()));
    }
}
