package mayfly;

import java.util.Map;

/** The platform as the bootstrap sees it: frames, or the HTTP Runtime API on JDKs without unix sockets. */
interface Link {
  final class Init {
    String handler;
    String cwd;
    String logFormat;
    String logLevel;
    /** Null when the process was started with the function's own environment. */
    Map<String, String> env;
    /** Whoever started the process may have set more than `env` says. */
    boolean keepEnv;

    String taskRoot() {
      String root = env == null ? System.getenv("LAMBDA_TASK_ROOT") : env.get("LAMBDA_TASK_ROOT");
      return root == null ? cwd : root;
    }
  }

  final class Event {
    String requestId;
    long deadlineMs;
    String invokedArn;
    String traceId;
    String clientContext;
    String cognitoIdentity;
    String tenantId;
    byte[] payload;
  }

  /** Which function this is; null when the platform has gone. */
  Init init();

  void ready();

  void initFailed(String errorType, byte[] body);

  /** Waits for an event; null when the platform has gone. */
  Event next();

  void answer(String requestId, byte[] body);

  /** @param fatal the process ends after it, and asks for no other event */
  void fail(String requestId, String errorType, byte[] body, Map<String, Object> xrayCause, boolean fatal);

  /** One log event, already formatted. */
  void log(String text, String level, long atMs);
}
