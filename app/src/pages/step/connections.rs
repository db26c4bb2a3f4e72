//! Choosing a connection: a card for each, with the account, who the console is there, and whether it works.

use super::{FieldProblemText, on_early_ticks, until_touched};
use crate::ui::{Badge, FieldError, Tone, Words, heard_early};
use domain::connection::{ConnectionState, ConnectionView};
use domain::names::AccountId;
use leptos::prelude::*;

/// The connections as radio cards. Those that don't work say why and can't be chosen.
#[component]
pub(in crate::pages) fn ConnectionCards(
    /// The form value's name.
    name: &'static str,
    /// The group's label.
    #[prop(into)]
    label: String,
    /// What there is to choose from.
    connections: Vec<ConnectionView>,
    /// The chosen one.
    chosen: String,
    /// The account that can't be chosen here, and why.
    except: Option<(AccountId, &'static str)>,
    /// The one account that can be chosen here, and why no other can.
    only: Option<(AccountId, &'static str)>,
    /// The choice stands: it is shown and sent along, and can't be changed.
    #[prop(optional)]
    fixed: bool,
    /// What is wrong.
    #[prop(into)]
    error: Signal<Option<FieldError>>,
    /// Follows the choice.
    on_choose: Callback<ConnectionView>,
) -> impl IntoView {
    let touched = RwSignal::new(false);
    let error = until_touched(error, touched);
    let on_choose = Callback::new(move |connection: ConnectionView| {
        touched.set(true);
        on_choose.run(connection);
    });
    let grid = NodeRef::new();
    let early = connections.clone();
    on_early_ticks(grid, move |value, ticked| {
        if let Some(connection) = early.iter().find(|c| ticked && c.id.as_str() == value) {
            on_choose.run(connection.clone());
        }
    });
    let problem = format!("{name}-problem");
    let described = problem.clone();
    let fixed_value = fixed.then(|| chosen.clone());
    let cards = connections
        .into_iter()
        .map(|connection| {
            let checked = connection.id.as_str() == chosen;
            let refused =
                refusal(&connection, except.as_ref(), only.as_ref()).or((fixed && !checked).then(String::new));
            let input_name = (!fixed).then_some(name);
            view! { <ConnectionCard name=input_name connection checked refused locked=fixed on_choose/> }
        })
        .collect_view();
    view! {
        <fieldset
            class="field radio-cards"
            class:has-problem=move || error.with(Option::is_some)
            aria-describedby=move || error.with(Option::is_some).then(|| described.clone())
        >
            <legend class="field-label">{label}</legend>
            {fixed_value.map(|value| view! { <input type="hidden" name=name value=value/> })}
            <div class="radio-grid" node_ref=grid>{cards}</div>
            <FieldProblemText id=problem error/>
        </fieldset>
    }
}

/// Why a connection can't be chosen.
fn refusal(
    connection: &ConnectionView,
    except: Option<&(AccountId, &'static str)>,
    only: Option<&(AccountId, &'static str)>,
) -> Option<String> {
    if let (ConnectionState::Ready { identity }, Some((account, why))) = (&connection.state, only)
        && identity.account != *account
    {
        return Some((*why).to_owned());
    }
    match (&connection.state, except) {
        (ConnectionState::Failed { message, hint }, _) => Some(format!("{message}. {hint}")),
        (ConnectionState::Ready { identity }, Some((account, why))) if identity.account == *account => {
            Some((*why).to_owned())
        }
        _ => None,
    }
}

#[component]
fn ConnectionCard(
    name: Option<&'static str>,
    connection: ConnectionView,
    checked: bool,
    refused: Option<String>,
    locked: bool,
    on_choose: Callback<ConnectionView>,
) -> impl IntoView {
    let disabled = refused.is_some() || locked;
    let dimmed = refused.is_some();
    let (account, who, badge) = match &connection.state {
        ConnectionState::Ready { identity } => (
            Some(identity.account.to_string()),
            Some(identity.arn.resource().to_owned()),
            view! { <Badge tone=Tone::Ok dot=true>"Ready"</Badge> }.into_any(),
        ),
        ConnectionState::Failed { .. } => {
            (None, None, view! { <Badge tone=Tone::Bad dot=true>"Not working"</Badge> }.into_any())
        }
    };
    let facts: Vec<String> = who.into_iter().chain(connection.region.as_ref().map(ToString::to_string)).collect();
    let id = connection.id.to_string();
    let reason = refused.filter(|why| !why.is_empty());
    view! {
        <label class="radio-card connection-card" class:is-disabled=dimmed>
            <input
                type="radio"
                name=name
                value=id.clone()
                checked=checked
                disabled=disabled
                node_ref=heard_early()
                on:change=move |_| on_choose.run(connection.clone())
            />
            <span class="radio-card-text">
                <span class="connection-head">
                    <span class="radio-card-label">{id}</span>
                    {badge}
                </span>
                {account.map(|account| view! { <code class="connection-account">{account}</code> })}
                {match reason {
                    Some(why) => view! { <span class="radio-card-detail"><Words text=why/></span> }.into_any(),
                    None => view! { <span class="radio-card-detail">{facts.join(" · ")}</span> }.into_any(),
                }}
            </span>
        </label>
    }
}
