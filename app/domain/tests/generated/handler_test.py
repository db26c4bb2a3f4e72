"""Runs a generated handler, the file given as argument, on a boto3 made for it: no AWS, no network, no clock of its own.

Expects the handler of a share in eu-west-1 with the external ID `sagebridge-external-id`.
"""

import contextlib
import importlib.util
import io
import logging
import sys
import types
import unittest
from datetime import datetime, timedelta, timezone

HANDLER = sys.argv[1]
ROLE = "arn:aws:iam::111111111111:role/SageMakerExternal"


class ClientError(Exception):
    def __init__(self, code, message):
        super().__init__(f"An error occurred ({code}): {message}")
        self.response = {"Error": {"Code": code, "Message": message}}


class Aws:
    """STS and SageMaker Runtime, as far as the handler uses them."""

    def __init__(self):
        self.assumed, self.clients, self.invoked = [], [], []
        self.lasts = []
        self.failures = []
        self.answer = b"0.93"

    def client(self, service, **options):
        self.clients.append((service, options))
        return types.SimpleNamespace(assume_role=self.assume_role, invoke_endpoint=self.invoke_endpoint)

    def assume_role(self, **request):
        self.assumed.append(request)
        number = len(self.assumed)
        lasts = self.lasts.pop(0) if self.lasts else timedelta(hours=1)
        return {
            "Credentials": {
                "AccessKeyId": f"ASIA-{number}",
                "SecretAccessKey": f"secret-{number}",
                "SessionToken": f"token-{number}",
                "Expiration": datetime.now(timezone.utc) + lasts,
            }
        }

    def invoke_endpoint(self, **request):
        self.invoked.append(request)
        if self.failures:
            raise self.failures.pop(0)
        return {
            "ResponseMetadata": {"HTTPStatusCode": 200},
            "ContentType": "text/csv; charset=utf-8",
            "InvokedProductionVariant": "AllTraffic",
            "Body": io.BytesIO(self.answer),
        }


def load(aws, environment=None):
    """The handler as a fresh process has it."""
    boto3 = types.ModuleType("boto3")
    boto3.client = aws.client
    exceptions = types.ModuleType("botocore.exceptions")
    exceptions.ClientError = ClientError
    sys.modules.update({"boto3": boto3, "botocore": types.ModuleType("botocore"), "botocore.exceptions": exceptions})
    spec = importlib.util.spec_from_file_location("handler", HANDLER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.os.environ.clear()
    module.os.environ.update(environment or {})
    return module.lambda_handler


class Handler(unittest.TestCase):
    def setUp(self):
        self.aws = Aws()

    def test_importing_it_calls_nothing(self):
        load(self.aws)
        self.assertEqual(self.aws.clients, [])

    def test_the_role_is_assumed_once_for_two_calls(self):
        handler = load(self.aws)
        handler({}, None)
        handler(None, None)
        self.assertEqual((len(self.aws.assumed), len(self.aws.invoked)), (1, 2))

    def test_the_role_is_assumed_again_shortly_before_its_session_ends(self):
        self.aws.lasts = [timedelta(minutes=4), timedelta(minutes=6)]
        handler = load(self.aws)
        for _ in range(3):
            handler({}, None)
        self.assertEqual((len(self.aws.assumed), len(self.aws.invoked)), (2, 3))

    def test_a_session_that_ended_is_replaced_once(self):
        for code in ["ExpiredToken", "ExpiredTokenException"]:
            aws = Aws()
            handler = load(aws)
            handler({}, None)
            aws.failures = [ClientError(code, "The security token included in the request is expired")]
            self.assertEqual(handler({}, None)["status"], 200)
            self.assertEqual(len(aws.assumed), 2)
            aws.failures = [ClientError(code, "first"), ClientError(code, "second")]
            with self.assertRaisesRegex(ClientError, "second"):
                handler({}, None)
            self.assertEqual(len(aws.assumed), 3)

    def test_other_errors_surface_as_aws_put_them(self):
        handler = load(self.aws)
        self.aws.failures = [ClientError("AccessDeniedException", "User: x is not authorized")]
        with self.assertRaisesRegex(ClientError, r"\(AccessDeniedException\): User: x is not authorized"):
            handler({}, None)
        self.assertEqual((len(self.aws.assumed), len(self.aws.invoked)), (1, 1))

    def test_it_assumes_the_shares_role_and_pins_the_region(self):
        load(self.aws, {"AWS_LAMBDA_FUNCTION_NAME": "x" * 64, "AWS_REGION": "us-east-1"})({}, None)
        self.assertEqual(
            self.aws.assumed,
            [
                {
                    "RoleArn": ROLE,
                    "RoleSessionName": ("sagebridge-" + "x" * 64)[:64],
                    "ExternalId": "sagebridge-external-id",
                }
            ],
        )
        (sts, sts_options), (service, options) = self.aws.clients
        self.assertEqual((sts, sts_options), ("sts", {"region_name": "us-east-1"}))
        self.assertEqual((service, options["region_name"]), ("sagemaker-runtime", "eu-west-1"))
        self.assertEqual(options["aws_session_token"], "token-1")

    def test_the_environment_comes_first_and_an_empty_external_id_is_none(self):
        environment = {
            "SAGEBRIDGE_REGION": "us-west-2",
            "SAGEBRIDGE_ROLE_ARN": "arn:aws:iam::111111111111:role/Other",
            "SAGEBRIDGE_EXTERNAL_ID": "",
            "SAGEBRIDGE_ENDPOINT": "other",
        }
        load(self.aws, environment)({}, None)
        self.assertEqual(
            self.aws.assumed,
            [{"RoleArn": environment["SAGEBRIDGE_ROLE_ARN"], "RoleSessionName": "sagebridge-function"}],
        )
        self.assertEqual(self.aws.clients[1][1]["region_name"], "us-west-2")
        self.assertEqual(self.aws.invoked[0]["EndpointName"], "other")

    def test_an_event_says_what_is_sent_where_and_the_share_says_the_rest(self):
        handler = load(self.aws)
        handler({}, None)
        handler({"endpoint": "e", "content_type": "text/plain", "body": "b"}, None)
        handler({"body": {"instances": [1]}}, None)
        sent = [(r["EndpointName"], r["ContentType"], r["Body"]) for r in self.aws.invoked]
        self.assertEqual(
            sent,
            [
                ("Churn-Classifier", "text/csv", '5,"é",\\n\n'),
                ("e", "text/plain", "b"),
                ("Churn-Classifier", "text/csv", '{"instances": [1]}'),
            ],
        )

    def test_the_answer_is_text_or_base64(self):
        handler = load(self.aws)
        answer = {"status": 200, "content_type": "text/csv; charset=utf-8", "variant": "AllTraffic"}
        self.assertEqual(handler({}, None), answer | {"encoding": "text", "body": "0.93"})
        self.aws.answer = b"\xff\xd8"
        self.assertEqual(handler({}, None), answer | {"encoding": "base64", "body": "/9g="})

    def test_no_credential_is_printed_or_logged(self):
        output, log = io.StringIO(), io.StringIO()
        logging.basicConfig(stream=log, level=logging.DEBUG, force=True)
        handler = load(self.aws)
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            handler({}, None)
            self.aws.failures = [ClientError("ExpiredToken", "expired")]
            answer = handler({}, None)
        said = output.getvalue() + log.getvalue() + repr(answer)
        for secret in ["ASIA", "secret-", "token-"]:
            self.assertNotIn(secret, said)


unittest.main(argv=sys.argv[:1], verbosity=2)
