//! The candidate beside the model that serves: metrics, what it was trained with, and its file.

use super::super::overview::metric;
use crate::ui::{ArnText, Card, CopyButton, Time, size, thousands};
use domain::pipeline::evidence::{Artifact, Difference, Evidence as Found, Metric, Trained};
use domain::time::Timestamp;
use leptos::prelude::*;

/// What the candidate is, in a sentence.
pub(super) fn evidence_sentence(evidence: &Found) -> String {
    let name = &evidence.candidate.job.name;
    match evidence.candidate.job.status.as_str() {
        "InProgress" => return format!("{name} is still being trained."),
        "Failed" => return format!("The training of {name} failed: there is no model to judge."),
        _ => {}
    }
    let judged = evidence.metrics.iter().filter(|metric| metric.candidate.is_some());
    let Some(first) =
        judged.clone().find(|metric| metric.name.starts_with("validation")).or_else(|| judged.clone().next())
    else {
        return format!("{name} is trained; its job told no metrics.");
    };
    let value = first.candidate.map(metric).unwrap_or_default();
    match first.change() {
        None if evidence.live.is_none() => {
            format!("{name} has {} {value}. It would be the first model that this pipeline deploys.", first.name)
        }
        None => format!("{name} has {} {value}; the model that serves has no such metric.", first.name),
        Some((0.0, _)) => format!("{name} has {} {value}, as the model that serves.", first.name),
        Some((change, better)) => {
            let way = if change > 0.0 { "more" } else { "less" };
            let judged = match better {
                Some(true) => ": better",
                Some(false) => ": worse",
                None => "",
            };
            format!(
                "{name} has {} {value}, {} {way} than the model that serves{judged}.",
                first.name,
                metric(change.abs())
            )
        }
    }
}

/// Everything an approval is decided by, but for answers.
#[component]
pub(super) fn Evidence(
    evidence: Found,
    now: Timestamp,
    /// Where the training's log is.
    log: String,
) -> impl IntoView {
    let Found { candidate, live, artifact, metrics, hyperparameters, inputs } = evidence;
    let first = live.is_none();
    let differs = if first {
        view! {
            <p class="card-body muted">"No model of this pipeline serves yet: there is nothing to compare it with. All that it was told and given is below."</p>
        }
        .into_any()
    } else {
        view! {
            <Differences title="Hyperparameters" all=hyperparameters same="The container was told the same."/>
            <Differences title="Data, image and instances" all=inputs same="It was given the same data, by version, and ran on the same."/>
        }
        .into_any()
    };
    let told = candidate.clone();
    view! {
        <Card title=|| "Metrics">
            <Metrics metrics first/>
        </Card>
        <Card title=|| "What differs from the run that is live">
            {differs}
            <Told candidate=told/>
        </Card>
        <Card title=|| "The model" aside=move || view! { <a href=log.clone()>"The training's log"</a> }>
            <Model candidate artifact live now/>
        </Card>
    }
}

#[component]
fn Metrics(metrics: Vec<Metric>, first: bool) -> impl IntoView {
    if metrics.is_empty() {
        return view! { <p class="card-body muted">"The training job told none. Its log has what it wrote."</p> }
            .into_any();
    }
    let rows = metrics.into_iter().map(|one| {
        let (change, better) = one.change().unzip();
        let (class, word) = match (change, better.flatten()) {
            (_, Some(true)) => ("num nowrap is-better", " better"),
            (_, Some(false)) => ("num nowrap is-worse", " worse"),
            (Some(0.0), None) => ("num nowrap muted", " the same"),
            _ => ("num nowrap", ""),
        };
        let apart = change
            .filter(|change| *change != 0.0)
            .map(|change| format!("{}{}", if change > 0.0 { "+" } else { "−" }, metric(change.abs())));
        view! {
            <tr>
                <th scope="row"><code>{one.name.clone()}</code></th>
                {(!first).then(|| view! { <td class="num">{one.live.map(metric)}</td> })}
                <td class="num">{one.candidate.map(metric)}</td>
                {(!first).then(|| view! { <td class=class>{apart} {word}</td> })}
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-scroll" role="region" aria-label="Metrics" tabindex="0">
            <table class="table metric-table">
                <thead>
                    <tr>
                        <th scope="col">"Metric"</th>
                        {(!first).then(|| view! { <th scope="col" class="num">"Serving"</th> })}
                        <th scope="col" class="num">"Candidate"</th>
                        {(!first).then(|| view! { <th scope="col" class="num">"Difference"</th> })}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// Old values above new ones, each with its sign.
#[component]
fn Differences(title: &'static str, all: Vec<Difference>, same: &'static str) -> impl IntoView {
    let told = if all.is_empty() {
        view! { <p class="muted">{same}</p> }.into_any()
    } else {
        let row = |difference: Difference| {
            let line = |class, sign, said: &'static str, value: Option<String>| {
                value.map(|value| {
                    view! {
                        <dd class=class>
                            <span class="difference-sign" aria-hidden="true">{sign}</span>
                            <span class="visually-hidden">{said}</span>
                            <code>{value}</code>
                        </dd>
                    }
                })
            };
            view! {
                <dt><code>{difference.name}</code></dt>
                {line("is-removed", "−", "Live: ", difference.live)}
                {line("is-added", "+", "Candidate: ", difference.candidate)}
            }
        };
        view! { <dl class="differences">{all.into_iter().map(row).collect_view()}</dl> }.into_any()
    };
    view! {
        <div class="card-body">
            <h3>{title}</h3>
            {told}
        </div>
    }
}

/// All that the candidate was told and given.
#[component]
fn Told(candidate: Trained) -> impl IntoView {
    let pair = |name: String, value: String| view! { <dt><code>{name}</code></dt><dd><code>{value}</code></dd> };
    let told = candidate.job.hyperparameters.into_iter().map(|(name, value)| pair(name, value)).collect_view();
    let given = candidate.job.channels.into_iter().map(|(channel, uri)| {
        let version = candidate
            .data
            .get(&channel)
            .map(|object| format!(" · {} bytes · version {}", thousands(object.bytes), object.version));
        pair(format!("{channel} data"), format!("{uri}{}", version.unwrap_or_default()))
    });
    let given = given.collect_view();
    view! {
        <details class="stage-more card-more">
            <summary>"All that the candidate was told and given"</summary>
            <dl class="told">{told} {given}</dl>
        </details>
    }
}

#[component]
fn Model(candidate: Trained, artifact: Option<Artifact>, live: Option<Trained>, now: Timestamp) -> impl IntoView {
    let file = match artifact {
        None => view! { <dt>"File"</dt><dd class="muted">"There is none yet."</dd> }.into_any(),
        Some(Artifact { uri, bytes, sha256 }) => {
            let hash = match sha256 {
                Some(hash) => view! { <span class="hash"><code>{hash.clone()}</code> <CopyButton text=hash label="Copy the SHA-256" compact=true/></span> }.into_any(),
                None => view! { <span class="muted">"Not read: the file is too large."</span> }.into_any(),
            };
            view! {
                <dt>"File"</dt>
                <dd><ArnText arn=uri label="Copy the model's address"/></dd>
                <dt>"Size"</dt>
                <dd>{size(bytes)} " (" {thousands(bytes)} " bytes)"</dd>
                <dt>"SHA-256"</dt>
                <dd>{hash}</dd>
            }
            .into_any()
        }
    };
    let job = candidate.job;
    let trained = job.ended.map(|ended| view! { <dt>"Trained"</dt><dd><Time at=ended now/></dd> });
    let billed = job.billable_seconds.map(|seconds| view! { <dt>"Billable"</dt><dd>{thousands(seconds)} " s"</dd> });
    let serves = live.map(|live| view! { <dt>"Serves now"</dt><dd><code>{live.job.name}</code></dd> });
    view! {
        <dl class="facts">
            <dt>"Training job"</dt>
            <dd><ArnText arn=job.name label="Copy the training job's name"/></dd>
            {file}
            {trained}
            {billed}
            {serves}
        </dl>
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use domain::pipeline::evidence::TrainingJob;
    use std::collections::BTreeMap;

    fn trained(auc: f64) -> Trained {
        let job = TrainingJob {
            name: "churn-1".into(),
            status: "Completed".into(),
            phase: "Completed".into(),
            failure: None,
            image: String::new(),
            hyperparameters: BTreeMap::new(),
            metrics: [("train:auc".to_owned(), 0.99), ("validation:auc".to_owned(), auc)].into(),
            channels: BTreeMap::new(),
            artifact: None,
            instance_type: String::new(),
            instance_count: 1,
            created: Timestamp(0),
            ended: None,
            billable_seconds: None,
        };
        Trained { job, data: BTreeMap::new() }
    }

    #[test]
    fn a_candidate_is_told_by_how_it_does_on_what_it_was_tried_on() {
        let told =
            |live: Option<f64>, candidate| evidence_sentence(&Found::of(trained(candidate), live.map(trained), None));
        assert_eq!(
            told(Some(0.5), 0.75),
            "churn-1 has validation:auc 0.75, 0.25 more than the model that serves: better."
        );
        assert_eq!(
            told(Some(0.75), 0.5),
            "churn-1 has validation:auc 0.5, 0.25 less than the model that serves: worse."
        );
        assert_eq!(told(Some(0.5), 0.5), "churn-1 has validation:auc 0.5, as the model that serves.");
        assert_eq!(
            told(None, 0.5),
            "churn-1 has validation:auc 0.5. It would be the first model that this pipeline deploys."
        );
    }
}
