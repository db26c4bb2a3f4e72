//! Drift that the console has no call of its own to make: an endpoint deleted, a boundary put. The real boto3 does it.

use crate::world::{Answers, POLICY, ROLE, World, endpoint_arn};
use domain::share::drift::{Finding, FindingKind, Mend};
use domain::wizard::EndpointsForm;
use std::process::Command;

/// Runs a line of Python with `boto3` and the sandbox's profiles.
fn python(world: &World, line: &str) {
    let python = std::env::var_os("SAGEBRIDGE_PYTHON").expect("SAGEBRIDGE_PYTHON names a Python that has boto3");
    let output = Command::new(python)
        .args(["-c", &format!("import boto3\nparent = boto3.Session(profile_name='parent')\n{line}")])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", world.folder.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_SHARED_CREDENTIALS_FILE", world.sandbox.credentials_file())
        .env("AWS_CONFIG_FILE", world.sandbox.config_file())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_gone_comes_off_the_share_and_the_last_one_stays_for_a_person() {
    let world = World::new().await;
    let arns = vec![endpoint_arn("churn-classifier"), endpoint_arn("echo")];
    let endpoints = EndpointsForm { scope: "named".into(), arns };
    let draft = world.services.start_draft(&world.operator).await.unwrap();
    world.fill(&draft, Answers { endpoints, ..Answers::default() }).await;
    let share = world.applied(&draft).await;

    python(&world, "parent.client('sagemaker').delete_endpoint(EndpointName='echo')");
    let found = world.services.drift(&world.operator, &share, Vec::new()).await.unwrap().drift;
    let [gone] = &found.findings[..] else { unreachable!("{found:#?}") };
    assert_eq!((gone.kind, gone.mend), (FindingKind::EndpointGone, Mend::Asked));
    world.mended(&share, vec![gone.key()]).await;
    assert!(world.services.drift(&world.operator, &share, Vec::new()).await.unwrap().drift.is_clean());
    let policy =
        world.gateways.iam.policy(&"parent".parse().unwrap(), &POLICY.parse().unwrap()).await.unwrap().unwrap();
    assert!(!policy.document.contains("endpoint/echo"), "{}", policy.document);

    python(&world, "parent.client('sagemaker').delete_endpoint(EndpointName='churn-classifier')");
    let found = world.services.drift(&world.operator, &share, Vec::new()).await.unwrap();
    assert_eq!((found.drift.findings[0].kind, found.drift.findings[0].mend), (FindingKind::EndpointGone, Mend::Person));
    assert_eq!(found.steps, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_boundary_that_someone_put_on_the_role_comes_off_when_someone_says_so() {
    let world = World::new().await;
    let share = world.applied(&world.draft(|_| {}).await).await;
    python(
        &world,
        &format!(
            "parent.client('iam').put_role_permissions_boundary(RoleName='{ROLE}', \
             PermissionsBoundary='arn:aws:iam::aws:policy/ReadOnlyAccess')"
        ),
    );
    let found = world.services.drift(&world.operator, &share, Vec::new()).await.unwrap().drift;
    let [boundary] = &found.findings[..] else { unreachable!("{found:#?}") };
    assert_eq!((boundary.kind, boundary.mend), (FindingKind::BoundaryAdded, Mend::Asked));
    assert!(!world.verified(&share).await.passed());
    let keys = found.findings.iter().map(Finding::key).collect();
    world.mended(&share, keys).await;
    assert!(world.services.drift(&world.operator, &share, Vec::new()).await.unwrap().drift.is_clean());
    assert!(world.verified(&share).await.passed());
}
