//! The one place that knows how PostgreSQL and SQLite bind many values at once: arrays there,
//! a JSON text here. So a statement's text, and its prepared plan, is the same for one row and
//! for a thousand.

use chrono::SecondsFormat;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IdenStatic, Iterable, Statement, Value,
    sea_query::{
        ArrayType, Expr, ExprTrait, Func, Query, ValueType, extension::postgres::PgFunc,
        value::sea_value_to_json_value,
    },
};
use serde_json::Value as Json;

/// `column` is one of `values`.
pub(super) fn is_any<V: ValueType + Into<Value>>(
    conn: &impl ConnectionTrait,
    column: impl ColumnTrait,
    values: impl IntoIterator<Item = V>,
) -> Expr {
    let values: Vec<Value> = values.into_iter().map(Into::into).collect();
    let column = Expr::col(column.as_column_ref());
    match conn.get_database_backend() {
        DbBackend::Postgres => column.eq(PgFunc::any(array(V::array_type(), values))),
        _ => {
            let list: Json = values.iter().map(json).collect();
            let list = Func::cust("json_each").arg(list.to_string());
            column.in_subquery(Query::select().column("value").from_function(list, "list").take())
        }
    }
}

/// The columns of a row, for statements that sea-orm does not build: `t.uid, t.balance, …`.
/// Never `*`: a prepared `*` fails when a migration adds a column under a running server.
pub(super) fn columns_of<E: EntityTrait>(alias: &str) -> String {
    let names: Vec<_> = E::Column::iter().map(|c| format!("{alias}.{}", c.as_str())).collect();
    names.join(", ")
}

/// Values for a statement to read as the relation `r`, one row for each of `rows`.
pub(super) struct Rows<'a, T> {
    rows: &'a [T],
    columns: Vec<Column>,
}

struct Column {
    name: &'static str,
    array_type: ArrayType,
    values: Vec<Value>,
    nullable: bool,
}

impl<'a, T> Rows<'a, T> {
    pub(super) fn of(rows: &'a [T]) -> Self {
        Self { rows, columns: Vec::new() }
    }

    /// Adds a column that is never null.
    pub(super) fn column<V: ValueType + Into<Value>>(
        mut self,
        name: &'static str,
        value: impl Fn(&T) -> V,
    ) -> Self {
        let values = self.rows.iter().map(|row| value(row).into()).collect();
        self.columns.push(Column { name, array_type: V::array_type(), values, nullable: false });
        self
    }

    /// Adds a text column that may be null.
    pub(super) fn nullable<'v>(
        mut self,
        name: &'static str,
        value: impl Fn(&'a T) -> Option<&'v str>,
    ) -> Self
    where
        'a: 'v,
    {
        let values = self.rows.iter().map(|row| value(row).map(str::to_owned).into()).collect();
        self.columns.push(Column { name, array_type: ArrayType::String, values, nullable: true });
        self
    }

    /// The statement `sql`, in which `{rows}` stands for the relation `r` and `{columns}` for
    /// the names of its columns. `more` are bound after it; `{next}` is the first one's number.
    pub(super) fn statement(
        self,
        conn: &impl ConnectionTrait,
        sql: &str,
        more: &[Value],
    ) -> Statement {
        let mut bound = Vec::new();
        let sql = self.part(conn, sql, &mut bound);
        bound.extend_from_slice(more);
        Statement::from_sql_and_values(conn.get_database_backend(), sql, bound)
    }

    /// The same, as a part of a larger statement, of which the values in `bound` come before.
    pub(super) fn part(
        self,
        conn: &impl ConnectionTrait,
        sql: &str,
        bound: &mut Vec<Value>,
    ) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| column.name).collect();
        let names = names.join(", ");
        let first = bound.len() + 1;
        let (relation, values) = match conn.get_database_backend() {
            DbBackend::Postgres => self.arrays(&names, first),
            _ => self.json(first),
        };
        bound.extend(values);
        sql.replace("{rows}", &relation)
            .replace("{columns}", &names)
            .replace("{next}", &format!("${}", bound.len() + 1))
    }

    /// An array a column. sea-orm binds no null inside an array, so a nullable text goes with
    /// a mark before it, and nothing at all is null.
    fn arrays(self, names: &str, first: usize) -> (String, Vec<Value>) {
        let (mut places, mut selected, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (index, column) in self.columns.into_iter().enumerate() {
            places.push(format!("${}", first + index));
            let name = column.name;
            if column.nullable {
                selected.push(format!("substr(nullif({name}, ''), 2) AS {name}"));
                values
                    .push(array(column.array_type, column.values.into_iter().map(mark).collect()));
            } else {
                selected.push(name.to_owned());
                values.push(array(column.array_type, column.values));
            }
        }
        let (places, selected) = (places.join(", "), selected.join(", "));
        (format!("(SELECT {selected} FROM unnest({places}) AS a({names})) AS r"), values)
    }

    /// One JSON array of rows.
    fn json(self, first: usize) -> (String, Vec<Value>) {
        let row = |i: usize| -> Json { self.columns.iter().map(|c| json(&c.values[i])).collect() };
        let rows: Json = (0..self.rows.len()).map(row).collect();
        let selected: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| format!("value ->> {index} AS {}", column.name))
            .collect();
        let selected = selected.join(", ");
        (
            format!("(SELECT {selected} FROM json_each(${first})) AS r"),
            vec![rows.to_string().into()],
        )
    }
}

fn array(of: ArrayType, values: Vec<Value>) -> Value {
    Value::Array(of, Some(Box::new(values)))
}

fn mark(text: Value) -> Value {
    match text {
        Value::String(Some(text)) => format!("={text}").into(),
        _ => String::new().into(),
    }
}

/// As JSON; a time as the text that the SQLite driver stores, so that texts sort as times do.
fn json(value: &Value) -> Json {
    match value {
        Value::ChronoDateTimeUtc(Some(time)) => {
            time.to_rfc3339_opts(SecondsFormat::AutoSi, false).into()
        }
        other => sea_value_to_json_value(other),
    }
}
