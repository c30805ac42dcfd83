//! Queries by global id.

use async_graphql::{Context, ID, Object, Result};
use futures::future::join_all;

use super::{
    super::{
        access::{Permission, known},
        context::ContextExt,
        hot,
        node::{Node, NodeId},
    },
    operation, order, transaction, wallet,
};
use crate::loaders::Freshness;

#[derive(Default)]
pub struct NodeQuery;

#[Object(guard = "known")]
impl NodeQuery {
    /// Whatever has this id; null when nothing has, or it is not the caller's to see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its global id.")] id: ID,
    ) -> Option<Result<Node>> {
        find(ctx, &id).await.transpose()
    }

    /// Whatever has these ids, in the order asked for; null where nothing has.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Their global ids.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Result<Node>>>> {
        let node = async |id: &ID| find(ctx, id).await.transpose();
        Ok(join_all(ids.iter().map(node)).await)
    }
}

async fn find(ctx: &Context<'_>, id: &str) -> Result<Option<Node>> {
    Ok(match NodeId::decode(id)? {
        NodeId::Wallet(uid) => match ctx.may_see(&uid) {
            true => wallet::read(ctx, &uid, Freshness::Cached).await?.map(Node::Wallet),
            false => None,
        },
        NodeId::Transaction(number) => transaction::read(ctx, number).await?.map(Node::Transaction),
        NodeId::Order(number) => order::read(ctx, number).await?.map(Node::Order),
        NodeId::Operation { caller, key } => {
            operation::read(ctx, caller, key).await?.map(Node::Operation)
        }
        NodeId::Hot(kind, id) => match ctx.require(Permission::Read) {
            Ok(_) => hot::read(ctx, kind, id).await?.map(Node::from),
            Err(_) => None,
        },
    })
}
