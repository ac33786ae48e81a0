package mayfly;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** From the text `pkg.Class` or `pkg.Class::method` to what it means, and how it is called. Spec 4.2-04. */
final class Handler {
  private static final String API = "com.amazonaws.services.lambda.runtime.";

  private final Object target;
  private final Method method;
  private final Type input;
  /** What is wrong with the function; told at each event instead of at the start. Spec 4.2-04. */
  private final Failure.Complaint complaint;

  private Handler(Object target, Method method, Type input, Failure.Complaint complaint) {
    this.target = target;
    this.method = method;
    this.input = input;
    this.complaint = complaint;
  }

  /** @throws Throwable whatever the class's own static code or constructor throws */
  static Handler load(String text, String root) throws Throwable {
    URLClassLoader loader = new URLClassLoader(classPath(root), ClassLoader.getSystemClassLoader().getParent());
    Thread.currentThread().setContextClassLoader(loader);
    String[] parts = text.split("::", 2);
    Class<?> type;
    try {
      type = Class.forName(parts[0], true, loader);
    } catch (ClassNotFoundException absent) {
      return bad(ClassNotFoundException.class, "Class not found: " + parts[0]);
    }
    Method method = parts.length == 2 ? named(type, parts[1]) : interfaceMethod(type);
    if (method == null) {
      if (parts.length == 2) return bad(NoSuchMethodException.class, "No public method named " + parts[1] + " with appropriate method signature found on class " + parts[0]);
      return bad(ClassCastException.class, parts[0] + " implements neither RequestHandler nor RequestStreamHandler, and its handler names no method");
    }
    Object target = null;
    if (!Modifier.isStatic(method.getModifiers())) {
      try {
        target = type.getConstructor().newInstance();
      } catch (NoSuchMethodException none) {
        return bad(NoSuchMethodException.class, "Class " + parts[0] + " has no public zero-argument constructor");
      }
    }
    method.setAccessible(true);
    return new Handler(target, method, inputType(type, method), null);
  }

  /** @return the answer's bytes: JSON, or what a stream handler wrote */
  byte[] handle(Link.Event event, Logger logger) throws Throwable {
    if (complaint != null) throw complaint;
    Class<?>[] takes = method.getParameterTypes();
    Object[] arguments = new Object[takes.length];
    ByteArrayOutputStream written = null;
    for (int at = 0; at < takes.length; at += 1) {
      if (isContext(takes[at])) arguments[at] = Contexts.context(takes[at], event, logger);
      else if (takes[at] == InputStream.class) arguments[at] = new ByteArrayInputStream(event.payload);
      else if (takes[at] == OutputStream.class) arguments[at] = written = new ByteArrayOutputStream();
      else arguments[at] = bound(event);
    }
    Object result = method.invoke(target, arguments);
    if (written != null) return written.toByteArray();
    return Json.write(result).getBytes(StandardCharsets.UTF_8);
  }

  private Object bound(Link.Event event) {
    try {
      return Bind.to(Json.parse(event.payload), input);
    } catch (Exception problem) {
      throw new RuntimeException("An error occurred during JSON parsing", Failure.unwrapped(problem));
    }
  }

  private static Handler bad(Class<?> type, String message) {
    return new Handler(null, null, null, new Failure.Complaint(type.getName(), message));
  }

  /** The code, its lib folder, then the layers'; jars in the order of their names. Spec 3.8-03. */
  private static URL[] classPath(String root) throws Exception {
    List<URL> path = new ArrayList<URL>();
    path.add(new File(root + "/").toURI().toURL());
    for (String folder : new String[] {root + "/lib", "/opt/java/lib"}) {
      File[] files = new File(folder).listFiles();
      if (files == null) continue;
      Arrays.sort(files);
      for (File file : files) if (file.getName().endsWith(".jar")) path.add(file.toURI().toURL());
    }
    return path.toArray(new URL[0]);
  }

  private static boolean isContext(Class<?> type) {
    return type.getName().equals(API + "Context");
  }

  private static Method interfaceMethod(Class<?> type) {
    boolean stream = implementsInterface(type, API + "RequestStreamHandler");
    if (!stream && !implementsInterface(type, API + "RequestHandler")) return null;
    Method best = null;
    for (Method method : type.getMethods()) {
      Class<?>[] takes = method.getParameterTypes();
      if (!method.getName().equals("handleRequest") || takes.length != (stream ? 3 : 2) || !isContext(takes[takes.length - 1])) continue;
      // The compiler's bridge takes an Object; the one behind it says what the function wants.
      if (best == null || best.isBridge()) best = method;
    }
    return best;
  }

  private static boolean implementsInterface(Class<?> type, String name) {
    for (Class<?> at = type; at != null; at = at.getSuperclass()) {
      for (Class<?> each : at.getInterfaces()) if (each.getName().equals(name) || implementsInterface(each, name)) return true;
    }
    return false;
  }

  /** Of overloaded methods the one that takes most, and of those one that takes a context. */
  private static Method named(Class<?> type, String name) {
    Method best = null;
    for (Method method : type.getMethods()) {
      if (!method.getName().equals(name) || method.isBridge() || method.isSynthetic() || !fits(method)) continue;
      if (best == null || rank(method) > rank(best)) best = method;
    }
    return best;
  }

  private static int rank(Method method) {
    Class<?>[] takes = method.getParameterTypes();
    return takes.length * 2 + (takes.length > 0 && isContext(takes[takes.length - 1]) ? 1 : 0);
  }

  private static boolean fits(Method method) {
    int events = 0;
    int contexts = 0;
    int outputs = 0;
    for (Class<?> each : method.getParameterTypes()) {
      if (isContext(each)) contexts += 1;
      else if (each == OutputStream.class) outputs += 1;
      else events += 1;
    }
    return events <= 1 && contexts <= 1 && outputs <= 1;
  }

  /** The event's type; where it is a type variable, what a subclass or the class itself puts there. */
  private static Type inputType(Class<?> type, Method method) {
    Type[] generic = method.getGenericParameterTypes();
    Class<?>[] raw = method.getParameterTypes();
    for (int at = 0; at < raw.length; at += 1) {
      if (!isContext(raw[at]) && raw[at] != OutputStream.class) return resolved(generic[at], type, new LinkedHashMap<TypeVariable<?>, Type>());
    }
    return Object.class;
  }

  private static Type resolved(Type wanted, Class<?> type, Map<TypeVariable<?>, Type> known) {
    for (Class<?> at = type; at != null; at = at.getSuperclass()) {
      learn(at.getGenericSuperclass(), known);
      for (Type each : at.getGenericInterfaces()) learn(each, known);
    }
    Type found = wanted;
    while (found instanceof TypeVariable && known.containsKey(found)) found = known.get(found);
    return found;
  }

  private static void learn(Type generic, Map<TypeVariable<?>, Type> known) {
    if (!(generic instanceof ParameterizedType)) return;
    Class<?> raw = (Class<?>) ((ParameterizedType) generic).getRawType();
    TypeVariable<?>[] variables = raw.getTypeParameters();
    for (int at = 0; at < variables.length; at += 1) known.put(variables[at], ((ParameterizedType) generic).getActualTypeArguments()[at]);
    for (Type each : raw.getGenericInterfaces()) learn(each, known);
  }
}
