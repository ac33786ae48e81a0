"""Logger, metrics, tracer and the event handler of Powertools."""
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="orders")
metrics = Metrics(namespace="shop", service="orders")
tracer = Tracer(service="orders", disabled=True)
app = LambdaFunctionUrlResolver()
processor = BatchProcessor(event_type=EventType.SQS)


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
@tracer.capture_lambda_handler
def handler(event: dict, context: LambdaContext) -> dict:
    logger.info("an order", n=event["n"])
    metrics.add_metric(name="orders", unit=MetricUnit.Count, value=1)
    if event.get("fail"):
        raise KeyError("it did not work")
    return {"twice": event["n"] * 2, "requestId": context.aws_request_id}


@app.get("/hello/<name>")
def hello(name: str) -> dict:
    return {"hello": name, "mood": app.current_event.query_string_parameters.get("mood")}


def url(event: dict, context: LambdaContext) -> dict:
    return app.resolve(event, context)


def one(record) -> None:
    if record.body == "bad":
        raise ValueError(record.body)


def batch(event: dict, context: LambdaContext) -> dict:
    return process_partial_response(event=event, record_handler=one, processor=processor, context=context)
