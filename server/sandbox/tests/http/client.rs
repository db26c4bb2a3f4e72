//! A client that signs as AWS's SDKs do, for what no port of the console asks for.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;
use std::time::SystemTime;

/// The services that speak awsJson: the name they sign as, the prefix of their targets, the version.
const JSON: [(&str, &str, &str); 10] = [
    ("sagemaker", "SageMaker", "1.1"),
    ("organizations", "AWSOrganizationsV20161128", "1.1"),
    ("kms", "TrentService", "1.1"),
    ("codecommit", "CodeCommit_20150413", "1.1"),
    ("events", "AWSEvents", "1.1"),
    ("logs", "Logs_20140328", "1.1"),
    ("monitoring", "GraniteServiceVersion20100801", "1.0"),
    ("states", "AWSStepFunctions", "1.0"),
    ("codepipeline", "CodePipeline_20150709", "1.1"),
    ("servicequotas", "ServiceQuotasV20190624", "1.1"),
];

pub fn http() -> Http<HttpConnector, Full<Bytes>> {
    Http::builder(TokioExecutor::new()).build_http()
}

pub async fn exchange(http: &Http<HttpConnector, Full<Bytes>>, request: Request<Full<Bytes>>) -> Answer {
    let response = http.request(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// Somebody with credentials.
#[derive(Clone)]
pub struct Client {
    pub url: String,
    pub key: String,
    pub secret: String,
    pub token: Option<String>,
    pub region: String,
    /// When requests claim to be signed.
    pub time: Option<SystemTime>,
    http: Http<HttpConnector, Full<Bytes>>,
}

impl Client {
    pub fn new(url: &str, key: &str, secret: &str, token: Option<&str>) -> Self {
        Self {
            url: url.to_owned(),
            key: key.to_owned(),
            secret: secret.to_owned(),
            token: token.map(str::to_owned),
            region: "eu-west-1".into(),
            time: None,
            http: http(),
        }
    }
    pub fn of_profile(url: &str, credentials: &Path, profile: &str) -> Self {
        let text = std::fs::read_to_string(credentials).unwrap();
        let section = text.split('[').find(|section| section.starts_with(&format!("{profile}]"))).unwrap();
        let values: HashMap<&str, &str> = section.lines().filter_map(|line| line.split_once(" = ")).collect();
        Self::new(url, values["aws_access_key_id"], values["aws_secret_access_key"], None)
    }
    /// The same place with the credentials that a query answered.
    pub fn with_credentials(&self, answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let tag = |name: &str| answer.tag(name);
        let mut client = Self::new(&self.url, &tag("AccessKeyId"), &tag("SecretAccessKey"), Some(&tag("SessionToken")));
        client.region.clone_from(&self.region);
        client
    }

    /// A signed request.
    pub fn signed(
        &self,
        service: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Request<Full<Bytes>> {
        let url = format!("{}{path}", self.url);
        let identity = Credentials::new(&self.key, &self.secret, self.token.clone(), None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(self.time.unwrap_or_else(SystemTime::now))
            .settings(settings(service))
            .build()
            .unwrap()
            .into();
        let signable =
            SignableRequest::new(method.as_str(), &url, headers.iter().copied(), SignableBody::Bytes(&body)).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        let mut request = Request::builder().method(method).uri(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Full::new(body)).unwrap();
        instructions.apply_to_request_http1x(&mut request);
        request
    }
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        exchange(&self.http, request).await
    }
    /// An awsQuery request.
    pub fn query_request(&self, service: &str, action: &str, params: &[(&str, &str)]) -> Request<Full<Bytes>> {
        let version = match service {
            "iam" => "2010-05-08",
            "cloudformation" => "2010-05-15",
            _ => "2011-06-15",
        };
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", action)
            .append_pair("Version", version)
            .extend_pairs(params)
            .finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.signed(service, Method::POST, "/", &headers, form.into())
    }
    pub async fn query(&self, service: &str, action: &str, params: &[(&str, &str)]) -> Answer {
        self.send(self.query_request(service, action, params)).await
    }
    pub async fn iam(&self, action: &str, params: &[(&str, &str)]) -> Answer {
        self.query("iam", action, params).await
    }
    /// A call of IAM that must work.
    pub async fn iam_ok(&self, action: &str, params: &[(&str, &str)]) -> Answer {
        let answer = self.iam(action, params).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.text());
        answer
    }
    pub async fn sts(&self, action: &str, params: &[(&str, &str)]) -> Answer {
        self.query("sts", action, params).await
    }
    pub async fn assume(&self, role: &str, more: &[(&str, &str)]) -> Answer {
        let params: Vec<_> =
            [("RoleArn", role), ("RoleSessionName", "test")].into_iter().chain(more.iter().copied()).collect();
        self.sts("AssumeRole", &params).await
    }
    /// An awsJson request to a service, by the name that requests are signed for.
    pub async fn json(&self, service: &str, operation: &str, body: Value) -> Answer {
        let (_, prefix, version) = JSON.into_iter().find(|(name, ..)| *name == service).unwrap();
        let (kind, target) = (format!("application/x-amz-json-{version}"), format!("{prefix}.{operation}"));
        let headers = [("content-type", kind.as_str()), ("x-amz-target", target.as_str())];
        self.send(self.signed(service, Method::POST, "/", &headers, body.to_string().into())).await
    }
    /// The same, which must work.
    pub async fn json_ok(&self, service: &str, operation: &str, body: Value) -> Value {
        let answer = self.json(service, operation, body).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }
    /// An awsJson request to SageMaker.
    pub async fn sagemaker(&self, operation: &str, body: Value) -> Answer {
        self.json("sagemaker", operation, body).await
    }
    /// An awsJson request to Organizations.
    pub async fn organizations(&self, operation: &str, body: Value) -> Answer {
        self.json("organizations", operation, body).await
    }
    /// A call of Organizations that must work.
    pub async fn organizations_ok(&self, operation: &str, body: Value) -> Value {
        self.json_ok("organizations", operation, body).await
    }
    /// A request to Lambda.
    pub async fn lambda(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        self.send(self.signed("lambda", method, path, headers, body)).await
    }
    pub async fn invoke(&self, endpoint: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let path = format!("/endpoints/{endpoint}/invocations");
        self.send(self.signed("sagemaker", Method::POST, &path, headers, body.into())).await
    }
    /// The whole of a stream, frames and all.
    pub async fn stream(&self, endpoint: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let path = format!("/endpoints/{endpoint}/invocations-response-stream");
        self.send(self.signed("sagemaker", Method::POST, &path, headers, body.into())).await
    }
    /// A user with these inline policies, as a client.
    pub async fn new_user(&self, name: &str, policies: &[&str]) -> Client {
        self.iam_ok("CreateUser", &[("UserName", name)]).await;
        for (n, policy) in policies.iter().enumerate() {
            let policy_name = format!("p{n}");
            let params = [("UserName", name), ("PolicyName", policy_name.as_str()), ("PolicyDocument", policy)];
            self.iam_ok("PutUserPolicy", &params).await;
        }
        let key = self.iam_ok("CreateAccessKey", &[("UserName", name)]).await;
        Client::new(&self.url, &key.tag("AccessKeyId"), &key.tag("SecretAccessKey"), None)
    }
    /// A role with this trust policy and these inline policies; gives its ARN.
    pub async fn new_role(&self, name: &str, trust: &str, policies: &[&str]) -> String {
        let made = self.iam_ok("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", trust)]).await;
        for (n, policy) in policies.iter().enumerate() {
            let policy_name = format!("p{n}");
            let params = [("RoleName", name), ("PolicyName", policy_name.as_str()), ("PolicyDocument", policy)];
            self.iam_ok("PutRolePolicy", &params).await;
        }
        made.tag("Arn")
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    /// The first `<name>…</name>`.
    pub fn tag(&self, name: &str) -> String {
        self.tags(name).into_iter().next().unwrap_or_else(|| panic!("no {name} in {}", self.text()))
    }
    /// Every `<name>…</name>`.
    pub fn tags(&self, name: &str) -> Vec<String> {
        let text = self.text();
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let unescape =
            |t: &str| t.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        text.split(&open).skip(1).filter_map(|rest| rest.split_once(&close)).map(|(inner, _)| unescape(inner)).collect()
    }
    /// Status and code of an error, in whichever protocol.
    pub fn error(&self) -> (u16, String) {
        let code = if self.text().starts_with("<ErrorResponse") {
            self.tag("Code")
        } else if !self.header("x-amzn-errortype").is_empty() {
            self.header("x-amzn-errortype").to_owned()
        } else {
            self.json()["__type"].as_str().unwrap_or_default().to_owned()
        };
        (self.status, code)
    }
    /// The message of an error.
    pub fn message(&self) -> String {
        if self.text().starts_with("<ErrorResponse") {
            return self.tag("Message");
        }
        let json = self.json();
        json.get("message").or_else(|| json.get("Message")).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
    /// Asserts a refusal.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str, message: &str) {
        assert_eq!((self.status, self.error().1.as_str()), (status, code), "{}", self.text());
        assert!(self.message().contains(message), "`{}` does not contain `{message}`", self.message());
    }
}

/// How a service's requests are signed: S3's keys are encoded once, and its bodies are told by a header.
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}

/// A trust policy for AWS principals.
pub fn trusting(principals: &[&str]) -> String {
    let list = serde_json::json!(principals);
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":{list}}},"Action":"sts:AssumeRole"}}]}}"#
    )
}

/// The trust policy of an execution role.
pub const TRUSTS_LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// An identity policy of one Allow.
pub fn allowing(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}]}}"#
    )
}

/// An identity policy of one Deny.
pub fn denying(action: &str, resource: &str) -> String {
    allowing(action, resource).replace("Allow", "Deny")
}
