//! Step 3: who may call.

use super::picker::{Load, PickItem, PickWords, Picker};
use super::step::StepContext;
use crate::api::accounts::list_connections;
use crate::api::wizard::{ListPlace, SaveCallers, list_callers};
use crate::pages::step::{ConnectionCards, StepEnd, StepStart};
use crate::ui::{Button, Checkbox, Choice, RadioCards, Resolve, Skeleton, TextArea, TextInput, changing, heard_early};
use domain::arn::CallerKind;
use domain::connection::{CallerView, ConnectionView};
use domain::endpoint::Page;
use domain::names::ConnectionId;
use leptos::form::ActionForm;
use leptos::prelude::*;
use std::collections::BTreeSet;

const KNOWN: [&str; 7] = ["source", "connection", "account", "scope", "arns", "typed", "console"];

/// What on this step other parts follow.
#[derive(Clone, Copy)]
struct Chosen {
    connection: RwSignal<String>,
    scope: RwSignal<String>,
    arns: RwSignal<BTreeSet<String>>,
}

#[component]
pub(super) fn CallersStep(ctx: StepContext, save: ServerAction<SaveCallers>) -> impl IntoView {
    let form = &ctx.draft.callers;
    let chosen = Chosen {
        connection: RwSignal::new(form.connection.clone()),
        scope: RwSignal::new(form.scope.clone()),
        arns: RwSignal::new(form.arns.iter().cloned().collect()),
    };
    let says = Signal::derive(move || match (chosen.scope.get().as_str(), chosen.arns.with(BTreeSet::len)) {
        ("account", _) => "The whole account may call".to_owned(),
        (_, 0) => "No role or user picked".to_owned(),
        (_, 1) => "1 role or user picked".to_owned(),
        (_, count) => format!("{count} roles and users picked"),
    });
    let accepting = ctx.accepting();
    let class = match (ctx.share_exists || accepting, ctx.draft.callers.source.as_str()) {
        (true, "typed") => "step step-callers is-typed",
        (true, _) => "step step-callers is-connected",
        _ => "step step-callers",
    };
    view! {
        <ActionForm action=save attr:class=class attr:novalidate="">
            <StepStart draft=ctx.id()/>
            <SourceField ctx=ctx.clone()/>
            <div class="card only-connected"><ChildConnection ctx=ctx.clone() chosen/></div>
            <div class="card only-typed">
                <div class="card-body step-narrow">
                    <AccountField ctx=ctx.clone()/>
                </div>
            </div>
            <ScopeField ctx=ctx.clone() chosen/>
            <div class="card only-named only-connected"><CallerList ctx=ctx.clone() chosen/></div>
            <div class="card only-named">
                <div class="card-body">
                    <TextArea
                        name="form[typed]"
                        label="Roles and users by ARN"
                        value=Signal::stored(ctx.draft.callers.typed.clone())
                        description="One a line, for those that are not on a list."
                        placeholder="arn:aws:iam::222222222222:role/scoring-lambda"
                        rows=3
                        mono=true
                        error=ctx.problem("typed")
                    />
                </div>
            </div>
            <div class="card only-connected"><ConsoleField ctx=ctx.clone()/></div>
            <StepEnd bar=ctx.bar() known=&KNOWN says busy=save.pending() saved=save.value()/>
        </ActionForm>
    }
}

/// Named, or everybody; an offer is accepted by name.
#[component]
fn ScopeField(ctx: StepContext, chosen: Chosen) -> impl IntoView {
    if ctx.accepting() {
        return view! { <input type="hidden" name="form[scope]" value="named"/> }.into_any();
    }
    view! {
        <RadioCards
            name="form[scope]"
                label="Who in it may call"
                choices=vec![
                    Choice::new("named", "Named roles and users").detail("Only these, each by its ARN."),
                    Choice::new("account", "The whole account")
                        .detail("Whoever the child's administrators allow. Easier to hand over, harder to see through."),
                ]
                value=Signal::stored(ctx.draft.callers.scope.clone())
                error=ctx.problem("scope")
                on_change=Callback::new(move |value: String| chosen.scope.set(value))
        />
    }
    .into_any()
}

/// Connected or typed; settled once the share was applied.
#[component]
fn SourceField(ctx: StepContext) -> impl IntoView {
    let source = ctx.draft.callers.source.clone();
    if ctx.share_exists || ctx.accepting() {
        return view! { <input type="hidden" name="form[source]" value=source/> }.into_any();
    }
    view! {
        <RadioCards
            name="form[source]"
            label="How the child account is known"
            choices=vec![
                Choice::new("connected", "Connected")
                    .detail("The console makes the child's side too, and can prove the share."),
                Choice::new("typed", "By its account ID")
                    .detail("The child's administrator gets the documents to set up their side."),
            ]
            value=Signal::stored(source)
            error=ctx.problem("source")
        />
    }
    .into_any()
}

#[component]
fn ChildConnection(ctx: StepContext, chosen: Chosen) -> impl IntoView {
    let connections = Resource::new(|| (), |()| list_connections());
    let on_choose = Callback::new(move |connection: ConnectionView| {
        chosen.arns.update(BTreeSet::clear);
        chosen.connection.set(connection.id.to_string());
    });
    view! {
        <Resolve
            resource=connections
            skeleton=|| view! { <Skeleton lines=4/> }
            failed="The connections could not be loaded"
            children=Callback::new(move |list: Vec<ConnectionView>| {
                let except = ctx.draft.parent_account.clone().map(|account| (account, "owns the endpoints"));
                let only = ctx.draft.offer.as_ref().map(|offer| (offer.child.clone(), "the offer is for another account"));
                let error = ctx.problem("connection");
                let chosen = ctx.draft.callers.connection.clone();
                let cards = view! {
                    <ConnectionCards name="form[connection]" label="Child account" connections=list chosen
                        except only fixed=ctx.share_exists error on_choose/>
                };
                view! {
                    <div class="card-body">
                        {cards}
                        <div class="script-none">
                            <Button submit=true name="go" value="stay">"Show callers"</Button>
                        </div>
                    </div>
                }
            })
        />
    }
}

#[component]
fn AccountField(ctx: StepContext) -> impl IntoView {
    let value = ctx.draft.callers.account.clone();
    if ctx.share_exists || ctx.accepting() {
        return view! {
            <input type="hidden" name="form[account]" value=value.clone()/>
            <p class="step-fixed"><span class="field-label">"Child account"</span> <code>{value}</code></p>
        }
        .into_any();
    }
    view! {
        <TextInput
            name="form[account]"
            label="Child account ID"
            value=Signal::stored(value)
            description="12 digits; at the top right of the AWS console."
            placeholder="222222222222"
            inputmode="numeric"
            mono=true
            error=ctx.problem("account")
        />
    }
    .into_any()
}

#[component]
fn CallerList(ctx: StepContext, chosen: Chosen) -> impl IntoView {
    let kind = kind_at(&ctx.place);
    let label = Signal::derive(move || if kind.get() == "user" { "Users" } else { "Roles" }.to_owned());
    let shown = move || chosen.connection.with(|c| !c.is_empty());
    let place = ctx.place.clone();
    let error = ctx.problem("arns");
    changing(move || {
        if !shown() {
            return view! {
                <div class="empty picker-empty">
                    <h2>"Roles and users come from the child account"</h2>
                    <p>"Choose it above to pick from its list, or give their ARNs below."</p>
                </div>
            }
            .into_any();
        }
        view! {
            <Picker
                name="form[arns][]"
                label
                chosen=chosen.arns
                load=loader(chosen.connection, kind)
                key=Signal::derive(move || format!("{} {}", kind.get(), chosen.connection.get()))
                place=place.clone()
                words=WORDS
                error
                switch=ViewFn::from(move || view! { <KindSwitch kind/> })
            />
        }
        .into_any()
    })
}

/// Which of roles and users the address asks for.
pub(super) fn kind_at(place: &ListPlace) -> RwSignal<&'static str> {
    RwSignal::new(if place.kind == "user" { "user" } else { "role" })
}

/// Roles or users: which the list shows. Part of the form, so that the filter button takes it along.
#[component]
pub(super) fn KindSwitch(kind: RwSignal<&'static str>) -> impl IntoView {
    let segment = move |value: &'static str, text: &'static str| {
        view! {
            <label class="segment">
                <input
                    type="radio"
                    name="list[kind]"
                    value=value
                    checked=kind.get_untracked() == value
                    node_ref=heard_early()
                    on:change=move |_| kind.set(value)
                />
                <span>{text}</span>
            </label>
        }
    };
    view! {
        <div class="segments" role="radiogroup" aria-label="What the list shows">
            {segment("role", "Roles")} {segment("user", "Users")}
        </div>
    }
}

/// The words around a list of roles and users.
pub(super) const WORDS: PickWords = PickWords {
    filter: "Filter by name",
    failed: "The roles and users could not be loaded",
    empty: "None in this account",
    empty_hint: "AWS's own service-linked roles are left out. A role or user can also be given by its ARN.",
};

/// Loads roles or users of a connection's account.
pub(super) fn loader(connection: RwSignal<String>, kind: RwSignal<&'static str>) -> Load {
    Callback::new(move |(contains, after): (String, String)| {
        let connection = connection.with_untracked(|text| ConnectionId::parse(text));
        let kind = if kind.get_untracked() == "user" { CallerKind::User } else { CallerKind::Role };
        Box::pin(async move {
            let Ok(connection) = connection else { return Ok(Page { items: Vec::new(), next: None }) };
            let page = list_callers(connection, kind, contains, after).await?;
            Ok(Page { items: page.items.into_iter().map(pick).collect(), next: page.next })
        }) as _
    })
}

fn pick(caller: CallerView) -> PickItem {
    let used_by = caller.used_by.map(|by| format!("used by {by}"));
    let facts: Vec<String> = used_by.into_iter().chain(caller.description.filter(|d| !d.is_empty())).collect();
    let kind = if caller.arn.kind() == CallerKind::Role { "role" } else { "user" };
    PickItem {
        value: caller.arn.as_str().to_owned(),
        label: caller.arn.name().to_owned(),
        detail: if facts.is_empty() { kind.to_owned() } else { facts.join(" · ") },
        exact: None,
        badge: None,
        warning: None,
    }
}

#[component]
fn ConsoleField(ctx: StepContext) -> impl IntoView {
    let who = match &ctx.draft.console_caller {
        Some(caller) => format!(" Its identity there is {} {}.", kind_word(caller.kind()), caller.name()),
        None => String::new(),
    };
    let trusts = if ctx.accepting() {
        "The acceptance then names the console's own identity in your account as well"
    } else {
        "The role then trusts the console's own identity in the child account as well"
    };
    view! {
        <div class="card-body">
            <Checkbox
                name="form[console]"
                label="Let this console call too"
                checked=Signal::stored(!ctx.draft.callers.console.is_empty())
                description=format!(
                    "{trusts}, so that Verify can make real calls and the playground can use the share.{who} Without it \
                     nobody but the callers above can try the share.",
                )
                error=ctx.problem("console")
            />
        </div>
    }
}

fn kind_word(kind: CallerKind) -> &'static str {
    match kind {
        CallerKind::Role => "role",
        CallerKind::User => "user",
    }
}
