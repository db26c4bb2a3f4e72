//! Parsing, printing and comparing policy documents: what is accepted, what is refused and where.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use domain::evaluate::Scenario;
use domain::policy::{
    Operator, Pattern, PolicyDocument, PolicyVersion, ResourcePattern, Statement, same_meaning, validate_identity,
    validate_resource, validate_trust,
};
use proptest::prelude::*;

const TRUST: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "AllowCallers",
      "Effect": "Allow",
      "Principal": {
        "AWS": "arn:aws:iam::222222222222:role/scoring-lambda"
      },
      "Action": "sts:AssumeRole",
      "Condition": {
        "StringEquals": {
          "sts:ExternalId": "sb-7f3c"
        }
      }
    }
  ]
}"#;

fn identity(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)
}

#[test]
fn a_document_is_printed_in_the_order_of_aws() {
    let document = PolicyDocument::parse(TRUST).unwrap();
    assert_eq!(document.pretty(), TRUST);
    let built = PolicyDocument::new([Statement::allow(["sts:AssumeRole"])
        .sid("AllowCallers")
        .by_aws(["arn:aws:iam::222222222222:role/scoring-lambda"])
        .when(Operator::StringEquals, "sts:ExternalId", ["sb-7f3c"])]);
    assert_eq!(built, document);
    assert_eq!(PolicyDocument::size(TRUST), TRUST.split_whitespace().map(str::len).sum::<usize>());
}

#[test]
fn what_aws_accepts_is_accepted() {
    let text = r#"{ "Statement": { "Effect": "Allow", "Action": ["s3:Get*"], "Resource": "*", "Sid": "",
        "Condition": { "NumericLessThan": { "aws:MultiFactorAuthAge": 3600 }, "bool": { "aws:SecureTransport": [true] } } } }"#;
    let document = PolicyDocument::parse(text).unwrap();
    assert_eq!(document.version, PolicyVersion::V2008);
    let values: Vec<&str> = document.statements[0].conditions.iter().map(|one| one.values[0].as_str()).collect();
    assert_eq!(values, ["3600", "true"]);
    assert!(same_meaning(text, &document.pretty()));
}

#[test]
fn documents_that_say_the_same_are_told_apart_from_those_that_do_not() {
    let base = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["111111111111","arn:aws:iam::222222222222:role/r"]},"Action":["sts:AssumeRole","sts:TagSession"]}]}"#;
    let same = r#"{"Statement":{"Action":["sts:TagSession","STS:assumerole"],"Principal":{"AWS":["arn:aws:iam::222222222222:role/r","arn:aws:iam::111111111111:root"]},"Effect":"Allow"},"Version":"2012-10-17"}"#;
    assert!(same_meaning(base, same));
    for other in [
        base.replace("Allow", "Deny"),
        base.replace("role/r", "role/R"),
        base.replace("2012-10-17", "2008-10-17"),
        base.replace("sts:TagSession", "sts:SetSourceIdentity"),
        base.replace("\"Principal\"", "\"NotPrincipal\""),
        "not a policy".to_owned(),
    ] {
        assert!(!same_meaning(base, &other), "{other}");
    }
    assert!(same_meaning("not a policy", "not a policy"));
}

/// A faulty text, the place and the path of the fault, and a part of the message.
const FAULTS: &[(&str, usize, usize, &str, &str)] = &[
    ("", 1, 1, "", "the document is empty"),
    ("  \n ", 2, 2, "", "the document is empty"),
    ("{", 1, 2, "", "the document ends, expected a key in double quotes"),
    ("{\n  \"Version\": \"2012-10-17\",\n}", 3, 1, "", "found `}`, expected a key in double quotes"),
    ("{\"a\": tru}", 1, 10, "", "expected `true`"),
    ("{\"a\": 01}", 1, 8, "", "expected `,` or `}`"),
    ("{\"a\": \"x\ny\"}", 1, 9, "", "a string can't hold a line break"),
    ("{\"a\": \"\\x\"}", 1, 8, "", "an unknown escape"),
    ("{} x", 1, 4, "", "expected the end of the document"),
    ("[]", 1, 1, "", "a policy is a JSON object, this is a list"),
    ("{}", 1, 1, "", "needs the element `Statement`"),
    ("{\"Statement\": []}", 1, 15, "Statement", "at least one statement"),
    ("{\"Statement\": [1]}", 1, 16, "Statement[0]", "a statement is a JSON object, this is a number"),
    ("{\"Version\": \"2012-10-18\", \"Statement\": []}", 1, 13, "Version", "`2012-10-18` is not a version"),
    ("{\"Version\": 2012, \"Statement\": []}", 1, 13, "Version", "expected a string, found a number"),
    ("{\"version\": \"2012-10-17\", \"Statement\": []}", 1, 2, "version", "did you mean `Version`"),
    ("{\"Statement\": [], \"Statement\": []}", 1, 19, "", "the key `Statement` is there twice"),
    (
        "{\"Statement\": [{\n  \"Effect\": \"Allow\",\n  \"Actions\": \"*\",\n  \"Resource\": \"*\"\n}]}",
        3,
        3,
        "Statement[0].Actions",
        "unknown element `Actions`: did you mean `Action`",
    ),
];

#[test]
fn a_fault_is_reported_where_it_is() {
    for (text, line, column, path, message) in FAULTS {
        let error = PolicyDocument::parse(text).unwrap_err();
        assert_eq!((error.line, error.column, error.path.as_str()), (*line, *column, *path), "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
        assert!(error.to_string().contains(&format!("line {line}, column {column}")), "{error}");
    }
}

/// A faulty statement, the path of the fault, and a part of the message.
const FAULTY_STATEMENTS: &[(&str, &str, &str)] = &[
    (r#"{"Action":"*","Resource":"*"}"#, "Statement[0]", "needs the element `Effect`"),
    (r#"{"Effect":"allow","Action":"*","Resource":"*"}"#, "Statement[0].Effect", "`allow` is not an effect"),
    (r#"{"Effect":"Allow","Resource":"*"}"#, "Statement[0]", "needs the element `Action` or `NotAction`"),
    (r#"{"Effect":"Allow","Action":"*"}"#, "Statement[0]", "needs the element `Resource` or `NotResource`"),
    (r#"{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}"#, "Statement[0].NotAction", "can't have both"),
    (r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#, "Statement[0].Action", "the list is empty"),
    (r#"{"Effect":"Allow","Action":["*",1],"Resource":"*"}"#, "Statement[0].Action[1]", "expected a string"),
    (r#"{"Effect":"Allow","Action":"InvokeEndpoint","Resource":"*"}"#, "Statement[0].Action", "is not an action"),
    (
        r#"{"Effect":"Allow","Action":"*","Resource":["*","churn"]}"#,
        "Statement[0].Resource[1]",
        "must be in ARN format",
    ),
    (r#"{"Effect":"Allow","Action":"*","Resource":{"a":1}}"#, "Statement[0].Resource", "found an object"),
    (r#"{"Sid":"a.b","Effect":"Allow","Action":"*","Resource":"*"}"#, "Statement[0].Sid", "is not a statement's name"),
    (
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqual":{"a":"b"}}}"#,
        "Statement[0].Condition.StringEqual",
        "Invalid Condition type : StringEqual.",
    ),
    (
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NullIfExists":{"a":"true"}}}"#,
        "Statement[0].Condition.NullIfExists",
        "Invalid Condition type",
    ),
    (
        r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a":null}}}"#,
        "Statement[0].Condition.Bool.a",
        "this is null",
    ),
    (
        r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/*"},"Action":"sts:AssumeRole"}"#,
        "Statement[0].Principal.AWS",
        "Invalid principal in policy: \"AWS\":\"arn:aws:iam::111111111111:role/*\"",
    ),
    (
        r#"{"Effect":"Allow","Principal":{"Aws":"*"},"Action":"sts:AssumeRole"}"#,
        "Statement[0].Principal.Aws",
        "did you mean `AWS`",
    ),
    (
        r#"{"Effect":"Allow","Principal":"root","Action":"sts:AssumeRole"}"#,
        "Statement[0].Principal",
        "is not a principal",
    ),
    (r#"{"Effect":"Allow","Principal":{},"Action":"sts:AssumeRole"}"#, "Statement[0].Principal", "can't be empty"),
];

#[test]
fn a_faulty_statement_is_refused_at_its_element() {
    for (statement, path, message) in FAULTY_STATEMENTS {
        let error = PolicyDocument::parse(&identity(statement)).unwrap_err();
        assert_eq!(error.path, *path, "{statement}: {error}");
        assert!(error.message.contains(message), "{statement}: {error}");
        assert!(error.line == 1 && error.column > 1, "{statement}: {error}");
        let value = serde_json::from_str(&identity(statement)).unwrap();
        let error = PolicyDocument::parse_value(&value).unwrap_err();
        assert_eq!((error.path.as_str(), error.line), (*path, 0), "{statement}: {error}");
    }
}

#[test]
fn two_statements_of_one_name_are_refused() {
    let one = r#"{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"}"#;
    let error = PolicyDocument::parse(&identity(&format!("{one},{one}"))).unwrap_err();
    assert_eq!(error.path, "Statement[1].Sid");
}

#[test]
fn a_document_is_held_to_the_rules_of_its_place() {
    let trust = PolicyDocument::parse(TRUST).unwrap();
    assert_eq!(validate_trust(&trust), Ok(()));
    let error = validate_identity(&trust).unwrap_err();
    assert_eq!(error.message, "Policy document should not specify a principal.");
    let plain = PolicyDocument::parse(&identity(r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#)).unwrap();
    assert_eq!(validate_identity(&plain), Ok(()));
    assert_eq!(validate_trust(&plain).unwrap_err().message, "Has prohibited field Resource");
    assert!(validate_resource(&plain).is_err());
    let refused = [
        (r#"{"Effect":"Allow","NotPrincipal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}"#, "NotPrincipal"),
        (r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}"#, "STS AssumeRole actions"),
        (
            r#"{"Effect":"Allow","Principal":{"CanonicalUser":"abc"},"Action":"sts:AssumeRole"}"#,
            "AWS, Service or Federated",
        ),
    ];
    for (statement, message) in refused {
        let document = PolicyDocument::parse(&identity(statement)).unwrap();
        let error = validate_trust(&document).unwrap_err();
        assert!(error.message.contains(message), "{error}");
        assert!(error.path.starts_with("Statement[0]"), "{error}");
    }
}

#[test]
fn a_scenario_that_cannot_be_read_says_where() {
    let scenario = serde_json::json!({
        "id": "x", "principal": "arn:aws:iam::111111111111:user/ana", "action": "s3:GetObject",
        "resource": "arn:aws:s3:::a", "resource_account": "111111111111",
        "identity_policies": [{ "name": "p", "document": { "Statement": [{ "Effect": "Allow", "Action": "s3", "Resource": "*" }] } }],
    });
    let error = Scenario::parse(&scenario).unwrap_err();
    assert_eq!(error.path, "identity_policies[0].document.Statement[0].Action");
    for (key, value) in [
        ("principal", "arn:aws:iam::111111111111:role/*"),
        ("action", "GetObject"),
        ("resource", "bucket"),
        ("resource_account", "1"),
    ] {
        let mut faulty = scenario.clone();
        faulty[key] = value.into();
        assert_eq!(Scenario::parse(&faulty).unwrap_err().path, key);
    }
}

#[test]
fn hostile_patterns_are_matched_in_bounded_time() {
    let pattern = format!("{}b", "a*".repeat(5_000));
    let text = "a".repeat(50_000);
    let started = std::time::Instant::now();
    assert!(!Pattern::new(&pattern).matches(&text, false, None));
    assert!(!Pattern::new(&format!("{}?b*c", "*?a".repeat(2_000))).matches(&text, true, None));
    let arn = format!("arn:aws:s3:::{}", "a".repeat(50_000));
    assert!(!ResourcePattern::new(&format!("arn:aws:s3:::{}b", "*a".repeat(5_000))).matches(&arn, None));
    // Exponential matching would not end in a lifetime; this takes milliseconds, the bound allows for slow machines.
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn deep_and_long_documents_are_refused_or_read_without_harm() {
    let deep = "[".repeat(100_000);
    assert!(PolicyDocument::parse(&deep).unwrap_err().message.contains("nested too deeply"));
    let long = identity(
        &(0..5_000)
            .map(|index| format!(r#"{{"Sid":"S{index}","Effect":"Allow","Action":"s3:*","Resource":"*"}}"#))
            .collect::<Vec<_>>()
            .join(","),
    );
    assert_eq!(PolicyDocument::parse(&long).unwrap().statements.len(), 5_000);
}

/// JSON of any shape.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let keys = "(Version|Statement|Effect|Action|Resource|Principal|Condition|AWS|StringEquals|Sid|[a-z]{0,4})";
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "(\\*|Allow|2012-10-17|s3:Get\\*|arn:aws:s3:::x|.{0,10})".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::vec((keys, inner), 0..5)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// The matching of wildcards by a table over all pairs of positions.
fn slow_glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let mut table = vec![vec![false; text.len() + 1]; pattern.len() + 1];
    table[0][0] = true;
    for row in 1..=pattern.len() {
        for column in 0..=text.len() {
            table[row][column] = match pattern[row - 1] {
                '*' => table[row - 1][column] || (column > 0 && table[row][column - 1]),
                c => column > 0 && table[row - 1][column - 1] && (c == '?' || c == text[column - 1]),
            };
        }
    }
    table[pattern.len()][text.len()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_parsing_panic(text in any::<String>(), other in "[\\[\\]{}\",:a0-9.eE\\\\u+-]{0,60}") {
        for text in [text, other] {
            let ours = PolicyDocument::parse(&text);
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            if let Err(error) = &ours {
                prop_assert!(error.line >= 1 && error.column >= 1);
            }
            if theirs.is_err() {
                prop_assert!(ours.is_err());
            }
            if let (Ok(_), Err(error)) = (&theirs, &ours) {
                // Only the rules of policies and repeated keys are stricter than JSON.
                prop_assert!(!error.message.starts_with("this is not JSON"), "{:?}: {}", text, error);
            }
        }
    }

    #[test]
    fn any_json_is_read_the_same_from_text_and_from_a_value(value in any_json()) {
        let from_value = PolicyDocument::parse_value(&value);
        let from_text = PolicyDocument::parse(&value.to_string());
        match (from_value, from_text) {
            (Ok(a), Ok(b)) => prop_assert_eq!(a, b),
            (Err(a), Err(b)) => prop_assert_eq!((a.message, a.path), (b.message, b.path)),
            (a, b) => prop_assert!(false, "{:?} and {:?}", a, b),
        }
    }

    #[test]
    fn wildcards_match_as_a_slow_matcher_says(pattern in "[ab*?é]{0,12}", text in "[abé]{0,12}") {
        prop_assert_eq!(Pattern::new(&pattern).matches(&text, false, None), slow_glob(&pattern, &text));
    }

    #[test]
    fn case_is_ignored_only_when_asked(pattern in "[aB*?]{0,8}", text in "[Ab]{0,8}") {
        let folded = slow_glob(&pattern.to_lowercase(), &text.to_lowercase());
        prop_assert_eq!(Pattern::new(&pattern).matches(&text, true, None), folded);
        prop_assert_eq!(Pattern::literal(&pattern).matches(&text, false, None), pattern == text);
    }
}
