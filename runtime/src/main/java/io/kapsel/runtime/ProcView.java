package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.memory.Memfd;
import io.kapsel.linux.mount.FilesystemContext;
import io.kapsel.linux.mount.MountAttributes;
import io.kapsel.linux.mount.MountTable;
import io.kapsel.linux.mount.Mounts;
import io.kapsel.linux.poll.Poller;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Spawn;
import io.kapsel.linux.socket.Message;
import io.kapsel.linux.socket.SeqPacketSocket;
import io.kapsel.linux.socket.SocketKind;
import io.kapsel.linux.socket.UnixListener;
import io.kapsel.oci.Mount;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The program that shows system containers a {@code /proc} of their own, from the engine's side:
 * started when it is first needed, told who there is, and replaced when this build has another. It
 * outlives the engine. docs/guide/wire.md, section 5, has the messages.
 */
public final class ProcView implements AutoCloseable {
  private static final int HELLO = 1;
  private static final int SET = 2;
  private static final int REMOVE = 3;
  private static final int REPLACE = 4;
  private static final int QUIT = 5;
  private static final int MESSAGE = 88;
  private static final int ANSWER = 80;
  private static final int WORD = 64;
  private static final int STATE_SIZE = 4 << 20;
  private static final String FUSE = "/dev/fuse";
  private static final String NAME = "kapsel-view";
  private static final Duration STEADY = Duration.ofSeconds(1);

  /** What it shows, by the place inside. */
  private static final List<String> PLACES =
      List.of(
          "/proc/cpuinfo",
          "/proc/meminfo",
          "/proc/stat",
          "/proc/uptime",
          "/proc/loadavg",
          "/proc/swaps",
          "/proc/diskstats",
          "/sys/devices/system/cpu/online",
          "/sys/devices/system/cpu/possible",
          "/sys/devices/system/cpu/present");

  private final Path mount;
  private final String socket;
  private final String calls;
  private final ReentrantLock talk = new ReentrantLock();
  private final Runnable lost;
  private Optional<Talk> connection = Optional.empty();
  private volatile boolean closed;

  /** A connection, and whether the other end has hung up. */
  private record Talk(SeqPacketSocket socket, AtomicBoolean over) {}

  /**
   * The one whose socket and files are in that directory; nothing is started yet.
   *
   * @param lost is run, in a thread of its own, when one of its processes was killed: what it shows
   *     has to be said again then
   */
  public ProcView(Path run, Runnable lost) {
    this.lost = lost;
    this.mount = run.resolve("view");
    this.socket = run.resolve("view.sock").toString();
    this.calls = run.resolve("view-calls.sock").toString();
  }

  /** Whether this host can have it. */
  public static boolean possible() {
    return Files.exists(Path.of(FUSE));
  }

  /** Whether it has a file for that place. */
  static boolean shows(String place) {
    return PLACES.contains(place);
  }

  /** What a container with that id mounts, after {@link #begin}. */
  public List<Mount> mounts(String id) {
    return PLACES.stream()
        .map(place ->
            Mount.of(
                place,
                "bind",
                mount.resolve(id).resolve(place.substring(place.lastIndexOf('/') + 1)).toString(),
                "bind",
                "rprivate",
                "ro",
                "nosuid",
                "nodev",
                "noexec"))
        .toList();
  }

  /** The device number of what is mounted as its files; none where there is nothing. */
  public Optional<String> device() throws IOException {
    Path run = mount.resolveSibling(".").toRealPath();
    return MountTable.read()
        .at(run.resolve(mount.getFileName()).toString())
        .map(MountTable.Entry::device);
  }

  /** Whether that is a file of a view, of this one or of one that is gone. */
  public static boolean isItsFile(MountTable.Entry mounted) {
    return mounted.type().equals("fuse") && mounted.source().equals(NAME);
  }

  /** Where a launcher hands over the descriptor on which the kernel asks about system calls. */
  public String callsSocket() {
    return calls;
  }

  /** Makes its files, which show what the host has as long as nothing is known of it. */
  public void begin(String id) {
    try (ViewSources none = ViewSources.none()) {
      set(id, 0, none);
    }
  }

  /** Says where it is counted, and since when it runs, in nanoseconds since the host's boot. */
  void count(String id, long startedAtNanos, ViewSources sources) {
    try (sources) {
      set(id, startedAtNanos, sources);
    }
  }

  /** It runs no more. Does nothing where there is no view. */
  public void forget(String id) {
    talk.lock();
    try {
      twice(() -> {
        if (isRunning()) {
          Answer _ = ask(REMOVE, 0, 0, 0, id);
        }
      });
    } catch (SyscallException e) {
      disconnect(); // the next one that begins finds another
    } finally {
      talk.unlock();
    }
  }

  private void set(String id, long started, ViewSources sources) {
    talk.lock();
    try {
      twice(() -> setOnce(id, started, sources));
    } catch (SyscallException e) {
      disconnect();
      throw new LaunchException(
          LaunchException.Kind.FAILED, "cannot show a /proc of its own: " + e.getMessage());
    } finally {
      talk.unlock();
    }
  }

  /**
   * One that was replaced or killed meanwhile has dropped the connection: the next one is asked.
   */
  private void twice(Runnable talking) {
    try {
      talking.run();
    } catch (SyscallException e) {
      disconnect();
      talking.run();
    }
  }

  private void setOnce(String id, long started, ViewSources sources) {
    connect();
    Fd[] files = sources.files().toArray(Fd[]::new);
    Answer answer = ask(SET, sources.flags(), started, sources.bits(), id, files);
    if (answer.error() != 0) {
      throw new SyscallException("view", id, new Errno(-answer.error()));
    }
  }

  private void connect() {
    if (connection.isPresent()) {
      return;
    }
    Optional<SeqPacketSocket> running = running();
    use(running.isPresent() ? running.get() : start());
    byte[] program = Zygote.program(NAME);
    String tag = tag(program);
    if (!ask(HELLO, 0, 0, 0, "").tag().equals(tag)) {
      replace(program, tag);
    }
  }

  private boolean isRunning() {
    if (connection.isEmpty() && Files.exists(Path.of(socket))) {
      running().ifPresent(this::use);
    }
    return connection.isPresent();
  }

  private void use(SeqPacketSocket socket) {
    Talk talk = new Talk(socket, new AtomicBoolean());
    connection = Optional.of(talk);
    Thread.ofVirtual().name("view-watch").start(() -> watch(talk));
  }

  /** Both of its processes, or its worker, are gone when it hangs up. */
  private void watch(Talk talk) {
    long began = System.nanoTime();
    try {
      int _ = Poller.shared().await(talk.socket().fd(), Poller.READ_HANG_UP);
    } catch (SyscallException e) {
      if (!talk.over().get()) {
        return; // we have hung up
      }
    }
    if (System.nanoTime() - began < STEADY.toNanos()) {
      LockSupport.parkNanos(STEADY.toNanos()); // it may be killed over and over
    }
    if (!closed) {
      lost.run();
    }
  }

  private Optional<SeqPacketSocket> running() {
    try {
      return Optional.of(SeqPacketSocket.connect(socket));
    } catch (SyscallException e) {
      return Optional.empty();
    }
  }

  /** The running one becomes this build's, with all that it knows. */
  private void replace(byte[] program, String tag) {
    try (Fd next = Memfd.executable(NAME, program)) {
      Answer _ = ask(REPLACE, 0, 0, 0, tag, next);
    }
    disconnect();
    use(SeqPacketSocket.connect(socket)); // waits in the same listener
    Answer _ = ask(HELLO, 0, 0, 0, "");
  }

  private SeqPacketSocket start() {
    unmount();
    byte[] program = Zygote.program(NAME);
    try {
      Files.createDirectories(mount);
      Files.deleteIfExists(Path.of(socket));
      Files.deleteIfExists(Path.of(calls));
    } catch (IOException e) {
      throw new LaunchException(
          LaunchException.Kind.FAILED, "cannot show a /proc of its own: " + e.getMessage());
    }
    try (Fd device = Open.path(FUSE, OpenFlags.READ_WRITE);
        UnixListener listener = UnixListener.bind(socket, SocketKind.MESSAGES, 0600);
        UnixListener asked = UnixListener.bind(calls, SocketKind.STREAM, 0600);
        Fd state = Memfd.room("kapsel-view-state", STATE_SIZE);
        Fd executable = Memfd.executable(NAME, program)) {
      attach(device);
      Child child =
          Spawn.program(executable)
              .arguments(List.of(NAME, tag(program)))
              .environment(List.of())
              .descriptor(3, device)
              .descriptor(4, listener.fd())
              .descriptor(5, state)
              .descriptor(6, asked.fd())
              .session()
              .start();
      Thread.ofVirtual().name("view").start(child::await);
    }
    return SeqPacketSocket.connect(socket);
  }

  private void attach(Fd device) {
    long strict =
        MountAttributes.READ_ONLY
            | MountAttributes.NO_SUID
            | MountAttributes.NO_DEVICES
            | MountAttributes.NO_EXECUTION;
    try (FilesystemContext context = FilesystemContext.open("fuse");
        Fd place = Open.path(mount.toString(), OpenFlags.PATH | OpenFlags.DIRECTORY)) {
      context
          .option("source", NAME)
          .option("fd", Integer.toString(device.number()))
          .option("rootmode", "40555")
          .option("user_id", "0")
          .option("group_id", "0")
          .flag("allow_other")
          .flag("default_permissions");
      try (Fd detached = context.mount(strict)) {
        Mounts.move(detached, place);
      }
    }
  }

  private void unmount() {
    try {
      Mounts.detach(mount.toString());
    } catch (SyscallException e) {
      // it is not mounted
    }
  }

  private record Answer(int error, int containers, String tag) {}

  private Answer ask(int type, int flags, long started, long sources, String word, Fd... files) {
    ByteBuffer message = ByteBuffer.allocate(MESSAGE).order(ByteOrder.LITTLE_ENDIAN);
    message.putInt(type).putInt(flags).putLong(started).putLong(sources);
    message.put(word.getBytes(StandardCharsets.US_ASCII));
    Talk to = connection.orElseThrow();
    try (Message answer = answerTo(to, message.array(), files)) {
      if (answer.bytes().length < ANSWER) {
        throw new SyscallException("recvmsg", socket, Errno.EPROTO);
      }
      ByteBuffer in = ByteBuffer.wrap(answer.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      return new Answer(
          in.getInt(4),
          in.getInt(8),
          new String(answer.bytes(), ANSWER - WORD, WORD, StandardCharsets.US_ASCII).strip());
    }
  }

  private Message answerTo(Talk to, byte[] message, Fd... files) {
    try {
      to.socket().send(message, files);
      return to.socket()
          .receive()
          .orElseThrow(() -> new SyscallException("recvmsg", socket, Errno.ECONNRESET));
    } catch (SyscallException e) {
      to.over().set(true);
      throw e;
    }
  }

  private static String tag(byte[] program) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(program));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has it", e);
    }
  }

  private void disconnect() {
    connection.ifPresent(it -> it.socket().close());
    connection = Optional.empty();
  }

  /** Ends it when it shows nothing to anybody; else it goes on. */
  @Override
  public void close() {
    closed = true;
    talk.lock();
    try {
      if (isRunning() && ask(HELLO, 0, 0, 0, "").containers() == 0) {
        Answer _ = ask(QUIT, 0, 0, 0, "");
        unmount();
      }
    } catch (SyscallException e) {
      System.getLogger(ProcView.class.getName())
          .log(System.Logger.Level.DEBUG, "the view is gone", e);
    } finally {
      disconnect();
      talk.unlock();
    }
  }
}
