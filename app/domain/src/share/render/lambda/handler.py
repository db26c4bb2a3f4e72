"""Tries a SageMaker endpoint that another account shares with this one.

Made by Sagebridge for one share. Every member of the event is optional:

    {"endpoint": "name", "content_type": "text/csv", "body": "1,2,3"}

A body that is not a string is sent as JSON. Errors of AWS are not caught: they end the
invocation with AWS's own message.
"""

import base64
import json
import os
from datetime import datetime, timedelta, timezone

import boto3
from botocore.exceptions import ClientError

# The share's values; environment variables of the same names come first.
# <values>
SHARE = {}
CONTENT_TYPE = "application/json"
BODY = "{}"
# </values>

# A session is given up this long before it ends, so that none ends within a call.
EARLY = timedelta(minutes=5)
EXPIRED = {"ExpiredToken", "ExpiredTokenException"}

# The client of the last session and how long to use it: kept between invocations.
kept = {}


def setting(name):
    return os.environ.get(name, SHARE[name])


def assume_role():
    """Gives the credentials of the shared role.

    This function's own credentials are a role's session already, and a session that
    comes from another lasts one hour at most: no other duration is asked for.
    """
    function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "function")
    request = {
        "RoleArn": setting("SAGEBRIDGE_ROLE_ARN"),
        "RoleSessionName": f"sagebridge-{function}"[:64],
    }
    if external_id := setting("SAGEBRIDGE_EXTERNAL_ID"):
        request["ExternalId"] = external_id
    region = os.environ.get("AWS_REGION", setting("SAGEBRIDGE_REGION"))
    sts = boto3.client("sts", region_name=region)
    return sts.assume_role(**request)["Credentials"]


def runtime():
    """Gives a client with the shared role's session: a new one only when it has to."""
    now = datetime.now(timezone.utc)
    if not kept or now >= kept["until"]:
        credentials = assume_role()
        # The endpoint's region, which need not be this function's.
        kept["client"] = boto3.client(
            "sagemaker-runtime",
            region_name=setting("SAGEBRIDGE_REGION"),
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )
        kept["until"] = credentials["Expiration"] - EARLY
    return kept["client"]


def invoke(request):
    try:
        return runtime().invoke_endpoint(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] not in EXPIRED:
            raise
    # The clocks disagree, or the session was revoked: once more with a new one.
    kept.clear()
    return runtime().invoke_endpoint(**request)


def lambda_handler(event, context):
    event = event or {}
    body = event.get("body", BODY)
    answer = invoke(
        {
            "EndpointName": event.get("endpoint") or setting("SAGEBRIDGE_ENDPOINT"),
            "ContentType": event.get("content_type") or CONTENT_TYPE,
            "Body": body if isinstance(body, str) else json.dumps(body),
        }
    )
    content = answer["Body"].read()
    try:
        encoding, text = "text", content.decode()
    except UnicodeDecodeError:
        encoding, text = "base64", base64.b64encode(content).decode()
    return {
        "status": answer["ResponseMetadata"]["HTTPStatusCode"],
        "content_type": answer.get("ContentType"),
        "variant": answer.get("InvokedProductionVariant"),
        "encoding": encoding,
        "body": text,
    }
