use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn filled(template: &str, syntax: Syntax, values: &[(&str, &str, bool)]) -> Result<String, TemplateProblem> {
    fill(template, syntax, |name| {
        let found = values.iter().find(|(known, ..)| *known == name.as_str());
        found.map(|(_, text, number)| Value { text, number: *number })
    })
}

fn names(template: &str, syntax: Syntax) -> Vec<String> {
    placeholders(template, syntax).unwrap_or_default().into_iter().map(|found| found.name.to_string()).collect()
}

#[test]
fn a_content_type_says_how_values_are_put_in() {
    for (kind, syntax) in [
        ("application/json", Syntax::Json),
        ("Application/JSON; charset=utf-8", Syntax::Json),
        ("application/vnd.api+json", Syntax::Json),
        ("application/jsonlines", Syntax::Json),
        ("text/csv; header=present", Syntax::Csv),
        ("text/plain", Syntax::Plain),
        ("", Syntax::Plain),
    ] {
        assert_eq!(Syntax::of(kind), syntax, "{kind}");
    }
}

#[test]
fn variables_are_found_once_each_in_the_order_they_come() {
    assert_eq!(names("{{b}},{{ a }},{{b}}", Syntax::Csv), ["b", "a"]);
    assert_eq!(names(r"\{{a}} {{_b2}}", Syntax::Plain), ["_b2"]);
    let found = placeholders(r#"{"a": {{n}}, "b": "{{n}} of {{m}}"}"#, Syntax::Json).unwrap_or_default();
    assert_eq!(found.iter().map(|one| one.bare).collect::<Vec<_>>(), [false, false]);
    assert!(placeholders(r#"{"a":{{n}}}"#, Syntax::Json).unwrap_or_default()[0].bare);
}

#[test]
fn in_json_a_number_stands_as_it_is_and_a_text_becomes_or_stays_a_string() {
    let template = r#"{"id": {{id}}, "name": "Dear {{name}}", "whole": {{name}}, "said": "{{id}}"}"#;
    let json = filled(template, Syntax::Json, &[("id", "-4.5e3", true), ("name", "A \"B\"\n\\", false)]);
    let expected = r#"{"id": -4.5e3, "name": "Dear A \"B\"\n\\", "whole": "A \"B\"\n\\", "said": "-4.5e3"}"#;
    assert_eq!(json.as_deref(), Ok(expected));
}

#[test]
fn in_csv_a_field_is_quoted_where_it_has_to_be() {
    let csv = |template: &str, value: &str| filled(template, Syntax::Csv, &[("x", value, false)]).unwrap_or_default();
    assert_eq!(csv("1,{{x}},3\n{{x}}", "two"), "1,two,3\ntwo");
    assert_eq!(csv("1,{{x}},3\n{{x}}", "a,\"b\""), "1,\"a,\"\"b\"\"\",3\n\"a,\"\"b\"\"\"");
    assert_eq!(csv("Mr {{x}} Esq.,2", "Doe, J"), "\"Mr Doe, J Esq.\",2");
    assert_eq!(csv("\"Mr {{x}}\",2", "\"J\""), "\"Mr \"\"J\"\"\",2");
    assert_eq!(csv("5\" of {{x}}", "a,b"), "\"5\"\" of a,b\"");
}

#[test]
fn braces_are_escaped_with_a_backslash() {
    let plain = |template: &str| filled(template, Syntax::Plain, &[("x", "v", false)]);
    assert_eq!(plain(r"\{{x}} {{x}}").as_deref(), Ok("{{x}} v"));
    assert_eq!(plain(r"C:\\{{x}}").as_deref(), Ok(r"C:\v"));
    assert_eq!(plain(r"C:\\\{{x}}").as_deref(), Ok(r"C:\{{x}}"));
    assert_eq!(plain(r"a\b \\ {").as_deref(), Ok(r"a\b \\ {"));
    let json = |template: &str| filled(template, Syntax::Json, &[("x", "v", false)]);
    assert_eq!(json(r#"["C:\\{{x}}"]"#).as_deref(), Ok(r#"["C:\\v"]"#));
    assert_eq!(json(r#"["\{{x}}"]"#).as_deref(), Ok(r#"["{{x}}"]"#));
    assert_eq!(json(r#"["\\\{{x}}"]"#).as_deref(), Ok(r#"["\\{{x}}"]"#));
}

#[test]
fn what_is_no_variable_is_told_with_its_place() {
    for (template, syntax, line, column, part) in [
        ("a\n b {{", Syntax::Plain, 2, 4, "missing"),
        ("{{1a}}", Syntax::Plain, 1, 1, "missing"),
        ("é{{a b}}", Syntax::Plain, 1, 2, "missing"),
        ("{{a\n}}", Syntax::Plain, 1, 1, "missing"),
        ("[1{{a}}]", Syntax::Json, 1, 3, "within another value"),
        ("[{{a}}{{b}}]", Syntax::Json, 1, 2, "within another value"),
        ("[{{a}}5]", Syntax::Json, 1, 2, "within another value"),
        (r#"["\u00{{a}}"]"#, Syntax::Json, 1, 7, "escape"),
        ("\"x\"{{a}}", Syntax::Csv, 1, 4, "closing quote"),
    ] {
        let problem = placeholders(template, syntax).unwrap_err();
        assert_eq!((problem.line, problem.column), (line, column), "{template}: {problem}");
        assert!(problem.message.contains(part), "{template}: {problem}");
    }
}

/// A text as a template of nothing but itself.
fn escaped(text: &str, syntax: Syntax) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let (before, braces) = rest.split_at(at);
        let slashes = before.len() - before.trim_end_matches('\\').len();
        out.push_str(before);
        if syntax != Syntax::Json {
            out.push_str(&"\\".repeat(slashes));
        }
        out.push_str("\\{{");
        rest = &braces[2..];
    }
    out + rest
}

/// Records and fields, read as RFC 4180 has them.
fn records(csv: &str) -> Vec<Vec<String>> {
    let (mut records, mut fields, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                fields.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut fields));
            }
            c => field.push(c),
        }
    }
    fields.push(field);
    records.push(fields);
    records
}

/// A JSON value with variables in it, as text, with the numbers' names beginning with `n`.
fn json_template() -> impl Strategy<Value = String> {
    let text = || "[a-z \\\\\"{}:,\u{e9}]{0,6}".prop_map(|text| escaped(&json_string(&text), Syntax::Json));
    let with = (text(), "[tn][01]", text())
        .prop_map(|(before, name, after)| format!("{} {{{{{name}}}}}{}", &before[..before.len() - 1], &after[1..]));
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i32>().prop_map(|number| number.to_string()),
        text(),
        with,
        "[tn][01]".prop_map(|name| format!("{{{{{name}}}}}")),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..4).prop_map(|members: BTreeMap<String, String>| {
                let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                // Braces that meet would begin a variable.
                format!("{{ {} }}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn an_escaped_text_fills_to_itself(text in "[a{}\\\\,\"\n ]{0,24}") {
        for syntax in [Syntax::Plain, Syntax::Csv] {
            prop_assert_eq!(filled(&escaped(&text, syntax), syntax, &[]), Ok(text.clone()));
        }
        let json = json_string(&text);
        prop_assert_eq!(filled(&escaped(&json, Syntax::Json), Syntax::Json, &[]), Ok(json));
    }

    #[test]
    fn no_value_breaks_json(template in json_template(), texts in prop::collection::vec(any::<String>(), 2), numbers in prop::collection::vec(any::<f32>().prop_filter("finite", |n| n.is_finite()), 2)) {
        let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
        let sample = [("t0", "x", false), ("t1", "y", false), ("n0", "1", true), ("n1", "2", true)];
        let values = [("t0", &*texts[0], false), ("t1", &*texts[1], false), ("n0", &*numbers[0], true), ("n1", &*numbers[1], true)];
        let (sample, filled) = (filled(&template, Syntax::Json, &sample), filled(&template, Syntax::Json, &values));
        let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
        let sample = sample.unwrap_or_else(|problem| panic!("{template}: {problem}"));
        prop_assert!(is_json(&sample), "{template}: {sample}");
        let filled = filled.unwrap_or_default();
        prop_assert!(is_json(&filled), "{template}: {filled}");
    }

    #[test]
    fn whatever_is_json_with_sample_values_is_json_with_all(template in "[\\[\\]{}:,\" \\\\u01a-]{0,12}(\\{\\{[tn]\\}\\})?[\\[\\]{}:,\" \\\\u01a-]{0,12}", text in any::<String>(), number in any::<i64>()) {
        let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
        let sample = filled(&template, Syntax::Json, &[("t", "x", false), ("n", "1", true)]);
        if sample.is_ok_and(|sample| is_json(&sample)) {
            let all = filled(&template, Syntax::Json, &[("t", &text, false), ("n", &number.to_string(), true)]);
            prop_assert!(all.is_ok_and(|all| is_json(&all)), "{}", template);
        }
    }

    #[test]
    fn a_value_of_csv_comes_back_out_of_its_field(value in "[a,\"\n é]{0,8}", before in "[a-z ]{1,3}") {
        let csv = filled("1,{{x}},\"q {{x}}\"\n{{b}}{{x}},4", Syntax::Csv, &[("x", &value, false), ("b", &before, false)]);
        let expected = vec![vec!["1".to_owned(), value.clone(), format!("q {value}")], vec![before + &value, "4".to_owned()]];
        prop_assert_eq!(records(&csv.unwrap_or_default()), expected);
    }

    #[test]
    fn no_text_makes_it_panic(template in any::<String>(), braces in "[{}\\\\\"a,u:]{0,30}") {
        for syntax in [Syntax::Json, Syntax::Csv, Syntax::Plain] {
            for text in [&template, &braces] {
                let _ = filled(text, syntax, &[("a", "v", false)]);
            }
        }
    }
}
