package mayfly;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Parsed JSON as the type a handler asks for. */
final class Bind {
  private Bind() {}

  static Object to(Object value, Type type) throws Exception {
    if (type instanceof WildcardType) return to(value, ((WildcardType) type).getUpperBounds()[0]);
    if (type instanceof TypeVariable) return to(value, ((TypeVariable<?>) type).getBounds()[0]);
    if (type instanceof GenericArrayType) return array(value, ((GenericArrayType) type).getGenericComponentType());
    if (type instanceof ParameterizedType) {
      ParameterizedType generic = (ParameterizedType) type;
      return toClass(value, (Class<?>) generic.getRawType(), generic.getActualTypeArguments());
    }
    return toClass(value, (Class<?>) type, new Type[0]);
  }

  private static Object toClass(Object value, Class<?> type, Type[] arguments) throws Exception {
    if (value == null) return type.isPrimitive() ? primitiveZero(type) : type.getName().equals("java.util.Optional") ? java.util.Optional.empty() : null;
    if (type == Object.class) return value;
    if (type == byte[].class && value instanceof String) return Base64.getDecoder().decode((String) value);
    if (type == ByteBuffer.class && value instanceof String) return ByteBuffer.wrap(Base64.getDecoder().decode((String) value));
    if (type.isArray()) return array(value, type.getComponentType());
    if (Collection.class.isAssignableFrom(type) || type == Iterable.class) return collection(value, type, arguments.length > 0 ? arguments[0] : Object.class);
    if (Map.class.isAssignableFrom(type)) return map(value, type, arguments);
    if (type.getName().equals("java.util.Optional")) return java.util.Optional.of(to(value, arguments.length > 0 ? arguments[0] : Object.class));
    if (type == Date.class && value instanceof Number) return new Date(((Number) value).longValue());
    if (type.isEnum()) return constant(value, type);
    if (value instanceof Map) return type.isPrimitive() || type.getName().startsWith("java.lang.") ? wrong(value, type) : bean((Map<?, ?>) value, type);
    if (value instanceof List) return wrong(value, type);
    return scalar(value, type);
  }

  private static Object scalar(Object value, Class<?> type) throws Exception {
    String text = value.toString();
    if (type == String.class || type == CharSequence.class) return text;
    if (type == boolean.class || type == Boolean.class) return value instanceof Boolean ? value : text.equals("true") ? true : text.equals("false") ? (Object) false : wrong(value, type);
    if (type == char.class || type == Character.class) return text.length() == 1 ? text.charAt(0) : wrong(value, type);
    if (type.isPrimitive() || Number.class.isAssignableFrom(type)) return number(value, type);
    // Times, UUIDs, paths: what makes itself out of a text.
    for (String name : new String[] {"parse", "fromString", "valueOf", "of"}) {
      for (Method method : type.getMethods()) {
        Class<?>[] takes = method.getParameterTypes();
        if (!method.getName().equals(name) || takes.length != 1 || !takes[0].isAssignableFrom(String.class)) continue;
        if (java.lang.reflect.Modifier.isStatic(method.getModifiers()) && type.isAssignableFrom(method.getReturnType())) return method.invoke(null, text);
      }
    }
    if (type.getName().equals("org.joda.time.DateTime")) return type.getConstructor(Object.class).newInstance(value);
    if (type.isInstance(value)) return value;
    try {
      Constructor<?> constructor = type.getConstructor(String.class);
      return constructor.newInstance(text);
    } catch (NoSuchMethodException none) {
      return wrong(value, type);
    }
  }

  private static Object number(Object value, Class<?> type) {
    if (!(value instanceof Number) && !(value instanceof String)) return wrong(value, type);
    BigDecimal number;
    try {
      number = Json.decimal(value);
    } catch (NumberFormatException problem) {
      return wrong(value, type);
    }
    if (type == int.class || type == Integer.class) return number.intValue();
    if (type == long.class || type == Long.class) return number.longValue();
    if (type == double.class || type == Double.class) return number.doubleValue();
    if (type == float.class || type == Float.class) return number.floatValue();
    if (type == short.class || type == Short.class) return number.shortValue();
    if (type == byte.class || type == Byte.class) return number.byteValue();
    if (type == BigDecimal.class) return number;
    if (type == BigInteger.class) return number.toBigInteger();
    return value;
  }

  private static Object array(Object value, Type component) throws Exception {
    if (!(value instanceof List)) return wrong(value, Object[].class);
    List<?> members = (List<?>) value;
    Class<?> raw = component instanceof Class ? (Class<?>) component : component instanceof ParameterizedType ? (Class<?>) ((ParameterizedType) component).getRawType() : Object.class;
    Object made = Array.newInstance(raw, members.size());
    for (int at = 0; at < members.size(); at += 1) Array.set(made, at, to(members.get(at), component));
    return made;
  }

  @SuppressWarnings("unchecked")
  private static Object collection(Object value, Class<?> type, Type member) throws Exception {
    if (!(value instanceof List)) return wrong(value, type);
    Collection<Object> made;
    if (type.isAssignableFrom(ArrayList.class)) made = new ArrayList<Object>();
    else if (type.isAssignableFrom(LinkedHashSet.class)) made = new LinkedHashSet<Object>();
    else if (type.isAssignableFrom(java.util.TreeSet.class)) made = (Collection<Object>) (Set<?>) new java.util.TreeSet<Object>();
    else made = (Collection<Object>) type.getDeclaredConstructor().newInstance();
    for (Object each : (List<?>) value) made.add(to(each, member));
    return made;
  }

  @SuppressWarnings("unchecked")
  private static Object map(Object value, Class<?> type, Type[] arguments) throws Exception {
    if (!(value instanceof Map)) return wrong(value, type);
    Map<Object, Object> made;
    if (type.isAssignableFrom(LinkedHashMap.class)) made = new LinkedHashMap<Object, Object>();
    else if (type.isAssignableFrom(TreeMap.class)) made = new TreeMap<Object, Object>();
    else made = (Map<Object, Object>) type.getDeclaredConstructor().newInstance();
    Type key = arguments.length == 2 ? arguments[0] : Object.class;
    Type member = arguments.length == 2 ? arguments[1] : Object.class;
    for (Map.Entry<?, ?> each : ((Map<?, ?>) value).entrySet()) made.put(to(each.getKey(), key), to(each.getValue(), member));
    return made;
  }

  private static Object constant(Object value, Class<?> type) {
    for (Object each : type.getEnumConstants()) if (((Enum<?>) each).name().equals(value) || value.equals(((Enum<?>) each).ordinal())) return each;
    return wrong(value, type);
  }

  private static Object bean(Map<?, ?> members, Class<?> type) throws Exception {
    if (type.isInterface() || java.lang.reflect.Modifier.isAbstract(type.getModifiers())) return wrong(members, type);
    Beans beans = Beans.of(type);
    if (beans.isRecord()) return record(members, type);
    Object bean = beans.create();
    for (Map.Entry<?, ?> each : members.entrySet()) {
      Beans.Writer writer = beans.writers.get(Beans.plain(String.valueOf(each.getKey())));
      if (writer != null && (each.getValue() != null || !(writer.type() instanceof Class && ((Class<?>) writer.type()).isPrimitive()))) {
        writer.write(bean, writer.type() == Date.class && inSeconds(type) ? date(each.getValue()) : to(each.getValue(), writer.type()));
      }
    }
    return bean;
  }

  /** The event classes of AWS count seconds, as the events do; elsewhere a number is milliseconds. */
  private static boolean inSeconds(Class<?> type) {
    return type.getName().startsWith("com.amazonaws.services.lambda.runtime.events.");
  }

  private static Object date(Object value) throws Exception {
    return value instanceof Number ? new Date((long) (((Number) value).doubleValue() * 1000)) : to(value, Date.class);
  }

  /** A record's constructor takes its components in order; those that the JSON lacks are null or zero. */
  private static Object record(Map<?, ?> members, Class<?> type) throws Exception {
    Map<String, Object> given = new LinkedHashMap<String, Object>();
    for (Map.Entry<?, ?> each : members.entrySet()) given.put(Beans.plain(String.valueOf(each.getKey())), each.getValue());
    List<Class<?>> types = new ArrayList<Class<?>>();
    List<Object> values = new ArrayList<Object>();
    for (java.lang.reflect.Field field : type.getDeclaredFields()) {
      if (java.lang.reflect.Modifier.isStatic(field.getModifiers())) continue;
      types.add(field.getType());
      values.add(to(given.get(Beans.plain(field.getName())), field.getGenericType()));
    }
    Constructor<?> constructor = type.getDeclaredConstructor(types.toArray(new Class<?>[0]));
    constructor.setAccessible(true);
    return constructor.newInstance(values.toArray());
  }

  private static Object primitiveZero(Class<?> type) {
    return Array.get(Array.newInstance(type, 1), 0);
  }

  private static Object wrong(Object value, Class<?> type) {
    String kind = value instanceof Map ? "an object" : value instanceof List ? "an array" : value instanceof String ? "a text" : "a value like " + value;
    throw new IllegalArgumentException("Cannot make " + type.getName() + " out of " + kind);
  }
}
