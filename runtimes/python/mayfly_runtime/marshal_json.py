"""Events to values and values to responses. spec 4.2-03"""

import json
import os
import re
import sys

from .errors import Fault

# Cannot be foreseen, so nothing a function returns can be taken for it.
_mark = "mayfly-decimal-" + os.urandom(16).hex() + "-"


class _Encoder(json.JSONEncoder):
    """Also takes what Lambda's encoder takes: Decimals digit for digit, bytes as the text they spell."""

    def __init__(self, **options):
        json.JSONEncoder.__init__(self, **options)
        self.decimals = {}

    def default(self, value):
        # A module of 2 ms that most functions never load.
        decimal = sys.modules.get("decimal")
        if decimal is not None and isinstance(value, decimal.Decimal):
            if value.is_nan():
                return float("nan")
            # `json` writes no number but its own, so a mark stands here until the text is whole.
            mark = "%s%d" % (_mark, len(self.decimals))
            self.decimals['"%s"' % mark] = str(value)
            return mark
        if isinstance(value, bytes):
            return value.decode("utf-8")
        raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def encoder():
    """Since 3.12 text stays as it is; elsewhere everything beyond ASCII is escaped."""
    options = {"ensure_ascii": os.environ.get("AWS_EXECUTION_ENV") != "AWS_Lambda_python3.12"}

    def encode(value):
        made = _Encoder(**options)
        text = made.encode(value)
        if not made.decimals:
            return text
        return re.sub('"%s[0-9]+"' % _mark, lambda found: made.decimals[found.group()], text)

    return encode


def parse(body):
    try:
        return json.loads(body.decode("utf-8"))
    except Exception as error:
        raise Fault("UnmarshalError", "Unable to unmarshal input: %s" % error)


def response(value, encode):
    """As (bytes, content type)."""
    if isinstance(value, bytes):
        return value, "application/unknown"
    try:
        return to_bytes(encode(value)), "application/json"
    except Exception as error:
        raise Fault("MarshalError", "Unable to marshal response: %s" % error)


def to_bytes(text):
    """Half a surrogate pair has no UTF-8; JSON can still say it by its number."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")
