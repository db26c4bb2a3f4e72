"""State machines as boto3 users have them: made, started, followed, paged through; with a function that runs.

Expects AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE of a sandbox, and in the child a function `f`. Prints one JSON
object of what happened.
"""

import datetime
import json
import time

import boto3
from refusals import code as refusal

CHILD = boto3.Session(profile_name="child")
ACCOUNT = "222222222222"

iam = CHILD.client("iam")
states = CHILD.client("stepfunctions")


def role():
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "states.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            }
        ],
    }
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}],
    }
    made = iam.create_role(RoleName="machine", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="machine", PolicyName="p", PolicyDocument=json.dumps(policy))
    return made["Role"]["Arn"]


def definition():
    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "Catch": [{"ErrorEquals": ["ValueError"], "ResultPath": "$.error", "Next": "Caught"}],
        "Next": "Done",
    }
    return json.dumps(
        {
            "StartAt": "Invoke",
            "States": {"Invoke": invoke, "Done": {"Type": "Succeed"}, "Caught": {"Type": "Pass", "End": True}},
        }
    )


def follow(execution):
    for _ in range(600):
        shown = states.describe_execution(executionArn=execution)
        if shown["status"] != "RUNNING":
            return shown
        time.sleep(0.1)
    raise TimeoutError(execution)


def tokens(role_arn):
    """A task that is done when its token is sent."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}},
        "End": True,
    }
    text = json.dumps({"StartAt": "S", "States": {"S": task}})
    machine = states.create_state_machine(name="token", definition=text, roleArn=role_arn)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    for _ in range(600):
        events = states.get_execution_history(executionArn=execution)["events"]
        submitted = [event for event in events if event["type"] == "TaskSubmitted"]
        if submitted:
            break
        time.sleep(0.1)
    token = json.loads(submitted[0]["taskSubmittedEventDetails"]["output"])["Payload"]["token"]
    wrong = refusal(states.send_task_success, taskToken=token[:-8] + "AAAAAAAA", output="{}")
    states.send_task_heartbeat(taskToken=token)
    states.send_task_success(taskToken=token, output=json.dumps({"said": True}))
    return {"wrong": wrong, "output": json.loads(follow(execution)["output"])}


def main():
    role_arn = role()
    made = states.create_state_machine(
        name="machine",
        definition=definition(),
        roleArn=role_arn,
        tags=[{"key": "team", "value": "red"}],
        loggingConfiguration={"level": "OFF"},
    )
    machine = made["stateMachineArn"]
    assert isinstance(made["creationDate"], datetime.datetime)
    done = follow(states.start_execution(stateMachineArn=machine, input='{"n": 1}')["executionArn"])
    caught = follow(states.start_execution(stateMachineArn=machine, input='{"fail": true}')["executionArn"])
    error = json.loads(caught["output"])["error"]
    for n in range(7):
        follow(states.start_execution(stateMachineArn=machine, name=f"run-{n}", input='{"n": 2}')["executionArn"])
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=machine, PaginationConfig={"PageSize": 4}
    )
    history = states.get_paginator("get_execution_history").paginate(
        executionArn=done["executionArn"], PaginationConfig={"PageSize": 2}
    )
    events = [event for page in history for event in page["events"]]
    machines = states.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 1})
    shown = states.describe_state_machine(stateMachineArn=machine)
    invalid = refusal(states.create_state_machine, name="x", definition="{}", roleArn=role_arn)
    result = {
        "output": json.loads(done["output"]),
        "times": [(done["stopDate"] >= done["startDate"]), events[0]["timestamp"] <= events[-1]["timestamp"]],
        "caught": [error["Error"], json.loads(error["Cause"])["errorMessage"]],
        "executions": sorted(len(page["executions"]) for page in pages),
        "events": [event["type"] for event in events],
        "machines": [entry["name"] for page in machines for entry in page["stateMachines"]],
        "shown": [shown["status"], shown["loggingConfiguration"]["level"], json.loads(shown["definition"])["StartAt"]],
        "tags": states.list_tags_for_resource(resourceArn=machine)["tags"],
        "valid": states.validate_state_machine_definition(definition=definition())["result"],
        "refused": [
            invalid,
            refusal(states.start_execution, stateMachineArn=machine, name="run-0"),
            refusal(states.describe_execution, executionArn=done["executionArn"] + "x"),
            refusal(states.create_activity, name="a"),
        ],
        "token": tokens(role_arn),
    }
    states.delete_state_machine(stateMachineArn=machine)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
