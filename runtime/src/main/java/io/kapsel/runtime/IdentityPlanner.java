package io.kapsel.runtime;

import io.kapsel.linux.Abi;
import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.capability.Capability;
import io.kapsel.linux.capability.CapabilitySet;
import io.kapsel.linux.host.HostFacts;
import io.kapsel.linux.process.Resource;
import io.kapsel.linux.seccomp.SeccompCompiler;
import io.kapsel.linux.seccomp.SeccompProfile;
import io.kapsel.oci.Capabilities;
import io.kapsel.oci.Process;
import io.kapsel.oci.Resources;
import io.kapsel.oci.User;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a program is when it begins: limits, keyring, labels, capabilities, user, filter. The order
 * is fixed, each step taking away what the next one no longer needs.
 */
final class IdentityPlanner {
  /** How the reasons of those steps begin that go to where the program begins. */
  static final String WORKING_DIRECTORY = "the working directory";

  private static final int CAPABILITY_VERSION = 0x20080522;
  private static final int SEAL_FROM = 4; // 3 is the sync socket, which closes itself
  private static final int DEFAULT_UMASK = 022;
  private static final long LAUNCHERS_FILES = 1024;

  private final Draft draft;
  private final Wanted wanted;
  private final HostFacts facts;
  private final boolean newKeyring;
  private final CapabilitySet available;
  private final Process process;
  private Optional<AgentPlanner> agent = Optional.empty();
  private final Optional<Guest> guest;
  private boolean outlives;
  private Consumer<Runnable> beforeSealing = _ -> {};
  private Runnable confine = () -> {};
  private boolean closing;

  IdentityPlanner(Draft draft, Wanted wanted, Process process) {
    this.draft = draft;
    this.wanted = wanted;
    this.facts = wanted.facts();
    this.newKeyring = wanted.bundle().asWritten().map(AsWritten::newKeyring).orElse(true);
    this.available =
        (wanted.inUserNamespace() ? CapabilitySet.ALL : facts.bounding())
            .upTo(facts.lastCapability());
    this.process = process;
    this.guest = wanted.bundle().stdio().guest();
  }

  /** Who is asked about system calls, if the filter asks. */
  void answeredBy(AgentPlanner planner) {
    agent = Optional.of(planner);
  }

  /** What is done last of all that still needs descriptors. */
  void beforeSealing(Consumer<Runnable> steps) {
    beforeSealing = steps;
  }

  /** What only the monitor may set, who is root of the host. */
  void planMonitor(Slot pid) {
    limits(pid);
    schedule(pid);
  }

  /** Of the very process that becomes the program: one with a deadline has no children like it. */
  void schedule(Slot pid) {
    boolean fewer =
        wanted.linux().resources().flatMap(Resources::cpu).flatMap(Resources.Cpu::cpus).isPresent();
    new SchedulingPlanner(draft, process).planMonitor(pid, fewer);
  }

  /** What its children have from it, too. */
  void limits(Slot pid) {
    for (Process.Rlimit limit : process.rlimits()) {
      if (!fewFiles(limit)) {
        rlimit(draft.monitor, Value.of(pid), limit);
      }
    }
    process
        .oomScoreAdj()
        .ifPresent(score -> {
          Slot file = draft.slots.take("oom_score_adj");
          String why = "how likely it is killed when memory is short";
          draft
              .monitor
              .act(Step.Op.OPEN_PROC, Value.of(pid), Value.text("oom_score_adj"), Flag.WRITE)
              .into(file)
              .because(why);
          draft
              .write(draft.monitor, file, Integer.toString(score), why)
              .tolerating(Errno.EACCES, Errno.EPERM)
              .noticing();
          draft.close(draft.monitor, file);
        });
  }

  /** So few that the launcher itself may need more: it lowers them last, which everybody may. */
  private static boolean fewFiles(Process.Rlimit limit) {
    return limit.type().equals("RLIMIT_NOFILE")
        && Long.compareUnsigned(limit.soft(), LAUNCHERS_FILES) < 0;
  }

  private void rlimit(Steps steps, Value pid, Process.Rlimit limit) {
    String name = name(limit);
    Resource resource =
        Resource.parse(name)
            .orElseThrow(() ->
                new LaunchException(
                    LaunchException.Kind.REFUSED, "there is no limit '" + limit.type() + "'"));
    long hard = granted(limit, facts);
    long soft = Long.compareUnsigned(limit.soft(), hard) > 0 ? hard : limit.soft();
    steps
        .call(
            Syscall.PRLIMIT64,
            pid,
            Value.named(limit.type(), resource.number()),
            Value.at(Blob.words("{" + soft + ", " + hard + "}", soft, hard)),
            Flag.NULL)
        .because("limit " + name)
        .tolerating(Errno.EPERM)
        .noticing();
  }

  /** The hard limit that is given: one that cannot raise limits gives no more than it has. */
  static long granted(Process.Rlimit limit, HostFacts facts) {
    long most = facts.hardLimits().getOrDefault(name(limit), -1L);
    return facts.raisesLimits() || Long.compareUnsigned(limit.hard(), most) <= 0
        ? limit.hard()
        : most;
  }

  private static String name(Process.Rlimit limit) {
    return limit.type().substring("RLIMIT_".length()).toLowerCase(Locale.ROOT);
  }

  /** It goes on when its monitor is killed, unless it is somebody's own child. */
  void outlive() {
    outlives = true;
  }

  /** In the init half, after the root was entered; what follows runs with ever fewer rights. */
  void planInit(Optional<SeccompProfile> seccomp, Slot proc) {
    Steps init = draft.init;
    Capabilities named = process.capabilities().orElse(Capabilities.none());
    guest.ifPresent(each -> new GuestPlanner(draft, each, closing).watchSignals());
    if (newKeyring) {
      init.call(Syscall.KEYCTL, Value.named("KEYCTL_JOIN_SESSION_KEYRING", 1), Flag.NULL)
          .because("a keyring of its own")
          .tolerating(Errno.ENOSYS);
    }
    label(proc);
    new SchedulingPlanner(draft, process).planInit(wanted.linux());
    boolean asks = seccomp.filter(SeccompProfile::notifies).isPresent();
    boolean last = process.noNewPrivileges() && !asks;
    if (last) {
      seccomp.ifPresent(profile -> confine = () -> filter(profile));
    }
    Slot entered = enterDirectory();
    init.call(Syscall.UMASK, Value.mode(process.user().umask().orElse(DEFAULT_UMASK)))
        .because("what new files may not allow");
    dropBounding(set(named.bounding()));
    if (process.noNewPrivileges()) {
      init.call(
              Syscall.PRCTL,
              Value.named("PR_SET_NO_NEW_PRIVS", 38),
              Value.of(1),
              Flag.ZERO,
              Flag.ZERO,
              Flag.ZERO)
          .because("no program gives it more rights");
      readBack("PR_GET_NO_NEW_PRIVS", 39, 0, 1, "no program gives it more rights");
    } else {
      closeBefore(seccomp);
      seccomp.ifPresent(this::filter); // needs CAP_SYS_ADMIN, which is given up next
    }
    becomeUser(named);
    boolean looked = wanted.startedOutside();
    init.call(
            Syscall.PRCTL,
            Value.named("PR_SET_DUMPABLE", 4),
            looked ? Value.of(1) : Flag.ZERO,
            Flag.ZERO,
            Flag.ZERO,
            Flag.ZERO)
        .because(
            looked
                ? "the user himself may look into it, or could not enter before it is started"
                : "until the program runs, nobody may look into this process");
    boolean stays = outlives && guest.isEmpty();
    init.call(
            Syscall.PRCTL,
            Value.named("PR_SET_PDEATHSIG", 1),
            stays ? Flag.ZERO : Value.named("SIGKILL", 9),
            Flag.ZERO,
            Flag.ZERO,
            Flag.ZERO)
        .because(
            stays
                ? "it outlives its monitor, which the keeper replaces"
                : "without its monitor it ends; the change of user had reset that");
    enterDirectoryAsUser(entered);
    checkDirectory();
    if (process.noNewPrivileges() && asks) {
      closeBefore(seccomp);
      seccomp.ifPresent(this::filter); // while there is a way to hand the listener over
    }
    seal();
    process.rlimits().stream()
        .filter(IdentityPlanner::fewFiles)
        .forEach(limit -> rlimit(init, Flag.ZERO, limit));
    confine.run();
  }

  /** The launcher's own /proc, for labels: nothing in the root can stand in for it. */
  Slot ownProc() {
    boolean labelled =
        process.apparmorProfile().filter(name -> !name.isEmpty() && facts.appArmor()).isPresent()
            || process
                .selinuxLabel()
                .filter(text -> !text.isEmpty() && facts.seLinux())
                .isPresent();
    if (!labelled) {
      return Draft.NONE;
    }
    Slot proc = draft.slots.take("own_proc");
    draft
        .init
        .call(
            Syscall.OPENAT,
            Flag.CWD,
            Value.text("/proc"),
            Value.all(Flag.READ, Flag.DIRECTORY, Flag.CLOSE_ON_EXEC),
            Flag.ZERO)
        .into(proc)
        .because("to set the label");
    return proc;
  }

  /** A filter may forbid to close what is open, so that is arranged for before. */
  private void closeBefore(Optional<SeccompProfile> seccomp) {
    if (seccomp.isEmpty() || wanted.bundle().asWritten().isEmpty()) {
      return;
    }
    closing = true;
    draft
        .init
        .call(
            Syscall.CLOSE_RANGE,
            Value.of(SEAL_FROM + Math.max(guest.map(Guest::kept).orElse(0) - 1, 0)),
            Value.named("~0", 0xffffffffL),
            Value.named("CLOSE_RANGE_CLOEXEC", 4))
        .because("nothing of the host stays open, whatever the filter forbids");
  }

  private void seal() {
    if (guest.isPresent()) {
      boolean more = !HookPlanner.beforeStarting(wanted).isEmpty();
      Runnable steps = () -> beforeSealing.accept(confine);
      new GuestPlanner(draft, guest.get(), closing)
          .seal(candidates(), more ? Optional.of(steps) : Optional.empty());
      return;
    }
    beforeSealing.accept(confine);
    draft
        .init
        .call(Syscall.CLOSE_RANGE, Value.of(SEAL_FROM), Value.named("~0", 0xffffffffL), Flag.ZERO)
        .because("nothing of the host stays open");
  }

  private void label(Slot proc) {
    process
        .apparmorProfile()
        .filter(name -> !name.isEmpty() && facts.appArmor())
        .ifPresent(name ->
            exec(
                proc,
                "thread-self/attr/apparmor/exec",
                "exec " + name,
                "the AppArmor profile '" + name + "' confines it"));
    process
        .selinuxLabel()
        .filter(text -> !text.isEmpty() && facts.seLinux())
        .ifPresent(text -> exec(proc, "thread-self/attr/exec", text, "SELinux confines it"));
  }

  private void exec(Slot proc, String file, String value, String why) {
    if (!proc.isThere()) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED, "a security label needs a /proc in the container");
    }
    draft.put(draft.init, proc, file, value, why);
  }

  private void dropBounding(CapabilitySet kept) {
    for (int number = 0; number <= facts.lastCapability(); number++) {
      if ((kept.mask() & 1L << number) == 0) {
        draft
            .init
            .call(
                Syscall.PRCTL,
                Value.named("PR_CAPBSET_DROP", 24),
                Value.of(number),
                Flag.ZERO,
                Flag.ZERO,
                Flag.ZERO)
            .because("no program gets capability " + number);
        readBack("PR_CAPBSET_READ", 23, number, 0, "capability " + number + " is gone");
      }
    }
  }

  /** On the host's users nobody can have more than the engine itself. */
  private CapabilitySet set(List<String> names) {
    return wanted.capabilities(names).and(available);
  }

  private void readBack(String name, int option, int argument, int wanted, String why) {
    Slot slot = draft.slots.sharedBy("check");
    draft
        .init
        .call(
            Syscall.PRCTL,
            Value.named(name, option),
            Value.of(argument),
            Flag.ZERO,
            Flag.ZERO,
            Flag.ZERO)
        .into(slot)
        .because(why);
    draft
        .init
        .act(
            Step.Op.EXPECT,
            Value.of(slot),
            Value.of(wanted),
            Value.of(0xffffffffL),
            Value.named("EPERM", Errno.EPERM.number()))
        .because(why);
  }

  private void becomeUser(Capabilities named) {
    Steps init = draft.init;
    User user = process.user();
    String why = "the user";
    init.call(
            Syscall.PRCTL,
            Value.named("PR_SET_KEEPCAPS", 8),
            Value.of(1),
            Flag.ZERO,
            Flag.ZERO,
            Flag.ZERO)
        .because("the next steps decide what is kept");
    if (wanted.setsGroups()) {
      setGroups(user.additionalGids(), why);
    }
    Value gid = Value.of(user.gid());
    Value uid = Value.of(user.uid());
    init.call(Syscall.SETRESGID, gid, gid, gid).because(why);
    init.call(Syscall.SETRESUID, uid, uid, uid).because(why);
    setCapabilities(named);
  }

  private void setGroups(List<Long> gids, String why) {
    ByteBuffer groups =
        ByteBuffer.allocate(Math.max(gids.size(), 1) * 4).order(ByteOrder.LITTLE_ENDIAN);
    gids.forEach(gid -> groups.putInt((int) (long) gid));
    draft
        .init
        .call(
            Syscall.SETGROUPS,
            Value.of(gids.size()),
            Value.at(Blob.of(groups.array(), gids.toString())))
        .because(why);
  }

  private void setCapabilities(Capabilities named) {
    Steps init = draft.init;
    String why = "its capabilities";
    long effective = set(named.effective()).mask();
    long permitted = set(named.permitted()).mask();
    long inheritable = set(named.inheritable()).mask();
    ByteBuffer sets = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    for (int half = 0; half < 64; half += 32) {
      sets.putInt((int) (effective >>> half));
      sets.putInt((int) (permitted >>> half));
      sets.putInt((int) (inheritable >>> half));
    }
    Blob head = Blob.words("{V3, 0}", CAPABILITY_VERSION);
    Blob data = Blob.of(sets.array(), "{effective, permitted, inheritable}");
    init.call(Syscall.CAPSET, Value.at(head), Value.at(data)).because(why);
    for (Capability capability :
        set(named.ambient()).and(set(named.inheritable())).and(set(named.permitted())).members()) {
      init.call(
              Syscall.PRCTL,
              Value.named("PR_CAP_AMBIENT", 47),
              Value.named("PR_CAP_AMBIENT_RAISE", 2),
              Value.named(capability.label(), capability.number()),
              Flag.ZERO,
              Flag.ZERO)
          .because(why);
    }
    Blob check = Blob.room(24, "sets");
    init.call(Syscall.CAPGET, Value.at(head), Value.at(check)).because("read back");
    draft.expect(init, check, sets.array(), "the capabilities are what they should be");
  }

  /** The user may have a working directory that only root can reach, or one that root cannot. */
  private Slot enterDirectory() {
    Slot entered = draft.slots.take("entered");
    draft
        .init
        .call(Syscall.CHDIR, Value.text(process.cwd()))
        .into(entered)
        .because(WORKING_DIRECTORY)
        .tolerating(Errno.EACCES, Errno.EPERM);
    return entered;
  }

  private void enterDirectoryAsUser(Slot entered) {
    String why = WORKING_DIRECTORY + ", as the user";
    draft
        .init
        .act(
            Step.Op.EXPECT,
            Value.of(entered),
            Flag.ZERO,
            Value.named("~0", -1),
            Value.named("EACCES", Errno.EACCES.number()))
        .because(why)
        .tolerating(Errno.EACCES)
        .orElse(1);
    draft.init.call(Syscall.CHDIR, Value.text(process.cwd())).because(why);
  }

  /** A working directory outside the root would not begin with a slash. */
  private void checkDirectory() {
    Blob path = Blob.room(4096, "path");
    String why = WORKING_DIRECTORY + " is inside the root";
    draft.init.call(Syscall.GETCWD, Value.at(path), Value.of(4096)).because(why);
    draft
        .init
        .act(
            Step.Op.EXPECT,
            new Value.Loaded(path, 1),
            Value.named("'/'", '/'),
            Value.of(0xff),
            Value.named("EACCES", Errno.EACCES.number()))
        .because(why);
  }

  private void filter(SeccompProfile profile) {
    byte[] code = FilterCache.compile(profile);
    Blob program =
        Blob.words(code.length / 8 + " instructions", code.length / 8, 0)
            .point(8, Blob.of(code, "filter"));
    int flags = profile.flagsOfOneThread();
    boolean asks = profile.notifies() && agent.isPresent();
    Step install =
        draft
            .init
            .call(
                Syscall.SECCOMP,
                Value.named("SECCOMP_SET_MODE_FILTER", 1),
                Value.of(asks ? AgentPlanner.flags(flags) : flags),
                Value.at(program))
            .because("system calls that it may not do");
    if (asks) {
      Slot listener = draft.slots.take("seccomp_listener");
      install.into(listener);
      agent.get().give(listener);
    }
  }

  /** The compiled filters of the profiles that are in use; there are few. */
  private static final class FilterCache {
    private static final java.util.Map<SeccompProfile, byte[]> CODES =
        new java.util.concurrent.ConcurrentHashMap<>();
    private static final int MOST = 64;

    static byte[] compile(SeccompProfile profile) {
      if (CODES.size() > MOST) {
        CODES.clear();
      }
      return CODES.computeIfAbsent(profile, each -> SeccompCompiler.compile(each, Abi.host()));
    }
  }

  /** The last step of every plan. */
  void execute() {
    draft
        .init
        .act(
            Step.Op.EXEC,
            Value.at(Blob.texts(candidates(), candidates().toString())),
            Value.at(Blob.texts(process.args(), process.args().toString())),
            Value.at(Blob.texts(process.env(), process.env().size() + " variables")))
        .because("the program");
  }

  /** A name without a slash is looked for in PATH, as execvp(3) does. */
  private List<String> candidates() {
    String program = process.args().getFirst();
    if (program.contains("/") || program.isEmpty()) {
      return List.of(program);
    }
    String path =
        process.env().stream()
            .filter(each -> each.startsWith("PATH="))
            .map(each -> each.substring("PATH=".length()))
            .findFirst()
            .orElse("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    List<String> all = new ArrayList<>();
    for (String directory : path.split(":")) {
      if (directory.startsWith("/")) {
        all.add(directory + "/" + program);
      }
    }
    return all.isEmpty() ? List.of("/" + program) : all;
  }
}
