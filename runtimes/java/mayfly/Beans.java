package mayfly;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The properties of a class: getters, setters, fields, record components. */
final class Beans {
  private static final Map<Class<?>, Beans> KNOWN = new ConcurrentHashMap<Class<?>, Beans>();

  interface Reader {
    Object read(Object bean);
  }

  /** Where a value of this type goes. */
  interface Writer {
    Type type();

    void write(Object bean, Object value) throws Exception;
  }

  /** By the name in JSON, in the order of the class's fields. */
  final Map<String, Reader> readers = new LinkedHashMap<String, Reader>();
  /** By their name without case and separators: events spell theirs in many ways. */
  final Map<String, Writer> writers = new LinkedHashMap<String, Writer>();

  private final Class<?> type;

  private Beans(Class<?> type) {
    this.type = type;
    List<Field> fields = fields();
    for (Field field : fields) readers.put(field.getName(), null);
    for (Method method : type.getMethods()) getter(method);
    for (Field field : fields) field(field);
    for (Method method : type.getMethods()) setter(method);
    for (String name : new ArrayList<String>(readers.keySet())) if (readers.get(name) == null) readers.remove(name);
  }

  static Beans of(Class<?> type) {
    Beans known = KNOWN.get(type);
    if (known == null) KNOWN.put(type, known = new Beans(type));
    return known;
  }

  static String plain(String name) {
    StringBuilder plain = new StringBuilder();
    for (int at = 0; at < name.length(); at += 1) if (name.charAt(at) != '_' && name.charAt(at) != '-') plain.append(Character.toLowerCase(name.charAt(at)));
    return plain.toString();
  }

  boolean isRecord() {
    return type.getSuperclass() != null && type.getSuperclass().getName().equals("java.lang.Record");
  }

  /** By its own constructor, or, where it has none without parameters, without any. */
  Object create() throws Exception {
    try {
      Constructor<?> constructor = type.getDeclaredConstructor();
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (NoSuchMethodException none) {
      Class<?> unsafe = Class.forName("sun.misc.Unsafe");
      Field instance = unsafe.getDeclaredField("theUnsafe");
      instance.setAccessible(true);
      return unsafe.getMethod("allocateInstance", Class.class).invoke(instance.get(null), type);
    }
  }

  private List<Field> fields() {
    List<Field> fields = new ArrayList<Field>();
    for (Class<?> at = type; at != null && at != Object.class; at = at.getSuperclass()) {
      int position = 0;
      for (Field field : at.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers()) && !field.isSynthetic()) fields.add(position++, field);
      }
    }
    return fields;
  }

  private void getter(final Method method) {
    if (method.getParameterTypes().length > 0 || Modifier.isStatic(method.getModifiers()) || method.isBridge()) return;
    if (method.getReturnType() == void.class || method.getDeclaringClass() == Object.class) return;
    String name = isRecord() && readers.containsKey(method.getName()) ? method.getName() : property(method, "get", "is");
    if (name == null || name.equals("class")) return;
    open(method);
    readers.put(name, new Reader() {
      @Override
      public Object read(Object bean) {
        try {
          return method.invoke(bean);
        } catch (InvocationTargetException thrown) {
          throw new IllegalStateException(thrown.getCause());
        } catch (IllegalAccessException closed) {
          throw new IllegalStateException(closed);
        }
      }
    });
  }

  private void field(final Field field) {
    open(field);
    if (Modifier.isPublic(field.getModifiers()) && readers.get(field.getName()) == null) {
      readers.put(field.getName(), new Reader() {
        @Override
        public Object read(Object bean) {
          try {
            return field.get(bean);
          } catch (IllegalAccessException closed) {
            throw new IllegalStateException(closed);
          }
        }
      });
    }
    writers.put(plain(field.getName()), new Writer() {
      @Override
      public Type type() {
        return field.getGenericType();
      }

      @Override
      public void write(Object bean, Object value) throws Exception {
        field.set(bean, value);
      }
    });
  }

  private void setter(final Method method) {
    if (method.getParameterTypes().length != 1 || Modifier.isStatic(method.getModifiers()) || method.isBridge()) return;
    String name = property(method, "set");
    if (name == null) return;
    open(method);
    writers.put(plain(name), new Writer() {
      @Override
      public Type type() {
        return method.getGenericParameterTypes()[0];
      }

      @Override
      public void write(Object bean, Object value) throws Exception {
        method.invoke(bean, value);
      }
    });
  }

  /** `getURLPath` → `urlpath`: a run of capitals in front becomes small. */
  private static String property(Method method, String... prefixes) {
    String name = method.getName();
    for (String prefix : prefixes) {
      if (!name.startsWith(prefix) || name.length() == prefix.length() || !Character.isUpperCase(name.charAt(prefix.length()))) continue;
      if (prefix.equals("is") && method.getReturnType() != boolean.class && method.getReturnType() != Boolean.class) continue;
      char[] letters = name.substring(prefix.length()).toCharArray();
      for (int at = 0; at < letters.length && Character.isUpperCase(letters[at]); at += 1) letters[at] = Character.toLowerCase(letters[at]);
      return new String(letters);
    }
    return null;
  }

  private static void open(AccessibleObject member) {
    try {
      member.setAccessible(true);
    } catch (RuntimeException closed) {
      // Of a module that is closed to us; used as far as it is public.
    }
  }
}
