/** Makes one container out of an OCI configuration: bundle, launch plan, process. */
@org.jspecify.annotations.NullMarked
module io.kapsel.runtime {
  requires static transitive org.jspecify;
  requires transitive io.kapsel.oci;
  requires transitive io.kapsel.linux;
  requires transitive io.kapsel.systemd;

  exports io.kapsel.runtime;
  exports io.kapsel.runtime.criu;
  exports io.kapsel.runtime.plan;
}
