//! Texts that mean harm: each is answered soon, with a refusal or a bounded result, and no stack overflows.

use crate::fake::{Fake, deploy};
use template::{Aliases, Template};

fn resource(value: &str) -> String {
    format!("Resources:\n  R:\n    Type: T\n    Properties:\n      P: {value}\n")
}

#[test]
fn billions_of_laughs_are_refused() {
    let mut text = "Metadata:\n  a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..12 {
        let before = level - 1;
        let aliases = vec![format!("*a{before}"); 9].join(", ");
        text.push_str(&format!("  a{level}: &a{level} [{aliases}]\n"));
    }
    text.push_str(&resource("*a11"));
    let error = Template::parse_with(&text, Aliases::Expanded).unwrap_err();
    assert!(error.message.contains("aliases stand for too much"), "{error}");
    assert!(Template::parse(&text).is_err());
}

#[test]
fn an_alias_within_itself_is_refused() {
    let error = Template::parse_with(&resource("&a [*a]"), Aliases::Expanded).unwrap_err();
    assert!(error.message.contains("within what it stands for"), "{error}");
}

#[test]
fn aliases_cannot_nest_deeper_than_text_can() {
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(40), "]".repeat(40));
    let mut text = format!("Metadata:\n  a0: &a0 {}\n", deep("x"));
    for level in 1..50 {
        text.push_str(&format!("  a{level}: &a{level} {}\n", deep(&format!("*a{}", level - 1))));
    }
    text.push_str(&resource("1"));
    let error = Template::parse_with(&text, Aliases::Expanded).unwrap_err();
    assert!(error.message.contains("nested too deeply"), "{error}");
}

#[test]
fn deep_nesting_is_refused() {
    for depth in [200, 20_000, 400_000] {
        let json = format!("{{\"Resources\": {}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(Template::parse(&json).is_err(), "json {depth}");
        let objects = format!("{}1{}", "{\"a\":".repeat(depth.min(150_000)), "}".repeat(depth.min(150_000)));
        assert!(Template::parse(&objects).is_err(), "objects {depth}");
        let flow = resource(&format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(Template::parse(&flow).is_err(), "flow {depth}");
        let block = format!("Resources:\n  R: {}x\n", "\n    - ".to_owned() + &"- ".repeat(depth));
        assert!(Template::parse(&block).is_err(), "block {depth}");
    }
    let functions = (0..60).fold("a".to_owned(), |inner, _| format!("{{\"Fn::Base64\": {inner}}}"));
    assert!(Template::parse(&resource(&functions)).is_ok());
    let too_deep = (0..150).fold("a".to_owned(), |inner, _| format!("{{\"Fn::Base64\": {inner}}}"));
    assert!(Template::parse(&resource(&too_deep)).unwrap_err().message.contains("nested too deeply"));
}

#[test]
fn the_deepest_template_needs_half_a_threads_stack() {
    let joined =
        |levels: usize| (0..levels).fold("a".to_owned(), |inner, _| format!("{{\"Fn::Join\": [\"\", [{inner}]]}}"));
    assert!(Template::parse(&resource(&joined(40))).is_err());
    let text = resource(&joined(30));
    let run = std::thread::Builder::new().stack_size(1024 * 1024).spawn(move || {
        let template = Template::parse(&text).unwrap();
        let deployment = deploy(&template, &[]).unwrap();
        let value = deployment.properties("R", &Fake::default()).unwrap();
        (value, Template::parse(&template.to_json().to_string()).unwrap() == template)
    });
    let (value, same) = run.unwrap().join().unwrap();
    assert_eq!((value["P"].as_str(), same), (Some("a"), true));
}

#[test]
fn many_values_are_read_soon() {
    for unit in ["[],", "{},", "a,", "[a],", "{a: b},", "'x',"] {
        let text = resource(&format!("[{}]", unit.repeat(200_000 / unit.len())));
        let template = Template::parse(&text).unwrap();
        let deployment = deploy(&template, &[]).unwrap();
        let _ = deployment.properties("R", &Fake::default());
    }
    let many: String = (0..20_000).map(|index| format!("      K{index}: v\n")).collect();
    assert!(Template::parse(&format!("Resources:\n  R:\n    Type: T\n    Properties:\n{many}")).is_ok());
    assert!(Template::parse(&"? ".repeat(200_000)).is_err());
    assert!(Template::parse(&"&a ".repeat(200_000)).is_err());
    assert!(Template::parse(&"!Ref ".repeat(200_000)).is_err());
}

#[test]
fn a_sub_that_multiplies_is_stopped() {
    let text = format!(
        "Resources:\n  R:\n    Type: T\n    Properties:\n      P: !Sub\n        - '{}'\n        - x: '{}'\n",
        "${x}".repeat(10_000),
        "y".repeat(40_000)
    );
    let template = Template::parse(&text).unwrap();
    let error = deploy(&template, &[]).unwrap().properties("R", &Fake::default()).unwrap_err();
    assert!(error.message.contains("larger than"), "{error}");
    assert_eq!(error.path, "/Resources/R/Properties/P/Fn::Sub");
}

#[test]
fn joins_of_joins_are_stopped() {
    let mut value = format!("{{\"Fn::Join\": [\"{}\", [{}]]}}", "d".repeat(500), vec!["a"; 2000].join(","));
    for _ in 0..3 {
        value = format!("{{\"Fn::Join\": [\",\", [{}]]}}", [value.as_str(); 4].join(","));
    }
    let template = Template::parse(&resource(&value)).unwrap();
    let error = deploy(&template, &[]).unwrap().properties("R", &Fake::default()).unwrap_err();
    assert!(error.message.contains("larger than"), "{error}");
}

#[test]
fn a_chain_of_conditions_needs_no_stack() {
    let count = 8_000;
    let mut text = "Conditions:\n  C0: !Equals [a, a]\n".to_owned();
    for index in 1..count {
        text.push_str(&format!("  C{index}: !Not [!Condition C{}]\n", index - 1));
    }
    text.push_str("Resources: {R: {Type: T}}\n");
    let template = Template::parse(&text).unwrap();
    assert_eq!(deploy(&template, &[]).unwrap().condition("C7999"), Some(false));
}

#[test]
fn a_chain_of_resources_is_put_in_order() {
    let mut text = "Resources:\n  R0: {Type: T}\n".to_owned();
    for index in 1..500 {
        text.push_str(&format!("  R{index}: {{Type: T, Properties: {{P: !Ref R{}}}}}\n", index - 1));
    }
    let template = Template::parse(&text).unwrap();
    assert_eq!(deploy(&template, &[]).unwrap().order().layers().len(), 500);
}
