"""Tests the deploy handler: each request is checked against AWS's own models.

Called with the handler's folder.
"""

import contextlib
import io
import json
import os
import sys
import unittest
from unittest import mock

import boto3
from botocore.stub import ANY, Stubber

sys.path.insert(0, sys.argv.pop(1))
os.environ.update(
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_ACCESS_KEY_ID="none",
    AWS_SECRET_ACCESS_KEY="none",
    PREFIX="churn",
    ENDPOINT="churn-live",
    IMAGE="141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1",
    MODELS="s3://bucket/models/",
    MODEL_ROLE_ARN="arn:aws:iam::333333333333:role/churn-model",
    REPORT_ROLE_ARN="arn:aws:iam::111111111111:role/churn-report",
    INSTANCE_TYPE="ml.m5.large",
    INSTANCE_COUNT="2",
    UPDATE="Canary",
    WAIT_SECONDS="120",
    ALARMS="churn-errors",
)

import deploy  # noqa: E402

EXECUTION = "0f8fad5b-d9cb-469f-a165-70867728950e"
VERSION = f"churn-{EXECUTION}"
TRAINING = f"arn:aws:states:eu-west-1:222222222222:execution:churn-training:{EXECUTION}"
SECRET = "artifact-credentials-are-secret"
ARN = "arn:aws:sagemaker:eu-west-1:333333333333:endpoint/churn-live"


def event(token=None, parameters=None):
    given = (
        json.dumps({"run": "run-1", "training": TRAINING})
        if parameters is None
        else parameters
    )
    data = {
        "actionConfiguration": {
            "configuration": {"FunctionName": "churn-deploy", "UserParameters": given}
        },
        "inputArtifacts": [],
        "outputArtifacts": [],
        "artifactCredentials": {
            "accessKeyId": "A",
            "secretAccessKey": SECRET,
            "sessionToken": SECRET,
        },
    }
    if token is not None:
        data["continuationToken"] = json.dumps(token)
    return {
        "CodePipeline.job": {
            "id": "11111111-2222-3333-4444-555555555555",
            "accountId": "1",
            "data": data,
        }
    }


def endpoint(status, config, **more):
    times = {"CreationTime": 0, "LastModifiedTime": 0}
    names = {
        "EndpointName": "churn-live",
        "EndpointArn": ARN,
        "EndpointConfigName": config,
    }
    return names | {"EndpointStatus": status} | times | more


class Short:
    """A failure whose message has at most 5000 characters."""

    def __eq__(self, other):
        return len(other["message"]) == 5000


class Deploys(unittest.TestCase):
    def setUp(self):
        self.clients = {
            name: boto3.client(name) for name in ("sts", "sagemaker", "codepipeline")
        }
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        keys = {
            "AccessKeyId": "A" * 16,
            "SecretAccessKey": SECRET,
            "SessionToken": SECRET,
            "Expiration": 0,
        }
        self.stubs["sts"].add_response(
            "assume_role",
            {"Credentials": keys},
            {
                "RoleArn": os.environ["REPORT_ROLE_ARN"],
                "RoleSessionName": "churn-deploy",
            },
        )

    def sagemaker(self, call, response=None, expected=None):
        self.stubs["sagemaker"].add_response(call, response or {}, expected)

    def refuses(self, call, code, message):
        self.stubs["sagemaker"].add_client_error(call, code, message, 400)

    def nobody(self):
        self.refuses(
            "describe_endpoint",
            "ValidationException",
            'Could not find endpoint "churn-live".',
        )

    def makes_version(self):
        self.sagemaker(
            "create_model",
            {"ModelArn": "arn:aws:sagemaker:eu-west-1:333333333333:model/x"},
            {
                "ModelName": VERSION,
                "ExecutionRoleArn": os.environ["MODEL_ROLE_ARN"],
                "PrimaryContainer": {
                    "Image": os.environ["IMAGE"],
                    "ModelDataUrl": f"s3://bucket/models/{VERSION}/output/model.tar.gz",
                },
                "Tags": ANY,
            },
        )
        self.sagemaker("create_endpoint_config", {"EndpointConfigArn": ARN})

    def called(self, given, **expected):
        """Runs it; the job's result must be the one that is expected. Gives what was printed."""
        succeeds = "failureDetails" not in expected
        call = "put_job_success_result" if succeeds else "put_job_failure_result"
        self.stubs["codepipeline"].add_response(call, {}, {"jobId": ANY} | expected)
        printed = io.StringIO()
        with contextlib.ExitStack() as stack:
            for stub in self.stubs.values():
                stack.enter_context(stub)
            stack.enter_context(
                mock.patch.object(
                    deploy.boto3, "client", lambda name, **_: self.clients[name]
                )
            )
            stack.enter_context(contextlib.redirect_stdout(printed))
            deploy.lambda_handler(given, None)
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()
        self.assertNotIn(SECRET, printed.getvalue())
        return printed.getvalue()

    def fails(self, given, kind, message):
        self.called(given, failureDetails={"type": kind, "message": message})

    def done(self, given):
        variables = {"EndpointName": "churn-live", "Version": VERSION}
        self.called(given, executionDetails=ANY, outputVariables=variables)

    def test_a_first_model_makes_the_endpoint(self):
        self.makes_version()
        self.nobody()
        self.sagemaker("create_endpoint", {"EndpointArn": ARN})
        self.called(
            event(), continuationToken=json.dumps({"created": True, "previous": None})
        )

    def test_it_waits_while_the_endpoint_is_being_made(self):
        token = {"created": True, "previous": None}
        self.sagemaker("describe_endpoint", endpoint("Creating", VERSION))
        self.called(event(token), continuationToken=json.dumps(token))

    def test_it_is_done_when_the_endpoint_serves_the_version(self):
        self.sagemaker("describe_endpoint", endpoint("InService", VERSION))
        self.done(event({"previous": "churn-old"}))

    def test_a_later_model_updates_the_endpoint_with_its_alarms(self):
        self.makes_version()
        self.sagemaker("describe_endpoint", endpoint("InService", "churn-old"))
        config = {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {
                    "Type": "CANARY",
                    "WaitIntervalInSeconds": 120,
                    "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 30},
                },
                "TerminationWaitInSeconds": 0,
            },
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "churn-errors"}]},
        }
        expected = {
            "EndpointName": "churn-live",
            "EndpointConfigName": VERSION,
            "DeploymentConfig": config,
        }
        self.sagemaker("update_endpoint", {"EndpointArn": ARN}, expected)
        self.called(event(), continuationToken=json.dumps({"previous": "churn-old"}))

    def test_every_way_of_updating_is_one_that_sagemaker_knows(self):
        for update in ("AllAtOnce", "Canary", "Linear", "Rolling"):
            with (
                self.subTest(update),
                mock.patch.dict(os.environ, UPDATE=update, ALARMS=""),
            ):
                self.setUp()
                self.sagemaker("describe_endpoint", endpoint("InService", "churn-old"))
                self.sagemaker("update_endpoint", {"EndpointArn": ARN})
                self.called(
                    event({}), continuationToken=json.dumps({"previous": "churn-old"})
                )

    def test_a_second_call_for_the_same_training_makes_nothing_twice(self):
        self.refuses(
            "create_model",
            "ValidationException",
            "Cannot create already existing model",
        )
        exists = "Cannot create already existing endpoint configuration"
        self.refuses("create_endpoint_config", "ValidationException", exists)
        self.sagemaker("describe_endpoint", endpoint("InService", VERSION))
        self.done(event())

    def test_an_earlier_change_of_the_endpoint_is_waited_for(self):
        self.makes_version()
        self.sagemaker("describe_endpoint", endpoint("Updating", "churn-older"))
        self.called(event(), continuationToken="{}")

    def test_an_endpoint_that_failed_before_is_made_anew(self):
        self.makes_version()
        self.sagemaker("describe_endpoint", endpoint("Failed", "churn-old"))
        self.sagemaker("delete_endpoint")
        self.called(event(), continuationToken="{}")

    def test_an_endpoint_that_was_rolled_back_is_a_failure_with_its_reason(self):
        self.sagemaker(
            "describe_endpoint",
            endpoint("InService", "churn-old", FailureReason="alarm churn-errors"),
        )
        message = "the endpoint was rolled back to `churn-old`: alarm churn-errors"
        self.fails(event({"previous": "churn-old"}), "JobFailed", message)

    def test_an_endpoint_that_could_not_be_made_is_a_failure_with_its_reason(self):
        self.sagemaker(
            "describe_endpoint",
            endpoint("Failed", VERSION, FailureReason="no capacity"),
        )
        token = {"created": True, "previous": None}
        self.fails(
            event(token), "JobFailed", "the endpoint could not be made: no capacity"
        )

    def test_an_endpoint_that_went_away_is_a_failure(self):
        self.nobody()
        message = "the endpoint `churn-live` was deleted while it was being made"
        self.fails(event({"created": True, "previous": None}), "JobFailed", message)

    def test_a_denial_says_what_was_denied(self):
        self.refuses(
            "create_model",
            "AccessDeniedException",
            "User: x is not authorized to perform: y",
        )
        message = "CreateModel: AccessDeniedException: User: x is not authorized to perform: y"
        self.fails(event(), "PermissionError", message)

    def test_parameters_that_name_no_training_are_a_failure(self):
        message = 'UserParameters must be {"run": "EXECUTION ID", "training": "EXECUTION ARN"}'
        for parameters in ("", "{}", "[]", '"x"'):
            with self.subTest(parameters):
                self.setUp()
                self.fails(event(parameters=parameters), "ConfigurationError", message)
        self.setUp()
        unfilled = json.dumps({"run": "r", "training": "#{Train.ExecutionArn}"})
        message = "`#{Train.ExecutionArn}` names no execution of the training"
        self.fails(event(parameters=unfilled), "ConfigurationError", message)

    def test_what_nobody_thought_of_is_a_failure_too_and_tells_nothing(self):
        with mock.patch.object(deploy, "step", side_effect=RuntimeError(SECRET)):
            self.makes_version()
            self.fails(event(), "JobFailed", "an unexpected RuntimeError")

    def test_a_long_message_is_cut(self):
        self.refuses("create_model", "ValidationException", "x" * 6000)
        self.called(event(), failureDetails=Short())


if __name__ == "__main__":
    unittest.main()
