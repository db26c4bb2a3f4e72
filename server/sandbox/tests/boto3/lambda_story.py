"""The first seed's story with a function of the sandbox's Lambda: created, denied, granted, predicting, deleted.

Expects AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE of a sandbox. Prints one JSON object of what happened.
"""

import base64
import io
import json
import zipfile

import first_seed as seed
from botocore.exceptions import ClientError

NAME = "call-the-endpoint"

functions = seed.child.client("lambda")
organizations = seed.boto3.Session(profile_name="shared").client("organizations")


def package():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lambda_function.py", seed.source())
        archive.writestr("data.py", (seed.HERE / "data.py").read_text())
    return content.getvalue()


def create():
    role = seed.child.client("iam").get_role(RoleName=seed.LAMBDA_ROLE)["Role"]["Arn"]
    created = functions.create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=role,
        Handler="lambda_function.lambda_handler",
        Code={"ZipFile": package()},
        Timeout=30,
        Tags={"sagebridge:share": "s-1"},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 1})
    return created["State"]


def invoke():
    answer = functions.invoke(FunctionName=NAME, LogType="Tail", Payload=b"{}")
    return {
        "status": answer["StatusCode"],
        "error": answer.get("FunctionError"),
        "version": answer["ExecutedVersion"],
        "payload": json.loads(answer["Payload"].read()),
        "log": base64.b64decode(answer["LogResult"]).decode(),
    }


def refused(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"]]


def organisation():
    """What a service control policy does to the function, and who may read it."""
    own = seed.child.client("organizations")
    made = organizations.create_policy(
        Name="no-roles",
        Description="",
        Type="SERVICE_CONTROL_POLICY",
        Content=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}]}
        ),
    )
    policy = made["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=seed.CHILD)
    filtered = {"TargetId": seed.CHILD, "Filter": "SERVICE_CONTROL_POLICY"}
    result = {
        "names": sorted(p["Name"] for p in organizations.list_policies_for_target(**filtered)["Policies"]),
        "member": refused(own.list_policies_for_target, **filtered),
        "known": own.describe_organization()["Organization"]["MasterAccountId"],
        "accounts": [
            account["Name"]
            for page in organizations.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 2})
            for account in page["Accounts"]
        ],
        "invoked": invoke(),
    }
    organizations.detach_policy(PolicyId=policy, TargetId=seed.CHILD)
    return result


def main():
    role_arn = seed.share()
    result = {"state": create(), "before": invoke()}
    seed.grant(role_arn)
    result["after"] = invoke()
    result["organisation"] = organisation()
    result["listed"] = [f["FunctionName"] for p in functions.get_paginator("list_functions").paginate() for f in p["Functions"]]
    result["tags"] = functions.get_function(FunctionName=NAME)["Tags"]
    functions.update_function_code(FunctionName=NAME, ZipFile=package())
    functions.get_waiter("function_updated_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 1})
    result["again"] = invoke()["payload"]["statusCode"]
    functions.delete_function(FunctionName=NAME)
    result["gone"] = refused(functions.invoke, FunctionName=NAME)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
