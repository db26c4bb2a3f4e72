//! The ways to show an answer, as tabs: chosen by what it is, not only by what it is said to be.

use super::super::format::scores;
use super::body::Body;
use super::download::Download;
use super::pager::Pager;
use super::rows::{LineList, Scores, SheetTable, range};
use super::tree::Tree;
use crate::ui::{Badge, CopyButton, Tab, TabPanel, Tabs, Tone, Words, size};
use domain::invoke::body::chat::{Chat, Said};
use domain::invoke::body::{BodyKind, ImageType, MOST_PIXELS, has_hidden, hex, json, to_base64, visible};
use leptos::prelude::*;
use std::sync::Arc;

/// More text than this is not drawn, in bytes: the browser would stand still, and nobody reads on.
const MOST_TEXT: usize = 200_000;
/// More than this is saved rather than copied.
const MOST_COPIED: usize = 4 * 1024 * 1024;

/// A view, with its tab.
type Shown = (Tab, AnyView);

fn tab(key: &'static str, label: &'static str, view: impl IntoView + 'static) -> Shown {
    (Tab { key, label }, view.into_any())
}

/// A model's answer.
#[component]
pub(super) fn Answer(
    body: Arc<Body>,
    status: u16,
    /// Instead of the pane's own, where there is more than one answer: of the ways to show it only the first is there then.
    heading: Option<String>,
) -> impl IntoView {
    let aside = view! {
        <span class="pane-head-aside">
            <Badge tone=Tone::Ok>{status}</Badge>
            <Download body=body.clone() />
        </span>
    };
    let notes = view! { <Notes body=body.clone() /> };
    let mut views = views(&body);
    if views.len() < 2 || heading.is_some() {
        views.truncate(1);
        let only = views.pop().map(|(_, view)| view);
        return view! {
            <div class="pane-head">
                <h2>{heading.unwrap_or_else(|| "Response".into())}</h2>
                {aside}
            </div>
            {notes}
            <div class="pane-result">{only}</div>
        }
        .into_any();
    }
    let selected = RwSignal::new(views[0].0.key);
    let tabs = views.iter().map(|(tab, _)| tab.clone()).collect();
    let panels = views.into_iter().map(|(Tab { key, label }, view)| {
        view! {
            <TabPanel key selected>
                <h3 class="panel-name without-script">{label}</h3>
                {view}
            </TabPanel>
        }
    });
    view! {
        <div class="pane-head pane-head-tabs">
            <h2 class="visually-hidden">"Response"</h2>
            <Tabs label="How to show the response" tabs selected />
            {aside}
        </div>
        {notes}
        <div class="pane-result">{panels.collect_view()}</div>
    }
    .into_any()
}

/// What is to be known of the body before it is read.
#[component]
fn Notes(body: Arc<Body>) -> impl IntoView {
    let wrong = body.note.clone().map(|note| note + ".");
    let shown = body.shown().len();
    let cut = (!body.is_whole() && shown > 0).then(|| {
        let rest = match body.address {
            Some(_) => "Download has all of it, for the next ten minutes.",
            None => "It is too large to be kept.",
        };
        format!("The first {} of {} are shown. {rest}", size(shown), size(body.total))
    });
    let hidden = body.text.as_deref().is_some_and(has_hidden).then(|| {
        "It has characters that can't be seen or that turn the direction of writing: they are shown by marks."
            .to_owned()
    });
    let notes = [wrong, cut, hidden].into_iter().flatten();
    notes.map(|note| view! { <p class="pane-note"><Words text=note /></p> }).collect_view()
}

fn views(body: &Arc<Body>) -> Vec<Shown> {
    let raw = || tab("raw", "Raw", view! { <Raw body=body.clone() /> });
    let mut views = Vec::new();
    if let Some(chat) = body.chat.clone() {
        views.push(tab("chat", "Text", view! { <ChatText chat /> }));
    }
    match &body.kind {
        BodyKind::Empty if body.total == 0 => {
            views.push(tab("empty", "Empty", view! { <p class="pane-empty">"The answer is empty."</p> }));
        }
        BodyKind::Empty => {
            let words =
                format!("{} that are not all text. Ask for the answer as a whole to see them.", size(body.total));
            views.push(tab("empty", "Empty", view! { <p class="pane-empty">{words}</p> }));
        }
        BodyKind::Json => {
            let (text, cut) = json::pretty(body.as_text(), MOST_TEXT);
            let formatted = view! { <Formatted text=visible(&text).into_owned() cut /> };
            views.extend([
                tab("tree", "Tree", view! { <Tree body=body.clone() /> }),
                tab("formatted", "Formatted", formatted),
                raw(),
            ]);
        }
        BodyKind::JsonLines => views.extend([tab("lines", "Lines", view! { <LineList body=body.clone() /> }), raw()]),
        BodyKind::Csv(sheet) => {
            let scores = scores(body.as_text());
            views.extend(scores.map(|scores| tab("chart", "Chart", view! { <Scores scores /> })));
            let table = view! { <SheetTable body=body.clone() sheet=sheet.clone() /> };
            views.extend([tab("table", "Table", table), raw()]);
        }
        BodyKind::Image(image) => {
            let dump = tab("hex", "Bytes", view! { <Dump body=body.clone() /> });
            views.extend([tab("image", "Image", view! { <Picture body=body.clone() image=*image /> }), dump]);
        }
        BodyKind::Binary => views.push(tab("hex", "Bytes", view! { <Dump body=body.clone() /> })),
        BodyKind::Events | BodyKind::Markup(_) | BodyKind::Text => views.push(raw()),
    }
    views
}

/// The text as it came.
#[component]
fn Raw(body: Arc<Body>) -> impl IntoView {
    let text = body.as_text();
    let end = text.floor_char_boundary(MOST_TEXT);
    let shown = visible(&text[..end]).into_owned();
    let cut = (end < text.len()).then(|| {
        let words = format!("The first {} of {} are drawn. Download has all of it.", size(end), size(text.len()));
        view! { <p class="pane-note">{words}</p> }
    });
    let copied = (text.len() <= MOST_COPIED && body.is_whole()).then(|| {
        let body = body.clone();
        Signal::derive(move || body.as_text().to_owned())
    });
    view! {
        <div class="code-frame">
            {copied.map(|text| view! { <CopyButton text label="Copy the response" compact=true /> })}
            // Without an element between, a first line end would be lost on the way from the server.
            <pre class="code-block" tabindex="0"><span>{shown}</span></pre>
        </div>
        {cut}
    }
}

#[component]
fn Formatted(text: String, cut: bool) -> impl IntoView {
    view! {
        <pre class="code-block" tabindex="0"><span>{text}</span></pre>
        {cut.then(|| view! { <p class="pane-note">"The beginning is drawn. Download has all of it."</p> })}
    }
}

/// What a language model said, to be read.
#[component]
fn ChatText(chat: Chat) -> impl IntoView {
    let several = chat.said.len() > 1;
    let tokens = chat.tokens.map(|(read, written)| format!("{read} tokens read, {written} written"));
    let said = chat.said.into_iter().enumerate().map(|(at, Said { role, text, finish })| {
        let head = match (several, role) {
            (true, role) => Some(format!("{} {}", role.unwrap_or_else(|| "choice".into()), at + 1)),
            (false, role) => role,
        };
        let finish = finish.map(|finish| format!("ended: {finish}"));
        let ending = [finish, tokens.clone().filter(|_| at == 0)].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let text = if text.is_empty() { "(no text)".into() } else { visible(&text).into_owned() };
        view! {
            <div class="said">
                {head.map(|head| view! { <h3>{visible(&head).into_owned()}</h3> })}
                <p class="said-text">{text}</p>
                {(!ending.is_empty()).then(|| view! { <p class="muted">{visible(&ending).into_owned()}</p> })}
            </div>
        }
    });
    let said = said.collect_view();
    let error = chat.error.map(|error| {
        view! { <p class="pane-note" role="alert">"The model told of an error: " {visible(&error).into_owned()}</p> }
    });
    view! { {error} <div class="chat" tabindex="0" role="region" aria-label="What the model said">{said}</div> }
}

/// An image, by its bytes and never by what it is said to be.
#[component]
fn Picture(body: Arc<Body>, image: ImageType) -> impl IntoView {
    let bytes = body.shown();
    let about = |pixels: &str| format!("{} · {pixels} · {}", image.name(), size(bytes.len()));
    let pixels = image.pixels(bytes).map(|(width, height)| (width, height, format!("{width} × {height} pixels")));
    let small = pixels.filter(|(width, height, _)| u64::from(*width) * u64::from(*height) <= MOST_PIXELS);
    let Some((_, _, pixels)) = small else {
        let words = format!("{} whose size is not told, or too large to be drawn. Download has it.", image.name());
        return view! { <p class="pane-empty">{words}</p> }.into_any();
    };
    let source = format!("data:{};base64,{}", image.media_type(), to_base64(bytes));
    let words = format!("What the model answered: an image of {pixels}");
    view! {
        <figure class="picture">
            <img src=source alt=words />
            <figcaption class="muted">{about(&pixels)}</figcaption>
        </figure>
    }
    .into_any()
}

/// Bytes.
#[component]
fn Dump(body: Arc<Body>) -> impl IntoView {
    let page = RwSignal::new(0);
    let all = body.shown().len();
    let shown = move || hex::page(body.shown(), page.get());
    view! {
        <pre class="code-block hex" role="region" tabindex="0" aria-label="Bytes of the answer"><span>{shown}</span></pre>
        <Pager
            page
            pages=Signal::stored(hex::pages(all))
            shown=Signal::derive(move || range("Bytes", page.get(), hex::PAGE, all))
        />
    }
}
