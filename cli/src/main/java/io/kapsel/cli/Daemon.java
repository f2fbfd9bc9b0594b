package io.kapsel.cli;

import io.kapsel.cli.server.Front;
import io.kapsel.cli.server.RequestServer;
import io.kapsel.cli.server.RequestServer.Limits;
import io.kapsel.linux.socket.SocketKind;
import io.kapsel.linux.socket.UnixListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The socket of an engine, and who may use it: root, and the members of the group {@code kapsel},
 * or another that is configured, where there is one. Whoever may use it is root on this host in all
 * but name.
 */
final class Daemon {
  private static final System.Logger LOG = System.getLogger(Daemon.class.getName());
  private static final String SOCKET = "kapsel.sock";
  private static final int PRIVATE = 0600;
  private static final int SHARED = 0660;

  private final Path socket;
  private final RequestServer server;
  private final Optional<Object> own;

  private Daemon(Path socket, RequestServer server, Optional<Object> own) {
    this.socket = socket;
    this.server = server;
    this.own = own;
  }

  /** Serves at a socket that a service manager keeps: who may connect there, is its business. */
  static Daemon at(UnixListener listener, Path run, Front front) {
    RequestServer server = new RequestServer(listener, front, _ -> true, Limits.USUAL);
    return new Daemon(run.resolve(SOCKET), server, Optional.empty());
  }

  /** Listens in {@code run}; a socket that nobody listens on any more is replaced. */
  static Daemon open(Path run, Front front, String groupName) {
    Path socket = run.resolve(SOCKET);
    try {
      int own = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
      Files.createDirectories(run);
      Optional<GroupPrincipal> group =
          own == 0 ? group(groupName).filter(each -> isGiven(run, each)) : Optional.empty();
      permit(run, group.isPresent() ? "rwx--x---" : "rwx------");
      Files.deleteIfExists(socket);
      UnixListener listener =
          UnixListener.bind(
              socket.toString(), SocketKind.STREAM, group.isPresent() ? SHARED : PRIVATE);
      if (group.isPresent()) {
        attributes(socket).setGroup(group.get());
        permit(socket, "rw-rw----");
      }
      // With a group, the permission bits let in only its members; SO_PEERCRED has no group list.
      boolean shared = group.isPresent();
      RequestServer server =
          new RequestServer(listener, front, uid -> shared || uid == 0 || uid == own, Limits.USUAL);
      return new Daemon(socket, server, file(socket));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot listen at '" + socket + "': " + e.getMessage(), e);
    }
  }

  /** Which file is there. */
  private static Optional<Object> file(Path path) throws IOException {
    try {
      return Optional.ofNullable(
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
              .fileKey());
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  private static Optional<GroupPrincipal> group(String name) throws IOException {
    try {
      return Optional.of(
          Path.of("/")
              .getFileSystem()
              .getUserPrincipalLookupService()
              .lookupPrincipalByGroupName(name));
    } catch (UserPrincipalNotFoundException _) {
      return Optional.empty();
    }
  }

  /** Gives the directory to the group, which may have no number in this user namespace. */
  private static boolean isGiven(Path run, GroupPrincipal group) {
    try {
      attributes(run).setGroup(group);
      return true;
    } catch (IOException e) {
      LOG.log(Level.WARNING, "no group may use this engine: {0}", String.valueOf(e.getMessage()));
      return false;
    }
  }

  private static PosixFileAttributeView attributes(Path path) {
    return Files.getFileAttributeView(
        path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
  }

  /** By its path, since a socket cannot be opened; in a directory of this user, it is no link. */
  private static void permit(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  /** Serves until {@link #drain}. */
  void serve() {
    LOG.log(Level.INFO, "ready socket={0}", socket);
    server.run();
  }

  /** Runs {@code action} once no client has come for {@code limit} and nothing else is needed. */
  void whenIdle(Duration limit, BooleanSupplier dispensable, Runnable action) {
    server.whenIdle(limit, dispensable, action);
  }

  /** Takes no more clients: who comes now starts another engine, once this one has ended. */
  void close() {
    removePath();
    server.close();
  }

  /** The same; ends the waits of those it has, and lets the rest finish. */
  void drain(Duration patience) {
    removePath();
    server.drain(patience);
  }

  /** Before all else: whoever finds none starts the next engine instead of talking to this one. */
  private void removePath() {
    try {
      // It is another's where a service manager has put its own there.
      if (own.isPresent() && own.equals(file(socket))) {
        Files.delete(socket);
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "cannot remove the socket: {0}", String.valueOf(e.getMessage()));
    }
  }
}
