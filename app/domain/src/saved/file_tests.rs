use super::*;
use crate::invoke::{InvokeHeaders, Through};
use crate::names::EndpointName;
use crate::saved::{Variable, VariableKind};
use crate::share::intent::InvokeAction;
use proptest::prelude::*;

fn saved(name: &str, body: &str) -> Saved {
    let mut saved = Saved {
        name: name.into(),
        description: "For everybody.\nReally.".into(),
        endpoint: EndpointName::parse("Churn-Classifier").unwrap_or_else(|error| panic!("{error}")),
        through: None,
        way: InvokeAction::Stream,
        headers: InvokeHeaders {
            custom_attributes: "who={{who}}".into(),
            ..InvokeHeaders::of_type("application/json")
        },
        body: body.into(),
        encoding: BodyEncoding::Text,
        variables: Vec::new(),
    };
    let who = Variable {
        kind: VariableKind::Choice,
        label: "Who".into(),
        help: "Whoever".into(),
        default: "b".into(),
        choices: vec!["a".into(), "b".into()],
        ..Variable::new("who".parse().unwrap_or_else(|error| panic!("{error}")), VariableKind::Text)
    };
    saved.variables = saved.variables(&[who]).unwrap_or_else(|problems| panic!("{problems:?}"));
    saved
}

fn file() -> String {
    print_file(&[saved("One", r#"{"age": {{age}}}"#), saved("Two", "{}")])
}

#[test]
fn a_file_reads_back_without_what_belongs_to_a_console() {
    let through = Through::parse("direct/eu-west-1/prod").ok();
    let one = Saved { through, ..saved("One", r#"{"age": {{age}}}"#) };
    let text = print_file(std::slice::from_ref(&one));
    assert!(!text.contains("prod") && !text.contains("direct/"), "{text}");
    assert_eq!(parse_file(&text), Ok(vec![Saved { through: None, ..one }]));
    assert_eq!(parse_file(&format!("\u{feff}{}", file())).map(|all| all.len()), Ok(2));
}

#[test]
fn a_file_is_called_after_what_is_in_it() {
    assert_eq!(file_name(&[saved("Score: a „customer“", "{}")]), "saved-requests-score-a-customer.json");
    assert_eq!(file_name(&[saved("顧客", "{}")]), "saved-requests-1.json");
    assert_eq!(file_name(&[saved("a", "{}"), saved("b", "{}")]), "saved-requests-2.json");
}

#[test]
fn a_file_that_can_not_be_read_is_refused_with_its_place() {
    let file = file();
    let cut = &file[..file.len() / 2];
    let newer = file.replace("\"version\": 1", "\"version\": 2");
    let other = file.replace("saved-requests\"", "share-offer\"");
    let changed = file.replace("For everybody", "For nobody");
    let more = file.replace("\"way\": \"stream\",", "\"way\": \"stream\", \"token\": \"x\",");
    let bad = file.replace("\"default\": \"b\"", "\"default\": \"z\"");
    let broken = file.replace("{{age}}", "{{age");
    let twice = file.replace("\"Two\"", "\"One\"");
    for (text, part, place) in [
        ("", "empty", "line 1, column 1"),
        ("age,name", "not JSON", "line 1, column 1"),
        (cut, "cut off", "line"),
        ("{\"a\": 1}", "member `sagebridge` is missing", "line 1, column 1"),
        (&newer, "newer Sagebridge", "`sagebridge.version`, line 4, column 16"),
        (&other, "another kind", "`sagebridge.kind`, line 3"),
        (&changed, "changed since it was made", "`checksum`"),
        (&more, "`token` is unknown", "`requests[0].token`, line 11"),
        (&bad, "none of the values", "`requests[0].variables[0].default`"),
        (&broken, "two braces begin a variable", "`requests[0].body`"),
        (&twice, "twice", "`requests[1].name`"),
    ] {
        let error = parse_file(text).unwrap_err();
        let said = error.to_string();
        assert!(said.contains(part) && said.contains(place) && !error.hint.is_empty(), "{said}");
    }
    let large = " ".repeat(MAX_BYTES + 1);
    assert!(parse_file(&large).unwrap_err().message.contains("at most"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), cut in 0..2000usize, with in "[\\[\\]{}\":,0-9a-z]{0,4}") {
        let _ = parse_file(&text);
        let mut file = file();
        let cut = (cut % file.len()..).find(|at| file.is_char_boundary(*at)).unwrap_or_default();
        file.insert_str(cut, &with);
        let _ = parse_file(&file);
    }

    #[test]
    fn every_name_and_body_comes_back(name in "[^\\p{C} ]{1,20}", body in "[a-z{}\"\\n\\\\]{0,20}") {
        let one = Saved { name: name.trim().to_owned(), body, headers: InvokeHeaders::of_type("text/plain"), variables: Vec::new(), ..saved("x", "{}") };
        if let (Ok(variables), true) = (one.variables(&[]), one.problems().is_empty()) {
            let one = Saved { variables, ..one };
            prop_assert_eq!(parse_file(&print_file(std::slice::from_ref(&one))), Ok(vec![one]));
        }
    }
}
