"""The AWS CLI against the sandbox: what people type who follow AWS's guides, service by service.

The CLI runs in this process, by its own entry point, as most of a command's time is its start. Expects
AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE of a sandbox. Prints one JSON object of what happened.
"""

import base64
import contextlib
import io
import json
import os
import time
import zipfile
from functools import cache
from itertools import count
from pathlib import Path
from unittest import mock

from awscli.clidriver import create_clidriver

ACCOUNT, REGION = "333333333333", "eu-west-1"
BUCKET, REPOSITORY, PIPELINE = "cli-of-shared", "cli", "cli"
# The test takes it away.
FOLDER = Path.home() / "work"
# `deploy` names its change sets by the second, and here there are several in one.
SECONDS = count(1_700_000_000)
CLOCK = mock.Mock(time=lambda: next(SECONDS))
mock.patch("awscli.customizations.cloudformation.deployer.time", CLOCK).start()
# What the CLI waits for it looks at twice a minute, which is long where it takes no second.
mock.patch("botocore.waiter.time", mock.Mock(sleep=lambda _: time.sleep(0.1))).start()
DOCUMENTS = count()
# The longest that is waited for what goes on by itself, in commands.
PATIENCE = 400


class CliError(Exception):
    pass


@cache
def driver(profile):
    """The CLI. It keeps a profile that it was given, so there is one for each."""
    made = create_clidriver()
    made.session.set_config_variable("profile", profile)
    return made


def typed(*words, profile="shared"):
    """Status and both outputs of a command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = driver(profile).main([str(word) for word in words])
    return status, out.getvalue(), err.getvalue().strip()


def text(*words, **how):
    status, out, err = typed(*words, **how)
    if status:
        raise CliError(f"{words}: {status}: {err}")
    return out


def aws(*words, **how):
    out = text(*words, "--output", "json", **how)
    return json.loads(out) if out.strip() else None


def failed(*words, **how):
    """The last line of a command that fails, without what every error begins with."""
    status, out, err = typed(*words, **how)
    if not status:
        raise CliError(f"{words}: {out}")
    return (err or out or f"{status}").splitlines()[-1].removeprefix("An error occurred ")


def file(name, content):
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def document(value):
    return f"file://{file(f'{next(DOCUMENTS)}.json', json.dumps(value))}"


def eventually(ask, *words):
    for _ in range(PATIENCE):
        if found := ask(aws(*words)):
            return found
    raise CliError(f"{words}: it did not come")


def paged(member, *words, size=2):
    """A list by `--max-items` and `--starting-token`; and the number of commands that it took."""
    items, commands, token = [], 0, None
    while commands == 0 or token:
        more = ["--starting-token", token] if token else []
        page = aws(*words, "--max-items", size, *more)
        items, commands, token = items + page[member], commands + 1, page.get("NextToken")
    return items, commands


def role(name, service, *actions):
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document_of = lambda *statements: document({"Version": "2012-10-17", "Statement": statements})
    made = aws("iam", "create-role", "--role-name", name, "--assume-role-policy-document", document_of(trust))
    allow = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    put = ["--role-name", name, "--policy-name", "p", "--policy-document", document_of(allow)]
    aws("iam", "put-role-policy", *put)
    return made["Role"]["Arn"]


def identity():
    return aws("sts", "get-caller-identity")["Account"]


def keys():
    key = aws("kms", "create-key", "--description", "of the CLI")["KeyMetadata"]["Arn"]
    aws("kms", "create-alias", "--alias-name", "alias/cli", "--target-key-id", key)
    plain = file("plain", b"\x00\xff secret")
    sealed = aws("kms", "encrypt", "--key-id", "alias/cli", "--plaintext", f"fileb://{plain}")
    sealed_file = file("sealed", base64.b64decode(sealed["CiphertextBlob"]))
    opened = aws("kms", "decrypt", "--ciphertext-blob", f"fileb://{sealed_file}")
    wrong = ["--ciphertext-blob", f"fileb://{sealed_file}", "--encryption-context", "a=b"]
    aliases = text("kms", "list-aliases", "--query", "Aliases[?AliasName=='alias/cli'].TargetKeyId", "--output", "text")
    policy = text(
        "kms", "get-key-policy", "--key-id", key, "--policy-name", "default", "--query", "Policy", "--output", "text"
    )
    return key, {
        "same": base64.b64decode(opened["Plaintext"]) == plain.read_bytes() and opened["KeyId"] == key,
        "wrong": failed("kms", "decrypt", *wrong),
        "alias": key.endswith(f"/{aliases.strip()}"),
        "policy": len(json.loads(policy)["Statement"]),
    }


def stretches():
    """A part from a stretch of another object; and what is none."""
    place = ["--bucket", BUCKET, "--key", "stretch"]
    upload = aws("s3api", "create-multipart-upload", *place)["UploadId"]
    part = [*place, "--upload-id", upload, "--part-number", 1, "--copy-source", f"{BUCKET}/small"]
    copied = aws("s3api", "upload-part-copy", *part, "--copy-source-range", "bytes=1-3")["CopyPartResult"]
    parts = document({"Parts": [{"PartNumber": 1, "ETag": copied["ETag"]}]})
    no_part = ["s3api", "upload-part-copy", *part]
    refused = {
        "beyond": failed(*no_part, "--copy-source-range", "bytes=1-5"),
        "open": failed(*no_part, "--copy-source-range", "bytes=1-"),
        "changed": failed(*no_part, "--copy-source-if-match", "another"),
    }
    aws("s3api", "complete-multipart-upload", *place, "--upload-id", upload, "--multipart-upload", parts)
    # Whoever may write to a bucket may not read everything for it.
    theirs, child = ["--bucket", "cli-of-child", "--key", "x"], {"profile": "child"}
    text("s3", "mb", "s3://cli-of-child", **child)
    upload = ["--upload-id", aws("s3api", "create-multipart-upload", *theirs, **child)["UploadId"]]
    part = [*theirs, *upload, "--part-number", 1, "--copy-source", f"{BUCKET}/small"]
    refused["denied"] = failed("s3api", "upload-part-copy", *part, **child)
    return {"read": text("s3", "cp", f"s3://{BUCKET}/stretch", "-"), **refused}


def objects(key):
    large = os.urandom(9 * 1024 * 1024)
    local = {"large": file("up/large.bin", large), "small": file("up/deep/a b+ü.txt", "small")}
    text("s3", "mb", f"s3://{BUCKET}")
    encrypted = ["--sse", "aws:kms", "--sse-kms-key-id", key]
    for name, path in local.items():
        text("s3", "cp", path, f"s3://{BUCKET}/{name}", *encrypted)
    heads = {name: aws("s3api", "head-object", "--bucket", BUCKET, "--key", name) for name in local}
    back = FOLDER / "back.bin"
    text("s3", "cp", f"s3://{BUCKET}/large", back)
    text("s3", "cp", f"s3://{BUCKET}/large", f"s3://{BUCKET}/copy", *encrypted)
    text("s3", "sync", FOLDER / "up", f"s3://{BUCKET}/tree")
    again = text("s3", "sync", FOLDER / "up", f"s3://{BUCKET}/tree")
    listed = [
        line.split(maxsplit=3)[2:] for line in text("s3", "ls", f"s3://{BUCKET}/tree/", "--recursive").splitlines()
    ]
    folders = [line.split()[1] for line in text("s3", "ls", f"s3://{BUCKET}").splitlines() if line.split()[0] == "PRE"]
    pages, commands = paged("Contents", "s3api", "list-objects-v2", "--bucket", BUCKET)
    text("s3", "rm", f"s3://{BUCKET}/tree", "--recursive")
    text("s3", "mv", f"s3://{BUCKET}/copy", f"s3://{BUCKET}/moved")
    return {
        "encrypted": all(head["SSEKMSKeyId"] == key for head in heads.values()),
        "parts": heads["large"]["ETag"].strip('"').split("-")[1],
        "same": back.read_bytes() == large,
        "listed": listed,
        "unchanged": again,
        "folders": folders,
        "paged": [len(pages), commands],
        "left": sorted(line.split()[3] for line in text("s3", "ls", f"s3://{BUCKET}").splitlines()),
        "bucket": BUCKET in text("s3", "ls"),
        "stretches": stretches(),
        "none": failed("s3", "ls", f"s3://{BUCKET}/nothing"),
        "refused": failed("s3", "ls", "s3://nobody-has-this-bucket"),
    }


TEMPLATE = """
Parameters:
  Word:
    Type: String
  Taken:
    Type: String
    Default: "no"
Conditions:
  IsTaken: !Equals [!Ref Taken, "yes"]
Resources:
  Log:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub /cli/${AWS::StackName}/${Word}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}
  Bucket:
    Type: AWS::S3::Bucket
    Condition: IsTaken
    Properties:
      BucketName: BUCKET
Outputs:
  Log:
    Value: !Ref Log
""".replace("BUCKET", BUCKET)


def deploy(stack, word, *more, template="template.yaml"):
    words = ["--stack-name", stack, "--template-file", FOLDER / template, "--capabilities", "CAPABILITY_IAM"]
    return ["cloudformation", "deploy", *words, "--parameter-overrides", f"Word={word}", *more]


def log(stack):
    return aws(
        "cloudformation", "describe-stacks", "--stack-name", stack, "--query", "Stacks[0].Outputs[0].OutputValue"
    )


def stacks(key):
    file("template.yaml", TEMPLATE)
    through = ["--s3-bucket", BUCKET, "--s3-prefix", "templates", "--kms-key-id", key]
    shown = {}
    text(*deploy("plain", "one", "--tags", "team=a"))
    shown["one"] = log("plain")
    text(*deploy("plain", "two", *through))
    shown["two"] = log("plain")
    shown["unchanged"] = failed(*deploy("plain", "two", "--fail-on-empty-changeset"))
    shown["fine"] = text(*deploy("plain", "two", "--no-fail-on-empty-changeset")).splitlines()[-1]
    text(*deploy("bucket", "one", *through))
    shown["uploaded"] = len(text("s3", "ls", f"s3://{BUCKET}/templates/").splitlines())
    text("cloudformation", "wait", "stack-create-complete", "--stack-name", "bucket")
    text("cloudformation", "wait", "stack-exists", "--stack-name", "bucket")
    shown["later"] = "describe-change-set" in text(*deploy("plain", "three", "--no-execute-changeset"))
    waiting = aws("cloudformation", "list-change-sets", "--stack-name", "plain")["Summaries"]
    shown["waiting"] = [row["ExecutionStatus"] for row in waiting]
    shown["failed"] = failed(*deploy("broken", "one", "Taken=yes"))
    shown["broken"] = failed("cloudformation", "wait", "stack-create-complete", "--stack-name", "broken")
    shown["missing"] = failed("cloudformation", "describe-stacks", "--stack-name", "nothing")
    valid = aws("cloudformation", "validate-template", "--template-body", f"file://{FOLDER / 'template.yaml'}")
    shown["valid"] = valid["Capabilities"]
    body = aws("cloudformation", "get-template", "--stack-name", "plain")["TemplateBody"]
    shown["body"] = body == TEMPLATE
    return shown


def events():
    """More of them than are in a page of AWS."""
    group = lambda number: {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/cli/many/{number}"}}
    file("many.json", json.dumps({"Resources": {f"Log{number}": group(number) for number in range(40)}}))
    text("cloudformation", "deploy", "--stack-name", "many", "--template-file", FOLDER / "many.json")
    words = ["cloudformation", "describe-stack-events", "--stack-name", "many"]
    whole = aws(*words)["StackEvents"]
    items, commands = paged("StackEvents", *words, size=70)
    summaries = aws("cloudformation", "list-stack-resources", "--stack-name", "many")["StackResourceSummaries"]
    listed = text("cloudformation", "list-stacks", "--stack-status-filter", "CREATE_COMPLETE", "--output", "text")
    return {
        "several": len(whole) > 100 and commands == -(-len(whole) // 70),
        "same": [event["EventId"] for event in items] == [event["EventId"] for event in whole],
        "resources": len(summaries),
        "listed": "many" in listed,
    }


def package():
    """A function whose code is a local folder."""
    file("code/app.py", "def handler(event, context):\n    return event['n'] + 1\n")
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "Role": role("cli-function", "lambda.amazonaws.com", "logs:*"),
            "Code": "code",
        },
    }
    outputs = {"Name": {"Value": {"Ref": "Function"}}}
    template = file("function.json", json.dumps({"Resources": {"Function": function}, "Outputs": outputs}))
    packaged = FOLDER / "packaged.yaml"
    words = ["--template-file", template, "--s3-bucket", BUCKET, "--output-template-file", packaged]
    text("cloudformation", "package", *words)
    text("cloudformation", "deploy", "--stack-name", "function", "--template-file", packaged)
    text("cloudformation", "wait", "stack-create-complete", "--stack-name", "function")
    answer = FOLDER / "answer.json"
    aws("lambda", "invoke", "--function-name", log("function"), "--payload", '{"n": 1}', answer)
    return json.loads(answer.read_text())


def sources():
    made = aws("codecommit", "create-repository", "--repository-name", REPOSITORY, "--tags", "team=a")
    place = ["--repository-name", REPOSITORY, "--branch-name", "main"]
    content = file("content", b"\x00binary\xff")
    put = [
        "--file-path",
        "src/a.bin",
        "--file-content",
        f"fileb://{content}",
        "--commit-message",
        "One",
        "--name",
        "Ann",
    ]
    first = aws("codecommit", "put-file", *place, *put)["commitId"]
    more = [{"filePath": f"{n}.txt", "fileContent": base64.b64encode(b"text").decode()} for n in range(3)]
    second = aws("codecommit", "create-commit", *place, "--parent-commit-id", first, "--put-files", document(more))
    got = aws("codecommit", "get-file", "--repository-name", REPOSITORY, "--file-path", "src/a.bin")
    compared = ["--before-commit-specifier", first, "--after-commit-specifier", "main"]
    words = ["codecommit", "get-differences", "--repository-name", REPOSITORY, *compared]
    differences, commands = paged("differences", *words)
    stale = ["--file-path", "x", "--file-content", "x", "--parent-commit-id", first]
    return {
        "clone": made["repositoryMetadata"]["cloneUrlHttp"].endswith(f"/v1/repos/{REPOSITORY}"),
        "same": base64.b64decode(got["fileContent"]) == content.read_bytes(),
        "branch": aws("codecommit", "get-branch", *place)["branch"]["commitId"] == second["commitId"],
        "differences": [len(differences), commands],
        "repositories": text(
            "codecommit", "list-repositories", "--query", "repositories[].repositoryName", "--output", "text"
        ),
        "stale": failed("codecommit", "put-file", *place, *stale),
        "missing": failed("codecommit", "get-file", "--repository-name", REPOSITORY, "--file-path", "none"),
    }


def machines():
    states = {"S": {"Type": "Pass", "Parameters": {"n.$": "$.n"}, "End": True}}
    definition = document({"StartAt": "S", "States": states})
    arn = role("cli-machine", "states.amazonaws.com", "logs:*")
    create = ["stepfunctions", "create-state-machine"]
    made = aws(*create, "--name", "cli", "--definition", definition, "--role-arn", arn)
    machine = ["--state-machine-arn", made["stateMachineArn"]]
    for number in range(3):
        given = ["--name", f"run-{number}", "--input", json.dumps({"n": number, "m": 0})]
        started = aws("stepfunctions", "start-execution", *machine, *given)
    execution = ["--execution-arn", started["executionArn"]]
    ended = lambda shown: shown if shown["status"] != "RUNNING" else None
    shown = eventually(ended, "stepfunctions", "describe-execution", *execution)
    history, _ = paged("events", "stepfunctions", "get-execution-history", *execution)
    executions, commands = paged("executions", "stepfunctions", "list-executions", *machine)
    return {
        "status": shown["status"],
        "output": json.loads(shown["output"]),
        "history": [event["type"] for event in history],
        "executions": [[row["name"] for row in executions], commands],
        "again": failed("stepfunctions", "start-execution", *machine, "--name", "run-0", "--input", '{"n": 5}'),
        "invalid": failed(*create, "--name", "x", "--definition", "{}", "--role-arn", arn),
    }


def pipelines(key):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("a.txt", "hello")
    versioned = ["--bucket", BUCKET, "--versioning-configuration", "Status=Enabled"]
    aws("s3api", "put-bucket-versioning", *versioned)
    text("s3", "cp", file("source.zip", archive.getvalue()), f"s3://{BUCKET}/source.zip")
    kind = lambda category, provider: {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    source = {
        "name": "Source",
        "actionTypeId": kind("Source", "S3"),
        "configuration": {"S3Bucket": BUCKET, "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"},
        "outputArtifacts": [{"name": "code"}],
    }
    approval = {"name": "Approve", "actionTypeId": kind("Approval", "Manual")}
    store = {"type": "S3", "location": BUCKET, "encryptionKey": {"type": "KMS", "id": key}}
    stages = [{"name": "Source", "actions": [source]}, {"name": "Approve", "actions": [approval]}]
    declared = {
        "name": PIPELINE,
        "roleArn": role("cli-pipeline", "codepipeline.amazonaws.com", "s3:*", "kms:*"),
        "pipelineType": "V2",
        "executionMode": "QUEUED",
        "artifactStore": store,
        "stages": stages,
    }
    aws("codepipeline", "create-pipeline", "--pipeline", document(declared))
    name = ["--name", PIPELINE]
    # As AWS's guide changes one: what was got is put back.
    got = aws("codepipeline", "get-pipeline", *name)["pipeline"]
    changed = got | {"executionMode": "SUPERSEDED"}
    versions = [got["version"]]
    for pipeline in (changed, changed | {"executionMode": "QUEUED"}):
        versions.append(aws("codepipeline", "update-pipeline", "--pipeline", document(pipeline))["pipeline"]["version"])
    started = [aws("codepipeline", "start-pipeline-execution", *name)["pipelineExecutionId"] for _ in range(2)]

    def waiting(state):
        """The execution that waits for approval, and what to answer with."""
        stage = state["stageStates"][1]
        token = stage["actionStates"][0].get("latestExecution", {}).get("token")
        return token and [stage["latestExecution"]["pipelineExecutionId"], token]

    execution, token = eventually(waiting, "codepipeline", "get-pipeline-state", *name)
    place = ["--pipeline-name", PIPELINE, "--stage-name", "Approve", "--action-name", "Approve"]
    result = ["--result", "summary=fine,status=Approved", "--token", token]
    aws("codepipeline", "put-approval-result", *place, *result)
    one = ["--pipeline-name", PIPELINE, "--pipeline-execution-id", execution]
    ended = lambda shown: shown["pipelineExecution"]["status"] == "Succeeded"
    eventually(ended, "codepipeline", "get-pipeline-execution", *one)
    rest = ["--pipeline-name", PIPELINE]
    executions, commands = paged(
        "pipelineExecutionSummaries", "codepipeline", "list-pipeline-executions", *rest, size=1
    )
    ids = [row["pipelineExecutionId"] for row in executions]
    actions, _ = paged("actionExecutionDetails", "codepipeline", "list-action-executions", *rest)
    return {
        "versions": versions,
        "executions": [len(set(ids)), commands, ids[:2] == started[::-1]],
        "actions": sorted({row["actionName"] for row in actions}),
        "stale": failed("codepipeline", "put-approval-result", *place, *result),
        "missing": failed("codepipeline", "get-pipeline-state", "--name", "nothing"),
    }


account = identity()
key, of_keys = keys()
print(
    json.dumps(
        {
            "account": account,
            "kms": of_keys,
            "s3": objects(key),
            "cloudformation": stacks(key),
            "events": events(),
            "package": package(),
            "codecommit": sources(),
            "stepfunctions": machines(),
            "codepipeline": pipelines(key),
        }
    )
)
