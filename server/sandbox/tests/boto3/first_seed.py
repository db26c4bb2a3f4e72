"""Shares an endpoint across two accounts with boto3, step by step as one would in two consoles, and calls it with the
handler in seed_handler.py, which is used as published: only its placeholders are filled in.

Expects AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE of a sandbox. Prints one JSON object of what happened.
"""

import json
import os
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

HERE = Path(__file__).parent
PARENT, CHILD = "111111111111", "222222222222"
ROLE, POLICY, GRANT = "SageMakerExternal", "SageMakerExternalInvokeEndpoint", "AllowAssumeSagemakerExternalRole"
ENDPOINT = "churn-classifier"
LAMBDA_ROLE = "scoring-lambda"

parent = boto3.Session(profile_name="parent")
child = boto3.Session(profile_name="child")


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def source():
    """The published handler with its placeholders filled in."""
    text = (HERE / "seed_handler.py").read_text()
    for placeholder, value in [
        ("<parent account id>", PARENT),
        ("f73559-...", ENDPOINT),
        ("json.dumps({})", "json.dumps(body2)"),
    ]:
        assert placeholder in text, placeholder
        text = text.replace(placeholder, value)
    return text


def handler():
    module = {}
    exec(compile(source(), "seed_handler.py", "exec"), module)
    return module["lambda_handler"]


def as_lambda(credentials):
    """Runs the handler as Lambda would: the execution role's session is all it has."""
    config = child._session.get_scoped_config()
    for name in ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_PROFILE"]:
        os.environ.pop(name, None)
    os.environ.update(
        AWS_ACCESS_KEY_ID=credentials["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=credentials["SecretAccessKey"],
        AWS_SESSION_TOKEN=credentials["SessionToken"],
        AWS_DEFAULT_REGION=config["region"],
        AWS_ENDPOINT_URL=config["endpoint_url"],
    )
    boto3.setup_default_session()
    return handler()({}, None)


def share():
    """The parent's side: a policy for the endpoint, and a role that trusts the child account."""
    iam = parent.client("iam")
    endpoint = parent.client("sagemaker").describe_endpoint(EndpointName=ENDPOINT)
    policy = iam.create_policy(
        PolicyName=POLICY,
        PolicyDocument=document(Action=["sagemaker:InvokeEndpoint"], Resource=endpoint["EndpointArn"]),
    )
    role = iam.create_role(
        RoleName=ROLE,
        AssumeRolePolicyDocument=document(Action="sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{CHILD}:root"}),
    )
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=policy["Policy"]["Arn"])
    iam.get_waiter("role_exists").wait(RoleName=ROLE)
    return role["Role"]["Arn"]


def execution_role_session():
    """Lambda starts functions with a session of their execution role. Here the role is made to trust the administrator
    as well, and the handler runs in this process; lambda_story.py does it with a function."""
    iam = child.client("iam")
    role = iam.get_role(RoleName=LAMBDA_ROLE)["Role"]
    trust = role["AssumeRolePolicyDocument"]
    trust["Statement"].append(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{CHILD}:user/admin"}}
    )
    iam.update_assume_role_policy(RoleName=LAMBDA_ROLE, PolicyDocument=json.dumps(trust))
    assumed = child.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="function")
    return assumed["Credentials"]


def grant(role_arn):
    """The child's side: the execution role may assume the parent's role."""
    iam = child.client("iam")
    policy = iam.create_policy(PolicyName=GRANT, PolicyDocument=document(Action="sts:AssumeRole", Resource=role_arn))
    iam.attach_role_policy(RoleName=LAMBDA_ROLE, PolicyArn=policy["Policy"]["Arn"])


def paged():
    """What boto3's paginators and waiters make of the sandbox."""
    roles = child.client("iam").get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 3})
    endpoints = parent.client("sagemaker").get_paginator("list_endpoints").paginate(PaginationConfig={"PageSize": 2})
    parent.client("sagemaker").get_waiter("endpoint_in_service").wait(EndpointName=ENDPOINT)
    return {
        "roles": sum(len(page["Roles"]) for page in roles),
        "endpoints": sorted(e["EndpointName"] for page in endpoints for e in page["Endpoints"]),
    }


def errors():
    """Errors as boto3 reads them, one a protocol."""

    def of(call, **arguments):
        try:
            call(**arguments)
        except ClientError as error:
            answer = error.response
            return [answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]]

    runtime = parent.client("sagemaker-runtime")
    return {
        "query": of(parent.client("iam").get_role, RoleName="nobody"),
        "json": of(parent.client("sagemaker").describe_endpoint, EndpointName="nope"),
        "rest": of(runtime.invoke_endpoint, EndpointName="nope", Body=b""),
        "model": of(runtime.invoke_endpoint, EndpointName=ENDPOINT, Body=b"", ContentType="image/png"),
    }


def main():
    result = {"paged": paged(), "errors": errors()}
    role_arn = share()
    session = execution_role_session()
    files = {name: os.environ[name] for name in ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"]}
    try:
        result["before"] = as_lambda(session)
    except ClientError as error:
        result["before"] = str(error)
    os.environ.update(files)
    grant(role_arn)
    result["after"] = as_lambda(session)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
