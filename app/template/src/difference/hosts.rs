//! Hosts for comparing: a resource that isn't there yet stands for itself.

use crate::resolve::{AttributeValue, Host};
use crate::words::KNOWN_AFTER_APPLY;
use serde_json::Value;

use super::Found;

/// What is there now. What is not gets a name that nothing else has, so that two different references differ.
pub(super) struct Current<'a>(pub(super) &'a dyn Host);

impl Host for Current<'_> {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        Some(self.0.reference(logical_id).unwrap_or_else(|| Value::String(format!("{{{{Ref:{logical_id}}}}}"))))
    }
    fn attribute(&self, logical_id: &str, attribute: &str) -> AttributeValue {
        match self.0.attribute(logical_id, attribute) {
            AttributeValue::NotYet => AttributeValue::Known(Value::String(format!("{{{{{logical_id}.{attribute}}}}}"))),
            known => known,
        }
    }
    fn export(&self, name: &str) -> Option<String> {
        Some(self.0.export(name).unwrap_or_else(|| format!("{{{{Export:{name}}}}}")))
    }
    fn availability_zones(&self, region: &str) -> Vec<String> {
        self.0.availability_zones(region)
    }
}

/// What will be: references to what is made or changed are known after the update only.
pub(super) struct Planned<'a> {
    pub(super) host: &'a dyn Host,
    pub(super) found: &'a Found,
}

impl Host for Planned<'_> {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        let unknown = self.found.added.contains(logical_id) || self.found.replaced(logical_id);
        let known = if unknown { None } else { self.host.reference(logical_id) };
        Some(known.unwrap_or_else(|| Value::String(KNOWN_AFTER_APPLY.to_owned())))
    }
    fn attribute(&self, logical_id: &str, attribute: &str) -> AttributeValue {
        let unknown = self.found.added.contains(logical_id) || self.found.modified.contains_key(logical_id);
        match if unknown { AttributeValue::NotYet } else { self.host.attribute(logical_id, attribute) } {
            AttributeValue::NotYet => AttributeValue::Known(Value::String(KNOWN_AFTER_APPLY.to_owned())),
            known => known,
        }
    }
    fn export(&self, name: &str) -> Option<String> {
        self.host.export(name)
    }
    fn availability_zones(&self, region: &str) -> Vec<String> {
        self.host.availability_zones(region)
    }
}
