//! What the accounts of a sandbox have, by the file that it keeps it in: nothing can be forgotten to be listed.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Every value of the sandbox's state, with the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory(BTreeSet<String>);

/// The profiles, for whoever reads a difference.
const ACCOUNTS: [(&str, &str); 5] = [
    ("111111111111", "parent"),
    ("222222222222", "child"),
    ("333333333333", "shared"),
    ("444444444444", "training"),
    ("555555555555", "production"),
];

impl Inventory {
    pub fn read(file: &Path) -> Self {
        let mut state: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let mut all = BTreeSet::new();
        for (account, name) in ACCOUNTS {
            let account = &mut state["accounts"][account];
            forget(account);
            walk(account, name.to_owned(), &mut all);
        }
        walk(&state["buckets"], "buckets".into(), &mut all);
        walk(&state["organization"], "organization".into(), &mut all);
        Self(all)
    }

    /// Asserts that it is as before, but for values whose ways begin with one of `more`.
    #[track_caller]
    pub fn is_as(&self, before: &Self, more: &[&str]) {
        let other =
            self.since(before).into_iter().filter(|path| !more.iter().any(|begin| path[2..].starts_with(begin)));
        assert_eq!(other.collect::<Vec<_>>(), Vec::<String>::new());
    }

    /// What is here and was not in `before`, and what was there and is no more.
    fn since(&self, before: &Self) -> Vec<String> {
        let come = self.0.difference(&before.0).map(|path| format!("+ {path}"));
        let gone = before.0.difference(&self.0).map(|path| format!("- {path}"));
        come.chain(gone).collect()
    }
}

/// Takes out what is gone for whoever looks: stacks that were deleted, keys whose deletion has been asked for; and how often
/// IAM was changed.
fn forget(account: &mut Value) {
    account["iam"]["revision"].take();
    let gone = |thing: &Value| !thing["deleted"].is_null() || !thing["state"]["PendingDeletion"].is_null();
    for (service, things) in [("stacks", "stacks"), ("keys", "keys")] {
        for region in account[service].as_object_mut().into_iter().flat_map(|regions| regions.values_mut()) {
            if let Some(things) = region[things].as_object_mut() {
                things.retain(|_, thing| !gone(thing));
            }
        }
    }
}

fn walk(value: &Value, path: String, all: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| walk(value, format!("{path} > {name}"), all)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| walk(value, format!("{path} > {at}"), all));
        }
        Value::Null => {}
        scalar => drop(all.insert(format!("{path} = {scalar}"))),
    }
}
