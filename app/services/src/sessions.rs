//! Sessions: a launch token, used once, becomes a cookie; a cookie becomes an [`Operator`].

use crate::{Operator, ServiceResult, Services};
use secrecy::SecretString;

impl Services {
    /// A new launch token; earlier ones stop working. The first call gives the configured one, if there is one.
    pub fn issue_launch_token(&self) -> SecretString {
        SecretString::from("")
    }

    /// Exchanges a launch token for a session's cookie. `None`: the token is wrong or was used.
    pub async fn sign_in(&self, token: &str) -> ServiceResult<Option<SecretString>> {
        let _ = token;
        self.not_yet()
    }

    /// Who a cookie belongs to.
    pub async fn operator(&self, cookie: &str) -> ServiceResult<Option<Operator>> {
        let _ = cookie;
        self.not_yet()
    }

    /// Ends a session.
    pub async fn sign_out(&self, cookie: &str) -> ServiceResult<()> {
        let _ = cookie;
        self.not_yet()
    }
}
