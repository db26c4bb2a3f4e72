//! Hand-off files: what they say, that they come back as they were, and what is refused and why.

use crate::{CHILD, PARENT, caller, endpoint, intent};
use domain::arn::CallerArn;
use domain::handoff::{HandOff, HandOffFault, MAX_BYTES, OfferedEndpoints, ShareAcceptance, ShareOffer};
use domain::names::{AccountId, EndpointName, ExternalId};
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn names() -> Vec<EndpointName> {
    vec!["Churn-Classifier".parse().unwrap(), "other".parse().unwrap()]
}

fn offer() -> ShareOffer {
    ShareOffer::of(&intent(), &names())
}

fn acceptance() -> ShareAcceptance {
    let callers = [caller("role/service-role/scoring-lambda"), caller("user/analyst")].into();
    offer().accept(&callers, &"AssumeIt".parse().unwrap()).unwrap()
}

#[test]
fn an_offer_is_a_file_that_people_can_read() {
    insta::assert_snapshot!(offer().to_file());
    assert_eq!(offer().file_name(), "share-offer-share-1.json");
}

#[test]
fn an_offer_of_everything_to_the_whole_account_says_so() {
    let wide = ShareIntent {
        endpoints: EndpointScope::All,
        callers: CallerScope::WholeAccount,
        external_id: None,
        actions: InvokeAction::ALL.into(),
        ..intent()
    };
    insta::assert_snapshot!(ShareOffer::of(&wide, &names()).to_file());
    let nothing_there = ShareOffer::of(&wide, &[]).to_file();
    assert!(!nothing_there.contains("known_endpoints"), "{nothing_there}");
    assert_eq!(ShareOffer::parse(&nothing_there).unwrap().names(), BTreeSet::new());
}

#[test]
fn an_acceptance_is_a_file_that_people_can_read() {
    insta::assert_snapshot!(acceptance().to_file());
    assert_eq!(acceptance().file_name(), "share-acceptance-share-1.json");
}

#[test]
fn an_offered_endpoint_keeps_the_case_of_its_name_where_that_is_known() {
    let arns = [endpoint("churn-classifier"), endpoint("unseen")];
    let two = ShareIntent { endpoints: EndpointScope::Named(arns.into()), ..intent() };
    let OfferedEndpoints::Named(offered) = ShareOffer::of(&two, &names()).endpoints else { panic!("two are named") };
    assert_eq!(offered.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["Churn-Classifier", "unseen"]);
}

fn intents() -> impl Strategy<Value = ShareIntent> {
    let account = "[0-9]{12}";
    let name = r"[A-Za-z0-9_+=,.@-]{1,64}";
    let endpoints = prop::option::of(prop::collection::btree_set("[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", 1..4));
    let callers = prop::option::of(prop::collection::btree_set(
        (prop::bool::ANY, r#"(/[!-)+->@-~]{0,12})?"#, name).prop_map(|(role, path, name)| (role, path, name)),
        1..4,
    ));
    let regions = prop::sample::select(vec!["eu-west-1", "cn-north-1", "us-gov-west-1", "ap-southeast-2"]);
    let actions = prop::sample::subsequence(InvokeAction::ALL.to_vec(), 1..=3);
    let external = prop::option::of(r"[A-Za-z0-9_+=,.@:/-]{2,60}");
    ((account, account, name, name), endpoints, callers, regions, actions, external, 3600u32..=43200).prop_map(
        |((parent, child, role, grant), endpoints, callers, region, actions, external, session_seconds)| {
            let region: domain::names::Region = region.parse().unwrap();
            let partition = region.partition();
            let arn = |name| format!("arn:{partition}:sagemaker:{region}:{parent}:endpoint/{name}").parse();
            let arn = |name: String| {
                domain::endpoint::EndpointArn::try_from(arn(name).map(|a: domain::arn::Arn| a.to_string()).unwrap())
            };
            let caller = |(role, path, name): (bool, String, String)| {
                let kind = if role { "role" } else { "user" };
                CallerArn::parse(&format!("arn:{partition}:iam::{child}:{kind}{path}/{name}")).unwrap()
            };
            ShareIntent {
                parent: parent.parse().unwrap(),
                child: child.parse().unwrap(),
                role_name: role.parse().unwrap(),
                grant_name: grant.parse().unwrap(),
                endpoints: endpoints.map_or(EndpointScope::All, |names| {
                    EndpointScope::Named(names.into_iter().map(|name| arn(name).unwrap()).collect())
                }),
                callers: callers
                    .map_or(CallerScope::WholeAccount, |all| CallerScope::Named(all.into_iter().map(caller).collect())),
                region: region.clone(),
                actions: actions.into_iter().collect(),
                external_id: external.map(|id| ExternalId::parse(&id).unwrap()),
                session_seconds,
                ..intent()
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_it_was(intent in intents(), grant in "[a-z]{1,20}") {
        let offer = ShareOffer::of(&intent, &[]);
        let file = offer.to_file();
        prop_assert_eq!(HandOff::parse(&file), Ok(HandOff::Offer(offer.clone())));
        // Mail and editors change white space and line ends.
        prop_assert_eq!(ShareOffer::parse(&file.replace('\n', "\r\n")), Ok(offer.clone()));
        if let CallerScope::Named(callers) = &intent.callers {
            let acceptance = offer.accept(callers, &grant.parse().unwrap()).unwrap();
            prop_assert_eq!(ShareAcceptance::parse(&acceptance.to_file()), Ok(acceptance));
        }
    }

    #[test]
    fn a_file_that_lost_or_changed_a_letter_is_refused(at in any::<prop::sample::Index>(), letter in "[a-z0-9\"{:]") {
        let file = offer().to_file();
        let at = at.index(file.len());
        // The words are for people, and the same letter is no change.
        let words = file.find("what_to_do").unwrap()..file.find("],").unwrap();
        prop_assume!(!words.contains(&at) && file.as_bytes()[at] != letter.as_bytes()[0]);
        let changed = format!("{}{letter}{}", &file[..at], &file[at + 1..]);
        let blank = file[at..=at].trim().is_empty();
        prop_assert!(ShareOffer::parse(&changed).is_err(), "{changed}");
        let lost = format!("{}{}", &file[..at], &file[at + 1..]);
        prop_assert_eq!(ShareOffer::parse(&lost).is_err(), !blank, "{}", lost);
    }

    #[test]
    fn a_file_that_is_cut_off_is_refused(at in any::<prop::sample::Index>()) {
        let file = offer().to_file();
        let cut = &file[..at.index(file.len() - 2)];
        let error = ShareOffer::parse(cut).unwrap_err();
        let expected = if cut.is_empty() { HandOffFault::NotJson } else { HandOffFault::Damaged };
        prop_assert_eq!(error.fault, expected, "{}", error);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        prop_assert!(HandOff::parse(&text).is_err());
    }
}

/// What is replaced in the offer's file, by what, and how that is refused.
const FAULTS: &[(&str, &str, HandOffFault, &str)] = &[
    (
        "{\n  \"sage",
        "[{\n  \"sage",
        HandOffFault::NotJson,
        "this is not JSON: the document ends, expected `,` or `]` (line 34, column 1)",
    ),
    (
        "\"share\": \"share-1\",",
        "\"share\": \"share-1\"",
        HandOffFault::NotJson,
        "this is not JSON: found `\"`, expected `,` or `}` (line 13, column 3)",
    ),
    (
        "\"sagebridge\"",
        "\"terraform\"",
        HandOffFault::OtherFile,
        "this is not a hand-off file of Sagebridge: it lacks the member `sagebridge` (line 1, column 1)",
    ),
    (
        "\"share-offer\"",
        "\"pipeline\"",
        HandOffFault::OtherFile,
        "`pipeline` is not a kind of hand-off file: `share-offer` or `share-acceptance` (at `sagebridge.kind`, line 3, column 13)",
    ),
    (
        "\"version\": 1",
        "\"version\": 2",
        HandOffFault::Newer,
        "the file was made by a newer Sagebridge: it is of version 2, this one reads 1 (at `sagebridge.version`, line 4, column 16)",
    ),
    (
        "\"version\": 1",
        "\"version\": 0",
        HandOffFault::Member,
        "`0` is not a version of hand-off files (at `sagebridge.version`, line 4, column 16)",
    ),
    (
        "\"version\": 1",
        "\"version\": 1.5",
        HandOffFault::Member,
        "`1.5` is not a whole number from 0 up (at `sagebridge.version`, line 4, column 16)",
    ),
    (
        "\"version\": 1",
        "\"version\": \"1\"",
        HandOffFault::Member,
        "expected a number, found a string (at `sagebridge.version`, line 4, column 16)",
    ),
    (
        "\"version\": 1",
        "\"version\": 1, \"by\": \"me\"",
        HandOffFault::Member,
        "the member `by` is unknown in a file of this version (at `sagebridge.by`, line 4, column 19)",
    ),
    (
        "  \"region\": \"eu-west-1\",\n",
        "",
        HandOffFault::Member,
        "the member `region` is missing (at `region`, line 1, column 1)",
    ),
    (
        "  \"external_id\": \"sagebridge-external-id\",\n",
        "",
        HandOffFault::Member,
        "the member `external_id` is missing (at `external_id`, line 1, column 1)",
    ),
    (
        "\"external_id\": \"sagebridge-external-id\"",
        "\"external_id\": \"a b\"",
        HandOffFault::Member,
        "`a b` is not an external ID: 2 to 1224 letters, digits or any of + = , . @ : / _ - (at `external_id`, line 17, column 18)",
    ),
    (
        "\"external_id\": \"sagebridge-external-id\"",
        "\"external_id\": \" x1\"",
        HandOffFault::Member,
        "` x1` has white space around it (at `external_id`, line 17, column 18)",
    ),
    (
        "\"external_id\": \"sagebridge-external-id\"",
        "\"external_id\": null",
        HandOffFault::Damaged,
        "the file was changed since it was made: its checksum is `crc32:77ecb999` (at `checksum`, line 32, column 15)",
    ),
    (
        "\"region\": \"eu-west-1\"",
        "\"region\": \"europe\"",
        HandOffFault::Member,
        "`europe` is not a region code such as `eu-west-1` (at `region`, line 15, column 13)",
    ),
    (
        "\"region\": \"eu-west-1\"",
        "\"region\": \"cn-north-1\"",
        HandOffFault::Member,
        "the ARN is in partition `aws`, `region` is in `aws-cn` (at `role_arn`, line 16, column 15)",
    ),
    (
        "\"region\": \"eu-west-1\"",
        "\"region\": \"eu-west-2\"",
        HandOffFault::Member,
        "the ARN is in region `eu-west-1`, the file's region is `eu-west-2` (at `endpoints[0].arn`, line 21, column 14)",
    ),
    (
        "\"role_arn\": \"arn:aws:iam::111111111111:role/",
        "\"role_arn\": \"arn:aws:iam::111111111111:user/",
        HandOffFault::Member,
        "`arn:aws:iam::111111111111:user/SageMakerExternal` is not the ARN of a role, such as `arn:aws:iam::111111111111:role/name` (at `role_arn`, line 16, column 15)",
    ),
    (
        "\"role_arn\": \"arn:aws:iam::111111111111",
        "\"role_arn\": \"arn:aws:iam::333333333333",
        HandOffFault::OtherAccount,
        "the ARN is of account `333333333333`, `parent_account` is `111111111111` (at `role_arn`, line 16, column 15)",
    ),
    (
        "\"arn\": \"arn:aws:sagemaker:eu-west-1:111111111111",
        "\"arn\": \"arn:aws:sagemaker:eu-west-1:333333333333",
        HandOffFault::OtherAccount,
        "the ARN is of account `333333333333`, `parent_account` is `111111111111` (at `endpoints[0].arn`, line 21, column 14)",
    ),
    (
        "endpoint/churn",
        "endpoint/Churn",
        HandOffFault::Member,
        "`arn:aws:sagemaker:eu-west-1:111111111111:endpoint/Churn-classifier` is not an endpoint's ARN in lower case, such as `arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier` (at `endpoints[0].arn`, line 21, column 14)",
    ),
    (
        "\"Churn-Classifier\"",
        "\"Fraud\"",
        HandOffFault::Member,
        "the endpoint `Fraud` has another name in its ARN: `churn-classifier` (at `endpoints[0].name`, line 20, column 15)",
    ),
    (
        "\"name\": \"Churn-Classifier\",",
        "\"name\": [],",
        HandOffFault::Member,
        "expected a string, found a list (at `endpoints[0].name`, line 20, column 15)",
    ),
    (
        "\"invoke\"\n",
        "\"invoke\", \"invoke\"\n",
        HandOffFault::Member,
        "this is there twice (at `actions[1]`, line 25, column 15)",
    ),
    (
        "\"invoke\"\n",
        "\"train\"\n",
        HandOffFault::Member,
        "`train` is not a way to invoke an endpoint: `invoke`, `stream`, `async` (at `actions[0]`, line 25, column 5)",
    ),
    ("[\n    \"invoke\"\n  ]", "[]", HandOffFault::Member, "the list is empty (at `actions`, line 24, column 14)"),
    (
        "[\n    \"invoke\"\n  ]",
        "\"invoke\"",
        HandOffFault::Member,
        "expected a list, found a string (at `actions`, line 24, column 14)",
    ),
    (
        "\"session_seconds\": 3600",
        "\"session_seconds\": 360",
        HandOffFault::Member,
        "`360` is not a session duration: 3600 to 43200 seconds (at `session_seconds`, line 27, column 22)",
    ),
    (
        "\"grant_policy_name\": \"AllowAssumeSagemakerExternalRole\"",
        "\"grant_policy_name\": \"a b\"",
        HandOffFault::Member,
        "`a b` is not a policy name: 1 to 128 letters, digits or any of + = , . @ _ - (at `grant_policy_name`, line 28, column 24)",
    ),
    (
        "    \"arn:aws:iam::222222222222:role",
        "    \"arn:aws:iam::333333333333:role",
        HandOffFault::OtherAccount,
        "the ARN is of account `333333333333`, `child_account` is `222222222222` (at `callers[0]`, line 30, column 5)",
    ),
    (
        "    \"arn:aws:iam::222222222222:role",
        "    \"arn:aws:sts::222222222222:assumed-role",
        HandOffFault::Member,
        "`arn:aws:sts::222222222222:assumed-role/scoring-lambda` is not the ARN of a role or user, such as `arn:aws:iam::222222222222:role/scoring-lambda` (at `callers[0]`, line 30, column 5)",
    ),
    (
        "\"checksum\": \"crc32:",
        "\"checksum\": \"crc32:0",
        HandOffFault::Damaged,
        "the file was changed since it was made: its checksum is `crc32:077ecb999` (at `checksum`, line 32, column 15)",
    ),
    (
        "\"what_to_do\": [",
        "\"what_to_do\": [7, ",
        HandOffFault::Member,
        "expected a string, found a number (at `what_to_do[0]`, line 6, column 18)",
    ),
    (
        "\"share\": \"share-1\"",
        "\"share\": \"share-1\", \"share\": \"share-2\"",
        HandOffFault::NotJson,
        "the key `share` is there twice (line 12, column 23)",
    ),
];

#[test]
fn each_fault_of_a_file_is_told_with_its_place() {
    let file = offer().to_file();
    for (from, to, fault, message) in FAULTS {
        let changed = file.replacen(from, to, 1);
        assert_ne!(changed, file, "{from}");
        let error = ShareOffer::parse(&changed).unwrap_err();
        assert_eq!((error.fault, error.to_string().as_str()), (*fault, *message));
        assert!(!error.hint.is_empty(), "{message}");
    }
}

#[test]
fn texts_that_are_no_hand_off_are_refused() {
    for (text, fault) in [
        ("", HandOffFault::NotJson),
        ("dear administrator,", HandOffFault::NotJson),
        ("[]", HandOffFault::Member),
        ("{}", HandOffFault::OtherFile),
        ("{\"sagebridge\": 1}", HandOffFault::Member),
        (&" ".repeat(MAX_BYTES + 1), HandOffFault::TooLarge),
        (&"[".repeat(MAX_BYTES), HandOffFault::NotJson),
    ] {
        assert_eq!(HandOff::parse(text).unwrap_err().fault, fault, "{}", &text[..text.len().min(20)]);
    }
}

#[test]
fn a_newer_file_is_called_newer_whatever_else_it_holds() {
    let newer = r#"{"sagebridge": {"kind": "pipeline-offer", "version": 7, "why": "new"}, "steps": []}"#;
    let error = HandOff::parse(newer).unwrap_err();
    assert_eq!(error.fault, HandOffFault::Newer);
    assert!(error.hint.contains("update this Sagebridge"), "{}", error.hint);
}

#[test]
fn one_kind_of_file_is_not_taken_for_the_other() {
    let error = ShareOffer::parse(&acceptance().to_file()).unwrap_err();
    assert_eq!(error.to_string(), "this is an acceptance, not an offer (at `sagebridge.kind`)");
    assert_eq!(error.hint, "open it in the console of account 111111111111, which made the offer");
    let error = ShareAcceptance::parse(&offer().to_file()).unwrap_err();
    assert_eq!((error.fault, error.message.as_str()), (HandOffFault::OtherFile, "this is an offer, not an acceptance"));
    assert!(error.hint.contains(CHILD), "{}", error.hint);
}

#[test]
fn a_byte_order_mark_is_no_damage() {
    assert_eq!(ShareOffer::parse(&format!("\u{feff}{}", offer().to_file())), Ok(offer()));
}

#[test]
fn a_file_for_another_account_than_the_connections_is_refused() {
    let (parent, child) = (PARENT.parse::<AccountId>().unwrap(), CHILD.parse::<AccountId>().unwrap());
    assert_eq!(offer().check_account(&child), Ok(()));
    assert_eq!(acceptance().check_account(&parent), Ok(()));
    let error = offer().check_account(&parent).unwrap_err();
    assert_eq!(
        (error.fault, error.message.as_str(), error.hint.as_str()),
        (
            HandOffFault::OtherAccount,
            "the file names account `222222222222`, the connection is to account `111111111111`",
            "choose a connection to account 222222222222"
        )
    );
    assert_eq!(acceptance().check_account(&child).unwrap_err().fault, HandOffFault::OtherAccount);
}

#[test]
fn an_offer_is_accepted_for_callers_of_its_child_only() {
    let name = "AssumeIt".parse().unwrap();
    assert_eq!(offer().accept(&BTreeSet::new(), &name).unwrap_err().to_string(), "no caller is named (at `callers`)");
    let strangers = [CallerArn::parse("arn:aws:iam::333333333333:role/x").unwrap()].into();
    let error = offer().accept(&strangers, &name).unwrap_err();
    assert_eq!((error.fault, error.path.as_str()), (HandOffFault::OtherAccount, "callers[0]"));
}

#[test]
fn an_acceptance_narrows_its_own_share_to_those_who_call() {
    let wide = ShareIntent { callers: CallerScope::WholeAccount, grantees: BTreeSet::new(), ..intent() };
    let narrowed = acceptance().narrow(&wide).unwrap();
    assert_eq!(narrowed.callers, CallerScope::Named(acceptance().callers));
    assert!(narrowed.accepted);
    assert_eq!((narrowed.grantees, narrowed.grant_name), (acceptance().callers, acceptance().grant_name));
    assert_eq!(
        ShareIntent {
            callers: wide.callers.clone(),
            grantees: BTreeSet::new(),
            grant_name: wide.grant_name.clone(),
            accepted: false,
            ..acceptance().narrow(&wide).unwrap()
        },
        wide
    );

    for (other, path) in [
        (ShareIntent { id: "share-2".parse().unwrap(), ..wide.clone() }, "share"),
        (ShareIntent { role_name: "Another".parse().unwrap(), ..wide.clone() }, "role_arn"),
        (ShareIntent { child: "333333333333".parse().unwrap(), ..wide.clone() }, "child_account"),
    ] {
        let error = acceptance().narrow(&other).unwrap_err();
        assert_eq!((error.fault, error.path.as_str()), (HandOffFault::OtherShare, path));
    }
}
