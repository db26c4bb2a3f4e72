//! The organisation of the sandbox's five accounts.

use crate::{World, child, connection, parent, world};
use domain::names::AccountId;
use services::ports::gateway::{ControlKind, ControlLevel, ControlPolicies, GatewayErrorKind};

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

async fn levels(world: &World, of: &str, kind: ControlKind) -> Vec<ControlLevel> {
    let found = world.gateways.organizations.control_policies(&connection("shared"), &account(of), kind).await;
    found.unwrap().levels().unwrap()
}

#[tokio::test]
async fn the_management_account_reads_every_accounts_levels_with_their_documents() {
    let world = world(0).await;
    for (kind, name) in [(ControlKind::Service, "FullAWSAccess"), (ControlKind::Resource, "RCPFullAWSAccess")] {
        let levels = levels(&world, "111111111111", kind).await;
        let targets: Vec<_> = levels.iter().map(|level| level.target.as_str()).collect();
        let [root, unit, own] = targets[..] else { unreachable!("{targets:?}") };
        assert!(root.starts_with("r-") && unit.starts_with("ou-") && own == "111111111111", "{targets:?}");
        for level in &levels {
            let names: Vec<_> = level.policies.iter().map(|policy| policy.name.as_str()).collect();
            assert_eq!(names, [name]);
            domain::policy::PolicyDocument::parse(&level.policies[0].text).unwrap();
        }
    }
    let of_production = levels(&world, "555555555555", ControlKind::Service).await;
    let of_parent = levels(&world, "111111111111", ControlKind::Service).await;
    assert_eq!(of_production[0].target, of_parent[0].target);
    assert_ne!(of_production[1].target, of_parent[1].target);
}

#[tokio::test]
async fn every_member_knows_its_organisation_and_none_may_read_what_binds_it() {
    let world = world(0).await;
    let organizations = &world.gateways.organizations;
    let seen = organizations.organization(&parent()).await.unwrap().unwrap();
    assert_eq!(organizations.organization(&child()).await.unwrap(), Some(seen.clone()));
    assert!(seen.id.starts_with("o-") && seen.all_features, "{seen:?}");
    assert_eq!(seen.management_account, account("333333333333"));

    let denied = organizations.control_policies(&child(), &account("222222222222"), ControlKind::Service).await;
    let denied = denied.unwrap_err();
    assert_eq!((denied.kind, denied.action().as_str()), (GatewayErrorKind::AccessDenied, "organizations:ListParents"));
    let bound = organizations.control_policies(&child(), &seen.management_account, ControlKind::Service).await.unwrap();
    assert_eq!(bound, ControlPolicies::ManagementAccount);
    let strange = account("999999999999");
    let strange = organizations.control_policies(&connection("shared"), &strange, ControlKind::Service).await;
    assert_eq!(strange.unwrap_err().kind, GatewayErrorKind::NotFound);
}
