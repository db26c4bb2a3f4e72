//! A stack made, looked at, left as it is, changed and deleted.

use crate::{World, ireland, parent, tags, world};
use services::ports::gateway::{GatewayErrorKind, ObservedStack, StackRequest, StackState};
use std::time::Duration;

const TEMPLATE: &str = "Parameters:
  Text:
    Type: String
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      Description: !Ref Text
      KeyPolicy:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal:
              AWS: !Sub arn:aws:iam::${AWS::AccountId}:root
            Action: kms:*
            Resource: '*'
Outputs:
  KeyArn:
    Value: !GetAtt Key.Arn
";

fn request(text: &str) -> StackRequest {
    StackRequest {
        name: "churn".into(),
        template: TEMPLATE.into(),
        parameters: [("Text".to_owned(), text.to_owned())].into(),
        tags: tags(&[("sagebridge:pipeline", "p-1")]),
    }
}

async fn settled(world: &World, name: &str) -> ObservedStack {
    let stacks = &world.pipeline.stacks;
    let looking = async {
        loop {
            let found = stacks.stack(&parent(), &ireland(), name).await.unwrap().unwrap();
            if found.state.is_settled() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), looking).await.unwrap()
}

#[tokio::test]
async fn a_stack_is_made_read_changed_and_deleted() {
    let world = world(0).await;
    let stacks = &world.pipeline.stacks;
    let (connection, region) = (&parent(), &ireland());
    assert_eq!(stacks.stack(connection, region, "churn").await.unwrap(), None);
    assert!(stacks.create_stack(connection, region, &request("one")).await.unwrap().request_id.is_some());
    let made = settled(&world, "churn").await;
    assert_eq!((made.state, made.parameters["Text"].as_str()), (StackState::CreateComplete, "one"));
    assert_eq!(made.tags, tags(&[("sagebridge:pipeline", "p-1")]));
    assert!(made.outputs["KeyArn"].starts_with("arn:aws:kms:eu-west-1:111111111111:key/"), "{made:?}");
    let again = stacks.create_stack(connection, region, &request("one")).await.unwrap_err();
    assert_eq!((again.kind, again.code.as_str()), (GatewayErrorKind::Conflict, "AlreadyExistsException"));

    assert_eq!(stacks.stack_template(connection, region, "churn").await.unwrap().as_deref(), Some(TEMPLATE));
    let resources = stacks.stack_resources(connection, region, "churn").await.unwrap();
    assert_eq!(resources.len(), 1);
    assert_eq!((resources[0].logical_id.as_str(), resources[0].resource_type.as_str()), ("Key", "AWS::KMS::Key"));
    let key = resources[0].physical_id.clone().unwrap();
    assert!(made.outputs["KeyArn"].ends_with(&key), "{key}");

    let events = stacks.stack_events(connection, region, &made.id, None).await.unwrap();
    assert_eq!((events[0].logical_id.as_str(), events[0].status.as_str()), ("churn", "CREATE_IN_PROGRESS"));
    assert_eq!(events.last().unwrap().status, "CREATE_COMPLETE");
    let last = events.last().map(|event| event.id.as_str());
    assert_eq!(stacks.stack_events(connection, region, &made.id, last).await.unwrap(), []);

    assert!(!stacks.update_stack(connection, region, &request("one")).await.unwrap().value, "nothing changes");
    assert!(stacks.update_stack(connection, region, &request("two")).await.unwrap().value);
    let changed = settled(&world, "churn").await;
    assert_eq!((changed.state, changed.parameters["Text"].as_str()), (StackState::UpdateComplete, "two"));
    let new = stacks.stack_events(connection, region, &made.id, last).await.unwrap();
    assert_eq!(new.first().map(|event| event.status.as_str()), Some("UPDATE_IN_PROGRESS"));

    stacks.delete_stack(connection, region, "churn").await.unwrap();
    assert_eq!(settled(&world, &made.id).await.state, StackState::DeleteComplete);
    assert_eq!(stacks.stack(connection, region, "churn").await.unwrap(), None);
    assert_eq!(stacks.stack_resources(connection, region, "nothing").await.unwrap(), []);
    let missing = stacks.update_stack(connection, region, &request("two")).await.unwrap_err();
    assert_eq!(missing.kind, GatewayErrorKind::NotFound);
}
