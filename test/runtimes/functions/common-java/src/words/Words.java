package words;

import java.util.Map;

/** What a function finds in a library of its own. */
public final class Words {
  private Words() {}

  public static String json(Map<String, String> members) {
    StringBuilder json = new StringBuilder("{");
    for (Map.Entry<String, String> member : members.entrySet()) {
      if (json.length() > 1) json.append(',');
      json.append('"').append(member.getKey()).append("\":\"").append(member.getValue()).append('"');
    }
    return json.append('}').toString();
  }
}
