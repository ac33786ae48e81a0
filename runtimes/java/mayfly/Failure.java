package mayfly;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.UndeclaredThrowableException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How failures are shown. Spec 2.4-03, 3.2-18. */
final class Failure {
  /** A chain of causes may be a circle. */
  private static final int DEPTH = 16;

  private Failure() {}

  /** Without what reflection wraps around it. */
  static Throwable unwrapped(Throwable problem) {
    Throwable at = problem;
    while ((at instanceof InvocationTargetException || at instanceof UndeclaredThrowableException) && at.getCause() != null) at = at.getCause();
    return at;
  }

  static String type(Throwable problem) {
    return problem instanceof Complaint ? ((Complaint) problem).errorType : problem.getClass().getName();
  }

  static byte[] json(Throwable problem) {
    return Json.write(shape(problem, 0)).getBytes(StandardCharsets.UTF_8);
  }

  private static Map<String, Object> shape(Throwable problem, int depth) {
    Map<String, Object> shape = new LinkedHashMap<String, Object>();
    shape.put("errorMessage", problem.getMessage());
    shape.put("errorType", type(problem));
    // Our own complaints have no lines of the function to show.
    if (!(problem instanceof Complaint)) shape.put("stackTrace", lines(problem));
    if (problem.getCause() != null && problem.getCause() != problem && depth < DEPTH) shape.put("cause", shape(problem.getCause(), depth + 1));
    return shape;
  }

  /** The function's own lines: what reflection and this bootstrap add is cut off. */
  static List<String> lines(Throwable problem) {
    List<String> lines = new ArrayList<String>();
    for (StackTraceElement each : problem.getStackTrace()) lines.add(each.toString());
    while (!lines.isEmpty() && ours(lines.get(lines.size() - 1))) lines.remove(lines.size() - 1);
    return lines;
  }

  private static boolean ours(String line) {
    return line.startsWith("mayfly.") || line.contains("mayfly.Bootstrap") || line.contains("mayfly.Handler") || line.contains("jdk.internal.reflect.") || line.contains("java.lang.reflect.") || line.contains("sun.reflect.");
  }

  static Map<String, Object> xrayCause(Throwable problem) {
    List<Object> stack = new ArrayList<Object>();
    Set<String> paths = new LinkedHashSet<String>();
    StackTraceElement[] trace = problem.getStackTrace();
    for (int at = 0; at < Math.min(trace.length, 64); at += 1) {
      Map<String, Object> frame = new LinkedHashMap<String, Object>();
      frame.put("path", trace[at].getFileName());
      frame.put("line", trace[at].getLineNumber());
      frame.put("label", trace[at].getClassName() + "." + trace[at].getMethodName());
      stack.add(frame);
      if (trace[at].getFileName() != null) paths.add(trace[at].getFileName());
    }
    Map<String, Object> exception = new LinkedHashMap<String, Object>();
    exception.put("type", problem.getClass().getName());
    exception.put("message", problem.getMessage());
    exception.put("stack", stack);
    List<Object> exceptions = new ArrayList<Object>();
    exceptions.add(exception);
    Map<String, Object> cause = new LinkedHashMap<String, Object>();
    cause.put("working_directory", System.getProperty("user.dir"));
    cause.put("exceptions", exceptions);
    cause.put("paths", new ArrayList<Object>(paths));
    return cause;
  }

  /** Something wrong with the function that Java itself does not say: no such class, no such method. */
  static final class Complaint extends RuntimeException {
    private static final long serialVersionUID = 1;
    final String errorType;

    Complaint(String errorType, String message) {
      super(message);
      this.errorType = errorType;
    }
  }
}
