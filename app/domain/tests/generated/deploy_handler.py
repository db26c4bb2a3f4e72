"""Tests the deploy handler: each request is checked against AWS's own models.

Called with the handler's folder.
"""

import contextlib
import io
import json
import os
import sys
import traceback
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
JOB = "11111111-2222-3333-4444-555555555555"
NOW, HOUR = 1_700_000_000, 3600
TAG = {"Key": "sagebridge:pipeline", "Value": "churn"}
TAGS = [TAG, {"Key": "sagebridge:run", "Value": "run-1"}]
MADE = {"created": True, "previous": None}


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
        data["continuationToken"] = json.dumps({"since": NOW} | token)
    return {
        "CodePipeline.job": {
            "id": JOB,
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
    def setUp(self, assumes=True):
        self.clients = {
            name: boto3.client(name) for name in ("sts", "sagemaker", "codepipeline")
        }
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        self.made = {}
        keys = {
            "AccessKeyId": "A" * 16,
            "SecretAccessKey": SECRET,
            "SessionToken": SECRET,
            "Expiration": 0,
        }
        if assumes:
            expected = {
                "RoleArn": os.environ["REPORT_ROLE_ARN"],
                "RoleSessionName": "churn-deploy",
            }
            self.stubs["sts"].add_response(
                "assume_role", {"Credentials": keys}, expected
            )

    def sagemaker(self, call, response=None, expected=None):
        self.stubs["sagemaker"].add_response(call, response or {}, expected)

    def refuses(self, call, code, message, service="sagemaker"):
        self.stubs[service].add_client_error(call, code, message, 400)

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
                "Tags": TAGS,
            },
        )
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": VERSION,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 2,
            "InitialVariantWeight": 1,
        }
        self.sagemaker(
            "create_endpoint_config",
            {"EndpointConfigArn": ARN},
            {
                "EndpointConfigName": VERSION,
                "ProductionVariants": [variant],
                "Tags": TAGS,
            },
        )

    def client(self, name, **more):
        self.made[name] = more
        return self.clients[name]

    def runs(self, given):
        """Runs it. Gives what was printed, and what was raised as Lambda shows it."""
        printed, raised = io.StringIO(), None
        with contextlib.ExitStack() as stack:
            for stub in self.stubs.values():
                stack.enter_context(stub)
            clock = mock.Mock(time=lambda: NOW)
            stack.enter_context(mock.patch.object(deploy, "time", clock))
            stack.enter_context(mock.patch.object(deploy.boto3, "client", self.client))
            stack.enter_context(contextlib.redirect_stdout(printed))
            try:
                deploy.lambda_handler(given, None)
            except deploy.UnreportedError as error:
                raised = "".join(traceback.format_exception(error))
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()
        self.assertNotIn(SECRET, printed.getvalue() + (raised or ""))
        return printed.getvalue(), raised

    def expects(self, **result):
        """The job's result that has to come."""
        succeeds = "failureDetails" not in result
        call = "put_job_success_result" if succeeds else "put_job_failure_result"
        self.stubs["codepipeline"].add_response(call, {}, {"jobId": ANY} | result)

    def called(self, given, **result):
        self.expects(**result)
        _, raised = self.runs(given)
        self.assertIsNone(raised)

    def unreported(self, given, *lines):
        """Nobody can be told: these lines are printed, and Lambda gets the last one's reason."""
        printed, raised = self.runs(given)
        self.assertEqual(printed.splitlines(), list(lines))
        reason = lines[-1].split("could not be reported: ")[1]
        self.assertIn(f"UnreportedError: {reason}", raised)

    def continues(self, given, token, summary):
        self.called(
            given,
            continuationToken=json.dumps({"since": NOW} | token),
            executionDetails={"summary": summary},
        )

    def fails(self, given, kind, message):
        self.called(given, failureDetails={"type": kind, "message": message})

    def done(self, given):
        variables = {"EndpointName": "churn-live", "Version": VERSION}
        self.called(given, executionDetails=ANY, outputVariables=variables)

    def test_a_first_model_makes_the_endpoint(self):
        self.makes_version()
        self.nobody()
        expected = {
            "EndpointName": "churn-live",
            "EndpointConfigName": VERSION,
            "Tags": [TAG],
        }
        self.sagemaker("create_endpoint", {"EndpointArn": ARN}, expected)
        self.continues(event(), MADE, "making the endpoint churn-live")

    def test_it_reports_as_the_role_and_works_as_itself(self):
        self.sagemaker("describe_endpoint", endpoint("InService", VERSION))
        self.done(event({}))
        self.assertEqual(self.made["codepipeline"]["aws_session_token"], SECRET)
        self.assertEqual(list(self.made["sagemaker"]), ["config"])

    def test_it_waits_while_the_endpoint_is_being_made(self):
        self.sagemaker("describe_endpoint", endpoint("Creating", VERSION))
        waits = "waiting for the endpoint churn-live, which is Creating"
        self.continues(event(MADE), MADE, waits)

    def test_it_gives_up_before_codepipeline_does(self):
        for hours, gives_up in ((22, False), (23, False), (23.01, True)):
            with self.subTest(hours):
                self.setUp()
                token = {"previous": "churn-old", "since": NOW - int(hours * HOUR)}
                self.sagemaker("describe_endpoint", endpoint("Updating", "churn-old"))
                if gives_up:
                    message = (
                        "after 23 hours the endpoint `churn-live` is still Updating, and CodePipeline ends an "
                        "action after 24; SageMaker goes on: retry the stage once the endpoint is InService"
                    )
                    self.fails(event(token), "JobFailed", message)
                else:
                    waits = "waiting for the endpoint churn-live, which is Updating"
                    self.continues(event(token), token, waits)

    def test_a_token_of_before_it_kept_the_time_is_taken(self):
        given = event()
        given["CodePipeline.job"]["data"]["continuationToken"] = "{}"
        self.sagemaker("describe_endpoint", endpoint("Updating", "churn-old"))
        self.continues(
            given, {}, "waiting for the endpoint churn-live, which is Updating"
        )

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
        updates = "updating the endpoint churn-live, which serves churn-old"
        self.continues(event(), {"previous": "churn-old"}, updates)

    def test_every_way_of_updating_says_how_and_how_long(self):
        def at_once(kind, **more):
            traffic = {"Type": kind, "WaitIntervalInSeconds": 120} | more
            return {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": traffic,
                    "TerminationWaitInSeconds": 0,
                }
            }

        def percent(value):
            return {"Type": "CAPACITY_PERCENT", "Value": value}

        rolling = {"MaximumBatchSize": percent(50), "WaitIntervalInSeconds": 120}
        ways = {
            "AllAtOnce": at_once("ALL_AT_ONCE"),
            "Canary": at_once("CANARY", CanarySize=percent(30)),
            "Linear": at_once("LINEAR", LinearStepSize=percent(25)),
            "Rolling": {"RollingUpdatePolicy": rolling},
        }
        for update, config in ways.items():
            with (
                self.subTest(update),
                mock.patch.dict(os.environ, UPDATE=update, ALARMS=""),
            ):
                self.setUp()
                self.sagemaker("describe_endpoint", endpoint("InService", "churn-old"))
                expected = {
                    "EndpointName": "churn-live",
                    "EndpointConfigName": VERSION,
                    "DeploymentConfig": config,
                }
                self.sagemaker("update_endpoint", {"EndpointArn": ARN}, expected)
                updates = "updating the endpoint churn-live, which serves churn-old"
                self.continues(event({}), {"previous": "churn-old"}, updates)

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
        self.continues(
            event(), {}, "waiting for the endpoint churn-live, which is Updating"
        )

    def test_an_endpoint_that_failed_before_is_made_anew(self):
        self.makes_version()
        self.sagemaker("describe_endpoint", endpoint("Failed", "churn-old"))
        self.sagemaker("delete_endpoint", expected={"EndpointName": "churn-live"})
        deletes = "deleting the endpoint churn-live, which had failed"
        self.continues(event(), {}, deletes)

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
        self.fails(
            event(MADE), "JobFailed", "the endpoint could not be made: no capacity"
        )

    def test_an_endpoint_that_has_the_version_and_does_not_serve_is_a_failure(self):
        self.sagemaker(
            "describe_endpoint",
            endpoint("UpdateRollbackFailed", VERSION, FailureReason="no capacity"),
        )
        message = "the endpoint is UpdateRollbackFailed: no capacity"
        self.fails(event({"previous": "churn-old"}), "JobFailed", message)

    def test_an_endpoint_that_went_away_is_a_failure(self):
        self.nobody()
        message = "the endpoint `churn-live` was deleted while it was being made"
        self.fails(event(MADE), "JobFailed", message)

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

    def refuses_result(self, kind, code, message):
        self.refuses(f"put_job_{kind}_result", code, message, "codepipeline")

    def test_a_role_that_can_not_be_assumed_is_printed_and_raised(self):
        self.setUp(assumes=False)
        self.refuses("assume_role", "Throttling", "Rate\nexceeded", "sts")
        line = f"job {JOB}: its result could not be reported: AssumeRole: Throttling: Rate exceeded"
        self.unreported(event(), line)

    def test_a_setting_that_reporting_needs_is_missed_aloud(self):
        self.setUp(assumes=False)
        with mock.patch.dict(os.environ):
            del os.environ["REPORT_ROLE_ARN"]
            reason = "the setting or field 'REPORT_ROLE_ARN' is missing"
            line = f"job {JOB}: its result could not be reported: {reason}"
            self.unreported(event(), line)

    def test_what_nobody_thought_of_before_it_can_report_tells_nothing(self):
        self.setUp(assumes=False)
        with mock.patch.object(deploy, "codepipeline", side_effect=ValueError(SECRET)):
            line = (
                f"job {JOB}: its result could not be reported: an unexpected ValueError"
            )
            self.unreported(event(), line)

    def test_a_success_that_is_refused_is_a_failure(self):
        self.sagemaker("describe_endpoint", endpoint("InService", VERSION))
        self.refuses_result("success", "ThrottlingException", "Rate exceeded")
        message = "PutJobSuccessResult: ThrottlingException: Rate exceeded"
        self.fails(event({}), "JobFailed", message)

    def test_a_continuation_that_is_refused_is_a_failure(self):
        self.sagemaker("describe_endpoint", endpoint("Creating", VERSION))
        self.refuses_result("success", "AccessDeniedException", "not you")
        message = "PutJobSuccessResult: AccessDeniedException: not you"
        self.fails(event(MADE), "PermissionError", message)

    def test_a_failure_that_is_refused_is_printed_and_raised(self):
        self.refuses("create_model", "ValidationException", "no\nsuch image")
        self.refuses_result("failure", "ThrottlingException", "Rate exceeded")
        self.unreported(
            event(),
            f"job {JOB} failed: CreateModel: ValidationException: no such image",
            f"job {JOB}: its result could not be reported: "
            "PutJobFailureResult: ThrottlingException: Rate exceeded",
        )

    def test_a_job_that_is_over_is_not_told_of_again(self):
        self.sagemaker("describe_endpoint", endpoint("InService", VERSION))
        code = "InvalidJobStateException"
        self.refuses_result("success", code, "over")
        self.refuses_result("failure", code, "over")
        printed, raised = self.runs(event({}))
        self.assertIsNone(raised)
        said = f"job {JOB} is over: PutJobFailureResult: {code}: over"
        self.assertEqual(printed.splitlines()[1:], [said])

    def test_an_event_of_somebody_else_is_printed_and_raised_without_its_text(self):
        for given in ({"secret": SECRET}, {"CodePipeline.job": SECRET}, [SECRET]):
            with self.subTest(type(given)):
                self.setUp(assumes=False)
                reason = "the event has no job of CodePipeline"
                line = f"job ?: its result could not be reported: {reason}"
                self.unreported(given, line)

    def test_a_job_without_its_data_is_a_failure(self):
        given = {"CodePipeline.job": {"id": JOB}}
        message = "the setting or field 'data' is missing"
        self.fails(given, "ConfigurationError", message)


if __name__ == "__main__":
    unittest.main()
