//! Undo: a page of its own that plays the tear-down through on the accounts as they are, so that it works without a
//! script and can be left. What a person consents to is in the address: what is shown is what will be done.

use super::{if_there_is, share_in_address, there_is};
use crate::api::encoded;
use crate::api::runs::{UndoShare, get_undo};
use crate::components::Sentence;
use crate::ui::{
    Button, ButtonKind, Card, CheckboxRow, EmptyState, ErrorPanel, IconName, PageHeader, Resolve, Skeleton, Words,
    sentence_case,
};
use domain::share::Side;
use domain::share::plan::{Blocker, Clearing, Forecast, Outcome};
use domain::share::view::UndoView;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Taking a share back.
#[component]
pub fn UndoPage() -> impl IntoView {
    let id = share_in_address();
    let query = use_query_map();
    let consent = Memo::new(move |_| query.read().get_all("consent").unwrap_or_default());
    let plan = Resource::new(
        move || (id.get(), consent.get()),
        async |(id, consent)| match id {
            Ok(id) => if_there_is(get_undo(id, consent).await),
            // What can't be a share's name is no share's.
            Err(_) => Ok(None),
        },
    );
    let share = move || id.get().map(|id| id.to_string()).unwrap_or_default();
    let undo = ServerAction::<UndoShare>::new();
    view! {
        <PageHeader
            title="Undo share"
            sub="Nothing has been removed yet. This is everything that Undo will do, and what AWS would say to it."
        />
        <Resolve
            resource=plan
            failed="The undo could not be planned"
            skeleton=|| {
                view! {
                    <div class="card">
                        <Skeleton lines=6 />
                    </div>
                }
            }
            children=Callback::new(move |plan: Option<UndoView>| {
                there_is(plan, move |plan| view! { <Plan plan=plan share=share() undo=undo /> })
            })
        />
    }
}

#[component]
fn Plan(plan: UndoView, share: String, undo: ServerAction<UndoShare>) -> impl IntoView {
    let back = format!("/shares/{share}");
    let UndoView { sentence, steps, blockers, stays, untagged, unknown, refused, fingerprint } = plan;
    let consented: Vec<String> = blockers.iter().filter(|one| one.cleared).map(|one| one.key.clone()).collect();
    let nothing = steps.is_empty() && refused.is_none();
    let listed = if nothing && !untagged.is_empty() {
        view! { <Untagged share=share.clone() back=back.clone()/> }.into_any()
    } else if nothing {
        let back = back.clone();
        let body = if stays.is_empty() && unknown.is_empty() {
            "None of what this share made is in AWS any more."
        } else {
            "Nothing that this console can take back is in AWS any more."
        };
        view! {
            <div class="card">
                <EmptyState title="Nothing is left to undo" body>
                    <Button href=back>"Back to the share"</Button>
                </EmptyState>
            </div>
        }
        .into_any()
    } else {
        view! { <Steps steps/> }.into_any()
    };
    let unknown = unknown
        .into_iter()
        .map(|unknown| view! { <p class="doctor-note"><Words text=unknown.reason/></p> })
        .collect_view();
    let in_the_way = (!blockers.is_empty()).then(|| view! { <Blockers blockers share=share.clone()/> });
    let form = (!nothing).then(|| view! { <UndoForm share consented fingerprint refused back undo/> });
    view! {
        <div class="stack undo">
            <Sentence spans=sentence />
            {unknown}
            {in_the_way}
            {listed}
            <Stays stays/>
            {form}
        </div>
    }
}

/// What the share made is there and has lost its tags: nothing tells it from what others made under the same names.
#[component]
fn Untagged(share: String, back: String) -> impl IntoView {
    view! {
        <div class="card">
            <EmptyState
                title="Its tags are gone"
                body="Look for drift to put the tags back, then undo; or delete what is left by hand."
            >
                <Button kind=ButtonKind::Primary href=format!("/shares/{share}/drift")>"Check for drift"</Button>
                <Button href=back>"Back to the share"</Button>
            </EmptyState>
        </div>
    }
}

#[component]
fn Steps(steps: Vec<Forecast>) -> impl IntoView {
    let count = steps.len();
    let calls = if count == 1 { "1 step".to_owned() } else { format!("{count} steps") };
    let rows = steps.into_iter().map(|step| view! { <StepRow step/> }).collect_view();
    view! {
        <Card title=|| "In this order" aside=move || calls.clone()>
            <ol class="lines">{rows}</ol>
        </Card>
    }
}

#[component]
fn StepRow(step: Forecast) -> impl IntoView {
    let (side, hue) = match step.side {
        Side::Parent => ("Parent", "hue-parent"),
        Side::Child => ("Child", "hue-child"),
    };
    let (class, sign, said) = match step.outcome {
        Outcome::Works => ("mark mark-remove", "−", None),
        Outcome::Blocked { reason } => ("mark mark-conflict", "!", Some(reason)),
        Outcome::Waits { behind } => ("mark mark-pending", "", Some(format!("Waits for “{behind}”."))),
    };
    view! {
        <li class="line">
            <span class=class aria-hidden="true">
                {sign}
            </span>
            <div class="line-text">
                <p class="line-title">{step.title}</p>
                {said.map(|said| view! { <p class="line-detail"><Words text=said/></p> })}
            </div>
            <span class="line-aside muted">
                {side} " " <code class=hue>{step.account.to_string()}</code>
            </span>
        </li>
    }
}

/// What others did that is in the way. A form that gets the page: consent ends up in the address, and the steps below
/// are those with it.
#[component]
fn Blockers(blockers: Vec<Blocker>, share: String) -> impl IntoView {
    let can = blockers.iter().any(|one| one.clearing == Clearing::WithConsent);
    let all = with_all(&blockers, &share).map(|href| view! { <Button href>"Consent to all of it"</Button> });
    let rows = blockers
        .into_iter()
        .map(|one| {
            let side = match one.side {
                Side::Parent => "Parent",
                Side::Child => "Child",
            };
            match one.clearing {
                Clearing::WithConsent => view! {
                    <CheckboxRow
                        name="consent"
                        value=one.key
                        label=plain(&one.sentence)
                        detail=plain(&one.hint)
                        checked=one.cleared
                    >
                        <span class="muted">{side}</span>
                    </CheckboxRow>
                }
                .into_any(),
                Clearing::ByHand => view! {
                    <div class="check-row undo-by-hand">
                        <span class="mark mark-conflict" aria-hidden="true">"!"</span>
                        <span class="check-row-text">
                            <span class="check-row-label"><Words text=one.sentence/></span>
                            <span class="check-row-detail"><Words text=one.hint/></span>
                        </span>
                        <span class="check-row-aside"><span class="muted">{side}</span></span>
                    </div>
                }
                .into_any(),
            }
        })
        .collect_view();
    view! {
        <Card title=|| "In the way, and not this share's">
            <form method="get" action=format!("/shares/{share}/undo")>
                <div role="group" aria-label="What others did">{rows}</div>
                {can.then(|| view! {
                    <div class="card-body form-actions">
                        <Button submit=true icon=IconName::Refresh>"Show the steps with this consent"</Button>
                        {all}
                    </div>
                })}
            </form>
        </Card>
    }
}

/// The page with consent to everything that the console can clear, where that is more than one thing and not given yet.
fn with_all(blockers: &[Blocker], share: &str) -> Option<String> {
    let mut can = blockers.iter().filter(|one| one.clearing == Clearing::WithConsent);
    if can.clone().count() < 2 || can.all(|one| one.cleared) {
        return None;
    }
    let can = blockers.iter().filter(|one| one.clearing == Clearing::WithConsent);
    let keys: Vec<String> = can.map(|one| format!("consent={}", encoded(&one.key))).collect();
    Some(format!("/shares/{share}/undo?{}", keys.join("&")))
}

/// A label is read aloud as a whole: without the marks that set names in mono.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

#[component]
fn Stays(stays: Vec<String>) -> impl IntoView {
    (!stays.is_empty()).then(|| {
        let rows = stays
            .into_iter()
            .map(|text| {
                view! {
                    <li class="line">
                        <span class="mark mark-keep" aria-hidden="true">"="</span>
                        <div class="line-text"><p class="line-detail"><Words text/></p></div>
                    </li>
                }
            })
            .collect_view();
        view! {
            <Card title=|| "What stays">
                <ul class="lines">{rows}</ul>
            </Card>
        }
    })
}

#[component]
fn UndoForm(
    share: String,
    consented: Vec<String>,
    fingerprint: String,
    refused: Option<String>,
    back: String,
    undo: ServerAction<UndoShare>,
) -> impl IntoView {
    let value = undo.value();
    let keys =
        consented.into_iter().map(|key| view! { <input type="hidden" name="consent[]" value=key/> }).collect_view();
    let button = match refused {
        // Said once, beside where the button would be.
        Some(why) => {
            view! { <p class="undo-refused" role="status"><Words text=sentence_case(&why)/> "."</p> }.into_any()
        }
        None => view! {
            <Button kind=ButtonKind::Danger submit=true icon=IconName::Undo busy=undo.pending()>
                "Undo share"
            </Button>
        }
        .into_any(),
    };
    view! {
        {move || {
            value
                .get()
                .and_then(Result::err)
                .map(|error| view! { <ErrorPanel error=error title="The share could not be undone" /> })
        }}
        <ActionForm action=undo>
            <input type="hidden" name="share" value=share />
            {keys}
            <input type="hidden" name="fingerprint" value=fingerprint />
            <div class="form-actions">
                {button}
                <Button href=back>"Keep the share"</Button>
            </div>
        </ActionForm>
    }
}
