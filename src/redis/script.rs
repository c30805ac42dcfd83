//! Lua scripts, called by their digest.

use std::sync::OnceLock;

use fred::types::Value;

use super::{Command, Redis, Reply, is_unknown};

/// A script, and its digest once it is needed.
pub struct Script {
    text: &'static str,
    digest: OnceLock<String>,
}

impl Script {
    /// From its text.
    pub const fn new(text: &'static str) -> Self {
        Self { text, digest: OnceLock::new() }
    }

    fn digest(&self) -> &str {
        self.digest.get_or_init(|| fred::util::sha1_hash(self.text))
    }
}

/// One call of a script. Its keys share a slot.
#[derive(Clone)]
pub struct Call {
    /// What it may touch.
    pub keys: Vec<String>,
    /// The rest.
    pub args: Vec<Value>,
}

impl Call {
    fn command(&self, name: &'static str, script: &str) -> Command {
        let mut args = Vec::with_capacity(2 + self.keys.len() + self.args.len());
        args.push(Value::from(script));
        args.push(Value::Integer(i64::try_from(self.keys.len()).unwrap_or(i64::MAX)));
        args.extend(self.keys.iter().map(Value::from));
        args.extend(self.args.iter().cloned());
        Command::new(name, args).at(self.keys.first().map_or("", String::as_str))
    }
}

impl Redis {
    /// Calls a script, in one pipeline. Where a node does not know it yet (it restarted, say),
    /// that call is made again with the text, which teaches the node.
    pub async fn run(&self, script: &Script, calls: &[Call]) -> Vec<Reply> {
        let by_digest = calls.iter().map(|call| call.command("EVALSHA", script.digest()));
        let mut replies = self.send(by_digest.collect()).await;
        let is_unknown = |&place: &usize| replies[place].as_ref().is_err_and(is_unknown);
        let unknown: Vec<usize> = (0..calls.len()).filter(is_unknown).collect();
        if !unknown.is_empty() {
            let by_text = unknown.iter().map(|&i| calls[i].command("EVAL", script.text));
            let again = self.send(by_text.collect()).await;
            for (&place, reply) in unknown.iter().zip(again) {
                replies[place] = reply;
            }
        }
        replies
    }
}
