"""The root logger's handler, as Lambda sets it up. spec 4.2-13, 5.2-03"""

import json
import logging
import time
import traceback

_day = "%Y-%m-%dT%H:%M:%S"
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode
_levels = {10: "DEBUG", 20: "INFO", 30: "WARN", 40: "ERROR", 50: "FATAL"}
_own = {"aws_request_id", "tenant_id"}
_ordinary = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"} | _own


def timestamp(seconds):
    return time.strftime(_day, time.gmtime(seconds)) + ".%03dZ" % int(seconds % 1 * 1000)


def _tens(record):
    """Levels of the function's own count as the next lower one that everybody knows."""
    return min(50, max(0, record.levelno)) // 10 * 10


class JsonFormatter(logging.Formatter):
    def format(self, record):
        kind, value, trace = record.exc_info or (None, None, None)
        entry = {
            "timestamp": timestamp(record.created),
            "level": logging.getLevelName(_tens(record)),
            "message": record.getMessage(),
            "logger": record.name,
            "stackTrace": trace and traceback.format_tb(trace),
            "errorType": kind and kind.__name__,
            "errorMessage": kind and str(value),
            "requestId": record.aws_request_id,
            "location": kind and "%s:%s:%s" % (record.pathname, record.funcName, record.lineno),
            "tenantId": record.tenant_id,
        }
        for name, extra in record.__dict__.items():
            if name not in _ordinary and name not in entry:
                entry[name] = extra
        return _encode({name: member for name, member in entry.items() if member is not None})


class ChannelHandler(logging.Handler):
    """Each record is one log event, line breaks and all."""

    def __init__(self, write, current):
        logging.Handler.__init__(self)
        self._write = write
        self._current = current

    def emit(self, record):
        try:
            record.aws_request_id = self._current.get("requestId") or ""
            record.tenant_id = self._current.get("tenantId")
            text = self.format(record)
            self._write(text[:-1] if text.endswith("\n") else text, _levels.get(_tens(record)), record.created)
        except Exception:
            self.handleError(record)


def set_up(log_format, level, write, current):
    """`level` is the application log level, `write(text, level, seconds)` takes one event."""
    logging.Formatter.converter = time.gmtime
    handler = ChannelHandler(write, current)
    if log_format == "JSON":
        handler.setFormatter(JsonFormatter())
    else:
        text = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
        handler.setFormatter(logging.Formatter(text, _day))
    root = logging.getLogger()
    if log_format == "JSON" and level:
        root.setLevel({"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}.get(level, level))
    root.addHandler(handler)
