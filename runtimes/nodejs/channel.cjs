'use strict';
// The bootstrap's end of the framed channel (../CHANNEL.md).

const net = require('net');

const letters = Object.create(null);
for (const letter of 'HRFAXSDZNLC') letters[letter] = letter.charCodeAt(0);

/** One buffer with all these frames: `[type, header?, body?]`, the body text or bytes. */
function encode(frames) {
  let size = 0;
  const parts = [];
  for (const [type, header, body] of frames) {
    const head = header === undefined ? '' : JSON.stringify(header);
    const headBytes = Buffer.byteLength(head);
    const bodyBytes = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    parts.push([letters[type], head, headBytes, body, bodyBytes]);
    size += 9 + headBytes + bodyBytes;
  }
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (const [letter, head, headBytes, body, bodyBytes] of parts) {
    out.writeUInt32BE(5 + headBytes + bodyBytes, at);
    out[at + 4] = letter;
    out.writeUInt32BE(headBytes, at + 5);
    at += 9;
    if (headBytes > 0) at += out.write(head, at, headBytes, 'utf8');
    if (bodyBytes === 0) continue;
    if (typeof body === 'string') out.write(body, at, bodyBytes, 'utf8');
    else out.set(body, at);
    at += bodyBytes;
  }
  return out;
}

/** Cuts a stream of bytes into frames. Pieces of a big frame are joined once, when all are there. */
function reader(onFrame) {
  let pieces = [];
  let have = 0;
  let need = 4;
  return (piece) => {
    pieces.push(piece);
    have += piece.length;
    if (have < need) return;
    let rest = pieces.length === 1 ? piece : Buffer.concat(pieces, have);
    while (rest.length >= 4) {
      const length = rest.readUInt32BE(0);
      need = 4 + length;
      if (rest.length < need) break;
      const headBytes = rest.readUInt32BE(5);
      const header = headBytes === 0 ? {} : JSON.parse(rest.toString('utf8', 9, 9 + headBytes));
      const body = rest.subarray(9 + headBytes, need);
      const type = String.fromCharCode(rest[4]);
      rest = rest.subarray(need);
      need = 4;
      onFrame(type, header, body);
    }
    pieces = rest.length === 0 ? [] : [rest];
    have = rest.length;
  };
}

/** Connects. When the other end goes, so do we: nobody is left to answer. */
function connect(path, onFrame) {
  const socket = net.connect(path);
  socket.on('data', reader(onFrame));
  socket.on('error', () => {});
  socket.on('close', () => process.exit(0));
  return {
    /** Everything in one write. `done` is called when the kernel has it all. @returns false when full */
    send: (frames, done) => socket.write(encode(frames), done),
    /**
     * While the function's code runs the channel does not keep the event loop alive, so that an empty
     * loop shows: `beforeExit` then tells that the function waits for nothing.
     */
    hold: () => socket.ref(),
    release: () => socket.unref(),
  };
}

module.exports = { connect, encode, reader };
