"""CodeCommit, EventBridge and CloudWatch Logs with boto3: every answer is read by botocore's own models, every list by
its paginator.

Expects AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE of a sandbox. Prints one JSON object of what happened.
"""

import hashlib
import json
import time

import boto3
from refusals import code as refusal

SHARED = boto3.Session(profile_name="shared")
REPOSITORY, GROUP = "templates", "/aws/events/all"

codecommit, events, logs = (SHARED.client(name) for name in ("codecommit", "events", "logs"))


def pages(client, operation, member, size=2, **arguments):
    paginator = client.get_paginator(operation)
    config = {"PageSize": size} if size else {}
    return [row for page in paginator.paginate(**arguments, PaginationConfig=config) for row in page[member]]


def sha1(kind, content):
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content).hexdigest()


def commits():
    branch = {"repositoryName": REPOSITORY, "branchName": "main"}
    content = b"Resources: {}\n"
    first = codecommit.put_file(**branch, filePath="training.yaml", fileContent=content, name="Ann", commitMessage="One")
    second = codecommit.create_commit(
        **branch,
        parentCommitId=first["commitId"],
        authorName="Ben",
        putFiles=[{"filePath": f"src/{n}.py", "fileContent": b"pass\n", "fileMode": "EXECUTABLE"} for n in range(2)],
    )
    third = codecommit.put_file(
        **branch, filePath="training.yaml", fileContent=b"Resources:\n", parentCommitId=second["commitId"]
    )
    commit = codecommit.get_commit(repositoryName=REPOSITORY, commitId=first["commitId"])["commit"]
    author = f"Ann <> {commit['author']['date']}"
    text = f"tree {first['treeId']}\nauthor {author}\ncommitter {author}\n\nOne"
    tree = b"100644 training.yaml\0" + bytes.fromhex(sha1("blob", content))
    got = codecommit.get_file(
        repositoryName=REPOSITORY, filePath="training.yaml", commitSpecifier=first["commitId"]
    )
    changes = pages(codecommit, "get_differences", "differences", repositoryName=REPOSITORY, afterCommitSpecifier="main")
    changes += pages(
        codecommit,
        "get_differences",
        "differences",
        repositoryName=REPOSITORY,
        beforeCommitSpecifier=second["commitId"],
        afterCommitSpecifier=third["commitId"],
    )
    history = codecommit.list_file_commit_history(repositoryName=REPOSITORY, filePath="training.yaml")
    codecommit.get_folder(repositoryName=REPOSITORY, folderPath="/src")
    return {
        "same_ids": [first["blobId"], first["treeId"], first["commitId"]]
        == [sha1("blob", content), sha1("tree", tree), sha1("commit", text.encode())],
        "content": got["fileContent"].decode(),
        "differences": [change["changeType"] for change in changes],
        "history": len(history["revisionDag"]),
        "missing": refusal(codecommit.get_repository, repositoryName="nothing"),
        "stale": refusal(
            codecommit.put_file, **branch, filePath="x", fileContent=b"x", parentCommitId=first["commitId"]
        ),
        "branches": pages(codecommit, "list_branches", "branches", None, repositoryName=REPOSITORY),
        "repositories": [
            row["repositoryName"] for row in pages(codecommit, "list_repositories", "repositories", None)
        ],
    }


def listen(arn):
    """A rule for the repository whose events go to a log group."""
    logs.create_log_group(logGroupName=GROUP)
    pattern = {"source": ["aws.codecommit"], "resources": [arn], "detail": {"referenceName": ["main"]}}
    events.put_rule(Name="commits", EventPattern=json.dumps(pattern))
    account = arn.split(":")[4]
    target = f"arn:aws:logs:eu-west-1:{account}:log-group:{GROUP}"
    put = events.put_targets(Rule="commits", Targets=[{"Id": "log", "Arn": target}])
    assert put["FailedEntryCount"] == 0
    return target


def heard(target):
    for n in range(4):
        events.put_rule(Name=f"r{n}", EventPattern='{"source": ["nobody"]}')
        events.put_targets(Rule=f"r{n}", Targets=[{"Id": f"t{i}", "Arn": target} for i in range(3)])
    details = []
    for _ in range(200):
        found = pages(logs, "filter_log_events", "events", None, logGroupName=GROUP)
        details = [json.loads(event["message"])["detail"]["event"] for event in found]
        if len(details) == 3:
            break
        time.sleep(0.05)
    return {
        "rules": len(pages(events, "list_rules", "Rules")),
        "targets": len(pages(events, "list_targets_by_rule", "Targets", Rule="r0")),
        "names": len(pages(events, "list_rule_names_by_target", "RuleNames", TargetArn=target)),
        "details": sorted(set(details)),
    }


def logged():
    for n in range(2):
        logs.create_log_group(logGroupName=f"/app/{n}", tags={"n": str(n)})
    for n in range(4):
        logs.create_log_stream(logGroupName="/app/0", logStreamName=f"s{n}")
    start = int(time.time() * 1000) - 60_000
    lines = [{"timestamp": start + n, "message": f"line {n}"} for n in range(25)]
    logs.put_log_events(logGroupName="/app/0", logStreamName="s0", logEvents=lines)
    last = logs.get_log_events(logGroupName="/app/0", logStreamName="s0", limit=1)
    return {
        "groups": len(pages(logs, "describe_log_groups", "logGroups")),
        "streams": len(pages(logs, "describe_log_streams", "logStreams", logGroupName="/app/0")),
        "filtered": len(pages(logs, "filter_log_events", "events", 4, logGroupName="/app/0", filterPattern="line")),
        "last": last["events"][0]["message"],
    }


def main():
    made = codecommit.create_repository(repositoryName=REPOSITORY, repositoryDescription="Templates", tags={"a": "b"})
    target = listen(made["repositoryMetadata"]["Arn"])
    result = {"commits": commits(), "events": heard(target), "logs": logged()}
    codecommit.delete_repository(repositoryName=REPOSITORY)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
