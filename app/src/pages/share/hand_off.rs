//! Hand-off: what the other account's administrator needs, and taking back what they answer.

use super::{if_there_is, share_in_address, there_is};
use crate::api::handoff::{HandOffPageView, Refused, TAKE_ACCEPTANCE, get_hand_off};
use crate::pages::parts::HandOffForm;
use crate::ui::{ArnText, Button, Card, CopyButton, IconName, PageHeader, Resolve, Skeleton, Tab, TabPanel, Tabs};
use domain::handoff::{HandOffFile, HandOffView, NamedText};
use domain::names::ShareId;
use domain::share::Side;
use domain::share::render::{Language, Program};
use domain::share::view::ShareState;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// What goes to the other administrator.
#[component]
pub fn HandOffPage() -> impl IntoView {
    let id = share_in_address();
    let query = use_query_map();
    let kept = Memo::new(move |_| query.read().get("kept").unwrap_or_default());
    let view = Resource::new(
        move || (id.get(), kept.get()),
        async |(id, kept)| match id {
            Ok(id) => if_there_is(get_hand_off(id, kept).await),
            // What can't be a share's name is no share's.
            Err(_) => Ok(None),
        },
    );
    let back = move || format!("/shares/{}", id.get().map(|id| id.to_string()).unwrap_or_default());
    view! {
        <PageHeader title="Hand-off" sub="What the other account's administrator gets. None of it is a secret.">
            {move || view! { <Button href=back()>"Back to the share"</Button> }}
        </PageHeader>
        <Resolve
            resource=view
            failed="The hand-off could not be loaded"
            skeleton=|| view! { <div class="card"><Skeleton lines=10/></div> }
            children=Callback::new(|view: Option<HandOffPageView>| there_is(view, |view| view! { <HandOff view/> }))
        />
    }
}

#[component]
fn HandOff(view: HandOffPageView) -> impl IntoView {
    let HandOffPageView { hand_off, refused } = view;
    let takes = hand_off.own == Side::Parent && !hand_off.connected;
    let share = hand_off.share.clone();
    let other = if hand_off.own == Side::Parent { hand_off.child.clone() } else { hand_off.parent.clone() };
    let said = say(&hand_off);
    let unmade = matches!(hand_off.state, ShareState::Applying | ShareState::Incomplete).then(|| {
        view! { <p class="step-note">"Not everything is made yet: what is handed over holds once the share is applied."</p> }
    });
    let mut files = vec![file_of(&hand_off)];
    let children = hand_off.child_programs.iter().map(|program| of_program(Side::Child, program));
    let parents = hand_off.parent_programs.iter().map(|program| of_program(Side::Parent, program));
    // What goes to the other administrator, and this side as code.
    let (title, about, own) = match hand_off.own {
        Side::Parent => {
            files.extend(children);
            let about = "Send one of them: the offer file if they use Sagebridge, one of the others if they do not.";
            ("To hand over: the child's side", about, parents.collect::<Vec<_>>())
        }
        Side::Child => {
            ("To hand back", "The parent's administrator opens it at the share it is for.", children.collect())
        }
    };
    let own_title = match hand_off.own {
        Side::Parent => "The parent's side as code",
        Side::Child => "The child's side as code",
    };
    let take = takes.then(|| view! { <Take share=share.clone() refused/> });
    view! {
        <div class="stack hand-off">
            <p class="say">{said}</p>
            {unmade}
            <Needs hand_off=hand_off.clone()/>
            <Card title=move || format!("What the administrator of account {other} does")>
                <ol class="hand-off-steps">
                    {hand_off.what_to_do.into_iter().map(|step| view! { <li>{step}</li> }).collect_view()}
                </ol>
            </Card>
            <Files
                id="to-hand-over"
                title
                about
                share=share.clone()
                files
            />
            {take}
            <Files
                id="own-side"
                title=own_title
                about="What this console makes, for those who keep their infrastructure as code: to run in its place, never beside it."
                share
                files=own
            />
        </div>
    }
}

fn say(view: &HandOffView) -> String {
    match (view.own, view.connected) {
        (Side::Parent, true) => format!(
            "Both accounts are connected, so that nothing has to be handed over; here is the share between {} and {} as \
             files all the same.",
            view.child, view.parent
        ),
        (Side::Parent, false) => format!(
            "Send one of these files to the administrator of account {}; what they answer narrows the role to their \
             callers.",
            view.child
        ),
        (Side::Child, _) => format!(
            "Send the acceptance to the administrator of account {}: it says who calls, so that the role trusts them and \
             nobody else.",
            view.parent
        ),
    }
}

#[component]
fn Needs(hand_off: HandOffView) -> impl IntoView {
    let endpoints = match hand_off.endpoints.as_slice() {
        [] => "Every endpoint in the region".to_owned(),
        names => names.join(", "),
    };
    let callers = match hand_off.callers.as_slice() {
        [] => format!("Whoever account {} allows", hand_off.child),
        callers => callers.join(", "),
    };
    let external_id = match hand_off.external_id {
        Some(id) => view! { <ArnText arn=id label="Copy the external ID"/> }.into_any(),
        None => view! { <span class="muted">"Not required"</span> }.into_any(),
    };
    view! {
        <Card title=|| "What a caller needs">
            <dl class="facts">
                <dt>"Role"</dt>
                <dd><ArnText arn=hand_off.role_arn label="Copy the role's ARN"/></dd>
                <dt>"External ID"</dt>
                <dd>{external_id}</dd>
                <dt>"Region"</dt>
                <dd>{hand_off.region.to_string()}</dd>
                <dt>"Endpoints"</dt>
                <dd>{endpoints}</dd>
                <dt>"Callers"</dt>
                <dd class="hand-off-callers">{callers}</dd>
            </dl>
        </Card>
    }
}

/// A file in a tab.
#[derive(Debug, Clone)]
struct Shown {
    key: &'static str,
    label: &'static str,
    file: HandOffFile,
    text: NamedText,
}

fn file_of(view: &HandOffView) -> Shown {
    let (key, label, file) = match view.own {
        Side::Parent => ("offer", "Offer file", HandOffFile::Offer),
        Side::Child => ("acceptance", "Acceptance file", HandOffFile::Acceptance),
    };
    Shown { key, label, file, text: view.file.clone() }
}

fn of_program(side: Side, program: &Program) -> Shown {
    let key = match (side, program.language) {
        (Side::Child, Language::CloudFormation) => "child-cloudformation",
        (Side::Child, Language::Terraform) => "child-terraform",
        (Side::Child, Language::Cli) => "child-cli",
        (Side::Parent, Language::CloudFormation) => "parent-cloudformation",
        (Side::Parent, Language::Terraform) => "parent-terraform",
        (Side::Parent, Language::Cli) => "parent-cli",
    };
    let text = NamedText { file_name: program.file_name.clone(), text: program.text.clone() };
    Shown { key, label: program.language.label(), file: HandOffFile::Program(side, program.language), text }
}

/// Files in tabs: each can be copied, and downloaded without a script too.
#[component]
fn Files(
    id: &'static str,
    title: &'static str,
    about: &'static str,
    share: ShareId,
    files: Vec<Shown>,
) -> impl IntoView {
    let selected = RwSignal::new(files.first().map_or("", |first| first.key));
    let tabs = files.iter().map(|file| Tab { key: file.key, label: file.label }).collect();
    let panels = files
        .into_iter()
        .map(|Shown { key, label, file, text }| {
            let NamedText { file_name, text } = text;
            let href = file.path(&share);
            let copy = format!("Copy {file_name}");
            let (named, saved_as) = (file_name.clone(), file_name.clone());
            view! {
                <TabPanel key selected>
                    <div class="hand-off-file">
                        <span class="hand-off-name">
                            <span class="hand-off-label">{label}" "</span>
                            <code>{named}</code>
                        </span>
                        <CopyButton text=text.clone() label=copy/>
                        // A real file of the server: the page's own navigation leaves it alone.
                        <a class="btn btn-small" href=href download=saved_as rel="external">
                            <span class="btn-label">"Download" <span class="visually-hidden">" "{file_name}</span></span>
                        </a>
                    </div>
                    <pre class="hand-off-text" tabindex="0"><code>{text}</code></pre>
                </TabPanel>
            }
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby=id>
            <div class="card-head">
                <h2 id=id>{title}</h2>
            </div>
            <p class="card-body muted">{about}</p>
            <Tabs label=title tabs selected/>
            {panels}
        </section>
    }
}

/// What came back.
#[component]
fn Take(share: ShareId, refused: Refused) -> impl IntoView {
    view! {
        <section class="card" id="acceptance" aria-labelledby="take-acceptance">
            <div class="card-head">
                <h2 id="take-acceptance">"Take the acceptance"</h2>
            </div>
            <p class="card-body muted">
                "The file that came back says who calls. You see how it changes the role's trust policy before it is applied."
            </p>
            <HandOffForm
                action=TAKE_ACCEPTANCE
                begins="share-acceptance-"
                label="What the file says"
                refused
                button="Review acceptance"
                share=share.to_string()
            />
        </section>
    }
}

/// What is next for a share whose other side is not connected, with the way there. Nothing for any other share.
#[component]
pub fn NextHandOff(
    /// The share.
    share: ShareId,
    /// The side that is not connected.
    elsewhere: Option<Side>,
    /// Its account.
    account: String,
    /// Whether the child's administrator has accepted.
    #[prop(optional)]
    accepted: bool,
    /// Callers that the role does not trust yet.
    #[prop(optional)]
    not_trusted_yet: Vec<String>,
) -> impl IntoView {
    let elsewhere = elsewhere?;
    let (said, button) = match elsewhere {
        Side::Child if accepted => (
            format!(
                "The administrator of account {account} accepted: the role trusts who they named. From their console they \
                 can prove that it works."
            ),
            "See what was handed over",
        ),
        Side::Child => (
            format!(
                "Account {account} is not connected: its administrator makes the child's side, with what you hand over."
            ),
            "Hand over share",
        ),
        Side::Parent if not_trusted_yet.is_empty() => (
            format!(
                "Account {account} offered this share. Its administrator gets your acceptance, which says who calls."
            ),
            "Hand back acceptance",
        ),
        Side::Parent => (
            format!(
                "Account {account} offered this share. Its role does not trust {} before its administrator has taken your \
                 acceptance.",
                not_trusted_yet.join(", ")
            ),
            "Hand back acceptance",
        ),
    };
    Some(view! {
        <div class="card hand-off-next">
            <p>{said}</p>
            <Button icon=IconName::ArrowRight href=format!("/shares/{share}/hand-off")>{button}</Button>
        </div>
    })
}
