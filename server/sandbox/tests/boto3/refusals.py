"""What the sandbox refuses, as boto3 tells it."""

from botocore.exceptions import ClientError


def refusal(call, **arguments):
    """Code and status of the error that a call meets, if it meets one."""
    try:
        call(**arguments)
    except ClientError as error:
        answer = error.response
        return [answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]]
    return None


def code(call, **arguments):
    """The code alone."""
    refused = refusal(call, **arguments)
    return refused and refused[0]
