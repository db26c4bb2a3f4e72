//! The organisation of the five accounts: `shared` manages it, the others are in two units.

use super::PROFILES;
use crate::organizations::model::Organization;
use crate::state::State;
use domain::names::AccountId;
use domain::time::Timestamp;
use std::time::Duration;

/// The profile whose account manages the organisation.
const MANAGEMENT: &str = "shared";
const UNITS: [(&str, [&str; 2]); 2] = [("Workloads", ["parent", "child"]), ("Pipelines", ["training", "production"])];

/// Makes the organisation where there is none: in a new state, and in one from before there were organisations here.
pub fn seed(state: &mut State, now: Timestamp) {
    let account = |profile: &str| {
        let found = PROFILES.iter().find(|(name, _)| *name == profile);
        found.and_then(|(_, digits)| AccountId::parse(digits).ok())
    };
    let Some(management) = account(MANAGEMENT).filter(|_| state.organization.current().is_none()) else { return };
    let mut organization = Organization::new(management.clone(), now);
    let root = organization.root.clone();
    organization.add_account(management, MANAGEMENT, &root);
    for (unit, profiles) in UNITS {
        let unit = organization.add_unit(unit);
        for profile in profiles {
            if let Some(account) = account(profile) {
                organization.add_account(account, profile, &unit);
            }
        }
    }
    *state.organization.change(Duration::ZERO) = Some(organization);
}
