package io.kapsel.base;

/** What all state files begin with, in every version of their form. */
public record StateFile(int schema, String id) {
  /**
   * Whether {@code text} is whole and in a form that came later than {@code known}. Such a file is
   * not damaged: a newer version of this program has written it, and will want to read it again.
   *
   * @param id of what it is about, which tells it from one in which no more than a number is wrong
   */
  public static boolean isNewer(byte[] text, int known, String id) {
    try {
      StateFile read = Json.read(text, StateFile.class);
      return read.schema() > known && read.id().equals(id);
    } catch (JsonException | IllegalArgumentException e) {
      return false;
    }
  }
}
