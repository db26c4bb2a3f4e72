"""S3 and an asynchronous endpoint with boto3's own ways: chunked bodies with checksums, uploads in parts, paging,
presigned addresses, and its waiters.

Expects AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE of a sandbox. Prints one JSON object of what happened.
"""

import io
import json
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from refusals import refusal

PARENT = boto3.Session(profile_name="parent")
CHILD = boto3.Session(profile_name="child")
BUCKET, KEY = "data-of-parent", "folder/a + b/ü.bin"
MIB = 1024 * 1024

s3 = PARENT.client("s3")


def large():
    """Twelve MiB in parts, there and back."""
    content = bytes(range(256)) * (12 * MIB // 256)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_fileobj(io.BytesIO(content), BUCKET, KEY, ExtraArgs={"ContentType": "image/x"}, Config=config)
    head = s3.head_object(Bucket=BUCKET, Key=KEY)
    back = io.BytesIO()
    s3.download_fileobj(BUCKET, KEY, back, Config=config)
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": KEY})
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="never")["UploadId"]
    small = [
        {"PartNumber": n, "ETag": s3.upload_part(Bucket=BUCKET, Key="never", UploadId=upload, PartNumber=n, Body=b"x")["ETag"]}
        for n in (1, 2)
    ]
    end = {"Bucket": BUCKET, "Key": "never", "UploadId": upload}
    refused = refusal(s3.complete_multipart_upload, **end, MultipartUpload={"Parts": small})
    s3.abort_multipart_upload(**end)
    return {
        "same": back.getvalue() == content,
        "type": head["ContentType"],
        "parts": head["ETag"].strip('"').split("-")[1],
        "copied": s3.head_object(Bucket=BUCKET, Key="copy")["ContentLength"],
        "too_small": refused,
        "aborted": refusal(s3.abort_multipart_upload, **end),
    }


def listed():
    for n in range(25):
        s3.put_object(Bucket=BUCKET, Key=f"many/{n % 5}/{n:02}", Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="many/", PaginationConfig={"PageSize": 4}
    )
    rolled = s3.list_objects_v2(Bucket=BUCKET, Prefix="many/", Delimiter="/")
    return {
        "keys": len({entry["Key"] for page in pages for entry in page["Contents"]}),
        "rolled": [entry["Prefix"] for entry in rolled["CommonPrefixes"]],
        "odd": [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix="folder/")["Contents"]],
    }


def presigned():
    s3.put_object(Bucket=BUCKET, Key="shown", Body=b"hello", Metadata={"from": "boto3"})
    url = PARENT.client("s3", config=Config(signature_version="s3v4")).generate_presigned_url(
        "get_object", Params={"Bucket": BUCKET, "Key": "shown"}, ExpiresIn=60
    )
    with urllib.request.urlopen(url) as answer:
        return [answer.read().decode(), answer.headers["x-amz-meta-from"]]


def asynchronous():
    runtime = PARENT.client("sagemaker-runtime")
    taken = runtime.invoke_endpoint_async(
        EndpointName="churn-async",
        ContentType="text/csv",
        Accept="application/json",
        Body=b"5,0,0,268.4,121,74.9,201.3,4,13.2",
    )
    bucket, key = taken["OutputLocation"].removeprefix("s3://").split("/", 1)
    s3.get_waiter("object_exists").wait(Bucket=bucket, Key=key, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    return json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])


def main():
    configuration = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=configuration)
    s3.get_waiter("bucket_exists").wait(Bucket=BUCKET)
    result = {"large": large(), "listed": listed(), "presigned": presigned(), "asynchronous": asynchronous()}
    theirs = CHILD.client("s3")
    result["child"] = {
        "get": refusal(theirs.get_object, Bucket=BUCKET, Key="shown"),
        "head": refusal(theirs.head_object, Bucket=BUCKET, Key="shown"),
        "create": refusal(theirs.create_bucket, Bucket=BUCKET, CreateBucketConfiguration=configuration),
    }
    result["missing"] = {
        "head": refusal(s3.head_object, Bucket=BUCKET, Key="nothing"),
        "get": refusal(s3.get_object, Bucket=BUCKET, Key="nothing"),
        "policy": refusal(s3.get_bucket_policy, Bucket=BUCKET),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
