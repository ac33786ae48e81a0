package mayfly;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * `Context`, `LambdaLogger`, `ClientContext` and the others. Their interfaces are the function's own, whatever
 * version of them it brings, so they are implemented by name.
 */
final class Contexts {
  private Contexts() {}

  static Object context(Class<?> type, Link.Event event, final Logger logger) {
    Map<String, Object> members = new LinkedHashMap<String, Object>();
    members.put("getAwsRequestId", event.requestId);
    members.put("getLogGroupName", System.getenv("AWS_LAMBDA_LOG_GROUP_NAME"));
    members.put("getLogStreamName", System.getenv("AWS_LAMBDA_LOG_STREAM_NAME"));
    members.put("getFunctionName", System.getenv("AWS_LAMBDA_FUNCTION_NAME"));
    members.put("getFunctionVersion", System.getenv("AWS_LAMBDA_FUNCTION_VERSION"));
    members.put("getInvokedFunctionArn", event.invokedArn);
    members.put("getTenantId", event.tenantId);
    members.put("getXrayTraceId", event.traceId);
    String memory = System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    members.put("getMemoryLimitInMB", memory == null ? 0 : Integer.parseInt(memory));
    final Map<?, ?> client = parsed(event.clientContext);
    final Map<?, ?> identity = parsed(event.cognitoIdentity);
    final long deadlineMs = event.deadlineMs;
    return implemented(type, members, new Dynamic() {
      @Override
      public Object call(Method method, Object[] arguments) {
        String name = method.getName();
        if (name.equals("getRemainingTimeInMillis")) return (int) Math.max(0, Math.min(Integer.MAX_VALUE, deadlineMs - System.currentTimeMillis()));
        if (name.equals("getLogger")) return logger(method.getReturnType(), logger);
        if (name.equals("getClientContext")) return client == null ? null : clientContext(method.getReturnType(), client);
        if (name.equals("getIdentity")) return identity(method.getReturnType(), identity);
        return null;
      }
    });
  }

  private interface Dynamic {
    Object call(Method method, Object[] arguments);
  }

  private static Object logger(Class<?> type, final Logger logger) {
    return implemented(type, new LinkedHashMap<String, Object>(), new Dynamic() {
      @Override
      public Object call(Method method, Object[] arguments) {
        if (!method.getName().equals("log")) return null;
        String level = arguments.length > 1 ? String.valueOf(arguments[1]) : null;
        if (arguments[0] instanceof byte[]) logger.log((byte[]) arguments[0]);
        else logger.log(String.valueOf(arguments[0]), level);
        return null;
      }
    });
  }

  private static Object clientContext(Class<?> type, final Map<?, ?> client) {
    Map<String, Object> members = new LinkedHashMap<String, Object>();
    members.put("getCustom", client.get("custom"));
    members.put("getEnvironment", client.get("env"));
    return implemented(type, members, new Dynamic() {
      @Override
      public Object call(Method method, Object[] arguments) {
        if (!method.getName().equals("getClient") || !(client.get("client") instanceof Map)) return null;
        Map<?, ?> values = (Map<?, ?>) client.get("client");
        Map<String, Object> members = new LinkedHashMap<String, Object>();
        members.put("getInstallationId", values.get("installation_id"));
        members.put("getAppTitle", values.get("app_title"));
        members.put("getAppVersionName", values.get("app_version_name"));
        members.put("getAppVersionCode", values.get("app_version_code"));
        members.put("getAppPackageName", values.get("app_package_name"));
        return implemented(method.getReturnType(), members, null);
      }
    });
  }

  private static Object identity(Class<?> type, Map<?, ?> identity) {
    Map<String, Object> members = new LinkedHashMap<String, Object>();
    members.put("getIdentityId", identity == null ? "" : identity.get("cognitoIdentityId"));
    members.put("getIdentityPoolId", identity == null ? "" : identity.get("cognitoIdentityPoolId"));
    return implemented(type, members, null);
  }

  private static Map<?, ?> parsed(String text) {
    if (text == null || text.isEmpty()) return null;
    return (Map<?, ?>) Json.parse(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private static Object implemented(final Class<?> type, final Map<String, Object> members, final Dynamic dynamic) {
    return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, new InvocationHandler() {
      @Override
      public Object invoke(Object proxy, Method method, Object[] arguments) {
        if (method.getDeclaringClass() == Object.class) return ofObject(proxy, method, arguments);
        Object value = members.containsKey(method.getName()) ? members.get(method.getName()) : dynamic == null ? null : dynamic.call(method, arguments);
        return value == null && method.getReturnType() == int.class ? (Object) 0 : value;
      }

      private Object ofObject(Object proxy, Method method, Object[] arguments) {
        if (method.getName().equals("equals")) return proxy == arguments[0];
        if (method.getName().equals("hashCode")) return System.identityHashCode(proxy);
        return type.getSimpleName() + members;
      }
    });
  }
}
