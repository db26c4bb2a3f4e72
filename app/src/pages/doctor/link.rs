//! One link in full: what was compared with what, statement by statement.

use super::found::{mark, state_key};
use crate::components::Compared;
use crate::ui::{Icon, Words, sentence_case};
use domain::doctor::{Link, Unread};
use leptos::prelude::*;

#[component]
pub(super) fn LinkDetails(link: Link) -> impl IntoView {
    let (class, icon) = mark(link.state);
    let open = link.state.is_broken();
    let aws = link.aws_says.map(|said| {
        view! { <p class="doctor-aws"><span class="doctor-label">"AWS says"</span> " " {said}</p> }
    });
    let suspicions = (!link.suspicions.is_empty()).then(|| {
        let items =
            link.suspicions.into_iter().map(|one| view! { <li><Words text=sentence_case(&one.sentence)/></li> });
        view! {
            <div>
                <p class="doctor-label">"What could explain it"</p>
                <ul class="doctor-list">{items.collect_view()}</ul>
            </div>
        }
    });
    let unread = unread_list("What could not be read", link.unread);
    let caveats = unread_list("Not read, and could still deny", link.caveats);
    let explanations = link.explanations.into_iter().map(|why| view! { <Compared why/> }).collect_view();
    view! {
        <details class="card doctor-link" id=format!("link-{}", link.kind.key()) data-state=state_key(link.state) open=open>
            <summary class="card-head">
                <span class=class aria-hidden="true">{icon.map(|name| view! { <Icon name/> })}</span>
                <span class="doc-title">{link.kind.label()}</span>
                <span class="card-aside">{sentence_case(link.state.label())} " · " {link.account.to_string()}</span>
            </summary>
            <div class="card-body stack">
                <p><Words text=sentence_case(&link.sentence)/></p>
                {aws}
                {suspicions}
                {unread}
                {caveats}
                {explanations}
            </div>
        </details>
    }
}

fn unread_list(title: &'static str, unread: Vec<Unread>) -> Option<impl IntoView> {
    (!unread.is_empty()).then(|| {
        let items = unread.into_iter().map(|one| {
            let needs = (!one.needs.is_empty()).then(|| format!(" Reading it takes {}.", one.needs.join(", ")));
            view! { <li><Words text=sentence_case(&format!("{}: {}.", one.what, one.why))/> {needs}</li> }
        });
        view! {
            <div>
                <p class="doctor-label">{title}</p>
                <ul class="doctor-list">{items.collect_view()}</ul>
            </div>
        }
    })
}
