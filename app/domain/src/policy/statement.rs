//! A statement and its clauses, with a small builder for the documents the console writes.

use super::condition::{Condition, ConditionOperator};
use super::pattern::{ActionPattern, ResourcePattern};
use super::principal::PrincipalPattern;
use serde::{Deserialize, Serialize};

/// What a statement does when it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// It grants, unless something denies.
    Allow,
    /// It denies, whatever grants.
    Deny,
}

impl Effect {
    /// As written in a document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// `Principal` or `NotPrincipal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalClause {
    /// `NotPrincipal`.
    pub negated: bool,
    /// Who.
    pub principals: Vec<PrincipalPattern>,
}

/// `Action` or `NotAction`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionClause {
    /// `NotAction`.
    pub negated: bool,
    /// What.
    pub patterns: Vec<ActionPattern>,
}

/// `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceClause {
    /// `NotResource`.
    pub negated: bool,
    /// On what.
    pub patterns: Vec<ResourcePattern>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub sid: Option<String>,
    /// Allow or Deny.
    pub effect: Effect,
    /// Who; only in resource policies.
    pub principal: Option<PrincipalClause>,
    /// What.
    pub action: ActionClause,
    /// On what; absent in trust policies, where the role is meant.
    pub resource: Option<ResourceClause>,
    /// When; all of them have to hold.
    pub conditions: Vec<Condition>,
}

impl PrincipalClause {
    /// A clause, its principals in the order documents list their kinds. Everyone stands alone.
    pub fn new(negated: bool, principals: impl IntoIterator<Item = PrincipalPattern>) -> Self {
        let mut principals: Vec<_> = principals.into_iter().collect();
        if principals.contains(&PrincipalPattern::Everyone) {
            principals = vec![PrincipalPattern::Everyone];
        }
        principals.sort_by_key(PrincipalPattern::rank);
        Self { negated, principals }
    }
}

impl ActionClause {
    /// Whether it names these actions and nothing else: no wildcard, no other action.
    pub fn names_only(&self, actions: &[&str]) -> bool {
        let known = |text: &str| actions.iter().any(|action| action.eq_ignore_ascii_case(text));
        !self.negated && self.patterns.iter().all(|pattern| known(pattern.as_str()))
    }
}

impl ResourceClause {
    /// Whether it names this resource and nothing else: no wildcard, no variable, no other resource.
    pub fn names_only(&self, resource: &str) -> bool {
        !self.negated && self.patterns.iter().all(|pattern| pattern.as_str() == resource)
    }
}

impl Statement {
    /// An Allow of these actions, still without resource.
    pub fn allow<'a>(actions: impl IntoIterator<Item = &'a str>) -> Self {
        Self::with_effect(Effect::Allow, actions)
    }

    /// A Deny of these actions, still without resource.
    pub fn deny<'a>(actions: impl IntoIterator<Item = &'a str>) -> Self {
        Self::with_effect(Effect::Deny, actions)
    }

    /// The statement alone, as JSON in AWS's order of keys.
    pub fn pretty(&self) -> String {
        super::print::statement_text(self)
    }

    fn with_effect<'a>(effect: Effect, actions: impl IntoIterator<Item = &'a str>) -> Self {
        let patterns = actions.into_iter().map(ActionPattern::new).collect();
        Self {
            sid: None,
            effect,
            principal: None,
            action: ActionClause { negated: false, patterns },
            resource: None,
            conditions: Vec::new(),
        }
    }

    /// Names the statement.
    pub fn sid(mut self, sid: impl Into<String>) -> Self {
        self.sid = Some(sid.into());
        self
    }

    /// On these resources.
    pub fn on<'a>(mut self, resources: impl IntoIterator<Item = &'a str>) -> Self {
        let patterns = resources.into_iter().map(ResourcePattern::new).collect();
        self.resource = Some(ResourceClause { negated: false, patterns });
        self
    }

    /// By these principals.
    pub fn by(mut self, principals: impl IntoIterator<Item = PrincipalPattern>) -> Self {
        self.principal = Some(PrincipalClause::new(false, principals));
        self
    }

    /// By these AWS principals: ARNs, account IDs, unique IDs or `*`.
    pub fn by_aws<'a>(self, principals: impl IntoIterator<Item = &'a str>) -> Self {
        let principals: Vec<_> = principals.into_iter().map(PrincipalPattern::aws).collect();
        self.by(principals)
    }

    /// Only when the request's `key` compares so with one of `values`.
    pub fn when<'a>(
        mut self,
        operator: impl Into<ConditionOperator>,
        key: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let condition = Condition::new(operator, key, values);
        // Documents group conditions by operator.
        let last = self.conditions.iter().rposition(|one| one.operator == condition.operator);
        self.conditions.insert(last.map_or(self.conditions.len(), |at| at + 1), condition);
        self
    }
}
