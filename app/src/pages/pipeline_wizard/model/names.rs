//! What everything is called, and where the training template comes from.

use super::{Typed, in_the_way, live};
use crate::pages::pipeline_wizard::StepContext;
use crate::pages::pipeline_wizard::preflight::lane_class;
use crate::ui::{Card, Choice, FieldError, RadioCards, TextInput};
use domain::names::{AccountId, Region};
use domain::pipeline::apply::Lane;
use domain::pipeline::draft::PipelineStep;
use domain::pipeline::intent::{PipelineIntent, Prefix};
use leptos::prelude::*;

/// The longest prefix.
const LONGEST: usize = 20;

#[component]
pub(super) fn Names(ctx: StepContext, typed: Typed) -> impl IntoView {
    let shared = ctx.draft.found.get(&ctx.draft.accounts.shared_services).map(|found| found.account.clone());
    let region = ctx.draft.accounts.region.parse::<Region>().ok();
    let place = shared.zip(region);
    let usual = usual_bucket(&typed.prefix.get_untracked(), place.as_ref());
    let follows = move || {
        let names = typed.prefix.with(|prefix| names(prefix, &typed.bucket.get(), place.as_ref()));
        names.into_iter().map(|(what, lane, name)| view! { <Name what lane name/> }).collect_view()
    };
    let fields = if ctx.exists {
        let form = &ctx.draft.model;
        view! {
            <Fixed name="form[prefix]" label="Prefix" value=form.prefix.clone()/>
            <Fixed name="form[bucket]" label="Bucket" value=form.bucket.clone()/>
        }
        .into_any()
    } else {
        view! { <NameFields ctx=ctx.clone() typed usual/> }.into_any()
    };
    let count = move || {
        typed.prefix.with(|prefix| format!("Prefix: {} of {LONGEST} characters", prefix.trim().chars().count()))
    };
    let count = (!ctx.exists).then(|| view! { <p class="names-count script-only" aria-hidden="true">{count}</p> });
    view! {
        <Card title=|| "Names">
            <div class="card-body">
                <div class="batch-fields">{fields}</div>
                {count}
                <p class="field-label" id="names-title">"What is made is called"</p>
                <dl class="names" aria-labelledby="names-title">{follows}</dl>
            </div>
        </Card>
        <Source ctx typed/>
    }
}

#[component]
fn NameFields(ctx: StepContext, typed: Typed, usual: Option<String>) -> impl IntoView {
    let prefix_error = live(&ctx, "prefix", typed.prefix, prefix_problem);
    let bucket_said = live(&ctx, "bucket", typed.bucket, |_| None);
    let bucket_error =
        Signal::derive(move || bucket_said.get().or_else(|| typed.found.with(|found| in_the_way(found, "bucket"))));
    let on_prefix = Callback::new(move |now: String| {
        let before = typed.prefix.get_untracked();
        // What was not given another name follows.
        for follower in [typed.repository, typed.endpoint] {
            if follower.with_untracked(|name| name.is_empty() || *name == before) {
                follower.set(now.clone());
            }
        }
        typed.prefix.set(now);
    });
    view! {
        <TextInput
            name="form[prefix]"
            label="Prefix"
            description="Begins all names, and is the pipeline's own: 2 to 20 lower-case letters, digits and hyphens."
            placeholder="churn"
            mono=true
            value=Signal::stored(typed.prefix.get_untracked())
            on_input=on_prefix
            error=prefix_error
        />
        <TextInput
            name="form[bucket]"
            label="Bucket"
            description="For data, models and artifacts. Empty: the prefix with account and region, which no one else has."
            placeholder=usual.unwrap_or_else(|| "prefix-account-region".into())
            mono=true
            value=Signal::stored(typed.bucket.get_untracked())
            on_input=Callback::new(move |now: String| typed.bucket.set(now))
            error=bucket_error
        />
    }
}

/// A name that stays once the pipeline was applied.
#[component]
fn Fixed(name: &'static str, label: &'static str, value: String) -> impl IntoView {
    view! {
        <p class="step-fixed">
            <input type="hidden" name=name value=value.clone()/>
            <span class="field-label">{label}</span>
            <code>{value}</code>
        </p>
    }
}

#[component]
fn Name(what: &'static str, lane: Lane, name: String) -> impl IntoView {
    view! {
        <div class=format!("names-row {}", lane_class(lane))>
            <dt>
                <span class="lane-key" aria-hidden="true"></span>
                {what}
                <span class="visually-hidden">{format!(" in the {}", lane.noun())}</span>
            </dt>
            <dd><code>{name}</code></dd>
        </div>
    }
}

/// Where the training template comes from. Where CodeCommit is not to be had, the bucket is what there is.
#[component]
fn Source(ctx: StepContext, typed: Typed) -> impl IntoView {
    let form = &ctx.draft.model;
    let refused = ctx.draft.repositories == Some(false);
    let first = ctx.draft.reached <= PipelineStep::Model;
    let value = if refused && first { "bucket".to_owned() } else { form.source.clone() };
    let repository = Choice::new("repository", "A CodeCommit repository")
        .detail("Each commit to its branch starts the pipeline, and history says who changed what.");
    let repository = if refused {
        repository
            .disabled("Account A can't make repositories: CodeCommit takes no new customers there since July 2024.")
    } else {
        repository
    };
    let bucket = Choice::new("bucket", "A zipped object in the bucket")
        .detail("Each new version of the object starts the pipeline. Needs no CodeCommit.");
    let branch = form.branch.clone();
    view! {
        <Card title=|| "Where the training template comes from">
            <div class="card-body">
                <RadioCards
                    name="form[source]"
                    label="Source"
                    description="The pipeline deploys the training's stack from it; new data starts it, too."
                    choices=vec![repository, bucket]
                    value=Signal::stored(value)
                    error=ctx.problem("source")
                />
                <div class="batch-fields only-repository">
                    <TextInput
                        name="form[repository]"
                        label="Repository"
                        description="Made in the shared-services account."
                        placeholder="churn"
                        mono=true
                        value=typed.repository
                        on_input=Callback::new(move |now: String| typed.repository.set(now))
                        error=live(&ctx, "repository", typed.repository, |_| None)
                    />
                    <TextInput
                        name="form[branch]"
                        label="Branch"
                        description="The one that is built."
                        mono=true
                        value=Signal::stored(branch)
                        error=ctx.problem("branch")
                    />
                </div>
            </div>
        </Card>
    }
}

/// What is wrong with a prefix while it is typed: not that it is only begun.
fn prefix_problem(text: &str) -> Option<FieldError> {
    let text = text.trim();
    let begun = text.len() < 2 || text.ends_with('-');
    let whole = if begun { format!("{text}aa") } else { text.to_owned() };
    let error = Prefix::parse(&whole).err().filter(|_| !text.is_empty())?;
    let message = if text.len() > LONGEST {
        format!("{} characters are too many: names that end with an account or an execution would not fit", text.len())
    } else {
        error.to_string()
    };
    Some(FieldError { message, hint: Some(format!("at most {LONGEST} lower-case letters, digits and hyphens")) })
}

fn usual_bucket(prefix: &str, place: Option<&(AccountId, Region)>) -> Option<String> {
    let prefix = Prefix::parse(prefix).ok()?;
    place.map(|(account, region)| PipelineIntent::usual_bucket(&prefix, account, region))
}

/// What is made, where, and what it will be called.
fn names(prefix: &str, bucket: &str, place: Option<&(AccountId, Region)>) -> Vec<(&'static str, Lane, String)> {
    let bucket = match bucket.trim() {
        "" => usual_bucket(prefix, place).unwrap_or_else(|| "prefix-account-region".into()),
        chosen => chosen.to_owned(),
    };
    let prefix = match prefix.trim() {
        "" => "prefix",
        typed => typed,
    };
    let named = |suffix: &str| format!("{prefix}-{suffix}");
    vec![
        ("Pipeline", Lane::SharedServices, prefix.to_owned()),
        ("Bucket", Lane::SharedServices, bucket),
        ("Stack", Lane::SharedServices, named("shared-services")),
        ("Stack", Lane::Training, named("training")),
        ("Stack that the pipeline deploys", Lane::Training, named("workflow")),
        ("State machine", Lane::Training, named("training")),
        ("Training jobs and models", Lane::Training, named("EXECUTION")),
        ("Stack", Lane::Production, named("production")),
        ("Deploy function", Lane::Production, named("deploy")),
    ]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_told_what_is_wrong_and_not_that_it_is_only_begun() {
        for begun in ["", "c", "churn-", "churn-2"] {
            assert_eq!(prefix_problem(begun), None, "{begun}");
        }
        assert!(prefix_problem("Churn").unwrap().message.starts_with("`Churn`"));
        assert!(prefix_problem("2").is_some());
        let long = prefix_problem("abcdefghijklmnopqrstu").unwrap().message;
        assert!(long.starts_with("21 characters are too many"), "{long}");
    }

    #[test]
    fn names_follow_from_the_prefix_and_the_bucket_from_the_account() {
        let place = ("111111111111".parse().unwrap(), "eu-west-1".parse().unwrap());
        let of = |prefix: &str, bucket: &str| names(prefix, bucket, Some(&place));
        let bucket = |all: Vec<(&str, Lane, String)>| all[1].2.clone();
        assert_eq!(of("churn", "")[3].2, "churn-training");
        assert_eq!(bucket(of("churn", "")), "churn-111111111111-eu-west-1");
        assert_eq!(bucket(of("churn", "mine")), "mine");
        assert_eq!(bucket(names("", "", None)), "prefix-account-region");
    }
}
