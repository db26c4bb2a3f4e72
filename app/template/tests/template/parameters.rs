//! Values of parameters: where they come from, and which are refused.

use crate::fake::{bind, deploy};
use serde_json::json;
use template::{ErrorKind, ParameterInput, ParameterStore, Parameters, Template};

fn template(parameters: &str) -> Template {
    Template::parse(&format!("Parameters: {parameters}\nResources: {{R: {{Type: T}}}}\n")).unwrap()
}

#[test]
fn values_are_held_to_their_constraints() {
    let cases = [
        ("{P: {Type: String, AllowedPattern: '[a-z]+'}}", "abc", None),
        ("{P: {Type: String, AllowedPattern: '^[a-z]+$'}}", "ab1", Some("Parameter 'P' must match pattern ^[a-z]+$")),
        ("{P: {Type: String, AllowedPattern: 'a|b'}}", "ab", Some("Parameter 'P' must match pattern a|b")),
        (
            "{P: {Type: String, AllowedPattern: a, ConstraintDescription: be an a}}",
            "b",
            Some("Parameter P failed to satisfy constraint: be an a"),
        ),
        ("{P: {Type: String, AllowedValues: [a, b]}}", "c", Some("Parameter 'P' must be one of AllowedValues")),
        ("{P: {Type: Number, AllowedValues: [1, 2]}}", "2", None),
        ("{P: {Type: String, MinLength: 3}}", "ab", Some("Parameter 'P' must contain at least 3 characters")),
        ("{P: {Type: String, MaxLength: '2'}}", "äöü", Some("Parameter 'P' must contain at most 2 characters")),
        ("{P: {Type: Number}}", "1e3", None),
        ("{P: {Type: Number}}", "many", Some("Parameter 'P' must be a number")),
        ("{P: {Type: Number}}", "NaN", Some("Parameter 'P' must be a number")),
        ("{P: {Type: Number, MinValue: 1.5}}", "1", Some("Parameter 'P' must be a number not less than 1.5")),
        ("{P: {Type: Number, MaxValue: 9}}", "10", Some("Parameter 'P' must be a number not greater than 9")),
        (
            "{P: {Type: 'List<Number>', MaxValue: 9}}",
            "1, 10",
            Some("Parameter 'P' must be a number not greater than 9"),
        ),
        (
            "{P: {Type: CommaDelimitedList, AllowedValues: [a, b]}}",
            "a, c",
            Some("Parameter 'P' must be one of AllowedValues"),
        ),
        ("{P: {Type: CommaDelimitedList, AllowedPattern: '[a-z]'}}", "a, b", None),
        ("{P: {Type: 'AWS::EC2::VPC::Id'}}", "vpc-0123456789abcdef0", None),
        (
            "{P: {Type: 'AWS::EC2::VPC::Id'}}",
            "subnet-01234567",
            Some("Parameter validation failed: parameter value subnet-01234567 for parameter name P does not exist"),
        ),
        (
            "{P: {Type: 'List<AWS::EC2::Subnet::Id>'}}",
            "subnet-01234567,x",
            Some("Parameter validation failed: parameter value x for parameter name P does not exist"),
        ),
    ];
    for (parameters, value, expected) in cases {
        let message = bind(&template(parameters), &[("P", value)]).err().map(|error| error.message);
        assert_eq!(message.as_deref(), expected, "{parameters} {value}");
    }
}

#[test]
fn what_is_missing_or_too_much_is_named() {
    let template = template("{A: {Type: String}, B: {Type: String}, C: {Type: String, Default: c}}");
    let error = bind(&template, &[]).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Parameter, "Parameters: [A, B] must have values"));
    let error = bind(&template, &[("A", "1"), ("X", "1"), ("Y", "2")]).unwrap_err();
    assert_eq!(error.message, "Parameters: [X, Y] do not exist in the template");
    assert!(bind(&template, &[("A", "1"), ("A", "2"), ("B", "3")]).unwrap_err().message.contains("[A]"));
    assert!(bind(&template, &[("A", "1"), ("B", &"x".repeat(4097))]).unwrap_err().message.contains("4096"));
}

#[test]
fn a_previous_value_stays() {
    let template = template("{A: {Type: String, Default: one}, B: {Type: String, Default: two}}");
    let first = bind(&template, &[("A", "given")]).unwrap();
    let again = Parameters::bind(&template, &[ParameterInput::previous("A")], Some(&first), &()).unwrap();
    assert_eq!(again.get("A").unwrap().given, "given");
    // What is not given at all goes back to its default.
    let none = Parameters::bind(&template, &[], Some(&first), &()).unwrap();
    assert_eq!(none.get("A").unwrap().given, "one");
    let error = Parameters::bind(&template, &[ParameterInput::previous("A")], None, &()).unwrap_err();
    assert_eq!(
        error.message,
        "Invalid input for parameter key A. Cannot specify usePreviousValue as true for a parameter key not in the previous template"
    );
    let both = ParameterInput { value: Some("x".to_owned()), ..ParameterInput::previous("A") };
    let error = Parameters::bind(&template, &[both], Some(&first), &()).unwrap_err();
    assert_eq!(
        error.message,
        "Invalid input for parameter key A. Cannot specify usePreviousValue as true and non empty value for a parameter"
    );
}

#[test]
fn a_masked_value_is_shown_nowhere() {
    let template = template("{Secret: {Type: String, NoEcho: true, Default: hidden-default}}");
    let bound = bind(&template, &[("Secret", "hunter2")]).unwrap();
    let secret = bound.get("Secret").unwrap();
    assert_eq!((secret.shown(), secret.value()), ("****", json!("hunter2")));
    assert!(!format!("{bound:?}").contains("hunter2"));
    assert_eq!(template.summary().parameters[0].default_value.as_deref(), Some("****"));
    let shaped = self::template("{Secret: {Type: 'AWS::EC2::VPC::Id', NoEcho: true}}");
    let error = bind(&shaped, &[("Secret", "hunter2")]).unwrap_err();
    assert!(error.message.contains("****") && !error.message.contains("hunter2"), "{error}");
}

struct Store;

impl ParameterStore for Store {
    fn parameter(&self, name: &str) -> Option<String> {
        match name {
            "/image" => Some("ami-0123456789abcdef0".to_owned()),
            "/names" => Some("a, b".to_owned()),
            _ => None,
        }
    }
}

#[test]
fn the_parameter_store_is_asked() {
    let template = template(
        "{Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /image}, Names: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /names}}",
    );
    let bound = Parameters::bind(&template, &[], None, &Store).unwrap();
    assert_eq!(bound.get("Image").unwrap().value(), json!("ami-0123456789abcdef0"));
    assert_eq!(bound.get("Names").unwrap().value(), json!(["a", "b"]));
    assert_eq!(
        (bound.get("Image").unwrap().shown(), bound.get("Image").unwrap().shown_stored()),
        ("/image", Some("ami-0123456789abcdef0"))
    );
    let error = Parameters::bind(&template, &[ParameterInput::new("Image", "/nothing")], None, &Store).unwrap_err();
    assert!(error.message.contains("[/nothing]"), "{error}");
    assert!(Parameters::bind(&template, &[ParameterInput::new("Image", "/names")], None, &Store).is_err());
}

#[test]
fn a_list_may_be_empty() {
    let template = template("{L: {Type: CommaDelimitedList, Default: ''}}");
    assert_eq!(bind(&template, &[]).unwrap().get("L").unwrap().value(), json!([]));
}

#[test]
fn rules_hold_or_say_why_not() {
    let template = Template::parse(
        "Parameters: {Env: {Type: String, Default: dev}, Size: {Type: String, Default: small}, Zones: {Type: CommaDelimitedList, Default: 'a,b'}}
Rules:
  Big:
    RuleCondition: !Equals [!Ref Env, prod]
    Assertions:
      - Assert: !Contains [[large, huge], !Ref Size]
        AssertDescription: production is large
      - Assert: !EachMemberIn [!Ref Zones, [a, b, c]]
  Region:
    Assertions: [{Assert: !Not [!Equals [!Ref AWS::Region, us-east-1]]}, {Assert: !Or [!EachMemberEquals [[a, a], a], !Equals [a, b]]}]
Resources: {R: {Type: T}}
",
    )
    .unwrap();
    assert!(deploy(&template, &[]).is_ok());
    assert!(deploy(&template, &[("Env", "prod"), ("Size", "huge")]).is_ok());
    let error = deploy(&template, &[("Env", "prod")]).unwrap_err();
    assert_eq!((error.message.as_str(), error.path.as_str()), ("production is large", "/Rules/Big/Assertions/0"));
    assert!(
        deploy(&template, &[("Env", "prod"), ("Size", "large"), ("Zones", "a,x")]).unwrap_err().path.ends_with("/1")
    );
}

#[test]
fn functions_that_rules_do_not_have_are_refused() {
    let text = "Rules: {X: {Assertions: [{Assert: !Equals [!Join ['', [a]], a]}]}}\nResources: {R: {Type: T}}\n";
    assert_eq!(
        Template::parse(text).unwrap_err().message,
        "Template format error: Following functions are not supported in the Rules block of the template: [Fn::Join]"
    );
}
