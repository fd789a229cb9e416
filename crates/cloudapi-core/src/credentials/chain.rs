//! Sources one after the other: what is absent is passed over, what is broken ends the search.

use std::fmt;
use std::sync::OnceLock;

use async_trait::async_trait;

use super::{Credentials, ProvideCredentials};
use crate::{Error, Result};

/// A place where a key may be, or not.
#[async_trait]
pub trait FindCredentials: Send + Sync + fmt::Debug {
    /// Names the place in messages: `the environment (AWS_ACCESS_KEY_ID)`.
    fn place(&self) -> String;

    /// Looks there; `None` if nothing is set up there.
    ///
    /// # Errors
    ///
    /// Something is set up there, and does not work.
    async fn find(&self) -> Result<Option<Credentials>>;
}

/// The first place that has a key. It is stayed with: a key is renewed where it came from, even if another place has one
/// by then.
#[derive(Debug)]
pub struct FirstOf {
    places: Vec<Box<dyn FindCredentials>>,
    advice: String,
    chosen: OnceLock<usize>,
}

impl FirstOf {
    /// Looks into these places in this order; `advice` ends the message when there is nothing in any.
    pub fn new(places: Vec<Box<dyn FindCredentials>>, advice: impl Into<String>) -> Self {
        Self {
            places,
            advice: advice.into(),
            chosen: OnceLock::new(),
        }
    }

    /// The error of finding nothing in any place.
    pub fn nothing(&self) -> Error {
        let places: Vec<String> = self.places.iter().map(|place| place.place()).collect();
        let looked = if places.is_empty() {
            "every place is left out".to_owned()
        } else {
            format!("nothing in {}", places.join(", "))
        };
        Error::config(format!("no credentials found: {looked}; {}", self.advice))
    }
}

#[async_trait]
impl ProvideCredentials for FirstOf {
    async fn credentials(&self) -> Result<Credentials> {
        let chosen = self.chosen.get().copied();
        for (index, place) in self.places.iter().enumerate() {
            if chosen.is_some_and(|chosen| chosen != index) {
                continue;
            }
            if let Some(found) = place.find().await? {
                found.check()?;
                self.chosen.get_or_init(|| index);
                return Ok(found);
            }
        }
        Err(self.nothing())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;

    use super::*;
    use crate::ErrorKind;

    #[derive(Clone, Debug, Default)]
    struct Place(&'static str, Arc<Mutex<Option<Result<&'static str>>>>);

    impl Place {
        fn new(name: &'static str, has: Option<Result<&'static str>>) -> Self {
            Self(name, Arc::new(Mutex::new(has)))
        }
    }

    #[async_trait]
    impl FindCredentials for Place {
        fn place(&self) -> String {
            self.0.to_owned()
        }

        async fn find(&self) -> Result<Option<Credentials>> {
            let has = self.1.lock().unwrap().clone();
            has.transpose()
                .map(|id| id.map(|id| Credentials::new(id, "s")))
        }
    }

    async fn outcome(places: &[&Place]) -> Result<String> {
        let places = places
            .iter()
            .map(|place| Box::new((*place).clone()) as Box<_>);
        let first = FirstOf::new(places.collect(), "set one up");
        first
            .credentials()
            .await
            .map(|found| found.key_id().to_owned())
    }

    #[tokio::test]
    async fn absent_falls_through_and_broken_stops() {
        let absent = Place::new("a", None);
        let good = Place::new("b", Some(Ok("found")));
        let broken = Place::new("c", Some(Err(Error::config("half a pair"))));
        assert_eq!(outcome(&[&absent, &good, &broken]).await.unwrap(), "found");
        let error = outcome(&[&absent, &broken, &good]).await.unwrap_err();
        assert_eq!(error.message(), "half a pair");
        let error = outcome(&[&absent, &absent]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(
            error.message(),
            "no credentials found: nothing in a, a; set one up"
        );
    }

    #[tokio::test]
    async fn the_place_that_had_the_key_is_stayed_with() {
        let (first, second) = (Place::new("a", None), Place::new("b", Some(Ok("old"))));
        let chain = FirstOf::new(vec![Box::new(first.clone()), Box::new(second.clone())], "");
        assert_eq!(chain.credentials().await.unwrap().key_id(), "old");
        *first.1.lock().unwrap() = Some(Ok("other"));
        *second.1.lock().unwrap() = Some(Ok("new"));
        assert_eq!(chain.credentials().await.unwrap().key_id(), "new");
    }
}
