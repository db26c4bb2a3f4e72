//! What a template must not say, in CloudFormation's words.

use crate::fake::refused;
use template::Template;

const R: &str = "Resources:\n  B: {Type: AWS::S3::Bucket}\n";

#[test]
fn faults_of_sections_are_refused() {
    for (text, message) in [
        ("Description: x\n", "Template format error: At least one Resources member must be defined."),
        ("Resources: {}\n", "Template format error: At least one Resources member must be defined."),
        (
            "Resources: {R: {Type: T}}\nResource: {}\nOther: 1\n",
            "Invalid template property or properties [Resource, Other]",
        ),
        (
            "AWSTemplateFormatVersion: 2011-09-09\nResources: {R: {Type: T}}\n",
            "Template format error: unsupported value for AWSTemplateFormatVersion.",
        ),
        (
            "Description: [a]\nResources: {R: {Type: T}}\n",
            "Template format error: Every Description member must be a string.",
        ),
        (
            "Transform: AWS::Serverless-2016-10-31\nResources: {R: {Type: T}}\n",
            "transforms and macros are not supported, the template asks for `AWS::Serverless-2016-10-31`",
        ),
        (
            "Resources: {R: {Type: T, Properties: {'Fn::Transform': {Name: AWS::Include}}}}\n",
            "transforms and macros are not supported, the template asks for `Fn::Transform`",
        ),
        ("Resources: {R: text}\n", "Template format error: [/Resources/R] resource definition is malformed"),
        (
            "Resources: {A: {Properties: {}}}\n",
            "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
        ),
        ("Resources: {A: {Type: T, Invalid: 1}}\n", "Invalid template resource property 'Invalid'"),
        ("Resources: {a_b: {Type: T}}\n", "Template format error: Resource name a_b is non alphanumeric."),
        (
            "Resources: {A: {Type: T, Condition: !Equals [a, b]}}\n",
            "Template format error: Every Condition member must be a string.",
        ),
        (
            "Resources: {A: {Type: T, DependsOn: [!Ref B]}}\n",
            "Template format error: Every DependsOn value must be a string.",
        ),
        (
            "Resources: {A: {Type: T, DeletionPolicy: Keep}}\n",
            "Template format error: Unrecognized DeletionPolicy Keep for resource A",
        ),
        (
            "Mappings: {M: {a: b}}\nResources: {R: {Type: T}}\n",
            "Template format error: Every Mappings member a must be a map",
        ),
        (
            "Mappings: {M: {a: {b: {c: d}}}}\nResources: {R: {Type: T}}\n",
            "Template format error: Every Mappings attribute must be a String or a List.",
        ),
        (
            "Resources: {R: {Type: T}}\nOutputs: {O: {Description: x}}\n",
            "Template format error: Every Outputs member must contain a Value object",
        ),
        (
            "Resources: {R: {Type: T}}\nOutputs: {O: {Value: [a]}}\n",
            "Template format error: The Value field of every Outputs member must evaluate to a String.",
        ),
        (
            "Resources: {R: {Type: T}}\nOutputs: {O: {Value: !Equals [a, b]}}\n",
            "Template format error: The Value field of every Outputs member must evaluate to a String.",
        ),
        (
            "Resources: {R: {Type: T}}\nOutputs: {O: {Value: a, Export: {Name: a_b}}}\n",
            "Template format error: Output O is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens.",
        ),
        (
            "Resources: {R: {Type: T}}\nOutputs: {O: {Value: a, Export: {Name: !Sub '${R}-x'}}}\n",
            "Template format error: Output O is malformed.  The Name field of Export must not depend on any resources, imported values, or Fn::GetAZs.",
        ),
        (
            "Parameters: {P: {Default: a}}\nResources: {R: {Type: T}}\n",
            "Template format error: Every Parameters object must contain a Type member.",
        ),
        (
            "Parameters: {P: {Type: Strin}}\nResources: {R: {Type: T}}\n",
            "Template format error: Unrecognized parameter type: Strin",
        ),
        (
            "Parameters: {P: {Type: String, Default: [a]}}\nResources: {R: {Type: T}}\n",
            "Template format error: Every Default member must be a string.",
        ),
        (
            "Parameters: {P: {Type: String, Defualt: a}}\nResources: {R: {Type: T}}\n",
            "Invalid template parameter property 'Defualt'",
        ),
        (
            "Parameters: {P: {Type: Number, AllowedPattern: a}}\nResources: {R: {Type: T}}\n",
            "Template error: Parameter 'P' AllowedPattern must be on a parameter of type String",
        ),
        (
            "Parameters: {P: {Type: String, AllowedPattern: '('}}\nResources: {R: {Type: T}}\n",
            "Parameter 'P' AllowedPattern must be a valid regular expression.",
        ),
        (
            "Parameters: {R: {Type: String}}\nResources: {R: {Type: T}}\n",
            "Template error: all resources and parameters must have unique names. Common name(s):[R]",
        ),
    ] {
        assert_eq!(refused(text), message, "{text}");
    }
}

#[test]
fn names_that_are_nothing_are_refused() {
    for (text, message) in [
        (
            "Resources: {A: {Type: T, Properties: {P: !Ref X, Q: [!Ref Y, !Ref X]}}}\n",
            "Template format error: Unresolved resource dependencies [X, Y] in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T, DependsOn: X}}\n",
            "Template format error: Unresolved resource dependencies [X] in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T, Properties: {P: !Sub '${X}'}}}\n",
            "Template format error: Unresolved resource dependencies [X] in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T, Metadata: {P: !Ref X}}}\n",
            "Template format error: Unresolved resource dependencies [X] in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T, Properties: {P: !GetAtt X.Arn}}}\n",
            "Template error: instance of Fn::GetAtt references undefined resource X",
        ),
        (
            "Resources: {A: {Type: T, Properties: {P: !Sub '${X.Arn}'}}}\n",
            "Template error: instance of Fn::Sub references invalid resource attribute X.Arn",
        ),
        (
            "Resources: {A: {Type: T, Properties: {P: !If [X, a, b]}}}\n",
            "Template error: unresolved condition dependency X in Fn::If",
        ),
        (
            "Resources: {A: {Type: T, Condition: X}}\n",
            "Template format error: Unresolved condition dependency X in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T, Properties: {P: !FindInMap [X, a, b]}}}\n",
            "Template error: Mapping named 'X' is not present in the 'Mappings' section of template.",
        ),
        (
            "Mappings: {M: {a: {b: c}}}\nResources: {A: {Type: T, Properties: {P: !FindInMap [M, a, x]}}}\n",
            "Template error: Unable to get mapping for M::a::x",
        ),
        (
            "Resources: {A: {Type: T}}\nOutputs: {O: {Value: !Ref X}}\n",
            "Template format error: Unresolved resource dependencies [X] in the Outputs block of the template",
        ),
        (
            "Resources: {A: {Type: T}}\nOutputs: {O: {Value: a, Condition: X}}\n",
            "Template format error: Unresolved condition dependency X in the Outputs block of the template",
        ),
        (
            "Resources: {A: {Type: T, Properties: {P: !ImportValue {Ref: A}}}}\n",
            "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs",
        ),
    ] {
        assert_eq!(refused(text), message, "{text}");
    }
}

#[test]
fn faults_of_conditions_are_refused() {
    for (condition, message) in [
        ("yes", "Template format error: Conditions can only be boolean operations on parameters and other conditions"),
        (
            "!Join [a, [b]]",
            "Template format error: Conditions can only be boolean operations on parameters and other conditions",
        ),
        (
            "!Equals [!Ref B, x]",
            "Template format error: Unresolved dependencies [B]. Cannot reference resources in the Conditions block of the template",
        ),
        (
            "!Equals [!GetAtt B.Arn, x]",
            "Template format error: Unresolved dependencies [B]. Cannot reference resources in the Conditions block of the template",
        ),
        ("!Equals [!ImportValue x, x]", "Template error: Cannot use Fn::ImportValue in Conditions"),
        (
            "!And [!Equals [a, a]]",
            "Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.",
        ),
        (
            "!Or [!Equals [a, a], text]",
            "Template error: every Fn::Or object requires a list of at least 2 and at most 10 boolean parameters.",
        ),
        ("!Equals [a]", "Template error: Fn::Equals requires a list argument with two elements"),
        ("!Not [!Equals [a, a], !Equals [a, a]]", "Template error: Fn::Not requires a list argument with one element"),
        ("!Not [!Condition Nope]", "Template error: unresolved condition dependency Nope in Condition"),
        ("!Not [!Condition C]", "Template error: Found circular condition dependency: [C]"),
    ] {
        assert_eq!(refused(&format!("Conditions:\n  C: {condition}\n{R}")), message, "{condition}");
    }
}

#[test]
fn arguments_of_the_wrong_shape_are_refused() {
    let join = "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.";
    let sub = "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string";
    let get_att = "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute";
    for (value, message) in [
        ("!Join [a]", join),
        ("!Join [[a], [b]]", join),
        ("!Sub [a]", sub),
        ("!Sub {a: b}", sub),
        (
            "!Sub '${a-b}'",
            "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons",
        ),
        ("!GetAtt B", get_att),
        ("!GetAtt [B, '']", get_att),
        ("!GetAtt [B]", get_att),
        ("!Ref [a]", "Template error: All References must be of type string"),
        (
            "!Select [0]",
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
        ),
        ("!If [a, b]", "Template error: Fn::If requires a list argument with three elements"),
        (
            "!If [{a: b}, b, c]",
            "Template error: Fn::If requires a list argument with the first element being a condition",
        ),
        (
            "!FindInMap [a, b]",
            "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value",
        ),
        ("!Equals [a, b]", "Template error: Fn::Equals cannot be partially collapsed"),
    ] {
        assert_eq!(refused(&format!("Resources:\n  B: {{Type: T, Properties: {{P: {value}}}}}\n")), message, "{value}");
    }
    let unknown = refused("Resources: {B: {Type: T, Properties: {P: {'Fn::Nothing': a}}}}\n");
    assert!(
        unknown.starts_with("Template error: Encountered unsupported function: Fn::Nothing Supported functions are: [")
    );
}

#[test]
fn quotas_are_kept() {
    let section = |name: &str, count: usize, member: &str| {
        let members: String = (0..count).map(|index| format!("  M{index}: {member}\n")).collect();
        format!("{name}:\n{members}")
    };
    for (name, what, limit, member) in [
        ("Parameters", "parameters", 200, "{Type: String}"),
        ("Outputs", "outputs", 200, "{Value: a}"),
        ("Mappings", "mappings", 200, "{a: {b: c}}"),
    ] {
        let text = |count| format!("{}{R}", section(name, count, member));
        assert!(Template::parse(&text(limit)).is_ok(), "{name}");
        let message =
            format!("Template format error: Number of {what}, {}, is greater than maximum allowed, {limit}", limit + 1);
        assert_eq!(refused(&text(limit + 1)), message);
    }
    assert!(Template::parse(&section("Resources", 500, "{Type: T}")).is_ok());
    assert_eq!(
        refused(&section("Resources", 501, "{Type: T}")),
        "Template format error: Number of resources, 501, is greater than maximum allowed, 500"
    );
    assert!(Template::parse(&format!("Description: {}\n{R}", "x".repeat(1024))).is_ok());
    assert_eq!(
        refused(&format!("Description: {}\n{R}", "x".repeat(1025))),
        "Template format error: 'Description' length is greater than 1024"
    );
}

#[test]
fn a_body_of_a_request_is_shorter_than_one_in_s3() {
    let body = format!("{R}#{}\n", "x".repeat(60_000));
    assert!(Template::parse(&body).is_ok());
    assert!(
        Template::check_body(&body)
            .unwrap_err()
            .message
            .ends_with("Member must have length less than or equal to 51200")
    );
    assert!(Template::check_body(R).is_ok());
    assert!(refused(&format!("{R}#{}\n", "x".repeat(1_000_000))).starts_with("Template may not exceed"));
}
