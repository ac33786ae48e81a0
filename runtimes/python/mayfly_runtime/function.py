"""The function's side: becomes one function, loads it, runs it."""

import io
import json
import os
import sys
import time

from . import context, errors, handler, logs, marshal_json


class Runtime(object):
    def __init__(self, channel, header):
        self._channel = channel
        self._json_logs = header.get("logFormat") == "JSON"
        self._current = {}
        self._handler = None
        become(header)
        self._text = header.get("keepEnv") and os.environ.get("_HANDLER") or header["handler"]
        self._encode = marshal_json.encoder()
        logs.set_up(header.get("logFormat"), header.get("logLevel"), self._log, self._current)

    def load(self):
        """Says `ready`, or what was wrong. Returns whether events may come."""
        try:
            self._handler = handler.load(self._text)
        except Exception:
            error, _ = errors.described("")
            self._report(error)
            self._hint(error)
            flush()
            self._channel.send((b"F", {"errorType": error["errorType"]}, self._json(error)))
            return False
        flush()
        self._channel.send((b"R", None, b""))
        return True

    def invoke(self, header, body):
        self._current.update(requestId=header["requestId"], tenantId=header.get("tenantId"))
        if header.get("traceId"):
            os.environ["_X_AMZN_TRACE_ID"] = header["traceId"]
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        identity = {"requestId": header["requestId"]}
        try:
            lambda_context = context.LambdaContext(
                header,
                _parsed(header.get("clientContext"), "Client Context"),
                _parsed(header.get("cognitoIdentity"), "Cognito Identity"),
                lambda text: self._log(text, None, time.time()),
            )
            answer, content_type = marshal_json.response(
                self._handler(marshal_json.parse(body), lambda_context), self._encode
            )
            frame = (b"A", dict(identity, contentType=content_type), answer)
        except Exception:
            error, cause = errors.described(header["requestId"])
            self._report(error)
            named = dict(identity, errorType=error["errorType"], xrayCause=cause)
            frame = (b"X", named, self._json(error))
        # SystemExit and KeyboardInterrupt pass: the process ends, and the platform says how.
        flush()
        self._channel.send(frame, (b"N", None, b""))

    def _hint(self, error):
        """Lambda has these two; a host's Python need not."""
        for name in ("boto3", "botocore"):
            if error["errorMessage"].endswith("No module named '%s'" % name):
                version = "python%d.%d" % sys.version_info[:2]
                text = "%s is not installed here. To add it for all functions of %s: " % (name, version)
                text += "pip install --target <data folder>/runtimes/packages/%s boto3, then start the server again" % version
                self._log(text, "WARN", time.time())

    def _report(self, error):
        now = time.time()
        if self._json_logs:
            text = json.dumps(dict({"timestamp": logs.timestamp(now), "level": "ERROR"}, **error))
        else:
            text = errors.as_text(error)
        self._log(text, "ERROR", now)

    def _log(self, text, level, seconds):
        header = {"atMs": int(seconds * 1000)}
        if level:
            header["level"] = level
        self._channel.send((b"L", header, marshal_json.to_bytes(text)))

    def _json(self, error):
        return marshal_json.to_bytes(json.dumps(error))


def become(header):
    """A booted process becomes one function's: its environment, folder, search path."""
    env = os.environ
    packages = env.pop("MAYFLY_PACKAGES", None)
    if not header.get("keepEnv"):
        env.clear()
        env.update(header["env"])
    for name in ("MAYFLY_CHANNEL", "MAYFLY_PACKAGES", "_LAMBDA_TELEMETRY_LOG_FD"):
        env.pop(name, None)
    time.tzset()
    os.chdir(header["cwd"])
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    version = "python%d.%d" % sys.version_info[:2]
    wanted = [env.get("LAMBDA_TASK_ROOT") or header["cwd"]]
    wanted += ["/opt/python/lib/" + version + "/site-packages", "/opt/python"]
    wanted += [place for place in env.get("PYTHONPATH", "").split(os.pathsep) if place]
    wanted += [place for place in sys.path if place not in (ours, "")]
    wanted += [packages] if packages else []
    seen = set()
    sys.path[:] = [place for place in wanted if not (place in seen or seen.add(place))]
    sys.path_importer_cache.clear()
    sys.stdout = by_line(sys.stdout)
    sys.stderr = by_line(sys.stderr)


def by_line(stream):
    """A line is written when it is whole; the rest is flushed with each answer."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(line_buffering=True)
        return stream
    return io.TextIOWrapper(stream.detach(), "utf-8", errors="surrogateescape", line_buffering=True)


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def _parsed(text, name):
    if not text:
        return None
    try:
        return json.loads(text)
    except Exception as error:
        raise errors.Fault("LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name, error))
