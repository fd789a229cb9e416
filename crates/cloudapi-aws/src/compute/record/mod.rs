//! EC2's own record behind an instance, and its JSON as the AWS command line prints it.

mod table;

use std::any::Any;

use aws_sdk_ec2::types;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use cloudapi_core::NativeRecord;
use serde_json::Value;

/// An instance as EC2 described it.
///
/// Behind [`Native`](cloudapi_core::Native) it is found as `aws_sdk_ec2::types::Instance`. The JSON is made when it is
/// asked for: for most instances of a large listing that is never.
pub(super) struct Record(types::Instance);

impl Record {
    pub(super) fn new(instance: types::Instance) -> Self {
        Self(instance)
    }
}

impl NativeRecord for Record {
    fn to_json(&self) -> Value {
        self.0.json()
    }

    fn value(&self) -> Option<&dyn Any> {
        Some(&self.0)
    }
}

/// A value of EC2's in its API's names.
trait Json {
    fn json(&self) -> Value;
}

impl Json for String {
    fn json(&self) -> Value {
        Value::from(self.as_str())
    }
}

impl Json for bool {
    fn json(&self) -> Value {
        Value::from(*self)
    }
}

impl Json for i32 {
    fn json(&self) -> Value {
        Value::from(*self)
    }
}

impl Json for DateTime {
    fn json(&self) -> Value {
        self.fmt(Format::DateTime).map_or(Value::Null, Value::from)
    }
}

impl<T: Json> Json for Vec<T> {
    fn json(&self) -> Value {
        self.iter().map(Json::json).collect()
    }
}
