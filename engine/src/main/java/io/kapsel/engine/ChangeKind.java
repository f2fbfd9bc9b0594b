package io.kapsel.engine;

/** What has become of a file. */
public enum ChangeKind {
  /** It is new. */
  ADDED('A'),
  /** It is another, or has other attributes. */
  CHANGED('C'),
  /** It is gone. */
  DELETED('D');

  private final char letter;

  ChangeKind(char letter) {
    this.letter = letter;
  }

  /** As Docker writes it. */
  public char letter() {
    return letter;
  }
}
