import logging


def handler(event, context):
    print("got", event["n"])
    logging.getLogger().warning("first line\nand second of %s", event["n"])
    if event.get("fail"):
        raise ValueError("it did not work")
    return {"twice": event["n"] * 2, "requestId": context.aws_request_id, "memory": context.memory_limit_in_mb}
