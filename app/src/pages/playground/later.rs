//! An answer that is left in S3: the call is handed over, and looked for until it is there, or as long as one likes.

use super::Typed;
use super::request::{ms_since, now_ms};
use super::response::{Answered, Fact, Facts, Failed, Outcome};
use crate::api::playground::{LaterView, StartAsync, poll_async, start_async};
use crate::error::AppError;
use crate::ui::{Badge, Button, ErrorPanel, IconName, Skeleton, Tone, Words, duration_ms, size};
use domain::invoke::{AsyncAnswer, AsyncStart, AsyncState, AsyncTicket, InvokeAnswer, InvokeOutcome};
use futures::future::{AbortHandle, Abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::time::Duration;

/// How soon an answer is looked for again: at first, and at most.
const SOON: Duration = Duration::from_millis(700);
const AT_MOST: Duration = Duration::from_secs(10);

/// Where the call stands.
#[derive(Debug, Clone, PartialEq)]
enum Stage {
    /// None was made.
    Idle,
    /// It is being handed over.
    Starting,
    /// It was not taken.
    NotTaken(Box<InvokeOutcome>),
    /// It was taken.
    Taken(Box<LaterView>),
    /// The console refused it, or was lost on the way.
    Failed(AppError),
}

/// A call that is answered later.
#[derive(Clone, Copy)]
pub(super) struct Later {
    stage: RwSignal<Stage>,
    /// Whether its answer is being looked for.
    looking: RwSignal<bool>,
    /// When it was begun, by this browser's clock; `None` where its end was here as soon as its beginning.
    began: StoredValue<Option<f64>>,
    /// From there until its end was found, in milliseconds.
    took: StoredValue<Option<u64>>,
    handle: StoredValue<Option<AbortHandle>>,
}

impl Later {
    pub(super) fn new() -> Self {
        let later = Self {
            stage: RwSignal::new(Stage::Idle),
            looking: RwSignal::new(false),
            began: StoredValue::new(None),
            took: StoredValue::new(None),
            handle: StoredValue::new(None),
        };
        on_cleanup(move || later.leave());
        later
    }

    /// Whether there is something to show.
    pub(super) fn is_on(self) -> bool {
        self.stage.with(|stage| *stage != Stage::Idle)
    }

    /// Whether it is being handed over.
    pub(super) fn is_starting(self) -> bool {
        self.stage.with(|stage| *stage == Stage::Starting)
    }

    /// Forgets the call. What SageMaker took it goes on with.
    pub(super) fn clear(self) {
        self.leave();
        self.looking.set(false);
        self.count_from(None);
        self.stage.set(Stage::Idle);
    }

    fn count_from(self, began: Option<f64>) {
        self.began.set_value(began);
        self.took.set_value(None);
    }

    /// Goes on with a call that the address names.
    pub(super) fn resume(self, view: LaterView) {
        let open = view.state.is_open();
        self.count_from(match &view.state {
            AsyncState::Pending { waited_ms } | AsyncState::Overdue { waited_ms, .. } => {
                Some(now_ms() - *waited_ms as f64)
            }
            _ => None,
        });
        self.stage.set(Stage::Taken(Box::new(view)));
        if open {
            Effect::new(move |_| self.look());
        }
    }

    /// Hands a call over.
    pub(super) fn start(self, call: StartAsync) {
        self.clear();
        self.count_from(Some(now_ms()));
        self.stage.set(Stage::Starting);
        self.run(async move {
            match start_async(call.params).await {
                Err(error) => self.stage.set(Stage::Failed(error)),
                Ok(AsyncStart { result: Err(failure), role_us, role_cached, call_us, request_id }) => {
                    let outcome = InvokeOutcome { result: Err(failure), role_us, role_cached, call_us, request_id };
                    self.stage.set(Stage::NotTaken(Box::new(outcome)));
                }
                Ok(AsyncStart { result: Ok(ticket), .. }) => {
                    let state = AsyncState::Pending { waited_ms: 0 };
                    self.stage.set(Stage::Taken(Box::new(LaterView { ticket, state })));
                    self.follow().await;
                }
            }
        });
    }

    /// Looks for the answer until it is there.
    fn look(self) {
        self.leave();
        self.run(self.follow());
    }

    /// Looks no more. The call goes on.
    fn stop(self) {
        self.leave();
        self.looking.set(false);
    }

    fn run(self, work: impl Future<Output = ()> + 'static) {
        let (handle, registration) = AbortHandle::new_pair();
        self.handle.set_value(Some(handle));
        spawn_local(async move { _ = Abortable::new(work, registration).await });
    }

    fn leave(self) {
        if let Some(handle) = self.handle.try_update_value(Option::take).flatten() {
            handle.abort();
        }
    }

    async fn follow(self) {
        let Stage::Taken(view) = self.stage.get_untracked() else { return };
        let ticket = view.ticket;
        self.looking.set(true);
        let mut pause = SOON;
        loop {
            match poll_async(ticket.id.clone()).await {
                Err(error) => break self.stage.set(Stage::Failed(error)),
                Ok(state) => {
                    let open = state.is_open();
                    if !open {
                        self.took.set_value(self.began.get_value().map(ms_since));
                    }
                    self.stage.set(Stage::Taken(Box::new(LaterView { ticket: ticket.clone(), state })));
                    if !open {
                        break;
                    }
                }
            }
            wait(pause).await;
            pause = pause.mul_f32(1.5).min(AT_MOST);
        }
        self.looking.set(false);
    }

    /// Where it stands, to be read aloud.
    pub(super) fn in_a_sentence(self) -> String {
        self.stage.with(|stage| match stage {
            Stage::Starting => "Handing the call over".into(),
            Stage::Taken(view) => match &view.state {
                AsyncState::Pending { .. } | AsyncState::Overdue { .. } => "Waiting for the answer in S3".into(),
                AsyncState::Answered { answer } => {
                    let after = self.took.get_value().map(|ms| format!(" after {}", duration_ms(ms)));
                    format!("Answered with {}{}", size(answer.bytes), after.unwrap_or_default())
                }
                AsyncState::Failed { .. } => "The model failed".into(),
                AsyncState::Unreadable { .. } => "The answer can't be read".into(),
            },
            // Failures are alerts.
            _ => String::new(),
        })
    }
}

async fn wait(pause: Duration) {
    let (done, waited) = futures::channel::oneshot::channel();
    set_timeout(move || _ = done.send(()), pause);
    // Who goes away takes the timer along.
    let _ = waited.await;
}

/// The call, in the response's place.
#[component]
pub(super) fn Awaited(later: Later, endpoint: String, typed: Typed) -> impl IntoView {
    move || match later.stage.get() {
        Stage::Idle => ().into_any(),
        Stage::Starting => view! {
            <div class="pane-head">
                <h2>"Response"</h2>
                <span class="muted">{format!("Handing the call to {endpoint} over")}</span>
            </div>
            <Skeleton lines=4/>
        }
        .into_any(),
        Stage::Failed(error) => view! { <ErrorPanel error title="The endpoint was not called"/> }.into_any(),
        Stage::NotTaken(outcome) => view! { <Outcome outcome=*outcome endpoint=endpoint.clone() typed/> }.into_any(),
        Stage::Taken(view) => view! { <Taken view=*view later endpoint=endpoint.clone() typed/> }.into_any(),
    }
}

#[component]
fn Taken(view: LaterView, later: Later, endpoint: String, typed: Typed) -> impl IntoView {
    let LaterView { ticket, state } = view;
    let found = matches!(state, AsyncState::Answered { .. } | AsyncState::Failed { .. });
    let facts = facts(&ticket, later.took.get_value().filter(|_| found));
    let shown = match state {
        AsyncState::Pending { waited_ms } => {
            let words =
                format!("SageMaker took the call {} ago. Its answer will be an object in S3.", seconds(waited_ms));
            view! { <Open words later ticket=ticket.id/> }.into_any()
        }
        AsyncState::Overdue { waited_ms, hint } => {
            let words = format!("Nothing has come for {}. {}", seconds(waited_ms), crate::ui::sentence_case(&hint));
            view! { <Open words later ticket=ticket.id/> }.into_any()
        }
        AsyncState::Answered { answer } => view! { <Answered answer=as_answer(answer) endpoint/> }.into_any(),
        AsyncState::Failed { message } => view! {
            <div class="pane-head">
                <h2>"Response"</h2>
                <Badge tone=Tone::Bad>"Failed"</Badge>
            </div>
            <div class="failure-body">
                <p>"The model failed. This is what SageMaker left where failures go:"</p>
                <pre class="failure-words" tabindex="0">{domain::invoke::body::visible(&message).into_owned()}</pre>
            </div>
        }
        .into_any(),
        AsyncState::Unreadable { failure } => {
            view! { <Failed failure=*failure typed=Some(typed) heading=None/> }.into_any()
        }
    };
    view! {
        {shown}
        <Facts facts/>
    }
}

/// It is waited for, or could be.
#[component]
fn Open(words: String, later: Later, ticket: String) -> impl IntoView {
    let buttons = move || {
        if later.looking.get() {
            let on_click = Callback::new(move |_| later.stop());
            view! { <Button small=true on_click>"Stop looking"</Button> }.into_any()
        } else {
            let on_click = Callback::new(move |_| later.look());
            view! { <Button small=true icon=IconName::Refresh on_click>"Look again"</Button> }.into_any()
        }
    };
    let again = move || {
        let query = leptos_router::hooks::use_query_map().get_untracked();
        let of = |key: &str| crate::api::encoded(&query.get(key).unwrap_or_default());
        format!("/playground?through={}&endpoint={}&later={ticket}", of("through"), of("endpoint"))
    };
    view! {
        <div class="pane-head">
            <h2>"Response"</h2>
            <Badge tone=Tone::Accent dot=true>"Waiting"</Badge>
        </div>
        <div class="failure-body">
            <p><Words text=words/></p>
            <p class="muted">"You can leave: SageMaker goes on with it, and the places below stay."</p>
            <div class="form-actions with-script">{buttons}</div>
            <div class="form-actions without-script">
                <Button href=again()>"Look again"</Button>
            </div>
        </div>
    }
}

fn facts(ticket: &AsyncTicket, took_ms: Option<u64>) -> Vec<Fact> {
    vec![
        Fact::text("Found after", took_ms.map(duration_ms)),
        Fact::id("Output", Some(ticket.output.clone())),
        Fact::id("Failure", ticket.failure.clone()),
        Fact::id("Input", ticket.input.clone()),
        Fact::id("Inference ID", Some(ticket.inference_id.clone())),
    ]
}

fn seconds(ms: u64) -> String {
    match ms / 1000 {
        0 => "a moment".into(),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

fn as_answer(answer: AsyncAnswer) -> InvokeAnswer {
    let AsyncAnswer { content_type, text, base64, bytes, .. } = answer;
    InvokeAnswer {
        status: 200,
        content_type,
        variant: None,
        custom_attributes: None,
        new_session: None,
        closed_session: None,
        text,
        base64,
        bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
        kept: None,
        transfer_us: 0,
    }
}
