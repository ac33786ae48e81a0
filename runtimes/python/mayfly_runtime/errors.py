"""How failures are named and shown. spec 2.4-02, 4.2-03"""

import os
import sys
import traceback

_here = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_indent = u"\u00a0"


class Fault(Exception):
    """A failure with a name that Lambda gives: `Runtime.ImportModuleError` and its like."""

    def __init__(self, kind, message, trace=None):
        Exception.__init__(self, message)
        self.kind = "Runtime." + kind
        self.message = message
        self.trace = trace or []


def described(request_id):
    """The exception being handled, as (error for the caller, cause for X-Ray)."""
    kind, value, trace = sys.exc_info()
    if isinstance(value, Fault):
        error = _error(value.message, value.kind, value.trace, request_id)
        return error, _cause("LambdaValidationError", value.message, [])
    frames = traceback.extract_tb(trace)
    while frames and _ours(frames[0].filename):
        frames = frames[1:]
    message = _text(value)
    lines = traceback.format_list(frames)
    return _error(message, kind.__name__, lines, request_id), _cause(kind.__name__, message, frames)


def _ours(name):
    return name.startswith(_here) or name.startswith("<frozen importlib") or "/importlib/" in name


def _text(value):
    try:
        return str(value)
    except Exception:
        return "<%s whose text cannot be read>" % type(value).__name__


def _error(message, kind, trace, request_id):
    # Lambda's client for Python 3.8 does not tell the request.
    request = {"requestId": request_id or ""} if sys.version_info >= (3, 9) else {}
    return {"errorMessage": message, "errorType": kind, **request, "stackTrace": list(trace)}


def _cause(kind, message, frames):
    """spec 3.2-18"""
    stack = [{"label": frame.name, "path": frame.filename, "line": frame.lineno} for frame in frames]
    return {
        "working_directory": os.getcwd(),
        "exceptions": [{"message": message, "type": kind, "stack": stack}],
        "paths": sorted({frame.filename for frame in frames}),
    }


def as_text(error):
    """One log event; spaces in front of a line become ones that viewers keep."""
    head = "[ERROR]"
    if error["errorType"]:
        head += " " + error["errorType"]
    if error["errorMessage"]:
        head += (": " if error["errorType"] else " ") + error["errorMessage"]
    lines = [head, "Traceback (most recent call last):"]
    for element in error["stackTrace"]:
        for line in element.splitlines():
            bare = line.lstrip(" ")
            lines.append(_indent * (len(line) - len(bare)) + bare)
    return "\n".join(lines)
