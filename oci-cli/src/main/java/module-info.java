/** The words and quirks of runc's command line, for those who call an OCI runtime. */
@org.jspecify.annotations.NullMarked
module io.kapsel.ocicli {
  requires static transitive org.jspecify;
  requires io.kapsel.base;
  requires transitive io.kapsel.linux;
  requires transitive io.kapsel.runtime;
  requires io.kapsel.systemd;
  requires com.fasterxml.jackson.core;

  opens io.kapsel.ocicli to
      io.kapsel.base;

  exports io.kapsel.ocicli;
}
