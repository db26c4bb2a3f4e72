//! An answer piece by piece, as it comes.

mod shown;

pub(super) use shown::Streamed;

use crate::api::playground::{StreamEndpoint, stream_endpoint};
use crate::error::{AppError, ErrorKind};
use crate::ui::{size, thousands};
use domain::invoke::body::chat::ChatStream;
use domain::invoke::{InvokeOutcome, StreamEnd, StreamEvent, StreamHead};
use futures::StreamExt as _;
use futures::future::{AbortHandle, Abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// More pieces than this are counted, and not listed.
const MOST_LISTED: usize = 100_000;

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

/// A piece, as the list has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    bytes: usize,
    /// From the model's beginning.
    at_us: u64,
}

/// How much has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Came {
    pieces: usize,
    bytes: usize,
    /// When the first and the last piece came, from the model's beginning.
    first_us: Option<u64>,
    last_us: u64,
}

/// A stream as far as it has come.
#[derive(Clone, Copy)]
pub(super) struct Live {
    stage: RwSignal<Stage>,
    head: RwSignal<Option<StreamHead>>,
    text: RwSignal<String>,
    /// What a language model said in it.
    chat: RwSignal<ChatStream>,
    pieces: RwSignal<Vec<Piece>>,
    came: RwSignal<Came>,
    /// The chosen tab: it stays when more comes.
    tab: RwSignal<&'static str>,
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
            chat: RwSignal::default(),
            pieces: RwSignal::default(),
            came: RwSignal::default(),
            tab: RwSignal::new("text"),
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
        self.chat.set(ChatStream::default());
        self.pieces.set(Vec::new());
        self.came.set(Came::default());
        self.tab.set("text");
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
        let mut pieces = Vec::new();
        for event in events {
            match event {
                StreamEvent::NotBegun { outcome } => self.stage.set(Stage::NotBegun(outcome)),
                StreamEvent::Began { head } => {
                    self.head.set(Some(head));
                    self.stage.set(Stage::Coming);
                }
                StreamEvent::Part { text: piece, bytes, at_us } => {
                    text.push_str(&piece);
                    // What is left of a character at the end is no piece of its own.
                    pieces.extend((bytes > 0).then_some(Piece { bytes, at_us }));
                }
                StreamEvent::Ended { end } => {
                    self.take(&std::mem::take(&mut text), std::mem::take(&mut pieces));
                    self.chat.update(ChatStream::end);
                    self.stage.set(Stage::Ended(end));
                }
            }
        }
        self.take(&text, pieces);
    }

    fn take(self, text: &str, pieces: Vec<Piece>) {
        if !text.is_empty() {
            self.chat.update(|chat| chat.push(text));
            self.text.update(|all| all.push_str(text));
        }
        let Some(last) = pieces.last().copied() else { return };
        self.came.update(|came| {
            came.pieces += pieces.len();
            came.bytes += pieces.iter().map(|piece| piece.bytes).sum::<usize>();
            came.first_us = came.first_us.or(pieces.first().map(|piece| piece.at_us));
            came.last_us = last.at_us;
        });
        self.pieces.update(|all| {
            let room = MOST_LISTED.saturating_sub(all.len());
            all.extend(pieces.into_iter().take(room));
        });
    }

    /// Where it stands, to be read aloud: not with every piece.
    pub(super) fn in_a_sentence(self) -> String {
        let came = || {
            let Came { pieces, bytes, .. } = self.came.get_untracked();
            format!("{}, {}", pieces_in_words(pieces), size(bytes))
        };
        match self.stage.get() {
            Stage::Waiting => "Waiting for the first piece".into(),
            Stage::Coming => "The answer is coming".into(),
            Stage::Stopped => format!("Stopped after {}", came()),
            Stage::Ended(StreamEnd { broke: None, .. }) => format!("The answer is whole: {}", came()),
            // Everything else is an alert, or nothing.
            _ => String::new(),
        }
    }
}

fn pieces_in_words(pieces: usize) -> String {
    if pieces == 1 { "1 piece".into() } else { format!("{} pieces", thousands(pieces)) }
}

fn lost() -> AppError {
    AppError::new(ErrorKind::Unavailable, "the connection to the console was lost before the answer's end")
        .hint("What came is kept below. Check that the console is still running, then invoke again.")
}
