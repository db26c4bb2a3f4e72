//! The standing checks of a plan.

use crate::ui::{Icon, IconName, Words};
use domain::share::checks::{CheckView, Severity};
use leptos::prelude::*;

/// Every check with its severity and reason, what needs attention first.
#[component]
pub fn ChecksList(
    /// The checks, in any order.
    checks: Vec<CheckView>,
) -> impl IntoView {
    let summary = summary(&checks);
    let mut checks = checks;
    checks.sort_by_key(|check| std::cmp::Reverse(check.severity));
    let passed = checks.split_off(checks.partition_point(|check| check.severity != Severity::Passed));
    let list = |class: &'static str, checks: Vec<CheckView>| {
        let items = checks.into_iter().map(|check| view! { <CheckItem check/> }).collect::<Vec<_>>();
        (!items.is_empty()).then(|| view! { <ul class=class>{items}</ul> })
    };
    view! {
        <section class="card" aria-labelledby="checks-title">
            <div class="card-head">
                <h2 id="checks-title">"Checks"</h2>
                <p class="card-aside">{summary}</p>
            </div>
            {list("checks", checks)}
            {list("checks checks-passed", passed)}
        </section>
    }
}

#[component]
fn CheckItem(check: CheckView) -> impl IntoView {
    let (class, name, said) = match check.severity {
        Severity::Passed => ("checks-sign is-passed", IconName::Check, "Passed"),
        Severity::Note => ("checks-sign is-note", IconName::Info, "To know"),
        Severity::Warning => ("checks-sign is-warning", IconName::Alert, "Warning"),
        Severity::Error => ("checks-sign is-error", IconName::Cross, "Error"),
    };
    view! {
        <li class="checks-item">
            <span class=class><Icon name/></span>
            <div>
                <p class="checks-title">
                    <span class="visually-hidden">{format!("{said}: ")}</span>
                    {check.title}
                </p>
                <p class="checks-reason"><Words text=check.reason/></p>
            </div>
        </li>
    }
}

/// `7 passed, 1 to know`, without what there is none of.
fn summary(checks: &[CheckView]) -> String {
    let count = |severity| checks.iter().filter(|c| c.severity == severity).count();
    let many = |n: usize, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
    let mut parts = Vec::new();
    for (n, one, more) in [
        (count(Severity::Error), "error", "errors"),
        (count(Severity::Warning), "warning", "warnings"),
        (count(Severity::Passed), "passed", "passed"),
        (count(Severity::Note), "to know", "to know"),
    ] {
        if n > 0 {
            parts.push(many(n, one, more));
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(severity: Severity) -> CheckView {
        CheckView { id: "x".into(), title: "X".into(), severity, reason: "because".into() }
    }

    #[test]
    fn the_summary_counts_what_there_is() {
        let checks = [check(Severity::Passed), check(Severity::Note), check(Severity::Passed)];
        assert_eq!(summary(&checks), "2 passed, 1 to know");
        assert_eq!(summary(&[check(Severity::Warning)]), "1 warning");
        assert_eq!(summary(&[]), "");
    }
}
