//! What survives: a restart, a second start on another port. A kill needs a process of its own: `cli_life`.

use crate::support::{CHILD, Client, Lab, config, trusting};
use sandbox::{SandboxConfig, SandboxError};
use tempfile::TempDir;

#[tokio::test]
async fn state_keys_and_sessions_survive_a_restart() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let role = parent.new_role("Shared", &trusting(&[CHILD]), &[]).await;
    let session = child.with_credentials(&child.assume(&role, &[]).await);
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;

    let again = sandbox::start(config(dir.path())).await.unwrap();
    let moved = |client: &Client| Client::new(&again.url(), &client.key, &client.secret, client.token.as_deref());
    assert_eq!(moved(&parent).iam_ok("GetRole", &[("RoleName", "Shared")]).await.tag("Arn"), role);
    assert_eq!(moved(&session).sts("GetCallerIdentity", &[]).await.status, 200);
    let written = Client::of_profile(&again.url(), again.credentials_file(), "parent");
    assert_eq!((written.key, written.secret), (parent.key, parent.secret));
    assert!(std::fs::read_to_string(again.config_file()).unwrap().contains(&format!("endpoint_url = {}", again.url())));
}

#[tokio::test]
async fn a_fresh_start_forgets() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    parent.new_user("u", &[]).await;
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;
    let again = sandbox::start(SandboxConfig { fresh: true, ..config(dir.path()) }).await.unwrap();
    let now = Client::of_profile(&again.url(), again.credentials_file(), "parent");
    assert_ne!(now.key, parent.key);
    assert_eq!(now.iam("GetUser", &[("UserName", "u")]).await.status, 404);
}

#[tokio::test]
async fn five_profiles_are_written_for_their_owner_only() {
    let lab = Lab::start().await;
    for (profile, account) in sandbox::PROFILES {
        assert_eq!(lab.client(profile).sts("GetCallerIdentity", &[]).await.tag("Account"), account);
    }
    #[cfg(unix)]
    for file in [lab.sandbox.credentials_file(), lab.sandbox.config_file(), &lab.dir.path().join("state.json")] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_named() {
    let lab = Lab::start().await;
    let dir = TempDir::new().unwrap();
    let taken = sandbox::start(SandboxConfig { listen: lab.sandbox.addr(), ..config(dir.path()) }).await.unwrap_err();
    assert!(matches!(taken, SandboxError::Bind { .. }) && taken.to_string().contains(&lab.sandbox.addr().to_string()));
    let same = sandbox::start(config(lab.dir.path())).await.unwrap_err();
    assert!(matches!(same, SandboxError::InUse(_)), "{same}");
    let open = sandbox::start(SandboxConfig { listen: "0.0.0.0:0".parse().unwrap(), ..config(dir.path()) }).await;
    assert!(matches!(open, Err(SandboxError::NotLoopback(_))));
    std::fs::write(dir.path().join("state.json"), "{").unwrap();
    let damaged = sandbox::start(config(dir.path())).await.unwrap_err().to_string();
    assert!(damaged.contains("state.json") && damaged.contains("--fresh"), "{damaged}");
    std::fs::write(dir.path().join("state.json"), r#"{"format":99}"#).unwrap();
    assert!(sandbox::start(config(dir.path())).await.unwrap_err().to_string().contains("its format is 99"));
}
