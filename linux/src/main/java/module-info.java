/** Typed Linux system calls; the only module that sees java.lang.foreign. */
@org.jspecify.annotations.NullMarked
module io.kapsel.linux {
  requires static transitive org.jspecify;

  exports io.kapsel.linux;
}
