/** Containers for tests of JUnit. */
@org.jspecify.annotations.NullMarked
module io.kapsel.junit {
  requires static transitive org.jspecify;
  requires io.kapsel.engine;
  requires io.kapsel.network;
  requires transitive io.kapsel.api;
  requires transitive org.junit.jupiter.api;

  exports io.kapsel.junit;
}
