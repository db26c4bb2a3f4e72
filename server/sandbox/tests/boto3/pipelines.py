"""CodePipeline with boto3: a pipeline of one account whose function runs in another and tells of its jobs, as a role of
the pipeline's account.

Expects AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE of a sandbox. Prints one JSON object of what happened.
"""

import io
import json
import time
import urllib.request
import zipfile

import boto3

SHARED, CHILD = boto3.Session(profile_name="shared"), boto3.Session(profile_name="child")
A, B = "333333333333", "222222222222"
BUCKET = "artifacts-of-shared"
REGION = "eu-west-1"

HANDLER = '''
import io, json, zipfile

ROLE = "arn:aws:iam::333333333333:role/report"

def client(service, keys):
    import boto3
    return boto3.client(service, aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                        aws_session_token=keys["SessionToken"])

def handler(event, context):
    job = event["CodePipeline.job"]
    data = job["data"]
    mode = json.loads(data["actionConfiguration"]["configuration"]["UserParameters"])["mode"]
    if mode == "raise":
        raise ValueError("no mode")
    if mode == "silent":
        return
    # Not at the top: loading a function has ten seconds, which are few for boto3 on a busy machine.
    import boto3
    report = client("codepipeline", boto3.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="report")["Credentials"])
    if mode == "fail":
        report.put_job_failure_result(jobId=job["id"], failureDetails={"type": "JobFailed", "message": "on purpose"})
        return
    if mode == "details":
        told = report.get_job_details(jobId=job["id"])["jobDetails"]
        report.put_job_success_result(jobId=job["id"])
        try:
            report.put_job_success_result(jobId=job["id"])
            late = None
        except report.exceptions.InvalidJobStateException:
            late = "InvalidJobStateException"
        note({"id": told["id"] == job["id"], "provider": told["data"]["actionTypeId"]["provider"],
              "pipeline": told["data"]["pipelineContext"]["pipelineName"], "late": late})
        return
    token = data.get("continuationToken")
    count = int(token or "0")
    keys = {name[0].upper() + name[1:]: value for name, value in data["artifactCredentials"].items()}
    s3 = client("s3", keys)
    place = data["inputArtifacts"][0]["location"]["s3Location"]
    code = s3.get_object(Bucket=place["bucketName"], Key=place["objectKey"])["Body"].read()
    read = zipfile.ZipFile(io.BytesIO(code)).read("a.txt").decode()
    note({"token": token, "event": sorted(job), "data": sorted(set(data) - {"continuationToken"}),
          "configuration": data["actionConfiguration"]["configuration"], "read": read})
    if count < 2:
        report.put_job_success_result(jobId=job["id"], continuationToken=str(count + 1))
        return
    made = data["outputArtifacts"][0]["location"]["s3Location"]
    s3.put_object(Bucket=made["bucketName"], Key=made["objectKey"], Body=b"made")
    report.put_job_success_result(jobId=job["id"], outputVariables={"Calls": "3"},
                                  executionDetails={"summary": "all done", "percentComplete": 100})

def note(what):
    import boto3, time
    own = boto3.client("s3")
    own.put_object(Bucket="notes-of-child", Key=f"{time.time():020.6f}", Body=json.dumps(what).encode())
'''


def zipped(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def policy(action, resource, **more):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(**principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(session, name, trusted, *allowed):
    iam = session.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)
    for number, (action, resource) in enumerate(allowed):
        iam.put_role_policy(RoleName=name, PolicyName=f"p{number}", PolicyDocument=policy(action, resource))
    return iam.get_role(RoleName=name)["Role"]["Arn"]


def bucket(session, name):
    s3 = session.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


def eventually(ask):
    for _ in range(1200):
        found = ask()
        if found is not None:
            return found
        time.sleep(0.05)
    raise TimeoutError


def source():
    return {
        "name": "Source",
        "actions": [
            {
                "name": "Source",
                "namespace": "Source",
                "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
                "configuration": {"S3Bucket": BUCKET, "S3ObjectKey": "source/code.zip", "PollForSourceChanges": "false"},
                "outputArtifacts": [{"name": "code"}],
            }
        ],
    }


def declaration(mode):
    parameters = f'{{"mode": "{mode}", "from": "#{{Source.ObjectKey}}"}}'
    return {
        "name": "p",
        "roleArn": f"arn:aws:iam::{A}:role/pipeline",
        "artifactStore": {"type": "S3", "location": BUCKET},
        "pipelineType": "V2",
        "stages": [
            source(),
            {
                "name": "Deploy",
                "actions": [
                    {
                        "name": "Deploy",
                        "namespace": "Deploy",
                        "roleArn": f"arn:aws:iam::{B}:role/stage",
                        "actionTypeId": {"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"},
                        "configuration": {"FunctionName": "deploy", "UserParameters": parameters},
                        "inputArtifacts": [{"name": "code"}],
                        "outputArtifacts": [{"name": "made"}],
                    }
                ],
            },
            {
                "name": "Approve",
                "actions": [
                    {
                        "name": "Approve",
                        "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
                        "configuration": {"CustomData": "#{Deploy.Calls} calls"},
                    }
                ],
            },
        ],
    }


def prepare():
    s3 = bucket(SHARED, BUCKET)
    try:
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    except s3.exceptions.ClientError:
        pass
    s3.put_object(Bucket=BUCKET, Key="source/code.zip", Body=zipped("a.txt", "hello"))
    bucket(CHILD, "notes-of-child")
    objects, whole = f"arn:aws:s3:::{BUCKET}/*", f"arn:aws:s3:::{BUCKET}"
    stage = f"arn:aws:iam::{B}:role/stage"
    role(
        SHARED,
        "pipeline",
        trust(Service="codepipeline.amazonaws.com"),
        (["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], objects),
        ("s3:GetBucketVersioning", whole),
        ("sts:AssumeRole", stage),
    )
    role(
        CHILD,
        "stage",
        trust(AWS=f"arn:aws:iam::{A}:role/pipeline"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{B}:function:deploy"),
        (["s3:GetObject", "s3:PutObject"], objects),
    )
    execution = role(
        CHILD,
        "deploy",
        trust(Service="lambda.amazonaws.com"),
        ("sts:AssumeRole", f"arn:aws:iam::{A}:role/report"),
        ("s3:PutObject", "arn:aws:s3:::notes-of-child/*"),
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": stage},
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": objects,
    }
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    reported = ["codepipeline:PutJobSuccessResult", "codepipeline:PutJobFailureResult", "codepipeline:GetJobDetails"]
    # To read the details of a job, credentials and all, is to be the pipeline.
    role(SHARED, "report", trust(AWS=execution), (reported, "*"))
    functions = CHILD.client("lambda")
    functions.create_function(
        FunctionName="deploy",
        Runtime="python3.13",
        Role=execution,
        Handler="app.handler",
        Timeout=60,
        Code={"ZipFile": zipped("app.py", HANDLER)},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="deploy")


def notes():
    s3 = CHILD.client("s3")
    keys = [row["Key"] for row in s3.list_objects_v2(Bucket="notes-of-child").get("Contents", [])]
    found = [json.loads(s3.get_object(Bucket="notes-of-child", Key=key)["Body"].read()) for key in sorted(keys)]
    for key in keys:
        s3.delete_object(Bucket="notes-of-child", Key=key)
    return found


def main():
    prepare()
    client = SHARED.client("codepipeline")

    def ended(execution, *statuses):
        def ask():
            now = client.get_pipeline_execution(pipelineName="p", pipelineExecutionId=execution)["pipelineExecution"]
            return now["status"] if now["status"] in statuses else None

        return eventually(ask)

    def actions(execution):
        pages = client.get_paginator("list_action_executions")
        found = pages.paginate(pipelineName="p", filter={"pipelineExecutionId": execution}, PaginationConfig={"PageSize": 1})
        return [row for page in found for row in page["actionExecutionDetails"]]

    def token():
        states = client.get_pipeline_state(name="p")["stageStates"]
        runs = [action.get("latestExecution", {}) for state in states for action in state["actionStates"]]
        errors = [run["errorDetails"] for run in runs if "errorDetails" in run]
        if errors:
            raise RuntimeError(errors)
        latest = states[2]["actionStates"][0].get("latestExecution", {})
        return latest.get("token")

    def error(mode):
        client.update_pipeline(pipeline=declaration(mode))
        execution = client.start_pipeline_execution(name="p")["pipelineExecutionId"]
        ended(execution, "Failed")
        return actions(execution)[0]["output"]["executionResult"]["errorDetails"]

    client.create_pipeline(pipeline=declaration("work"), tags=[{"key": "a", "value": "b"}])
    first = client.list_pipeline_executions(pipelineName="p")["pipelineExecutionSummaries"][0]["pipelineExecutionId"]
    result = {"status": "Approved", "summary": ""}
    where = {"pipelineName": "p", "stageName": "Approve", "actionName": "Approve"}
    client.put_approval_result(**where, token=eventually(token), result=result)
    status = ended(first, "Succeeded", "Failed")
    done, told = actions(first), notes()
    made = done[1]["output"]["outputArtifacts"][0]["s3location"]
    output = SHARED.client("s3").get_object(Bucket=made["bucket"], Key=made["key"])["Body"].read().decode()
    printed = {
        "done": {
            "status": status,
            "calls": [note["token"] for note in told],
            "event": told[0]["event"],
            "data": told[0]["data"],
            "configuration": told[0]["configuration"],
            "read": told[0]["read"],
            "variables": done[1]["output"]["outputVariables"],
            "summary": done[1]["output"]["executionResult"]["externalExecutionSummary"],
            "approved": done[0]["input"]["resolvedConfiguration"]["CustomData"],
            "output": output,
            "order": [row["actionName"] for row in done],
        },
        "failed": error("fail"),
        "raised": error("raise"),
    }
    client.update_pipeline(pipeline=declaration("details"))
    execution = client.start_pipeline_execution(name="p")["pipelineExecutionId"]
    printed["details"] = eventually(lambda: (notes() or [None])[0])
    # Without the variable that the approval shows it can't go on.
    ended(execution, "Failed")
    quick = {"pipeline_poll_ms": 20, "pipeline_continuation_ms": 50, "function_activation_ms": 0, "pipeline_job_ms": 0}
    url = client.meta.endpoint_url + "/_sandbox/settings"
    body = json.dumps(quick).encode()
    headers = {"content-type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers, method="PUT"))
    silent = error("silent")
    printed["silent"] = {"code": silent["code"], "told": "failed to return a result" in silent["message"]}
    pages = client.get_paginator("list_pipeline_executions").paginate(pipelineName="p", PaginationConfig={"PageSize": 2})
    listed = [row for page in pages for row in page["pipelineExecutionSummaries"]]
    everything = client.get_paginator("list_action_executions").paginate(pipelineName="p")
    printed["paged"] = {
        "executions": len(listed) - 1,
        "actions": len([row for page in everything for row in page["actionExecutionDetails"]]) >= 10,
        "pipelines": [row["name"] for page in client.get_paginator("list_pipelines").paginate() for row in page["pipelines"]],
        "types": len([row for page in client.get_paginator("list_action_types").paginate() for row in page["actionTypes"]]),
    }
    print(json.dumps(printed))


main()
