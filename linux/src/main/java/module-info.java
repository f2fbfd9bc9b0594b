/** Typed Linux system calls; the only module that sees java.lang.foreign. */
@org.jspecify.annotations.NullMarked
module io.kapsel.linux {
  requires static transitive org.jspecify;

  exports io.kapsel.linux;
  exports io.kapsel.linux.capability;
  exports io.kapsel.linux.cgroup;
  exports io.kapsel.linux.confine;
  exports io.kapsel.linux.device;
  exports io.kapsel.linux.host;
  exports io.kapsel.linux.library;
  exports io.kapsel.linux.lsm;
  exports io.kapsel.linux.seccomp;
  exports io.kapsel.linux.poll;
  exports io.kapsel.linux.socket;
  exports io.kapsel.linux.memory;
  exports io.kapsel.linux.process;
  exports io.kapsel.linux.file;
  exports io.kapsel.linux.mount;
  exports io.kapsel.linux.netlink;
  exports io.kapsel.linux.nftables;
}
