//! A cloud that says yes: it counts, waits and fails as told, and remembers nothing it was asked to make.

use async_trait::async_trait;
use bytes::Bytes;
use domain::arn::{Arn, CallerArn};
use domain::connection::{CallerView, Identity};
use domain::endpoint::{EndpointDetail, EndpointStatus, EndpointView, Page};
use domain::function::FunctionView;
use domain::names::{AccountId, ConnectionId, EndpointName, FunctionName, PolicyName, Region, RoleName, UserName};
use domain::s3::Location;
use domain::share::inventory::{ObservedPolicy, ObservedRole};
use domain::time::Timestamp;
use futures::StreamExt as _;
use services::ports::gateway::{
    Answered, AssumeRoleParams, CallerDocuments, ConnectionGateway, ConnectionProfile, ControlKind, ControlPolicies,
    FunctionAnswer, FunctionCall, GatewayError, GatewayErrorKind, GatewayResult, Gateways, Holder, IamGateway,
    IdentityPolicies, LambdaGateway, ListedPolicy, ListedRole, NewFunction, NewRole, Object, ObservedFunction,
    Organization, OrganizationsGateway, RoleCredentials, RoleDocuments, RuntimeCaller, RuntimeGateway, RuntimeRequest,
    RuntimeResponse, RuntimeStream, RuntimeTaken, S3Gateway, SagemakerGateway, StsGateway, Tags, Variables,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub struct Cloud {
    pub identities: AtomicUsize,
    pub assumed: AtomicUsize,
    pub invoked: AtomicUsize,
    /// How long AssumeRole takes, by tokio's clock.
    pub assume_takes: Mutex<Duration>,
    /// What AssumeRole fails with, while it is set.
    pub assume_fails: Mutex<Option<GatewayErrorKind>>,
    /// What InvokeEndpoint fails with, once.
    pub invoke_fails: Mutex<Option<GatewayErrorKind>>,
    /// When new credentials end.
    pub expires: AtomicI64,
    /// The accounts of connections whose profile was edited.
    pub moved: Mutex<BTreeMap<&'static str, &'static str>>,
    /// How many changes IAM was asked for.
    pub changes: AtomicUsize,
    /// Which change IAM denies, while it is set: `create_role`.
    pub denies: Mutex<Option<&'static str>>,
}

impl Default for Cloud {
    fn default() -> Self {
        Self {
            identities: AtomicUsize::new(0),
            assumed: AtomicUsize::new(0),
            invoked: AtomicUsize::new(0),
            assume_takes: Mutex::new(Duration::from_millis(100)),
            assume_fails: Mutex::new(None),
            invoke_fails: Mutex::new(None),
            expires: AtomicI64::new(1_800_003_600_000),
            moved: Mutex::default(),
            changes: AtomicUsize::new(0),
            denies: Mutex::new(None),
        }
    }
}

pub fn of(cloud: &Arc<Cloud>) -> Gateways {
    Gateways {
        connections: cloud.clone(),
        sts: cloud.clone(),
        iam: cloud.clone(),
        sagemaker: cloud.clone(),
        runtime: cloud.clone(),
        organizations: cloud.clone(),
        lambda: cloud.clone(),
        s3: cloud.clone(),
    }
}

pub fn error(operation: &'static str, kind: GatewayErrorKind) -> GatewayError {
    GatewayError {
        operation,
        account: None,
        connection: None,
        kind,
        code: format!("{kind:?}"),
        message: "as told".into(),
        status: Some(400),
        retryable: false,
        request_id: Some("r-1".into()),
        model: None,
    }
}

fn yes<T>(value: T) -> GatewayResult<Answered<T>> {
    Ok(Answered { value, request_id: Some("r-1".into()) })
}

#[async_trait]
impl ConnectionGateway for Cloud {
    async fn profiles(&self) -> GatewayResult<Vec<ConnectionProfile>> {
        let profile = |id: &str| ConnectionProfile { id: id.parse().unwrap(), region: None };
        Ok(["broken", "child", "parent"].map(profile).to_vec())
    }
    async fn identity(&self, connection: &ConnectionId) -> GatewayResult<Identity> {
        self.identities.fetch_add(1, Ordering::SeqCst);
        let moved = self.moved.lock().unwrap().get(connection.as_str()).copied();
        let account = match connection.as_str() {
            _ if moved.is_some() => moved.unwrap(),
            "parent" => "111111111111",
            "child" => "222222222222",
            _ => return Err(error("GetCallerIdentity", GatewayErrorKind::NoCredentials)),
        };
        let arn: Arn = format!("arn:aws:iam::{account}:user/admin").parse().unwrap();
        let caller = CallerArn::parse(arn.as_str()).ok();
        Ok(Identity { account: account.parse().unwrap(), arn, caller })
    }
}

#[async_trait]
impl StsGateway for Cloud {
    async fn assume_role(
        &self,
        _: &ConnectionId,
        _: &Region,
        params: &AssumeRoleParams,
    ) -> GatewayResult<Answered<RoleCredentials>> {
        let number = self.assumed.fetch_add(1, Ordering::SeqCst);
        let takes = *self.assume_takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        if let Some(kind) = *self.assume_fails.lock().unwrap() {
            return Err(error("AssumeRole", kind));
        }
        let session = format!("arn:aws:sts::111111111111:assumed-role/SageMakerExternal/{}", params.session_name);
        yes(RoleCredentials {
            access_key_id: format!("ASIA{number}"),
            secret_access_key: "secret".to_owned().into(),
            session_token: "token".to_owned().into(),
            expires: Timestamp(self.expires.load(Ordering::SeqCst)),
            session_arn: session.parse().unwrap(),
        })
    }
}

#[async_trait]
impl RuntimeGateway for Cloud {
    async fn invoke(
        &self,
        _: &RuntimeCaller,
        _: &Region,
        request: RuntimeRequest,
    ) -> GatewayResult<Answered<RuntimeResponse>> {
        self.invoked.fetch_add(1, Ordering::SeqCst);
        if let Some(kind) = self.invoke_fails.lock().unwrap().take() {
            return Err(error("InvokeEndpoint", kind));
        }
        yes(RuntimeResponse {
            content_type: Some(request.headers.content_type),
            variant: None,
            custom_attributes: None,
            new_session: None,
            closed_session: None,
            body: request.body,
            transfer: Duration::ZERO,
        })
    }

    async fn invoke_stream(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        request: RuntimeRequest,
    ) -> GatewayResult<Answered<RuntimeStream>> {
        let whole = RuntimeGateway::invoke(self, caller, region, request).await?.value;
        let parts = futures::stream::iter([Ok(whole.body)]).boxed();
        yes(RuntimeStream { content_type: whole.content_type, variant: None, custom_attributes: None, parts })
    }

    async fn invoke_async(
        &self,
        caller: &RuntimeCaller,
        region: &Region,
        request: RuntimeRequest,
        _: Option<&Location>,
    ) -> GatewayResult<Answered<RuntimeTaken>> {
        RuntimeGateway::invoke(self, caller, region, request).await?;
        let at = |text: &str| Location::parse(text).unwrap();
        let (output, failure) = (at("s3://results/out/1"), Some(at("s3://results/failed/1")));
        yes(RuntimeTaken { inference_id: "i-1".into(), output, failure })
    }
}

/// Nothing ever arrives.
#[async_trait]
impl S3Gateway for Cloud {
    async fn put_object(
        &self,
        _: &RuntimeCaller,
        _: &Region,
        _: &Location,
        _: &str,
        _: Bytes,
    ) -> GatewayResult<Answered<()>> {
        yes(())
    }
    async fn object(&self, _: &RuntimeCaller, _: &Region, _: &Location, _: usize) -> GatewayResult<Option<Object>> {
        Ok(None)
    }
    async fn has_object(&self, _: &RuntimeCaller, _: &Region, _: &Location) -> GatewayResult<bool> {
        Ok(false)
    }
}

#[async_trait]
impl SagemakerGateway for Cloud {
    async fn endpoints(
        &self,
        _: &ConnectionId,
        region: &Region,
        _: Option<&str>,
        _: Option<&str>,
    ) -> GatewayResult<Page<EndpointView>> {
        let arn = format!("arn:aws:sagemaker:{region}:111111111111:endpoint/echo");
        let echo = EndpointView {
            name: "Echo".parse().unwrap(),
            arn: domain::endpoint::EndpointArn::parse(&arn).unwrap(),
            status: EndpointStatus::InService,
            created: None,
            runs_on: None,
            failure_reason: None,
            results: None,
        };
        Ok(Page { items: vec![echo], next: None })
    }
    /// Knows its one endpoint by its exact name only.
    async fn endpoint(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
    ) -> GatewayResult<Option<EndpointView>> {
        let all = SagemakerGateway::endpoints(self, connection, region, None, None).await?;
        Ok(all.items.into_iter().find(|e| e.name == *name))
    }
    async fn endpoint_detail(
        &self,
        connection: &ConnectionId,
        region: &Region,
        name: &EndpointName,
    ) -> GatewayResult<Option<EndpointDetail>> {
        let view = self.endpoint(connection, region, name).await?;
        Ok(view.map(|view| EndpointDetail { view, shape: None, sample: None }))
    }
}

#[async_trait]
impl OrganizationsGateway for Cloud {
    async fn organization(&self, _: &ConnectionId) -> GatewayResult<Option<Organization>> {
        Ok(None)
    }
    async fn control_policies(
        &self,
        _: &ConnectionId,
        _: &AccountId,
        _: ControlKind,
    ) -> GatewayResult<ControlPolicies> {
        Ok(ControlPolicies::NoOrganization)
    }
}

/// Has no functions, and answers with the event it is given.
#[async_trait]
impl LambdaGateway for Cloud {
    async fn create_function(
        &self,
        _: &ConnectionId,
        region: &Region,
        function: &NewFunction,
    ) -> GatewayResult<Answered<Arn>> {
        yes(format!("arn:aws:lambda:{region}:222222222222:function:{}", function.name).parse().unwrap())
    }
    async fn function(
        &self,
        _: &ConnectionId,
        _: &Region,
        _: &FunctionName,
    ) -> GatewayResult<Option<ObservedFunction>> {
        Ok(None)
    }
    async fn update_code(
        &self,
        _: &ConnectionId,
        _: &Region,
        _: &FunctionName,
        _: bytes::Bytes,
    ) -> GatewayResult<Answered<()>> {
        yes(())
    }
    async fn update_environment(
        &self,
        _: &ConnectionId,
        _: &Region,
        _: &FunctionName,
        _: &Variables,
    ) -> GatewayResult<Answered<()>> {
        yes(())
    }
    async fn invoke(
        &self,
        _: &ConnectionId,
        _: &Region,
        call: FunctionCall,
    ) -> GatewayResult<Answered<FunctionAnswer>> {
        yes(FunctionAnswer { status: 200, function_error: None, payload: call.payload, log_tail: None, version: None })
    }
    async fn delete_function(&self, _: &ConnectionId, _: &Region, _: &FunctionName) -> GatewayResult<Answered<()>> {
        yes(())
    }
    async fn functions(&self, _: &ConnectionId, _: &Region, _: Option<&str>) -> GatewayResult<Page<FunctionView>> {
        Ok(Page { items: Vec::new(), next: None })
    }
}

macro_rules! agreeable {
    (reads { $(fn $read:ident($($rt:ty),*) -> $rr:ty = $value:expr;)* } changes { $(fn $name:ident($($t:ty),*) -> $r:ty = $made:expr;)* }) => {
        #[async_trait]
        impl IamGateway for Cloud {
            $(async fn $read(&self, _: &ConnectionId, $(_: $rt),*) -> GatewayResult<$rr> { Ok($value) })*
            $(async fn $name(&self, _: &ConnectionId, $(_: $t),*) -> GatewayResult<Answered<$r>> {
                self.changes.fetch_add(1, Ordering::SeqCst);
                if *self.denies.lock().unwrap() == Some(stringify!($name)) {
                    return Err(error(stringify!($name), GatewayErrorKind::AccessDenied));
                }
                yes($made)
            })*
        }
    };
}

fn some_arn() -> Arn {
    "arn:aws:iam::111111111111:policy/x".parse().unwrap()
}

fn nobody() -> Page<CallerView> {
    Page { items: Vec::new(), next: None }
}

agreeable! {
    reads {
        fn policy(&Arn) -> Option<ObservedPolicy> = None;
        fn role(&RoleName) -> Option<ObservedRole> = None;
        fn attached(&CallerArn) -> Option<Vec<Arn>> = Some(Vec::new());
        fn identity_policies(&CallerArn) -> Option<IdentityPolicies> = Some(IdentityPolicies::default());
        fn roles(Option<&str>) -> Page<CallerView> = nobody();
        fn users(Option<&str>) -> Page<CallerView> = nobody();
        fn caller_documents(&CallerArn) -> Option<CallerDocuments> = None;
        fn role_documents(&RoleName) -> Option<RoleDocuments> = None;
        fn tagged_roles(Option<&str>) -> Page<ListedRole> = Page { items: Vec::new(), next: None };
        fn tagged_policies(Option<&str>) -> Page<ListedPolicy> = Page { items: Vec::new(), next: None };
        fn inline_policy(&Holder, &PolicyName) -> Option<String> = None;
        fn inline_policies(&Holder) -> Option<Vec<String>> = None;
    }
    changes {
        fn create_policy(&PolicyName, &str, &str, &Tags) -> Arn = some_arn();
        fn create_policy_version(&Arn, &str) -> String = "v2".to_owned();
        fn set_default_policy_version(&Arn, &str) -> () = ();
        fn delete_policy_version(&Arn, &str) -> () = ();
        fn delete_policy(&Arn) -> () = ();
        fn tag_policy(&Arn, &Tags) -> () = ();
        fn untag_policy(&Arn, &[String]) -> () = ();
        fn create_role(&NewRole) -> Arn = some_arn();
        fn update_trust(&RoleName, &str) -> () = ();
        fn update_max_session(&RoleName, u32) -> () = ();
        fn delete_role(&RoleName) -> () = ();
        fn tag_role(&RoleName, &Tags) -> () = ();
        fn untag_role(&RoleName, &[String]) -> () = ();
        fn delete_role_permissions_boundary(&RoleName) -> () = ();
        fn attach_role_policy(&RoleName, &Arn) -> () = ();
        fn detach_role_policy(&RoleName, &Arn) -> () = ();
        fn attach_user_policy(&UserName, &Arn) -> () = ();
        fn detach_user_policy(&UserName, &Arn) -> () = ();
        fn put_inline_policy(&Holder, &PolicyName, &str) -> () = ();
        fn delete_inline_policy(&Holder, &PolicyName) -> () = ();
    }
}
