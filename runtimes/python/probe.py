"""Says what an interpreter is; run once for each that is found on a host."""

import json
import os
import platform
import sys

# Of a virtual environment, the interpreter it was made from.
executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
print(
    json.dumps(
        {
            "version": "%d.%d.%d" % sys.version_info[:3],
            "implementation": platform.python_implementation(),
            "prefix": os.path.realpath(sys.base_prefix),
            "executable": executable,
        }
    )
)
