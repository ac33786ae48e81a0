package cloud.localstack.awssdkv1.sample;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.io.Serializable;

/** Called as the one in the recording was: a bean comes and goes. */
public class SerializedInputLambdaHandler
    implements RequestHandler<SerializedInputLambdaHandler.Place, SerializedInputLambdaHandler.Place> {
  @Override
  public Place handleRequest(Place place, Context context) {
    place.setValidated(true);
    return place;
  }

  public static class Place implements Serializable {
    private static final long serialVersionUID = 1;
    private String bucket;
    private String key;
    private boolean validated;

    public String getBucket() {
      return bucket;
    }

    public void setBucket(String bucket) {
      this.bucket = bucket;
    }

    public String getKey() {
      return key;
    }

    public void setKey(String key) {
      this.key = key;
    }

    public boolean isValidated() {
      return validated;
    }

    public void setValidated(boolean validated) {
      this.validated = validated;
    }
  }
}
