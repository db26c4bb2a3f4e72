//! Profiles, and what is said when they give no credentials.

use crate::canned::{Canned, parent, settings, xml};
use aws_gateway::{AwsSettings, connect};
use domain::names::ConnectionId;
use services::ports::gateway::{GatewayError, GatewayErrorKind};

fn named(name: &str) -> ConnectionId {
    ConnectionId::parse(name).unwrap()
}

async fn identity(canned: &Canned, name: &str) -> GatewayError {
    canned.gateways().await.connections.identity(&named(name)).await.unwrap_err()
}

/// A server that must not be asked: these calls fail before they are sent.
async fn silent() -> Canned {
    Canned::start(|request| unreachable!("sent {request:?}")).await
}

#[tokio::test]
async fn profiles_of_both_files_are_listed_by_name_with_their_regions() {
    let canned = silent().await;
    canned.write("credentials", "[zoe]\naws_access_key_id=a\naws_secret_access_key=b\n[anna]\naws_access_key_id=a\n");
    canned
        .write("config", "[profile zoe]\nregion = eu-west-1\n[profile only-config]\nregion = Mars\n[sso-session x]\n");
    let profiles = canned.gateways().await.connections.profiles().await.unwrap();
    let seen: Vec<_> = profiles.iter().map(|p| (p.id.as_str(), p.region.as_ref().map(|r| r.as_str()))).collect();
    assert_eq!(seen, [("anna", None), ("only-config", None), ("zoe", Some("eu-west-1"))]);
}

#[tokio::test]
async fn a_malformed_file_is_named_with_its_line() {
    let canned = silent().await;
    let path = canned.write("config", "[profile parent]\nregion = eu-west-1\nwhat is this\n");
    let error = connect(canned.settings()).await.err().unwrap().to_string();
    assert!(error.contains(&path.display().to_string()) && error.contains("line 3"), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[tokio::test]
async fn a_file_that_is_missing_or_no_text_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = connect(settings(dir.path())).await.err().unwrap().to_string();
    assert!(error.contains("config` does not exist"), "{error}");
    std::fs::write(dir.path().join("config"), b"[profile \xff\xfe]\n").unwrap();
    std::fs::write(dir.path().join("credentials"), b"").unwrap();
    let error = connect(settings(dir.path())).await.err().unwrap().to_string();
    assert!(error.contains("config` can't be read: it is not UTF-8 text"), "{error}");
    // A folder where a file should be.
    let folder = AwsSettings { config_file: Some(dir.path().into()), ..settings(dir.path()) };
    let error = connect(folder).await.err().unwrap().to_string();
    assert!(error.contains("can't be read"), "{error}");
}

#[tokio::test]
async fn an_edit_of_the_files_is_noticed_without_a_restart() {
    let canned = Canned::start(|request| {
        let who = request.header("authorization").unwrap();
        let user = if who.contains("AKIASECOND") { "second" } else { "first" };
        xml(
            "GetCallerIdentity",
            &format!("<Arn>arn:aws:iam::111111111111:user/{user}</Arn><Account>111111111111</Account>"),
        )
    })
    .await;
    let gateways = canned.gateways().await;
    let before = gateways.connections.identity(&parent()).await.unwrap();
    assert_eq!(before.arn.resource(), "user/first");
    let more = "[parent]\naws_access_key_id = AKIASECOND\naws_secret_access_key = another-secret\n[later]\n";
    canned.write("credentials", more);
    assert_eq!(gateways.connections.profiles().await.unwrap().len(), 2);
    let after = gateways.connections.identity(&parent()).await.unwrap();
    assert_eq!(after.arn.resource(), "user/second");
}

#[tokio::test]
async fn a_profile_that_is_not_there_is_named() {
    let error = identity(&silent().await, "nobody").await;
    assert_eq!(
        (error.kind, error.message.as_str()),
        (GatewayErrorKind::NoCredentials, "there is no AWS profile `nobody`")
    );
}

#[tokio::test]
async fn a_profile_without_credentials_says_so() {
    let canned = silent().await;
    canned.write("config", "[profile bare]\nregion = eu-west-1\n");
    let error = identity(&canned, "bare").await;
    assert_eq!(error.kind, GatewayErrorKind::NoCredentials);
    assert_eq!(error.message, "profile `bare` gives no credentials; add access keys, a role or SSO settings to it");
    assert_eq!((error.operation, error.connection), ("GetCallerIdentity", Some(named("bare"))));
}

#[tokio::test]
async fn an_sso_session_that_has_ended_says_how_to_renew_it() {
    let canned = silent().await;
    let text = "[profile work]\nregion = eu-west-1\nsso_session = never-logged-in-0b51\nsso_account_id = 111111111111\n\
                sso_role_name = Admin\n[sso-session never-logged-in-0b51]\nsso_region = eu-west-1\n\
                sso_start_url = https://example.awsapps.com/start\n";
    canned.write("config", text);
    let error = identity(&canned, "work").await;
    assert_eq!(error.kind, GatewayErrorKind::NoCredentials);
    assert!(error.message.ends_with("run `aws sso login --profile work`"), "{error}");
}

#[tokio::test]
async fn what_a_credential_process_prints_is_never_shown_and_a_later_success_is_used() {
    let canned = Canned::start(|_| {
        let who = "<Arn>arn:aws:iam::111111111111:user/first</Arn><Account>111111111111</Account>";
        xml("GetCallerIdentity", who)
    })
    .await;
    let script = canned.write("login.sh", "echo TOPSECRET >&2; exit 3\n");
    let text = format!(
        "[profile tool]\nregion = eu-west-1\nendpoint_url = {}\ncredential_process = sh {}\n",
        canned.url(),
        script.display()
    );
    canned.write("config", &text);
    let gateways = canned.gateways().await;
    let error = gateways.connections.identity(&named("tool")).await.unwrap_err();
    assert_eq!(error.kind, GatewayErrorKind::NoCredentials);
    assert!(error.message.contains("credential_process") && !format!("{error:?}").contains("TOPSECRET"), "{error:?}");
    canned.write("login.sh", r#"echo '{"Version":1,"AccessKeyId":"AKIATOOL","SecretAccessKey":"s"}'"#);
    assert!(gateways.connections.identity(&named("tool")).await.is_ok());
}

#[tokio::test]
async fn a_role_from_an_sso_profile_names_the_profile_to_log_in_to() {
    let canned = silent().await;
    let text = "[profile work]\nregion = eu-west-1\nsso_start_url = https://never-0b52.awsapps.com/start\n\
                sso_region = eu-west-1\nsso_account_id = 111111111111\nsso_role_name = Admin\n\
                [profile deploy]\nregion = eu-west-1\nrole_arn = arn:aws:iam::111111111111:role/d\nsource_profile = work\n";
    canned.write("config", text);
    let error = identity(&canned, "deploy").await;
    assert!(error.message.ends_with("run `aws sso login --profile work`"), "{error}");
    assert_eq!(error.connection, Some(named("deploy")));
}
