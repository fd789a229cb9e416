//! The forms that flags' values are written in.

pub(crate) mod disks;
pub(crate) mod duration;
pub(crate) mod filters;
pub(crate) mod pairs;
pub(crate) mod routes;
pub(crate) mod size;
pub(crate) mod targets;

/// Drops what a trailing comma or an empty shell variable leaves behind. The list itself stays: an empty one is refused
/// by the operation, since it never means "all".
pub(crate) fn words(list: Option<Vec<String>>) -> Option<Vec<String>> {
    let words = |list: Vec<String>| {
        list.into_iter()
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect()
    };
    list.map(words)
}

/// Whether a flag's value is JSON instead of the short form.
fn is_json(word: &str) -> bool {
    word.trim_start().starts_with(['[', '{'])
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn an_empty_list_is_not_no_list() {
        let list = |texts: &[&str]| Some(texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(words(None), None);
        assert_eq!(words(list(&[""])), Some(vec![]));
        assert_eq!(words(list(&["i-1", "", " i-2"])), list(&["i-1", "i-2"]));
    }
}
