//! The doctor's addresses: a question as a query.

use crate::api::encoded;
use domain::doctor::QuestionForm;

/// The answers that are given, by the names they have in the address.
fn answers(form: &QuestionForm) -> [(&'static str, &str); 8] {
    [
        ("caller", &form.caller),
        ("role", &form.role),
        ("endpoint", &form.endpoint),
        ("region", &form.region),
        ("action", &form.action),
        ("external_id", &form.external_id),
        ("duration_seconds", &form.duration_seconds),
        ("session_policy", &form.session_policy),
    ]
}

/// The address that asks a question, with `more` beside it.
pub fn of(form: &QuestionForm, more: &[(&str, &str)]) -> String {
    let given = answers(form).into_iter().chain(more.iter().copied()).filter(|(_, answer)| !answer.trim().is_empty());
    let query: Vec<String> = given.map(|(name, answer)| format!("{name}={}", encoded(answer.trim()))).collect();
    format!("/doctor?{}", query.join("&"))
}

/// A question whose empty answers are taken from another.
#[cfg(feature = "ssr")]
pub(super) fn filled(form: QuestionForm, from: QuestionForm) -> QuestionForm {
    let or = |own: String, other: String| if own.trim().is_empty() { other } else { own };
    QuestionForm {
        caller: or(form.caller, from.caller),
        role: or(form.role, from.role),
        endpoint: or(form.endpoint, from.endpoint),
        region: or(form.region, from.region),
        action: or(form.action, from.action),
        external_id: or(form.external_id, from.external_id),
        duration_seconds: or(form.duration_seconds, from.duration_seconds),
        session_policy: or(form.session_policy, from.session_policy),
    }
}

/// The doctor's page that a form was sent from, with what was asked there and `name` beside it.
#[cfg(feature = "ssr")]
pub(super) fn back_with(name: &str, value: &str) -> String {
    let parts = crate::api::request_parts();
    let from = parts.as_ref().and_then(|parts| parts.headers.get(http::header::REFERER));
    replaced(from.and_then(|from| from.to_str().ok()).unwrap_or_default(), name, value)
}

/// The question of an address, with `name` in the place of an earlier one.
#[cfg(feature = "ssr")]
fn replaced(address: &str, name: &str, value: &str) -> String {
    let address = address.split('#').next().unwrap_or_default();
    let query = address.split_once('?').filter(|(page, _)| page.ends_with("/doctor")).map_or("", |(_, query)| query);
    let is_it = |part: &&str| part.split('=').next() == Some(name);
    let own = format!("{name}={}", encoded(value));
    let kept = query.split('&').filter(|part| !part.is_empty() && !is_it(part));
    let parts: Vec<&str> = kept.chain([own.as_str()]).collect();
    format!("/doctor?{}", parts.join("&"))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_escaped_and_what_is_empty_stays_out_of_its_address() {
        let form = QuestionForm {
            caller: "arn:aws:iam::222222222222:role/a+b".into(),
            external_id: " x&y ".into(),
            ..QuestionForm::default()
        };
        let to = of(&form, &[("live", "7")]);
        assert_eq!(to, "/doctor?caller=arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fa%2Bb&external_id=x%26y&live=7");
    }

    #[test]
    fn a_page_that_is_gone_back_to_asks_what_it_asked() {
        for (from, to) in [
            ("", "/doctor?refused=7"),
            ("https://console/doctor", "/doctor?refused=7"),
            ("https://console/doctor?refused=6", "/doctor?refused=7"),
            (
                "https://console/doctor?caller=a%26b&refused=6&live=2#link-trust",
                "/doctor?caller=a%26b&live=2&refused=7",
            ),
            ("https://console/shares?caller=a", "/doctor?refused=7"),
        ] {
            assert_eq!(replaced(from, "refused", "7"), to, "{from}");
        }
    }

    #[test]
    fn a_share_fills_in_only_what_was_left_empty() {
        let typed = QuestionForm { caller: "mine".into(), ..QuestionForm::default() };
        let share = QuestionForm { caller: "its".into(), role: "role".into(), ..QuestionForm::default() };
        let both = filled(typed, share);
        assert_eq!((both.caller.as_str(), both.role.as_str()), ("mine", "role"));
    }
}
