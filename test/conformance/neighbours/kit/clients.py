"""Makes calls with boto3, which is what the recordings were made with: one JSON line is one call, one line back is its answer."""
import base64
import concurrent.futures
import copy
import datetime
import json
import os
import sys
import tempfile
import threading

import botocore.handlers
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

lock = threading.Lock()
clients = {}
session = botocore.session.get_session()
loader = session.get_component("data_loader")
models = tempfile.TemporaryDirectory()
loader.search_paths.append(models.name)


# What the query protocol of SQS calls the members of lists and maps; the published model has kept only what JSON needs.
SQS_LISTS = {
    "AttributeNameList": "AttributeName",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "TagKeyList": "TagKey",
    "QueueUrlList": "QueueUrl",
    "MessageList": "Message",
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
}
SQS_MAPS = {
    "QueueAttributeMap": ("Attribute", "Name"),
    "MessageSystemAttributeMap": ("Attribute", "Name"),
    "MessageBodyAttributeMap": ("MessageAttribute", "Name"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name"),
    "TagMap": ("Tag", "Key"),
}


def name_members(shapes):
    for name, shape in shapes.items():
        if shape["type"] == "list" and shape.get("flattened"):
            shape["member"]["locationName"] = SQS_LISTS.get(name, shape["member"]["shape"])
        if name in SQS_MAPS:
            shape["key"]["locationName"], shape["value"]["locationName"] = SQS_MAPS[name][1], "Value"
        for member in shape.get("members", {}).values():
            if member["shape"] in SQS_MAPS:
                member["locationName"] = SQS_MAPS[member["shape"]][0]


def spoken(service, protocol):
    """The service's model as if it spoke this protocol alone; answers the name it is loaded by."""
    name = service + "-" + protocol
    folder = os.path.join(models.name, name, loader.determine_latest_version(service, "service-2"))
    if os.path.exists(folder):
        return name
    model = copy.deepcopy(loader.load_service_model(service, "service-2"))
    model["metadata"].update(protocol=protocol, protocols=[protocol], signingName=service)
    if protocol == "query":
        name_members(model["shapes"])
        for title, operation in model["operations"].items():
            if "output" in operation:
                operation["output"].setdefault("resultWrapper", title + "Result")
    os.makedirs(folder)
    for kind, content in (("service-2", model), ("endpoint-rule-set-1", loader.load_service_model(service, "endpoint-rule-set-1"))):
        with open(os.path.join(folder, kind + ".json"), "w") as file:
            json.dump(content, file)
    loader._cache.clear()
    return name


# A client that does not ask for encoded keys by itself.
PLAIN = "plain"


def client(call):
    session_keys = call.get("credentials") or {}
    key = (call["service"], call.get("protocol"), call["region"], session_keys.get("AccessKeyId", call["account"]))
    with lock:
        if key not in clients:
            service, protocol, region, access_key = key
            clients[key] = session.create_client(
                spoken(service, protocol) if protocol and protocol != PLAIN else service,
                region_name=region,
                endpoint_url=sys.argv[1],
                aws_access_key_id=access_key,
                aws_secret_access_key=session_keys.get("SecretAccessKey", "x"),
                aws_session_token=session_keys.get("SessionToken"),
                config=Config(
                    parameter_validation=False,
                    retries={"total_max_attempts": 1},
                    read_timeout=60,
                    max_pool_connections=4,
                    s3={"addressing_style": "path"},
                ),
            )
            if protocol == PLAIN:
                clients[key].meta.events.unregister(
                    "before-parameter-build.s3.ListObjectsV2", botocore.handlers.set_list_objects_encoding_type_url
                )
        return clients[key]


def asked(value):
    if isinstance(value, dict):
        if set(value) == {"$bytes"}:
            return base64.b64decode(value["$bytes"])
        if set(value) == {"$date"}:
            return datetime.datetime.fromtimestamp(value["$date"] / 1000, datetime.timezone.utc)
        return {name: asked(each) for name, each in value.items()}
    return [asked(each) for each in value] if isinstance(value, list) else value


def shown(value):
    if isinstance(value, dict):
        value = {str(name): shown(each) for name, each in value.items()}
        if "HTTPStatusCode" in value.get("ResponseMetadata", {}):
            value["ResponseMetadata"] = {"HTTPHeaders": {}, "HTTPStatusCode": value["ResponseMetadata"]["HTTPStatusCode"]}
        return value
    if isinstance(value, (list, tuple)):
        return [shown(each) for each in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if hasattr(value, "read"):
        content = value.read()
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            return str(content)
    return str(value) if isinstance(value, bytes) else value


def answer(line):
    call = json.loads(line)
    try:
        out = {"answer": shown(client(call)._make_api_call(call["operation"], asked(call["input"])))}
    except ClientError as error:
        out = {"answer": shown(error.response)}
    except Exception as error:
        out = {"failed": repr(error)}
    with lock:
        sys.stdout.write(json.dumps({"id": call["id"], **out}) + "\n")
        sys.stdout.flush()


print("{}", flush=True)
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    for line in sys.stdin:
        pool.submit(answer, line)
