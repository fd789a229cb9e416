//! Columns: a table for a terminal, lines with tabs for a pipe.

use comfy_table::{LineStyle, Table, TableStyle};
use serde_json::Value;

use super::printable;

/// A rule below the heading and nothing else, so that a fleet fits on a screen.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Rows of cells.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    note: Option<&'static str>,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// Starts with the columns' names.
    pub(crate) fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Self {
            header: header.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Adds a line above the table.
    pub(crate) fn with_note(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }

    /// Adds a row; empty text for what is unknown.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Finds columns in any JSON, as a query may give it.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
                Self::of_objects(items)
            }
            Value::Array(items) => {
                let mut grid = Self::default();
                for item in items {
                    match item {
                        Value::Array(cells) => grid.row(cells.iter().map(cell)),
                        other => grid.row([cell(other)]),
                    }
                }
                grid
            }
            Value::Object(fields) => {
                let mut grid = Self::new(["Field", "Value"]);
                for (name, value) in fields {
                    grid.row([name.clone(), cell(value)]);
                }
                grid
            }
            scalar => {
                let mut grid = Self::default();
                grid.row([cell(scalar)]);
                grid
            }
        }
    }

    fn of_objects(items: &[Value]) -> Self {
        let mut names: Vec<&String> = Vec::new();
        for name in items
            .iter()
            .filter_map(Value::as_object)
            .flat_map(|item| item.keys())
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut grid = Self::new(names.iter().copied().cloned());
        for item in items {
            grid.row(names.iter().map(|name| cell(&item[name.as_str()])));
        }
        grid
    }

    /// Draws a table.
    pub(crate) fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(STYLE);
        if !self.header.is_empty() {
            table.set_header(&self.header);
        }
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| printable(cell)));
        }
        let drawn = if self.header.is_empty() && self.rows.is_empty() {
            String::new()
        } else {
            table.trim_fmt()
        };
        match self.note {
            Some(note) => format!("{note}\n{drawn}"),
            None => drawn,
        }
    }

    /// Writes a line for each row, cells parted by tabs, `-` for an empty one among several.
    pub(crate) fn text(&self) -> String {
        let mut lines = String::new();
        for row in &self.rows {
            let cells: Vec<String> = row
                .iter()
                .map(|cell| match cell.as_str() {
                    "" if row.len() > 1 => "-".to_owned(),
                    text => printable(text),
                })
                .collect();
            lines.push_str(&cells.join("\t"));
            lines.push('\n');
        }
        lines
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_lines_with_tabs() {
        let text = |value: Value| Grid::of(&value).text();
        assert_eq!(text(json!(["i-1", "i-2"])), "i-1\ni-2\n");
        assert_eq!(text(json!([["i-1", null], ["i-2", 5]])), "i-1\t-\ni-2\t5\n");
        assert_eq!(text(json!([{"A": 1}, {"B": ["x"]}])), "1\t-\n-\t[\"x\"]\n");
        assert_eq!(text(json!({"A": true})), "A\ttrue\n");
        assert_eq!(text(json!("i-1")), "i-1\n");
        assert_eq!(text(json!(null)), "\n");
        assert_eq!(text(json!([])), "");
    }

    #[test]
    fn what_moves_the_cursor_is_taken_out() {
        let mut grid = Grid::new(["Name"]);
        grid.row(["a\u{1b}[2Jb\tc\nd".to_owned()]);
        assert_eq!(grid.text(), "a [2Jb c d\n");
        assert!(grid.table().contains("a [2Jb c d"));
    }
}
