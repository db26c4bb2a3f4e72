//! Authored handshakes: a file a link, in `tests/doctor/handshakes`. Each case says what differs from the healthy one,
//! as a JSON merge patch (RFC 7386); where a patch has `[ … ]`, the whole list is put in place. A policy may be
//! written as JSON where the evidence has its text; `@name` stands for a document of the file's `let`.

use domain::doctor::{
    Diagnosis, Evidence, LinkKind, LinkState, Live, Piece, Question, QuestionForm, Verdict, diagnose, plan,
};
use domain::evaluate::Principal;
use domain::names::ConnectionId;
use domain::policy::{PolicyDocument, validate_identity, validate_trust};
use domain::share::plan::Action;
use serde_json::{Map, Value, json};
use std::path::Path;

/// A question with its evidence and its live calls.
#[derive(Clone)]
pub struct Handshake {
    pub question: Question,
    pub evidence: Evidence,
    pub live: Live,
}

impl Handshake {
    pub fn diagnose(&self) -> Diagnosis {
        diagnose(&self.question, &self.evidence, &self.live)
    }
}

fn folder() -> std::path::PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/doctor")
}

fn file(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    // A piece is read or it isn't.
    if !target.is_object() || patch.contains_key("unreadable") {
        *target = Value::Object(Map::new());
    }
    let target = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Puts documents in the place of their names, and texts in the place of documents.
fn expand(value: &mut Value, shared: &Map<String, Value>) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix('@') {
                *value = shared.get(name).unwrap_or_else(|| panic!("no `{name}` in `let`")).clone();
                expand(value, shared);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| expand(item, shared)),
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                expand(value, shared);
                if matches!(key.as_str(), "text" | "trust" | "session_policy") && value.is_object() {
                    *value = Value::String(PolicyDocument::parse_value(value).unwrap().pretty());
                }
            }
        }
        _ => {}
    }
}

fn handshake(name: &str, value: &Value) -> Handshake {
    let form: QuestionForm = serde_json::from_value(value["question"].clone()).unwrap();
    let question = form.parse().unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
    let evidence = serde_json::from_value(value["evidence"].clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let live = serde_json::from_value(value["live"].clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    Handshake { question, evidence, live }
}

/// The healthy handshake with a patch.
pub fn patched(patch: &Value) -> Handshake {
    let mut value = file(&folder().join("healthy.json"));
    merge(&mut value, patch);
    expand(&mut value, &Map::new());
    handshake("patched", &value)
}

struct Case {
    name: String,
    handshake: Handshake,
    /// What people have to do themselves, as a patch of what the repairs lead to.
    then: Value,
    expect: Value,
}

fn cases() -> Vec<Case> {
    let healthy = file(&folder().join("healthy.json"));
    let mut files: Vec<_> =
        std::fs::read_dir(folder().join("handshakes")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let content = self::file(&file);
        let shared = content["let"].as_object().cloned().unwrap_or_default();
        for case in content["cases"].as_array().unwrap() {
            let name = format!("{}: {}", file.file_stem().unwrap().display(), case["name"].as_str().unwrap());
            let mut value = healthy.clone();
            for part in ["question", "evidence", "live"] {
                if !case[part].is_null() {
                    merge(&mut value[part], &case[part]);
                }
            }
            expand(&mut value, &shared);
            let mut then = case["then"].clone();
            expand(&mut then, &shared);
            let handshake = handshake(&name, &value);
            cases.push(Case { name, handshake, then, expect: case["expect"].clone() });
        }
    }
    cases
}

fn told(diagnosis: &Diagnosis) -> String {
    let mut lines = vec![format!("{:?}: {}", diagnosis.verdict, diagnosis.sentence)];
    for link in &diagnosis.links {
        lines.push(format!("{}: {:?}: {}", link.kind.key(), link.state, link.sentence));
        lines.extend(link.unread.iter().map(|unread| format!("  unread: {} ({})", unread.what, unread.why)));
        for repair in &link.repairs {
            lines.push(format!("  repair {:?} {:?}: {}", repair.whose, repair.side, repair.sentence));
            lines.extend(repair.steps.iter().map(|step| format!("    step: {}", step.title())));
            lines
                .extend(repair.requests.iter().map(|one| format!("    send: {} = {:?}", one.field.label(), one.after)));
            for change in &repair.changes {
                lines.push(format!("    {}: {}", change.name, change.after.as_deref().unwrap_or("removed")));
            }
        }
    }
    lines.join("\n")
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    }
}

fn named<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// What a case expects and the diagnosis doesn't say.
fn wrongs(case: &Case) -> Vec<String> {
    let diagnosis = case.handshake.diagnose();
    let expect = &case.expect;
    let kind: LinkKind = named(&expect["link"]);
    let state: LinkState = named(&expect["state"]);
    let link = diagnosis.link(kind);
    let mut wrong = Vec::new();
    if link.state != state {
        wrong.push(format!("the link is {:?}", link.state));
    }
    let first = if state.is_broken() { Some(kind) } else { None };
    if diagnosis.first_broken != first && expect["not_first"].is_null() {
        wrong.push(format!("the first broken link is {:?}", diagnosis.first_broken));
    }
    if !expect["layer"].is_null() {
        let layer = link.explanations.iter().map(|one| serde_json::to_value(one.decided_by).unwrap());
        if !layer.clone().any(|layer| layer == expect["layer"]) {
            wrong.push(format!("decided by {:?}", layer.collect::<Vec<_>>()));
        }
    }
    for words in texts(&expect["says"]) {
        if !link.sentence.contains(&words) {
            wrong.push(format!("the sentence does not say {words}"));
        }
    }
    let sentences: Vec<&str> = link.repairs.iter().map(|repair| repair.sentence.as_str()).collect();
    for words in texts(&expect["fix"]) {
        if !sentences.iter().any(|sentence| sentence.contains(&words)) {
            wrong.push(format!("no repair says {words}"));
        }
    }
    let steps: Vec<String> = diagnosis.repairs().flat_map(|repair| &repair.steps).map(Action::title).collect();
    if !expect["steps"].is_null() && steps != texts(&expect["steps"]) {
        wrong.push(format!("the steps are {steps:?}"));
    }
    let changes = link.repairs.iter().flat_map(|repair| &repair.changes).filter_map(|change| change.after.as_ref());
    for words in texts(&expect["after"]) {
        if !changes.clone().any(|text| text.contains(&words)) {
            wrong.push(format!("no document says {words}"));
        }
    }
    for words in texts(&expect["without"]) {
        if sentences.iter().any(|sentence| sentence.contains(&words)) {
            wrong.push(format!("a repair says {words}"));
        }
    }
    wrong
}

#[test]
fn the_healthy_handshake_is_allowed_on_paper_in_every_link() {
    let diagnosis = patched(&json!({})).diagnose();
    assert_eq!(diagnosis.verdict, Verdict::Allowed, "{}", told(&diagnosis));
    assert!(diagnosis.links.iter().all(|link| link.state == LinkState::Allowed), "{}", told(&diagnosis));
    assert_eq!(diagnosis.repairs().count(), 0);
}

#[test]
fn every_broken_handshake_is_diagnosed_to_the_right_link_layer_and_statement() {
    let cases = cases();
    assert!(cases.len() >= 40, "only {} cases were found", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let found = wrongs(case);
        if !found.is_empty() {
            wrong.push(format!("{}\n  {}\n{}\n", case.name, found.join("\n  "), told(&case.handshake.diagnose())));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// The handshake once every repair is made, and what people have to do besides.
fn repaired(case: &Case) -> Handshake {
    let mut after = case.handshake.clone();
    let diagnosis = after.diagnose();
    for repair in diagnosis.repairs() {
        repair.apply(&mut after.question, &mut after.evidence);
    }
    if !case.then.is_null() {
        let mut evidence = serde_json::to_value(&after.evidence).unwrap();
        merge(&mut evidence, &case.then["evidence"].as_object().cloned().unwrap_or_default().into());
        after.evidence = serde_json::from_value(evidence).unwrap();
        let mut form = serde_json::to_value(QuestionForm::of(&after.question)).unwrap();
        merge(&mut form, &case.then["question"].as_object().cloned().unwrap_or_default().into());
        after.question = serde_json::from_value::<QuestionForm>(form).unwrap().parse().unwrap();
    }
    // The calls were made before the repair.
    after.live = Live::default();
    after
}

#[test]
fn making_the_repairs_lets_every_broken_handshake_through() {
    for case in cases() {
        let after = repaired(&case).diagnose();
        let before = told(&case.handshake.diagnose());
        assert_eq!(after.verdict, Verdict::Allowed, "{}\n{before}\nafter:\n{}", case.name, told(&after));
        assert_eq!(after.repairs().count(), 0, "{}", case.name);
    }
}

#[test]
fn the_documents_of_repairs_are_what_iam_takes() {
    for case in cases() {
        for repair in case.handshake.diagnose().repairs() {
            for action in &repair.steps {
                let checked = match action {
                    Action::UpdateTrust { trust, .. } => validate_trust(&PolicyDocument::parse(trust).unwrap()),
                    Action::CreatePolicyVersion { document, .. } | Action::PutInlinePolicy { document, .. } => {
                        validate_identity(&PolicyDocument::parse(document).unwrap())
                    }
                    _ => Ok(()),
                };
                assert_eq!(checked, Ok(()), "{}: {}", case.name, action.title());
            }
        }
    }
}

#[test]
fn a_repair_by_this_console_has_a_step_for_every_document() {
    for case in cases() {
        for repair in case.handshake.diagnose().repairs() {
            let titles: Vec<String> = repair.steps.iter().map(Action::title).collect();
            for change in repair.changes.iter().filter(|_| repair.is_plannable()) {
                assert!(titles.iter().any(|title| title.contains(&change.name)), "{}: {titles:?}", case.name);
                assert!(change.before != change.after, "{}: nothing changes in {}", case.name, change.name);
            }
        }
    }
}

#[test]
fn a_broken_handshake_becomes_a_plan_in_the_right_accounts() {
    for case in cases() {
        let diagnosis = case.handshake.diagnose();
        let plan = plan(diagnosis.repairs(), |account| ConnectionId::parse(account.as_str()).ok());
        let steps: usize = diagnosis.repairs().map(|repair| repair.steps.len()).sum();
        assert_eq!(plan.steps.len(), steps, "{}", case.name);
        for (at, step) in plan.steps.iter().enumerate() {
            assert_eq!(step.connection.as_str(), step.account.as_str(), "{}", case.name);
            assert!(step.after.iter().all(|id| plan.steps[..at].iter().any(|one| one.id == *id)), "{}", case.name);
        }
    }
}

#[test]
fn no_repair_of_a_trust_policy_lets_in_more_than_the_caller() {
    for case in cases() {
        let mut stranger = case.handshake.clone();
        for repair in stranger.diagnose().repairs() {
            repair.apply(&mut stranger.question, &mut stranger.evidence);
        }
        let own = stranger.question.clone();
        let caller = Principal::parse("arn:aws:iam::999999999999:role/stranger").unwrap();
        let question = Question { caller, ..own.clone() };
        let trusts = |evidence: &Evidence| {
            let caller = Piece::unreadable("it is nobody's");
            let caller_organization = case.handshake.evidence.caller_organization.clone();
            let evidence = Evidence { caller, caller_organization, ..evidence.clone() };
            diagnose(&question, &evidence, &Live::default()).link(LinkKind::Trust).state
        };
        if trusts(&stranger.evidence) == LinkState::Allowed {
            let before = trusts(&case.handshake.evidence);
            assert_eq!(before, LinkState::Allowed, "{}: a stranger may assume the role now", case.name);
        }
        if case.handshake.evidence.role.read().is_some_and(|role| role.trust.contains("sts:ExternalId")) {
            let question = Question { external_id: None, ..own };
            let state = diagnose(&question, &stranger.evidence, &Live::default()).link(LinkKind::Trust).state;
            assert_ne!(state, LinkState::Allowed, "{}: the external ID is not asked for any more", case.name);
        }
    }
}

#[test]
fn no_repair_of_identity_policies_allows_more_than_the_question_asks() {
    for case in cases() {
        if let Err(wrong) = crate::least::opens_no_more(&case.handshake) {
            panic!("{}: {wrong}\n{}", case.name, told(&case.handshake.diagnose()));
        }
    }
}

#[test]
fn a_diagnosis_travels_to_the_browser_and_back() {
    for case in cases() {
        let diagnosis = case.handshake.diagnose();
        let text = serde_json::to_string(&diagnosis).unwrap();
        assert_eq!(serde_json::from_str::<Diagnosis>(&text).unwrap(), diagnosis, "{}", case.name);
    }
}

#[test]
fn every_sentence_is_in_words_without_a_final_stop() {
    for case in cases() {
        let diagnosis = case.handshake.diagnose();
        let repairs = diagnosis.repairs().map(|repair| &repair.sentence);
        for sentence in diagnosis.links.iter().map(|link| &link.sentence).chain(repairs).chain([&diagnosis.sentence]) {
            assert!(!sentence.is_empty() && !sentence.ends_with('.'), "{}: {sentence}", case.name);
            assert!(!sentence.contains("Some(") && !sentence.contains("::Denied"), "{}: {sentence}", case.name);
        }
    }
}
