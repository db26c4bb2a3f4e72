//! A stream on the page: drawn once, filled as it comes. Nothing a model answers is ever more than text.

use super::super::Typed;
use super::super::response::{Fact, Facts, Outcome, Pager, Span, Spent, range};
use super::{Came, Live, Piece, Stage, pieces_in_words};
use crate::error::AppError;
use crate::ui::{
    Badge, Button, CopyButton, ErrorPanel, Skeleton, Tab, TabPanel, Tabs, Tone, Words, duration_us, size, thousands,
};
use domain::invoke::body::visible;
use domain::invoke::{StreamBreak, StreamEnd, StreamHead};
use leptos::html;
use leptos::prelude::*;

/// More text than this is not drawn: the browser would stand still. Copy has all of it.
const MOST_DRAWN: usize = 200_000;
/// Pieces a page of their list.
const A_PAGE: usize = 100;
/// How near to its end a text counts as being there, in pixels.
const NEAR: i32 = 24;

/// What is drawn, coarsely: what is within it changes by itself.
#[derive(Debug, Clone, PartialEq)]
enum Picture {
    Nothing,
    Outcome,
    Refused(AppError),
    Waiting,
    StoppedEarly,
    Pieces,
}

/// The stream, in the response's place.
#[component]
pub(in super::super) fn Streamed(live: Live, endpoint: String, typed: Typed) -> impl IntoView {
    let picture = Memo::new(move |_| {
        let begun = live.head.with(Option::is_some);
        match live.stage.get() {
            Stage::Idle => Picture::Nothing,
            Stage::NotBegun(_) => Picture::Outcome,
            Stage::Failed(error) if !begun => Picture::Refused(error),
            Stage::Stopped if !begun => Picture::StoppedEarly,
            Stage::Waiting => Picture::Waiting,
            _ => Picture::Pieces,
        }
    });
    move || match picture.get() {
        Picture::Nothing => ().into_any(),
        Picture::Outcome => match live.stage.get_untracked() {
            Stage::NotBegun(outcome) => {
                view! { <Outcome outcome=*outcome endpoint=endpoint.clone() typed/> }.into_any()
            }
            _ => ().into_any(),
        },
        Picture::Refused(error) => view! { <ErrorPanel error title="The endpoint was not called"/> }.into_any(),
        Picture::Waiting => view! { <Head live/> <Skeleton lines=6/> }.into_any(),
        Picture::StoppedEarly => {
            let words = "Stopped before the model began to answer. What was typed is kept.";
            view! { <Head live/> <div class="pane-empty"><p>{words}</p></div> }.into_any()
        }
        Picture::Pieces => view! { <Pieces live/> }.into_any(),
    }
}

#[component]
fn Head(live: Live) -> impl IntoView {
    view! {
        <div class="pane-head">
            <h2>"Response"</h2>
            <HeadAside live/>
        </div>
    }
}

/// How it stands, and the way to stop it.
#[component]
fn HeadAside(live: Live) -> impl IntoView {
    let badge = move || {
        let (tone, word) = match live.stage.get() {
            Stage::Waiting => (Tone::Neutral, "Waiting".to_owned()),
            Stage::Coming => (Tone::Accent, "Coming".to_owned()),
            Stage::Stopped => (Tone::Neutral, "Stopped".to_owned()),
            Stage::Ended(StreamEnd { broke: Some(broke), .. }) => (Tone::Bad, broke.code),
            Stage::Failed(_) => (Tone::Bad, "Lost".to_owned()),
            _ => (Tone::Ok, "Whole".to_owned()),
        };
        view! { <Badge tone dot=live.is_going()>{word}</Badge> }
    };
    let stop = move || {
        live.is_going().then(|| {
            let on_click = Callback::new(move |_| live.stop());
            view! { <Button small=true on_click>"Stop"</Button> }
        })
    };
    view! { <span class="pane-head-aside">{badge} {stop}</span> }
}

#[component]
fn Pieces(live: Live) -> impl IntoView {
    // Known once the first words of it were understood.
    let talks = Memo::new(move |_| live.chat.with(|chat| chat.chat().is_some()));
    let tabs = move || {
        let mut tabs = vec![Tab { key: "text", label: if talks.get() { "Text" } else { "Raw" } }];
        tabs.extend(talks.get().then_some(Tab { key: "raw", label: "Raw" }));
        tabs.push(Tab { key: "pieces", label: "Pieces" });
        view! { <Tabs label="How to show the response" tabs selected=live.tab/> }
    };
    view! {
        <div class="pane-head pane-head-tabs">
            <h2 class="visually-hidden">"Response"</h2>
            {tabs}
            <HeadAside live/>
        </div>
        <Trouble live/>
        <div class="pane-result">
            <TabPanel key="text" selected=live.tab>
                {move || match talks.get() {
                    true => view! { <Said live/> }.into_any(),
                    false => view! { <Text live/> }.into_any(),
                }}
            </TabPanel>
            <TabPanel key="raw" selected=live.tab>
                {move || talks.get().then(|| view! { <Text live/> })}
            </TabPanel>
            <TabPanel key="pieces" selected=live.tab>
                <PieceList live/>
            </TabPanel>
        </div>
        <Times live/>
    }
}

/// Why no more came, and what of it is no text.
#[component]
fn Trouble(live: Live) -> impl IntoView {
    move || {
        let (broke, not_text) = match live.stage.get() {
            Stage::Ended(StreamEnd { broke, not_text, .. }) => (broke, not_text),
            Stage::Failed(error) => (Some(as_break(&error)), false),
            _ => (None, false),
        };
        let broke = broke.map(|StreamBreak { message, hint, .. }| {
            view! {
                <div class="failure-body stream-broke" role="alert">
                    <p class="failure-words">{visible(&message).into_owned()}</p>
                    <p class="failure-hint"><Words text=hint/></p>
                </div>
            }
        });
        let not_text = not_text.then(|| {
            view! { <p class="pane-note">"Not all of it is text: what is not is shown as \u{fffd}."</p> }
        });
        view! { {broke} {not_text} }
    }
}

fn as_break(error: &AppError) -> StreamBreak {
    StreamBreak { code: String::new(), message: error.message.clone(), hint: error.hint.clone().unwrap_or_default() }
}

/// A text that grows, and whose end stays in sight until the person scrolls away from it.
#[component]
fn Following(live: Live, label: &'static str, children: Children) -> impl IntoView {
    let area = NodeRef::<html::Div>::new();
    let follows = RwSignal::new(true);
    // Where it was last known to stand: only who goes up from there wants to stay.
    let stood = StoredValue::new(0);
    let to_the_end = move || {
        if let Some(area) = area.get_untracked().filter(|_| follows.get_untracked()) {
            area.set_scroll_top(area.scroll_height());
            stood.set_value(area.scroll_top());
        }
    };
    Effect::new(move |_| {
        live.text.track();
        if follows.get_untracked() && live.is_going() {
            // Once the text is in the page. Who scrolls away until then is heard first.
            request_animation_frame(to_the_end);
        }
    });
    let on_scroll = move |_| {
        if let Some(area) = area.get_untracked() {
            let top = area.scroll_top();
            // By the time this is heard, the text may have grown: not being at its end is no sign by itself.
            if top + area.client_height() + NEAR >= area.scroll_height() {
                follows.set(true);
            } else if top < stood.get_value() {
                follows.set(false);
            }
            stood.set_value(top);
        }
    };
    let back = move || {
        (!follows.get() && live.is_going()).then(|| {
            let on_click = Callback::new(move |_| {
                follows.set(true);
                to_the_end();
            });
            view! { <span class="follow"><Button small=true on_click>"Follow the end"</Button></span> }
        })
    };
    view! {
        <div class="following" node_ref=area role="region" aria-label=label tabindex="0" on:scroll=on_scroll>
            {children()}
        </div>
        {back}
    }
}

/// What a language model has said so far.
#[component]
fn Said(live: Live) -> impl IntoView {
    let all = move || {
        live.chat.with(|stream| {
            let said = stream.chat().map(|chat| chat.said.as_slice()).unwrap_or_default();
            said.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join("\n\n")
        })
    };
    let error = move || live.chat.with(|stream| stream.chat().and_then(|chat| chat.error.clone()));
    let copied = Signal::derive(all);
    view! {
        {move || error().map(|error| {
            let error = visible(&error).into_owned();
            view! { <p class="pane-note" role="alert">"The model told of an error: " {error}</p> }
        })}
        <div class="code-frame">
            <CopyButton text=copied label="Copy the text" compact=true/>
            <Following live label="What the model says">
                <p class="said-text">{move || drawn(&all())}</p>
            </Following>
        </div>
    }
}

/// What has come, as it came.
#[component]
fn Text(live: Live) -> impl IntoView {
    let all = Signal::derive(move || live.text.get());
    let cut = Memo::new(move |_| live.text.with(|text| text.len() > MOST_DRAWN));
    view! {
        <div class="code-frame">
            <CopyButton text=all label="Copy the response" compact=true/>
            <Following live label="The answer so far">
                <pre class="code-block streamed"><span>{move || live.text.with(|text| drawn(text))}</span></pre>
            </Following>
        </div>
        {move || cut.get().then(|| {
            view! { <p class="pane-note">{format!("The first {} are shown; Copy takes all.", size(MOST_DRAWN))}</p> }
        })}
    }
}

fn drawn(text: &str) -> String {
    visible(&text[..text.floor_char_boundary(MOST_DRAWN)]).into_owned()
}

/// Each piece with its size and its time. The newest page, until another is chosen.
#[component]
fn PieceList(live: Live) -> impl IntoView {
    let page = RwSignal::new(0);
    let listed = Memo::new(move |_| live.pieces.with(Vec::len));
    let pages = Signal::derive(move || listed.get().div_ceil(A_PAGE).max(1));
    let rows = move || {
        let from = page.get() * A_PAGE;
        live.pieces.with(|pieces| {
            let before = from.checked_sub(1).and_then(|at| pieces.get(at)).map_or(0, |piece| piece.at_us);
            let shown = pieces.iter().skip(from).take(A_PAGE).copied();
            shown
                .enumerate()
                .scan(before, |last, (at, piece)| {
                    let Piece { bytes, at_us } = piece;
                    let since = at_us.saturating_sub(std::mem::replace(last, at_us));
                    Some(view! {
                        <tr>
                            <th scope="row">{thousands(from + at + 1)}</th>
                            <td class="num">{size(bytes)}</td>
                            <td class="num">{duration_us(at_us)}</td>
                            <td class="num">{format!("+{}", duration_us(since))}</td>
                        </tr>
                    })
                })
                .collect_view()
        })
    };
    view! {
        <div class="table-scroll" role="region" aria-label="Pieces of the answer" tabindex="0">
            <table class="grid">
                <thead>
                    <tr>
                        <th scope="col">"Piece"</th>
                        <th scope="col">"Size"</th>
                        <th scope="col">"Came after"</th>
                        <th scope="col">"Since the last"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager page pages shown=Signal::derive(move || range("Pieces", page.get(), A_PAGE, listed.get())) />
    }
}

/// How much came and how quickly, and the call's facts.
#[component]
fn Times(live: Live) -> impl IntoView {
    let came = move || {
        let Came { pieces, bytes, .. } = live.came.get();
        format!("{} · {}", pieces_in_words(pieces), size(bytes))
    };
    let parts = move || {
        let head = live.head.get()?;
        let took = match live.stage.get() {
            Stage::Ended(end) => Some(end.took_us),
            _ => None,
        };
        let mut spans = vec![Span::role(head.role_us, head.role_cached), Span::wait(head.began_us, "until it began")];
        spans.extend(took.map(|took| Span::transfer(took, "stream")));
        Some(view! { <Spent spans/> })
    };
    let facts = move || live.head.get().map(|head| view! { <Facts facts=facts(live, head)/> });
    view! {
        <p class="stream-came">{came}</p>
        {parts}
        {facts}
    }
}

fn facts(live: Live, head: StreamHead) -> Vec<Fact> {
    let StreamHead { content_type, variant, custom_attributes, began_us, request_id, .. } = head;
    let ended = live.stage.with(|stage| !matches!(stage, Stage::Waiting | Stage::Coming));
    let came = live.came.get_untracked();
    let tokens = live.chat.with_untracked(|stream| {
        let counted = stream.chat().and_then(|chat| chat.tokens).and_then(|(_, written)| usize::try_from(written).ok());
        stream.chat().map(|_| counted.unwrap_or(stream.events()))
    });
    let (number, unit) = tokens.map_or((came.pieces, "pieces"), |tokens| (tokens, "tokens"));
    let rate = came.first_us.and_then(|first| rate(number, came.last_us.saturating_sub(first)));
    let first = came.first_us.map(|first| format!("after {}", duration_us(began_us.saturating_add(first))));
    vec![
        Fact::text("First piece", first.filter(|_| ended)),
        Fact::text("Rate", rate.filter(|_| ended).map(|rate| format!("{rate} {unit} a second"))),
        Fact::text("Tokens", tokens.filter(|_| ended).map(thousands)),
        Fact::text("Content type", Some(content_type).filter(|kind| !kind.is_empty())),
        Fact::text("Variant", variant),
        Fact::id("Custom attributes", custom_attributes),
        Fact::id("Request ID", request_id),
    ]
}

/// How many a second came after the first; nothing to tell of one, or within less time than can be measured.
fn rate(number: usize, us: u64) -> Option<String> {
    let after_first = u64::try_from(number).ok()?.checked_sub(1).filter(|number| *number > 0)?;
    let tenths = after_first.saturating_mul(10_000_000).checked_div(us)?;
    Some(format!("{}.{}", thousands(tenths / 10), tenths % 10))
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn a_rate_counts_what_came_after_the_first() {
        assert_eq!(rate(11, 1_000_000).as_deref(), Some("10.0"));
        assert_eq!(rate(4, 2_000_000).as_deref(), Some("1.5"));
        assert_eq!((rate(1, 5), rate(0, 5), rate(9, 0)), (None, None, None));
    }
}
