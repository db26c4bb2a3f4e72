//! Step 5: the child's permission to assume the role, and who gets it.

use super::callers::{KindSwitch, WORDS, kind_at, loader};
use super::picker::Picker;
use super::role::NameField;
use super::step::StepContext;
use crate::api::wizard::SaveChild;
use crate::pages::step::{FieldProblemText, Note, StepEnd, StepStart};
use crate::ui::{Card, CheckboxRow};
use domain::arn::{CallerArn, CallerKind};
use leptos::form::ActionForm;
use leptos::prelude::*;
use std::collections::BTreeSet;

#[component]
pub(super) fn ChildStep(ctx: StepContext, save: ServerAction<SaveChild>) -> impl IntoView {
    let form = ctx.draft.child.clone();
    let chosen = RwSignal::new(form.grantees.iter().cloned().collect::<BTreeSet<_>>());
    let connected = ctx.draft.child_is_connected();
    let says = Signal::derive(move || match chosen.with(BTreeSet::len) {
        0 => "Nobody gets it attached".to_owned(),
        1 => "1 role or user gets it".to_owned(),
        count => format!("{count} roles and users get it"),
    });
    let account = ctx.draft.child().map(|a| a.to_string()).unwrap_or_else(|| "the child account".to_owned());
    let note = (!connected).then(|| {
        view! {
            <Note>
                "Account " <code>{account}</code>
                " is not connected, so its administrator makes this part. What you choose here is suggested to them in what you hand \
                over."
            </Note>
        }
    });
    let named = ctx.draft.callers.scope != "account";
    let grantees = if named {
        view! { <NamedGrantees ctx=ctx.clone() chosen/> }.into_any()
    } else if connected {
        view! { <AnyGrantees ctx=ctx.clone() chosen/> }.into_any()
    } else {
        view! {
            <p class="card-body muted">
                "The whole account may call: its administrator chooses the roles and users that get the policy."
            </p>
        }
        .into_any()
    };
    let name = view! {
        <NameField
            ctx=ctx.clone()
            field="grant_name"
            label="Policy"
            value=form.grant_name
            about="Allows sts:AssumeRole on the one role in the parent account, and nothing else."
        />
    };
    view! {
        <ActionForm action=save attr:class="step step-child" attr:novalidate="">
            <StepStart draft=ctx.id()/>
            {note}
            <Card title=|| "Policy in the child account">
                <div class="card-body step-narrow">{name}</div>
            </Card>
            <Card title=|| "Who gets it">{grantees}</Card>
            <StepEnd bar=ctx.bar() known=&["grant_name", "grantees"] says busy=save.pending() saved=save.value()/>
        </ActionForm>
    }
}

/// The callers of step 3, each with a box.
#[component]
fn NamedGrantees(ctx: StepContext, chosen: RwSignal<BTreeSet<String>>) -> impl IntoView {
    let error = ctx.problem("grantees");
    // Grantees that are no callers any more stay to be seen and taken off.
    let callers: BTreeSet<String> =
        ctx.draft.caller_texts().map(str::to_owned).chain(ctx.draft.child.grantees.iter().cloned()).collect();
    if callers.is_empty() {
        return view! {
            <p class="card-body muted">
                "No role or user was picked as a caller, so there is nobody to attach the policy to."
            </p>
        }
        .into_any();
    }
    let rows = callers
        .into_iter()
        .map(|arn| {
            let (label, kind) = match CallerArn::parse(&arn) {
                Ok(caller) => {
                    (caller.name().to_owned(), if caller.kind() == CallerKind::Role { "role" } else { "user" })
                }
                Err(_) => (arn.clone(), "not an ARN"),
            };
            let checked = chosen.with_untracked(|all| all.contains(&arn));
            let value = arn.clone();
            let on_change = Callback::new(move |ticked: bool| {
                chosen.update(|all| _ = if ticked { all.insert(value.clone()) } else { all.remove(&value) });
            });
            let detail = format!("{kind} · {arn}");
            let checked = Signal::stored(checked);
            view! { <CheckboxRow name="form[grantees][]" value=arn label detail checked on_change/> }
        })
        .collect_view();
    view! {
        <fieldset class="field grantees">
            <legend class="visually-hidden">"Who gets the policy attached"</legend>
            <p class="grantees-about">
                "A caller without it can't assume the role, unless it is allowed to elsewhere."
            </p>
            {rows}
            <div class="picker-problem"><FieldProblemText id="grantees-problem" error/></div>
        </fieldset>
    }
    .into_any()
}

/// Any role or user of the child: the whole account may call.
#[component]
fn AnyGrantees(ctx: StepContext, chosen: RwSignal<BTreeSet<String>>) -> impl IntoView {
    let connection = RwSignal::new(ctx.draft.callers.connection.clone());
    let kind = kind_at(&ctx.place);
    let label = Signal::derive(move || {
        let listed = if kind.get() == "user" { "Users" } else { "Roles" };
        format!("{listed} of the child account")
    });
    view! {
        <Picker
            name="form[grantees][]"
            label
            chosen
            load=loader(connection, kind)
            key=Signal::derive(move || kind.get().to_owned())
            place=ctx.place.clone()
            words=WORDS
            error=ctx.problem("grantees")
            switch=ViewFn::from(move || view! { <KindSwitch kind/> })
        />
    }
}
