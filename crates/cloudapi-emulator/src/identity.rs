//! STS of both clouds: who the key belongs to.

use serde_json::{Value, json};

use crate::aws::{self, xml::Xml};
use crate::fixtures::{AWS_ACCOUNT, TENCENT_ACCOUNT};
use crate::tencent;
use crate::world::Scope;

/// Actions of AWS's STS.
pub(crate) const AWS_ACTIONS: &[(&str, aws::Handler)] = &[("GetCallerIdentity", aws_caller)];

/// Actions of Tencent Cloud's STS.
pub(crate) const TENCENT_ACTIONS: &[(&str, tencent::Handler)] =
    &[("GetCallerIdentity", tencent_caller)];

#[expect(clippy::unnecessary_wraps, reason = "the table's type")]
fn aws_caller(_scope: &mut Scope<'_>, _params: &aws::Params) -> Result<String, aws::Error> {
    let mut xml = Xml::default();
    xml.text("Arn", format!("arn:aws:iam::{AWS_ACCOUNT}:user/emulator"));
    xml.text("UserId", "AIDACKCEVSQ6C2EXAMPLE");
    xml.text("Account", AWS_ACCOUNT);
    Ok(xml.finish())
}

#[expect(clippy::unnecessary_wraps, reason = "the table's type")]
fn tencent_caller(
    _scope: &mut Scope<'_>,
    _params: &tencent::Params,
) -> Result<Value, tencent::Error> {
    Ok(json!({
        "Arn": format!("qcs::cam::uin/{TENCENT_ACCOUNT}:uin/{TENCENT_ACCOUNT}"),
        "AccountId": TENCENT_ACCOUNT,
        "UserId": TENCENT_ACCOUNT,
        "PrincipalId": TENCENT_ACCOUNT,
        "Type": "RootAccount",
    }))
}
