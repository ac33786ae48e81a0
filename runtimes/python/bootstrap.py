"""Runs one function of Python: connects, waits for `init`, loads the handler, then one event after the other.

Booted before its function is known, so little is imported here. CPython 3.6 to 3.15. See ../CHANNEL.md.
"""

import os
import sys

from mayfly_runtime import channel


def main():
    line = channel.Channel(os.environ["MAYFLY_CHANNEL"])
    version = "%d.%d.%d" % sys.version_info[:3]
    line.send((b"H", b'{"pid":%d,"version":"%s"}' % (os.getpid(), version.encode("ascii")), b""))
    # What every function needs is imported while nobody waits.
    from mayfly_runtime import function

    frame = line.receive()
    while frame is not None and frame[0] != "I":
        frame = line.receive()
    if frame is None:
        return 0
    runtime = function.Runtime(line, frame[1])
    if not runtime.load():
        return 1
    frame = line.receive()
    while frame is not None:
        if frame[0] == "E":
            runtime.invoke(frame[1], frame[2])
        frame = line.receive()
    return 0


if __name__ == "__main__":
    code = main()
    # Like a process that is stopped: threads the function left running do not hold it.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
