/** Identifiers, sizes, durations, JSON and files that are replaced whole; no container noun. */
@org.jspecify.annotations.NullMarked
module io.kapsel.base {
  requires static transitive org.jspecify;
  requires com.fasterxml.jackson.core;

  exports io.kapsel.base;
}
