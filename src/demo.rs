//! A service to look at: data, tokens, and money that moves.

use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use rand::{Rng, seq::IndexedRandom};
use sea_orm::DbErr;

use crate::{
    auth::{Keys, Role, SignError},
    balance::{Balance, Command, Movement, Request},
    config::Secret,
    entity::{Amount, IdempotencyKey, Money, Uid},
    http::OfferedToken,
    seed::{self, Plan, Progress},
    store::{self, Database, WalletFilter},
};

/// How often money moves.
const INTERVAL: Duration = Duration::from_secs(2);
/// Among how many wallets: few, so that whoever watches one sees something soon.
const BUSY_WALLETS: u32 = 5;
/// How long the tokens count.
const TOKEN_TTL: Duration = Duration::from_secs(24 * 3_600);
/// Whose the tokens are.
const USER: (&str, Role) = ("u000001", Role::User);
const OPERATOR: (&str, Role) = ("demo-operator", Role::Operator);
const ADMIN: (&str, Role) = ("demo-admin", Role::Admin);
/// Who moves the money, in the operation log.
const CALLER: &str = "system demo";

/// A ready token for each role.
pub struct Tokens {
    /// The holder of wallet `u000001`.
    pub user: String,
    /// Acts on any wallet.
    pub operator: String,
    /// Acts on everything.
    pub admin: String,
}

impl Tokens {
    /// Signs them.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(keys: &Keys) -> Result<Self, SignError> {
        let sign = |(uid, role)| keys.sign(&Uid::stored(uid), role, TOKEN_TTL);
        Ok(Self { user: sign(USER)?, operator: sign(OPERATOR)?, admin: sign(ADMIN)? })
    }

    /// As dashboard and playground offer them.
    pub fn offered(&self) -> [OfferedToken; 3] {
        let offer = |(uid, role), token: &String| OfferedToken {
            role,
            uid: Uid::stored(uid),
            token: token.clone(),
        };
        [offer(USER, &self.user), offer(OPERATOR, &self.operator), offer(ADMIN, &self.admin)]
    }
}

/// A key that nobody knows and that ends with the process.
pub fn make_key() -> Secret {
    let mut rng = rand::rng();
    Secret::new((0..4).fold(String::new(), |key, _| key + &format!("{:016x}", rng.random::<u64>())))
}

/// Seeds a small data set into a database without wallets.
///
/// # Errors
/// When the database fails.
pub async fn seed_if_empty(database: &Database) -> Result<(), DbErr> {
    if store::wallets::count(database.reader(), &WalletFilter::default()).await? > 0 {
        return Ok(());
    }
    let progress = Progress::hidden(Plan::DEMO.wallets);
    let seeded = seed::seed(database, &Plan::DEMO, &progress).await?;
    tracing::info!(?seeded, "seeded a small data set");
    Ok(())
}

/// Moves a little money between the first wallets, now and then; never returns.
pub async fn move_money(balance: Balance) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let request = Request {
            caller: CALLER.to_owned(),
            key: IdempotencyKey::stored(format!("demo-{}", ulid::Ulid::new())),
            request_id: CALLER.to_owned(),
        };
        // A wallet that is empty or frozen refuses, which is as good to watch.
        if let Err(error) = balance.execute(request, pick_command()).await {
            tracing::warn!(%error, "the demo could not move money");
        }
    }
}

fn pick_command() -> Command {
    let mut rng = rand::rng();
    let wallets: Vec<u32> = (1..=BUSY_WALLETS).collect();
    let mut picked = wallets.choose_multiple(&mut rng, 2).map(|n| Uid::stored(format!("u{n:06}")));
    // More than zero by its range.
    let amount = Amount::try_from(Money::from_units(rng.random_range(1..=5_000) * 100));
    let (Some(uid), Some(to_uid), Ok(amount)) = (picked.next(), picked.next(), amount) else {
        unreachable!("two of five wallets, and at least 0.01")
    };
    let movement = |what: &str| Movement {
        uid: uid.clone(),
        amount,
        description: Some(format!("demo {what}")),
    };
    match rng.random_range(0..3) {
        0 => Command::Deposit(movement("deposit")),
        1 => Command::Withdraw(movement("withdrawal")),
        _ => Command::Transfer {
            from_uid: uid.clone(),
            to_uid,
            amount,
            description: Some("demo transfer".to_owned()),
        },
    }
}

/// What somebody who started a demo wants to know.
pub fn banner(address: SocketAddr, tokens: &Tokens, has_dashboard: bool) -> String {
    let host = match address.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    let base = format!("http://{}", SocketAddr::new(host, address.port()));
    let mut text =
        "\n  wallet-bff runs as a demo: 1,000 wallets, and money that moves.\n\n".to_owned();
    let dashboard = has_dashboard.then_some(("Dashboard", "/"));
    for (name, path) in dashboard.into_iter().chain([
        ("Playground", "/playground"),
        ("GraphQL", "/graphql"),
        ("Readiness", "/readyz"),
        ("Metrics", "/metrics"),
    ]) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<12}{base}{path}");
    }
    let _ = writeln!(text, "\n  Tokens, good for 24 hours, for `Authorization: Bearer …`:\n");
    for (name, token) in
        [("USER (u000001)", &tokens.user), ("OPERATOR", &tokens.operator), ("ADMIN", &tokens.admin)]
    {
        let _ = writeln!(text, "  {name}\n  {token}\n");
    }
    let query = r#"{"query":"{ wallet(uid: \"u000001\") { uid balance version } }"}"#;
    let _ = write!(
        text,
        "  Try:\n\n  curl -s {base}/graphql -H 'Content-Type: application/json' \\\n    \
         -H 'Authorization: Bearer {}' \\\n    -d '{query}'\n",
        tokens.user
    );
    text
}
