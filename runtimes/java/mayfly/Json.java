package mayfly;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON text to maps, lists, strings, numbers, booleans and null, and back. */
final class Json {
  /** Deeper than this the text is an attack on the stack. */
  private static final int DEPTH = 512;

  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  static Object parse(byte[] bytes) {
    Json parser = new Json(new String(bytes, StandardCharsets.UTF_8));
    Object value = parser.value(0);
    parser.space();
    if (parser.at < parser.text.length()) throw parser.wrong("something stands behind the end");
    return value;
  }

  static String write(Object value) {
    return JsonWriter.write(value);
  }

  private Object value(int depth) {
    if (depth > DEPTH) throw wrong("nested too deeply");
    space();
    if (at >= text.length()) throw wrong("the end comes too early");
    char first = text.charAt(at);
    switch (first) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case 't':
        return word("true", Boolean.TRUE);
      case 'f':
        return word("false", Boolean.FALSE);
      case 'n':
        return word("null", null);
      default:
        return number();
    }
  }

  private Map<String, Object> object(int depth) {
    Map<String, Object> members = new LinkedHashMap<String, Object>();
    at += 1;
    space();
    if (took('}')) return members;
    do {
      space();
      if (at >= text.length() || text.charAt(at) != '"') throw wrong("a name is missing");
      String name = string();
      space();
      if (!took(':')) throw wrong("a colon is missing");
      members.put(name, value(depth + 1));
      space();
    } while (took(','));
    if (!took('}')) throw wrong("a brace is missing");
    return members;
  }

  private List<Object> array(int depth) {
    List<Object> members = new ArrayList<Object>();
    at += 1;
    space();
    if (took(']')) return members;
    do {
      members.add(value(depth + 1));
      space();
    } while (took(','));
    if (!took(']')) throw wrong("a bracket is missing");
    return members;
  }

  private String string() {
    int start = ++at;
    while (at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\\') at += 1;
    if (at < text.length() && text.charAt(at) == '"') return text.substring(start, at++);
    StringBuilder made = new StringBuilder(text.substring(start, Math.min(at, text.length())));
    while (at < text.length()) {
      char next = text.charAt(at++);
      if (next == '"') return made.toString();
      made.append(next == '\\' ? escaped() : next);
    }
    throw wrong("a quote is missing");
  }

  private char escaped() {
    if (at >= text.length()) throw wrong("the end comes too early");
    char kind = text.charAt(at++);
    switch (kind) {
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'u':
        if (at + 4 > text.length()) throw wrong("the end comes too early");
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
      default:
        return kind;
    }
  }

  private Object number() {
    int start = at;
    boolean whole = true;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
      if (".eE".indexOf(text.charAt(at)) >= 0) whole = false;
      at += 1;
    }
    String digits = text.substring(start, at);
    if (digits.isEmpty()) throw wrong("this begins no value");
    try {
      if (!whole) return Double.valueOf(digits);
      if (digits.length() < 10) return Integer.valueOf(digits);
      BigInteger big = new BigInteger(digits);
      if (big.bitLength() < 32) return big.intValue();
      return big.bitLength() < 64 ? (Object) big.longValue() : big;
    } catch (NumberFormatException problem) {
      throw wrong("this is no number");
    }
  }

  /** Digit for digit, for those who ask for a BigDecimal. */
  static BigDecimal decimal(Object number) {
    return number instanceof BigDecimal ? (BigDecimal) number : new BigDecimal(number.toString());
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) throw wrong("this begins no value");
    at += word.length();
    return value;
  }

  private boolean took(char wanted) {
    if (at >= text.length() || text.charAt(at) != wanted) return false;
    at += 1;
    return true;
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at += 1;
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException("Not JSON at " + at + ": " + what);
  }
}
