package mayfly;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What stands behind `LambdaLogger`: each call one log event. Spec 5.2-03. */
final class Logger {
  private static final List<String> LEVELS = Arrays.asList("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL");

  private final Link link;
  private final boolean json;
  private final int lowest;
  private volatile String requestId;
  private volatile String tenantId;

  Logger(Link link, boolean json, String level) {
    this.link = link;
    this.json = json;
    this.lowest = json && level != null ? Math.max(0, LEVELS.indexOf(level)) : 0;
  }

  void current(String requestId, String tenantId) {
    this.requestId = requestId;
    this.tenantId = tenantId;
  }

  /** @param level null or UNDEFINED when the caller gave none */
  void log(String message, String level) {
    long now = System.currentTimeMillis();
    boolean known = LEVELS.contains(level);
    if (known && LEVELS.indexOf(level) < lowest) return;
    if (!json) {
      link.log(message.endsWith("\n") ? message.substring(0, message.length() - 1) : message, known ? level : null, now);
      return;
    }
    Map<String, Object> record = record(now, known ? level : "INFO");
    record.put("message", message);
    finish(record, known ? level : null, now);
  }

  void log(byte[] message) {
    log(new String(message, StandardCharsets.UTF_8), null);
  }

  void failure(Throwable problem) {
    long now = System.currentTimeMillis();
    StringWriter stack = new StringWriter();
    problem.printStackTrace(new PrintWriter(stack, true));
    if (!json) {
      link.log(problem.getMessage() + ": " + problem.getClass().getName() + "\n" + stack.toString().trim(), "ERROR", now);
      return;
    }
    Map<String, Object> record = record(now, "ERROR");
    record.put("message", stack.toString().trim());
    record.put("errorType", problem.getClass().getName());
    record.put("errorMessage", problem.getMessage());
    record.put("stackTrace", Failure.lines(problem));
    finish(record, "ERROR", now);
  }

  private static Map<String, Object> record(long now, String level) {
    Map<String, Object> record = new LinkedHashMap<String, Object>();
    record.put("timestamp", java.time.Instant.ofEpochMilli(now).toString());
    record.put("level", level);
    return record;
  }

  private void finish(Map<String, Object> record, String level, long now) {
    record.put("AWSRequestId", requestId);
    if (tenantId != null) record.put("tenantId", tenantId);
    link.log(Json.write(record), level, now);
  }
}
