package io.kapsel.cli.command;

import io.kapsel.cli.server.Client;
import io.kapsel.engine.Cloning;
import io.kapsel.engine.Commit;
import io.kapsel.engine.ContainerCheckpoints;
import io.kapsel.engine.ContainerFiles;
import io.kapsel.engine.ContainerStatus;
import io.kapsel.engine.Devices;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Event;
import io.kapsel.engine.ExitStatus;
import io.kapsel.engine.FilesView;
import io.kapsel.engine.Images;
import io.kapsel.engine.LogQuery;
import io.kapsel.engine.MoveProgress;
import io.kapsel.engine.MoveRequest;
import io.kapsel.engine.MoveWay;
import io.kapsel.engine.Profiles;
import io.kapsel.engine.Snapshots;
import io.kapsel.engine.Volumes;
import io.kapsel.engine.log.LogRecord;
import io.kapsel.engine.spec.ContainerSpec;
import io.kapsel.engine.spec.ExecSpec;
import io.kapsel.engine.spec.UpdateRequest;
import io.kapsel.image.Image;
import io.kapsel.image.debian.DebianRequest;
import io.kapsel.linux.Fd;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.host.HostFinding;
import io.kapsel.network.Attachment;
import io.kapsel.network.Joined;
import io.kapsel.network.Networks;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Reference;
import io.kapsel.runtime.Account;
import io.kapsel.runtime.GroupUsage;
import io.kapsel.runtime.plan.LaunchPlan;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The engine as commands use it: so narrow that a test can play it without a kernel. Failures are
 * {@link io.kapsel.engine.EngineException}s.
 */
public interface Engine {
  /** Makes a container, without starting it. */
  Container create(ContainerSpec spec);

  /** The same for one that is started next: what takes longest is under way meanwhile. */
  Container createToStart(ContainerSpec spec);

  /** Makes a container like another. */
  Container copy(String source, Cloning.Request request);

  /** Whether there is a network of that name. */
  boolean hasNetwork(String name);

  /** Makes a container from an archive with a whole one; a trusted one gets what it asks for. */
  Container imported(InputStream archive, Optional<String> name, boolean trusted);

  /** The container with that name, id or start of an id. */
  Container container(String reference);

  /** Gives the container that has that reference, at that moment, another name. */
  void rename(String reference, String name);

  /** All containers, the newest first. */
  List<Container> containers();

  /**
   * What happens.
   *
   * @param late whether what has happened lately comes first
   */
  EventSource events(boolean late);

  /** The volumes. */
  Volumes volumes();

  /** The networks. */
  Networks networks();

  /** The images. */
  Images images();

  /** Every step that would make this container, in order; nothing is started. */
  LaunchPlan explain(ContainerSpec spec);

  /** The same for a bundle of the OCI runtime specification. */
  LaunchPlan explain(java.nio.file.Path bundle);

  /** What the host offers. */
  HostFacts facts();

  /** Where it keeps what outlives a reboot. */
  java.nio.file.Path state();

  /** Where the output of a container is kept that does not say it. */
  String logDriver();

  /** What the host offers and lacks. */
  List<HostFinding> diagnose();

  /**
   * Makes an image from a Debian archive and returns its id.
   *
   * @param environment of the caller, for proxies
   * @param progress takes a line each time that something new begins
   * @throws io.kapsel.image.ImageException when that cannot be done
   */
  Digest createImage(
      DebianRequest request,
      Reference name,
      Map<String, String> environment,
      Consumer<String> progress)
      throws InterruptedException;

  /** Something that runs, and that streams can be attached to. */
  interface Running {
    /** Lets the process use {@code end}, which stays the caller's, as its standard streams. */
    void attach(Fd end, boolean stdin, boolean stdout, boolean stderr);

    /** Lets it run; what was attached before misses nothing. */
    void start();

    /** Sends a signal to it. */
    void signal(int number);

    /** Waits for its end; what a policy starts after it is not waited for. */
    ExitStatus await() throws InterruptedException;

    /** A wait for the end that comes next, for who asks before it is started. */
    default Client.Wait<ExitStatus> nextEnd() {
      return this::await;
    }

    /** What was asked for and is not as asked, once it has started. */
    List<String> notices();

    /** What is to be done when its monitor was killed, and another one knows of no client. */
    default void onOtherMonitor(Runnable action) {}

    /** Takes that back. */
    default void forget(Runnable action) {}
  }

  /** Moves a container to another engine. */
  void move(Container container, MoveRequest request, MoveWay way, MoveProgress progress)
      throws InterruptedException;

  /** Makes a container this engine's again that another one was to take. */
  void takeBack(Container container);

  /** Takes a container that another engine sends. */
  void arrive(InputStream in, OutputStream out);

  /**
   * Stops everything that runs, before the machine goes down.
   *
   * @param patience how long each may take before it is killed; its own time, when that is absent
   * @return why some could not be stopped
   */
  List<EngineException> shutDown(Optional<Duration> patience) throws InterruptedException;

  /** Options that stand together under names. */
  Profiles profiles();

  /** A container. */
  interface Container extends Running {
    /**
     * Lets {@code end}, which stays the caller's, be a client of one of its terminals, 0: the
     * console, a negative number: the first that nobody has.
     *
     * @param alone whether nobody else may have it
     * @return which one it is
     */
    int attachTerminal(Fd end, int number, boolean alone);

    /** What it has of networks while it runs. */
    Optional<Joined> joined();

    /** Joins it to one more network. */
    void connect(Attachment wanted);

    /** Takes it out of a network. */
    void disconnect(String network);

    /** Its whole id. */
    String id();

    /** Its name. */
    String name();

    /** What it was made from. */
    ContainerSpec spec();

    /** The id of the image that it was made from. */
    Optional<String> imageId();

    /** What it is doing. */
    ContainerStatus status();

    /** Waits until a system container says that it has booted; false when it does not. */
    boolean awaitReady(Duration limit) throws InterruptedException;

    /** What the init of a system container said last of what it does. */
    String initStatus();

    /** Asks it to stop, and kills it after a while. */
    void stop(Optional<Integer> signal, Optional<Duration> patience) throws InterruptedException;

    /** Stops it, if it runs, and starts it. */
    void restart(Optional<Integer> signal, Optional<Duration> patience) throws InterruptedException;

    /** Stops all its processes where they are. */
    void pause();

    /** Lets its processes go on. */
    void unpause();

    /** What it was at certain times, and back to that. */
    Snapshots snapshots();

    /** Frozen into files, and back from them. */
    ContainerCheckpoints checkpoints();

    /** What of the host it has. */
    Devices devices();

    /** Makes something else of it, by a new start where it must and may be. */
    void update(UpdateRequest request, boolean mayStart) throws InterruptedException;

    /** Brings back what it was before the last update. */
    void rollback(boolean mayStart) throws InterruptedException;

    /** What it was made from before the last update. */
    Optional<ContainerSpec> specBefore();

    /** Its processes, in the host's numbers. */
    List<Integer> processes();

    /** What it uses now. */
    GroupUsage usage();

    /** What it has of each resource, and which limits were in its way. */
    List<Account> accounts();

    /** How much room its files take. */
    Sizes sizes();

    /**
     * Removes it and all that it has written.
     *
     * @param volumes whether the volumes go, too, that were made for it alone
     */
    void remove(boolean force, boolean volumes);

    /** Waits until nothing of it is left. */
    void awaitRemoval() throws InterruptedException;

    /** The file in which Docker's users look for what it has printed; other drivers have none. */
    Optional<Path> logPath();

    /** What it has printed. */
    Log log(LogQuery query);

    /** Writes its root file system as an archive. */
    void export(OutputStream out);

    /** Its files as its processes see them. */
    ContainerFiles files();

    /** Writes all of it, with its snapshots, as an archive. */
    void exportWhole(OutputStream out);

    /** Makes an image of what it has changed. */
    Image commit(Commit wanted);

    /** Its files at a place of the host, while it does not run. */
    FilesView view();

    /** One more process in it, made but not started. */
    Running exec(ExecSpec spec);
  }

  /**
   * Bytes.
   *
   * @param own of what it has written itself
   * @param all with what it stands on
   */
  record Sizes(long own, long all) {}

  /** Something that has happened, and the next. */
  interface EventSource {
    /** The next one; empty when none has come for that long. */
    Optional<Event> next(Duration patience) throws InterruptedException;

    /** How many were missed since the last call, because they came too fast. */
    long missed();

    /** Whether none will come any more. */
    boolean ended();
  }

  /** Output that was kept. */
  interface Log extends AutoCloseable {
    /** What each line says besides. */
    Map<String, String> details();

    /** The next piece; empty at the end. */
    Optional<LogRecord> next() throws InterruptedException;

    @Override
    void close();
  }
}
