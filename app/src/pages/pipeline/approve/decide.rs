//! The verdict: a form with two buttons.

use crate::api::pipeline::operate::DecideModel;
use crate::error::{AppError, failure_of};
use crate::ui::{ActionProblem, Button, ButtonKind, Card, FieldError, IconName, TextArea};
use domain::pipeline::approval::{ApprovalRules, COMMENT};
use domain::pipeline::execution::Waiting;
use leptos::form::ActionForm;
use leptos::prelude::*;

/// Approves or rejects, with a comment.
#[component]
pub(super) fn Decide(
    pipeline: String,
    waiting: Waiting,
    rules: ApprovalRules,
    /// Whether whoever asks started the execution, and so may only reject.
    itself: bool,
    /// Where the model would be deployed.
    endpoint: String,
) -> impl IntoView {
    let decide = ServerAction::<DecideModel>::new();
    let failure = failure_of(decide);
    let at = move |field: &'static str| move || failure.get().filter(|error| error.field.as_deref() == Some(field));
    let comment_problem =
        Signal::derive(move || at("comment")().map(|AppError { message, hint, .. }| FieldError { message, hint }));
    let elsewhere = Signal::derive(move || failure.get().filter(|error| error.field.as_deref() != Some("comment")));
    let required = if rules.comment { "Required. " } else { "" };
    let description = format!("{required}It stands in the pipeline's history. At most {COMMENT} characters.");
    let typed = RwSignal::new(String::new());
    let left = move || {
        let length = typed.with(|typed| typed.trim().chars().count());
        (length > COMMENT).then(|| format!("{} too many", length - COMMENT))
    };
    let mine = itself.then(|| "you started this execution, and somebody else has to approve it".to_owned());
    view! {
        <Card title=|| "Your verdict" id="verdict">
            <ActionForm action=decide attr:novalidate="">
                <div class="card-body">
                    <input type="hidden" name="pipeline" value=pipeline/>
                    <input type="hidden" name="token" value=waiting.token/>
                    <p>
                        "Approved, it is deployed to " <code>{endpoint}</code> " at once. Rejected, the execution ends here, and what serves goes on serving."
                    </p>
                    <TextArea
                        name="comment"
                        label="Comment"
                        description
                        error=comment_problem
                        rows=3
                        on_input=Callback::new(move |text| typed.set(text))
                    />
                    <p class="muted" role="status">{left}</p>
                    <div class="form-actions verdicts">
                        <Button submit=true name="verdict" value="Rejected" busy=decide.pending()>
                            "Reject the model"
                        </Button>
                        <Button
                            kind=ButtonKind::Primary
                            icon=IconName::Check
                            submit=true
                            name="verdict"
                            value="Approved"
                            busy=decide.pending()
                            disabled_reason=Signal::stored(mine)
                        >
                            "Approve the model"
                        </Button>
                    </div>
                    <ActionProblem error=elsewhere/>
                </div>
            </ActionForm>
        </Card>
    }
}
