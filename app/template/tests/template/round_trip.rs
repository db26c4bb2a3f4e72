//! A template printed as JSON is the same template, whatever it was written in.

use proptest::prelude::*;
use serde_json::{Value, json};
use template::Template;

/// Values with functions in their long forms. References are to what the template has.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::String),
        prop::sample::select(vec![
            "yes",
            "012",
            "null",
            "~",
            "1:30",
            "a: b",
            "- x",
            "!Ref A",
            "*a",
            "&a",
            "${P}",
            "<<",
            "2010-09-09",
            "0x1f",
            "\u{85}",
            "'",
            "\"",
            "#",
            "\t"
        ])
        .prop_map(|text| Value::String(text.to_owned())),
        Just(json!({"Ref": "P"})),
        Just(json!({"Ref": "AWS::NoValue"})),
        Just(json!({"Fn::GetAtt": ["Other", "Arn"]})),
        Just(json!({"Fn::Sub": "a-${P}-${Other.Arn}-${!x}"})),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            list.clone().prop_map(Value::Array),
            prop::collection::btree_map("[A-Z][a-z ]{0,6}", inner.clone(), 0..4).prop_map(|map| json!(map)),
            list.clone().prop_map(|list| json!({"Fn::Join": [",", list]})),
            (0..3_u8, list).prop_map(|(index, list)| json!({"Fn::Select": [index, list]})),
            (inner.clone(), inner.clone()).prop_map(|(one, two)| json!({"Fn::If": ["C", one, two]})),
            inner.clone().prop_map(|one| json!({"Fn::Base64": one})),
            inner.clone().prop_map(|one| json!({"Fn::Split": ["|", one]})),
            inner.prop_map(|one| json!({"Fn::Sub": ["${x}${P}", {"x": one}]})),
        ]
    })
}

/// Block style for maps and lists, double quotes for all strings, short tags where there is one.
fn yaml(value: &Value, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(map) if map.is_empty() => out.push_str(" {}\n"),
        Value::Array(list) if list.is_empty() => out.push_str(" []\n"),
        Value::Object(map) => {
            let mut members = map.iter();
            if let (Some((name, argument)), None) = (members.next(), members.next())
                && let Some(tag) = name.strip_prefix("Fn::").or((name == "Ref").then_some("Ref"))
                && !matches!(argument, Value::Object(_) | Value::Bool(_) | Value::Number(_))
            {
                out.push_str(&format!(" !{tag}"));
                return yaml(argument, indent, out);
            }
            out.push('\n');
            for (key, value) in map {
                out.push_str(&format!("{pad}{}:", json!(key)));
                yaml(value, indent + 2, out);
            }
        }
        Value::Array(list) => {
            out.push('\n');
            for item in list {
                out.push_str(&format!("{pad}-"));
                yaml(item, indent + 2, out);
            }
        }
        scalar => out.push_str(&format!(" {scalar}\n")),
    }
}

fn whole(property: &Value) -> Value {
    json!({
        "Parameters": {"P": {"Type": "String", "Default": "x"}},
        "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "y"]}},
        "Resources": {
            "Other": {"Type": "T"},
            "R": {"Type": "T", "Properties": {"P": property}, "Metadata": {"M": property}},
        },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn json_and_yaml_are_read_alike(property in value()) {
        let json = whole(&property);
        let from_json = Template::parse(&json.to_string()).unwrap();
        let mut text = String::new();
        yaml(&json, 0, &mut text);
        let from_yaml = Template::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&from_json, &from_yaml, "{}", text);
        let printed = from_yaml.to_json();
        prop_assert_eq!(&Template::parse(&printed.to_string()).unwrap(), &from_json);
        prop_assert_eq!(Template::parse(&printed.to_string()).unwrap().to_json(), printed);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(Resources|Outputs|Type|Ref|[-:{}\\[\\],!&*#|>'\"\n ]|[a-z]){0,60}") {
        let _ = Template::parse(&text);
        let _ = template::locate(&text, "/Resources/a/Type");
    }
}
