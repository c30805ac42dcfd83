//! Long periods in Redis: a hash, and an index beside it.

use bytes::Bytes;
use fred::types::Value;

use super::{
    backend::Lost,
    hash::{Begin, PageFound, PageWanted},
    redis::{RedisBackend, array, millis, pairs},
    redis_periods::index_of,
};
use crate::redis::{Call, Script};

static PAGE: Script = Script::new(concat!(
    include_str!("scripts/newer.lua"),
    include_str!("scripts/shelf.lua"),
    include_str!("scripts/page.lua")
));
static BEGIN: Script =
    Script::new(concat!(include_str!("scripts/newer.lua"), include_str!("scripts/begin.lua")));
static FIELDS: Script =
    Script::new(concat!(include_str!("scripts/newer.lua"), include_str!("scripts/fields.lua")));

/// Fields that one step of a scan looks at.
const STEP: i64 = 500;

impl RedisBackend {
    /// One pipeline of script calls.
    pub(super) async fn pages(
        &self,
        wanted: &[PageWanted],
    ) -> Vec<Result<Option<PageFound>, Lost>> {
        let calls: Vec<Call> = wanted.iter().map(page_call).collect();
        let replies = self.ask(&PAGE, &calls).await;
        let page = |reply: Value| page(reply.into_array());
        replies.into_iter().map(|reply| reply.map(page)).collect()
    }

    /// One script call.
    pub(super) async fn begin_fill(&self, begin: &Begin) -> Result<Option<bool>, Lost> {
        let regardless = i64::from(begin.regardless);
        let args = vec![begin.fill.as_str().into(), millis(begin.ttl), regardless.into()];
        let call = Call { keys: vec![begin.key.clone(), index_of(&begin.key)], args };
        let reply = self.redis.run(&BEGIN, &[call]).await.pop().and_then(Result::ok);
        let fields = reply.and_then(|fields| fields.as_i64()).ok_or(Lost)?;
        Ok((fields >= 0).then_some(fields > 0))
    }

    /// One script call.
    pub(super) async fn scan_fields(
        &self,
        key: &str,
        cursor: Option<String>,
    ) -> Result<(Option<String>, Vec<(String, i64)>), Lost> {
        let cursor = cursor.unwrap_or_else(|| "0".to_owned());
        let call = Call { keys: vec![key.to_owned()], args: vec![cursor.into(), STEP.into()] };
        let reply = self.redis.run(&FIELDS, &[call]).await.pop().ok_or(Lost)?;
        let mut flat = array(reply).ok_or(Lost)?.into_iter();
        let next = flat.next().and_then(Value::into_string).ok_or(Lost)?;
        let versions = std::iter::from_fn(|| {
            let field = flat.next()?.into_string()?;
            Some((field, flat.next()?.as_i64().unwrap_or(i64::MIN)))
        });
        let versions = versions.collect();
        Ok(((next != "0").then_some(next), versions))
    }
}

fn page_call(page: &PageWanted) -> Call {
    let bound = |cursor: &Option<String>| Value::from(cursor.as_deref().unwrap_or_default());
    let args = vec![
        page.status.unwrap_or("*").into(),
        bound(&page.after),
        bound(&page.before),
        i64::try_from(page.limit).unwrap_or(i64::MAX).into(),
        i64::from(page.from_end).into(),
    ];
    Call { keys: vec![page.key.clone(), index_of(&page.key)], args }
}

fn page(mut answer: Vec<Value>) -> Option<PageFound> {
    if answer.is_empty() {
        return None;
    }
    let orders: Vec<(String, Bytes)> = pairs(answer.split_off(1)).collect();
    Some(PageFound { total: answer.pop()?.as_u64()?, orders })
}
