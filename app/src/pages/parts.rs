//! Small parts that several pages share: a share in a line, how something ended, the button that starts a share.

use crate::api::handoff::Refused;
use crate::api::pipeline::wizard::StartPipeline;
use crate::api::wizard::StartShare;
use crate::components::{ArrowTone, Lanes};
use crate::error::failure_of;
use crate::ui::{
    ActionProblem, Badge, Button, ButtonKind, Choice, FieldError, FileInput, IconName, Select, TextArea, TextInput,
    Time, Tone,
};
use domain::activity::{ActivityOutcome, ActivityView};
use domain::handoff::MAX_BYTES;
use domain::names::{EndpointName, ShareId};
use domain::share::drift::{DriftCheck, DriftState};
use domain::share::view::{DraftSummary, ShareState, ShareSummary};
use domain::time::Timestamp;
use leptos::form::ActionForm;
use leptos::prelude::*;

/// Regions that SageMaker has been in for long, with where they are. Others can be typed.
pub(super) const REGIONS: [(&str, &str); 16] = [
    ("eu-west-1", "Ireland"),
    ("eu-west-2", "London"),
    ("eu-west-3", "Paris"),
    ("eu-central-1", "Frankfurt"),
    ("eu-north-1", "Stockholm"),
    ("eu-south-1", "Milan"),
    ("us-east-1", "N. Virginia"),
    ("us-east-2", "Ohio"),
    ("us-west-1", "N. California"),
    ("us-west-2", "Oregon"),
    ("ca-central-1", "Canada"),
    ("sa-east-1", "São Paulo"),
    ("ap-northeast-1", "Tokyo"),
    ("ap-south-1", "Mumbai"),
    ("ap-southeast-1", "Singapore"),
    ("ap-southeast-2", "Sydney"),
];

/// The primary action of several pages.
#[component]
pub(super) fn StartShareButton(#[prop(optional)] kind: ButtonKind) -> impl IntoView {
    let action = ServerAction::<StartShare>::new();
    view! {
        <ActionForm action=action>
            <Button kind=kind submit=true icon=IconName::Plus busy=action.pending()>
                "Share an endpoint"
            </Button>
            <ActionProblem error=failure_of(action) />
        </ActionForm>
    }
}

/// The pipelines' first step.
#[component]
pub(super) fn StartPipelineButton() -> impl IntoView {
    let action = ServerAction::<StartPipeline>::new();
    view! {
        <ActionForm action=action>
            <Button kind=ButtonKind::Primary submit=true icon=IconName::Plus busy=action.pending()>
                "Build a training pipeline"
            </Button>
            <ActionProblem error=failure_of(action) />
        </ActionForm>
    }
}

/// Which of a share's endpoints. A share of all of them takes any name: those that are known are suggested.
#[component]
pub(super) fn EndpointField(
    /// The endpoints that are known.
    endpoints: Vec<EndpointName>,
    /// Whether the share is of all endpoints in its region.
    any: bool,
    /// The one that is chosen, or what was typed.
    value: String,
    /// What is wrong with it.
    error: Option<FieldError>,
    /// Follows the choice from the list.
    #[prop(optional)]
    on_choose: Option<Callback<String>>,
) -> impl IntoView {
    let (value, error) = (Signal::stored(value), Signal::stored(error));
    if any {
        let suggestions = endpoints.into_iter().map(Into::into).collect();
        return view! {
            <TextInput name="endpoint" label="Endpoint" placeholder="The endpoint's name" value suggestions error/>
        }
        .into_any();
    }
    let choices: Vec<Choice> = endpoints.iter().map(|name| Choice::new(name.as_str(), name.as_str())).collect();
    let on_change = Callback::new(move |name| {
        if let Some(on_choose) = on_choose {
            on_choose.run(name);
        }
    });
    view! { <Select name="endpoint" label="Endpoint" choices value error on_change/> }.into_any()
}

/// Where a share is in its life, in a word.
#[component]
pub(super) fn ShareStateBadge(state: ShareState) -> impl IntoView {
    let (tone, words) = match state {
        ShareState::Applying => (Tone::Accent, "Applying"),
        ShareState::Incomplete => (Tone::Bad, "Incomplete"),
        ShareState::Applied => (Tone::Warn, "Not verified"),
        ShareState::Verified => (Tone::Ok, "Verified"),
        ShareState::NotWorking => (Tone::Bad, "Not working"),
        ShareState::Undone => (Tone::Neutral, "Undone"),
    };
    view! {
        <Badge tone=tone dot=true>
            {words}
        </Badge>
    }
}

/// What the last look for drift came to, as a link to it.
#[component]
pub(super) fn DriftLine(share: ShareId, check: Option<DriftCheck>, now: Timestamp) -> impl IntoView {
    let href = format!("/shares/{share}/drift");
    let Some(DriftCheck { at, state, brief, .. }) = check else {
        return view! { <a href=href>"Not looked for yet"</a> }.into_any();
    };
    let tone = match state {
        DriftState::Clean => Tone::Ok,
        DriftState::Drifted => Tone::Bad,
        DriftState::Unknown => Tone::Warn,
    };
    view! {
        <a class="drift-line" href=href>
            <Badge tone=tone dot=true>
                {drift_word(state)}
            </Badge>
        </a>
        <p class="cell-sub">
            {(state != DriftState::Clean).then(|| format!("{} · ", crate::ui::sentence_case(&brief)))} <Time at=at now=now />
        </p>
    }
    .into_any()
}

/// In a word or two.
pub(super) fn drift_word(state: DriftState) -> &'static str {
    match state {
        DriftState::Clean => "As it was left",
        DriftState::Drifted => "Drifted",
        DriftState::Unknown => "Unknown",
    }
}

/// The endpoints of a share in a few words.
pub(super) fn endpoints_in_words(share: &ShareSummary) -> String {
    match share.endpoints.as_slice() {
        [] => format!("all endpoints in {}", share.region),
        [one] => one.clone(),
        [first, second] => format!("{first}, {second}"),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

/// A share as its two lanes in small.
#[component]
pub(super) fn SmallLanes(share: ShareSummary) -> impl IntoView {
    let tone = match share.state {
        ShareState::Applying => ArrowTone::Running,
        ShareState::Verified => ArrowTone::Done,
        ShareState::Incomplete | ShareState::NotWorking => ArrowTone::Failed,
        ShareState::Applied | ShareState::Undone => ArrowTone::Plain,
    };
    let endpoints = endpoints_in_words(&share);
    let label = format!("Share {} from {}", share.role_name, share.child);
    let child_lane = view! { <p class="small-lane">{share.callers.clone()}</p> }.into_any();
    let parent_lane = view! { <p class="small-lane">{endpoints}</p> }.into_any();
    view! {
        <div class="small-lanes">
            <Lanes
                label=label
                child=share.child
                parent=share.parent
                arrow=share.region.to_string()
                tone=Signal::stored(tone)
                child_lane=child_lane
                parent_lane=parent_lane
            />
        </div>
    }
}

/// Wizards to go on with.
#[component]
pub(super) fn DraftRows(
    drafts: Vec<DraftSummary>,
    now: Timestamp,
    /// One was discarded: the list is another one.
    discarded: Callback<()>,
) -> impl IntoView {
    let delete = ServerAction::<crate::api::wizard::DeleteDraft>::new();
    // Discarding leads to the list of shares, which may be the page that is shown.
    Effect::new(move |_| {
        if matches!(delete.value().get(), Some(Ok(()))) {
            discarded.run(());
        }
    });
    let rows = drafts
        .into_iter()
        .map(|draft| {
            let DraftSummary { id, title, step, changed, path, .. } = draft;
            let to_discard = title.clone();
            let discard = view! {
                <ActionForm action=delete>
                    <Discard draft=id.to_string() title=to_discard/>
                </ActionForm>
            };
            view! { <DraftRow title step=step.label() changed now href=path discard=discard.into_any()/> }
        })
        .collect_view();
    view! {
        <ul class="lines">{rows}</ul>
        <ActionProblem error=failure_of(delete)/>
    }
}

/// A wizard to go on with.
#[component]
pub(super) fn DraftRow(
    title: String,
    /// How far it is.
    step: &'static str,
    changed: Timestamp,
    now: Timestamp,
    /// Where it goes on.
    href: String,
    /// The form around [`Discard`].
    discard: AnyView,
) -> impl IntoView {
    let name = title.clone();
    view! {
        <li class="line">
            <div class="line-text">
                <a class="line-title" href=href.clone()>
                    {title}
                </a>
                <p class="line-detail">
                    {format!("At {step} · changed ")} <Time at=changed now=now/>
                </p>
            </div>
            <div class="line-aside">
                {discard}
                <Button small=true href=href>
                    "Go on"
                    <span class="visually-hidden">" with " {name}</span>
                </Button>
            </div>
        </li>
    }
}

/// What a form has in it that discards a wizard's draft.
#[component]
pub(super) fn Discard(draft: String, title: String) -> impl IntoView {
    view! {
        <input type="hidden" name="draft" value=draft/>
        <Button kind=ButtonKind::Quiet small=true submit=true>
            "Discard"
            <span class="visually-hidden">" draft: " {title}</span>
        </Button>
    }
}

/// A form that takes a hand-off file, chosen or pasted. A plain form, with a script too: a file is sent as it is.
#[component]
pub(super) fn HandOffForm(
    /// Where it is sent.
    action: &'static str,
    /// What the file's name begins with.
    begins: &'static str,
    /// The label of the text.
    label: &'static str,
    /// The file that was refused just now, if one was.
    refused: Refused,
    /// What the button says.
    button: &'static str,
    /// The share it is for, where that is known.
    #[prop(optional, into)]
    share: Option<String>,
) -> impl IntoView {
    let problem = refused.problem.map(|problem| FieldError { message: problem.message, hint: problem.hint });
    view! {
        <form method="post" action=action enctype="multipart/form-data" class="card-body hand-off-form">
            {share.map(|share| view! { <input type="hidden" name="share" value=share/> })}
            <FileInput
                name="file"
                label="File"
                description=format!("Its name begins with `{begins}`.")
                accept="application/json,.json"
                most=MAX_BYTES as u64
            />
            <TextArea
                name="text"
                label=label
                description="Or paste it here, whole. If you also choose a file, the file is used."
                value=Signal::stored(refused.text)
                error=Signal::stored(problem)
                rows=8
                mono=true
            />
            <div class="form-actions">
                <Button kind=ButtonKind::Primary submit=true>{button}</Button>
            </div>
        </form>
    }
}

/// How an activity ended, in a word.
#[component]
pub(super) fn OutcomeBadge(outcome: ActivityOutcome) -> impl IntoView {
    let (tone, words) = match outcome {
        ActivityOutcome::Done => (Tone::Ok, "Done"),
        ActivityOutcome::Denied => (Tone::Bad, "Denied"),
        ActivityOutcome::Failed => (Tone::Bad, "Failed"),
    };
    view! { <Badge tone=tone>{words}</Badge> }
}

/// What happened, with its first letter as a capital, as a link to its share or pipeline where there is one.
#[component]
pub(super) fn ActivityWhat(activity: ActivityView) -> impl IntoView {
    let what = crate::ui::sentence_case(&activity.what);
    let share = activity.share.map(|share| format!("/shares/{share}"));
    match share.or_else(|| activity.pipeline.map(|pipeline| format!("/pipelines/{pipeline}"))) {
        Some(href) => view! { <a href=href>{what}</a> }.into_any(),
        None => view! { <span>{what}</span> }.into_any(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn share(endpoints: &[&str]) -> ShareSummary {
        ShareSummary {
            id: "s1".parse().unwrap(),
            role_name: "SageMakerExternal".into(),
            parent: "111111111111".parse().unwrap(),
            child: "222222222222".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
            endpoints: endpoints.iter().map(|e| (*e).to_owned()).collect(),
            callers: "scoring-lambda".into(),
            state: ShareState::Verified,
            created: Timestamp(0),
            verified: None,
            drift: None,
        }
    }

    #[test]
    fn endpoints_are_named_as_long_as_they_are_few() {
        assert_eq!(endpoints_in_words(&share(&[])), "all endpoints in eu-west-1");
        assert_eq!(endpoints_in_words(&share(&["a"])), "a");
        assert_eq!(endpoints_in_words(&share(&["a", "b", "c"])), "a and 2 more");
    }
}
