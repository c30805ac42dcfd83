//! Reference data that a back office edits directly, and that is read on every page.

pub mod channel;
pub mod merchant;
pub mod plugin;
pub mod plugin_config;
pub mod plugin_pay_type;
pub mod tenant;

use serde::{Deserialize, Serialize};

/// The six kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// [`merchant`]
    Merchant,
    /// [`tenant`]
    Tenant,
    /// [`channel`]
    Channel,
    /// [`plugin`]
    Plugin,
    /// [`plugin_config`]
    PluginConfig,
    /// [`plugin_pay_type`]
    PluginPayType,
}

impl Kind {
    /// All of them, in the order that a fresh cache is filled.
    pub const ALL: [Self; 6] = [
        Self::Tenant,
        Self::Merchant,
        Self::Plugin,
        Self::Channel,
        Self::PluginConfig,
        Self::PluginPayType,
    ];

    /// Its name in JSON, and in notes of changes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Tenant => "tenant",
            Self::Channel => "channel",
            Self::Plugin => "plugin",
            Self::PluginConfig => "plugin_config",
            Self::PluginPayType => "plugin_pay_type",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
