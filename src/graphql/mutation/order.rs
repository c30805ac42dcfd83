//! Mutations of orders.

use async_graphql::{Context, InputObject, Object, Result};

use super::{
    super::{
        access::{Permission, known},
        context::ContextExt,
        operation::Operation,
        order::{Order, OrderStatus},
        user_error::{Fields, UserError},
        wallet::Wallet,
    },
    perform::{Reply, amount, perform},
};
use crate::{
    balance::{Command, NewOrder, OrderChange},
    entity::{IdempotencyKey, Money, OrderNo, Period, Uid},
};

const EXPECTED_STATUS: Fields<'static> = Fields::Expected("expectedStatus");

/// A new order.
#[derive(InputObject)]
pub struct CreateOrderInput {
    /// Makes a repeat safe.
    idempotency_key: IdempotencyKey,
    /// Who orders and pays.
    uid: Uid,
    /// In which period, such as 20241201_001.
    period_number: Period,
    /// What it costs.
    amount: Money,
}

/// Another status for an order.
#[derive(InputObject)]
pub struct UpdateOrderStatusInput {
    /// Makes a repeat safe.
    idempotency_key: IdempotencyKey,
    /// Which.
    order_no: OrderNo,
    /// What it becomes.
    status: OrderStatus,
    /// Only if it has this status now; else VERSION_CONFLICT.
    expected_status: Option<OrderStatus>,
}

/// An order that is to go.
#[derive(InputObject)]
pub struct DeleteOrderInput {
    /// Makes a repeat safe.
    idempotency_key: IdempotencyKey,
    /// Which.
    order_no: OrderNo,
}

#[derive(Default)]
pub struct OrderMutation;

#[Object(guard = "known")]
impl OrderMutation {
    /// Takes the amount from the wallet and makes a pending order, in one transaction. Users
    /// order for themselves only. Frozen and closed wallets refuse. An order that is still
    /// pending at its `expireTime` becomes EXPIRED, and its money is given back.
    async fn create_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, in which period, for how much.")] input: CreateOrderInput,
    ) -> Result<OrderPayload> {
        let CreateOrderInput { idempotency_key, uid, period_number, .. } = input;
        ctx.require_for(Permission::Order, &uid)?;
        let lifetime = ctx.state().order_lifetime;
        let command = amount(input.amount, None).map(|amount| {
            Command::CreateOrder(NewOrder { uid: uid.clone(), period_number, amount, lifetime })
        });
        let fields = [(&uid, "uid")];
        let reply = perform(ctx, idempotency_key, command, Fields::Users(&fields)).await?;
        Ok(OrderPayload(reply))
    }

    /// Gives an order another status. PENDING becomes PAID, CANCELLED or EXPIRED, and PAID
    /// becomes COMPLETED or CANCELLED; nothing follows the others. CANCELLED and EXPIRED give
    /// the order's money back, once, to frozen and closed wallets too: it is owed to them. Users
    /// may cancel their own orders, and nothing else.
    async fn update_order_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and to what.")] input: UpdateOrderStatusInput,
    ) -> Result<OrderPayload> {
        let UpdateOrderStatusInput { idempotency_key, order_no, status, expected_status } = input;
        // Whose it is stands in its row; for a user, the change is on the condition that it is
        // theirs. Another's order is then as absent as one that never was.
        let owner = match ctx.require(Permission::ManageOrders) {
            Ok(_) => None,
            Err(denied) if status != OrderStatus::Cancelled => return Err(denied.into()),
            Err(_) => {
                let own = &ctx.identity()?.uid;
                Some(ctx.require_for(Permission::Order, own)?.uid.clone())
            }
        };
        let change =
            OrderChange::Status { to: status.into(), expected: expected_status.map(Into::into) };
        let command = Command::ChangeOrder { order_no, change, owner };
        let reply = perform(ctx, idempotency_key, Ok(command), EXPECTED_STATUS).await?;
        Ok(OrderPayload(reply))
    }

    /// Deletes an order. OPERATOR or ADMIN. Only one that holds no money any more: COMPLETED,
    /// CANCELLED or EXPIRED. Its ledger lines stay.
    async fn delete_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeleteOrderInput,
    ) -> Result<OrderPayload> {
        ctx.require(Permission::ManageOrders)?;
        let DeleteOrderInput { idempotency_key, order_no } = input;
        let command = Command::ChangeOrder { order_no, change: OrderChange::Delete, owner: None };
        let reply = perform(ctx, idempotency_key, Ok(command), EXPECTED_STATUS).await?;
        Ok(OrderPayload(reply))
    }
}

/// What a change of an order came to.
pub struct OrderPayload(Reply);

/// What a change of an order came to.
#[Object]
impl OrderPayload {
    /// What is kept under the key; null for what was refused before anything was written.
    pub async fn operation(&self) -> Option<Operation> {
        self.0.operation.clone()
    }

    /// Why nothing was done; empty when it was.
    pub async fn errors(&self) -> Vec<UserError> {
        self.0.errors.clone()
    }

    /// The order as the operation left it; of one that was deleted, as it was last. Null when
    /// nothing was done.
    async fn order(&self, ctx: &Context<'_>) -> Option<Order> {
        self.0.operation.as_ref()?.visible_order(ctx)
    }

    /// The wallet that pays for it, as the operation left it; a refusal leaves it as it was.
    /// Null when there is none.
    async fn wallet(&self, ctx: &Context<'_>) -> Option<Wallet> {
        self.0.visible_wallets(ctx).into_iter().next()
    }
}
