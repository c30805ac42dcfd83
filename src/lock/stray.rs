//! Locks that Redis may keep for us though we do not hold them: the answer to taking one, or to
//! giving it back, was lost. Nobody renews them, and nobody should wait until they lapse.

use std::{collections::VecDeque, time::Duration};

use parking_lot::Mutex;
use tokio::{sync::Notify, time::sleep};

use crate::entity::Uid;

/// How many are remembered. While Redis is gone nothing reaches it, so that those which matter
/// come first.
const MOST: usize = 1_000;
/// Between tries; long enough for what was sent before an outage to be done after it.
const RETRY: Duration = Duration::from_millis(100);

/// What one token may have left behind.
pub(super) struct Stray {
    pub(super) uids: Vec<Uid>,
    pub(super) token: String,
}

#[derive(Default)]
pub(super) struct Strays {
    waiting: Mutex<VecDeque<Stray>>,
    added: Notify,
}

impl Strays {
    pub(super) fn add(&self, uids: Vec<Uid>, token: &str) {
        let mut waiting = self.waiting.lock();
        if !uids.is_empty() && waiting.len() < MOST {
            waiting.push_back(Stray { uids, token: token.to_owned() });
            self.added.notify_one();
        }
    }

    /// Gives them back, each as soon as `give_back` says that it was answered; never returns.
    pub(super) async fn give_back<F>(&self, mut give_back: impl FnMut(Stray) -> F)
    where
        F: Future<Output = Result<(), Stray>>,
    {
        loop {
            self.added.notified().await;
            sleep(RETRY).await;
            while let Some(stray) = self.next() {
                if let Err(stray) = give_back(stray).await {
                    self.waiting.lock().push_front(stray);
                    sleep(RETRY).await;
                }
            }
        }
    }

    fn next(&self) -> Option<Stray> {
        self.waiting.lock().pop_front()
    }
}
