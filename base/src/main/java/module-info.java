/** Identifiers, sizes, durations and files that are replaced whole; no container noun. */
@org.jspecify.annotations.NullMarked
module io.kapsel.base {
  requires static transitive org.jspecify;

  exports io.kapsel.base;
}
