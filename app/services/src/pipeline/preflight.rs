//! What is looked at before anything is made: who the console is in each account, whether names are free, whether
//! CodeCommit is to be had, and whether the quotas are large enough. Reads only.

use super::Pipelines;
use super::drafts::put;
use crate::ports::gateway::{BucketOwner, GatewayError};
use crate::{Operator, ServiceError, ServiceResult, words};
use domain::names::{DraftId, PipelineId};
use domain::pipeline::apply::{Lane, Part};
use domain::pipeline::draft::{AccountsForm, ModelForm, PipelineForm, PipelineStep};
use domain::pipeline::execution::is_version;
use domain::pipeline::intent::{PipelineIntent, Source, Update};
use domain::pipeline::observed::ObservedStack;
use domain::pipeline::view::{PreflightAccount, PreflightItem, PreflightView, Standpoint};
use futures::future::join_all;

/// What CodeCommit says of a repository that is not there.
///
/// Source: CodeCommit API reference, GetBranch, "Errors".
const NO_REPOSITORY: &str = "RepositoryDoesNotExistException";

impl Pipelines {
    /// Looks at everything that a draft's pipeline needs. Refused as `Invalid` while accounts or names have problems.
    pub async fn preflight(&self, operator: &Operator, draft: &DraftId) -> ServiceResult<PreflightView> {
        let record = self.draft_record(draft).await?.value;
        if record.intent().is_none() {
            return Err(ServiceError::Invalid { problems: self.draft_problems(&record).await? });
        }
        self.preflight_of(operator, draft, Typed::default()).await
    }

    /// As [`Pipelines::preflight`] while the wizard is filled in: with answers that are typed and not saved yet, and
    /// without the names as long as they have problems. Refused as `Invalid` while an account is missing.
    pub async fn preflight_of(
        &self,
        _operator: &Operator,
        draft: &DraftId,
        typed: Typed,
    ) -> ServiceResult<PreflightView> {
        let mut draft = self.draft_record(draft).await?.value;
        if let Some(form) = typed.accounts {
            let looked_up = self.look_up(&form).await?;
            if !looked_up.failures.is_empty() {
                return Err(ServiceError::Invalid { problems: looked_up.failures });
            }
            put(&mut draft, PipelineForm::Accounts(form), &looked_up);
        }
        if let Some(form) = typed.model {
            draft.model = *form;
        }
        let named = draft.intent();
        let Some(intent) = named.clone().or_else(|| draft.unnamed_intent()) else {
            return Err(ServiceError::Invalid { problems: draft.problems(PipelineStep::Accounts) });
        };
        let look = Look { pipelines: self, intent: &intent, pipeline: &draft.pipeline, named: named.is_some() };
        let (accounts, source, names, training, endpoint) =
            tokio::join!(look.accounts(), look.source(), look.names(), look.training_quota(), look.endpoint_quota());
        let (accounts, mut items) = accounts;
        items.extend(source);
        items.extend(names);
        items.extend([training, endpoint]);
        Ok(PreflightView { accounts, items })
    }
}

/// Answers that are not saved yet.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Step 1's.
    pub accounts: Option<AccountsForm>,
    /// Step 2's.
    pub model: Option<Box<ModelForm>>,
}

struct Look<'a> {
    pipelines: &'a Pipelines,
    intent: &'a PipelineIntent,
    pipeline: &'a PipelineId,
    /// Whether the intent's names are the person's.
    named: bool,
}

fn item(key: impl Into<String>, lane: Lane, standpoint: Standpoint, message: impl Into<String>) -> PreflightItem {
    PreflightItem { key: key.into(), lane, standpoint, message: message.into(), hint: None }
}

fn hinted(item: PreflightItem, hint: impl Into<String>) -> PreflightItem {
    PreflightItem { hint: Some(hint.into()), ..item }
}

/// What could not be read may be fine: whoever applies will see.
fn unread(key: impl Into<String>, lane: Lane, what: &str, error: &GatewayError) -> PreflightItem {
    hinted(item(key, lane, Standpoint::Unclear, format!("{what} could not be told: {error}")), words::hint(error))
}

impl Look<'_> {
    async fn accounts(&self) -> (Vec<PreflightAccount>, Vec<PreflightItem>) {
        let (mut accounts, mut items) = (Vec::new(), Vec::new());
        for lane in Lane::ALL {
            let place = lane.place(self.intent);
            let known = self.pipelines.inner.services.identity_now(&place.connection).await;
            let key = "account";
            items.push(match &known {
                Ok(identity) if identity.account == place.account => {
                    item(key, lane, Standpoint::Fine, format!("connection `{}` works", place.connection))
                }
                Ok(identity) => hinted(
                    item(
                        key,
                        lane,
                        Standpoint::Wrong,
                        super::records::leads_elsewhere(lane, self.intent, identity.account.as_str()),
                    ),
                    "save the accounts again, or point the profile where it was",
                ),
                Err(error) => hinted(item(key, lane, Standpoint::Wrong, error.to_string()), words::hint(error)),
            });
            let identity = known.ok();
            accounts.push(PreflightAccount {
                lane,
                connection: place.connection.clone(),
                account: identity.as_ref().map(|identity| identity.account.clone()),
                identity: identity.map(|identity| identity.arn.to_string()),
            });
        }
        (accounts, items)
    }

    /// Bucket and stacks, as far as they have names.
    async fn names(&self) -> Vec<PreflightItem> {
        if !self.named {
            return Vec::new();
        }
        let stacks = join_all(Part::ALL.map(|part| self.stack(part)));
        let (bucket, stacks, endpoint) = tokio::join!(self.bucket(), stacks, self.endpoint());
        std::iter::once(bucket).chain(stacks).chain([endpoint]).collect()
    }

    /// Nothing is asked where the template comes from the bucket.
    async fn source(&self) -> Option<PreflightItem> {
        let name = match &self.intent.source {
            Source::Repository { name, branch } => Some((name, branch)),
            Source::Bucket if self.named => return None,
            Source::Bucket => None,
        };
        let (key, lane) = ("source", Lane::SharedServices);
        let place = lane.place(self.intent);
        let sources = &self.pipelines.inner.gateways.sources;
        Some(match (sources.takes_repositories(&place.connection, &self.intent.region).await, name) {
            (Ok(true), Some((name, branch))) => self.repository(name, branch).await,
            (Ok(true), None) => item(key, lane, Standpoint::Fine, "CodeCommit takes repositories"),
            (Ok(false), None) => hinted(
                item(key, lane, Standpoint::Unclear, format!("account {} can't make repositories", place.account)),
                "CodeCommit refuses some accounts that did not use it before July 2024: the template will come from \
                 the bucket instead, which starts the pipeline just as well",
            ),
            (Ok(false), Some(_)) => hinted(
                item(key, lane, Standpoint::Wrong, format!("account {} can't make repositories", place.account)),
                "take the template from the bucket, under Names and model: CodeCommit refuses some accounts that did \
                 not use it before July 2024",
            ),
            (Err(error), _) => unread(key, lane, "whether CodeCommit can be used", &error),
        })
    }

    async fn repository(&self, name: &str, branch: &str) -> PreflightItem {
        let (key, lane) = ("source", Lane::SharedServices);
        let place = lane.place(self.intent);
        let sources = &self.pipelines.inner.gateways.sources;
        match sources.tip(&place.connection, &self.intent.region, name, branch).await {
            Err(error) if error.code == NO_REPOSITORY => {
                item(key, lane, Standpoint::Fine, format!("the repository `{name}` can be made"))
            }
            Ok(_) if self.made_here(Part::SharedServices).await => {
                item(key, lane, Standpoint::Fine, format!("the repository `{name}` is this pipeline's"))
            }
            Ok(_) => hinted(
                item(
                    key,
                    lane,
                    Standpoint::Wrong,
                    format!("account {} has a repository `{name}` already", place.account),
                ),
                "choose another name for the repository under Names and model, or take the template from the bucket",
            ),
            Err(error) => unread(key, lane, "whether the repository's name is free", &error),
        }
    }

    async fn bucket(&self) -> PreflightItem {
        let (key, lane, name) = ("bucket", Lane::SharedServices, &self.intent.bucket);
        let place = lane.place(self.intent);
        let buckets = &self.pipelines.inner.gateways.buckets;
        match buckets.bucket_owner(&place.connection, &self.intent.region, name).await {
            Ok(BucketOwner::Nobody) => item(key, lane, Standpoint::Fine, format!("the bucket's name `{name}` is free")),
            Ok(BucketOwner::Another) => hinted(
                item(key, lane, Standpoint::Wrong, format!("another account has a bucket `{name}`")),
                "bucket names are unique in all of AWS: choose another under Names and model",
            ),
            Ok(BucketOwner::Ours) if self.made_here(Part::SharedServices).await => {
                item(key, lane, Standpoint::Fine, format!("the bucket `{name}` is this pipeline's"))
            }
            Ok(BucketOwner::Ours) => hinted(
                item(key, lane, Standpoint::Wrong, format!("account {} has a bucket `{name}` already", place.account)),
                "choose another name under Names and model, or delete that bucket",
            ),
            Err(error) => unread(key, lane, "whether the bucket's name is free", &error),
        }
    }

    async fn made_here(&self, part: Part) -> bool {
        let place = part.lane().place(self.intent);
        let stacks = &self.pipelines.inner.gateways.stacks;
        let found = stacks.stack(&place.connection, &self.intent.region, &part.name(self.intent)).await;
        found.is_ok_and(|found| found.is_some_and(|stack| part.is_ours(&stack, self.pipeline, self.intent)))
    }

    /// The workflow's stack has nothing that names its pipeline but the prefix: it is this one's where that of account A is.
    async fn is_ours(&self, part: Part, found: &ObservedStack) -> bool {
        part.is_ours(found, self.pipeline, self.intent)
            && (part != Part::Workflow || self.made_once(Part::SharedServices).await)
    }

    async fn stack(&self, part: Part) -> PreflightItem {
        let (lane, name) = (part.lane(), part.name(self.intent));
        let key = format!("stack_{name}");
        let place = lane.place(self.intent);
        let stacks = &self.pipelines.inner.gateways.stacks;
        match stacks.stack(&place.connection, &self.intent.region, &name).await {
            Ok(None) => item(key, lane, Standpoint::Fine, format!("the stack's name `{name}` is free")),
            Ok(Some(found)) if !self.is_ours(part, &found).await => hinted(
                item(
                    key,
                    lane,
                    Standpoint::Wrong,
                    format!("account {} has a stack `{name}` that this pipeline did not make", place.account),
                ),
                "choose another prefix under Names and model, or take that stack away",
            ),
            Ok(Some(found)) if found.state.is_only_deletable() => item(
                key,
                lane,
                Standpoint::Unclear,
                format!("the stack `{name}` is in {}: it is deleted and made anew", found.state),
            ),
            Ok(Some(found)) => {
                let usable = found.state.is_usable() || !found.state.is_settled();
                let standpoint = if usable { Standpoint::Fine } else { Standpoint::Wrong };
                let there = item(key, lane, standpoint, format!("the stack `{name}` is there, in {}", found.state));
                if usable {
                    there
                } else {
                    hinted(there, "continue its rollback in CloudFormation, or delete it there")
                }
            }
            Err(error) => unread(key, lane, "whether the stack's name is free", &error),
        }
    }

    /// Deploying would update an endpoint that is there, whoever made it.
    async fn endpoint(&self) -> PreflightItem {
        let (key, lane, name) = ("endpoint", Lane::Production, &self.intent.deployment.endpoint);
        let place = lane.place(self.intent);
        let versions = &self.pipelines.inner.gateways.versions;
        match versions.endpoint_state(&place.connection, &self.intent.region, name).await {
            Ok(None) => item(key, lane, Standpoint::Fine, format!("the endpoint's name `{name}` is free")),
            Ok(Some(found))
                if is_version(self.intent.prefix.as_str(), &found.configuration)
                    && self.made_once(Part::Production).await =>
            {
                item(key, lane, Standpoint::Fine, format!("the endpoint `{name}` serves a version of this pipeline"))
            }
            Ok(Some(found)) => hinted(
                item(
                    key,
                    lane,
                    Standpoint::Wrong,
                    format!(
                        "account {} has an endpoint `{name}` that this pipeline did not make: it serves `{}`",
                        place.account, found.configuration
                    ),
                ),
                "choose another name under Names and model: the first deployment would put its model in place of that one",
            ),
            Err(error) => unread(key, lane, "whether the endpoint's name is free", &error),
        }
    }

    /// Whether this pipeline has a stack, or once had it: somebody may have deleted it since.
    async fn made_once(&self, part: Part) -> bool {
        let record = self.pipelines.inner.stores.pipelines.get(self.pipeline).await.ok().flatten();
        record.is_some_and(|there| there.value.outputs.contains_key(&part)) || self.made_here(part).await
    }

    async fn training_quota(&self) -> PreflightItem {
        let training = &self.intent.training;
        let name = format!("{} for training job usage", training.instance_type);
        self.quota("training_quota", Lane::Training, &name, training.instance_count, training.instance_count).await
    }

    async fn endpoint_quota(&self) -> PreflightItem {
        let deployment = &self.intent.deployment;
        let name = format!("{} for endpoint usage", deployment.instance_type);
        let count = deployment.instance_count;
        // While an update goes on, the new fleet stands beside the old one, or its half.
        let more = if deployment.update == Update::Rolling { count.div_ceil(2) } else { count };
        self.quota("endpoint_quota", Lane::Production, &name, count, count + more).await
    }

    /// `count` are needed to begin with, and `all` later.
    async fn quota(&self, key: &str, lane: Lane, name: &str, count: u32, all: u32) -> PreflightItem {
        let place = lane.place(self.intent);
        let training = &self.pipelines.inner.gateways.training;
        let quota = match training.quota(&place.connection, &self.intent.region, name).await {
            Ok(Some(quota)) => quota,
            Ok(None) => return item(key, lane, Standpoint::Unclear, format!("Service Quotas has no `{name}`")),
            Err(error) => return unread(key, lane, &format!("the quota `{name}`"), &error),
        };
        let raise = format!("raise it in Service Quotas of account {}, or choose other instances", place.account);
        let said = format!("the quota `{name}` is {quota}");
        if quota < f64::from(count) {
            hinted(item(key, lane, Standpoint::Wrong, format!("{said}, and {count} are needed")), raise)
        } else if quota < f64::from(all) {
            hinted(item(key, lane, Standpoint::Unclear, format!("{said}, and an update needs {all}")), raise)
        } else {
            item(key, lane, Standpoint::Fine, said)
        }
    }
}
