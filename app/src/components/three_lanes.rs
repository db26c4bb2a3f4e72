//! Three accounts as three lanes — shared services, training, production —, with who becomes whom in another above them.

use domain::names::AccountId;
use domain::pipeline::apply::Lane;
use leptos::prelude::*;

/// A role that becomes a role of another lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// Where the one is that asks.
    pub from: Lane,
    /// The role that asks, without the pipeline's prefix.
    pub role: String,
    /// Where the other is.
    pub to: Lane,
    /// The role that it becomes, likewise.
    pub becomes: String,
}

impl Crossing {
    /// From the lane it begins in to the one it ends in, as columns of the grid.
    fn class(&self) -> &'static str {
        match (self.from as usize, self.to as usize) {
            (0, 1) => "crossing spans-1-2",
            (0, _) => "crossing spans-1-3",
            (1, 2) => "crossing spans-2-3",
            (1, _) => "crossing spans-1-2 is-back",
            (_, 0) => "crossing spans-1-3 is-back",
            _ => "crossing spans-2-3 is-back",
        }
    }
}

/// A lane's hue, as a class.
pub fn lane_hue(lane: Lane) -> &'static str {
    match lane {
        Lane::SharedServices => "hue-shared",
        Lane::Training => "hue-training",
        Lane::Production => "hue-production",
    }
}

/// A lane's index among three.
pub fn lane_index(lane: Lane) -> usize {
    lane as usize
}

/// The frame: three lanes and the crossings. What is in the lanes is given.
#[component]
pub fn ThreeLanes(
    /// What the lanes show, for people who don't see them: `Plan`, `Progress`.
    #[prop(into)]
    label: String,
    /// The accounts, as far as they are known.
    accounts: [Option<AccountId>; 3],
    /// Who becomes whom.
    #[prop(optional)]
    crossings: Vec<Crossing>,
    /// What is in the lanes.
    lanes: [AnyView; 3],
) -> impl IntoView {
    let crossings = (!crossings.is_empty()).then(|| view! { <Crossings crossings/> });
    let lanes = Lane::ALL
        .into_iter()
        .zip(accounts)
        .zip(lanes)
        .map(|((lane, account), items)| view! { <OneLane lane account items/> })
        .collect_view();
    view! {
        <section class="three-lanes-frame" aria-label=label>
            {crossings}
            <div class="three-lanes">{lanes}</div>
        </section>
    }
}

#[component]
fn Crossings(crossings: Vec<Crossing>) -> impl IntoView {
    let rows = crossings
        .into_iter()
        .map(|crossing| {
            let class = crossing.class();
            view! {
                <li class=class>
                    <span class="crossing-line" aria-hidden="true"></span>
                    <span class="crossing-words">
                        <code class=lane_hue(crossing.from)>{crossing.role}</code>
                        " assumes "
                        <code class=lane_hue(crossing.to)>{crossing.becomes}</code>
                    </span>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="crossings" aria-label="Who becomes whom in another account">{rows}</ul> }
}

#[component]
fn OneLane(lane: Lane, account: Option<AccountId>, items: AnyView) -> impl IntoView {
    let class = match lane {
        Lane::SharedServices => "lane lane-shared",
        Lane::Training => "lane lane-training",
        Lane::Production => "lane lane-production",
    };
    let account = account.map(|account| view! { <code class="lane-account">{account.to_string()}</code> });
    view! {
        <div class=class>
            <h2 class="lane-head">
                <span class="lane-key" aria-hidden="true"></span>
                {lane.label()}
                " "
                {account}
            </h2>
            {items}
        </div>
    }
}

/// What an empty lane says.
pub fn nothing_here() -> AnyView {
    view! { <p class="lane-empty">"Nothing to do here."</p> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_spans_from_one_lane_to_the_other_and_points_there() {
        let class = |from, to| Crossing { from, role: String::new(), to, becomes: String::new() }.class();
        assert_eq!(class(Lane::SharedServices, Lane::Production), "crossing spans-1-3");
        assert_eq!(class(Lane::SharedServices, Lane::Training), "crossing spans-1-2");
        assert_eq!(class(Lane::Production, Lane::SharedServices), "crossing spans-1-3 is-back");
        assert_eq!(class(Lane::Production, Lane::Training), "crossing spans-2-3 is-back");
    }
}
