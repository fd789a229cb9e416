//! Routes: JSON, or words such as `0.0.0.0/0=nat-gateway:nat-1`.

use cloudapi::Error;
use cloudapi::network::RouteSpec;

use super::is_json;
use crate::failure::Failure;

/// Reads the words of `--routes`, each JSON (a list or one object) or `DESTINATION=KIND:ID`.
pub(crate) fn parse(words: &[String]) -> Result<Vec<RouteSpec>, Failure> {
    let mut routes = Vec::new();
    for word in words
        .iter()
        .map(|word| word.trim())
        .filter(|word| !word.is_empty())
    {
        if word.starts_with('[') {
            let more: Vec<RouteSpec> =
                serde_json::from_str(word).map_err(|error| invalid(&error))?;
            routes.extend(more);
        } else if is_json(word) {
            routes.push(serde_json::from_str(word).map_err(|error| invalid(&error))?);
        } else if word.contains('=') {
            routes.push(word.parse()?);
        } else {
            return Err(Failure::usage(format!(
                "--routes {word:?} is neither DESTINATION=KIND:ID, such as 0.0.0.0/0=nat-gateway:nat-1, nor JSON"
            )));
        }
    }
    Ok(routes)
}

fn invalid(error: &serde_json::Error) -> Failure {
    Error::invalid_argument(format!("--routes: {error}")).into()
}

#[cfg(test)]
mod tests {
    use cloudapi::network::RouteTargetKind;

    use super::*;

    fn read(words: &[&str]) -> Result<Vec<RouteSpec>, u8> {
        parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
            .map_err(|failure| failure.code)
    }

    #[test]
    fn words_and_json_give_the_same() {
        let nat =
            |destination: &str| RouteSpec::new(destination, RouteTargetKind::NatGateway, "nat-1");
        let json =
            r#"[{"Destination": "0.0.0.0/0", "Target": {"Type": "NatGateway", "Id": "nat-1"}}]"#;
        assert_eq!(read(&[json]), Ok(vec![nat("0.0.0.0/0")]));
        let mixed = read(&[
            "0.0.0.0/0=nat-gateway:nat-1",
            "",
            &json.replace(['[', ']'], "").replace("0.0.0.0", "::"),
        ]);
        assert_eq!(mixed, Ok(vec![nat("0.0.0.0/0"), nat("::/0")]));
        assert_eq!(read(&[""]), Ok(vec![]), "refused by the operation");
    }

    #[test]
    fn what_cannot_be_right_has_the_code_of_its_kind() {
        assert_eq!(read(&["0.0.0.0/0"]), Err(2));
        for word in [
            "10.0.0.0/08=nat-gateway:nat-1",
            "0.0.0.0/0=nat:nat-1",
            "0.0.0.0/0=nat-gateway",
            "[{",
            r#"{"Target": {}}"#,
        ] {
            assert_eq!(read(&[word]), Err(4), "{word}");
        }
    }
}
