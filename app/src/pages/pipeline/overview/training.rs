//! A training job: how it stands, what it costs, and how well it does, round by round.

use crate::ui::{ArnText, Badge, Line, LinePlot, Tone, Words, duration_ms, thousands};
use domain::pipeline::evidence::TrainingJob;
use domain::pipeline::rounds::{Curve, Round, curves};
use leptos::prelude::*;

/// The job, and its metrics as a plot with the numbers behind it.
#[component]
pub(super) fn Training(job: Memo<Option<TrainingJob>>, rounds: Memo<Vec<Round>>) -> impl IntoView {
    let any = Memo::new(move |_| rounds.with(|rounds| !rounds.is_empty()));
    view! {
        {move || job.get().map(|job| view! { <Job job/> })}
        {move || any.get().then(|| view! { <Metrics rounds/> })}
    }
}

#[component]
fn Job(job: TrainingJob) -> impl IntoView {
    let tone = match job.status.as_str() {
        "Completed" => Tone::Ok,
        "Failed" => Tone::Bad,
        "InProgress" => Tone::Accent,
        _ => Tone::Neutral,
    };
    let phase = (job.phase != job.status).then(|| format!(" {}", job.phase));
    let took = job.ended.map(|ended| duration_ms(ended.since(job.created)));
    let billed = job.billable_seconds.map(|seconds| format!("{} s", thousands(seconds)));
    // What stands above it says the same as loudly as it needs to be said.
    let failure = job.failure.map(|text| view! { <div><dt>"Failure reason"</dt><dd><Words text/></dd></div> });
    let told = job.hyperparameters.into_iter().map(|(name, value)| {
        view! {
            <dt><code>{name}</code></dt>
            <dd><code>{value}</code></dd>
        }
    });
    let told = told.collect_view();
    let fact = |name: &'static str, value: Option<String>| {
        value.map(|value| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
    };
    view! {
        <dl class="stage-facts">
            <div><dt>"Training job"</dt><dd><ArnText arn=job.name label="Copy the training job's name"/></dd></div>
            <div><dt>"State"</dt><dd><Badge tone>{job.status}</Badge> {phase}</dd></div>
            {fact("Runs on", Some(format!("{} × {}", job.instance_count, job.instance_type)))}
            {fact("Took", took)}
            {fact("Billable", billed)}
            {failure}
        </dl>
        <details class="stage-more">
            <summary>"Hyperparameters"</summary>
            <dl class="told">{told}</dl>
        </details>
    }
}

#[component]
fn Metrics(rounds: Memo<Vec<Round>>) -> impl IntoView {
    let plots = move || {
        let rounds = rounds.get();
        let (first, last) =
            (rounds.first().map_or(0, |round| round.number), rounds.last().map_or(0, |round| round.number));
        let plots = curves(&rounds).into_iter().map(|curve| plot(curve, first, last)).collect_view();
        view! { <div class="plots">{plots}</div> }
    };
    let names = Memo::new(move |_| {
        let names =
            rounds.with(|rounds| rounds.iter().flat_map(|round| round.values.keys().cloned()).collect::<Vec<_>>());
        names.into_iter().collect::<std::collections::BTreeSet<String>>()
    });
    let heads =
        move || names.get().into_iter().map(|name| view! { <th scope="col" class="num">{name}</th> }).collect_view();
    let row = move |round: Round| {
        let cells = names.get_untracked().into_iter().map(|name| {
            let value = round.values.get(&name).copied().map(metric);
            view! { <td class="num">{value}</td> }
        });
        let cells = cells.collect_view();
        view! { <tr><th scope="row" class="num">{round.number}</th>{cells}</tr> }
    };
    view! {
        {plots}
        <details class="stage-more">
            <summary>"Round by round"</summary>
            <div class="table-scroll" role="region" aria-label="Round by round" tabindex="0">
                <table class="table">
                    <thead>
                        <tr><th scope="col" class="num">"Round"</th>{heads}</tr>
                    </thead>
                    <tbody>
                        <For each=move || rounds.get() key=|round| round.number children=row/>
                    </tbody>
                </table>
            </div>
        </details>
    }
}

fn plot(curve: Curve, first: u32, last: u32) -> impl IntoView {
    let lines = curve
        .channels
        .into_iter()
        .zip([1, 2, 3, 4].into_iter().cycle())
        .map(|((channel, values), look)| Line { label: channel, look, values });
    let label = format!("{} over the rounds", curve.metric);
    view! { <LinePlot label lines=lines.collect() words=metric start=format!("round {first}") end=format!("round {last}") free=true/> }
}

/// A metric with as many digits as tell something: `0.9123`, `12.35`.
pub(in super::super) fn metric(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 1,
        size if size >= 10.0 => 2,
        _ => 4,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::metric;

    #[test]
    fn a_metric_has_the_digits_that_tell_something() {
        assert_eq!(
            [0.91234, 0.5, 12.346, 1234.56, 0.0, -0.25].map(metric),
            ["0.9123", "0.5", "12.35", "1234.6", "0", "-0.25"]
        );
    }
}
