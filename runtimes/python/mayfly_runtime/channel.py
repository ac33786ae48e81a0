"""The bootstrap's end of the framed channel (../CHANNEL.md).

`_socket` and `_thread` are what `socket` and `threading` are made of: 10 ms less before the hello.
"""

import _socket
import _thread

_pack = int.to_bytes


class Channel(object):
    """Frames over a unix socket. `send` may be called by any thread: functions log from theirs."""

    def __init__(self, path):
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self._socket.connect(path)
        self._writing = _thread.allocate_lock()
        self._have = bytearray()

    def send(self, *frames):
        """Everything in one write. Each frame is (type, header, body bytes); the header a dict, its JSON, or None."""
        parts = []
        for kind, header, body in frames:
            head = b"" if header is None else header if isinstance(header, bytes) else _json(header)
            parts.append(_pack(5 + len(head) + len(body), 4, "big"))
            parts.append(kind)
            parts.append(_pack(len(head), 4, "big"))
            parts.append(head)
            parts.append(body)
        with self._writing:
            self._socket.sendall(b"".join(parts))

    def receive(self):
        """The next frame as (type, header, body), or None when the other end has gone."""
        length = self._read(4)
        if length is None:
            return None
        frame = self._read(int.from_bytes(length, "big"))
        if frame is None:
            return None
        end = 5 + int.from_bytes(frame[1:5], "big")
        import json

        header = json.loads(frame[5:end].decode("utf-8")) if end > 5 else {}
        return frame[:1].decode("ascii"), header, bytes(frame[end:])

    def _read(self, count):
        have = self._have
        while len(have) < count:
            try:
                piece = self._socket.recv(max(65536, count - len(have)))
            except ConnectionError:
                return None
            if not piece:
                return None
            have += piece
        piece = have[:count]
        del have[:count]
        return piece


def _json(header):
    import json

    return json.dumps(header).encode("ascii")
