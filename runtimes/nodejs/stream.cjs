'use strict';
// Responses that arrive piece by piece, and the global `awslambda`. @source spec 3.3, 4.2-02

const { Writable } = require('stream');
const { RuntimeFault, describe, describeJson } = require('./errors.cjs');
const { highWaterMark, streaming } = require('./handler.cjs');
const { nodeJsExit } = require('./invoke.cjs');

const httpIntegration = 'application/vnd.awslambda.http-integration-response';

/** What a streaming handler writes to. The first byte sends the head, so the content type is fixed from then on. */
class ResponseStream extends Writable {
  constructor(channel, requestId, mark) {
    super(mark === undefined ? {} : { highWaterMark: mark });
    this._channel = channel;
    this._requestId = requestId;
    this._contentType = 'application/octet-stream';
    this._started = false;
  }

  setContentType(contentType) {
    if (this._started || this.writableLength > 0) throw new RuntimeFault('InvalidStreamingOperation', 'Cannot set content-type, too late.');
    this._contentType = contentType;
  }

  write(chunk, ...rest) {
    return super.write(writable(chunk), ...rest);
  }

  end(chunk, ...rest) {
    return chunk === undefined || chunk === null || typeof chunk === 'function' ? super.end(chunk, ...rest) : super.end(writable(chunk), ...rest);
  }

  _head() {
    if (this._started) return [];
    this._started = true;
    const { _requestId: requestId, _contentType: contentType } = this;
    const frames = [['S', { requestId, contentType }]];
    if (typeof this._onBeforeFirstWrite === 'function') {
      this._onBeforeFirstWrite((piece) => frames.push(['D', { requestId }, piece]));
    }
    return frames;
  }

  // The kernel taking the bytes is what calls back: a slow reader slows the handler.
  _write(chunk, _encoding, done) {
    this._channel.send([...this._head(), ['D', { requestId: this._requestId }, chunk]], () => done());
  }

  _final(done) {
    this._channel.send([...this._head(), ['Z', { requestId: this._requestId }]], () => done());
  }
}

const writable = (chunk) => (typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk));

/** Settles when the stream is at its end, one way or the other. */
const ended = (stream) =>
  new Promise((resolve, reject) => {
    stream.on('finish', resolve);
    stream.on('error', reject);
    stream.on('close', () => (stream.writableFinished ? resolve() : reject(new Error('Response stream is not finished.'))));
  });

/** @param io  as of `invokeBuffered`, and `next`, `report` */
function invokeStreaming(loaded, event, context, io) {
  const { channel } = io;
  const requestId = context.awsRequestId;
  const stream = new ResponseStream(channel, requestId, loaded.highWaterMark);
  const end = ended(stream);
  let over = false;

  const fail = (error) => {
    if (over) return;
    over = true;
    if (!stream._started) {
      stream.destroy();
      io.fail(error);
      return;
    }
    io.report('Invoke Error', error);
    // What is already written arrives first; then the stream says that it broke.
    const broken = ['Z', { requestId, errorType: describe(error).errorType, errorBody: describeJson(error) }];
    const close = () => io.next(stream.writableFinished ? [] : [broken]);
    stream.destroy();
    setImmediate(close);
  };

  io.whenEmpty(() => fail(nodeJsExit()));
  new Promise((resolve) => {
    const result = loaded.handler(event, stream, context);
    if (result === null || typeof result !== 'object' || typeof result.then !== 'function') {
      throw new Error('Streaming does not support non-async handlers.');
    }
    resolve(result);
  })
    .then((value) => {
      if (value !== undefined) console.warn('Streaming handlers ignore return values.');
      return end;
    })
    .then(() => {
      if (over) return;
      over = true;
      io.next([]);
    }, fail);
  // A stream that breaks while the handler still runs fails at once.
  end.catch(fail);
}

/** `awslambda`, which functions find as a global. */
const awslambda = {
  streamifyResponse(handler, options) {
    handler[streaming] = 'response';
    if (options !== undefined && options !== null && options.highWaterMark !== undefined) {
      handler[highWaterMark] = Number.parseInt(options.highWaterMark, 10);
    }
    return handler;
  },
  HttpResponseStream: {
    /** The prelude goes out in front of the first byte: JSON, then eight zeroes. */
    from(stream, prelude) {
      stream.setContentType(httpIntegration);
      const text = JSON.stringify(prelude);
      stream._onBeforeFirstWrite = (write) => {
        write(text);
        write(Buffer.alloc(8));
      };
      return stream;
    },
  },
};

module.exports = { awslambda, invokeStreaming };
