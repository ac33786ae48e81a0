package mayfly;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The HTTP Runtime API, for JDKs without unix sockets. Spec 3.2. */
final class HttpLink implements Link {
  private final String base = "http://" + System.getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime";

  @Override
  public Init init() {
    Init init = new Init();
    init.handler = System.getenv("_HANDLER");
    init.cwd = System.getProperty("user.dir");
    init.logFormat = System.getenv("AWS_LAMBDA_LOG_FORMAT");
    init.logLevel = System.getenv("AWS_LAMBDA_LOG_LEVEL");
    return init;
  }

  @Override
  public void ready() {}

  @Override
  public void initFailed(String errorType, byte[] body) {
    post("/init/error", body, errorType, null);
  }

  @Override
  public Event next() {
    try {
      HttpURLConnection connection = (HttpURLConnection) new URL(base + "/invocation/next").openConnection();
      Event event = new Event();
      event.payload = bytes(connection.getInputStream());
      event.requestId = connection.getHeaderField("Lambda-Runtime-Aws-Request-Id");
      event.deadlineMs = Long.parseLong(connection.getHeaderField("Lambda-Runtime-Deadline-Ms"));
      event.invokedArn = connection.getHeaderField("Lambda-Runtime-Invoked-Function-Arn");
      event.traceId = connection.getHeaderField("Lambda-Runtime-Trace-Id");
      event.clientContext = connection.getHeaderField("Lambda-Runtime-Client-Context");
      event.cognitoIdentity = connection.getHeaderField("Lambda-Runtime-Cognito-Identity");
      event.tenantId = connection.getHeaderField("Lambda-Runtime-Aws-Tenant-Id");
      return event;
    } catch (IOException gone) {
      return null;
    }
  }

  @Override
  public void answer(String requestId, byte[] body) {
    post("/invocation/" + requestId + "/response", body, null, null);
  }

  @Override
  public void fail(String requestId, String errorType, byte[] body, Map<String, Object> xrayCause, boolean fatal) {
    post("/invocation/" + requestId + "/error", body, errorType, Json.write(xrayCause));
  }

  @Override
  public void log(String text, String level, long atMs) {
    // Lines of a pipe are events of their own; other line ends keep them together.
    System.out.println(text.replace('\n', '\r'));
  }

  private void post(String path, byte[] body, String errorType, String xrayCause) {
    try {
      HttpURLConnection connection = (HttpURLConnection) new URL(base + path).openConnection();
      connection.setRequestMethod("POST");
      connection.setDoOutput(true);
      connection.setFixedLengthStreamingMode(body.length);
      connection.setRequestProperty("Content-Type", "application/json");
      if (errorType != null) connection.setRequestProperty("Lambda-Runtime-Function-Error-Type", errorType);
      if (xrayCause != null && xrayCause.length() < 60000) connection.setRequestProperty("Lambda-Runtime-Function-XRay-Error-Cause", ascii(xrayCause));
      connection.getOutputStream().write(body);
      InputStream answer = connection.getResponseCode() < 400 ? connection.getInputStream() : connection.getErrorStream();
      if (answer != null) bytes(answer);
    } catch (IOException gone) {
      Runtime.getRuntime().halt(1);
    }
  }

  /** A header takes no more than that. */
  private static String ascii(String text) {
    return new String(text.getBytes(StandardCharsets.US_ASCII), StandardCharsets.US_ASCII);
  }

  private static byte[] bytes(InputStream in) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] piece = new byte[65536];
    for (int count = in.read(piece); count >= 0; count = in.read(piece)) out.write(piece, 0, count);
    in.close();
    return out.toByteArray();
  }
}
