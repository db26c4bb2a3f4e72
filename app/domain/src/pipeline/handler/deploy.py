"""Deploys an approved model to the production endpoint, as an action of CodePipeline.

CodePipeline calls it with a job and waits for a result: whatever happens, it gets one as long as it can be reached. If
not, the call ends with an error, so that Lambda makes it again. A model, an endpoint configuration and the endpoint's
update are named after the training's execution, so that a second call for the same training makes nothing twice. While
the endpoint is being made the job is continued: CodePipeline calls again, with the token that it was given.

Nothing of the event is printed: it carries credentials.
"""

import json
import os
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

VARIANT = "AllTraffic"
# What CodePipeline takes of a failure's message and of a summary.
MESSAGE = 5000
SUMMARY = 2048
# The endpoint is on its way from one state to the next.
CHANGING = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}
TAGGED = "sagebridge:pipeline"
# An answer is waited for 20 minutes and starts them anew, but after 24 hours CodePipeline ends the action by itself, with
# no word of the endpoint.
LONGEST = 23 * 3600
# Of what a call of the function may take, a service that does not answer must leave enough to say so.
PATIENCE = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
)
# What CodePipeline says of a job that has its result, or that it has given up.
OVER = {"InvalidJobStateException", "JobNotFoundException"}


class RefusedError(Exception):
    """The deployment can't go on; its type is one of CodePipeline's."""

    def __init__(self, message, kind="JobFailed"):
        super().__init__(message)
        self.kind = kind


class UnreportedError(Exception):
    """CodePipeline could not be told."""


def setting(name):
    return os.environ[name]


def client(service, **keys):
    return boto3.client(service, config=PATIENCE, **keys)


def codepipeline():
    """A client in the pipeline's account: job results are taken there only."""
    sts = client("sts")
    session = sts.assume_role(
        RoleArn=setting("REPORT_ROLE_ARN"),
        RoleSessionName=f"{setting('PREFIX')}-deploy",
    )
    credentials = session["Credentials"]
    return client(
        "codepipeline",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def asked(job):
    """What the action was configured with: the run, and the training's execution."""
    configuration = job["data"]["actionConfiguration"]["configuration"]
    try:
        parameters = json.loads(configuration["UserParameters"])
        run, training = parameters["run"], parameters["training"]
    except (KeyError, TypeError, ValueError):
        message = 'UserParameters must be {"run": "EXECUTION ID", "training": "EXECUTION ARN"}'
        raise RefusedError(message, "ConfigurationError") from None
    execution = training.rsplit(":", 1)[-1]
    if not execution or "#{" in execution:
        raise RefusedError(
            f"`{training}` names no execution of the training", "ConfigurationError"
        )
    return run, f"{setting('PREFIX')}-{execution}"


def unless_there(call, **request):
    """Makes something that may have been made by an earlier call for the same training."""
    try:
        call(**request)
    except ClientError as error:
        if "already exist" not in error.response["Error"]["Message"]:
            raise


def make_version(sagemaker, version, run):
    """The model and its endpoint configuration."""
    tags = [
        {"Key": TAGGED, "Value": setting("PREFIX")},
        {"Key": "sagebridge:run", "Value": run},
    ]
    unless_there(
        sagemaker.create_model,
        ModelName=version,
        ExecutionRoleArn=setting("MODEL_ROLE_ARN"),
        PrimaryContainer={
            "Image": setting("IMAGE"),
            "ModelDataUrl": f"{setting('MODELS')}{version}/output/model.tar.gz",
        },
        Tags=tags,
    )
    unless_there(
        sagemaker.create_endpoint_config,
        EndpointConfigName=version,
        ProductionVariants=[
            {
                "VariantName": VARIANT,
                "ModelName": version,
                "InstanceType": setting("INSTANCE_TYPE"),
                "InitialInstanceCount": int(setting("INSTANCE_COUNT")),
                "InitialVariantWeight": 1,
            }
        ],
        Tags=tags,
    )


def describe(sagemaker):
    """The endpoint as it is, or nothing."""
    try:
        return sagemaker.describe_endpoint(EndpointName=setting("ENDPOINT"))
    except ClientError as error:
        if "Could not find" in error.response["Error"]["Message"]:
            return None
        raise


def takeover():
    """How the new version takes over from the one before, and what takes it back."""
    update, wait = setting("UPDATE"), int(setting("WAIT_SECONDS"))
    if update == "Rolling":
        config = {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                "WaitIntervalInSeconds": wait,
            }
        }
    else:
        routing = {"AllAtOnce": "ALL_AT_ONCE", "Canary": "CANARY", "Linear": "LINEAR"}[
            update
        ]
        traffic = {"Type": routing, "WaitIntervalInSeconds": wait}
        if update == "Canary":
            traffic["CanarySize"] = {"Type": "CAPACITY_PERCENT", "Value": 30}
        elif update == "Linear":
            traffic["LinearStepSize"] = {"Type": "CAPACITY_PERCENT", "Value": 25}
        config = {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": traffic,
                "TerminationWaitInSeconds": 0,
            }
        }
    alarms = [name for name in setting("ALARMS").split(",") if name]
    if alarms:
        config["AutoRollbackConfiguration"] = {
            "Alarms": [{"AlarmName": name} for name in alarms]
        }
    return config


def step(sagemaker, version, state):
    """Goes one step further. Gives what to go on with and what is waited for; or nothing when the endpoint serves the
    version."""
    name = setting("ENDPOINT")
    endpoint = describe(sagemaker)
    if endpoint is None:
        if state.get("created"):
            raise RefusedError(
                f"the endpoint `{name}` was deleted while it was being made"
            )
        sagemaker.create_endpoint(
            EndpointName=name,
            EndpointConfigName=version,
            Tags=[{"Key": TAGGED, "Value": setting("PREFIX")}],
        )
        created = {"created": True, "previous": None}
        return state | created, f"making the endpoint {name}"
    status, serves = endpoint["EndpointStatus"], endpoint["EndpointConfigName"]
    if status in CHANGING:
        if time.time() - state["since"] > LONGEST:
            raise RefusedError(
                f"after {LONGEST // 3600} hours the endpoint `{name}` is still {status}, and CodePipeline ends "
                "an action after 24; SageMaker goes on: retry the stage once the endpoint is InService"
            )
        # An earlier change of the endpoint has to end before this one can begin.
        return state, f"waiting for the endpoint {name}, which is {status}"
    if status == "Failed":
        if "previous" in state:
            raise RefusedError(
                f"the endpoint could not be made: {endpoint.get('FailureReason', 'no reason was given')}"
            )
        # Nothing serves: only a new one helps.
        sagemaker.delete_endpoint(EndpointName=name)
        return state, f"deleting the endpoint {name}, which had failed"
    if status == "InService" and serves == version:
        return None
    if "previous" in state:
        if serves == version:
            raise RefusedError(
                f"the endpoint is {status}: {endpoint.get('FailureReason', 'no reason was given')}"
            )
        reason = endpoint.get(
            "FailureReason", "an alarm or a failure took the update back"
        )
        raise RefusedError(f"the endpoint was rolled back to `{serves}`: {reason}")
    sagemaker.update_endpoint(
        EndpointName=name,
        EndpointConfigName=version,
        DeploymentConfig=takeover(),
    )
    return (
        state | {"previous": serves},
        f"updating the endpoint {name}, which serves {serves}",
    )


def work(job):
    """One call for a job: its result, unless it fails."""
    run, version = asked(job)
    sagemaker = client("sagemaker")
    token = job["data"].get("continuationToken")
    state = {"since": int(time.time())} | (json.loads(token) if token else {})
    if not token:
        make_version(sagemaker, version, run)
    further = step(sagemaker, version, state)
    if further is None:
        summary = f"{setting('ENDPOINT')} serves {version}"
        return {
            "executionDetails": {"summary": summary[:SUMMARY], "percentComplete": 100},
            "outputVariables": {
                "EndpointName": setting("ENDPOINT"),
                "Version": version,
            },
        }
    state, doing = further
    return {
        "executionDetails": {"summary": doing[:SUMMARY]},
        "continuationToken": json.dumps(state),
    }


def explained(error):
    """A failure in words, and its type."""
    if isinstance(error, RefusedError):
        return str(error), error.kind
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        denied = code in {"AccessDenied", "AccessDeniedException"}
        return (
            f"{error.operation_name}: {code}: {error.response['Error']['Message']}",
            ("PermissionError" if denied else "JobFailed"),
        )
    if isinstance(error, KeyError):
        return f"the setting or field {error} is missing", "ConfigurationError"
    if isinstance(error, BotoCoreError):
        return f"AWS could not be asked: {error}", "SystemUnavailable"
    # The exception's own text may have anything in it.
    return f"an unexpected {type(error).__name__}", "JobFailed"


def line(error):
    """A failure as one line of the log."""
    return " ".join(explained(error)[0].split())


def unreported(job, error):
    """Prints that CodePipeline does not know, and gives what to raise: Lambda then calls again."""
    print(f"job {job}: its result could not be reported: {line(error)}")
    return UnreportedError(line(error))


def fail(pipeline, job, error, context):
    """Tells CodePipeline of a failure."""
    message, kind = explained(error)
    details = {"type": kind, "message": message[:MESSAGE]}
    request = getattr(context, "aws_request_id", None)
    if request:
        details["externalExecutionId"] = request
    try:
        pipeline.put_job_failure_result(jobId=job, failureDetails=details)
    except ClientError as refused:
        if refused.response["Error"]["Code"] not in OVER:
            raise
        # Another call gets the same answer.
        print(f"job {job} is over: {line(refused)}")


def lambda_handler(event, context):
    try:
        job, name = event["CodePipeline.job"], event["CodePipeline.job"]["id"]
    except (KeyError, TypeError):
        nothing = RefusedError("the event has no job of CodePipeline")
        raise unreported("?", nothing) from None
    try:
        pipeline = codepipeline()
    except Exception as error:
        raise unreported(name, error) from None
    try:
        result = work(job)
        pipeline.put_job_success_result(jobId=name, **result)
        print(f"job {name}: {result['executionDetails']['summary']}")
    except Exception as error:
        # Whatever it is: a job without a result hangs until it times out.
        print(f"job {name} failed: {line(error)}")
        try:
            fail(pipeline, name, error, context)
        except Exception as refused:
            raise unreported(name, refused) from None
