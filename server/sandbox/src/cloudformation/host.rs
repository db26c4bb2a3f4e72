//! What a template's functions ask of a stack: its resources as they are now, and what other stacks export.

use super::model::{Members, Stack, Stacks};
use serde_json::Value;
use std::collections::BTreeMap;
use template::{AttributeValue, Host};

/// A copy of what is known.
#[derive(Debug, Clone, Default)]
pub struct Known {
    resources: BTreeMap<String, (String, Members)>,
    exports: BTreeMap<String, String>,
    region: String,
}

impl Known {
    /// What is known of a stack among those of its account and region.
    pub fn of(stacks: &Stacks, stack: Option<&Stack>, region: &str) -> Self {
        let resources = stack.into_iter().flat_map(Stack::present).filter_map(|resource| {
            Some((resource.logical.clone(), (resource.physical.clone()?, resource.attributes.clone())))
        });
        let exports = stacks
            .exports()
            .filter(|(owner, _)| stack.is_none_or(|stack| stack.id != owner.id))
            .filter_map(|(_, output)| Some((output.export.clone()?, output.value.clone())));
        Self { resources: resources.collect(), exports: exports.collect(), region: region.to_owned() }
    }
}

impl Host for Known {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        self.resources.get(logical_id).map(|(physical, _)| physical.as_str().into())
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> AttributeValue {
        match self.resources.get(logical_id) {
            None => AttributeValue::NotYet,
            Some((_, attributes)) => match attributes.get(attribute) {
                Some(value) => AttributeValue::Known(value.clone()),
                None => AttributeValue::Missing,
            },
        }
    }

    fn export(&self, name: &str) -> Option<String> {
        self.exports.get(name).cloned()
    }

    fn availability_zones(&self, region: &str) -> Vec<String> {
        let region = if region.is_empty() { &self.region } else { region };
        ["a", "b", "c"].iter().map(|zone| format!("{region}{zone}")).collect()
    }
}
