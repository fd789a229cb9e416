//! Plain text for people: headings, aligned tables, and the native calls behind a step.

use std::collections::BTreeMap;

use crate::Tour;

const INDENT: &str = "   ";

/// Begins a chapter.
pub(crate) fn chapter(title: &str) {
    println!("\n\n{title}\n{}", "=".repeat(title.chars().count()));
}

/// Begins a step: what is called, and what there is to see.
pub(crate) fn step(tour: &Tour, operation: &str, what: &str) {
    println!("\n{operation}: {what}");
    if let Some(emulator) = &tour.emulator {
        emulator.clear_calls();
    }
}

/// Says something about what stands above.
pub(crate) fn note(text: &str) {
    println!("{INDENT}{text}");
}

/// Tells which calls of the clouds stand behind the step; the emulator has counted them.
pub(crate) fn native_calls(tour: &Tour) {
    let Some(emulator) = &tour.emulator else {
        return;
    };
    let calls = emulator.calls();
    let sides = tour.sides.iter().map(|side| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for call in calls
            .iter()
            .filter(|call| call.cloud == side.emulated_cloud())
        {
            *counts
                .entry(format!("{} {}", call.service, call.action))
                .or_default() += 1;
        }
        let counts: Vec<String> = counts
            .iter()
            .map(|(call, count)| format!("{count} × {call}"))
            .collect();
        let counts = if counts.is_empty() {
            "none".to_owned()
        } else {
            counts.join(", ")
        };
        format!("{} {counts}", side.provider)
    });
    note(&format!(
        "native calls: {}",
        sides.collect::<Vec<_>>().join("; ")
    ));
}

/// Rows with equal columns; a column without a value in any row is left out.
#[derive(Debug)]
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<S: Into<String>>(head: impl IntoIterator<Item = S>) -> Self {
        Self {
            head: head.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    pub(crate) fn print(&self) {
        println!();
        for line in self.lines() {
            println!("{INDENT}{line}");
        }
        println!();
    }

    fn lines(&self) -> Vec<String> {
        let width = |cell: &String| cell.chars().count();
        let columns: Vec<(usize, usize)> = (0..self.head.len())
            .filter_map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                let widest = cells.map(width).max().filter(|widest| *widest > 0)?;
                Some((column, widest.max(width(&self.head[column]))))
            })
            .collect();
        let line = |cells: &[String]| {
            let cells = columns.iter().map(|(column, widest)| {
                let cell = cells.get(*column).map_or("", String::as_str);
                format!("{cell:<widest$}")
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let rule: Vec<String> = columns
            .iter()
            .map(|(_, widest)| "-".repeat(*widest))
            .collect();
        std::iter::once(line(&self.head))
            .chain([rule.join("  ")])
            .chain(self.rows.iter().map(|row| line(row)))
            .collect()
    }
}
