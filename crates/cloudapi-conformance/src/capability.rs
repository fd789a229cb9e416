//! Where the clouds differ.

use std::fmt;

use cloudapi_core::Provider;

/// Something that one cloud can do and the other can't. Each has a case for the cloud that can, and one for the cloud that
/// can't, which checks that it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// Finding a key by itself when no source is named.
    DefaultCredentials,
    /// Stopping with the memory saved to disk.
    Hibernation,
    /// Instances that are paid for months in advance, and the recycle bin that they go to.
    Prepaid,
    /// Creating without naming a zone or a subnet.
    ZoneOptional,
    /// Choosing whether a stopped instance goes on costing compute.
    ChargingChoice,
    /// Listing instances for a while after they were destroyed.
    TerminatedListed,
    /// Routes with a description, and routes that are switched off.
    RouteNotes,
    /// Routes to prefix lists.
    PrefixLists,
    /// A static route beside a propagated one of the same destination.
    StaticBesidePropagated,
    /// Several static routes to one destination.
    SharedDestinations,
    /// Changing many routes in one call, all or none.
    RoutesInOneCall,
    /// Targets with a weight of their own.
    TargetWeights,
    /// Load balancers that share a name.
    SharedNames,
    /// Targets that are shown as draining, and taken out by the cloud at the end.
    DrainingState,
    /// Refusing targets that do not run.
    RunningTargetsOnly,
    /// Changes to a load balancer that are tasks, one at a time.
    Tasks,
    /// Keys that begin with a slash.
    LeadingSlash,
    /// Canned ACLs of an object that name others than its owner and everybody.
    AclsOfOthers,
    /// An object that takes on the ACL of its bucket when asked to.
    InheritedAcl,
}

impl Capability {
    /// Every capability, in the order of declaration.
    pub const ALL: &'static [Self] = &[
        Self::DefaultCredentials,
        Self::Hibernation,
        Self::Prepaid,
        Self::ZoneOptional,
        Self::ChargingChoice,
        Self::TerminatedListed,
        Self::RouteNotes,
        Self::PrefixLists,
        Self::StaticBesidePropagated,
        Self::SharedDestinations,
        Self::RoutesInOneCall,
        Self::TargetWeights,
        Self::SharedNames,
        Self::DrainingState,
        Self::RunningTargetsOnly,
        Self::Tasks,
        Self::LeadingSlash,
        Self::AclsOfOthers,
        Self::InheritedAcl,
    ];

    /// Says in a few words what it is.
    pub fn describe(self) -> &'static str {
        match self {
            Self::DefaultCredentials => "a default credential chain",
            Self::Hibernation => "hibernation",
            Self::Prepaid => "prepaid instances and a recycle bin",
            Self::ZoneOptional => "creating without a zone",
            Self::ChargingChoice => "a choice whether a stopped instance is charged",
            Self::TerminatedListed => "terminated instances in the list",
            Self::RouteNotes => "descriptions of routes, and routes that are switched off",
            Self::PrefixLists => "routes to prefix lists",
            Self::StaticBesidePropagated => "a static route beside a propagated one",
            Self::SharedDestinations => "several static routes to one destination",
            Self::RoutesInOneCall => "all routes changed in one call",
            Self::TargetWeights => "a weight of each target",
            Self::SharedNames => "load balancers that share a name",
            Self::DrainingState => "draining by the load balancer itself",
            Self::RunningTargetsOnly => "only running servers as targets",
            Self::Tasks => "load balancers that are changed by tasks, one at a time",
            Self::LeadingSlash => "keys that begin with a slash",
            Self::AclsOfOthers => "ACLs of an object for others than its owner and everybody",
            Self::InheritedAcl => "an ACL of an object that is its bucket's",
        }
    }

    /// Whether the cloud has it.
    pub fn held_by(self, provider: Provider) -> bool {
        match self {
            Self::DefaultCredentials
            | Self::Hibernation
            | Self::ZoneOptional
            | Self::TerminatedListed
            | Self::PrefixLists
            | Self::StaticBesidePropagated
            | Self::DrainingState
            | Self::RunningTargetsOnly
            | Self::LeadingSlash
            | Self::AclsOfOthers => provider == Provider::Aws,
            Self::Prepaid
            | Self::ChargingChoice
            | Self::RouteNotes
            | Self::SharedDestinations
            | Self::RoutesInOneCall
            | Self::TargetWeights
            | Self::SharedNames
            | Self::Tasks
            | Self::InheritedAcl => provider == Provider::Tencent,
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.describe())
    }
}
