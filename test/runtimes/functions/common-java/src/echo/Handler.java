package echo;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Gives back what it is given, tells what it sees, or fails. */
public class Handler implements RequestHandler<Object, Object> {
  @Override
  public Object handleRequest(Object event, Context context) {
    if (!(event instanceof Map)) return event;
    Map<?, ?> asked = (Map<?, ?>) event;
    if (asked.get("error_msg") != null) throw new RuntimeException("Error: " + asked.get("error_msg"));
    if (asked.get("introspect") == null) return event;
    Map<String, Object> ctx = new LinkedHashMap<>();
    ctx.put("aws_request_id", context.getAwsRequestId());
    ctx.put("function_name", context.getFunctionName());
    ctx.put("function_version", context.getFunctionVersion());
    ctx.put("invoked_function_arn", context.getInvokedFunctionArn());
    ctx.put("log_group_name", context.getLogGroupName());
    ctx.put("log_stream_name", context.getLogStreamName());
    ctx.put("memory_limit_in_mb", String.valueOf(context.getMemoryLimitInMB()));
    ctx.put("remaining_time_in_millis", String.valueOf(context.getRemainingTimeInMillis()));
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("ctx", ctx);
    told.put("environment", System.getenv());
    told.put("packages", Collections.emptyList());
    return told;
  }

  public static class Stream implements RequestStreamHandler {
    @Override
    public void handleRequest(InputStream in, OutputStream out, Context context) throws IOException {
      byte[] piece = new byte[8192];
      for (int count = in.read(piece); count >= 0; count = in.read(piece)) out.write(piece, 0, count);
    }
  }
}
