package mayfly;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Map;

/**
 * The environment of a process that runs already. Java copies it at its start and knows no way to change the
 * copy, so it is reached for; the command line opens `java.lang` to us.
 */
final class Variables {
  private Variables() {}

  static boolean before(int feature) {
    String version = System.getProperty("java.specification.version");
    return version.startsWith("1.") || Integer.parseInt(version.split("\\D")[0]) < feature;
  }

  static void replace(Map<String, String> env) {
    Map<Object, Object> variables = variables();
    if (variables == null) return;
    variables.clear();
    for (Map.Entry<String, String> each : env.entrySet()) put(variables, each.getKey(), each.getValue());
  }

  static void set(String name, String value) {
    Map<Object, Object> variables = variables();
    if (variables == null) return;
    if (value == null) variables.remove(made("Variable", name));
    else put(variables, name, value);
  }

  private static void put(Map<Object, Object> variables, String name, String value) {
    variables.put(made("Variable", name), made("Value", value));
  }

  @SuppressWarnings("unchecked")
  private static Map<Object, Object> variables() {
    try {
      Field field = Class.forName("java.lang.ProcessEnvironment").getDeclaredField("theEnvironment");
      field.setAccessible(true);
      return (Map<Object, Object>) field.get(null);
    } catch (Exception closed) {
      return null;
    }
  }

  private static Object made(String kind, String text) {
    try {
      Method valueOf = Class.forName("java.lang.ProcessEnvironment$" + kind).getDeclaredMethod("valueOf", String.class);
      valueOf.setAccessible(true);
      return valueOf.invoke(null, text);
    } catch (Exception closed) {
      throw new IllegalStateException(closed);
    }
  }
}
