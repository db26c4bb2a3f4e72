//! Words for credentials that could not be had.

use super::classify::presentable;
use super::{Origin, find, innermost, reason};
use crate::profiles::Login;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::error::ErrorMetadata;
use std::error::Error;

/// If `error` comes from a credentials provider: what is missing, and what to do about it.
pub(super) fn missing(origin: &Origin, error: &(dyn Error + 'static)) -> Option<String> {
    let error = find::<CredentialsError>(error)?;
    let (login, source) = &origin.login;
    let name = source.as_ref().map_or("", |id| id.as_str());
    let refused = find::<ErrorMetadata>(error);
    let unreachable = find::<ConnectorError>(error).is_some();
    Some(match login {
        Login::Sso if unreachable => {
            format!("IAM Identity Center could not be reached for profile `{name}`: {}", reason(error))
        }
        Login::Sso => match refused.filter(|meta| !is_signed_out(meta)).and_then(said) {
            Some(message) => format!("IAM Identity Center refused the role of profile `{name}`: {message}"),
            None => format!(
                "the SSO session of profile `{name}` has ended or was never started; run `aws sso login --profile {name}`"
            ),
        },
        Login::Console => {
            format!("the session of profile `{name}` has ended or was never started; run `aws login --profile {name}`")
        }
        // What the program printed may hold what it is there to give.
        Login::Process => format!(
            "the program in `credential_process` of profile `{name}` gave no credentials; run it in a terminal to see why"
        ),
        Login::Around => {
            "no credentials could be had from the environment, a web identity, a container or the instance".into()
        }
        Login::None => {
            format!("profile `{name}` gives no credentials; add access keys, a role or SSO settings to it")
        }
        Login::Other => {
            let detail = match refused.and_then(said) {
                Some(message) => message,
                None if unreachable => reason(error),
                None => innermost(error),
            };
            format!("the credentials of profile `{name}` could not be loaded: {detail}")
        }
    })
}

/// AWS's words, as they may be shown.
fn said(meta: &ErrorMetadata) -> Option<String> {
    Some(presentable(meta.code().unwrap_or_default(), meta.message()?))
}

/// Answers of IAM Identity Center that `aws sso login` mends.
fn is_signed_out(meta: &ErrorMetadata) -> bool {
    matches!(
        meta.code(),
        Some(
            "UnauthorizedException" | "InvalidGrantException" | "ExpiredTokenException" | "UnauthorizedClientException"
        )
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use domain::names::ConnectionId;

    #[test]
    fn what_aws_repeats_after_a_wrong_signature_is_not_shown_for_a_profile_either() {
        let message = "The request signature we calculated does not match the signature you provided. Check your key.\n\n\
                       The Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:IQoJb3JpZ2lu'";
        let meta = ErrorMetadata::builder().code("SignatureDoesNotMatch").message(message).build();
        let error = CredentialsError::provider_error(meta);
        let id = ConnectionId::parse("deploy").unwrap();
        for login in [Login::Other, Login::Sso] {
            let said = missing(&Origin::connection(&id, (login, id.clone()), None), &error).unwrap();
            assert!(said.ends_with("does not match the signature you provided."), "{said}");
        }
    }
}
