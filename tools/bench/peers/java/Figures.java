// Figures by name, as one JSON object. Names and texts have nothing in them that JSON would quote.

import java.util.StringJoiner;

final class Figures {
  private final StringJoiner members = new StringJoiner(", ", "{", "}");

  Figures add(String name, double value) {
    members.add('"' + name + "\": " + value);
    return this;
  }

  Figures add(String name, long value) {
    members.add('"' + name + "\": " + value);
    return this;
  }

  Figures add(String name, String text) {
    members.add('"' + name + "\": \"" + text + '"');
    return this;
  }

  Figures add(String name, long[] values) {
    StringJoiner all = new StringJoiner(", ", "[", "]");
    for (long value : values) all.add(Long.toString(value));
    members.add('"' + name + "\": " + all);
    return this;
  }

  void write() {
    System.out.println(members);
  }
}
