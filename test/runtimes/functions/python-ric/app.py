def handler(event, context):
    print("got", event["n"])
    if event.get("fail"):
        raise ValueError("it did not work")
    return {"twice": event["n"] * 2, "requestId": context.aws_request_id, "memory": context.memory_limit_in_mb}
