//! The six kinds of hot data: the stored row, and where it was read.

use async_graphql::{Context, ID, Object, Result};

use super::{HotRecord, settings};
use crate::{
    entity::hot::{Kind, channel, merchant, plugin, plugin_config, plugin_pay_type, tenant},
    graphql::{access::Permission, context::ContextExt, node::NodeId, scalars::DateTime},
    loaders::{Hot, Sourced},
};

/// Most ways to pay that are listed of one plugin.
const MOST_PAYMENT_METHODS: usize = 500;

/// An object over a row of hot data: what all kinds have, and then its own fields.
macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $object:ident($row:ty, $kind:ident) { $($own:tt)* }
    )*) => {
        $(
            $(#[$doc])*
            pub struct $object(pub Sourced<$row>);

            impl From<Sourced<$row>> for $object {
                fn from(row: Sourced<$row>) -> Self {
                    Self(row)
                }
            }

            $(#[$doc])*
            #[Object]
            impl $object {
                /// Opaque, globally unique.
                pub async fn id(&self) -> ID {
                    NodeId::Hot(Kind::$kind, self.0.id).encode()
                }

                /// What it is cached under, such as `merchant:7`.
                pub async fn key(&self) -> String {
                    self.0.key()
                }

                /// What people call it.
                pub async fn name(&self) -> String {
                    self.0.name.clone()
                }

                /// Whether it is in use.
                pub async fn enabled(&self) -> bool {
                    self.0.enabled
                }

                /// When it last changed.
                pub async fn updated_at(&self) -> DateTime {
                    DateTime(self.0.update_datetime)
                }

                /// When it was put into the cache; null for an answer from the database.
                pub async fn cached_at(&self) -> Option<DateTime> {
                    self.0.cached_at.map(DateTime)
                }

                $($own)*
            }
        )*

        impl HotRecord {
            /// Its kind, and its id in the table of that.
            pub(super) fn place(&self) -> (Kind, i64) {
                match self {
                    $(Self::$object($object(row)) => (Kind::$kind, row.id),)*
                }
            }
        }
    };
}

records! {
    /// A merchant.
    Merchant(merchant::Model, Merchant) {
        /// The tenant that it belongs to.
        async fn tenant(&self, ctx: &Context<'_>) -> Option<Result<Tenant>> {
            let tenant = ctx.loaders().row::<tenant::Model>(self.0.tenant_id?).await;
            tenant.map(|row| row.map(Tenant)).map_err(Into::into).transpose()
        }
    }

    /// A tenant.
    Tenant(tenant::Model, Tenant) {}

    /// A payment channel.
    Channel(channel::Model, Channel) {
        /// The plugin that serves it.
        async fn plugin(&self, ctx: &Context<'_>) -> Option<Result<Plugin>> {
            let plugin = ctx.loaders().row::<plugin::Model>(self.0.plugin_id?).await;
            plugin.map(|row| row.map(Plugin)).map_err(Into::into).transpose()
        }
    }

    /// A payment plugin.
    Plugin(plugin::Model, Plugin) {
        /// The ways to pay that it offers; at most 500. Always the database's.
        async fn payment_methods(&self, ctx: &Context<'_>) -> Result<Vec<PluginPaymentMethod>> {
            let methods = ctx.loaders().pay_types_of(self.0.id).await?;
            Ok(methods.into_iter().take(MOST_PAYMENT_METHODS).map(PluginPaymentMethod).collect())
        }

        /// Its settings. Always the database's.
        async fn config(&self, ctx: &Context<'_>) -> Option<Result<PluginConfig>> {
            let config = ctx.loaders().config_of(self.0.id).await;
            config.map(|row| row.map(PluginConfig)).map_err(Into::into).transpose()
        }
    }

    /// A plugin's settings.
    PluginConfig(plugin_config::Model, PluginConfig) {
        /// The settings as JSON, with what is secret blotted out. ADMIN.
        async fn settings(&self, ctx: &Context<'_>) -> Result<String> {
            ctx.require(Permission::ReadSettings)?;
            Ok(settings::without_secrets(&self.0.settings))
        }
    }

    /// A way to pay that a plugin offers.
    PluginPaymentMethod(plugin_pay_type::Model, PluginPayType) {
        /// The code that the plugin knows it by.
        async fn pay_type(&self) -> &str {
            &self.0.pay_type
        }
    }
}
