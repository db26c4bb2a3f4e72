//! A side of a share as a program that an administrator runs without this console: its resources first, whatever the
//! language, then the language.
//!
//! The documents, names, descriptions and tags are those of a plan, so that a share made this way is found by its tag
//! and planning it again changes nothing.

use super::{WHAT_GRANT, WHAT_POLICY, cli, cloudformation, describe, terraform};
use crate::arn::{Arn, CallerArn, CallerKind};
use crate::handoff::ShareOffer;
use crate::names::{AccountId, PolicyName, Region, RoleName, ShareId};
use crate::policy::json::{self, Node};
use crate::share::Side;
use crate::share::intent::ShareIntent;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a program is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// A CloudFormation template in YAML.
    CloudFormation,
    /// A Terraform configuration in HCL.
    Terraform,
    /// A script of AWS CLI commands for bash.
    Cli,
}

impl Language {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::CloudFormation, Self::Terraform, Self::Cli];
    /// What a tab says.
    pub fn label(self) -> &'static str {
        match self {
            Self::CloudFormation => "CloudFormation",
            Self::Terraform => "Terraform",
            Self::Cli => "AWS CLI",
        }
    }
    /// The value in forms and URLs.
    pub fn key(self) -> &'static str {
        match self {
            Self::CloudFormation => "cloudformation",
            Self::Terraform => "terraform",
            Self::Cli => "cli",
        }
    }
    /// Parses [`Language::key`].
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.key() == key)
    }
    fn extension(self) -> &'static str {
        match self {
            Self::CloudFormation => "yaml",
            Self::Terraform => "tf",
            Self::Cli => "sh",
        }
    }
}

/// A program, ready to be shown or downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// What it is written in.
    pub language: Language,
    /// What to call its file: `share-1-parent.yaml`.
    pub file_name: String,
    /// Its text.
    pub text: String,
}

/// The parent's side of a share: the policy, the role, and one attached to the other.
pub fn parent_side(intent: &ShareIntent, language: Language) -> Program {
    let policy = Policy {
        name: &intent.policy_name,
        arn: intent.policy_arn(),
        description: describe(WHAT_POLICY, &intent.id),
        document: super::invoke_policy(intent),
    };
    let role = Role {
        name: &intent.role_name,
        description: super::role_description(intent),
        trust: super::trust_policy(intent),
        session_seconds: intent.session_seconds,
    };
    let setting = Setting::new(Side::Parent, &intent.id, &intent.parent, &intent.region, language);
    let parent = Parent { setting, other: &intent.child, policy, role };
    parent.setting.program(match language {
        Language::CloudFormation => cloudformation::parent(&parent),
        Language::Terraform => terraform::parent(&parent),
        Language::Cli => cli::parent(&parent),
    })
}

/// The child's side of an offered share: the policy, called `grant_name`, attached to `callers`. Without callers the
/// program asks for them, each in its language's own way.
pub fn child_side(
    offer: &ShareOffer,
    grant_name: &PolicyName,
    callers: &BTreeSet<CallerArn>,
    language: Language,
) -> Program {
    let arn = Arn::build(offer.region.partition(), "iam", "", offer.child.as_str(), &format!("policy/{grant_name}"))
        .unwrap_or_else(|_| unreachable!("names and accounts were parsed"));
    let grant = Policy {
        name: grant_name,
        arn,
        description: describe(WHAT_GRANT, &offer.share),
        document: super::grant_policy(&offer.role),
    };
    // Attaching takes names without paths; a name is unique in its account whatever its path.
    let names = |kind| callers.iter().filter(|c| c.kind() == kind).map(|c| c.name()).collect();
    let setting = Setting::new(Side::Child, &offer.share, &offer.child, &offer.region, language);
    let child =
        Child { setting, other: &offer.parent, grant, roles: names(CallerKind::Role), users: names(CallerKind::User) };
    child.setting.program(match language {
        Language::CloudFormation => cloudformation::child(&child),
        Language::Terraform => terraform::child(&child),
        Language::Cli => cli::child(&child),
    })
}

/// What a program of either side has to know.
pub(super) struct Setting<'a> {
    pub side: Side,
    pub share: &'a ShareId,
    /// The account it is for.
    pub account: &'a AccountId,
    pub region: &'a Region,
    pub language: Language,
}

/// A managed policy.
pub(super) struct Policy<'a> {
    pub name: &'a PolicyName,
    pub arn: Arn,
    pub description: String,
    /// JSON.
    pub document: String,
}

/// The parent's role.
pub(super) struct Role<'a> {
    pub name: &'a RoleName,
    pub description: String,
    /// JSON.
    pub trust: String,
    pub session_seconds: u32,
}

/// The parent's side.
pub(super) struct Parent<'a> {
    pub setting: Setting<'a>,
    /// The child account.
    pub other: &'a AccountId,
    pub policy: Policy<'a>,
    pub role: Role<'a>,
}

/// The child's side.
pub(super) struct Child<'a> {
    pub setting: Setting<'a>,
    /// The parent account.
    pub other: &'a AccountId,
    pub grant: Policy<'a>,
    /// Names of roles that get it.
    pub roles: Vec<&'a str>,
    /// Names of users that get it.
    pub users: Vec<&'a str>,
}

impl Parent<'_> {
    /// What the program is for, in a sentence.
    pub fn purpose(&self) -> String {
        format!("Lets account {} invoke SageMaker endpoints of account {}", self.other, self.setting.account)
    }
}

impl Child<'_> {
    /// What the program is for, in a sentence.
    pub fn purpose(&self) -> String {
        format!("Lets account {} invoke SageMaker endpoints that account {} shares", self.setting.account, self.other)
    }
    /// Whether the program has to ask who calls.
    pub fn asks(&self) -> bool {
        self.roles.is_empty() && self.users.is_empty()
    }
}

impl<'a> Setting<'a> {
    fn new(side: Side, share: &'a ShareId, account: &'a AccountId, region: &'a Region, language: Language) -> Self {
        Self { side, share, account, region, language }
    }

    /// `parent` or `child`.
    pub fn side_word(&self) -> &'static str {
        match self.side {
            Side::Parent => "parent",
            Side::Child => "child",
        }
    }

    pub fn file_name(&self) -> String {
        format!("{}-{}.{}", self.share, self.side_word(), self.language.extension())
    }

    fn program(&self, text: String) -> Program {
        Program { language: self.language, file_name: self.file_name(), text }
    }
}

/// A document as a tree, keys in the order in which it is printed.
pub(super) fn tree(document: &str) -> Node {
    json::parse(document).unwrap_or_else(|_| unreachable!("documents are made here, as JSON"))
}
