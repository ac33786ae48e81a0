"""boto3 as it is written for Lambda: no endpoint, no credentials, no region."""
import boto3

s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table("from-python")


def handler(event, context):
    s3.create_bucket(Bucket="from-python")
    s3.put_object(Bucket="from-python", Key="a/b", Body=b"object %d" % event["n"])
    boto3.client("dynamodb").create_table(
        TableName="from-python",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    table.put_item(Item={"id": "x", "n": event["n"]})
    return {
        "object": s3.get_object(Bucket="from-python", Key="a/b")["Body"].read().decode(),
        "item": table.get_item(Key={"id": "x"})["Item"]["n"],
        "arn": boto3.client("sts").get_caller_identity()["Arn"],
        "boto3": boto3.__file__,
    }
