"""Reads back what a pipeline's stacks made, in the form of the properties that CloudFormation was given.

Expects AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE of a sandbox, and the path of a JSON file with the resources:
their profile, stack, logical ID, type and properties. Prints one JSON object.
"""

import json
import pathlib
import sys

import boto3

ASKED = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
SESSIONS = {
    name: boto3.Session(profile_name=name)
    for name in ("shared", "training", "production")
}


def pairs(tags, key="Key", value="Value"):
    return {tag[key]: tag[value] for tag in tags}


def role(session, name, properties):
    iam = session.client("iam")
    found = iam.get_role(RoleName=name)["Role"]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    policies = [
        {"PolicyName": policy["PolicyName"], "PolicyDocument": document(iam, name, policy["PolicyName"])}
        for policy in properties.get("Policies", [])
    ]
    return {
        "RoleName": found["RoleName"],
        "Description": found["Description"],
        "AssumeRolePolicyDocument": found["AssumeRolePolicyDocument"],
        "Policies": policies,
        "Inline": inline,
        "Attached": [policy["PolicyArn"] for policy in attached],
    }, pairs(found.get("Tags", []))


def document(iam, role_name, policy):
    return iam.get_role_policy(RoleName=role_name, PolicyName=policy)["PolicyDocument"]


def role_policy(session, _, properties):
    name, policy = properties["RoleName"], properties["PolicyName"]
    found = document(session.client("iam"), name, policy)
    return {"RoleName": name, "PolicyName": policy, "PolicyDocument": found}, None


def key(session, key_id, _):
    kms = session.client("kms")
    found = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    policy = kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
    rotates = kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"]
    tags = kms.list_resource_tags(KeyId=key_id)["Tags"]
    return {
        "Description": found["Description"],
        "EnableKeyRotation": rotates,
        "KeyPolicy": json.loads(policy),
        "State": found["KeyState"],
    }, pairs(tags, "TagKey", "TagValue")


def alias(session, name, _):
    pages = session.client("kms").get_paginator("list_aliases").paginate()
    found = next(one for page in pages for one in page["Aliases"] if one["AliasName"] == name)
    return {"AliasName": name, "TargetKeyId": found["TargetKeyId"]}, None


def bucket(session, name, _):
    s3 = session.client("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    encrypted = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    told = s3.get_bucket_notification_configuration(Bucket=name)
    public = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    return {
        "BucketName": name,
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {
                    "BucketKeyEnabled": rule["BucketKeyEnabled"],
                    "ServerSideEncryptionByDefault": {
                        "SSEAlgorithm": rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
                        "KMSMasterKeyID": rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"],
                    },
                }
                for rule in encrypted
            ]
        },
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": rule["ID"],
                    "Status": rule["Status"],
                    "AbortIncompleteMultipartUpload": rule["AbortIncompleteMultipartUpload"],
                }
                for rule in rules
            ]
        },
        "NotificationConfiguration": {
            "EventBridgeConfiguration": {"EventBridgeEnabled": "EventBridgeConfiguration" in told}
        },
        "OwnershipControls": s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"],
        "PublicAccessBlockConfiguration": public,
        "VersioningConfiguration": {"Status": s3.get_bucket_versioning(Bucket=name)["Status"]},
    }, pairs(s3.get_bucket_tagging(Bucket=name)["TagSet"])


def bucket_policy(session, name, _):
    policy = session.client("s3").get_bucket_policy(Bucket=name)["Policy"]
    return {"Bucket": name, "PolicyDocument": json.loads(policy)}, None


def repository(session, _, properties):
    codecommit = session.client("codecommit")
    name = properties["RepositoryName"]
    found = codecommit.get_repository(repositoryName=name)["repositoryMetadata"]
    return {
        "RepositoryName": found["repositoryName"],
        "RepositoryDescription": found["repositoryDescription"],
    }, codecommit.list_tags_for_resource(resourceArn=found["Arn"])["tags"]


def capitals(value):
    """CodePipeline's own names as CloudFormation writes them; configurations have other people's names."""
    if isinstance(value, list):
        return [capitals(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name[0].upper() + name[1:]: item if name == "configuration" else capitals(item)
        for name, item in value.items()
    }


def pipeline(session, name, _):
    codepipeline = session.client("codepipeline")
    found = codepipeline.get_pipeline(name=name)
    tags = codepipeline.list_tags_for_resource(resourceArn=found["metadata"]["pipelineArn"])
    return capitals(found["pipeline"]), pairs(tags["tags"], "key", "value")


def rule(session, _, properties):
    events = session.client("events")
    found = events.describe_rule(Name=properties["Name"])
    targets = events.list_targets_by_rule(Rule=properties["Name"])["Targets"]
    tags = events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
    return {
        "Name": found["Name"],
        "Description": found["Description"],
        "State": found["State"],
        "EventPattern": json.loads(found["EventPattern"]),
        "Targets": targets,
    }, pairs(tags)


def function(session, name, _):
    found = session.client("lambda").get_function(FunctionName=name)
    return found["Configuration"], found["Tags"]


def log_group(session, name, _):
    logs = session.client("logs")
    found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]
    tags = logs.list_tags_for_resource(resourceArn=found["arn"].removesuffix(":*"))["tags"]
    return {"LogGroupName": found["logGroupName"], "RetentionInDays": found["retentionInDays"]}, tags


def alarm(session, name, _):
    cloudwatch = session.client("cloudwatch")
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    tags = cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
    return found, pairs(tags)


def machine(session, arn, _):
    found = session.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    return {
        "StateMachineName": found["name"],
        "StateMachineType": found["type"],
        "RoleArn": found["roleArn"],
        "Definition": json.loads(found["definition"]),
    }, None


READERS = {
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::CodeCommit::Repository": repository,
    "AWS::CodePipeline::Pipeline": pipeline,
    "AWS::Events::Rule": rule,
    "AWS::IAM::Role": role,
    "AWS::IAM::RolePolicy": role_policy,
    "AWS::KMS::Alias": alias,
    "AWS::KMS::Key": key,
    "AWS::Lambda::Function": function,
    "AWS::Logs::LogGroup": log_group,
    "AWS::S3::Bucket": bucket,
    "AWS::S3::BucketPolicy": bucket_policy,
    "AWS::StepFunctions::StateMachine": machine,
}


def read(resource):
    session = SESSIONS[resource["profile"]]
    found = session.client("cloudformation").describe_stack_resource(
        StackName=resource["stack"], LogicalResourceId=resource["id"]
    )["StackResourceDetail"]
    properties, tags = READERS[resource["type"]](
        session, found["PhysicalResourceId"], resource["properties"]
    )
    return {
        "stack": resource["stack"],
        "id": resource["id"],
        "status": found["ResourceStatus"],
        "properties": properties,
        "tags": tags,
    }


def objects(name):
    """Every object with all that is said of its encryption."""
    s3 = SESSIONS["shared"].client("s3")
    found = {}
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        for version in page["Versions"]:
            one = {"Bucket": name, "Key": version["Key"], "VersionId": version["VersionId"]}
            head = s3.head_object(**one)
            found[version["Key"]] = [
                head["ServerSideEncryption"],
                head["SSEKMSKeyId"],
                head["BucketKeyEnabled"],
                head["Metadata"].get("sagebridge-sha256"),
            ]
    return found


def files(name, branch):
    """The files at the tip of the branch."""
    codecommit = SESSIONS["shared"].client("codecommit")
    folder = codecommit.get_folder(repositoryName=name, commitSpecifier=branch, folderPath="/")
    return {
        file["absolutePath"]: codecommit.get_file(
            repositoryName=name, commitSpecifier=branch, filePath=file["absolutePath"]
        )["fileContent"].decode()
        for file in folder["files"]
    }


print(
    json.dumps(
        {
            "resources": [read(resource) for resource in ASKED["resources"]],
            "objects": objects(ASKED["bucket"]),
            "files": files(ASKED["repository"], ASKED["branch"]),
        },
        default=str,
    )
)
