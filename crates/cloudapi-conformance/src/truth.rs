//! Routes and targets as they really are, in the cloud's own words.

/// A route as it really is. Its id is left out: a route that was made again does not keep it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct NativeRoute {
    /// A network, or the id of a prefix list.
    pub destination: String,
    /// How it came to be.
    pub origin: String,
    /// The kind of what it leads to.
    pub kind: String,
    /// The id of what it leads to.
    pub target: String,
    /// Whether it is switched on.
    pub state: String,
    /// What is written about it.
    pub description: String,
}

impl NativeRoute {
    /// Makes a static route.
    pub fn new(
        destination: impl Into<String>,
        kind: impl Into<String>,
        target: impl Into<String>,
    ) -> Self {
        Self {
            destination: destination.into(),
            origin: String::new(),
            kind: kind.into(),
            target: target.into(),
            state: String::new(),
            description: String::new(),
        }
    }

    /// Sets how it came to be, and whether it is switched on.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<String>, state: impl Into<String>) -> Self {
        self.origin = origin.into();
        self.state = state.into();
        self
    }

    /// Sets what is written about it.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }
}

/// A target of a backend group as it really is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct NativeTarget {
    /// The instance, else the address or ARN.
    pub id: String,
    /// The port, where targets have one.
    pub port: Option<u16>,
    /// The weight, where targets have one.
    pub weight: Option<i64>,
    /// The health, in the cloud's own word.
    pub state: String,
}

impl NativeTarget {
    /// Makes a target.
    pub fn new(id: impl Into<String>, port: Option<u16>, state: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            port,
            weight: None,
            state: state.into(),
        }
    }

    /// Sets the weight.
    #[must_use]
    pub fn with_weight(mut self, weight: Option<i64>) -> Self {
        self.weight = weight;
        self
    }
}
