//! Step 4: the parent's policy and role.

use super::step::StepContext;
use crate::api::wizard::SaveRole;
use crate::pages::step::{FieldProblemText, StepEnd, StepStart};
use crate::ui::{Button, Card, Checkbox, Choice, IconName, Select, TextInput};
use domain::share::intent::InvokeAction;
use leptos::form::ActionForm;
use leptos::prelude::*;

const KNOWN: [&str; 6] =
    ["policy_name", "role_name", "actions", "session_seconds", "require_external_id", "external_id"];

#[component]
pub(super) fn RoleStep(ctx: StepContext, save: ServerAction<SaveRole>) -> impl IntoView {
    let form = ctx.draft.role.clone();
    let names = view! {
        <NameField ctx=ctx.clone() field="policy_name" label="Policy" value=form.policy_name
            about="Allows invoking the endpoints."/>
        <NameField ctx=ctx.clone() field="role_name" label="Role" value=form.role_name
            about="Has the policy; the callers assume it."/>
    };
    let actions = view! { <Actions ctx=ctx.clone()/> };
    let session = view! {
        <Select
            name="form[session_seconds]"
            label="Longest session"
            choices=Signal::stored(durations(&form.session_seconds))
            value=Signal::stored(form.session_seconds.clone())
            description="How long the credentials of one AssumeRole work. A caller that is itself a role, such as a Lambda \
                         function, gets 1 hour at most."
            error=ctx.problem("session_seconds")
        />
    };
    let required = !form.require_external_id.is_empty();
    let external_id = view! { <ExternalId ctx=ctx.clone() required value=form.external_id/> };
    view! {
        <ActionForm action=save attr:class="step step-role" attr:novalidate="">
            <StepStart draft=ctx.id()/>
            <input type="hidden" name="form[adopt]" value=form.adopt/>
            <Card title=|| "Names in the parent account">
                <div class="card-body step-columns">{names}</div>
            </Card>
            <Card title=|| "What callers may do">
                <div class="card-body">{actions}</div>
            </Card>
            <Card title=|| "For how long, and on what condition">
                <div class="card-body">
                    <div class="step-narrow">{session}</div>
                    {external_id}
                </div>
            </Card>
            <StepEnd bar=ctx.bar() known=&KNOWN busy=save.pending() saved=save.value()/>
        </ActionForm>
    }
}

/// A name, fixed once the share was applied.
#[component]
pub(super) fn NameField(
    ctx: StepContext,
    field: &'static str,
    label: &'static str,
    value: String,
    about: &'static str,
) -> impl IntoView {
    let name = format!("form[{field}]");
    if ctx.share_exists {
        return view! {
            <p class="step-fixed">
                <input type="hidden" name=name value=value.clone()/>
                <span class="field-label">{label}</span>
                <code>{value}</code>
            </p>
        }
        .into_any();
    }
    let error = ctx.problem(field);
    view! { <TextInput name label value=Signal::stored(value) description=about mono=true error/> }.into_any()
}

#[component]
fn Actions(ctx: StepContext) -> impl IntoView {
    let chosen = ctx.draft.role.actions.clone();
    let error = ctx.problem("actions");
    let rows = InvokeAction::ALL
        .into_iter()
        .map(|action| {
            let (label, about) = match action {
                InvokeAction::Invoke => ("Invoke", "Send a body, get an answer."),
                InvokeAction::Stream => {
                    ("Stream", "Get the answer piece by piece. AWS asks for Invoke beside it, so both are allowed.")
                }
                InvokeAction::Async => ("Async", "Leave the answer in S3, for long or large work."),
            };
            let checked = chosen.iter().any(|key| key == action.key());
            view! {
                <label class="action-row">
                    <input type="checkbox" class="check-box" name="form[actions][]" value=action.key() checked=checked/>
                    <span class="check-row-text">
                        <span class="check-row-label">{label} " " <code>{action.iam()}</code></span>
                        <span class="check-row-detail">{about}</span>
                    </span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field" class:has-problem=move || error.with(Option::is_some)>
            <legend class="visually-hidden">"Ways to invoke"</legend>
            {rows}
            <FieldProblemText id="actions-problem" error/>
        </fieldset>
    }
}

#[component]
fn ExternalId(ctx: StepContext, required: bool, value: String) -> impl IntoView {
    let in_use = (ctx.share_exists && ctx.draft.opened_with.is_some()).then(|| {
        let href = format!("/shares/{}/external-id", ctx.draft.share);
        view! {
            <p class="field-about">
                "Another one here counts from the moment it is applied: whoever sends the old one is denied. To keep them working                  meanwhile, "<a href=href>"change the external ID in two steps"</a> "."
            </p>
        }
    });
    view! {
        <div class="external-id">
            <Checkbox
                name="form[require_external_id]"
                label="Require an external ID"
                checked=Signal::stored(required)
                description="AssumeRole works only when the caller presents it. It keeps a third party that is talked into \
                             using the wrong role from getting in. It is not a secret: hand it to the callers with the role's \
                             ARN."
                error=ctx.problem("require_external_id")
            />
            <div class="external-id-value">
                <TextInput
                    name="form[external_id]"
                    label="External ID"
                    value=Signal::stored(value)
                    mono=true
                    error=ctx.problem("external_id")
                />
                <Button submit=true icon=IconName::Refresh name="go" value="regenerate">"Generate another"</Button>
            </div>
            {in_use}
        </div>
    }
}

/// The durations to choose from; the current one is always among them.
fn durations(current: &str) -> Vec<Choice> {
    const HOURS: [u32; 5] = [1, 2, 4, 8, 12];
    let name = |hours: u32| if hours == 1 { "1 hour".to_owned() } else { format!("{hours} hours") };
    let listed: Vec<Choice> = HOURS.map(|h| Choice::new((h * 3600).to_string(), name(h))).into();
    let known = listed.iter().any(|choice| choice.value == current);
    let own = (!known).then(|| Choice::new(current, format!("{current} seconds")));
    own.into_iter().chain(listed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_that_is_not_listed_stays_a_choice() {
        assert_eq!(durations("3600").len(), 5);
        assert_eq!(durations("5400")[0].value, "5400");
    }
}
