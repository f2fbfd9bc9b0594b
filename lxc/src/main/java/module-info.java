/** The words, files and quirks of LXC's programs, for those who know them. */
@org.jspecify.annotations.NullMarked
module io.kapsel.lxc {
  requires static transitive org.jspecify;
  requires io.kapsel.base;
  requires io.kapsel.linux;
  requires io.kapsel.network;
  requires transitive io.kapsel.engine;

  exports io.kapsel.lxc;
}
