'use strict';
// The bootstrap's end of the framed channel (../CHANNEL.md).

const fs = require('fs');

const nothing = Buffer.alloc(0);
const readBytes = 65_536;
/** A body of at most this many bytes is copied behind its header and leaves with it. */
const copyBytes = 16_384;

const letters = Object.create(null);
for (const letter of 'HRFAXSDZNLC') letters[letter] = letter.charCodeAt(0);

/** These frames as buffers to be written in order: `[type, header?, body?]`, the body text or bytes. What is long is not copied. */
function encode(frames) {
  const buffers = [];
  let parts = [];
  let size = 0;
  for (const [type, header, body] of frames) {
    const head = header === undefined ? '' : JSON.stringify(header);
    const headBytes = Buffer.byteLength(head);
    const bodyBytes = body === undefined ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    const apart = bodyBytes > copyBytes && typeof body !== 'string';
    parts.push([letters[type], head, headBytes, apart ? undefined : body, bodyBytes]);
    size += 9 + headBytes + (apart ? 0 : bodyBytes);
    if (!apart) continue;
    buffers.push(joined(parts, size), body);
    parts = [];
    size = 0;
  }
  if (size > 0) buffers.push(joined(parts, size));
  return buffers;
}

function joined(parts, size) {
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (const [letter, head, headBytes, body, bodyBytes] of parts) {
    out.writeUInt32BE(5 + headBytes + bodyBytes, at);
    out[at + 4] = letter;
    out.writeUInt32BE(headBytes, at + 5);
    at += 9;
    if (headBytes > 0) at += out.write(head, at, headBytes, 'utf8');
    if (body === undefined) continue;
    if (typeof body === 'string') out.write(body, at, bodyBytes, 'utf8');
    else out.set(body, at);
    at += bodyBytes;
  }
  return out;
}

/** Cuts a stream of bytes into frames. What it is given is not kept, for that buffer is read into again. */
function reader(onFrame) {
  /** What is there of a frame that is not complete, in a buffer of the frame's size (of 4 until that is known). */
  let held = nothing;
  let have = 0;
  return (bytes) => {
    let at = 0;
    while (at < bytes.length) {
      if (have === 0) {
        const there = bytes.length - at;
        const size = there < 4 ? 4 : 4 + bytes.readUInt32BE(at);
        if (there >= size) {
          at += size;
          take(bytes.subarray(at - size, at), onFrame);
          continue;
        }
        held = Buffer.allocUnsafe(size);
      }
      const copied = bytes.copy(held, have, at);
      at += copied;
      have += copied;
      if (have < held.length) return;
      if (have === 4) {
        held = Buffer.concat([held], 4 + held.readUInt32BE(0));
        continue;
      }
      const whole = held;
      held = nothing;
      have = 0;
      take(whole, onFrame);
    }
  };
}

function take(frame, onFrame) {
  const bodyAt = 9 + frame.readUInt32BE(5);
  const header = bodyAt === 9 ? {} : JSON.parse(frame.toString('utf8', 9, bodyAt));
  onFrame(String.fromCharCode(frame[4]), header, frame.subarray(bodyAt));
}

/** When the other end goes, so do we: nobody is left to answer. */
const gone = () => process.exit(0);

/**
 * Connects to a unix socket.
 *
 * `fd` is a connection that is there already, whose reads end with EAGAIN when nothing has come for a moment. It is a file to us
 * until the first event is dealt with, or somebody is late: what Node has for sockets takes three milliseconds to
 * load, and a first caller is waiting.
 */
function connect({ path, fd }, onFrame) {
  const read = reader(onFrame);
  // One buffer for all reads: a new one for each costs more than everything else that is done with an event.
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  const onread = {
    buffer,
    callback: (bytes) => {
      read(buffer.subarray(0, bytes));
      return true;
    },
  };
  let socket;
  let holds = true;
  const become = (make) => {
    if (socket !== undefined) return;
    socket = make(require('net'));
    socket.on('error', () => {});
    socket.on('close', gone);
  };
  const settle = () => become(({ Socket }) => new Socket({ fd, onread, readable: true, writable: true }));
  if (fd === undefined) become((net) => net.connect({ path, onread }));

  return {
    /** Everything in one write. `done` is called when the kernel has it all. @returns false when full */
    send: (frames, done) => {
      const buffers = encode(frames);
      if (socket === undefined) {
        writeNow(fd, buffers);
        if (done !== undefined) done();
        return true;
      }
      const last = buffers.pop() ?? nothing;
      if (buffers.length === 0) return socket.write(last, done);
      socket.cork();
      for (const each of buffers) socket.write(each);
      const room = socket.write(last, done);
      socket.uncork();
      return room;
    },
    /** Waits a moment for a frame, of which the first two follow what was said at once. */
    soon: () => {
      while (holds && socket === undefined) {
        const bytes = readNow(fd, buffer);
        if (bytes === undefined) settle();
        else read(buffer.subarray(0, bytes));
      }
    },
    hold: () => {
      holds = true;
      if (socket !== undefined) socket.ref();
    },
    /**
     * While the function's code runs the channel does not keep the event loop alive, so that an empty
     * loop shows: `beforeExit` then tells that the function waits for nothing.
     */
    release: () => {
      holds = false;
      if (socket !== undefined) socket.unref();
    },
    settle,
    isSettled: () => socket !== undefined,
  };
}

function writeNow(fd, buffers) {
  try {
    for (const bytes of buffers) for (let at = 0; at < bytes.length;) at += fs.writeSync(fd, bytes, at);
  } catch {
    gone();
  }
}

/** @returns how many bytes, undefined when none have come */
function readNow(fd, buffer) {
  try {
    return fs.readSync(fd, buffer, 0, buffer.length, null) || gone();
  } catch (error) {
    return error.code === 'EAGAIN' ? undefined : gone();
  }
}

module.exports = { connect, encode, reader };
