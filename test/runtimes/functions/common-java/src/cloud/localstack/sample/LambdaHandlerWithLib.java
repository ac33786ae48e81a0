package cloud.localstack.sample;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.Map;
import words.Words;

/** Called as the one in the recording was: what it needs is in a jar beside it. */
public class LambdaHandlerWithLib implements RequestHandler<Map<String, String>, String> {
  @Override
  public String handleRequest(Map<String, String> event, Context context) {
    return Words.json(event);
  }
}
