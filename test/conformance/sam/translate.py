"""Translates SAM templates with aws-sam-translator: named templates come in, what becomes of each goes out, both as JSON."""

import json
import logging
import sys

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform

logging.disable(logging.CRITICAL)


class ManagedPolicies:
    def load(self):
        return {}


def translated(template, parameters):
    try:
        return {"template": transform(template, parameters, ManagedPolicies())}
    except InvalidDocumentException as invalid:
        return {"faults": [cause.message for cause in invalid.causes]}


cases = json.load(sys.stdin)
json.dump({name: translated(each["template"], each["parameters"]) for name, each in cases.items()}, sys.stdout)
