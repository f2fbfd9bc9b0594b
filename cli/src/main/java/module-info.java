/** The kapsel commands and the daemon that serves them. */
@org.jspecify.annotations.NullMarked
module io.kapsel.cli {
  requires static transitive org.jspecify;
  requires io.kapsel.base;
  requires io.kapsel.linux;
  requires io.kapsel.runtime;
  requires io.kapsel.image;
  requires io.kapsel.network;
  requires io.kapsel.engine;
  requires io.kapsel.api;
  requires io.kapsel.ocicli;
  requires io.kapsel.lxc;
  requires com.fasterxml.jackson.core;

  opens io.kapsel.cli.command.container to
      io.kapsel.base;
  opens io.kapsel.cli.command.image to
      io.kapsel.base;

  provides java.lang.System.LoggerFinder with
      io.kapsel.cli.log.StderrLoggers;

  exports io.kapsel.cli;
}
