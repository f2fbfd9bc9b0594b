/** Networks of containers: bridges, addresses, rules for packets, published ports, names. */
@org.jspecify.annotations.NullMarked
module io.kapsel.network {
  requires static transitive org.jspecify;
  requires transitive io.kapsel.linux;
  requires transitive io.kapsel.base;

  exports io.kapsel.network;

  opens io.kapsel.network.cni to
      io.kapsel.base;
  opens io.kapsel.network to
      io.kapsel.base;
}
