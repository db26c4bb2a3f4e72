//! A few of the policies that AWS itself manages, under the account `aws`.
//!
//! Names, paths and permissions as in the "AWS managed policy reference"; read-only lists are shortened to the
//! services the sandbox has.

/// An AWS-managed policy.
pub struct AwsPolicy {
    /// Its name.
    pub name: &'static str,
    /// Its path.
    pub path: &'static str,
    /// Its unique ID.
    pub id: &'static str,
    /// Its ARN.
    pub arn: &'static str,
    /// Its description.
    pub description: &'static str,
    /// Its document.
    pub document: &'static str,
}

/// All of them.
pub const ALL: &[AwsPolicy] = &[
    AwsPolicy {
        name: "AdministratorAccess",
        path: "/",
        id: "ANPAIWMBCKSKIEE64ZLYK",
        arn: "arn:aws:iam::aws:policy/AdministratorAccess",
        description: "Provides full access to AWS services and resources.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    },
    AwsPolicy {
        name: "AmazonSageMakerFullAccess",
        path: "/",
        id: "ANPAJZ5IWYMXO5QDB4QOG",
        arn: "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess",
        description: "Provides full access to Amazon SageMaker.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sagemaker:*","Resource":"*"},{"Effect":"Allow","Action":["iam:PassRole"],"Resource":"arn:aws:iam::*:role/*AmazonSageMaker*","Condition":{"StringEquals":{"iam:PassedToService":["sagemaker.amazonaws.com"]}}}]}"#,
    },
    AwsPolicy {
        name: "AmazonSageMakerReadOnly",
        path: "/",
        id: "ANPAJTZ2FTFCQ6CFLQA2O",
        arn: "arn:aws:iam::aws:policy/AmazonSageMakerReadOnly",
        description: "Provides read only access to Amazon SageMaker.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sagemaker:Describe*","sagemaker:List*","sagemaker:BatchGetMetrics","sagemaker:GetDeviceRegistration","sagemaker:GetDeviceFleetReport","sagemaker:GetSearchSuggestions","sagemaker:BatchGetRecord","sagemaker:GetRecord","sagemaker:Search","sagemaker:QueryLineage","sagemaker:GetLineageGroupPolicy","sagemaker:BatchDescribeModelPackage","sagemaker:GetModelPackageGroupPolicy"],"Resource":"*"}]}"#,
    },
    AwsPolicy {
        name: "IAMReadOnlyAccess",
        path: "/",
        id: "ANPAJKSO7NDY4T57MWDSQ",
        arn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
        description: "Provides read only access to IAM via the AWS Management Console.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Resource":"*"}]}"#,
    },
    AwsPolicy {
        name: "AWSLambdaBasicExecutionRole",
        path: "/service-role/",
        id: "ANPAJNCQGXC42545SKXIK",
        arn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        description: "Provides write permissions to CloudWatch Logs.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    },
    AwsPolicy {
        name: "ReadOnlyAccess",
        path: "/",
        id: "ANPAILL3HVNFSB6DCOWYQ",
        arn: "arn:aws:iam::aws:policy/ReadOnlyAccess",
        description: "Provides read-only access to AWS services and resources.",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:Get*","iam:List*","sagemaker:Describe*","sagemaker:List*","sagemaker:Search"],"Resource":"*"}]}"#,
    },
];

/// The AWS-managed policy with that ARN.
pub fn find(arn: &str) -> Option<&'static AwsPolicy> {
    ALL.iter().find(|policy| policy.arn == arn)
}
