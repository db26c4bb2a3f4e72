//! Documents with where each lives, inline policies, and lists with tags.

use crate::{
    ALLOW_INVOKE, DENY_STORAGE, TRUST_ACCOUNT, TRUST_CHILD, child, parent, policy_name, role_name, tags, world,
};
use domain::arn::CallerArn;
use domain::policy::same_meaning;
use services::ports::gateway::{GatewayErrorKind, Holder, Origin, Piece};

#[tokio::test]
async fn an_inline_policy_is_put_replaced_read_and_deleted() {
    let world = world(0).await;
    let iam = &world.gateways.iam;
    let role = world.role("Role", TRUST_ACCOUNT).await;
    let name = policy_name("Inline");
    let (held_by_role, held_by_user) = (Holder::Role(role), Holder::User("admin".parse().unwrap()));
    for holder in [&held_by_role, &held_by_user] {
        assert_eq!(iam.inline_policy(&parent(), holder, &name).await.unwrap(), None);
        iam.put_inline_policy(&parent(), holder, &name, ALLOW_INVOKE).await.unwrap();
        iam.put_inline_policy(&parent(), holder, &name, DENY_STORAGE).await.unwrap();
        let seen = iam.inline_policy(&parent(), holder, &name).await.unwrap().unwrap();
        assert!(same_meaning(&seen, DENY_STORAGE), "{seen}");
        iam.delete_inline_policy(&parent(), holder, &name).await.unwrap();
        assert_eq!(iam.inline_policy(&parent(), holder, &name).await.unwrap(), None);
        let gone = iam.delete_inline_policy(&parent(), holder, &name).await.unwrap_err();
        assert_eq!(gone.kind, GatewayErrorKind::NotFound);
    }
    let nobody = Holder::Group("nobody".parse().unwrap());
    let error = iam.put_inline_policy(&parent(), &nobody, &name, ALLOW_INVOKE).await.unwrap_err();
    assert_eq!((error.kind, error.operation), (GatewayErrorKind::NotFound, "PutGroupPolicy"));
}

#[tokio::test]
async fn a_role_is_read_with_every_document_and_its_versions() {
    let world = world(0).await;
    let iam = &world.gateways.iam;
    let role = world.role("Role", TRUST_CHILD).await;
    let made = world.policy("Invoke", ALLOW_INVOKE).await;
    iam.create_policy_version(&parent(), &made, DENY_STORAGE).await.unwrap();
    iam.set_default_policy_version(&parent(), &made, "v1").await.unwrap();
    iam.attach_role_policy(&parent(), &role, &made).await.unwrap();
    let holder = Holder::Role(role.clone());
    iam.put_inline_policy(&parent(), &holder, &policy_name("Inline"), DENY_STORAGE).await.unwrap();

    let seen = iam.role_documents(&parent(), &role).await.unwrap().unwrap();
    assert!(same_meaning(&seen.trust, TRUST_CHILD), "{}", seen.trust);
    assert!(seen.unique_id.starts_with("AROA"), "{}", seen.unique_id);
    assert_eq!((seen.max_session_seconds, seen.boundary), (7200, Piece::Missing));
    assert_eq!(seen.tags, tags(&[("sagebridge:share", "s1")]));
    let [managed, inline] = &seen.policies.documents[..] else { unreachable!("{:?}", seen.policies) };
    assert!(same_meaning(&managed.text, ALLOW_INVOKE), "{}", managed.text);
    let Origin::Managed { arn, version, others, group } = &managed.origin else { unreachable!("{managed:?}") };
    assert_eq!((arn, version.as_str(), group), (&made, "v1", &None));
    let [newer] = &others[..] else { unreachable!("{others:?}") };
    assert_eq!(newer.id, "v2");
    assert!(same_meaning(newer.text.as_deref().unwrap(), DENY_STORAGE), "{newer:?}");
    assert_eq!((inline.name.as_str(), &inline.origin), ("Inline", &Origin::Inline { holder }));
    assert_eq!(iam.role_documents(&parent(), &role_name("nobody")).await.unwrap(), None);
}

#[tokio::test]
async fn a_caller_is_read_as_far_as_its_console_may() {
    let world = world(0).await;
    let iam = &world.gateways.iam;
    let lambda = CallerArn::parse("arn:aws:iam::222222222222:role/scoring-lambda").unwrap();
    let whole = iam.caller_documents(&child(), &lambda).await.unwrap().unwrap();
    assert_eq!((whole.policies.documents.len(), whole.policies.unread.len()), (1, 0));
    assert!(whole.policies.documents[0].is_aws_managed());
    assert_eq!(whole.boundary, Piece::Missing);

    let holder = Holder::Role(role_name("scoring-lambda"));
    iam.put_inline_policy(&child(), &holder, &policy_name("Hidden"), DENY_STORAGE).await.unwrap();
    let no_reading = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["iam:GetRolePolicy","iam:GetRole"],"Resource":"*"}]}"#;
    let admin = Holder::User("admin".parse().unwrap());
    iam.put_inline_policy(&child(), &admin, &policy_name("NoReading"), no_reading).await.unwrap();
    let partly = iam.caller_documents(&child(), &lambda).await.unwrap().unwrap();
    assert_eq!(partly.policies.documents, whole.policies.documents);
    let [unread] = &partly.policies.unread[..] else { unreachable!("{:?}", partly.policies.unread) };
    assert_eq!(unread.what, "the inline policy `Hidden` of role `scoring-lambda`");
    assert!(unread.why.contains("with an explicit deny in an identity-based policy"), "{}", unread.why);
    assert_eq!(unread.needs, ["iam:GetRolePolicy"]);
    assert_eq!((partly.arn, partly.unique_id), (lambda, None));
    assert!(partly.boundary.why().is_some());
    for missing in ["role/nobody", "user/nobody"] {
        let missing = CallerArn::parse(&format!("arn:aws:iam::222222222222:{missing}")).unwrap();
        assert_eq!(iam.caller_documents(&child(), &missing).await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_carries_a_tag_is_found_in_all_pages() {
    let world = world(130).await;
    let iam = &world.gateways.iam;
    iam.tag_role(&child(), &role_name("worker-00120"), &tags(&[("sagebridge:share", "s9")])).await.unwrap();
    let (mut found, mut seen, mut after) = (Vec::new(), 0, None);
    loop {
        let page = iam.tagged_roles(&child(), after.as_deref()).await.unwrap();
        seen += page.items.len();
        let tagged =
            |tags: &Piece<_>| tags.read().is_some_and(|tags: &services::ports::gateway::Tags| !tags.is_empty());
        found.extend(page.items.into_iter().filter(|role| tagged(&role.tags)).map(|role| role.arn));
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert_eq!(seen, 131);
    assert_eq!(found.iter().map(|arn| arn.resource_name()).collect::<Vec<_>>(), ["worker-00120"]);

    let made = world.policy("Invoke", ALLOW_INVOKE).await;
    iam.tag_policy(&parent(), &made, &tags(&[("a", "1")])).await.unwrap();
    iam.attach_user_policy(&parent(), &"admin".parse().unwrap(), &made).await.unwrap();
    let page = iam.tagged_policies(&parent(), None).await.unwrap();
    let [policy] = &page.items[..] else { unreachable!("{:?}", page.items) };
    assert_eq!((&policy.arn, policy.version.as_str(), policy.attachments), (&made, "v1", 1));
    assert_eq!(policy.tags, Piece::Read(tags(&[("a", "1")])));
}
