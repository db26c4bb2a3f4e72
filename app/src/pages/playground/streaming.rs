//! An answer piece by piece, as it comes.

use super::Typed;
use super::response::Outcome;
use crate::api::playground::{StreamEndpoint, stream_endpoint};
use crate::error::{AppError, ErrorKind};
use crate::ui::{Badge, Button, CopyButton, ErrorPanel, Skeleton, Tone, Words, duration_us, size};
use domain::invoke::{InvokeOutcome, StreamBreak, StreamEnd, StreamEvent, StreamHead};
use futures::StreamExt as _;
use futures::future::{AbortHandle, Abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// More text than this is not drawn: the browser would stand still. Copy has all of it.
const MOST_DRAWN: usize = 200_000;

/// Where a stream stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// None was asked for.
    Idle,
    /// The model has not answered yet.
    Waiting,
    /// Pieces are coming.
    Coming,
    /// Its end was told.
    Ended(StreamEnd),
    /// Whoever looked at it stopped it.
    Stopped,
    /// It did not begin.
    NotBegun(Box<InvokeOutcome>),
    /// The console refused it, or was lost on the way.
    Failed(AppError),
}

/// A stream as far as it has come.
#[derive(Clone, Copy)]
pub(super) struct Live {
    stage: RwSignal<Stage>,
    head: RwSignal<Option<StreamHead>>,
    text: RwSignal<String>,
    /// Pieces and bytes.
    counts: RwSignal<(usize, usize)>,
    handle: StoredValue<Option<AbortHandle>>,
    /// What came since the last picture was drawn: pieces may come much quicker than a screen can show them.
    undrawn: StoredValue<Vec<StreamEvent>>,
}

impl Live {
    pub(super) fn new() -> Self {
        Self {
            stage: RwSignal::new(Stage::Idle),
            head: RwSignal::new(None),
            text: RwSignal::default(),
            counts: RwSignal::default(),
            handle: StoredValue::new(None),
            undrawn: StoredValue::new(Vec::new()),
        }
    }

    /// Whether there is something to show.
    pub(super) fn is_on(self) -> bool {
        self.stage.with(|stage| *stage != Stage::Idle)
    }

    /// Whether it can still be stopped.
    pub(super) fn is_going(self) -> bool {
        self.stage.with(|stage| matches!(stage, Stage::Waiting | Stage::Coming))
    }

    /// Ends what is under way and forgets what came.
    pub(super) fn clear(self) {
        self.end_call();
        self.undrawn.set_value(Vec::new());
        self.head.set(None);
        self.text.set(String::new());
        self.counts.set((0, 0));
        self.stage.set(Stage::Idle);
    }

    /// Makes the call.
    pub(super) fn start(self, call: StreamEndpoint) {
        self.clear();
        self.stage.set(Stage::Waiting);
        let (handle, registration) = AbortHandle::new_pair();
        self.handle.set_value(Some(handle));
        spawn_local(async move {
            // Whoever stops it drops the request, which ends the call to the model.
            if let Ok(Err(error)) = Abortable::new(self.read(call), registration).await {
                self.draw();
                self.stage.set(Stage::Failed(error));
            }
        });
    }

    fn stop(self) {
        self.end_call();
        self.draw();
        if self.is_going() {
            self.stage.set(Stage::Stopped);
        }
    }

    fn end_call(self) {
        if let Some(handle) = self.handle.try_update_value(Option::take).flatten() {
            handle.abort();
        }
    }

    async fn read(self, call: StreamEndpoint) -> Result<(), AppError> {
        let StreamEndpoint { params } = call;
        let lines = stream_endpoint(params).await?;
        let mut lines = lines.into_inner();
        let mut begun = String::new();
        let mut told = false;
        while let Some(chunk) = lines.next().await {
            begun.push_str(&chunk?);
            while let Some(end) = begun.find('\n') {
                let line: String = begun.drain(..=end).collect();
                let event = serde_json::from_str::<StreamEvent>(&line).map_err(|_| lost())?;
                told |= matches!(event, StreamEvent::Ended { .. } | StreamEvent::NotBegun { .. });
                self.undrawn.update_value(|undrawn| undrawn.push(event));
            }
            request_animation_frame(move || self.draw());
        }
        if told { Ok(()) } else { Err(lost()) }
    }

    /// Shows what came.
    fn draw(self) {
        let Some(events) = self.undrawn.try_update_value(std::mem::take).filter(|events| !events.is_empty()) else {
            return;
        };
        let mut text = String::new();
        let (mut parts, mut bytes) = (0, 0);
        for event in events {
            match event {
                StreamEvent::NotBegun { outcome } => self.stage.set(Stage::NotBegun(outcome)),
                StreamEvent::Began { head } => {
                    self.head.set(Some(head));
                    self.stage.set(Stage::Coming);
                }
                StreamEvent::Part { text: piece, bytes: length } => {
                    text.push_str(&piece);
                    // What is left of a character at the end is no piece of its own.
                    parts += usize::from(length > 0);
                    bytes += length;
                }
                StreamEvent::Ended { end } => self.stage.set(Stage::Ended(end)),
            }
        }
        if !text.is_empty() {
            self.text.update(|all| all.push_str(&text));
        }
        if parts > 0 {
            self.counts.update(|counts| *counts = (counts.0 + parts, counts.1 + bytes));
        }
    }
}

fn lost() -> AppError {
    AppError::new(ErrorKind::Unavailable, "the connection to the console was lost before the answer's end")
        .hint("What came is kept below. Check that the console is still running, then invoke again.")
}

/// The stream, in the response's place.
#[component]
pub(super) fn Streamed(live: Live, typed: Typed) -> impl IntoView {
    // What is drawn anew at a new stage; text and counts change by themselves.
    move || match live.stage.get() {
        Stage::Idle => ().into_any(),
        Stage::NotBegun(outcome) => view! { <Outcome outcome=*outcome typed/> }.into_any(),
        Stage::Failed(error) if live.head.with_untracked(Option::is_none) => {
            view! { <ErrorPanel error title="The endpoint was not called"/> }.into_any()
        }
        stage => view! { <Pieces live stage/> }.into_any(),
    }
}

#[component]
fn Pieces(live: Live, stage: Stage) -> impl IntoView {
    let (tone, word, broke) = match &stage {
        Stage::Waiting => (Tone::Neutral, "Waiting".to_owned(), None),
        Stage::Coming => (Tone::Accent, "Coming".to_owned(), None),
        Stage::Stopped => (Tone::Neutral, "Stopped".to_owned(), None),
        Stage::Ended(StreamEnd { broke: Some(broke), .. }) => (Tone::Bad, broke.code.clone(), Some(broke.clone())),
        Stage::Failed(error) => (Tone::Bad, "Lost".to_owned(), Some(as_break(error))),
        _ => (Tone::Ok, "Whole".to_owned(), None),
    };
    let going = matches!(stage, Stage::Waiting | Stage::Coming);
    let not_text = matches!(&stage, Stage::Ended(end) if end.not_text);
    let stop = going.then(|| {
        let on_click = Callback::new(move |_| live.stop());
        view! { <Button small=true on_click>"Stop"</Button> }
    });
    view! {
        <div class="pane-head">
            <h2>"Response"</h2>
            <span class="pane-head-aside">
                <Badge tone dot=going>{word}</Badge>
                {stop}
            </span>
        </div>
        {broke.map(|StreamBreak { message, hint, .. }| {
            view! {
                <div class="failure-body stream-broke" role="alert">
                    <p class="failure-words">{message}</p>
                    <p class="failure-hint"><Words text=hint/></p>
                </div>
            }
        })}
        {not_text.then(|| view! { <p class="pane-note">"Not all of it is text: what is not is shown as \u{fffd}."</p> })}
        <Text live waiting=stage == Stage::Waiting/>
        <Times live stage/>
    }
}

fn as_break(error: &AppError) -> StreamBreak {
    StreamBreak { code: String::new(), message: error.message.clone(), hint: error.hint.clone().unwrap_or_default() }
}

/// What has come, as text. Nothing a model answers is ever more than text.
#[component]
fn Text(live: Live, waiting: bool) -> impl IntoView {
    if waiting {
        return view! { <Skeleton lines=6/> }.into_any();
    }
    let all = Signal::derive(move || live.text.get());
    let cut = move || live.text.with(|text| text.len() > MOST_DRAWN);
    let drawn = move || live.text.with(|text| text[..text.floor_char_boundary(MOST_DRAWN)].to_owned());
    view! {
        // Told once it has ended, not piece by piece.
        <div class="pane-result code-frame" aria-live="off">
            <CopyButton text=all label="Copy the response" compact=true/>
            <pre class="code-block streamed" tabindex="0">{drawn}</pre>
        </div>
        {move || cut().then(|| {
            view! { <p class="pane-note">{format!("The first {} are shown; Copy takes all.", size(MOST_DRAWN))}</p> }
        })}
    }
    .into_any()
}

#[component]
fn Times(live: Live, stage: Stage) -> impl IntoView {
    let counts = move || {
        let (parts, bytes) = live.counts.get();
        let pieces = if parts == 1 { "piece" } else { "pieces" };
        format!("{parts} {pieces} · {}", size(bytes))
    };
    let took = match stage {
        Stage::Ended(end) => Some(end.took_us),
        _ => None,
    };
    let times = live.head.get_untracked().map(|head| {
        let role = if head.role_cached { "role, cached" } else { "assuming the role" };
        let stream = took.map(|took| format!(" · stream {}", duration_us(took))).unwrap_or_default();
        format!("{role} {} · until it began {}{stream}", duration_us(head.role_us), duration_us(head.began_us))
    });
    let about = live.head.get_untracked().map(|head| (head.content_type, head.variant, head.request_id));
    let (content_type, variant, request_id) = about.unwrap_or_default();
    let variant = variant.map(|variant| format!(" · {variant}")).unwrap_or_default();
    view! {
        <div class="spent" aria-live="off">
            <p class="spent-total">{counts}</p>
            <p class="muted">{times}</p>
        </div>
        <div class="pane-foot">
            <span>{format!("{content_type}{variant}")}</span>
            {request_id.map(|id| {
                view! {
                    <span class="request-id-line">
                        "request " <code>{id.clone()}</code> <CopyButton text=id label="Copy the request ID" compact=true/>
                    </span>
                }
            })}
        </div>
    }
}
