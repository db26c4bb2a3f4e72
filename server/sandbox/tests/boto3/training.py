"""Training, deploying and watching with boto3's own ways: its paginators, waiters and error codes.

Expects AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE of a sandbox. Prints one JSON object of what happened.
"""

import datetime
import json

import boto3
from refusals import refusal

PARENT = boto3.Session(profile_name="parent")
ACCOUNT = "111111111111"
BUCKET = "training-of-boto3"
IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1"
QUICK = {"Delay": 1, "MaxAttempts": 60}

s3 = PARENT.client("s3")
iam = PARENT.client("iam")
sagemaker = PARENT.client("sagemaker")
runtime = PARENT.client("sagemaker-runtime")
cloudwatch = PARENT.client("cloudwatch")


def prepare():
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for name, shift in (("train", 0), ("validation", 3)):
        cells = [((n * 7 + shift) % 23, (n * 5 + shift) % 17) for n in range(200)]
        rows = "\n".join(f"{2 * a - b},{a},{b}" for a, b in cells)
        s3.put_object(Bucket=BUCKET, Key=f"data/{name}/rows.csv", Body=rows.encode())
    statement = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    role = iam.create_role(RoleName="boto3-trainer", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="boto3-trainer", PolicyName="p", PolicyDocument=json.dumps(everything))
    return role


def channel(name):
    return {
        "ChannelName": name,
        "ContentType": "text/csv",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data/{name}"}},
    }


def train(name, role):
    sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn=role,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        HyperParameters={"objective": "reg:squarederror", "num_round": "20"},
        InputDataConfig=[channel("train"), channel("validation")],
        OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=name, WaiterConfig=QUICK)
    return sagemaker.describe_training_job(TrainingJobName=name)


def version(name, job, role):
    url = f"s3://{BUCKET}/models/{job}/output/model.tar.gz"
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": IMAGE, "ModelDataUrl": url}
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])


def invoke():
    answer = runtime.invoke_endpoint(EndpointName="Boto3", ContentType="text/csv", Body="10,4")
    return float(answer["Body"].read())


def main():
    result = {}
    role = prepare()
    job = train("one", role)
    way = [step["Status"] for step in job["SecondaryStatusTransitions"]]
    metrics = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
    result["trained"] = [job["TrainingJobStatus"], way, metrics["validation:rmse"] < 5]
    train("two", role)
    train("three", role)
    pages = sagemaker.get_paginator("list_training_jobs").paginate(
        SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    result["pages"] = [job["TrainingJobName"] for page in pages for job in page["TrainingJobSummaries"]]
    result["stopped"] = refusal(sagemaker.stop_training_job, TrainingJobName="one")
    try:
        train("one", role)
    except sagemaker.exceptions.ResourceInUse as error:
        result["taken"] = error.response["Error"]["Code"]

    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        Dimensions=[{"Name": "EndpointName", "Value": "Boto3"}, {"Name": "VariantName", "Value": "AllTraffic"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=100,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.get_waiter("alarm_exists").wait(AlarmNames=["errors"], WaiterConfig=QUICK)
    before = cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]["StateValue"]

    version("first", "one", role)
    version("second", "two", role)
    sagemaker.create_endpoint(EndpointName="Boto3", EndpointConfigName="first")
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="Boto3", WaiterConfig=QUICK)
    result["served"] = abs(invoke() - 16) < 5
    percent = {"Type": "CAPACITY_PERCENT", "Value": 50}
    sagemaker.update_endpoint(
        EndpointName="Boto3",
        EndpointConfigName="second",
        DeploymentConfig={
            "RollingUpdatePolicy": {"MaximumBatchSize": percent, "WaitIntervalInSeconds": 60},
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]},
        },
    )
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="Boto3", WaiterConfig=QUICK)
    endpoint = sagemaker.describe_endpoint(EndpointName="Boto3")
    result["updated"] = [endpoint["EndpointStatus"], endpoint["EndpointConfigName"]]
    invoke()

    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a test")
    after = cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]["StateValue"]
    pages = cloudwatch.get_paginator("describe_alarms").paginate(StateValue="ALARM")
    result["alarm"] = [before, after, [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]]
    result["missing"] = refusal(cloudwatch.delete_alarms, AlarmNames=["none"])

    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
    span = {"StartTime": end - datetime.timedelta(hours=2), "EndTime": end}
    metric = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "EndpointName", "Value": "Boto3"}, {"Name": "VariantName", "Value": "AllTraffic"}],
    }
    points = cloudwatch.get_metric_statistics(**metric, **span, Period=60, Statistics=["Sum"])["Datapoints"]
    assert all(isinstance(point["Timestamp"], datetime.datetime) for point in points)
    query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(MetricDataQueries=[query], **span)
    values = [value for page in pages for result in page["MetricDataResults"] for value in result["Values"]]
    result["invocations"] = [sum(point["Sum"] for point in points), sum(values)]
    print(json.dumps(result))


main()
