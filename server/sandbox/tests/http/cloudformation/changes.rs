//! Updates, change sets, and what other stacks use.

use super::{APP, ask, create, events, function, has_bucket, lab, ok, parameter, settled, with};
use crate::support::{CHILD, Client};

#[tokio::test]
async fn updates_change_in_place_replace_and_clean_up() {
    let lab = lab().await;
    let child = lab.client("child");
    create(&child, "app", APP, &[]).await;
    assert_eq!(settled(&child, "app").await, "CREATE_COMPLETE");
    let same = ask(&child, "UpdateStack", &with("app", APP, &[])).await;
    same.refused(400, "ValidationError", "No updates are to be performed.");

    let before = function(&child, "app-dev").await.json()["Configuration"]["CodeSha256"].clone();
    let changed = APP.replace("return event", "return 'new'");
    ok(&child, "UpdateStack", &with("app", &changed, &parameter("Memory", "256"))).await;
    assert_eq!(settled(&child, "app").await, "UPDATE_COMPLETE", "{:#?}", events(&child, "app").await);
    let after = function(&child, "app-dev").await.json()["Configuration"].clone();
    assert_eq!(after["MemorySize"], 256);
    assert_ne!(after["CodeSha256"], before);

    // Other names: everything that has one is made anew, and the old ones go. What is not named stays.
    let bucket = ok(&child, "DescribeStacks", &[("StackName", "app")]).await.tags("OutputValue")[0].clone();
    let previous = [
        ("UsePreviousTemplate", "true"),
        ("StackName", "app"),
        ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
        ("Parameters.member.1.ParameterKey", "Stage"),
        ("Parameters.member.1.ParameterValue", "prod"),
        ("Parameters.member.2.ParameterKey", "Memory"),
        ("Parameters.member.2.UsePreviousValue", "true"),
    ];
    ok(&child, "UpdateStack", &previous).await;
    assert_eq!(settled(&child, "app").await, "UPDATE_COMPLETE", "{:#?}", events(&child, "app").await);
    let seen = events(&child, "app").await;
    let new = "Requested update requires the creation of a new physical resource; hence creating one.";
    assert!(seen.contains(&format!("Role UPDATE_IN_PROGRESS {new}")), "{seen:#?}");
    let cleaning = seen.iter().rposition(|event| event.contains("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")).unwrap();
    let deleted = seen.iter().rposition(|event| event == "Role DELETE_COMPLETE").unwrap();
    assert!(cleaning < deleted);
    assert_eq!(function(&child, "app-prod").await.json()["Configuration"]["MemorySize"], 256);
    assert_eq!(function(&child, "app-dev").await.status, 404);
    assert_eq!(child.iam("GetRole", &[("RoleName", "app-dev")]).await.status, 404);
    let shown = ok(&child, "DescribeStacks", &[("StackName", "app")]).await;
    assert_eq!((&shown.tags("OutputValue")[0], &shown.tags("ParameterValue")[1]), (&bucket, &"256".to_owned()));

    // The same name can't be had twice at once.
    let fixed = APP.replace("RoleName: !Sub app-${Stage}", "RoleName: app-prod\n      Path: /other/");
    ok(&child, "UpdateStack", &with("app", &fixed, &parameter("Stage", "prod"))).await;
    assert_eq!(settled(&child, "app").await, "UPDATE_ROLLBACK_COMPLETE");
    let named = "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename app-prod";
    assert!(events(&child, "app").await.iter().any(|event| event.contains(named)));
}

#[tokio::test]
async fn change_sets_tell_what_they_do_and_do_it() {
    let lab = lab().await;
    let child = lab.client("child");
    let set = |name: &'static str, kind: &'static str| [("ChangeSetName", name), ("ChangeSetType", kind)];
    let made = ok(&child, "CreateChangeSet", &with("app", APP, &set("first", "CREATE"))).await;
    let (id, stack) = (made.tag("Id"), made.tag("StackId"));
    assert_eq!(settled_review(&child, "app").await, "REVIEW_IN_PROGRESS");
    let shown = ok(&child, "DescribeChangeSet", &[("ChangeSetName", &id)]).await;
    assert_eq!((shown.tag("Status"), shown.tag("ExecutionStatus")), ("CREATE_COMPLETE".into(), "AVAILABLE".into()));
    assert_eq!(shown.tags("Action"), ["Add"; 5]);
    ok(&child, "ExecuteChangeSet", &[("StackName", "app"), ("ChangeSetName", "first")]).await;
    assert_eq!(settled(&child, "app").await, "CREATE_COMPLETE", "{:#?}", events(&child, "app").await);
    assert_eq!(ok(&child, "DescribeStacks", &[("StackName", "app")]).await.tag("ChangeSetId"), id);
    let exists = ask(&child, "CreateChangeSet", &with("app", APP, &set("again", "CREATE"))).await;
    exists.refused(400, "ValidationError", "already exists and cannot be created again");

    ok(&child, "CreateChangeSet", &with("app", APP, &set("none", "UPDATE"))).await;
    let none = ok(&child, "DescribeChangeSet", &[("StackName", "app"), ("ChangeSetName", "none")]).await;
    assert_eq!(none.tag("Status"), "FAILED");
    assert!(none.tag("StatusReason").starts_with("The submitted information didn't contain changes."));
    let never = ask(&child, "ExecuteChangeSet", &[("StackName", "app"), ("ChangeSetName", "none")]).await;
    never.refused(400, "InvalidChangeSetStatus", "cannot be executed in its current status of [FAILED]");

    let more = [&set("stage", "UPDATE")[..], &parameter("Stage", "prod")].concat();
    ok(&child, "CreateChangeSet", &with("app", APP, &more)).await;
    let shown = ok(&child, "DescribeChangeSet", &[("StackName", "app"), ("ChangeSetName", "stage")]).await;
    let role =
        shown.tags("ResourceChange").into_iter().find(|change| change.contains("<LogicalResourceId>Role<")).unwrap();
    assert!(role.contains("<Action>Modify</Action>") && role.contains("<Replacement>True</Replacement>"), "{role}");
    assert!(!role.contains("BeforeValue"));
    let values = [("StackName", "app"), ("ChangeSetName", "stage"), ("IncludePropertyValues", "true")];
    assert!(ok(&child, "DescribeChangeSet", &values).await.text().contains("<BeforeValue>app-dev</BeforeValue>"));
    assert_eq!(ok(&child, "ListChangeSets", &[("StackName", "app")]).await.tags("ChangeSetName").len(), 3);
    ok(&child, "ExecuteChangeSet", &[("StackName", "app"), ("ChangeSetName", "stage")]).await;
    assert_eq!(settled(&child, "app").await, "UPDATE_COMPLETE", "{:#?}", events(&child, "app").await);
    assert_eq!(function(&child, "app-prod").await.status, 200);
    let gone = ask(&child, "DescribeChangeSet", &[("StackName", &stack), ("ChangeSetName", "none")]).await;
    gone.refused(404, "ChangeSetNotFound", "ChangeSet [none] does not exist");
}

async fn settled_review(client: &Client, stack: &str) -> String {
    ok(client, "DescribeStacks", &[("StackName", stack)]).await.tag("StackStatus")
}

#[tokio::test]
async fn exports_are_imported_and_kept_while_in_use() {
    let lab = lab().await;
    let child = lab.client("child");
    let exporter = |name: &str| {
        format!(
            "Resources: {{B: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: {name}}}}}}}\nOutputs: {{O: {{Value: !Ref B, Export: {{Name: shared}}}}}}\n"
        )
    };
    let importer = "Resources: {G: {Type: 'AWS::IAM::Policy', Properties: {PolicyName: p, Groups: [!Ref H], PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:*', Resource: !Sub ['arn:aws:s3:::${b}', {b: !ImportValue shared}]}]}}}, H: {Type: 'AWS::IAM::Group'}}\n";
    let id = create(&child, "user", importer, &[]).await;
    assert_eq!(settled(&child, "user").await, "ROLLBACK_COMPLETE");
    let missing = "user ROLLBACK_IN_PROGRESS No export named shared found. Rollback requested by user.";
    assert!(events(&child, "user").await.contains(&missing.to_owned()));
    ok(&child, "DeleteStack", &[("StackName", "user")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE");

    create(&child, "owner", &exporter("shared-one"), &[]).await;
    assert_eq!(settled(&child, "owner").await, "CREATE_COMPLETE");
    create(&child, "user", importer, &[]).await;
    assert_eq!(settled(&child, "user").await, "CREATE_COMPLETE", "{:#?}", events(&child, "user").await);
    assert!(ok(&child, "ListImports", &[("ExportName", "shared")]).await.text().contains("<member>user</member>"));
    ok(&child, "DeleteStack", &[("StackName", "owner")]).await;
    assert_eq!(settled(&child, "owner").await, "CREATE_COMPLETE");
    let why = "Delete canceled. Cannot delete export shared as it is in use by user.";
    assert_eq!(ok(&child, "DescribeStacks", &[("StackName", "owner")]).await.tag("StackStatusReason"), why);
    ok(&child, "UpdateStack", &with("owner", &exporter("shared-two"), &[])).await;
    assert_eq!(settled(&child, "owner").await, "UPDATE_ROLLBACK_COMPLETE");
    let why = "Export shared cannot be updated as it is in use by user.";
    assert!(events(&child, "owner").await.iter().any(|event| event.contains(why)));
    assert!(has_bucket(&child, "shared-one").await && !has_bucket(&child, "shared-two").await);
}

#[tokio::test]
async fn managed_policies_are_attached_changed_and_detached() {
    let lab = lab().await;
    let child = lab.client("child");
    let template = "
Resources:
  User: {Type: AWS::IAM::User, Properties: {UserName: reader, Groups: [!Ref Group]}}
  Group: {Type: AWS::IAM::Group, Properties: {GroupName: readers}}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: reading
      Groups: [!Ref Group]
      PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: '*'}]}
Outputs: {Policy: {Value: !Ref Policy}, Version: {Value: !GetAtt Policy.DefaultVersionId}}
";
    let id = create(&child, "people", template, &[]).await;
    assert_eq!(settled(&child, "people").await, "CREATE_COMPLETE", "{:#?}", events(&child, "people").await);
    let outputs = ok(&child, "DescribeStacks", &[("StackName", "people")]).await.tags("OutputValue");
    let arn = format!("arn:aws:iam::{CHILD}:policy/reading");
    assert_eq!(outputs, [arn.as_str(), "v1"]);
    assert_eq!(child.iam_ok("ListGroupsForUser", &[("UserName", "reader")]).await.tag("GroupName"), "readers");
    let attached = child.iam_ok("ListEntitiesForPolicy", &[("PolicyArn", &arn)]).await;
    assert_eq!(attached.tags("GroupName"), ["readers"]);
    let changed =
        template.replace("Groups: [!Ref Group]\n      PolicyDocument", "Users: [!Ref User]\n      PolicyDocument");
    let changed = changed.replace("s3:GetObject", "s3:ListBucket");
    ok(&child, "UpdateStack", &with("people", &changed, &[])).await;
    assert_eq!(settled(&child, "people").await, "UPDATE_COMPLETE", "{:#?}", events(&child, "people").await);
    let attached = child.iam_ok("ListEntitiesForPolicy", &[("PolicyArn", &arn)]).await;
    assert_eq!((attached.tags("GroupName").len(), attached.tags("UserName")), (0, vec!["reader".to_owned()]));
    assert_eq!(child.iam_ok("ListPolicyVersions", &[("PolicyArn", &arn)]).await.tags("VersionId"), ["v2"]);
    ok(&child, "DeleteStack", &[("StackName", "people")]).await;
    assert_eq!(settled(&child, &id).await, "DELETE_COMPLETE", "{:#?}", events(&child, &id).await);
    assert_eq!(child.iam("GetPolicy", &[("PolicyArn", &arn)]).await.status, 404);
}
