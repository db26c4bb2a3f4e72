//! Service Quotas: what is listed, in pages, and who may.

use crate::support::{Lab, allowing};
use serde_json::json;

#[tokio::test]
async fn quotas_are_listed_in_pages_and_found_by_their_code() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let mut names = Vec::new();
    let mut asked = json!({ "ServiceCode": "sagemaker", "MaxResults": 25 });
    let mut training = None;
    loop {
        let page = child.json_ok("servicequotas", "ListServiceQuotas", asked.clone()).await;
        let quotas = page["Quotas"].as_array().unwrap();
        assert!(quotas.len() <= 25, "{}", quotas.len());
        names.extend(quotas.iter().map(|quota| quota["QuotaName"].as_str().unwrap().to_owned()));
        let found = quotas.iter().find(|quota| quota["QuotaName"] == "ml.m5.large for training job usage");
        training = training.or_else(|| found.cloned());
        let Some(next) = page.get("NextToken") else { break };
        asked["NextToken"] = next.clone();
    }
    assert!(names.len() > 25 && names.is_sorted(), "{names:?}");
    let training = training.unwrap();
    let code = training["QuotaCode"].clone();
    let same = child
        .json_ok("servicequotas", "GetServiceQuota", json!({ "ServiceCode": "sagemaker", "QuotaCode": code }))
        .await;
    assert_eq!(same["Quota"], training);
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_refused() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let ask = async |body| child.json("servicequotas", "ListServiceQuotas", body).await;
    ask(json!({ "ServiceCode": "ec2" })).await.refused(400, "NoSuchResourceException", "service");
    ask(json!({})).await.refused(400, "IllegalArgumentException", "ServiceCode");
    ask(json!({ "ServiceCode": "sagemaker", "MaxResults": 101 })).await.refused(400, "IllegalArgumentException", "100");
    let stale = json!({ "ServiceCode": "sagemaker", "NextToken": "elsewhere" });
    ask(stale).await.refused(400, "InvalidPaginationTokenException", "token");
    let unknown = json!({ "ServiceCode": "sagemaker", "QuotaCode": "L-00000000" });
    let unknown = child.json("servicequotas", "GetServiceQuota", unknown).await;
    unknown.refused(400, "NoSuchResourceException", "quota");
    let user = child.new_user("reader", &[&allowing("sagemaker:*", "*")]).await;
    let denied = user.json("servicequotas", "ListServiceQuotas", json!({ "ServiceCode": "sagemaker" })).await;
    denied.refused(400, "AccessDeniedException", "servicequotas:ListServiceQuotas");
}
