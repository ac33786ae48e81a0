package mayfly;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Frames over a unix socket; since Java 16. */
public final class FrameLink implements Link {
  private final SocketChannel socket;
  private ByteBuffer have = ByteBuffer.allocate(65536).flip();

  public FrameLink(String path) throws IOException {
    socket = SocketChannel.open(StandardProtocolFamily.UNIX);
    socket.connect(UnixDomainSocketAddress.of(path));
    Map<String, Object> hello = new LinkedHashMap<>();
    hello.put("pid", ProcessHandle.current().pid());
    hello.put("version", System.getProperty("java.version"));
    send(frame('H', hello, null));
  }

  @Override
  public Init init() {
    for (Frame frame = receive(); frame != null; frame = receive()) {
      if (frame.type != 'I') continue;
      Init init = new Init();
      init.handler = (String) frame.header.get("handler");
      init.cwd = (String) frame.header.get("cwd");
      init.logFormat = (String) frame.header.get("logFormat");
      init.logLevel = (String) frame.header.get("logLevel");
      init.keepEnv = Boolean.TRUE.equals(frame.header.get("keepEnv"));
      init.env = new LinkedHashMap<>();
      for (Map.Entry<?, ?> each : ((Map<?, ?>) frame.header.get("env")).entrySet()) init.env.put((String) each.getKey(), (String) each.getValue());
      return init;
    }
    return null;
  }

  @Override
  public void ready() {
    send(frame('R', null, null));
  }

  @Override
  public void initFailed(String errorType, byte[] body) {
    send(frame('F', Map.of("errorType", errorType), body));
  }

  @Override
  public Event next() {
    for (Frame frame = receive(); frame != null; frame = receive()) {
      if (frame.type != 'E') continue;
      Event event = new Event();
      event.requestId = (String) frame.header.get("requestId");
      event.deadlineMs = ((Number) frame.header.get("deadlineMs")).longValue();
      event.invokedArn = (String) frame.header.get("invokedArn");
      event.traceId = (String) frame.header.get("traceId");
      event.clientContext = (String) frame.header.get("clientContext");
      event.cognitoIdentity = (String) frame.header.get("cognitoIdentity");
      event.tenantId = (String) frame.header.get("tenantId");
      event.payload = frame.body;
      return event;
    }
    return null;
  }

  @Override
  public void answer(String requestId, byte[] body) {
    send(frame('A', Map.of("requestId", requestId, "contentType", "application/json"), body), frame('N', null, null));
  }

  @Override
  public void fail(String requestId, String errorType, byte[] body, Map<String, Object> xrayCause, boolean fatal) {
    byte[] failure = frame('X', Map.of("requestId", requestId, "errorType", errorType, "xrayCause", xrayCause), body);
    // Whoever asks for the next event gets it.
    if (fatal) send(failure);
    else send(failure, frame('N', null, null));
  }

  @Override
  public void log(String text, String level, long atMs) {
    Map<String, Object> header = new LinkedHashMap<>();
    header.put("atMs", atMs);
    if (level != null) header.put("level", level);
    send(frame('L', header, text.getBytes(StandardCharsets.UTF_8)));
  }

  private static final class Frame {
    char type;
    Map<?, ?> header;
    byte[] body;
  }

  private static byte[] frame(char type, Map<String, ?> header, byte[] body) {
    byte[] head = header == null ? new byte[0] : Json.write(header).getBytes(StandardCharsets.UTF_8);
    int bytes = body == null ? 0 : body.length;
    ByteBuffer out = ByteBuffer.allocate(9 + head.length + bytes);
    out.putInt(5 + head.length + bytes).put((byte) type).putInt(head.length).put(head);
    if (body != null) out.put(body);
    return out.array();
  }

  /** Everything in one write; functions log from their own threads. */
  private synchronized void send(byte[]... frames) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (byte[] each : frames) joined.write(each, 0, each.length);
    ByteBuffer bytes = ByteBuffer.wrap(joined.toByteArray());
    try {
      while (bytes.hasRemaining()) socket.write(bytes);
    } catch (IOException gone) {
      Runtime.getRuntime().halt(0);
    }
  }

  private Frame receive() {
    try {
      int length = read(4).getInt();
      ByteBuffer bytes = read(length);
      Frame frame = new Frame();
      frame.type = (char) bytes.get();
      byte[] head = new byte[bytes.getInt()];
      bytes.get(head);
      frame.header = head.length == 0 ? Map.of() : (Map<?, ?>) Json.parse(head);
      frame.body = new byte[bytes.remaining()];
      bytes.get(frame.body);
      return frame;
    } catch (EOFException gone) {
      return null;
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  private ByteBuffer read(int count) throws IOException {
    if (have.capacity() < count) have = ByteBuffer.allocate(count).put(have).flip();
    while (have.remaining() < count) {
      have.compact();
      int read = socket.read(have);
      have.flip();
      if (read < 0) throw new EOFException();
    }
    ByteBuffer piece = have.slice();
    piece.limit(count);
    have.position(have.position() + count);
    return piece;
  }
}
