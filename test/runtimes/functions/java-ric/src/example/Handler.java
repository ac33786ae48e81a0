package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;

public class Handler implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    @Override
    public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
        if (event.containsKey("fail")) throw new IllegalStateException("it did not work");
        System.out.println("got " + event);
        return Map.of("twice", ((Number) event.get("n")).intValue() * 2, "requestId", context.getAwsRequestId());
    }
}
