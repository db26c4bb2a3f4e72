"""KMS, and S3's versions, encryption and settings, as boto3 reads and writes them: paginators, waiters, transfers.

Expects AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE of a sandbox. Prints one JSON object of what happened.
"""

import io
import json

import boto3
from boto3.s3.transfer import TransferConfig
from refusals import refusal

SHARED = boto3.Session(profile_name="shared")
TRAINING = boto3.Session(profile_name="training")
BUCKET = "things-of-shared"
MIB = 1024 * 1024

kms = SHARED.client("kms")
s3 = SHARED.client("s3")


def keys():
    made = [kms.create_key(Description=f"key {n}")["KeyMetadata"] for n in range(3)]
    for n, key in enumerate(made):
        kms.create_alias(AliasName=f"alias/key-{n}", TargetKeyId=key["KeyId"])
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})
    listed = {key["KeyArn"] for page in pages for key in page["Keys"]}
    aliases = kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 1})
    context = {"purpose": "test"}
    data = kms.generate_data_key(KeyId="alias/key-0", KeySpec="AES_256", EncryptionContext=context)
    opened = kms.decrypt(CiphertextBlob=data["CiphertextBlob"], EncryptionContext=context)
    sealed = kms.encrypt(KeyId=made[1]["Arn"], Plaintext=b"\x00secret")
    moved = kms.re_encrypt(CiphertextBlob=sealed["CiphertextBlob"], DestinationKeyId="alias/key-2")
    deletion = kms.schedule_key_deletion(KeyId=made[2]["KeyId"], PendingWindowInDays=7)
    return {
        "listed": listed == {key["Arn"] for key in made},
        "aliases": [alias["AliasName"] for page in aliases for alias in page["Aliases"]],
        "same": opened["Plaintext"] == data["Plaintext"] and len(data["Plaintext"]) == 32,
        "moved": moved["SourceKeyId"] == made[1]["Arn"] and moved["KeyId"] == made[2]["Arn"],
        "wrong": refusal(kms.decrypt, CiphertextBlob=data["CiphertextBlob"], EncryptionContext={"purpose": "x"}),
        "policy": json.loads(kms.get_key_policy(KeyId=made[0]["KeyId"])["Policy"])["Statement"][0]["Action"],
        "days": round((deletion["DeletionDate"] - made[2]["CreationDate"]).total_seconds() / 86400),
        "gone": refusal(kms.decrypt, CiphertextBlob=moved["CiphertextBlob"]),
        "theirs": refusal(TRAINING.client("kms").describe_key, KeyId=made[0]["Arn"]),
        "missing": refusal(kms.describe_key, KeyId="alias/none"),
    }


def settings():
    """What the pipeline's template sets of its bucket, each read back."""
    key = kms.describe_key(KeyId="alias/key-0")["KeyMetadata"]["Arn"]
    usual = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": usual, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    parts = {
        "ID": "UnfinishedUploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [parts]})
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    owned = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=owned)
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    closed = dict.fromkeys(names, True)
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=closed)
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    read = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    return {
        "encryption": read == [rule],
        "versioning": s3.get_bucket_versioning(Bucket=BUCKET)["Status"],
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"] == [parts],
        "events": s3.get_bucket_notification_configuration(Bucket=BUCKET).get("EventBridgeConfiguration"),
        "owned": s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"] == owned,
        "closed": s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"] == closed,
        "tags": s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"],
    }


def versions():
    ids = [s3.put_object(Bucket=BUCKET, Key="a", Body=str(n).encode())["VersionId"] for n in range(3)]
    marker = s3.delete_object(Bucket=BUCKET, Key="a")
    old = s3.get_object(Bucket=BUCKET, Key="a", VersionId=ids[1])
    head = s3.head_object(Bucket=BUCKET, Key="a", VersionId=ids[2])
    copied = s3.copy_object(
        Bucket=BUCKET, Key="a", CopySource={"Bucket": BUCKET, "Key": "a", "VersionId": ids[0]}
    )
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 2})
    pages = list(pages)
    listed = [version["VersionId"] for page in pages for version in page.get("Versions", [])]
    return {
        "marker": marker["DeleteMarker"],
        "old": old["Body"].read().decode(),
        "encrypted": [head["ServerSideEncryption"], head["BucketKeyEnabled"]],
        "restored": s3.get_object(Bucket=BUCKET, Key="a")["Body"].read().decode(),
        "listed": listed == [copied["VersionId"], *reversed(ids)],
        "markers": sum(len(page.get("DeleteMarkers", [])) for page in pages),
        "none": refusal(s3.get_object, Bucket=BUCKET, Key="a", VersionId="0" * 32),
    }


def large():
    """Twelve MiB in parts, encrypted by the bucket's key, there and back."""
    content = bytes(range(256)) * (12 * MIB // 256)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_fileobj(io.BytesIO(content), BUCKET, "large", Config=config)
    back = io.BytesIO()
    s3.download_fileobj(BUCKET, "large", back, Config=config)
    head = s3.head_object(Bucket=BUCKET, Key="large")
    return {"same": back.getvalue() == content, "method": head["ServerSideEncryption"], "version": "VersionId" in head}


def emptied():
    refused = refusal(s3.delete_bucket, Bucket=BUCKET)
    s3.put_object_tagging(Bucket=BUCKET, Key="large", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    tags = s3.get_object_tagging(Bucket=BUCKET, Key="large")["TagSet"]
    bucket = SHARED.resource("s3").Bucket(BUCKET)
    bucket.object_versions.all().delete()
    bucket.delete()
    bucket.wait_until_not_exists()
    return {"refused": refused, "tags": tags}


def main():
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    result = {"keys": keys(), "settings": settings(), "versions": versions(), "large": large(), "emptied": emptied()}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
