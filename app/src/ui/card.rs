//! Cards and badges.

use leptos::prelude::*;

/// What a badge means; colour is never the only sign, the words say it too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to say.
    #[default]
    Neutral,
    /// The console's own colour.
    Accent,
    /// Good.
    Ok,
    /// To know.
    Warn,
    /// Broken.
    Bad,
    /// The child account's hue.
    Child,
    /// The parent account's hue.
    Parent,
}

impl Tone {
    /// The class that sets this tone's colours.
    pub fn class(self) -> &'static str {
        match self {
            Self::Neutral => "tone-neutral",
            Self::Accent => "tone-accent",
            Self::Ok => "tone-ok",
            Self::Warn => "tone-warn",
            Self::Bad => "tone-bad",
            Self::Child => "tone-child",
            Self::Parent => "tone-parent",
        }
    }
}

/// A word or two in a pill.
#[component]
pub fn Badge(
    /// What it means.
    #[prop(optional)]
    tone: Tone,
    /// With a dot before the words.
    #[prop(optional)]
    dot: bool,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <span class=format!("badge {}", tone.class())>
            {dot.then(|| view! { <span class="dot" aria-hidden="true"></span> })} {children()}
        </span>
    }
}

/// A titled surface. Its content brings its own padding: use `card-body` for text, rows and tables go edge to edge.
#[component]
pub fn Card(
    /// The heading.
    #[prop(into)]
    title: ViewFn,
    /// At the right of the heading: a count, a link, a small button.
    #[prop(optional, into)]
    aside: ViewFn,
    /// The `id`, for links to it.
    #[prop(optional, into)]
    id: Option<String>,
    /// What it holds.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" id=id>
            <div class="card-head">
                <h2>{title.run()}</h2>
                <div class="card-aside">{aside.run()}</div>
            </div>
            {children()}
        </section>
    }
}
