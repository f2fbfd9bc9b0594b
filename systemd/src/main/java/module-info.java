/** The host's service manager, over D-Bus. The only module that knows that bus. */
@org.jspecify.annotations.NullMarked
module io.kapsel.systemd {
  requires static transitive org.jspecify;
  requires org.freedesktop.dbus;

  // The library makes proxies and structures of these by reflection.
  exports io.kapsel.systemd.bus to
      org.freedesktop.dbus;

  opens io.kapsel.systemd.bus to
      org.freedesktop.dbus;

  exports io.kapsel.systemd;
}
