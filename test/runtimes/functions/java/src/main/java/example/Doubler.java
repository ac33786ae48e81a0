package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.List;
import java.util.Map;
import org.crac.Core;
import org.crac.Resource;

/** Beans in, beans out. */
public class Doubler implements RequestHandler<Doubler.Order, Doubler.Answer>, Resource {
    private String snapshots = "none";

    public Doubler() {
        Core.getGlobalContext().register(this);
    }

    @Override
    public void beforeCheckpoint(org.crac.Context<? extends Resource> context) {
        snapshots += ", about to be taken";
    }

    @Override
    public void afterRestore(org.crac.Context<? extends Resource> context) {
        snapshots += ", restored";
    }

    public static class Order {
        private int n;
        private String fail;
        private List<String> names;

        public int getN() { return n; }
        public void setN(int n) { this.n = n; }
        public String getFail() { return fail; }
        public void setFail(String fail) { this.fail = fail; }
        public List<String> getNames() { return names; }
        public void setNames(List<String> names) { this.names = names; }
    }

    public static class Answer {
        public int getTwice() { return twice; }
        public Map<String, Object> getTold() { return told; }
        private final int twice;
        private final Map<String, Object> told;

        Answer(int twice, Map<String, Object> told) {
            this.twice = twice;
            this.told = told;
        }
    }

    @Override
    public Answer handleRequest(Order order, Context context) {
        context.getLogger().log("names " + order.getNames() + "\n");
        if ("error".equals(order.getFail())) throw new IllegalStateException("it did not work");
        if ("memory".equals(order.getFail())) {
            var full = new java.util.ArrayList<byte[]>();
            while (true) full.add(new byte[8 << 20]);
        }
        return new Answer(order.getN() * 2, Map.of(
            "requestId", context.getAwsRequestId(),
            "arn", context.getInvokedFunctionArn(),
            "memoryMiB", context.getMemoryLimitInMB(),
            "leftMs", context.getRemainingTimeInMillis(),
            "folder", System.getProperty("user.dir"),
            "java", System.getProperty("java.version"),
            "snapshots", snapshots,
            "heapMiB", Runtime.getRuntime().maxMemory() >> 20));
    }
}
