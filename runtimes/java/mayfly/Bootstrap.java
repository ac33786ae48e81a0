package mayfly;

import java.util.TimeZone;

/**
 * Runs one function of Java: learns which, loads it, then one event after the other.
 *
 * <p>Written for Java 8, so that each JDK of a host compiles it for itself. See ../../CHANNEL.md.
 */
public final class Bootstrap {
  private Bootstrap() {}

  public static void main(String[] arguments) throws Exception {
    String channel = System.getenv("MAYFLY_CHANNEL");
    Link link = channel == null ? new HttpLink() : (Link) Class.forName("mayfly.FrameLink").getConstructor(String.class).newInstance(channel);
    Link.Init init = link.init();
    if (init == null) return;
    become(init);
    if (init.keepEnv && System.getenv("_HANDLER") != null) init.handler = System.getenv("_HANDLER");
    Logger logger = new Logger(link, "JSON".equals(init.logFormat), init.logLevel);
    Handler handler;
    try {
      handler = Handler.load(init.handler, init.taskRoot());
    } catch (Throwable problem) {
      Throwable cause = Failure.unwrapped(problem);
      logger.failure(cause);
      flush();
      link.initFailed(Failure.type(cause), Failure.json(cause));
      System.exit(1);
      return;
    }
    flush();
    link.ready();
    for (Link.Event event = link.next(); event != null; event = link.next()) run(link, handler, event, logger);
    // What the function left running does not hold the process.
    Runtime.getRuntime().halt(0);
  }

  private static void run(Link link, Handler handler, Link.Event event, Logger logger) {
    logger.current(event.requestId, event.tenantId);
    trace(event.traceId);
    byte[] answer;
    try {
      answer = handler.handle(event, logger);
    } catch (Throwable problem) {
      Throwable cause = Failure.unwrapped(problem);
      logger.failure(cause);
      flush();
      // Nothing can be trusted after these; the platform starts another.
      boolean fatal = cause instanceof VirtualMachineError;
      link.fail(event.requestId, Failure.type(cause), Failure.json(cause), Failure.xrayCause(cause), fatal);
      if (fatal) Runtime.getRuntime().halt(1);
      return;
    }
    flush();
    link.answer(event.requestId, answer);
  }

  /** Until Java 11 the trace is a variable of the environment, since then a property. Spec 3.6-02. */
  private static void trace(String id) {
    if (id == null || id.isEmpty()) System.clearProperty("com.amazonaws.xray.traceHeader");
    else System.setProperty("com.amazonaws.xray.traceHeader", id);
    if (Variables.before(17)) Variables.set("_X_AMZN_TRACE_ID", id);
  }

  private static void become(Link.Init init) {
    if (init.env == null) return;
    if (!init.keepEnv) Variables.replace(init.env);
    Variables.set("MAYFLY_CHANNEL", null);
    String zone = System.getenv("TZ");
    if (zone != null && !zone.isEmpty()) TimeZone.setDefault(TimeZone.getTimeZone(zone.startsWith(":") ? zone.substring(1) : zone));
    System.setProperty("user.dir", init.cwd);
  }

  private static void flush() {
    System.out.flush();
    System.err.flush();
  }
}
