//! STS of both clouds: who the key belongs to, and keys of roles.
//!
//! A role of the emulator's own account can be assumed by everyone, one of another account by nobody. Its key is the
//! cloud's temporary one.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::aws::{self, xml::Xml};
use crate::fixtures::{AWS_ACCOUNT, TENCENT_ACCOUNT};
use crate::keys::{Key, KeyRing};
use crate::tencent;
use crate::world::Scope;
use crate::{Cloud, clock};

/// Actions of AWS's STS.
pub(crate) const AWS_ACTIONS: &[(&str, aws::Handler)] = &[
    ("AssumeRole", aws_assume),
    (WEB_IDENTITY, aws_web_identity),
    ("GetCallerIdentity", aws_caller),
];

/// Actions of Tencent Cloud's STS.
pub(crate) const TENCENT_ACTIONS: &[(&str, tencent::Handler)] = &[
    ("AssumeRole", tencent_assume),
    (WEB_IDENTITY, tencent_web_identity),
    ("GetCallerIdentity", tencent_caller),
];

const WEB_IDENTITY: &str = "AssumeRoleWithWebIdentity";

/// Whether an action takes a token that something else vouches for, instead of a signature.
pub(crate) fn is_unsigned(action: &str) -> bool {
    action == WEB_IDENTITY
}

/// The key of a role.
fn temporary(cloud: Cloud) -> Key {
    KeyRing::of(cloud).temporary.key
}

fn is_temporary(cloud: Cloud, key_id: &str) -> bool {
    temporary(cloud).id == key_id
}

fn aws_assume(scope: &mut Scope<'_>, params: &aws::Params) -> Result<String, aws::Error> {
    let xml = aws_session(scope, params)?;
    Ok(xml.finish())
}

fn aws_web_identity(scope: &mut Scope<'_>, params: &aws::Params) -> Result<String, aws::Error> {
    let mut xml = aws_session(scope, params)?;
    xml.text("SubjectFromWebIdentityToken", "emulator");
    xml.text("Audience", "sts.amazonaws.com");
    Ok(xml.finish())
}

/// Checks what both ways of assuming a role have in common, and writes their answer.
fn aws_session(scope: &mut Scope<'_>, params: &aws::Params) -> Result<Xml, aws::Error> {
    let invalid = |message: String| aws::Error::new(400, "ValidationError", message);
    let (arn, session) = (
        params.text("RoleArn").unwrap_or_default(),
        params.text("RoleSessionName").unwrap_or_default(),
    );
    let role = arn
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.split_once(":role/"));
    let Some((account, role)) = role else {
        return Err(invalid(format!("{arn} is invalid")));
    };
    let in_name = |letter: char| letter.is_ascii_alphanumeric() || "_=,.@-".contains(letter);
    if !(2..=64).contains(&session.len()) || !session.chars().all(in_name) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{session}' at 'roleSessionName' failed to satisfy constraint: Member \
             must satisfy regular expression pattern: [\\w+=,.@-]*"
        )));
    }
    let seconds = params.number("DurationSeconds").unwrap_or(3600);
    if !(900..=43_200).contains(&seconds) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member \
             must have value between 900 and 43200"
        )));
    }
    if account != AWS_ACCOUNT {
        return Err(aws::Error::new(
            403,
            "AccessDenied",
            format!(
                "User: arn:aws:iam::{AWS_ACCOUNT}:user/emulator is not authorized to perform: sts:AssumeRole on resource: {arn}"
            ),
        ));
    }
    let assumed = (role.to_owned(), session.to_owned());
    scope.common.sessions.insert(Cloud::Aws, assumed);
    let key = temporary(Cloud::Aws);
    let mut xml = Xml::default();
    xml.node("Credentials", |xml| {
        xml.text("AccessKeyId", key.id);
        xml.text("SecretAccessKey", key.secret);
        xml.optional("SessionToken", key.session_token);
        xml.text("Expiration", clock::iso(end(scope.now, seconds)));
    });
    xml.node("AssumedRoleUser", |xml| {
        xml.text("AssumedRoleId", format!("AROACLKWSDQRAOEXAMPLE:{session}"));
        xml.text("Arn", aws_role_arn(role, session));
    });
    xml.text("PackedPolicySize", 0);
    Ok(xml)
}

fn aws_role_arn(role: &str, session: &str) -> String {
    format!("arn:aws:sts::{AWS_ACCOUNT}:assumed-role/{role}/{session}")
}

fn end(now: OffsetDateTime, seconds: i64) -> OffsetDateTime {
    now + Duration::seconds(seconds)
}

#[expect(clippy::unnecessary_wraps, reason = "the table's type")]
fn aws_caller(scope: &mut Scope<'_>, _params: &aws::Params) -> Result<String, aws::Error> {
    let mut xml = Xml::default();
    match scope.common.sessions.get(&Cloud::Aws) {
        Some((role, session)) if is_temporary(Cloud::Aws, &scope.key_id) => {
            xml.text("Arn", aws_role_arn(role, session));
            xml.text("UserId", format!("AROACLKWSDQRAOEXAMPLE:{session}"));
        }
        _ => {
            xml.text("Arn", format!("arn:aws:iam::{AWS_ACCOUNT}:user/emulator"));
            xml.text("UserId", "AIDACKCEVSQ6C2EXAMPLE");
        }
    }
    xml.text("Account", AWS_ACCOUNT);
    Ok(xml.finish())
}

fn tencent_assume(
    scope: &mut Scope<'_>,
    params: &tencent::Params,
) -> Result<Value, tencent::Error> {
    tencent_session(scope, params)
}

fn tencent_web_identity(
    scope: &mut Scope<'_>,
    params: &tencent::Params,
) -> Result<Value, tencent::Error> {
    tencent_session(scope, params)
}

fn tencent_session(
    scope: &mut Scope<'_>,
    params: &tencent::Params,
) -> Result<Value, tencent::Error> {
    let (arn, session) = (
        params.text("RoleArn").unwrap_or_default(),
        params.text("RoleSessionName").unwrap_or_default(),
    );
    let role = arn
        .strip_prefix("qcs::cam::uin/")
        .and_then(|rest| rest.split_once(":roleName/"));
    let Some((account, role)) = role else {
        return Err(tencent::Error::new(
            "InvalidParameter.ParamError",
            format!("The parameter RoleArn `{arn}` is not a role's."),
        ));
    };
    let seconds = params.number("DurationSeconds").unwrap_or(7200);
    if !(1..=43_200).contains(&seconds) {
        return Err(tencent::Error::new(
            "InvalidParameter.OverTimeError",
            "The validity period exceeds the limit of 43200 seconds.",
        ));
    }
    if account != TENCENT_ACCOUNT {
        return Err(tencent::Error::new(
            "UnauthorizedOperation",
            format!(
                "you are not authorized to perform operation (sts:AssumeRole) resource ({arn}) has no permission"
            ),
        ));
    }
    let assumed = (role.to_owned(), session.to_owned());
    scope.common.sessions.insert(Cloud::Tencent, assumed);
    let key = temporary(Cloud::Tencent);
    let end = end(scope.now, seconds);
    Ok(json!({
        "Credentials": {
            "Token": key.session_token,
            "TmpSecretId": key.id,
            "TmpSecretKey": key.secret,
        },
        "ExpiredTime": end.unix_timestamp(),
        "Expiration": clock::iso(end),
    }))
}

#[expect(clippy::unnecessary_wraps, reason = "the table's type")]
fn tencent_caller(
    scope: &mut Scope<'_>,
    _params: &tencent::Params,
) -> Result<Value, tencent::Error> {
    const ROLE_ID: &str = "4611686018427397919";
    Ok(match scope.common.sessions.get(&Cloud::Tencent) {
        Some((_, session)) if is_temporary(Cloud::Tencent, &scope.key_id) => json!({
            "Arn": format!("qcs::sts:{TENCENT_ACCOUNT}:assumed-role/{ROLE_ID}"),
            "AccountId": TENCENT_ACCOUNT,
            "UserId": format!("{ROLE_ID}:{session}"),
            "PrincipalId": ROLE_ID,
            "Type": "CAMRole",
        }),
        _ => json!({
            "Arn": format!("qcs::cam::uin/{TENCENT_ACCOUNT}:uin/{TENCENT_ACCOUNT}"),
            "AccountId": TENCENT_ACCOUNT,
            "UserId": TENCENT_ACCOUNT,
            "PrincipalId": TENCENT_ACCOUNT,
            "Type": "RootAccount",
        }),
    })
}
