//! Lists as the Relay connection specification has them.

use async_graphql::{ContainerType, Context, Object, OutputType, Result, connection::PageInfo};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    context::ContextExt,
    hot::HotRecord,
    operation::Operation,
    order::Order,
    rendered::{Parts, Render, Selected, Write, WriteJson, write_list},
    transaction::Transaction,
    wallet::Wallet,
};
use crate::{
    entity::{OrderNo, Uid},
    error::Error,
    loaders::{Page, Slice, Total},
};

/// Rows of a page when neither `first` nor `last` is given.
const DEFAULT_PAGE_SIZE: u32 = 20;

/// A place in a list.
pub trait Cursor: Sized {
    /// Tells the cursors of different lists apart.
    const LIST: &'static str;
    /// As text.
    fn text(&self) -> String;
    /// From its text.
    fn parse(text: &str) -> Option<Self>;

    /// What clients get: they are not to look into it.
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}", Self::LIST, self.text()))
    }

    /// From what clients send back.
    ///
    /// # Errors
    /// `BadInput` for what is no cursor, or one of another list.
    fn decode(opaque: &str) -> Result<Self, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(opaque).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let place = text.as_deref().and_then(|text| text.split_once(':'));
        place
            .filter(|(list, _)| *list == Self::LIST)
            .and_then(|(_, place)| Self::parse(place))
            .ok_or_else(|| Error::BadInput("this is no cursor of this list".to_owned()))
    }
}

impl Cursor for Uid {
    const LIST: &'static str = "wallet";

    fn text(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Cursor for OrderNo {
    const LIST: &'static str = "order";

    fn text(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// The wallet's version that a ledger line made.
impl Cursor for i64 {
    const LIST: &'static str = "version";

    fn text(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// An operation's id.
impl Cursor for String {
    const LIST: &'static str = "operation";

    fn text(&self) -> String {
        self.clone()
    }

    fn parse(text: &str) -> Option<Self> {
        let valid = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
        valid.then(|| text.to_owned())
    }
}

/// Reads the arguments of a connection, which [`super::validation`] has looked at.
///
/// # Errors
/// `BadInput` for a malformed cursor.
pub fn page<C: Cursor>(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<&str>,
    last: Option<i32>,
    before: Option<&str>,
) -> Result<Page<C>, Error> {
    let size = first.or(last).map_or(DEFAULT_PAGE_SIZE, i32::unsigned_abs);
    Ok(Page {
        after: after.map(C::decode).transpose()?,
        before: before.map(C::decode).transpose()?,
        limit: size.min(ctx.bounds().max_page_size).into(),
        from_end: last.is_some(),
    })
}

/// What can stand in a connection.
pub trait Listed: OutputType {
    /// What its place in the list is told by.
    type Cursor: Cursor;
    /// Its place in the list.
    fn cursor(&self) -> Self::Cursor;
}

/// A page of a list.
pub struct Connection<T> {
    edges: Vec<Edge<T>>,
    has_next: bool,
    has_previous: bool,
    total: Total,
}

impl<T> Connection<T> {
    /// A page, and how its list is counted when somebody asks.
    pub fn new(slice: Slice<T>, total: Total) -> Self {
        let Slice { rows, has_next, has_previous } = slice;
        Self { edges: rows.into_iter().map(Edge).collect(), has_next, has_previous, total }
    }
}

/// A page of a list, as the Relay connection specification has it.
#[Object(
    concrete(name = "WalletConnection", params(Wallet)),
    concrete(name = "TransactionConnection", params(Transaction)),
    concrete(name = "OrderConnection", params(Order)),
    concrete(name = "OperationConnection", params(Operation)),
    concrete(name = "HotRecordConnection", params(HotRecord))
)]
impl<T: Listed> Connection<T>
where
    Edge<T>: OutputType,
{
    /// The items of this page, each with its place.
    fn edges(&self) -> &[Edge<T>] {
        &self.edges
    }

    /// Whether there is more, and from where to go on.
    fn page_info(&self) -> PageInfo {
        let cursor = |edge: &Edge<T>| edge.0.cursor().encode();
        PageInfo {
            has_previous_page: self.has_previous,
            has_next_page: self.has_next,
            start_cursor: self.edges.first().map(cursor),
            end_cursor: self.edges.last().map(cursor),
        }
    }

    /// How many items the whole list has. Counted when asked for, and costs a query.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<Result<u64>> {
        Some(ctx.loaders().total(&self.total).await.map_err(Into::into))
    }
}

/// One item of a page.
pub struct Edge<T>(T);

/// An item of a page, with its place in the list.
#[Object(
    concrete(name = "WalletEdge", params(Wallet)),
    concrete(name = "TransactionEdge", params(Transaction)),
    concrete(name = "OrderEdge", params(Order)),
    concrete(name = "OperationEdge", params(Operation)),
    concrete(name = "HotRecordEdge", params(HotRecord))
)]
impl<T: Listed> Edge<T> {
    /// Its place, for `after` and `before`.
    fn cursor(&self) -> String {
        self.0.cursor().encode()
    }

    /// The item.
    fn node(&self) -> &T {
        &self.0
    }
}

impl<T: Listed + Render + 'static> Render for Connection<T>
where
    Self: ContainerType,
    Edge<T>: ContainerType,
{
    fn plain(_: &str) -> Option<Write<Self>> {
        None
    }

    fn parts(field: &str, set: Selected<'_>) -> Option<Parts<Self>> {
        Some(match field {
            "edges" => {
                let edge = set.template::<Edge<T>>()?;
                Box::new(move |page, ctx, json| {
                    write_list(page.edges(ctx), json, |row, json| edge.write(row, ctx, &[], json));
                })
            }
            "pageInfo" => {
                let info = set.template::<PageInfo>()?;
                Box::new(move |page, ctx, json| info.write(&page.page_info(ctx), ctx, &[], json))
            }
            _ => return None,
        })
    }
}

impl<T: Listed + Render + 'static> Render for Edge<T>
where
    Self: ContainerType,
{
    fn plain(field: &str) -> Option<Write<Self>> {
        Some(match field {
            "cursor" => |edge, ctx, json| edge.cursor(ctx).write_json(json),
            _ => return None,
        })
    }

    fn parts(field: &str, set: Selected<'_>) -> Option<Parts<Self>> {
        Some(match field {
            "node" => {
                let node = set.template::<T>()?;
                Box::new(move |edge, ctx, json| node.write(edge.node(ctx), ctx, &[], json))
            }
            _ => return None,
        })
    }
}

impl Render for PageInfo {
    fn plain(field: &str) -> Option<Write<Self>> {
        Some(match field {
            "hasPreviousPage" => |info, _, json| info.has_previous_page.write_json(json),
            "hasNextPage" => |info, _, json| info.has_next_page.write_json(json),
            "startCursor" => |info, _, json| info.start_cursor.write_json(json),
            "endCursor" => |info, _, json| info.end_cursor.write_json(json),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_opaque_and_belong_to_one_list() {
        let cursor = Uid::stored("u000001").encode();
        assert_eq!(Uid::decode(&cursor).unwrap().as_str(), "u000001");
        assert_eq!(i64::decode(&7_i64.encode()).unwrap(), 7);
        for malformed in ["", "u000001", "*", &7_i64.encode(), &cursor[1..]] {
            assert!(matches!(Uid::decode(malformed), Err(Error::BadInput(_))), "{malformed}");
        }
    }
}
