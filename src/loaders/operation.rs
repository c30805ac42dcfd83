//! The operation log.

use std::collections::HashMap;

use super::{
    Loaders, Sources,
    batch::{Fetch, Fetched},
    page::{Page, Slice, probe, trim},
    row::Row,
};
use crate::{
    entity::{operation, transaction},
    error::{Error, Result},
    store::{operations, transactions},
};

pub use crate::store::operations::OperationFilter;

/// One SELECT for the batch.
#[derive(Clone)]
pub(super) struct LinesByOperation(pub Sources);

impl Fetch for LinesByOperation {
    type Key = String;
    type Row = Vec<Row<transaction::Model>>;

    async fn fetch(&self, ids: &[String]) -> Fetched<Self> {
        let mut fetched = Fetched::with_capacity(ids.len());
        let lines = transactions::by_operations(self.0.reader(), ids).await.map_err(Error::from);
        fetched.add(lines.map(|lines| {
            let mut of: HashMap<String, Self::Row> = HashMap::with_capacity(ids.len());
            for line in Row::each(lines) {
                of.entry(line.operation_id.clone()).or_default().push(line);
            }
            of
        }));
        fetched
    }
}

impl Loaders {
    /// A page of the log, newest first. One SELECT; always the database's.
    pub async fn operation_page(
        &self,
        filter: &OperationFilter,
        page: &Page<String>,
    ) -> Result<Slice<operation::Model>> {
        let rows = Box::pin(operations::page(self.sources.reader(), filter, &probe(page))).await?;
        Ok(trim(rows, page))
    }

    /// The ledger lines of an operation, in order.
    pub async fn operation_lines(&self, id: String) -> Result<Vec<Row<transaction::Model>>> {
        Ok(self.batchers().operation_lines.load(id).await?.unwrap_or_default())
    }
}
