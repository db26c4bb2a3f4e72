//! Finding shares in the accounts themselves: those that this console doesn't know, and roles that could become shares.
//!
//! The search takes a call for each role, so that it begins when someone asks for it; that it was asked for is in the
//! address.

use crate::api::import::{AdoptRole, ImportShares, find_shares};
use crate::components::{DocumentDiffView, Sentence};
use crate::error::failure_of;
use crate::ui::{
    ActionProblem, Badge, Button, ButtonKind, Card, EmptyState, IconName, PageHeader, Resolve, Skeleton, Tone, Words,
    sentence_case,
};
use domain::share::import::{CandidateView, FoundView, OtherView, SearchedView, TaggedView};
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Finding shares.
#[component]
pub fn ImportPage() -> impl IntoView {
    let query = use_query_map();
    let search = Memo::new(move |_| query.read().get("search").is_some());
    let found = Resource::new(move || search.get(), find_shares);
    view! {
        <PageHeader
            title="Find shares in your accounts"
            sub="What the console makes in AWS carries tags, so that shares are found again without its store."
        />
        <Resolve
            resource=found
            failed="The accounts could not be searched"
            skeleton=|| view! { <div class="card"><Skeleton lines=8/></div> }
            children=Callback::new(move |found: Option<FoundView>| match found {
                None => view! { <Ask/> }.into_any(),
                Some(found) => view! { <Found found/> }.into_any(),
            })
        />
    }
}

#[component]
fn Ask() -> impl IntoView {
    view! {
        <div class="card">
            <EmptyState
                title="Search the connected accounts"
                body="Every role and policy of each account is looked at: for shares this console doesn't know, and for roles that let another account invoke endpoints and could become shares. Nothing is changed."
            >
                <form method="get" action="/shares/import">
                    <input type="hidden" name="search" value="1"/>
                    <Button kind=ButtonKind::Primary submit=true icon=IconName::Search>"Search accounts"</Button>
                </form>
            </EmptyState>
        </div>
    }
}

#[component]
fn Found(found: FoundView) -> impl IntoView {
    let FoundView { accounts, tagged, candidates, others } = found;
    let adopt = ServerAction::<AdoptRole>::new();
    view! {
        <div class="stack">
            <p class="say" role="status">{said(&tagged, &candidates)}</p>
            <TaggedShares tagged/>
            <Candidates candidates adopt/>
            <Others others/>
            <Accounts accounts/>
        </div>
    }
}

/// What the search came to, in one sentence.
fn said(tagged: &[TaggedView], candidates: &[CandidateView]) -> String {
    let count = |n: usize, one: &str, many: &str| match n {
        0 => format!("no {one}"),
        1 => format!("one {one}"),
        n => format!("{n} {many}"),
    };
    let shares = count(tagged.len(), "share that this console doesn't know", "shares that this console doesn't know");
    let roles = count(candidates.len(), "role that could become one", "roles that could become shares");
    sentence_case(&format!("{shares}, and {roles}."))
}

#[component]
fn TaggedShares(tagged: Vec<TaggedView>) -> impl IntoView {
    let import = ServerAction::<ImportShares>::new();
    if tagged.is_empty() {
        return None;
    }
    let possible = tagged.iter().any(|share| share.refused.is_none());
    let rows = tagged.into_iter().map(|share| view! { <TaggedShare share/> }).collect_view();
    Some(view! {
        <ActionForm action=import attr:class="stack">
            <Card title=|| "Shares to import">
                <ul class="found-list">{rows}</ul>
            </Card>
            <ActionProblem error=failure_of(import)/>
            {possible.then(|| view! {
                <div class="form-actions">
                    <Button kind=ButtonKind::Primary submit=true busy=import.pending()>"Import shares"</Button>
                </div>
            })}
        </ActionForm>
    })
}

#[component]
fn TaggedShare(share: TaggedView) -> impl IntoView {
    let id = format!("import-{}", share.share);
    let name = share.role.as_ref().map_or_else(|| share.share.to_string(), |role| role.resource_name().to_owned());
    let account = share.role.as_ref().and_then(|role| role.account_id()).map(|account| account.to_string());
    let head = match &share.refused {
        None => view! {
            <label class="drift-ask" for=id.clone()>
                <input type="checkbox" class="check-box" id=id.clone()
                    name="shares[]" value=share.share.to_string() checked=true/>
                {name}
            </label>
        }
        .into_any(),
        Some(_) => view! { <strong>"Share " <code>{name}</code></strong> }.into_any(),
    };
    let refused = share.refused.map(|(why, hint)| {
        view! {
            <p><Badge tone=Tone::Warn>"Can't be imported"</Badge> " " <Words text=sentence_case(&format!("{why}."))/></p>
            <p class="muted"><Words text=sentence_case(&format!("{hint}."))/></p>
        }
    });
    let guesses = share.guesses.into_iter().map(|guess| view! { <li><Words text=guess/></li> }).collect::<Vec<_>>();
    let guesses = (!guesses.is_empty()).then(|| {
        view! {
            <p class="muted">"Not told by AWS, and filled in:"</p>
            <ul class="found-notes">{guesses}</ul>
        }
    });
    let sentence = (!share.sentence.is_empty()).then(|| view! { <Sentence spans=share.sentence/> });
    view! {
        <li class="found-item">
            <div class="found-head">{head} {account.map(|account| view! { <code class="hue-parent">{account}</code> })}</div>
            {sentence}
            {refused}
            {guesses}
        </li>
    }
}

#[component]
fn Candidates(candidates: Vec<CandidateView>, adopt: ServerAction<AdoptRole>) -> impl IntoView {
    if candidates.is_empty() {
        return None;
    }
    let rows = candidates.into_iter().map(|candidate| view! { <Candidate candidate adopt/> }).collect_view();
    Some(view! {
        <section class="stack" aria-label="Roles to adopt">
            <Card title=|| "Roles that could become shares">
                <p class="card-body muted">
                    "Made by other hands, of a share's shape. Adopting one opens its review; nothing is changed before you apply it, \
                     and undoing the share gives the role back."
                </p>
                <ul class="found-list">{rows}</ul>
            </Card>
            <ActionProblem error=failure_of(adopt)/>
        </section>
    })
}

#[component]
fn Candidate(candidate: CandidateView, adopt: ServerAction<AdoptRole>) -> impl IntoView {
    let name = candidate.role_name.to_string();
    let account = candidate.role.account_id().map(|account| account.to_string());
    let badge = match candidate.tags_only {
        true => view! { <Badge tone=Tone::Ok>"Tags only"</Badge> },
        false => view! { <Badge tone=Tone::Warn>"Documents change"</Badge> },
    };
    let open = (!candidate.asks_for_id).then(|| {
        view! { <p><Badge tone=Tone::Warn>"No external ID"</Badge> " It asks for none; the wizard can add one."</p> }
    });
    let changes = candidate.changes.into_iter().map(|change| view! { <li><Words text=change/></li> }).collect_view();
    let documents = candidate
        .documents
        .into_iter()
        .enumerate()
        .map(|(n, document)| {
            let id = format!("adopt-{name}-{n}");
            view! { <DocumentDiffView document id open=false/> }
        })
        .collect_view();
    view! {
        <li class="found-item">
            <div class="found-head">
                <strong>{name.clone()}</strong>
                {account.map(|account| view! { <code class="hue-parent">{account}</code> })}
                {badge}
            </div>
            <Sentence spans=candidate.sentence/>
            {open}
            <ul class="found-notes">{changes}</ul>
            {documents}
            <ActionForm action=adopt>
                <input type="hidden" name="connection" value=candidate.connection.to_string()/>
                <input type="hidden" name="role" value=name.clone()/>
                <Button small=true submit=true busy=adopt.pending()>
                    "Review adopting" <span class="visually-hidden">" " {name}</span>
                </Button>
            </ActionForm>
        </li>
    }
}

#[component]
fn Others(others: Vec<OtherView>) -> impl IntoView {
    if others.is_empty() {
        return None;
    }
    let count = others.len();
    let rows = others
        .into_iter()
        .map(|other| {
            view! {
                <li class="line">
                    <div class="line-text">
                        <p class="line-title"><code>{other.role.to_string()}</code></p>
                        <p><Words text=sentence_case(&format!("{}.", other.why))/></p>
                        <p class="line-detail"><Words text=sentence_case(&format!("{}.", other.hint))/></p>
                    </div>
                </li>
            }
        })
        .collect_view();
    let title = if count == 1 {
        "One other role lets another account in".to_owned()
    } else {
        format!("{count} other roles let another account in")
    };
    Some(view! {
        <details class="card doc">
            <summary class="card-head doc-head">{title} <span class="card-aside">"Why they are no shares"</span></summary>
            <ul class="lines">{rows}</ul>
        </details>
    })
}

/// `1 role and 2 policies`
fn counted(roles: usize, policies: usize) -> String {
    let role = if roles == 1 { "role" } else { "roles" };
    let policy = if policies == 1 { "policy" } else { "policies" };
    format!("{roles} {role} and {policies} {policy}")
}

#[component]
fn Accounts(accounts: Vec<SearchedView>) -> impl IntoView {
    let rows = accounts
        .into_iter()
        .map(|searched| {
            let account = searched.account.map(|account| view! { " " <code>{account.to_string()}</code> });
            let (badge, detail) = match searched.failed {
                Some((message, hint)) => (
                    view! { <Badge tone=Tone::Bad>"Not searched"</Badge> },
                    sentence_case(&format!("{message}; {hint}.")),
                ),
                None => (
                    view! { <Badge tone=Tone::Ok>"Searched"</Badge> },
                    format!("{} looked at.", counted(searched.roles, searched.policies)),
                ),
            };
            let notes = searched.notes.into_iter().map(|note| view! { <p class="line-detail"><Words text=note/></p> });
            view! {
                <li class="line">
                    <div class="line-text">
                        <p class="line-title">{searched.connection.to_string()} {account}</p>
                        <p class="line-detail"><Words text=detail/></p>
                        {notes.collect_view()}
                    </div>
                    {badge}
                </li>
            }
        })
        .collect_view();
    let again = || view! { <a href="/shares/import?search=1" rel="external">"Search again"</a> };
    view! {
        <Card title=|| "Accounts searched" aside=again>
            <ul class="lines">{rows}</ul>
        </Card>
    }
}
