/** The kapsel commands and the daemon that serves them. */
@org.jspecify.annotations.NullMarked
module io.kapsel.cli {
  requires static transitive org.jspecify;
  requires io.kapsel.engine;
  requires info.picocli;

  exports io.kapsel.cli;
}
