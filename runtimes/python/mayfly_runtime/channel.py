"""The bootstrap's end of the framed channel (../CHANNEL.md)."""

import json
import socket
import threading

_pack = int.to_bytes
_encode = json.JSONEncoder(separators=(",", ":")).encode


class Channel(object):
    """Frames over a unix socket. `send` may be called by any thread: functions log from theirs."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._writing = threading.Lock()
        self._have = bytearray()

    def send(self, *frames):
        """Everything in one write. Each frame is (type, header or None, body bytes)."""
        parts = []
        for kind, header, body in frames:
            head = b"" if header is None else _encode(header).encode("ascii")
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
