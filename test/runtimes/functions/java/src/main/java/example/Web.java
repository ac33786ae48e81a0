package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;

/** The classes of aws-lambda-java-events, and a stream. */
public class Web implements RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> {
    @Override
    public APIGatewayV2HTTPResponse handleRequest(APIGatewayV2HTTPEvent event, Context context) {
        var http = event.getRequestContext().getHttp();
        return APIGatewayV2HTTPResponse.builder()
            .withStatusCode(201)
            .withHeaders(Map.of("content-type", "text/plain", "x-agent", event.getHeaders().getOrDefault("x-agent", "none")))
            .withBody(http.getMethod() + " " + event.getRawPath() + " " + event.getQueryStringParameters())
            .build();
    }

    public SQSBatchResponse queue(SQSEvent event) {
        return new SQSBatchResponse(event.getRecords().stream()
            .filter(record -> record.getBody().equals("bad"))
            .map(record -> new SQSBatchResponse.BatchItemFailure(record.getMessageId()))
            .toList());
    }

    public static class Copy implements RequestStreamHandler {
        @Override
        public void handleRequest(InputStream in, OutputStream out, Context context) throws java.io.IOException {
            in.transferTo(out);
        }
    }
}
