package io.kapsel.engine.move;

/** What the sender of a tree asks the receiver to do, each followed by a path from its top. */
final class TreeOps {
  static final int END = 0;
  static final int DIRECTORY = 1;
  static final int FILE = 2;
  static final int LINK = 3;
  static final int NODE = 4;
  static final int HARD_LINK = 5;
  static final int DELETE = 6;
  static final int STATE = 7;

  private TreeOps() {}
}
