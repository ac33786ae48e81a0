"""Reads the event it is woken with through a model of Powertools, and tells a queue what it read, or what is wrong with it."""
import json
import os
import urllib.request

from aws_lambda_powertools.utilities.parser import ValidationError, envelopes, models, parse

model = getattr(models, os.environ["MODEL"])
envelope = getattr(envelopes, os.environ["ENVELOPE"]) if "ENVELOPE" in os.environ else None


def handler(event: dict, context) -> dict:
    try:
        read = parse(event, model=model, envelope=envelope)
        told = {"read": [one.model_dump_json() for one in read] if isinstance(read, list) else read.model_dump_json()}
    except ValidationError as error:
        told = {"wrong": json.loads(error.json(include_input=True)), "event": event}
    tell(told)
    return {"statusCode": 200, "body": "read" if "read" in told else "wrong"}


def tell(told: dict) -> None:
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/sqs/aws4_request"
    request = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"],
        json.dumps({"QueueUrl": os.environ["REPORT_TO"], "MessageBody": json.dumps(told)}).encode(),
        {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "AmazonSQS.SendMessage",
            "X-Amz-Security-Token": os.environ["AWS_SESSION_TOKEN"],
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
        },
    )
    urllib.request.urlopen(request).read()
