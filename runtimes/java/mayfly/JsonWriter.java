package mayfly;

import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Calendar;
import java.util.Date;
import java.util.Map;

/** Whatever a handler returns as JSON: maps, lists, beans, records. */
final class JsonWriter {
  private static final int DEPTH = 512;

  private final StringBuilder out = new StringBuilder();

  private JsonWriter() {}

  static String write(Object value) {
    JsonWriter writer = new JsonWriter();
    writer.value(value, 0);
    return writer.out.toString();
  }

  private void value(Object value, int depth) {
    if (depth > DEPTH) throw new IllegalArgumentException("Nested too deeply, or without end");
    if (value == null) out.append("null");
    else if (value instanceof CharSequence || value instanceof Character) string(value.toString());
    else if (value instanceof Double || value instanceof Float) number((Number) value);
    else if (value instanceof Number || value instanceof Boolean) out.append(value);
    else if (value instanceof Enum) string(((Enum<?>) value).name());
    else if (value instanceof Map) map((Map<?, ?>) value, depth);
    else if (value instanceof Iterable) list((Iterable<?>) value, depth);
    else if (value instanceof byte[]) string(Base64.getEncoder().encodeToString((byte[]) value));
    else if (value instanceof ByteBuffer) string(base64(((ByteBuffer) value).duplicate()));
    else if (value.getClass().isArray()) array(value, depth);
    else if (value instanceof Date) out.append(((Date) value).getTime());
    else if (value instanceof Calendar) out.append(((Calendar) value).getTimeInMillis());
    else if (value.getClass().getName().startsWith("org.joda.time.")) string(value.toString());
    else if (value.getClass().getName().startsWith("java.")) foreign(value, depth);
    else bean(value, depth);
  }

  /** Of Java's own classes: an Optional is what it holds, the others are their text. */
  private void foreign(Object value, int depth) {
    if (value.getClass().getName().equals("java.util.Optional")) value(((java.util.Optional<?>) value).orElse(null), depth + 1);
    else if (value.getClass() == Object.class) out.append("{}");
    else string(value.toString());
  }

  private void number(Number value) {
    double number = value.doubleValue();
    // JSON has no such numbers; what reads them gets their names.
    if (Double.isNaN(number) || Double.isInfinite(number)) string(value.toString());
    else out.append(value);
  }

  private void map(Map<?, ?> members, int depth) {
    String between = "{";
    for (Map.Entry<?, ?> each : members.entrySet()) {
      out.append(between);
      between = ",";
      string(String.valueOf(each.getKey()));
      out.append(':');
      value(each.getValue(), depth + 1);
    }
    out.append(members.isEmpty() ? "{}" : "}");
  }

  private void list(Iterable<?> members, int depth) {
    out.append('[');
    String between = "";
    for (Object each : members) {
      out.append(between);
      between = ",";
      value(each, depth + 1);
    }
    out.append(']');
  }

  private void array(Object members, int depth) {
    out.append('[');
    for (int at = 0; at < Array.getLength(members); at += 1) {
      if (at > 0) out.append(',');
      value(Array.get(members, at), depth + 1);
    }
    out.append(']');
  }

  private void bean(Object bean, int depth) {
    String between = "{";
    for (Map.Entry<String, Beans.Reader> each : Beans.of(bean.getClass()).readers.entrySet()) {
      out.append(between);
      between = ",";
      string(each.getKey());
      out.append(':');
      value(each.getValue().read(bean), depth + 1);
    }
    out.append(between.equals("{") ? "{}" : "}");
  }

  private void string(String text) {
    out.append('"');
    for (int at = 0; at < text.length(); at += 1) {
      char each = text.charAt(at);
      if (each == '"' || each == '\\') out.append('\\').append(each);
      else if (each == '\n') out.append("\\n");
      else if (each == '\r') out.append("\\r");
      else if (each == '\t') out.append("\\t");
      else if (each < ' ' || loneSurrogate(text, at)) out.append(String.format("\\u%04x", (int) each));
      else out.append(each);
    }
    out.append('"');
  }

  private static boolean loneSurrogate(String text, int at) {
    char each = text.charAt(at);
    if (Character.isHighSurrogate(each)) return at + 1 >= text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
    return Character.isLowSurrogate(each) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
  }

  private static String base64(ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    return Base64.getEncoder().encodeToString(copy);
  }
}
