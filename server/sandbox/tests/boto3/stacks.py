"""A stack with boto3's own ways: waiters, paginators, change sets.

Expects AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE of a sandbox. Prints one JSON object of what happened.
"""

import json

import boto3
from botocore.exceptions import ClientError, WaiterError

TEMPLATE = """
Description: Says hello
Parameters:
  Word: {Type: String}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Environment: {Variables: {WORD: !Ref Word}}
      Code:
        ZipFile: |
          import os
          def handler(event, context):
              return {"hello": os.environ["WORD"]}
Outputs:
  Bucket: {Value: !Ref Bucket, Export: {Name: !Sub "${AWS::StackName}-bucket"}}
  Function: {Value: !Ref Function}
"""
NAME = {"StackName": "hello"}
WHOLE = {**NAME, "TemplateBody": TEMPLATE, "Capabilities": ["CAPABILITY_IAM"]}
SOON = {"WaiterConfig": {"Delay": 1, "MaxAttempts": 60}}

session = boto3.Session(profile_name="child")
stacks = session.client("cloudformation")
functions = session.client("lambda")


def word(text):
    return {"Parameters": [{"ParameterKey": "Word", "ParameterValue": text}]}


def refusal(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        answer = error.response
        return [answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]]
    return None


def described():
    return stacks.describe_stacks(**NAME)["Stacks"][0]


def says():
    name = next(o["OutputValue"] for o in described()["Outputs"] if o["OutputKey"] == "Function")
    return json.load(functions.invoke(FunctionName=name)["Payload"])


def created():
    role = "arn" in stacks.create_stack(**WHOLE, **word("one"))["StackId"]
    stacks.get_waiter("stack_create_complete").wait(**NAME, **SOON)
    stack = described()
    return {
        "status": stack["StackStatus"],
        "outputs": [output["OutputKey"] for output in stack["Outputs"]],
        "parameters": [parameter["ParameterValue"] for parameter in stack["Parameters"]],
        "role": role,
    }


def changed():
    stacks.create_change_set(**WHOLE, **word("two"), ChangeSetName="word")
    named = {**NAME, "ChangeSetName": "word"}
    stacks.get_waiter("change_set_create_complete").wait(**named, **SOON)
    changes = [change["ResourceChange"] for change in stacks.describe_change_set(**named)["Changes"]]
    stacks.execute_change_set(**named)
    stacks.get_waiter("stack_update_complete").wait(**NAME, **SOON)
    actions = {change["LogicalResourceId"]: [change["Action"], change["Replacement"]] for change in changes}
    return {"actions": actions, "answers": says()}


def empty():
    stacks.create_change_set(**WHOLE, **word("two"), ChangeSetName="empty")
    named = {**NAME, "ChangeSetName": "empty"}
    try:
        stacks.get_waiter("change_set_create_complete").wait(**named, **SOON)
    except WaiterError as error:
        return error.last_response["Status"]
    return None


def paged():
    pages = lambda name, **more: stacks.get_paginator(name).paginate(**more)
    events = [event for page in pages("describe_stack_events", **NAME) for event in page["StackEvents"]]
    times = [event["Timestamp"] for event in events]
    listed = [entry for page in pages("list_stack_resources", **NAME) for entry in page["StackResourceSummaries"]]
    exports = [export["Name"] for page in pages("list_exports") for export in page["Exports"]]
    return {
        "events": len(events) > 15 and times == sorted(times, reverse=True),
        "resources": len([entry for entry in listed if entry["PhysicalResourceId"].startswith("hello-")]),
        "stacks": [stack["StackName"] for page in pages("describe_stacks") for stack in page["Stacks"]],
        "exports": exports,
    }


def summary():
    told = stacks.get_template_summary(TemplateBody=TEMPLATE)
    return {
        "capabilities": told["Capabilities"],
        "parameters": [parameter["ParameterKey"] for parameter in told["Parameters"]],
        "types": len(told["ResourceTypes"]),
    }


def main():
    result = {"created": created(), "answers": says(), "changed": changed()}
    result["unchanged"] = refusal(stacks.update_stack, **WHOLE, **word("two"))
    result["empty"] = empty()
    result["paged"] = paged()
    result["summary"] = summary()
    result["template"] = stacks.get_template(**NAME)["TemplateBody"] == TEMPLATE
    identity = described()["StackId"]
    stacks.delete_stack(**NAME)
    stacks.get_waiter("stack_delete_complete").wait(StackName=identity, **SOON)
    result["deleted"] = refusal(stacks.describe_stacks, **NAME)
    result["gone"] = stacks.describe_stacks(StackName=identity)["Stacks"][0]["StackStatus"]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
