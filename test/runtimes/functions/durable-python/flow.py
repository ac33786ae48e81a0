"""A durable function of each kind; the event says which."""

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, StepConfig
from aws_durable_execution_sdk_python.retries import RetryDecision


def steps(event, context):
    greeting = context.step(lambda _: f"Hello {event['name']}", name="greet")
    context.wait(Duration.from_seconds(1), name="pause")
    return {"greeting": greeting, "loud": context.step(lambda _: greeting.upper(), name="shout")}


def retried(_event, context):
    def flaky(step):
        if step.attempt < 3:
            raise ValueError(f"attempt {step.attempt}")
        return step.attempt

    def strategy(_error, attempts):
        if attempts < 5:
            return RetryDecision.retry(Duration.from_seconds(1))
        return RetryDecision.no_retry()

    return {"attempts": context.step(flaky, name="flaky", config=StepConfig(retry_strategy=strategy))}


def approved(event, context):
    timeout = Duration.from_seconds(event.get("timeout", 0))
    callback = context.create_callback(name="approval", config=CallbackConfig(timeout=timeout))
    try:
        return {"approved": callback.result()}
    except Exception as error:
        return {"refused": str(error), "type": type(error).__name__}


def parallel(event, context):
    both = context.parallel(
        [
            lambda child: child.step(lambda _: "l", name="left"),
            lambda child: (child.wait(Duration.from_seconds(1)), child.step(lambda _: "r", name="right"))[1],
        ],
        name="both",
    )
    squares = context.map(
        event["numbers"],
        lambda child, number, index, _all: child.step(lambda _: number * number, name=f"square-{index}"),
        name="squares",
    )
    return {"both": both.get_results(), "squares": squares.get_results()}


def chained(event, context):
    return {"answer": context.invoke(event["target"], event["input"], name="other")}


def failing(_event, _context):
    raise TypeError("This cannot be.")


flows = {each.__name__: each for each in (steps, retried, approved, parallel, chained, failing)}


@durable_execution
def handler(event, context: DurableContext):
    return flows[event["flow"]](event, context)
